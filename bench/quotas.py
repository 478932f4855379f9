#!/usr/bin/env python3
"""PERF-9: all four services under AWS's quotas, which the sandbox enforces, while a server has more to ask than they allow.

    bench/quotas.py [--seconds N] [--json FILE]

Needs `cmake --preset bench && cmake --build build/bench --target polysync`. On each service two platforms share an account, with a key each: one with a long queue
and much to look at, one with less of both, but more than its half. All figures are the sandbox's: what became of the tokens of each bucket, and the calls of each key.
"""
import json
import sys
import tempfile
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE))

import fleet  # noqa: E402
from program import SECRET, Sandbox  # noqa: E402
from server_bench import Server, verdict  # noqa: E402

SECONDS = 180
SECOND_KEY = "AKIASANDBOX000000002"
RUN_S = 60
# The bursts that AWS allows are used up, and as many runs end as begin.
WARM_UP_S = RUN_S + 60
# Of the platform with the long queue and of that with the short one: how old a status may get. Each wants more than its half of every quota.
FRESHNESS_S = (1, 2)
# Per platform: jobs that many runs share, which are read from lists, and jobs of one run at a time, each of which is asked for by itself; how many runs stay queued,
# or where AWS's quota for starts is beyond this machine, how many are added each second.
SHAPES = {"batch": {"shared": 4, "single": 0, "queued": (600, 100)}, "glue": {"shared": 14, "single": 14, "queued": (300, 30)},
          "sagemaker": {"shared": 5, "single": 5, "queued": (200, 20)}, "states": {"shared": 10, "single": 0, "added": (20, 10)}}


def a_second(of_each, ends=0):
    """What looks of both platforms would take, each as often as its freshness says."""
    return f"{sum(of_each / freshness for freshness in FRESHNESS_S) + ends:.0f} a second"


# What is wanted of each operation, all of it more than its quota: these are the tokens that count.
QUEUED = "more queued than may start"
DEMANDS = {
    "batch.SubmitJob": QUEUED, "glue.StartJobRun": QUEUED, "sagemaker.StartPipelineExecution": QUEUED,
    "batch.DescribeJobs": a_second(50 / 2 * RUN_S / 100), "glue.GetJobRuns": a_second(SHAPES["glue"]["shared"]), "glue.GetJobRun": a_second(SHAPES["glue"]["single"]),
    "sagemaker.ListPipelineExecutions": a_second(SHAPES["sagemaker"]["shared"]), "sagemaker.DescribePipelineExecution": a_second(SHAPES["sagemaker"]["single"], ends=2),
    "stepfunctions.ListExecutions": a_second(SHAPES["states"]["shared"]), "stepfunctions.DescribeExecution": f"{sum(SHAPES['states']['added'])} ends a second"}
KEYS = {fleet.SAMPLE_KEY: "long queue", SECOND_KEY: "short queue"}
USED, THROTTLED, SHARE = 95, 0.1, 45  # percent


class Demand:
    """Keeps the queues of all platforms as long as they are to be, from a thread of its own."""

    def __init__(self, server, tasks):
        self.server, self.tasks, self.stopping = server, tasks, threading.Event()
        self.begun = {name: 0 for name in tasks}
        self.thread = threading.Thread(target=self.feed, daemon=True)
        self.thread.start()

    def feed(self):
        client, next_at = fleet.Client(self.server), time.monotonic()
        for name, of_platform in self.tasks.items():
            for task in of_platform["single"]:
                for _ in range(of_platform["rounds"]):
                    client.run(task)
        while not self.stopping.wait(max(0, next_at - time.monotonic())):
            next_at = max(next_at + 1, time.monotonic())
            seen = client.platforms()
            for name, of_platform in self.tasks.items():
                missing = of_platform["added"] or of_platform["queued"] + len(of_platform["single"]) * of_platform["rounds"] - seen[name]["queued"]
                for _ in range(max(0, missing)):
                    client.run(of_platform["shared"][self.begun[name] % len(of_platform["shared"])])
                    self.begun[name] += 1
        client.close()

    def stop(self):
        self.stopping.set()
        self.thread.join()


def make_fleet(sandbox, seconds):
    """Definitions, and of each platform its tasks."""
    sandbox.admin("settings", {"queued_ms": 500, "starting_ms": 500, "running_ms": (RUN_S - 1) * 1000})
    sandbox.admin("batch/queue", {"jobQueueName": fleet.QUEUE})
    fleet.add_key(sandbox, SECOND_KEY)
    platforms, all_tasks, tasks = [], [], {}
    for service, shape in SHAPES.items():
        for number, (key, secret) in enumerate(((fleet.SAMPLE_KEY, "BENCH_SECRET"), (SECOND_KEY, "BENCH_SECRET_TWO"))):
            name = f"{service}-{number}"
            platforms.append(fleet.platform(name, service, sandbox.endpoint, key, secret))
            tasks[name] = {"shared": [], "single": [], "rounds": (seconds + WARM_UP_S) // RUN_S + 2, "queued": shape.get("queued", (0, 0))[number],
                           "added": shape.get("added", (0, 0))[number]}
            for kind in ("shared", "single"):
                for job in range(shape[kind]):
                    task = f"{name}-{kind}-{job}"
                    external_id = fleet.make_job(sandbox, service, task)
                    most = 10_000 if kind == "shared" else 1
                    # What is usual for a task would make looks rarer.
                    settings = f"max_active: {most}, freshness: {FRESHNESS_S[number]}s, early_freshness: {FRESHNESS_S[number]}s"
                    all_tasks.append(fleet.job_and_task(task, name, external_id, settings))
                    tasks[name][kind].append(task)
    return fleet.definitions(platforms, all_tasks), tasks


def read(sandbox):
    buckets = {name.rsplit("/", 1)[1]: bucket for name, bucket in sandbox.read("quotas")["buckets"].items()}
    books = sandbox.read("books")
    return {"at": time.monotonic(), "buckets": buckets, "calls": books["calls"], "by_key": books["calls_by_key"]}


def ok_calls(reading, key, operations):
    return sum(reading["by_key"].get(key, {}).get(operation, {}).get("ok", 0) for operation in operations)


def evaluate(begin, end, rules):
    operations, platforms = {}, {}
    for name, bucket in sorted(end["buckets"].items()):
        before = begin["buckets"].get(name, {field: 0 for field in bucket})
        since = {field: bucket[field] - before[field] for field in bucket}
        service, operation = name.split(".")
        rule = rules.get(name) or rules.get(f"{service}.*")
        operations[name] = {"quota_per_s": rule and rule["refill_per_second"], **since, "used_percent": 100 * since["taken"] / since["offered"]}
    for service in SHAPES:
        for what, names in (("starts", [fleet.STARTS[service]]), ("looks", fleet.LOOKS[service])):
            if not DEMANDS.keys() & set(names):
                continue  # each has what it wants
            counts = {key: ok_calls(end, key, names) - ok_calls(begin, key, names) for key in KEYS}
            platforms[f"{service} {what}"] = {"calls": counts, "short_percent": 100 * counts[SECOND_KEY] / max(1, sum(counts.values()))}
    all_calls = sum(sum(one.values()) for one in end["calls"].values())
    throttled = sum(one["throttled"] for one in end["calls"].values())
    return {"seconds": end["at"] - begin["at"], "operations": operations, "platforms": platforms, "calls": all_calls, "throttled": throttled,
            "throttled_percent": 100 * throttled / all_calls}


def check_queues(server, tasks):
    """A queue that has run empty would make the figures worthless."""
    client = fleet.Client(server)
    empty = [name for name, one in client.platforms().items()
             if tasks[name]["queued"] and one["queued"] <= len(tasks[name]["single"]) * tasks[name]["rounds"]]
    client.close()
    if empty:
        sys.exit(f"nothing is queued on {', '.join(empty)}")


def run(binary, work, seconds):
    with Sandbox(str(binary)) as sandbox, tempfile.TemporaryDirectory(dir=work) as folder:
        definitions, tasks = make_fleet(sandbox, seconds)
        rules = sandbox.admin("quotas", {"enabled": True})["rules"]
        with Server(binary, folder, BENCH_SECRET_TWO=SECRET) as server:
            server.define(definitions)
            server.wait_ready()
            demand = Demand(server, tasks)
            time.sleep(WARM_UP_S)
            check_queues(server, tasks)
            begin, cpu = read(sandbox), server.cpu_s()
            time.sleep(seconds)
            end, cpu = read(sandbox), server.cpu_s() - cpu
            check_queues(server, tasks)
            demand.stop()
            figures = evaluate(begin, end, rules)
            return {**figures, "server_cpu_percent": 100 * cpu / figures["seconds"]}


def report(figures, print_table):
    print(f"AWS's quotas, enforced by the sandbox for {figures['seconds']:.0f} s, with more to ask than they allow; two platforms on each service. Server at "
          f"{figures['server_cpu_percent']:.0f} % of a core")
    rows = [[name, f"{one['quota_per_s']:g}", DEMANDS.get(name, "less than that"), f"{one['offered']:.0f}", one["taken"], f"{one['used_percent']:.1f} %", one["refused"]]
            for name, one in figures["operations"].items() if name in DEMANDS or one["taken"] or one["refused"]]
    print_table(["operation", "quota/s", "demand", "tokens offered", "taken", "used", "refused"], rows)
    print_table(["both platforms of", *KEYS.values(), "share of the short one"],
                [[name, *one["calls"].values(), f"{one['short_percent']:.1f} %"] for name, one in figures["platforms"].items()])
    print(f"{figures['throttled']} of {figures['calls']} calls throttled since the start\n")


def goals_of(figures):
    used = {name: figures["operations"].get(name, {"used_percent": 0})["used_percent"] for name in DEMANDS}
    least = min(used, key=used.get)
    unfair = min(figures["platforms"], key=lambda name: min(share := figures["platforms"][name]["short_percent"], 100 - share))
    share = figures["platforms"][unfair]["short_percent"]
    share = min(share, 100 - share)
    return [["PERF-9", f"tokens used, least: {least}", f"≥ {USED} %", f"{used[least]:.1f} %", verdict(used[least] >= USED)],
            ["PERF-9", "calls throttled", f"≤ {THROTTLED} %", f"{figures['throttled_percent']:.3f} %", verdict(figures["throttled_percent"] <= THROTTLED)],
            ["PERF-9", f"the lesser platform's share, least: {unfair}", f"≥ {SHARE} %", f"{share:.1f} %", verdict(share >= SHARE)]]


def measure(binary, work, print_table, seconds=SECONDS):
    print(f"quotas: {WARM_UP_S + seconds} s", file=sys.stderr)
    figures = run(binary, work, seconds)
    report(figures, print_table)
    return figures, goals_of(figures)


def main():
    def by_itself(binary, work, options, print_table):
        figures, goals = measure(binary, work, print_table, options.seconds)
        print_table(["goal", "", "wanted", "measured", ""], goals)
        print(json.dumps(figures))
        return figures

    figures = fleet.alone(__doc__, by_itself, seconds=(SECONDS, "how long is counted, after two minutes of warming up"))
    return 1 if any(row[-1] != "met" for row in goals_of(figures)) else 0


if __name__ == "__main__":
    sys.exit(main())
