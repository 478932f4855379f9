"""Every command of the command line against the sandbox: output, JSON shapes, exit codes."""
import json
import re
import subprocess

from cli.fixture import ARN, CliTest
from polysync_e2e import POLYSYNC_BIN, RUN_TIMEOUT_S

RUN_MEMBERS = ["run_id", "status", "aws_status", "message", "remedy", "monitor_url", "outputs", "exit_code"]


class DiscoverTest(CliTest):
    def test_json_has_the_documented_shape(self):
        for platform, job in [("glue", "cli/etl ü"), ("batch", "cli-batch"), ("sagemaker", "CliPipeline"), ("states", ARN + "cli-machine")]:
            jobs = self.polysync_json("pipeline", "discover", platform)
            self.assertTrue(all(list(found) == ["external_id", "name", "parameters", "attributes"] for found in jobs))
            self.assertIn(job, [found["external_id"] for found in jobs])

    def test_parameters_are_typed(self):
        jobs = {job["external_id"]: job for job in self.polysync_json("pipeline", "discover", "glue")}
        parameters = {p["name"]: (p["type"], p["default"]) for p in jobs["cli/etl ü"]["parameters"]}
        self.assertEqual(parameters, {"--source_path": ("string", "s3://in"), "--limit": ("integer", "10")})

    def test_table(self):
        text = self.polysync("pipeline", "discover", "glue").stdout
        self.assertTrue(text.startswith("EXTERNAL ID"))
        self.assertRegex(text, r"(?m)^cli/etl ü +--limit:integer=10, --source_path:string=s3://in$")

    def test_thousands_of_jobs_come_page_by_page(self):
        self.sandbox.admin("glue/job", count=2500, name_prefix="many-")
        jobs = self.polysync_json("pipeline", "discover", "glue")
        self.assertEqual(len([job for job in jobs if job["name"].startswith("many-")]), 2500)


class RunTest(CliTest):
    def test_submit_prints_the_run_and_its_token(self):
        done = self.polysync("pipeline", "run", "glue", "cli/etl ü", "-p", "limit=5")
        self.assertRegex(done.stdout, r"(?m)^run id      cli/etl ü/jr_[0-9a-f]+$")
        self.assertRegex(done.stdout, r"(?m)^console     https://us-east-1\.console\.aws\.amazon\.com/gluestudio/")
        self.assertRegex(done.stderr, r"(?m)^token [0-9a-f-]{36}$")

    def test_wait_to_success_on_every_service(self):
        outputs = {"states": {"rows": 7}}
        for platform, job, *more in [("glue", "cli/etl ü"), ("batch", "cli-batch", "-p", "rate=2"), ("sagemaker", "CliPipeline", "-p", "Epochs=1"),
                                     ("states", ARN + "cli-machine", "-p", "n=1", "--type", "n=integer", "--output", "rows")]:
            with self.subTest(platform):
                run = self.polysync_json("pipeline", "run", platform, job, *more, "--wait")
                self.assertEqual(list(run), RUN_MEMBERS)
                self.assertEqual(run["status"], "Success")
                self.assertEqual(run["outputs"], outputs.get(platform, {}))
                self.assertTrue(run["monitor_url"].startswith("https://us-east-1.console.aws.amazon.com/"))

    def test_a_failed_run_exits_with_1(self):
        done = self.polysync("pipeline", "run", "glue", "cli-fails", "--wait", code=1)
        self.assertRegex(done.stdout, r"(?m)^status      Failed \(FAILED\)$")
        self.assertIn("message     boom ?[31m\n", done.stdout)  # nothing from outside moves the cursor
        self.assertIn("what to do", done.stdout)
        run = self.polysync_json("pipeline", "run", "batch", "cli-exit", "--wait", code=1)
        self.assertEqual((run["status"], run["aws_status"], run["exit_code"]), ("Failed", "FAILED", 3))
        self.assertNotEqual(run["remedy"], "")

    def test_progress_goes_to_stderr_line_by_line(self):
        done = self.polysync("pipeline", "run", "sagemaker", "CliPipeline", "--wait")
        self.assertRegex(done.stderr, r"(?m)^ 0:0\d  Running \(Executing\)")
        self.assertRegex(done.stderr, r"(?m)^ 0:0\d  Success \(Succeeded\)")
        self.assertNotIn("\x1b", done.stderr + done.stdout)

    def test_a_near_miss_warns(self):
        done = self.polysync("pipeline", "run", "glue", "cli/etl ü", "-p", "sorce_path=x")
        self.assertIn("warning: the job has no parameter 'sorce_path'; did you mean 'source_path'?", done.stderr)

    def test_no_permission_to_read_the_definition_stops_nothing(self):
        self.sandbox.admin("denials", action="glue:GetJob", access_key_id="AKIASANDBOX000000000")
        try:
            done = self.polysync("pipeline", "run", "glue", "cli/etl ü", "-p", "limit=5")
        finally:
            self.sandbox.admin("denials", clear=True)
        self.assertIn("could not be checked against the job's definition", done.stderr)

    def test_a_run_that_cannot_start_now_exits_with_4(self):
        self.sandbox.admin("glue/job", Name="cli-single", outcome={"run_ms": 3_600_000})
        self.start("glue", "cli-single")
        done = self.polysync("pipeline", "run", "glue", "cli-single", code=4)
        self.assertIn("ConcurrentRunsExceededException", done.stderr)

    def test_an_express_execution_has_an_unknown_outcome(self):
        run = self.polysync_json("pipeline", "run", "states", ARN + "cli-express", "--wait", code=5)
        self.assertEqual(run["status"], "Failed")
        run = self.polysync_json("pipeline", "run", "states", ARN + "cli-express", "--attr", "execution_mode=sync")
        self.assertEqual(run["status"], "Success")


class DryRunTest(CliTest):
    def test_sends_nothing_at_all(self):
        before = self.sandbox.read("books")["calls"]
        for platform, job in [("glue", "cli/etl ü"), ("batch", "cli-batch"), ("sagemaker", "CliPipeline"), ("states", ARN + "cli-machine")]:
            plan = self.polysync_json("pipeline", "run", platform, job, "-p", "Epochs=1", "--dry-run")
            self.assertEqual(list(plan), ["platform", "operation", "request", "provenance", "from_definition", "token"])
        self.assertEqual(self.sandbox.read("books")["calls"], before)

    def test_works_where_the_endpoint_does_not_answer(self):
        path = self.folder / "away.yaml"
        path.write_text((self.folder / "polysync.yaml").read_text().replace(self.sandbox.endpoint, "http://127.0.0.1:1"))
        done = self.polysync("-f", "away.yaml", "pipeline", "run", "glue", "cli/etl ü", "-p", "limit=5", "--attr", "timeout_minutes=7", "--dry-run")
        request = json.loads(done.stdout[:done.stdout.index("\n\n")])
        self.assertEqual(request["Arguments"]["--limit"], "5")
        self.assertEqual(request["Timeout"], 7)
        self.assertRegex(done.stdout, r"(?m)^  Timeout +job attribute +7$")
        self.assertIn("Nothing was sent.", done.stderr)
        self.polysync("-f", "away.yaml", "pipeline", "run", "glue", "cli/etl ü", code=5)

    def test_is_what_is_then_sent(self):
        token = self.guid()
        arguments = ("pipeline", "run", "states", ARN + "cli-machine", "-p", "n=5", "--type", "n=integer", "--token", token)
        plan = self.polysync_json(*arguments, "--dry-run")
        self.assertEqual(plan["request"]["input"], '{"n":5}')
        self.assertEqual(plan["request"]["name"], "Polysync-" + token)
        run = self.polysync_json(*arguments)
        self.assertTrue(run["run_id"].endswith(":Polysync-" + token))

    def test_secrets_are_redacted(self):
        done = self.polysync("pipeline", "run", "glue", "cli/etl ü", "-p", "pw=env://CLI_PASSWORD", "--dry-run", CLI_PASSWORD="geheim-7654321")
        self.assertNotIn("geheim", done.stdout + done.stderr)
        self.assertIn("-p env://CLI_PASSWORD", done.stdout)


class StatusCancelLogsTest(CliTest):
    def test_status_keeps_the_order_and_asks_at_once(self):
        first, second = self.start("batch", "cli-batch"), self.start("batch", "cli-long")
        before = self.calls("batch.DescribeJobs")
        runs = self.polysync_json("pipeline", "status", "batch", second, first)
        self.assertEqual([run["run_id"] for run in runs], [second, first])
        self.assertTrue(all(list(run) == RUN_MEMBERS for run in runs))
        self.assertEqual(self.calls("batch.DescribeJobs"), before + 1)

    def test_an_unknown_run_among_others(self):
        known = self.start("glue", "cli-long")
        entries = self.polysync_json("pipeline", "status", "glue", "cli-long/jr_unknown", known, code=4)
        self.assertEqual(entries[0]["run_id"], "cli-long/jr_unknown")
        self.assertEqual(list(entries[0]["error"]), ["code", "message", "remedy", "request_id"])
        self.assertEqual(entries[1]["run_id"], known)

    def test_cancel_on_every_service(self):
        for platform, job in [("glue", "cli-long"), ("batch", "cli-long"), ("states", ARN + "cli-long"), ("sagemaker", "CliPipeline")]:
            with self.subTest(platform):
                run_id = self.start(platform, job)
                self.assertIn("asked to stop", self.polysync("pipeline", "cancel", platform, run_id).stdout)
                self.sandbox.advance(10)
                run = self.polysync_json("pipeline", "status", platform, run_id)[0]
                self.assertEqual(run["status"], "Cancelled")
                again = self.polysync_json("pipeline", "cancel", platform, run_id)  # AWS takes it silently in Batch and Step Functions
                self.assertEqual(again["run_id"], run_id)
                self.assertIn(again["cancel"], ("requested", "already_ended"))

    def test_cancel_of_an_express_execution_is_refused(self):
        run_id = self.start("states", ARN + "cli-express")
        error = self.polysync_json("pipeline", "cancel", "states", run_id, code=4)["error"]
        self.assertEqual(list(error), ["code", "message", "remedy", "request_id"])

    def test_logs(self):
        run_id = self.start("batch", "cli-exit")
        done = self.polysync("pipeline", "logs", "batch", run_id, "--follow")
        self.assertRegex(done.stdout, r"(?m)^\d{4}-\d\d-\d\dT[\d:.]+Z  .*hello from the container$")
        lines = [json.loads(line) for line in self.polysync("pipeline", "logs", "batch", run_id, "--json").stdout.splitlines()]
        self.assertEqual(list(lines[0]), ["time", "stream", "text"])
        self.assertIn("hello from the container", [line["text"] for line in lines])

    def test_logs_of_every_service(self):
        for platform, job in [("glue", "cli/etl ü"), ("sagemaker", "CliPipeline"), ("states", ARN + "cli-machine")]:
            with self.subTest(platform):
                run_id = self.start(platform, job)
                self.assertGreater(len(self.polysync("pipeline", "logs", platform, run_id, "--follow").stdout.splitlines()), 1)


class PlatformTest(CliTest):
    def test_list(self):
        self.assertEqual([p["name"] for p in self.polysync_json("platform", "list")], ["glue", "batch", "sagemaker", "states"])
        self.assertRegex(self.polysync("platform", "list").stdout, r"(?m)^glue +aws_glue +us-east-1 +access_key +http")

    def test_test(self):
        for platform in ("glue", "batch", "sagemaker", "states"):
            done = self.polysync("platform", "test", platform)
            self.assertIn("✓ identity", done.stdout)
            self.assertNotIn("✗", done.stdout)

    def test_test_with_a_wrong_secret(self):
        done = self.polysync("platform", "test", "glue", code=4, SANDBOX_SECRET="not-the-secret-at-all")
        self.assertIn("✗", done.stdout)
        self.assertIn("what to do:", done.stdout)
        report = self.polysync_json("platform", "test", "glue", code=4, SANDBOX_SECRET="not-the-secret-at-all")
        self.assertFalse(report["passed"])

    def test_test_where_nothing_answers(self):
        (self.folder / "nowhere.yaml").write_text((self.folder / "polysync.yaml").read_text().replace(self.sandbox.endpoint, "http://127.0.0.1:1"))
        self.assertIn("✗", self.polysync("-f", "nowhere.yaml", "platform", "test", "glue", code=5).stdout)

    def test_policy(self):
        for platform in ("glue", "batch", "sagemaker", "states"):
            done = self.polysync("platform", "policy", platform)
            policy = json.loads(done.stdout)
            self.assertEqual(policy["Version"], "2012-10-17")
            self.assertNotEqual(done.stderr, "")  # words about it
        (self.folder / "trust.yaml").write_text(
            "platforms:\n  - name: web\n    type: aws_glue\n    region: us-east-1\n    auth: {method: web_identity, "
            "role_arn: 'arn:aws:iam::123456789012:role/x', token_file: /nonexistent, audience: sts.amazonaws.com}\n")
        trust = json.loads(self.polysync("-f", "trust.yaml", "platform", "policy", "web", "--trust").stdout)
        self.assertEqual(trust["Statement"][0]["Action"], "sts:AssumeRoleWithWebIdentity")


class MiscTest(CliTest):
    def test_version(self):
        self.assertRegex(self.polysync("version").stdout, r"^polysync \d+\.\d+\.\d+\n$")
        self.assertEqual(self.polysync("--version").stdout, self.polysync("version").stdout)
        self.assertEqual(list(self.polysync_json("version")), ["version"])

    def test_output_that_is_lost_is_no_success(self):
        for arguments in (("version",), ("--help",), ("pipeline", "discover", "glue"), ("pipeline", "run", "glue", "cli/etl ü")):
            with self.subTest(arguments), open("/dev/full", "w") as full:
                done = subprocess.run([POLYSYNC_BIN, *arguments], cwd=self.folder, stdout=full, stderr=subprocess.PIPE, text=True, timeout=RUN_TIMEOUT_S,
                                      stdin=subprocess.DEVNULL, env=self.environment())
                self.assertEqual(done.returncode, 5, done.stderr)
                self.assertIn("standard output cannot be written: No space left on device", done.stderr)

    def test_help_of_every_command_has_examples(self):
        self.assertIn("Exit codes:", self.polysync("--help").stdout)
        for command in ("sandbox", "platform", "platform list", "platform test", "platform policy", "pipeline", "pipeline discover", "pipeline run",
                        "pipeline status", "pipeline cancel", "pipeline logs", "version", "completion"):
            text = self.polysync(*command.split(), "--help").stdout
            self.assertRegex(text, r"Examples?:", command)
            self.assertIn("polysync " + command, text)

    def test_every_throttled_read_is_repeated(self):
        self.sandbox.admin("faults", kind="throttle", service="glue", operation="GetJobs", count=1)
        self.assertTrue(self.polysync_json("pipeline", "discover", "glue"))

    def test_throttling_without_end_exits_with_4(self):
        self.sandbox.admin("faults", kind="throttle", service="batch", operation="DescribeJobDefinitions", count=-1)
        self.sandbox.admin("faults", kind="throttle", service="batch", operation="DescribeJobs", count=-1)
        error = self.polysync_json("pipeline", "discover", "batch", code=4)["error"]
        self.assertRegex(error["code"], re.compile("throttl|TooManyRequests", re.I))
