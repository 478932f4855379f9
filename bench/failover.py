#!/usr/bin/env python3
"""How soon others take over from a node that dies: its runs, and the fires of schedules.

    bench/failover.py [--rounds N] [--seed N] [--json FILE]

Needs PostgreSQL (scripts/setup test) and `cmake --preset bench && cmake --build build/bench --target polysync`. Three nodes on one PostgreSQL follow a few hundred Batch jobs of the
sandbox and have five tasks that are due each minute. Each round kills one node (kill -9) a moment before or after a full minute; it comes back when its runs are taken. Whom a run
belongs to and when a fire's run was made is read from PostgreSQL, who was asked about at AWS from the sandbox's calls.
"""
import json
import random
import statistics
import sys
import tempfile
import threading
import time
from datetime import datetime
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path += [str(HERE), str(HERE.parent / "test" / "support")]

import fleet  # noqa: E402
from postgres import Postgres  # noqa: E402
from program import Sandbox  # noqa: E402
from server_bench import Server  # noqa: E402

NODES, CRONS, IN_FLIGHT, RUN_S = 3, 5, 300, 150
MINUTE_S, PATIENCE_S, KEPT_CALLS = 60, 180, 5_000
# When a node dies, from a full minute on.
EARLIEST_S, LATEST_S = -5, 0.3
MEASURES = {"owned_s": "all its runs belong to another node", "first_look_s": "the first of its runs is asked about at AWS", "all_looks_s": "all of them have been",
            "fire_late_s": "lateness of the next fires of the schedules (the latest of five)"}


def wait_until(is_true, what):
    until = time.monotonic() + PATIENCE_S
    while not is_true():
        if time.monotonic() > until:
            sys.exit(f"{what}: not within {PATIENCE_S} s")
        time.sleep(0.05)


class Cluster:
    """Use as a context; what it needs is in `folder`."""

    def __init__(self, binary, folder, seed):
        self.binary, self.folder, self.random = binary, Path(folder), random.Random(seed)
        self.away, self.stopping = None, threading.Event()

    def __enter__(self):
        self.postgres = Postgres().__enter__()
        self.sandbox = Sandbox(str(self.binary))
        self.nodes = []
        for number in range(NODES):
            home = self.folder / f"node{number}"
            home.mkdir()
            self.nodes.append(Server(self.binary, home, store=self.postgres.url, options=("--node", f"node{number}")))
            self.nodes[-1].start()
        self.define()
        self.feeder = threading.Thread(target=self.feed, daemon=True)
        self.feeder.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.feeder.join()
        for number, node in enumerate(self.nodes):
            if number != self.away:
                node.stop()
        self.sandbox.__exit__()
        self.postgres.__exit__()

    def define(self):
        self.sandbox.admin("settings", {"queued_ms": 500, "starting_ms": 500, "running_ms": RUN_S * 1000, "kept_calls": KEPT_CALLS})
        self.sandbox.admin("batch/queue", {"jobQueueName": fleet.QUEUE})
        tasks = [fleet.job_and_task("long", "batch", fleet.make_job(self.sandbox, "batch", "long"), "max_active: 10000")]
        for number in range(CRONS):
            tasks.append(fleet.job_and_task(f"cron{number}", "batch", "long", 'max_active: 100, schedules: [{cron: "* * * * *", time_zone: UTC}]'))
        self.nodes[0].define(fleet.definitions([fleet.platform("batch", "batch", self.sandbox.endpoint)], tasks))

    def feed(self):
        """As many runs begin as end, on any node that lives."""
        while not self.stopping.wait(1):
            missing = IN_FLIGHT - int(self.sql("SELECT count(*) FROM polysync.run WHERE state < 4")[0][0])
            number = next(number for number in range(NODES) if number != self.away)
            client = fleet.Client(self.nodes[number])
            for _ in range(max(0, missing)):
                try:
                    client.run("long")
                except OSError:  # it has just been killed
                    break
            client.close()

    def sql(self, text):
        return [row.split("|") for row in self.postgres.sql(text)]

    def runs_of(self, number):
        """(id, AWS's id) of the runs in flight on a node."""
        return [tuple(row) for row in self.sql(f"SELECT id, pipeline_run_id FROM polysync.run WHERE state BETWEEN 1 AND 3 AND node LIKE 'node{number}#%'")]

    def fires(self):
        """Of each schedule: full minute (seconds since 1970) to when its run was made."""
        rows = self.sql("SELECT o.name, r.key, r.created_at FROM polysync.run r JOIN polysync.object o ON o.id = r.task WHERE o.name LIKE '%cron%'")
        found = {}
        for task, key, created_ms in rows:
            found.setdefault(task, {}).setdefault(datetime.fromisoformat(key.replace("Z", "+00:00")).timestamp(), []).append(int(created_ms) / 1000)
        return found

    def kill_one(self, at):
        """Waits for then, and gives its number, its runs and when it was dead."""
        busy = [number for number in range(NODES) if len(self.runs_of(number)) >= IN_FLIGHT // 10]
        number = self.random.choice(busy)
        time.sleep(max(0, at - time.time()))
        self.nodes[number].kill()
        died, self.away = time.time(), number
        return number, self.runs_of(number), died

    def round(self):
        minute = (time.time() - EARLIEST_S) // MINUTE_S * MINUTE_S + MINUTE_S
        number, runs, died = self.kill_one(minute + self.random.uniform(EARLIEST_S, LATEST_S))
        ids = ",".join(run for run, _ in runs)
        # Runs that end or begin anew belong to whoever saw it.
        still_its = f"SELECT count(*) FROM polysync.run WHERE id IN ({ids}) AND state BETWEEN 1 AND 3 AND node LIKE 'node{number}#%'"
        wait_until(lambda: self.sql(still_its)[0][0] == "0", "its runs are taken over")
        owned = time.time()
        wanted = {aws_id for _, aws_id in runs if aws_id}
        looks = {}
        wait_until(lambda: self.add_looks(looks, wanted, died) or len(looks) == len(wanted), "its runs are asked about")
        self.nodes[number].start()
        self.away = None
        due = next(one for one in (minute, minute + MINUTE_S) if one >= died - 1)
        wait_until(lambda: len(late := self.fires()) == CRONS and all(due in one for one in late.values()), "the next fires come")
        lateness = [created[0] - due for created in (one[due] for one in self.fires().values())]
        return {"node": number, "runs": len(runs), "died_after_minute_s": died - minute, "owned_s": owned - died, "first_look_s": min(looks.values()) - died,
                "all_looks_s": max(looks.values()) - died, "fire_late_s": max(lateness)}

    def add_looks(self, looks, wanted, since):
        for call in self.sandbox.read("calls")["calls"]:
            at = call["at_ms"] / 1000
            if at <= since or call["operation"] != "batch.DescribeJobs" or call["outcome"] != "ok":
                continue
            for aws_id in wanted.intersection(call["input"]["jobs"]):
                looks.setdefault(aws_id, at)

    def violations(self):
        """Fires that are missing or came twice, and starts that were made twice."""
        wrong = []
        for task, minutes in self.fires().items():
            due = sorted(minutes)
            wrong += [f"{task}: nothing between {early} and {late}" for early, late in zip(due, due[1:]) if late - early != MINUTE_S]
            wrong += [f"{task}: {len(created)} fires of {minute}" for minute, created in minutes.items() if len(created) > 1]
        submissions = self.sandbox.read("books")["submissions"]["batch"]
        return wrong + [f"{name} was started {count} times" for name, count in submissions.items() if count > 1]


def measure(binary, work, rounds, seed, print_table):
    with tempfile.TemporaryDirectory(dir=work) as folder, Cluster(binary, folder, seed) as cluster:
        wait_until(lambda: int(cluster.sql("SELECT count(*) FROM polysync.run WHERE state BETWEEN 2 AND 3")[0][0]) >= IN_FLIGHT - 10, "runs are in flight")
        wait_until(lambda: len(cluster.fires()) == CRONS, "the schedules begin")
        seen = []
        for number in range(rounds):
            seen.append(cluster.round())
            print(f"failover: round {number + 1} of {rounds}: {json.dumps(seen[-1])}", file=sys.stderr, flush=True)
        fires = sum(len(one) for one in cluster.fires().values())
        wrong = cluster.violations()
    figures = {name: [pick(one[name] for one in seen) for pick in (min, statistics.median, max)] for name in MEASURES}
    runs = [one["runs"] for one in seen]
    print(f"{rounds} times one of {NODES} nodes is killed, with {min(runs)} to {max(runs)} runs in flight of its own; seconds from its death")
    print_table(["until", "least", "median", "most"], [[MEASURES[name], *(f"{value:.1f}" for value in values)] for name, values in figures.items()])
    print(f"{fires} fires, {len(wrong)} of them or of the starts missing or doubled")
    for problem in wrong[:20]:
        print(problem)
    return {"rounds": seen, "summary": figures, "fires": fires, "violations": wrong}


def main():
    def by_itself(binary, work, options, print_table):
        return measure(binary, work, options.rounds, options.seed, print_table)

    figures = fleet.alone(__doc__, by_itself, rounds=(10, "a minute each"), seed=(1, "of when and whom"))
    return 1 if figures["violations"] else 0


if __name__ == "__main__":
    sys.exit(main())
