"""Tasks on a server against the sandbox: what a stop, a restart, secrets and a sick platform do to them."""
import signal

from polysync_e2e import ACCESS_KEY_ID, RUN_TIMEOUT_S, Sandbox
from server.kit import ServerTest, wait_until

DEFINITIONS = """
platforms:
  - {{name: etl, type: aws_glue, region: us-east-1, endpoint: "{endpoint}", auth: &keys {{method: access_key, access_key_id: {key}, secret_access_key: "env://SANDBOX_SECRET"}}}}
  - {{name: flows, type: aws_step_functions, region: us-east-1, endpoint: "{endpoint}", auth: *keys}}
  - {{name: away, type: aws_glue, region: us-east-1, endpoint: "http://127.0.0.1:1", auth: *keys}}
jobs:
  - {{name: load, platform: etl, external_id: hello-load, values: {{password: "env://LOAD_PASSWORD"}}}}
  - {{name: echo, platform: flows, external_id: "arn:aws:states:us-east-1:123456789012:stateMachine:echo-input"}}
  - {{name: away, platform: away, external_id: nowhere}}
tasks:
  - {{name: load, job: load, allow_secret_parameters: true, max_active: 100}}
  - {{name: echo, job: echo, max_active: 100}}
  - {{name: away, job: away, max_active: 100}}
"""
PASSWORD = "geheim-47110815"


class TaskTest(ServerTest):
    def setUp(self):
        super().setUp()
        self.sandbox = Sandbox()
        self.addCleanup(self.sandbox.close)
        self.sandbox.admin("glue/job", Name="hello-load", ExecutionProperty={"MaxConcurrentRuns": 100}, DefaultArguments={"--password": "none"})
        self.running = self.server("-v", LOAD_PASSWORD=PASSWORD).start()
        text = DEFINITIONS.format(endpoint=self.sandbox.endpoint, key=ACCESS_KEY_ID)
        (self.folder / "definitions.yaml").write_text(text)
        self.cli(self.running, "apply", "-f", "definitions.yaml", "--yes")

    def run_task(self, task):
        return self.cli_json(self.running, "task", "run", task)["id"]

    def state(self, run):
        return self.running.get(f"runs/{run}")["state"]

    def wait_for(self, run, *states):
        wait_until(lambda: self.state(run) in states, lambda: self.running.get(f"runs/{run}"))

    def starts(self):
        return list(self.sandbox.read("books")["submissions"].get("glue", {}).values())

    def test_a_stop_waits_for_no_call_for_long_and_sends_none_twice(self):  # SAFE-1, SAFE-6
        self.sandbox.admin("faults", kind="delay", delay_ms=2_000 * RUN_TIMEOUT_S, service="glue", operation="StartJobRun", count=-1)
        run = self.run_task("load")
        wait_until(self.starts)
        self.assertEqual(self.running.stop(), 0)  # long before the answer
        self.running.start()
        self.wait_for(run, "Succeeded")
        self.assertEqual(self.starts(), [1])

    def test_a_quick_stop_touches_nothing_that_runs(self):  # SAFE-6
        self.sandbox.admin("settings", running_ms=3_600_000)
        run = self.run_task("load")
        self.wait_for(run, "Running")
        self.assertEqual(self.running.stop(), 0)  # long before its end
        self.sandbox.admin("time", advance_seconds=3600)
        self.running.start()
        self.wait_for(run, "Succeeded")
        self.assertEqual(self.starts(), [1])
        self.assertNotIn("glue.BatchStopJobRun", self.sandbox.read("books")["calls"])

    def test_a_secret_is_sent_and_stands_nowhere_else(self):  # SAFE-3, TASK-1
        run = self.run_task("load")
        self.wait_for(run, "Succeeded")
        shown = self.running.request("GET", f"/api/v1/runs/{run}", headers={"Authorization": f"Bearer {self.running.token}"})[2]
        self.cli(self.running, "run", "logs", str(run))
        self.running.stop()
        for path in (self.folder / "state" / "polysync").iterdir():
            self.assertNotIn(PASSWORD.encode(), path.read_bytes(), path.name)
        self.assertNotIn(PASSWORD, shown)
        self.assertNotIn(PASSWORD, (self.folder / "server.log").read_text())

    def test_a_platform_that_does_not_answer_holds_up_no_other(self):  # SAFE-4
        away = [self.run_task("away") for _ in range(20)]
        run = self.run_task("echo")
        self.wait_for(run, "Succeeded")
        self.assertNotIn("Succeeded", {self.state(one) for one in away})
        counts = next(platform for platform in self.running.get("status")["platforms"] if platform["name"] == "away")
        self.assertEqual(counts["queued"] + counts["in_flight"], 20)
        self.cli(self.running, "run", "cancel", "--task", "away", "--yes")
        for one in away:
            self.wait_for(one, "Cancelled", "Failed")

    def test_sighup_of_a_closed_terminal_is_like_a_kill(self):
        run = self.run_task("load")
        self.wait_for(run, "Starting", "Running", "Succeeded")
        self.running.send(signal.SIGHUP)
        self.running.process.wait(RUN_TIMEOUT_S)
        self.running.kill()
        self.running.start()
        self.wait_for(run, "Succeeded")
        self.assertEqual(self.starts(), [1])
