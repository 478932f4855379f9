#!/usr/bin/env python3
"""Measures Polysync's AWS client and signer against other clients, side by side in one run.

    bench/run.py [--rounds N] [--only aws,sigv4,program,engine,server,sweep,end_to_end,quotas] [--json FILE]

A TLS 1.3 nginx on loopback answers with canned bodies; it is pinned to one core and the client to another. What counts is
the client's own CPU time per call; rounds of all clients are interleaved and the medians compared. scripts/bench
installs the peers and builds everything.
"""
import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
WORK = ROOT / "build" / "bench-work"
sys.path.insert(0, str(HERE))

import answers  # noqa: E402
import end_to_end  # noqa: E402
import engine  # noqa: E402
import program  # noqa: E402
import quotas  # noqa: E402
import server  # noqa: E402
import server_bench  # noqa: E402
import sigv4_requests  # noqa: E402
import sweep  # noqa: E402

BUILT = ROOT / "build" / "bench" / "bench"
PYTHON = "/usr/bin/python3"  # Debian's, which has boto3
NODE = str(HERE / "peers" / "js" / "node_modules" / ".bin" / "node")
GO_PEER = str(WORK / "go_peer")

# name: (command, calls of GetJobRun, calls of DescribeJobs) of one round
AWS_CLIENTS = {
    "Polysync": ([str(BUILT / "aws_client")], 6000, 1000),
    "AWS SDK for Go v2": ([GO_PEER], 3000, 200),
    "boto3, 16 threads": ([PYTHON, str(HERE / "peers" / "boto3_client.py")], 600, 64),
    "AWS SDK for JavaScript v3": ([NODE, str(HERE / "peers" / "js" / "client.mjs")], 1500, 150),
}
SIGNERS = {
    "Polysync": ([str(BUILT / "sigv4_sign")], 150),
    "AWS SDK for Go v2": ([GO_PEER, "sigv4"], 50),
    "botocore": ([PYTHON, str(HERE / "peers" / "botocore_sigv4.py")], 10),
    "JavaScript (@smithy/signature-v4)": ([NODE, str(HERE / "peers" / "js" / "sigv4.mjs")], 10),
}
# (id, operation, peer, least ratio of the peer's CPU per call to ours)
AWS_GOALS = [("PERF-1", "get_job_run", "AWS SDK for Go v2", 3.5), ("PERF-1", "get_job_run", "boto3, 16 threads", 18),
             ("PERF-2", "describe_jobs", "AWS SDK for Go v2", 15), ("PERF-2", "describe_jobs", "boto3, 16 threads", 30)]
SIGN_GOALS = [("PERF-3", "AWS SDK for Go v2", 4), ("PERF-3", "botocore", 20)]


def client_core():
    return max(os.sched_getaffinity(0))


def pinned(command):
    return ["taskset", "-c", str(client_core()), *command]


def quiet_environment(**more):
    """No proxy, no AWS settings of the person who runs this."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_") and "proxy" not in name.lower()}
    return {**kept, "AWS_EC2_METADATA_DISABLED": "true", "NODE_NO_WARNINGS": "1", **more}


def run_json(command, **environment):
    done = subprocess.run(pinned(command), env=quiet_environment(**environment), capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def run_wrk(tls, operation):
    """The floor: no signature, no parsing. Its CPU time is that of the whole process."""
    script = WORK / f"{operation}.lua"
    script.write_text('wrk.method = "POST"\nwrk.body = "{}"\n'
                      f'wrk.headers["X-Amz-Target"] = "{"AWSGlue.GetJobRun" if operation == "get_job_run" else ""}"\n')
    command = pinned(["wrk", "-t1", "-c64", "-d3s", "-s", str(script), tls.url(operation)])
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=quiet_environment())
    text = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    found = [line.split()[0] for line in text.splitlines() if "requests in" in line]
    if not found or "Non-2xx" in text:
        sys.exit(f"wrk failed:\n{text}")
    return {"calls": int(found[0]), "cpu_s": usage.ru_utime + usage.ru_stime, "rss_kib": usage.ru_maxrss}


def median(rounds, of):
    return statistics.median(of(one) for one in rounds)


def print_table(headings, rows):
    widths = [max(len(str(row[i])) for row in [headings, *rows]) for i in range(len(headings))]
    for row in [headings, ["-" * width for width in widths], *rows]:
        print("| " + " | ".join(str(cell).ljust(width) for cell, width in zip(row, widths)) + " |", flush=True)
    print()


def verdict(goal, ratio):
    return "met" if ratio >= goal else "MISSED"


def measure_aws(rounds):
    results, goals = {}, []
    with server.CannedServer(WORK, answers.get_job_run(), answers.describe_jobs()) as tls:
        for operation in ("get_job_run", "describe_jobs"):
            seen = {name: [] for name in [*AWS_CLIENTS, "wrk (floor)"]}
            for number in range(rounds):
                print(f"{operation}: round {number + 1} of {rounds}", file=sys.stderr)
                for name, (command, small, large) in AWS_CLIENTS.items():
                    calls = small if operation == "get_job_run" else large
                    arguments = [operation, tls.endpoint, str(tls.certificate), str(calls)]
                    seen[name].append(run_json([*command, *arguments], AWS_CA_BUNDLE=str(tls.certificate)))
                seen["wrk (floor)"].append(run_wrk(tls, operation))
            results[operation] = {name: {
                "cpu_s_per_1000": median(runs, lambda one: 1000 * one["cpu_s"] / one["calls"]),
                "rss_mb": median(runs, lambda one: one["rss_kib"] / 1024)} for name, runs in seen.items()}
    for operation, clients in results.items():
        ours = clients["Polysync"]["cpu_s_per_1000"]
        size = len(answers.get_job_run() if operation == "get_job_run" else answers.describe_jobs())
        print(f"{operation}, {size} bytes an answer, TLS 1.3, 64 in flight")
        print_table(["client", "CPU s per 1,000", "times ours", "peak RSS MB"],
                    [[name, f"{one['cpu_s_per_1000']:.4f}", f"{one['cpu_s_per_1000'] / ours:.1f}", f"{one['rss_mb']:.0f}"]
                     for name, one in sorted(clients.items(), key=lambda item: item[1]["cpu_s_per_1000"])])
    for goal, operation, peer, least in AWS_GOALS:
        ratio = results[operation][peer]["cpu_s_per_1000"] / results[operation]["Polysync"]["cpu_s_per_1000"]
        goals.append([goal, f"{operation}: CPU of {peer} / ours", f"≥ {least}", f"{ratio:.1f}", verdict(least, ratio)])
    return results, goals


def measure_signers(rounds):
    path = WORK / "requests.jsonl"
    path.write_text("\n".join(sigv4_requests.lines()) + "\n", encoding="utf-8")
    seen, expected = {name: [] for name in SIGNERS}, None
    for number in range(rounds):
        print(f"sigv4: round {number + 1} of {rounds}", file=sys.stderr)
        for name, (command, repeat) in SIGNERS.items():
            one = run_json([*command, str(path), str(repeat)])
            expected = expected or one["signatures"]
            if one["signatures"] != expected:
                different = sum(a != b for a, b in zip(one["signatures"], expected))
                sys.exit(f"{name} signs {different} of {len(expected)} requests differently")
            seen[name].append(one["signed"] / one["cpu_s"])
    rates = {name: statistics.median(values) for name, values in seen.items()}
    print(f"SigV4, signatures per core and second; {len(expected)} requests, all signatures byte-equal")
    print_table(["signer", "per second", "ours is times"],
                [[name, f"{rate:,.0f}", f"{rates['Polysync'] / rate:.1f}"] for name, rate in sorted(rates.items(), key=lambda item: -item[1])])
    goals = [[goal, f"SigV4: ours / {peer}", f"≥ {least}", f"{rates['Polysync'] / rates[peer]:.1f}",
              verdict(least, rates["Polysync"] / rates[peer])] for goal, peer, least in SIGN_GOALS]
    return rates, goals


def main():
    parser = argparse.ArgumentParser(description="Polysync's benchmarks.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="aws,sigv4,program,engine,server,sweep,end_to_end,quotas")
    parser.add_argument("--json", type=Path, help="write all figures there, too")
    options = parser.parse_args()
    parts = set(options.only.split(","))
    if len(os.sched_getaffinity(0)) < 2:
        sys.exit("needs two cores: one for the server, one for the client")
    WORK.mkdir(parents=True, exist_ok=True)
    started, figures, goals = time.monotonic(), {}, []
    if "aws" in parts:
        figures["aws"], more = measure_aws(options.rounds)
        goals += more
    if "sigv4" in parts:
        figures["sigv4"], more = measure_signers(options.rounds)
        goals += more
    if "engine" in parts:
        figures["engine"], more = engine.measure(BUILT / "engine_runs", WORK, options.rounds, print_table, verdict)
        goals += more
    if "server" in parts:
        figures["server"], more = server_bench.measure(ROOT / "build" / "bench" / "src" / "polysync", BUILT / "seed_runs", WORK, options.rounds,
                                                       (server.server_core(), client_core()), print_table)
        goals += more
    if "sweep" in parts:
        figures["sweep"], more = sweep.measure(BUILT, WORK, options.rounds, AWS_CLIENTS["boto3, 16 threads"][0], run_json, print_table)
        goals += more
    if "end_to_end" in parts:
        figures["end_to_end"], more = end_to_end.measure(ROOT / "build" / "bench" / "src" / "polysync", WORK, options.rounds, print_table, verdict)
        goals += more
    if "quotas" in parts:
        figures["quotas"], more = quotas.measure(ROOT / "build" / "bench" / "src" / "polysync", WORK, print_table)
        goals += more
    if "program" in parts:
        figures["program"] = program.measure(ROOT, WORK, print_table)
    if goals:
        print("Goals")
        print_table(["goal", "ratio", "wanted", "measured", ""], goals)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")
    print(f"{time.monotonic() - started:.0f} s; medians of {options.rounds} interleaved rounds; "
          f"client on core {client_core()}, server on core {server.server_core()}")
    return 1 if any(row[-1] != "met" for row in goals) else 0


if __name__ == "__main__":
    for tool in ("taskset", "nginx", "wrk", "openssl"):
        if shutil.which(tool, path=os.environ["PATH"] + ":/usr/sbin") is None:
            sys.exit(f"{tool} is missing: run scripts/bench, which installs what is needed")
    sys.exit(main())
