"""PERF-10: Batch jobs from the request to their durable end against the sandbox, by the server, and by graphile-worker with
AWS's JavaScript client on PostgreSQL."""
import http.client
import json
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "test" / "support"))
from postgres import Postgres  # noqa: E402
from program import Sandbox, environment  # noqa: E402
from server import make_certificate
from server_bench import Server

COMPOSITE = Path(__file__).resolve().parent / "peers" / "composite"
NODE = str(COMPOSITE / "node_modules" / ".bin" / "node")
RUNS, CLIENTS = 2_000, 8
# A job takes half a minute: about twenty looks at it.
OUTCOME = {"queue_ms": 2000, "start_ms": 3000, "run_ms": 25000}
DEFINITIONS = """
platforms:
  - {name: batch, type: aws_batch, region: us-east-1, endpoint: "%s", auth: {method: access_key, access_key_id: AKIASANDBOX000000000,
     secret_access_key: "env://BENCH_SECRET"}, defaults: {default_job_queue: bench-queue}}
jobs:
  - {name: bench, platform: batch, external_id: bench}
tasks:
  - {name: bench, job: bench, max_active: 10000}
"""
PEERS = {"graphile-worker and AWS SDK for JavaScript v3": "default", "the same, batched": "batched"}
PATIENCE_S = 300


def start_runs(server, count):
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    for _ in range(count):
        connection.request("POST", "/api/v1/tasks/bench/run", "{}", {"Authorization": f"Bearer {server.token}", "Content-Type": "application/json"})
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 201:
            sys.exit(f"Run Once: {answer.status} {body}")
    connection.close()


def ask(server, path):
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    connection.request("GET", f"/api/v1/{path}", headers={"Authorization": f"Bearer {server.token}"})
    answer = json.loads(connection.getresponse().read())
    connection.close()
    return answer


def under_way(server):
    return sum(one["queued"] + one["in_flight"] for one in ask(server, "status")["platforms"])


def succeeded(server):
    count, cursor = 0, ""
    while True:
        page = ask(server, f"runs?state=Succeeded&limit=1000{cursor}")
        count += len(page["items"])
        if not page.get("next"):
            return count
        cursor = f"&cursor={page['next']}"


def ours(binary, work, sandbox, certificate):
    with tempfile.TemporaryDirectory(dir=work) as folder, Server(binary, folder, AWS_CA_BUNDLE=str(certificate)) as server:
        server.define(DEFINITIONS % sandbox.endpoint)
        server.wait_ready()
        cpu, began = server.cpu_s(), time.monotonic()
        with ThreadPoolExecutor(CLIENTS) as pool:
            list(pool.map(lambda count: start_runs(server, count), [RUNS // CLIENTS] * CLIENTS))
        while under_way(server) > 0:
            if time.monotonic() - began > PATIENCE_S:
                sys.exit("the runs do not end")
            time.sleep(1)
        cpu, wall = server.cpu_s() - cpu, time.monotonic() - began
        if succeeded(server) != RUNS:
            sys.exit(f"{succeeded(server)} runs have succeeded")
        return {"runs": RUNS, "cpu_s": cpu, "wall_s": wall, "rss_mb": server.rss_mb()}


def peer(sandbox, certificate, mode):
    with Postgres() as postgres:
        before = postgres.cpu_s()
        done = subprocess.run([NODE, "composite.mjs", postgres.url, sandbox.endpoint, str(RUNS), mode], cwd=COMPOSITE, capture_output=True, text=True,
                              env={**environment(), "NODE_EXTRA_CA_CERTS": str(certificate), "NODE_NO_WARNINGS": "1"})
        if done.returncode != 0:
            sys.exit(f"composite.mjs failed:\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
        one = json.loads(done.stdout.strip().splitlines()[-1])
        one["server_cpu_s"] = postgres.cpu_s() - before
        return one


def measure(binary, work, rounds, print_table, verdict):
    certificate, key = work / "sandbox.pem", work / "sandbox.key"
    make_certificate(certificate, key)
    seen = {"Polysync": [], **{name: [] for name in PEERS}}
    for number in range(rounds):
        print(f"end_to_end: round {number + 1} of {rounds}", file=sys.stderr)
        for name in seen:
            with Sandbox(str(binary), certificate, key) as sandbox:
                sandbox.admin("batch/queue", {"jobQueueName": "bench-queue"})
                sandbox.admin("batch/definition", {"jobDefinitionName": "bench", "outcome": OUTCOME})
                seen[name].append(peer(sandbox, certificate, PEERS[name]) if name in PEERS else ours(binary, work, sandbox, certificate))
    figures = {name: {"cpu_ms": statistics.median(1000 * (one["cpu_s"] + one.get("server_cpu_s", 0)) / one["runs"] for one in runs),
                      "own_cpu_ms": statistics.median(1000 * one["cpu_s"] / one["runs"] for one in runs),
                      "wall_s": statistics.median(one["wall_s"] for one in runs)} for name, runs in seen.items()}
    mine = figures["Polysync"]["cpu_ms"]
    print(f"End to end: {RUNS:,} Batch jobs of {sum(OUTCOME.values()) // 1000} s against the sandbox over TLS, from the request to the durable end; ours come in "
          "over REST and keep their history, the composite's are added in its process")
    print_table(["", "CPU ms a run", "without PostgreSQL's", "CPU is times ours", "s in all"],
                [[name, f"{one['cpu_ms']:.3f}", f"{one['own_cpu_ms']:.3f}", f"{one['cpu_ms'] / mine:.1f}", f"{one['wall_s']:.0f}"] for name, one in figures.items()])
    ratio = min(figures[name]["cpu_ms"] for name in PEERS) / mine
    return figures, [["PERF-10", "end to end: CPU per run of the better composite / ours", "≥ 20", f"{ratio:.1f}", verdict(20, ratio)]]
