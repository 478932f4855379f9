"""PERF-5, PERF-6: runs through Polysync's engine on SQLite and on PostgreSQL, side by side with jobs through durable queues on PostgreSQL."""
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "test" / "support"))
from postgres import Postgres  # noqa: E402


HERE = Path(__file__).resolve().parent
QUEUES = HERE / "peers" / "queues"
NODE = str(QUEUES / "node_modules" / ".bin" / "node")
RUNS = 60_000
NODES = (1, 2, 3)
PEERS = {
    "graphile-worker": ("graphile.mjs", RUNS // 15, ["default"]),
    "graphile-worker, batched": ("graphile.mjs", RUNS, ["batched"]),
    "pg-boss, batched": ("pgboss.mjs", RUNS, []),
}


def last_line(command):
    done = subprocess.run(command, cwd=QUEUES, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def ours(binary, work):
    with tempfile.TemporaryDirectory(dir=work) as folder:
        return on_nodes(binary, folder, 1)


def ours_on_postgres(binary, nodes):
    with Postgres() as postgres:
        before = postgres.cpu_s()
        one = on_nodes(binary, postgres.url, nodes)
        one["server_cpu_s"] = postgres.cpu_s() - before
        return one


def on_nodes(binary, place, count):
    """That many processes, which begin together and share the runs; the slowest one's time, the CPU of all."""
    share = RUNS // count
    processes = [subprocess.Popen([str(binary), place, str(share)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
                 for _ in range(count)]
    time.sleep(2)  # until all have joined
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
    told = [json.loads(process.communicate()[0]) for process in processes]
    return {"runs": share * count, "wall_s": max(one["wall_s"] for one in told), "cpu_s": sum(one["cpu_s"] for one in told),
            "history": told[0]["history"]}


def peer(script, jobs, arguments):
    """A new cluster each time; the CPU of its server counts, as SQLite's does with us."""
    with Postgres() as postgres:
        before = postgres.cpu_s()
        one = last_line([NODE, script, postgres.url, str(jobs), *arguments])
        one["server_cpu_s"] = postgres.cpu_s() - before
        return one


def measure(binary, work, rounds, print_table, verdict):
    nodes = {f"Polysync, PostgreSQL, {count} node{'s' * (count > 1)}": count for count in NODES}
    seen = {"Polysync, SQLite": [], **{name: [] for name in nodes}, **{name: [] for name in PEERS}}
    for number in range(rounds):
        print(f"engine: round {number + 1} of {rounds}", file=sys.stderr)
        seen["Polysync, SQLite"].append(ours(binary, work))
        for name, count in nodes.items():
            seen[name].append(ours_on_postgres(binary, count))
        for name, how in PEERS.items():
            seen[name].append(peer(*how))
    figures = {name: {"runs_per_s": statistics.median(one["runs"] / one["wall_s"] for one in runs),
                      "cpu_ms": statistics.median(1000 * (one["cpu_s"] + one.get("server_cpu_s", 0)) / one["runs"] for one in runs),
                      "own_cpu_ms": statistics.median(1000 * one["cpu_s"] / one["runs"] for one in runs)} for name, runs in seen.items()}
    mine = figures["Polysync, SQLite"]
    print(f"Engine: {RUNS} runs from queued to succeeded, {seen['Polysync, SQLite'][0]['history']} history entries each, every step durable; "
          "the queues add, take and complete, and keep no history")
    print_table(["", "a second", "CPU ms each", "without PostgreSQL's", "CPU is times ours"],
                [[name, f"{one['runs_per_s']:,.0f}", f"{one['cpu_ms']:.3f}", f"{one['own_cpu_ms']:.3f}", f"{one['cpu_ms'] / mine['cpu_ms']:.1f}"]
                 for name, one in figures.items()])
    best = max((figures[name] for name in PEERS if "batched" in name), key=lambda one: one["runs_per_s"])
    rate, cpu = mine["runs_per_s"] / best["runs_per_s"], best["cpu_ms"] / mine["cpu_ms"]
    shared = figures[next(iter(nodes))]["runs_per_s"]
    plain, batched = (shared / figures[name]["runs_per_s"] for name in ("graphile-worker", "graphile-worker, batched"))
    return figures, [["PERF-5", "runs a second: ours / the better batched queue", "≥ 2", f"{rate:.2f}", verdict(2, rate)],
                     ["PERF-5", "CPU per run: the better batched queue / ours", "≥ 5", f"{cpu:.2f}", verdict(5, cpu)],
                     ["PERF-6", "on PostgreSQL, runs a second: ours / graphile-worker", "≥ 5", f"{plain:.2f}", verdict(5, plain)],
                     ["PERF-6", "on PostgreSQL, runs a second: ours / graphile-worker, batched", "≥ 0.75", f"{batched:.2f}", verdict(0.75, batched)]]
