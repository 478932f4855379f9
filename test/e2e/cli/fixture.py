"""Jobs that the command line's tests run, and what they ask of them."""
import uuid

from polysync_e2e import PolysyncTest

ARN = "arn:aws:states:us-east-1:123456789012:stateMachine:"


class CliTest(PolysyncTest):
    """One job of each kind on every service, made through the sandbox's admin endpoint."""

    sandbox_arguments = ()
    defaults = {"batch": {"default_job_queue": "cli-queue"}}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        admin = cls.sandbox.admin
        admin("glue/job", Name="cli/etl ü", ExecutionProperty={"MaxConcurrentRuns": 1000},
              DefaultArguments={"--source_path": "s3://in", "--limit": "10", "--TempDir": "s3://tmp"})
        admin("glue/job", Name="cli-fails", outcome={"status": "FAILED", "reason": "boom \x1b[31m"})
        admin("glue/job", Name="cli-long", ExecutionProperty={"MaxConcurrentRuns": 100}, outcome={"run_ms": 3_600_000})
        admin("batch/queue", jobQueueName="cli-queue")
        admin("batch/definition", jobDefinitionName="cli-batch", parameters={"rate": "1"})
        admin("batch/definition", jobDefinitionName="cli-exit", outcome={
            "status": "FAILED", "exit_code": 3, "reason": "Essential container in task exited", "log_lines": ["hello from the container"]})
        admin("batch/definition", jobDefinitionName="cli-long", outcome={"run_ms": 3_600_000})
        admin("sagemaker/pipeline", PipelineName="CliPipeline", PipelineDefinition={
            "Version": "2020-12-01", "Parameters": [{"Name": "Epochs", "Type": "Integer", "DefaultValue": 3}],
            "Steps": [{"Name": "Prepare", "Type": "Processing"}, {"Name": "Train", "Type": "Training"}]})
        admin("stepfunctions/state_machine", name="cli-machine", outcome={"output": {"rows": 7, "note": "ok"}})
        admin("stepfunctions/state_machine", name="cli-long", outcome={"run_ms": 3_600_000})
        admin("stepfunctions/state_machine", name="cli-express", type="EXPRESS")

    def start(self, platform, job, *arguments):
        """The id of a new run."""
        return self.polysync_json("pipeline", "run", platform, job, *arguments)["run_id"]

    def calls(self, operation):
        """How many calls of an operation ("glue.StartJobRun") the sandbox has seen, refused ones included."""
        return sum(self.sandbox.read("books")["calls"].get(operation, {}).values())

    def submissions(self):
        """Runs that were really started, by token and service."""
        return self.sandbox.read("books")["submissions"]

    @staticmethod
    def guid():
        return str(uuid.uuid4())
