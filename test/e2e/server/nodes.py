"""Three servers on one PostgreSQL, and what may happen to them."""
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

from server.chaos import Chaos
from server.kit import Server

sys.path.append(str(Path(__file__).parents[2] / "support"))
from postgres import Postgres  # noqa: E402

# What no moment may exceed, by the sandbox's own books: a limit of a platform, and one of a task.
BATCH_LIMIT, GLUE_LIMIT = 790, 230
CRONS = 5
NODES = 3


class Cluster(Chaos):
    """`count` runs on three servers; any that lives is asked. Also a few tasks that are due each minute."""

    def make_servers(self, **environment):
        self.postgres = Postgres(fsync="off").__enter__()  # what is killed here is never the machine
        self.nodes, self.away = [], set()
        for number in range(NODES):
            home = self.folder / f"node{number}"
            home.mkdir()
            self.nodes.append(Server(home, "--store", self.postgres.url, "--node", f"node{number}", **environment))

    def start_servers(self):
        with ThreadPoolExecutor(NODES) as pool:  # all at once, on an empty database
            list(pool.map(lambda node: node.start(), self.nodes))

    @property
    def server(self):
        return self.random.choice([node for index, node in enumerate(self.nodes) if index not in self.away])

    def close(self):
        for node in self.nodes:
            if node.is_running():
                node.send(signal.SIGCONT)
            node.close()
        self.sandbox.close()
        self.postgres.__exit__()

    def definitions(self):
        text = super().definitions()
        text = text.replace("profiles:\n", f"profiles:\n  - {{name: batch-at-once, type: concurrency, platforms: [batch], max_concurrent_tasks: {BATCH_LIMIT}}}\n")
        text = text.replace("{name: glue, job: glue, max_active: 10000", f"{{name: glue, job: glue, max_active: {GLUE_LIMIT}")
        for number in range(CRONS):
            text += f'  - {{name: cron{number}, job: standard, schedules: [{{cron: "* * * * *", time_zone: UTC}}]}}\n'
        return text

    def kill(self, index):
        self.nodes[index].kill()
        self.away.add(index)

    def start(self, index):
        self.nodes[index].start()
        self.away.discard(index)

    def pause(self, index):
        self.nodes[index].send(signal.SIGSTOP)
        self.away.add(index)

    def resume(self, index):
        self.nodes[index].send(signal.SIGCONT)
        self.away.discard(index)

    def something_bad(self):
        """A node dies and comes back, or stands still for a moment; or the database goes away and comes back."""
        index = self.random.randrange(len(self.nodes))
        what = self.random.random()
        time.sleep(self.random.expovariate(1 / 0.7))
        if what < 0.45:
            self.kill(index)
            time.sleep(self.random.uniform(0, 1))
            self.start(index)
        elif what < 0.8:
            self.pause(index)
            time.sleep(self.random.uniform(0.2, 3))
            self.resume(index)
        elif what < 0.9:
            self.postgres.stop("fast")
            time.sleep(self.random.uniform(0, 1.5))
            self.postgres.start()
        else:
            self.postgres.kill()
            self.postgres.start()

    def owners(self):
        """How many runs are in flight on each node, by the store."""
        rows = self.sql("SELECT node, count(*) FROM polysync.run WHERE state BETWEEN 1 AND 3 GROUP BY node")
        return {row.split("|")[0]: int(row.split("|")[1]) for row in rows}

    def being_sent(self):
        return self.sql("SELECT id, task, node, submitted_at FROM polysync.run WHERE state = 1")

    def sql(self, text):
        return self.postgres.sql(text)

    def fires_since(self, begin):
        """How late each fire was that was due since then (seconds since 1970), by the store."""
        rows = self.sql("SELECT r.key, r.created_at FROM polysync.run r JOIN polysync.object o ON o.id = r.task WHERE o.name LIKE '%cron%'")
        fires = [(datetime.fromisoformat(key.replace("Z", "+00:00")).timestamp(), int(made_ms) / 1000) for key, made_ms in (row.split("|") for row in rows)]
        return [made - due for due, made in fires if due >= begin]

    def most_at_once(self, service):
        """By the sandbox's books."""
        return sum(place["all"] for place in self.sandbox.read("books")["most_in_flight"].get(service, {}).values())

    def violations(self):
        fires = [run for run in self.server.items("runs") if run["task"].startswith("cron")]
        self.created += [run["id"] for run in fires]
        wrong = super().violations()
        for service, limit in (("batch", BATCH_LIMIT), ("glue", GLUE_LIMIT)):
            if self.most_at_once(service) > limit:
                wrong.append(f"{self.most_at_once(service)} runs of {service} at once, {limit} are allowed")
        for number in range(CRONS):
            minutes = sorted(datetime.fromisoformat(run["key"]) for run in fires if run["task"] == f"cron{number}")
            gaps = [str(late) for early, late in zip(minutes, minutes[1:]) if (late - early).total_seconds() != 60]
            if len(minutes) < 2 or gaps:
                wrong.append(f"cron{number}: {len(minutes)} fires, not one a minute: {gaps}")
        return wrong
