"""Definitions with the real programs: plan, apply, export and import from a directory, a server and a sandbox (TASK-13, SAFE-3, SAFE-5)."""
import json
import signal

from polysync_e2e import ACCESS_KEY_ID, SECRET, Sandbox
from server.kit import ServerTest, wait_until

PLATFORM = """\
platforms:
  - name: glue
    type: aws_glue
    region: us-east-1
    endpoint: %s
    auth: {method: access_key, access_key_id: %s, secret_access_key: "%s"}
"""
SALES = """\
namespace: sales
owner: data-platform
jobs:
  - {name: load, platform: /glue, external_id: load}
tasks:
  - name: orders
    job: load
    values: {--bucket: "${env.BUCKET}"}
    schedules: [{cron: "0 2 * * *", time_zone: Europe/Vienna}]
    partition: {grain: day, time_zone: Europe/Vienna}
    retry: {max_attempts: 3}
  - name: report
    job: load
    partition: {grain: day, time_zone: Europe/Vienna}
    dependencies: [{task: orders}]
"""


class DefinitionsTest(ServerTest):
    def setUp(self):
        super().setUp()
        self.sandbox = Sandbox()
        self.addCleanup(self.sandbox.close)
        self.sandbox.admin("glue/job", Name="load", DefaultArguments={"--bucket": "none", "--count": "10"})
        self.definitions = self.folder / "definitions"
        (self.definitions / "environments").mkdir(parents=True)
        self.write("platforms.yaml", PLATFORM % (self.sandbox.endpoint, ACCESS_KEY_ID, "env://SANDBOX_SECRET"))
        self.write("sales.yaml", SALES)
        self.write("environments/prod.yaml", "BUCKET: s3://prod\n")
        self.running = self.server().start()

    def write(self, name, text):
        (self.definitions / name).write_text(text, encoding="utf-8")

    def run_cli(self, *arguments, code=0):
        return self.cli(self.running, *arguments, code=code)

    def apply(self, *arguments, code=0):
        return self.run_cli("apply", "-f", "definitions", "--env", "prod", "--yes", *arguments, code=code)

    def test_a_directory_is_planned_applied_and_exported(self):
        plan = json.loads(self.run_cli("plan", "-f", "definitions", "--env", "prod", "--json", code=2).stdout)
        self.assertEqual((plan["create"], plan["change"], plan["delete"]), (4, 0, 0))
        self.assertEqual(self.running.items("tasks"), [])
        self.assertIn("4 created", self.apply().stdout)
        self.assertIn("no changes", self.run_cli("plan", "-f", "definitions", "--env", "prod").stdout)
        self.run_cli("export", "-o", "exported")
        self.assertIn("no changes", self.run_cli("plan", "-f", "exported", "--env", "prod").stdout)
        # A run takes its values from the environment, at AWS.
        run = self.run_cli("task", "run", "sales/orders", "--key", "2026-09-14", "--wait")
        self.assertIn("Succeeded", run.stdout)
        attempt = self.running.get(f"runs/{self.running.items('runs')[0]['id']}")["attempts"][0]
        self.assertEqual(attempt["request"]["Arguments"]["--bucket"], "s3://prod")

    def test_a_change_shows_old_and_new_and_prune_deletes_what_is_gone(self):
        self.apply()
        self.write("sales.yaml", SALES[:SALES.index("  - name: report")].replace("max_attempts: 3", "max_attempts: 5"))
        plan = self.run_cli("plan", "-f", "definitions", code=2).stdout
        self.assertIn("~ task sales/orders  definitions/sales.yaml:6:5\n    retry.max_attempts: 3 -> 5\n", plan)
        self.assertNotIn("report", plan)
        self.assertIn("- task sales/report", self.apply("--prune").stdout)
        self.assertEqual([task["name"] for task in self.running.items("tasks")], ["sales/orders"])
        self.assertEqual(self.running.get("tasks/sales%2Forders")["version"], 2)
        audit = [(entry["action"], entry["subject"]) for entry in self.running.get("audit?limit=2")["items"]]
        self.assertIn(("delete", "task/sales/report"), audit)

    def test_problems_are_all_told_with_their_places_and_nothing_is_applied(self):
        self.write("sales.yaml", SALES.replace("job: load", "job: laod").replace("task: orders", "task: order"))
        told = self.apply(code=2).stderr
        self.assertIn("definitions/sales.yaml:7:10: there is no job 'sales/laod'; did you mean 'sales/load'?", told)
        self.assertIn("definitions/sales.yaml:15:27: there is no task 'sales/order'", told)
        self.assertEqual(self.running.items("platforms"), [])
        self.write("sales.yaml", "tasks: [")
        self.assertIn("definitions/sales.yaml:1:1: not valid YAML", self.apply(code=2).stderr)

    def test_clear_text_secrets_reach_neither_store_nor_output(self):
        self.write("platforms.yaml", PLATFORM % (self.sandbox.endpoint, ACCESS_KEY_ID, SECRET))
        done = self.apply(code=2)
        self.assertIn("a secret in clear text is not stored", done.stderr)
        self.assertNotIn(SECRET, done.stdout + done.stderr)
        self.running.stop()
        for file in (self.folder / "state").rglob("*"):
            if file.is_file():
                self.assertNotIn(SECRET.encode(), file.read_bytes(), file)

    def test_jobs_are_imported_and_drift_is_told(self):
        for name in ["raw/clicks", "nightly load"]:
            self.sandbox.admin("glue/job", Name=name, NumberOfWorkers=2, WorkerType="G.1X")
        self.apply()
        preview = self.run_cli("job", "import", "glue", "--dry-run")
        self.assertIn("+ job glue/raw/clicks\n", preview.stdout)
        self.assertEqual(len(self.running.items("jobs")), 1)
        self.run_cli("job", "import", "glue")
        names = [job["name"] for job in self.running.items("jobs")]
        self.assertIn("glue/nightly-load", names)
        imported = self.running.get("jobs/sales%2Fload")["document"]["imported"]["parameters"]
        self.assertEqual([(p["name"], p.get("type", "string")) for p in imported], [("--bucket", "string"), ("--count", "integer")])
        self.assertIn("no changes", self.run_cli("plan", "-f", "definitions").stdout)
        self.assertNotIn("created", self.run_cli("job", "import", "glue").stdout)

    def test_what_was_applied_survives_kill_9(self):
        self.apply()
        self.running.send(signal.SIGKILL)
        self.running.kill()
        self.running.start()
        self.assertIn("no changes", self.run_cli("plan", "-f", "definitions", "--env", "prod").stdout)
        wait_until(lambda: self.running.items("tasks"))

