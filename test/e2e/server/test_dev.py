"""`polysync dev`: a newcomer's first minutes, and kill -9 in the middle of them."""
import json
import os
import signal
import socket
import urllib.request
from pathlib import Path

from polysync_e2e import RUN_TIMEOUT_S
from server.kit import Server, ServerTest, wait_until

ENDED = {"Succeeded", "Failed", "Cancelled", "Skipped"}


class DevTest(ServerTest):
    def setUp(self):
        super().setUp()
        self.server = Server(self.folder, command=("dev",))
        self.addCleanup(self.end)
        self.server.start()
        self.state = self.folder / "state" / "polysync" / "dev"

    def end(self):
        self.server.close()
        note = self.state / "sandbox.json"
        if note.exists() and is_alive(self.sandbox()["pid"]):
            os.kill(self.sandbox()["pid"], signal.SIGKILL)

    def sandbox(self):
        return json.loads((self.state / "sandbox.json").read_text())

    def admin(self, path, **document):
        data = json.dumps(document).encode() if document else None
        with urllib.request.urlopen(f"{self.sandbox()['endpoint']}/_sandbox/{path}", data, RUN_TIMEOUT_S) as answer:
            return json.load(answer)

    def run_task(self, task, key):
        return self.cli_json(self.server, "task", "run", task, "--key", key, "--downstream")["id"]

    def chain(self, run):
        """State by task of the chain, once all of it has ended."""
        lane = self.server.get(f"runs/{run}")["lane"]

        def ended():
            runs = self.server.items(f"runs?lane={lane}")
            return runs if all(one["state"] in ENDED for one in runs) else None
        return {one["task"]: one for one in wait_until(ended, lambda: self.server.items(f"runs?lane={lane}"))}

    def submitted_once(self):
        for service, tokens in self.admin("books")["submissions"].items():
            self.assertEqual([token for token, count in tokens.items() if count != 1], [], service)

    def test_it_holds_the_samples(self):
        tasks = self.server.items("tasks")
        self.assertGreaterEqual(len(tasks), 30)
        platforms = self.server.items("platforms")
        self.assertEqual(len(platforms), 8)
        for platform in platforms:
            with self.subTest(platform["name"]):
                report = self.server.api("POST", f"platforms/{platform['name'].replace('/', '%2F')}/test")
                self.assertTrue(report["passed"], report)
        self.assertEqual(sorted(path.name for path in (self.state / "definitions").iterdir()),
                         ["finance.yaml", "ml.yaml", "operations.yaml", "platforms.yaml", "sales.yaml"])

    def test_a_chain_fails_in_the_middle_until_it_is_repaired(self):  # TASK-5, TASK-9
        run = self.run_task("finance/ledger-extract", "2026-09-14")
        chain = self.chain(run)
        self.assertEqual({task: one["state"] for task, one in chain.items()}, {
            "finance/ledger-extract": "Succeeded", "finance/fx-rates": "Succeeded", "finance/reconcile": "Failed", "finance/report": "Skipped",
            "finance/archive": "Skipped", "finance/alert-desk": "Succeeded", "finance/month-close": "Skipped"})
        failed = chain["finance/reconcile"]
        self.assertIn("3 ledger lines have no counterpart", failed["message"])
        self.assertIn("line 4711", self.cli(self.server, "run", "logs", str(failed["id"])).stdout)
        self.admin("glue/outcome", account="210987654321", job="dev-reconcile")
        self.cli(self.server, "run", "rerun", str(failed["id"]), "--scope", "downstream")

        def repaired():
            runs = {}
            for one in sorted(self.server.items(f"runs?lane={failed['lane']}"), key=lambda one: one["rerun"]):
                runs[one["task"]] = one["state"]
            return runs if runs["finance/archive"] in ("Succeeded", "Failed") else None
        self.assertEqual({task: state for task, state in wait_until(repaired).items() if state != "Succeeded"}, {"finance/month-close": "Skipped"})
        self.submitted_once()

    def test_kill_9_in_the_middle_of_a_chain_costs_nothing(self):  # SAFE-1
        run = self.run_task("sales/orders-extract", "2026-09-14T03:00Z")
        lane = self.server.get(f"runs/{run}")["lane"]
        # One that is being sent would be looked up for two minutes.
        wait_until(lambda: any(one["task"] == "sales/orders-clean" and one["state"] in ("Starting", "Running")
                               for one in self.server.items(f"runs?lane={lane}")))
        sandbox = self.sandbox()
        self.server.kill()
        self.assertTrue(is_alive(sandbox["pid"]))
        self.server.start()
        self.assertEqual(self.sandbox(), sandbox)
        self.assertEqual({task: one["state"] for task, one in self.chain(run).items()},
                         {"sales/orders-extract": "Succeeded", "sales/orders-clean": "Succeeded", "sales/orders-enrich": "Succeeded"})
        self.submitted_once()

    def test_a_stop_ends_the_sandbox_and_keeps_the_rest(self):
        run = self.cli_json(self.server, "task", "run", "operations/heartbeat")["id"]
        wait_until(lambda: self.server.get(f"runs/{run}")["state"] == "Succeeded")
        sandbox = self.sandbox()
        definitions = self.state / "definitions" / "ml.yaml"
        definitions.write_text(definitions.read_text() + "# mine\n")
        self.assertEqual(self.server.stop(), 0)
        self.assertFalse(is_alive(sandbox["pid"]))
        self.server.start()
        self.assertEqual(self.server.get(f"runs/{run}")["state"], "Succeeded")
        self.assertIn("# mine", definitions.read_text())
        self.server.stop()
        self.server.arguments = ("--fresh",)
        self.server.start()
        self.assertEqual(self.server.request("GET", f"/api/v1/runs/{run}", headers=self.authorization())[0], 404)
        self.assertNotIn("# mine", definitions.read_text())

    def authorization(self):
        return {"Authorization": f"Bearer {self.server.token}"}

    def test_a_sandbox_that_moved_is_followed(self):
        sandbox = self.sandbox()
        self.server.kill()
        os.kill(sandbox["pid"], signal.SIGKILL)
        wait_until(lambda: not is_alive(sandbox["pid"]))
        with socket.create_server(("127.0.0.1", int(sandbox["endpoint"].rsplit(":", 1)[1]))):
            self.server.start()
            self.assertNotEqual(self.sandbox()["endpoint"], sandbox["endpoint"])
            self.assertIn(self.sandbox()["endpoint"], (self.state / "definitions" / "platforms.yaml").read_text())
            chain = self.chain(self.run_task("sales/customers-extract", "2026-09-14"))
            self.assertEqual(chain["sales/customers-dedupe"]["state"], "Succeeded")

    def test_one_at_a_time_in_a_folder(self):
        error = self.refused(code=1, command=("dev",))
        self.assertEqual(error["code"], "dev_in_use")
        self.assertEqual(self.server.probe("/readyz")[0], 200)

    def test_people_are_told_what_to_type_next(self):
        self.server.stop()
        process = self.server.launch(json_output=False)
        text = ""
        while "--fresh" not in text:
            text += process.stdout.readline()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=RUN_TIMEOUT_S)
        for words in ("polysync task run", "polysync run rerun", str(self.state / "definitions"), "kill -9"):
            self.assertIn(words, text)


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
