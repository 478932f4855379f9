"""The sandbox, used from a shell with Debian's AWS CLI: every operation that it knows, as its users would type it."""
import json
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from polysync_e2e import ACCESS_KEY_ID, RUN_TIMEOUT_S, SECRET, Sandbox, clean_environment

AWS = os.environ.get("AWS_CLI", "/usr/bin/aws")
STATES = "arn:aws:states:us-east-1:123456789012:stateMachine:"


@unittest.skipUnless(shutil.which(AWS), "no AWS CLI here")
class AwsCliTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sandbox = Sandbox()
        cls.addClassCleanup(cls.sandbox.close)
        cls.home = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.home.cleanup)
        cls.sandbox.admin("time", time_scale=0)  # the CLI takes long to start: runs wait for it
        cls.sandbox.admin("glue/job", Name="cli-job")
        cls.sandbox.admin("batch/queue", jobQueueName="cli-queue")
        cls.sandbox.admin("batch/definition", jobDefinitionName="cli-definition")
        cls.sandbox.admin("sagemaker/pipeline", PipelineName="CliPipeline", PipelineDefinition={
            "Version": "2020-12-01", "Steps": [{"Name": "Only", "Type": "Processing"}]})
        cls.sandbox.admin("stepfunctions/state_machine", name="cli-machine")
        cls.sandbox.admin("stepfunctions/state_machine", name="cli-express", type="EXPRESS")
        cls.sandbox.admin("logs/events", logGroupName="/cli", logStreamName="one", messages=["hello", "world"])

    def environment(self, **more):
        return clean_environment(**{"HOME": self.home.name, "AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
                                    "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_MAX_ATTEMPTS": "1", "AWS_PAGER": "", **more})

    def run_aws(self, *arguments, **environment):
        return subprocess.run([AWS, "--endpoint-url", self.sandbox.endpoint, "--output", "json", *arguments], capture_output=True, text=True,
                              timeout=RUN_TIMEOUT_S, stdin=subprocess.DEVNULL, env=self.environment(**environment))

    def aws(self, *arguments, **environment):
        done = self.run_aws(*arguments, **environment)
        self.assertEqual(done.returncode, 0, f"{arguments}: {done.stderr}")
        return json.loads(done.stdout) if done.stdout.strip() else {}

    def refused(self, *arguments, **environment):
        done = self.run_aws(*arguments, **environment)
        self.assertNotEqual(done.returncode, 0, done.stdout)
        return done.stderr

    def test_glue(self):
        self.assertIn("cli-job", self.aws("glue", "list-jobs")["JobNames"])
        self.assertIn("cli-job", [job["Name"] for job in self.aws("glue", "get-jobs", "--page-size", "5")["Jobs"]])
        self.assertEqual(self.aws("glue", "get-job", "--job-name", "cli-job")["Job"]["Name"], "cli-job")
        self.assertEqual(len(self.aws("glue", "batch-get-jobs", "--job-names", "cli-job", "none")["JobsNotFound"]), 1)
        run = self.aws("glue", "start-job-run", "--job-name", "cli-job", "--arguments", '{"--k":"a=b"}')["JobRunId"]
        stopped = self.aws("glue", "batch-stop-job-run", "--job-name", "cli-job", "--job-run-ids", run)
        self.assertEqual(stopped["SuccessfulSubmissions"][0]["JobRunId"], run)
        self.sandbox.advance(30)
        self.assertEqual(self.aws("glue", "get-job-run", "--job-name", "cli-job", "--run-id", run)["JobRun"]["JobRunState"], "STOPPED")
        self.assertIn(run, [one["Id"] for one in self.aws("glue", "get-job-runs", "--job-name", "cli-job")["JobRuns"]])
        self.assertIn("(EntityNotFoundException)", self.refused("glue", "get-job", "--job-name", "none"))

    def test_batch(self):
        self.assertIn("cli-queue", [one["jobQueueName"] for one in self.aws("batch", "describe-job-queues")["jobQueues"]])
        found = self.aws("batch", "describe-job-definitions", "--status", "ACTIVE")["jobDefinitions"]
        self.assertIn("cli-definition", [one["jobDefinitionName"] for one in found])
        submit = ("batch", "submit-job", "--job-name", "cli", "--job-queue", "cli-queue", "--job-definition", "cli-definition")
        job, other = self.aws(*submit)["jobId"], self.aws(*submit)["jobId"]
        self.aws("batch", "terminate-job", "--job-id", job, "--reason", "enough")
        self.aws("batch", "cancel-job", "--job-id", other, "--reason", "enough")
        self.sandbox.advance(30)
        described = self.aws("batch", "describe-jobs", "--jobs", job, other)["jobs"]
        self.assertEqual([one["status"] for one in described], ["FAILED", "FAILED"])
        listed = self.aws("batch", "list-jobs", "--job-queue", "cli-queue", "--job-status", "FAILED")["jobSummaryList"]
        self.assertLessEqual({job, other}, {one["jobId"] for one in listed})
        self.assertIn("(ClientException)", self.refused("batch", "submit-job", "--job-name", "cli", "--job-queue", "none",
                                                        "--job-definition", "cli-definition"))

    def test_sagemaker(self):
        pipelines = self.aws("sagemaker", "list-pipelines")["PipelineSummaries"]
        self.assertIn("CliPipeline", [one["PipelineName"] for one in pipelines])
        self.assertEqual(self.aws("sagemaker", "describe-pipeline", "--pipeline-name", "CliPipeline")["PipelineStatus"], "Active")
        arn = self.aws("sagemaker", "start-pipeline-execution", "--pipeline-name", "CliPipeline")["PipelineExecutionArn"]
        self.aws("sagemaker", "stop-pipeline-execution", "--pipeline-execution-arn", arn)
        self.sandbox.advance(30)
        execution = self.aws("sagemaker", "describe-pipeline-execution", "--pipeline-execution-arn", arn)
        self.assertEqual(execution["PipelineExecutionStatus"], "Stopped")
        listed = self.aws("sagemaker", "list-pipeline-executions", "--pipeline-name", "CliPipeline")["PipelineExecutionSummaries"]
        self.assertIn(arn, [one["PipelineExecutionArn"] for one in listed])
        self.aws("sagemaker", "list-pipeline-execution-steps", "--pipeline-execution-arn", arn)
        self.assertIn("(ResourceNotFound)", self.refused("sagemaker", "describe-pipeline", "--pipeline-name", "none"))

    def test_stepfunctions(self):
        machines = self.aws("stepfunctions", "list-state-machines")["stateMachines"]
        self.assertIn("cli-machine", [one["name"] for one in machines])
        machine = ("--state-machine-arn", STATES + "cli-machine")
        self.assertEqual(self.aws("stepfunctions", "describe-state-machine", *machine)["type"], "STANDARD")
        arn = self.aws("stepfunctions", "start-execution", *machine, "--name", "cli-1", "--input", "{}")["executionArn"]
        self.aws("stepfunctions", "stop-execution", "--execution-arn", arn)
        self.assertEqual(self.aws("stepfunctions", "describe-execution", "--execution-arn", arn)["status"], "ABORTED")
        self.assertIn("cli-1", [one["name"] for one in self.aws("stepfunctions", "list-executions", *machine)["executions"]])
        events = self.aws("stepfunctions", "get-execution-history", "--execution-arn", arn)["events"]
        self.assertEqual(events[-1]["type"], "ExecutionAborted")
        self.assertIn("(ExecutionAlreadyExists)", self.refused("stepfunctions", "start-execution", *machine, "--name", "cli-1", "--input", "[1]"))

    def test_sync_execution_has_a_host_of_its_own(self):
        # SDKs put "sync-" before the host; "sync-localhost" has no address, so the sandbox is its proxy too.
        localhost = self.sandbox.endpoint.replace("127.0.0.1", "localhost")
        done = subprocess.run([AWS, "--endpoint-url", localhost, "stepfunctions", "start-sync-execution", "--state-machine-arn",
                               STATES + "cli-express", "--input", "{}"], capture_output=True, text=True, timeout=RUN_TIMEOUT_S,
                              env=self.environment(http_proxy=self.sandbox.endpoint))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(done.stdout)["status"], "SUCCEEDED")

    def test_logs(self):
        page = self.aws("logs", "get-log-events", "--log-group-name", "/cli", "--log-stream-name", "one", "--start-from-head")
        self.assertEqual([one["message"] for one in page["events"]], ["hello", "world"])
        found = self.aws("logs", "filter-log-events", "--log-group-name", "/cli", "--filter-pattern", "world")["events"]
        self.assertEqual([one["message"] for one in found], ["world"])
        self.assertIn("(ResourceNotFoundException)", self.refused("logs", "filter-log-events", "--log-group-name", "/none"))

    def test_roles_by_profile(self):
        config = Path(self.home.name, "config")
        config.write_text("[profile base]\n[profile role]\nrole_arn = arn:aws:iam::123456789012:role/polysync-external-id\n"
                          "external_id = polysync-external\ncredential_source = Environment\n")
        token_file = Path(self.home.name, "token")
        token_file.write_text(self.sandbox.admin("token")["token"])
        who = ("sts", "get-caller-identity")
        self.assertEqual(self.aws(*who)["Arn"], "arn:aws:iam::123456789012:user/polysync")
        session = self.aws("sts", "assume-role", "--role-arn", "arn:aws:iam::123456789012:role/polysync-role", "--role-session-name", "cli")
        keys = session["Credentials"]
        self.assertTrue(self.aws(*who, AWS_ACCESS_KEY_ID=keys["AccessKeyId"], AWS_SECRET_ACCESS_KEY=keys["SecretAccessKey"],
                                 AWS_SESSION_TOKEN=keys["SessionToken"])["Arn"].endswith("assumed-role/polysync-role/cli"))
        web = self.aws("sts", "assume-role-with-web-identity", "--role-arn", "arn:aws:iam::123456789012:role/polysync-role",
                       "--role-session-name", "cli", "--web-identity-token", token_file.read_text())
        self.assertEqual(web["Provider"], "https://oidc.sandbox.local")
        self.assertIn("(InvalidClientTokenId)", self.refused(*who, AWS_ACCESS_KEY_ID="AKIAUNKNOWN000000000"))

    def test_credentials_of_a_machine(self):
        who = ("sts", "get-caller-identity")
        bare = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_EC2_METADATA_DISABLED": "false"}
        instance = self.aws(*who, **bare, AWS_EC2_METADATA_SERVICE_ENDPOINT=self.sandbox.endpoint + "/")
        self.assertIn(":assumed-role/polysync-role/", instance["Arn"])
        self.sandbox.admin("metadata", container_authorization="pod-token")
        pod = self.aws(*who, **bare, AWS_CONTAINER_CREDENTIALS_FULL_URI=self.sandbox.endpoint + "/v1/credentials",
                       AWS_CONTAINER_AUTHORIZATION_TOKEN="pod-token")
        self.assertIn(":assumed-role/polysync-role/", pod["Arn"])


if __name__ == "__main__":
    unittest.main()
