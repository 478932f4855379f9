#!/usr/bin/env python3
"""Counts the status calls of runs in flight in virtual time, for docs/polling.md and PERF-11.

    bench/polling.py [--only 1000,100000,1000000] [--json FILE]

Needs `cmake --preset bench && cmake --build build/bench --target polling`. Each case is one run of build/bench/bench/polling: the program's own watcher,
providers and rate limits before a simulated account. The same figures come out on every machine; only the time that it takes differs.
"""
import argparse
import json
import subprocess
import sys
from pathlib import Path

BINARY = Path(__file__).resolve().parent.parent / "build" / "bench" / "bench" / "polling"
SERVICES = {"batch": "Batch", "glue": "Glue", "sagemaker": "SageMaker", "states": "Step Functions"}
HOURS_3, NO_EARLY, EARLY = 10_800, 30, 300
ALL_MODES = ((NO_EARLY, "off"), (EARLY, "off"), (EARLY, "on"))
# runs: (jobs, seconds that a run takes, minutes that are counted, services, early freshness and limits)
FLEETS = {1_000: (20, 600, 10, SERVICES, ALL_MODES), 100_000: (20, HOURS_3, 10, SERVICES, ALL_MODES),
          1_000_000: (20, HOURS_3, 2, ("batch", "states"), ((EARLY, "off"),))}


def run(service, runs, early, limits):
    jobs, run_s, minutes, _, _ = FLEETS[runs]
    command = [str(BINARY), service, str(runs), str(jobs), str(run_s), str(minutes), str(early), limits]
    print(" ".join(command[1:]), file=sys.stderr)
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: {done.stderr}")
    return json.loads(done.stdout)


def polls_of(figures):
    """Without the one describe that each end needs anyway (SageMaker, Step Functions), as PERF-11 counts."""
    calls = sum(figures["calls"].values())
    finals = figures["ends"] if figures["type"] in ("aws_sagemaker", "aws_step_functions") else 0
    return max(1, calls - finals)


def row(service, figures):
    per_s = figures["window_s"]
    by_operation = ", ".join(f"{name} {count / per_s:.2f}" for name, count in sorted(figures["calls"].items()))
    return [SERVICES[service], f"{figures['early_s']} s", "on" if figures["limits"] else "off", by_operation, f"{figures['one_by_one'] / per_s:,.0f}",
            f"{figures['one_by_one'] / polls_of(figures):,.0f}", f"{figures['oldest_status_s']:.0f} s",
            f"{figures['end_seen_after_s']:.0f} s, {figures['end_seen_after_s_at_most']:.0f} s"]


def table(rows):
    head = ["service", "early freshness", "limits", "calls/s by operation", "one by one, calls/s", "times fewer", "oldest status", "end seen after: mean, most"]
    print("| " + " | ".join(head) + " |")
    print("| " + " | ".join("---" for _ in head) + " |")
    for cells in rows:
        print("| " + " | ".join(cells) + " |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", help="sizes, comma-separated")
    parser.add_argument("--json", help="write all figures there")
    options = parser.parse_args()
    sizes = [int(size) for size in options.only.split(",")] if options.only else list(FLEETS)
    everything = []
    for runs in sizes:
        jobs, run_s, minutes, services, modes = FLEETS[runs]
        rows = []
        for service in services:
            for early, limits in modes:
                figures = run(service, runs, early, limits)
                everything.append(figures)
                rows.append(row(service, figures))
        print(f"\n{runs:,} runs of {run_s // 60} minutes in flight, of {jobs} jobs; counted over {minutes} minutes\n")
        table(rows)
    if options.json:
        Path(options.json).write_text(json.dumps(everything, indent=1) + "\n")
    missed = [one for one in everything if one["runs"] == 1_000 and one["one_by_one"] / polls_of(one) < 20]
    for one in missed:
        print(f"PERF-11 missed: {one}")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
