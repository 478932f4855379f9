"""PERF-4: one sweep over 100,000 Batch jobs in flight, beside boto3 that asks for one job a call."""
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import answers
from server import make_certificate, server_core

HERE = Path(__file__).resolve().parent
RUNS, JOBS_PER_CALL = 100_000, 100
PEER_CALLS = 2_000  # its sweep is as many times longer as there are more runs


class BatchAnswers:
    """Answers DescribeJobs over TLS, from the server's core; use as a context."""

    def __init__(self, binary, work):
        self.binary, self.folder = str(binary), work / "batch_answers"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.certificate, self.key = self.folder / "certificate.pem", self.folder / "key.pem"
        make_certificate(self.certificate, self.key)
        for status in ("RUNNING", "SUCCEEDED"):
            (self.folder / f"{status.lower()}.jsonl").write_text(answers.batch_job_variants("JOB-ID", status))

    def __enter__(self):
        self.process = subprocess.Popen(["taskset", "-c", str(server_core()), self.binary, str(self.folder), str(self.certificate), str(self.key)],
                                        stdout=subprocess.PIPE, text=True)
        port = self.process.stdout.readline().strip()
        if not port:
            sys.exit("batch_answers did not start")
        self.endpoint = f"https://localhost:{port}"
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def verdict(is_met):
    return "met" if is_met else "MISSED"


def measure(built, work, rounds, peer, run_json, table):
    """`peer`: the command of boto3's client; `run_json`: runs a command on the client's core."""
    ours, theirs = [], []
    for number in range(rounds):
        print(f"sweep: round {number + 1} of {rounds}", file=sys.stderr)
        with BatchAnswers(built / "batch_answers", work) as batch, tempfile.TemporaryDirectory(dir=work) as folder:
            ours.append(run_json([str(built / "batch_sweep"), folder, batch.endpoint, str(batch.certificate), str(RUNS)]))
            theirs.append(run_json([*peer, "describe_job", batch.endpoint, str(batch.certificate), str(PEER_CALLS)], AWS_CA_BUNDLE=str(batch.certificate)))
    figures = {name: statistics.median(one[name] for one in ours) for name in ("cpu_s", "wall_s", "calls", "first_cpu_s", "idle_cpu_s")}
    figures["rss_mb"] = max(one["rss_kib"] for one in ours) / 1024
    figures["boto3_cpu_s"] = statistics.median(one["cpu_s"] / one["calls"] * RUNS for one in theirs)
    figures["boto3_rss_mb"] = max(one["rss_kib"] for one in theirs) / 1024
    print(f"A sweep over {RUNS:,} Batch jobs in flight, {RUNS // 10:,} of which have succeeded, TLS 1.3; ours until all changes are durable "
          f"({figures['wall_s']:.1f} s), boto3's from {PEER_CALLS:,} calls and without writing anything")
    table(["", "calls", "CPU s", "peak RSS MB"],
          [["Polysync", f"{figures['calls']:,.0f}", f"{figures['cpu_s']:.3f}", f"{figures['rss_mb']:.0f}"],
           ["the first sweep after a start, with the start", f"{RUNS // JOBS_PER_CALL:,}", f"{figures['first_cpu_s']:.3f}", ""],
           ["between two sweeps, 30 s", "0", f"{figures['idle_cpu_s']:.3f}", ""],
           ["boto3, a job a call", f"{RUNS:,}", f"{figures['boto3_cpu_s']:.1f}", f"{figures['boto3_rss_mb']:.0f}"]])
    excess, ratio = max(one["calls"] for one in ours) / -(-RUNS // JOBS_PER_CALL), figures["boto3_cpu_s"] / figures["cpu_s"]
    return figures, [
        ["PERF-4", f"sweep over {RUNS:,} runs, 10 % changed and durable: CPU s", "≤ 0.5", f"{figures['cpu_s']:.3f}", verdict(figures["cpu_s"] <= 0.5)],
        ["PERF-4", f"its calls / ⌈runs / {JOBS_PER_CALL}⌉", "≤ 1.05", f"{excess:.3f}", verdict(excess <= 1.05)],
        ["PERF-4", "CPU of boto3 one by one / ours", "≥ 100", f"{ratio:.0f}", verdict(ratio >= 100)]]
