"""One token, one run, whatever is lost, repeated or killed (SAFE-1)."""
import subprocess
import threading

from cli.fixture import ARN, CliTest
from polysync_e2e import POLYSYNC_BIN

STARTS = {
    "glue": ("cli/etl ü", "glue", "StartJobRun"),
    "batch": ("cli-batch", "batch", "SubmitJob"),
    "sagemaker": ("CliPipeline", "sagemaker", "StartPipelineExecution"),
    "states": (ARN + "cli-machine", "stepfunctions", "StartExecution"),
}


class TokenTest(CliTest):
    def runs_of(self, token):
        """How often this token really started a run."""
        total = 0
        for by_token in self.submissions().values():
            total += sum(count for name, count in by_token.items() if token in name)
        return total

    def test_the_same_token_never_starts_a_second_run(self):
        for platform, (job, _, _) in STARTS.items():
            with self.subTest(platform):
                token = self.guid()
                first = self.start(platform, job, "--token", token)
                done = self.polysync("pipeline", "run", platform, job, "--token", token, "--json")
                self.assertIn(first, done.stdout)
                self.assertEqual(self.runs_of(token), 1)

    def test_nor_from_another_machine(self):
        for platform, (job, _, _) in STARTS.items():
            with self.subTest(platform):
                token = self.guid()
                first = self.start(platform, job, "--token", token)
                second = self.polysync_json("pipeline", "run", platform, job, "--token", token, XDG_STATE_HOME=str(self.folder / "elsewhere"))
                self.assertEqual(second["run_id"], first)
                self.assertEqual(self.runs_of(token), 1)

    def test_nor_while_lists_do_not_show_it_yet(self):
        self.sandbox.admin("settings", list_delay_ms=60_000)
        try:
            for platform in ("glue", "batch"):
                token = self.guid()
                first = self.start(platform, STARTS[platform][0], "--token", token)
                self.assertEqual(self.start(platform, STARTS[platform][0], "--token", token), first)
                self.assertEqual(self.runs_of(token), 1)
        finally:
            self.sandbox.admin("settings", list_delay_ms=0)

    def test_nor_when_two_come_at_once(self):
        for platform in ("glue", "batch"):
            token, codes = self.guid(), []

            def submit():
                arguments = [POLYSYNC_BIN, "pipeline", "run", platform, STARTS[platform][0], "--token", token]
                codes.append(subprocess.run(arguments, cwd=self.folder, env=self.environment(), capture_output=True).returncode)

            threads = [threading.Thread(target=submit) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(codes, [0, 0, 0, 0])
            self.assertEqual(self.runs_of(token), 1)

    def test_a_lost_answer_is_looked_up(self):
        for platform, (job, service, operation) in STARTS.items():
            with self.subTest(platform):
                token = self.guid()
                self.sandbox.admin("faults", kind="lost_answer", service=service, operation=operation, count=1)
                run = self.polysync_json("pipeline", "run", platform, job, "--token", token)
                self.assertNotEqual(run["run_id"], "")
                self.assertEqual(self.runs_of(token), 1)

    def test_a_server_error_after_the_effect_too(self):
        for platform, (job, service, operation) in STARTS.items():
            with self.subTest(platform):
                token = self.guid()
                self.sandbox.admin("faults", kind="error_after", service=service, operation=operation, count=1)
                self.start(platform, job, "--token", token)
                self.assertEqual(self.runs_of(token), 1)

    def test_a_lost_call_is_told_and_safe_to_repeat(self):
        token = self.guid()
        self.sandbox.admin("faults", kind="reset_before", service="batch", operation="SubmitJob", count=1)
        done = self.polysync("pipeline", "run", "batch", "cli-batch", "--token", token, "--patience", "1", code=5)
        self.assertIn("outcome_unknown", done.stderr)
        self.assertIn(f"polysync pipeline run batch cli-batch --token {token}", done.stderr)
        self.assertEqual(self.runs_of(token), 0)

    def test_a_refused_call_leaves_no_doubt(self):
        token = self.guid()
        self.sandbox.admin("faults", kind="error_before", service="glue", operation="StartJobRun", count=1, code="ResourceNumberLimitExceededException",
                           message="not now", status=400)
        self.polysync("pipeline", "run", "glue", "cli/etl ü", "--token", token, code=4)
        self.start("glue", "cli/etl ü", "--token", token)
        self.assertEqual(self.runs_of(token), 1)

    def test_an_express_token_cannot_be_known(self):
        done = self.polysync("pipeline", "run", "states", ARN + "cli-express", "--token", self.guid())
        self.assertIn("AWS cannot tell whether this token was used before", done.stderr)
        self.sandbox.admin("faults", kind="lost_answer", service="stepfunctions", operation="StartExecution", count=1)
        done = self.polysync("pipeline", "run", "states", ARN + "cli-express", code=5)
        self.assertIn("outcome_unknown", done.stderr)
