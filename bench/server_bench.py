"""The server: Run Once over REST (PERF-7), resident memory (PERF-8), time to the first answer with a full store (PERF-12)."""
import http.client
import json
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CLIENTS, SECONDS, IN_FLIGHT = 64, 5, 100_000
# The platform's address answers nothing: what is measured is the server, not AWS.
DEFINITIONS = """
platforms:
  - {name: batch, type: aws_batch, region: us-east-1, endpoint: "http://127.0.0.1:9", auth: {method: access_key, access_key_id: AKIASANDBOX000000000,
     secret_access_key: "env://BENCH_SECRET"}, defaults: {default_job_queue: queue}}
jobs:
  - {name: transform, platform: batch, external_id: transform}
tasks:
  - {name: transform, job: transform, max_active: 100}
"""
WRK_SCRIPT = """
wrk.method = "POST"
wrk.body = "{}"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer %s"
function done(summary, latency, requests)
  io.write(string.format("RESULT %%d %%d %%d %%d %%d\\n", summary.requests, summary.errors.status, summary.duration, latency:percentile(50), latency:percentile(99)))
end
"""


def verdict(is_met):
    return "met" if is_met else "MISSED"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    def __init__(self, binary, folder, core=None, store=None, options=(), **variables):
        self.binary, self.folder, self.port, self.variables = str(binary), Path(folder), free_port(), variables
        self.store, self.options = store or f"sqlite:///{self.database}", options
        self.pin = ["taskset", "-c", str(core)] if core is not None else []

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def environment(self):
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_") and "proxy" not in name.lower()}
        return {**kept, "HOME": str(self.folder), "XDG_STATE_HOME": str(self.folder / "state"), "BENCH_SECRET": "polysync-sandbox-secret",
                **self.variables}

    @property
    def database(self):
        return self.folder / "polysync.db"

    def start(self):
        """Seconds from the start of the process to the first answer on the port."""
        began = time.perf_counter()
        self.process = subprocess.Popen([*self.pin, self.binary, "server", "--store", self.store, "--listen", f"127.0.0.1:{self.port}",
                                         *self.options, "--json"], cwd=self.folder, env=self.environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        while True:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port)
                connection.request("GET", "/healthz")
                connection.getresponse().read()
                break
            except OSError:
                if self.process.poll() is not None:
                    sys.exit(f"the server ended: {self.process.stdout.read()}")
                time.sleep(0.001)
        took = time.perf_counter() - began
        told = json.loads(self.process.stdout.readline())
        self.token = Path(told["token_file"]).read_text().strip()
        return took

    def wait_ready(self):
        while True:
            connection = http.client.HTTPConnection("127.0.0.1", self.port)
            connection.request("GET", "/readyz")
            answer = connection.getresponse()
            answer.read()
            if answer.status == 200:
                return
            time.sleep(0.01)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()

    def kill(self):
        """kill -9."""
        self.process.kill()
        self.process.wait()

    def rss_mb(self):
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", text).group(1)) / 1024

    def cpu_s(self):
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def cli(self, *arguments):
        done = subprocess.run([self.binary, *arguments, "--server", f"http://127.0.0.1:{self.port}"], cwd=self.folder, text=True, capture_output=True,
                              env={**self.environment(), "POLYSYNC_TOKEN": self.token})
        if done.returncode != 0:
            sys.exit(f"{arguments}: {done.stdout}{done.stderr}")
        return done.stdout

    def define(self, definitions=DEFINITIONS):
        (self.folder / "bench.yaml").write_text(definitions)
        self.cli("apply", "-f", "bench.yaml", "--yes")


def run_once(server, clients, core):
    script = server.folder / "run_once.lua"
    script.write_text(WRK_SCRIPT % server.token)
    done = subprocess.run(["taskset", "-c", str(core), "wrk", "-t1", f"-c{clients}", f"-d{SECONDS}s", "-s", str(script),
                           f"http://127.0.0.1:{server.port}/api/v1/tasks/transform/run"], capture_output=True, text=True)
    found = re.search(r"RESULT (\d+) (\d+) (\d+) (\d+) (\d+)", done.stdout)
    if not found or found.group(2) != "0":
        sys.exit(f"wrk failed: {done.stdout}{done.stderr}")
    requests, _, duration, p50, p99 = (int(value) for value in found.groups())
    return {"per_s": requests / (duration / 1e6), "p50_ms": p50 / 1000, "p99_ms": p99 / 1000, "requests": requests}


def measure_run_once(binary, work, rounds, cores, table):
    many, one = [], []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory(dir=work) as folder, Server(binary, folder, cores[0]) as server:
            server.define()
            server.cli("platform", "pause", "batch")  # what is queued stays queued: the acknowledgement is what counts
            one.append(run_once(server, 1, cores[1]))
            many.append(run_once(server, CLIENTS, cores[1]))
    median = {name: statistics.median(run[name] for run in many) for name in ("per_s", "p50_ms", "p99_ms")}
    single = statistics.median(run["per_s"] for run in one)
    print("Run Once over REST, each durable before its answer; server and clients on a core each")
    table(["clients", "a second", "p50 ms", "p99 ms"],
          [["1: one commit each", f"{single:,.0f}", f"{statistics.median(run['p50_ms'] for run in one):.2f}", f"{statistics.median(run['p99_ms'] for run in one):.2f}"],
           [CLIENTS, f"{median['per_s']:,.0f}", f"{median['p50_ms']:.2f}", f"{median['p99_ms']:.2f}"]])
    ratio, tail = median["per_s"] / single, median["p99_ms"] / median["p50_ms"]
    fast = verdict(median["per_s"] >= 5000 or ratio >= 10)
    return {"run_once": {"one": single, **median}}, [
        ["PERF-7", f"Run Once with {CLIENTS} clients, a second (or times one commit each)", "≥ 5,000 (10)", f"{median['per_s']:,.0f} ({ratio:.1f})", fast],
        ["PERF-7", "Run Once: p99 / p50", "≤ 3", f"{tail:.1f}", verdict(tail <= 3)]]


def measure_memory(binary, seeder, work, rounds, table):
    with tempfile.TemporaryDirectory(dir=work) as folder:
        server = Server(binary, folder)
        server.start()
        server.wait_ready()
        time.sleep(1)
        idle = server.rss_mb()
        server.define()
        server.stop()
        done = subprocess.run([str(seeder), str(server.database), "transform", str(IN_FLIGHT)], capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"seed_runs: {done.stdout}{done.stderr}")
        starts = []
        for number in range(rounds):
            starts.append(server.start())
            if number + 1 == rounds:
                server.wait_ready()
                time.sleep(2)
                full = server.rss_mb()
            server.stop()
    start = 1000 * statistics.median(starts)
    print(f"The server with {IN_FLIGHT:,} runs in flight in its store")
    table(["what", "measured"], [["resident, idle, empty store", f"{idle:.0f} MB"], ["resident, all in flight", f"{full:.0f} MB"],
                                 ["start to first answer", f"{start:.0f} ms"]])
    return {"idle_mb": idle, "in_flight_mb": full, "start_ms": start}, [
        ["PERF-8", "resident memory, idle server", "≤ 25 MB", f"{idle:.0f}", verdict(idle <= 25)],
        ["PERF-8", f"resident memory, {IN_FLIGHT:,} runs in flight", "≤ 80 MB", f"{full:.0f}", verdict(full <= 80)],
        ["PERF-12", f"start to first answer, {IN_FLIGHT:,} runs in the store", "≤ 150 ms", f"{start:.0f}", verdict(start <= 150)]]


def measure(binary, seeder, work, rounds, cores, table):
    figures, goals = measure_run_once(binary, work, rounds, cores, table)
    more, more_goals = measure_memory(binary, seeder, work, rounds, table)
    return {**figures, **more}, goals + more_goals
