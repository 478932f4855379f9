"""Every operation of the simulated services, called by Debian's boto3, every answer judged by AWS's models."""
import datetime
import json
import unittest
from unittest import mock

from polysync_e2e import Sandbox
from sandbox_clients.clients import Recorder

MISSING_PIPELINE = "arn:aws:sagemaker:us-east-1:123456789012:pipeline/none/execution/abcdefghijkl"


class ServiceTest(unittest.TestCase):
    service = None

    @classmethod
    def setUpClass(cls):
        cls.sandbox = Sandbox()
        cls.addClassCleanup(cls.sandbox.close)
        cls.sandbox.admin("time", time_scale=0)  # runs go on when a test says so
        cls.aws = Recorder(cls.sandbox.endpoint)
        cls.prepare()

    @classmethod
    def prepare(cls):
        pass

    def call(self, operation, **members):
        return self.aws.call(self.service, operation, **members)

    def pages(self, operation, **members):
        return self.aws.pages(self.service, operation, **members)

    def refusal(self, operation, **members):
        """Of a call that boto3 itself would not let through, too."""
        with mock.patch("botocore.validate.ParamValidator.validate") as passing:
            passing.return_value.has_errors.return_value = False
            return self.aws.refusal(self.service, operation, **members)

    def check_every_operation_was_called(self):
        """Called by each service's last test."""
        known = {operation for service, operation in self.aws.known_operations() if service == self.service}
        called = {operation for service, operation in self.aws.called if service == self.service}
        self.assertEqual(known - called, set())


class GlueTest(ServiceTest):
    service = "glue"

    @classmethod
    def prepare(cls):
        cls.sandbox.admin("glue/job", Name="nächtlich/laden 1", DefaultArguments={"--day": "1"}, Tags={"team": "data"})
        cls.sandbox.admin("glue/job", Name="shell", Command={"Name": "pythonshell", "PythonVersion": "3.9"})
        cls.sandbox.admin("glue/job", Name="fails", outcome={"status": "FAILED", "error": "SystemExit: 1"}, MaxRetries=1)
        cls.sandbox.admin("glue/job", name_prefix="bulk-", count=130)

    def test_definitions(self):
        names = [name for page in self.pages("GetJobs", PaginationConfig={"PageSize": 50}) for name in (job["Name"] for job in page["Jobs"])]
        self.assertEqual(len(names), len(set(names)))
        self.assertGreaterEqual(len(names), 133)
        listed, token = [], {}
        while True:
            page = self.call("ListJobs", MaxResults=50, **token)
            listed += page["JobNames"]
            if "NextToken" not in page:
                break
            token = {"NextToken": page["NextToken"]}
        self.assertEqual(sorted(listed), sorted(names))
        self.assertEqual(self.call("ListJobs", Tags={"team": "data"})["JobNames"].count("nächtlich/laden 1"), 1)
        job = self.call("GetJob", JobName="nächtlich/laden 1")["Job"]
        self.assertEqual(job["DefaultArguments"], {"--day": "1"})
        self.assertIsInstance(job["CreatedOn"], datetime.datetime)
        found = self.call("BatchGetJobs", JobNames=["shell", "none"])
        self.assertEqual([job["Name"] for job in found["Jobs"]], ["shell"])
        self.assertEqual(found["JobsNotFound"], ["none"])

    def test_runs(self):
        name = "nächtlich/laden 1"
        run_id = self.call("StartJobRun", JobName=name, Arguments={"--polysync-run-token": "t1"}, WorkerType="G.1X", NumberOfWorkers=3,
                           Timeout=60)["JobRunId"]
        self.assertRegex(run_id, r"^jr_[0-9a-f]{64}$")
        seen = []
        for _ in range(8):
            run = self.call("GetJobRun", JobName=name, RunId=run_id)["JobRun"]
            seen += [run["JobRunState"]] if run["JobRunState"] not in seen else []
            self.sandbox.advance(0.6)
        self.assertEqual(seen[-1], "SUCCEEDED")
        self.assertIn("RUNNING", seen)
        self.assertEqual(run["Arguments"]["--polysync-run-token"], "t1")
        runs = [run for page in self.pages("GetJobRuns", JobName=name, PaginationConfig={"PageSize": 1}) for run in page["JobRuns"]]
        self.assertEqual(runs[0]["Id"], run_id)
        self.assertEqual(self.sandbox.read("books")["submissions"]["glue"].get("t1"), 1)

    def test_failure_and_retry(self):
        run_id = self.call("StartJobRun", JobName="fails")["JobRunId"]
        self.sandbox.advance(60)
        runs = self.call("GetJobRuns", JobName="fails")["JobRuns"]
        self.assertEqual([run["Id"] for run in runs], [f"{run_id}_attempt_1", run_id])
        self.assertEqual(runs[0]["PreviousRunId"], run_id)
        self.assertEqual({run["JobRunState"] for run in runs}, {"FAILED"})

    def test_stop(self):
        run_id = self.call("StartJobRun", JobName="shell")["JobRunId"]
        answer = self.call("BatchStopJobRun", JobName="shell", JobRunIds=[run_id, "jr_none"])
        self.assertEqual([one["JobRunId"] for one in answer["SuccessfulSubmissions"]], [run_id])
        self.assertEqual([one["JobRunId"] for one in answer["Errors"]], ["jr_none"])
        self.sandbox.advance(30)
        self.assertEqual(self.call("GetJobRun", JobName="shell", RunId=run_id)["JobRun"]["JobRunState"], "STOPPED")
        self.assertEqual(len(self.call("BatchStopJobRun", JobName="shell", JobRunIds=[run_id])["Errors"]), 1)

    def test_refusals(self):
        for operation, members, code in (
            ("GetJob", {"JobName": "none"}, "EntityNotFoundException"),
            ("GetJobRun", {"JobName": "shell", "RunId": "jr_none"}, "EntityNotFoundException"),
            ("StartJobRun", {"JobName": "none"}, "EntityNotFoundException"),
            ("StartJobRun", {"JobName": "nächtlich/laden 1", "WorkerType": "G.1X"}, "InvalidInputException"),
            ("StartJobRun", {"JobName": ""}, "ValidationException"),
            ("StartJobRun", {}, "ValidationException"),
            ("StartJobRun", {"JobName": "two\nlines"}, "ValidationException"),
            ("GetJobRuns", {"JobName": "shell", "MaxResults": 201}, "ValidationException"),
            ("BatchStopJobRun", {"JobName": "shell", "JobRunIds": ["jr"] * 26}, "ValidationException"),
            ("ListJobs", {"NextToken": "made up"}, "InvalidInputException"),
        ):
            with self.subTest(operation=operation, members=members):
                got, status, message = self.refusal(operation, **members)
                self.assertEqual((got, status), (code, 400), message)
                if code == "ValidationException":
                    self.assertRegex(message, r"(?s)^1 validation error detected: Value .* at '[a-z]\w+' failed to satisfy constraint: Member must ")

    def test_zz_every_operation(self):
        self.check_every_operation_was_called()


class BatchTest(ServiceTest):
    service = "batch"

    @classmethod
    def prepare(cls):
        cls.sandbox.admin("batch/queue", jobQueueName="main")
        cls.sandbox.admin("batch/queue", jobQueueName="off", state="DISABLED")
        cls.sandbox.admin("batch/definition", jobDefinitionName="etl", parameters={"day": "1"},
                          containerProperties={"image": "busybox", "command": ["run", "Ref::day", "Ref::more"]})
        cls.sandbox.admin("batch/definition", jobDefinitionName="fails", outcome={"status": "FAILED", "exit_code": 3})
        cls.sandbox.admin("batch/definition", name_prefix="bulk-", count=150)

    def submit(self, **members):
        return self.call("SubmitJob", **{"jobName": "boto-1", "jobQueue": "main", "jobDefinition": "etl", "parameters": {"more": "x"}, **members})["jobId"]

    def test_definitions_and_queues(self):
        definitions = [one for page in self.pages("DescribeJobDefinitions", status="ACTIVE") for one in page["jobDefinitions"]]
        self.assertGreaterEqual(len(definitions), 152)
        self.assertEqual(len({one["jobDefinitionArn"] for one in definitions}), len(definitions))
        queues = [one for page in self.pages("DescribeJobQueues", PaginationConfig={"PageSize": 1}) for one in page["jobQueues"]]
        self.assertLessEqual({"main", "off"}, {one["jobQueueName"] for one in queues})
        self.assertEqual(self.call("DescribeJobDefinitions", jobDefinitionName="etl", status="ACTIVE")["jobDefinitions"][0]["parameters"], {"day": "1"})

    def test_runs(self):
        job = self.submit(parameters={"more": "x"}, tags={"owner": "me"}, timeout={"attemptDurationSeconds": 60},
                          containerOverrides={"environment": [{"name": "A", "value": "b"}], "resourceRequirements": [{"type": "VCPU", "value": "2"}]})
        seen = []
        for _ in range(12):
            detail = self.call("DescribeJobs", jobs=[job, "none"])["jobs"][0]
            seen += [detail["status"]] if detail["status"] not in seen else []
            self.sandbox.advance(0.3)
        self.assertEqual(seen[-1], "SUCCEEDED")
        self.assertLessEqual({"RUNNING", "RUNNABLE"}, set(seen))
        self.assertEqual(detail["container"]["command"], ["run", "1", "x"])
        self.assertIsInstance(detail["createdAt"], int)
        self.assertGreater(detail["createdAt"], 1_600_000_000_000, "milliseconds")

    def test_failure_cancel_and_terminate(self):
        failed = self.submit(jobDefinition="fails")
        self.sandbox.advance(60)
        detail = self.call("DescribeJobs", jobs=[failed])["jobs"][0]
        self.assertEqual((detail["status"], detail["container"]["exitCode"]), ("FAILED", 3))
        cancelled, terminated = self.submit(), self.submit()
        self.call("CancelJob", jobId=cancelled, reason="not needed")
        self.call("TerminateJob", jobId=terminated, reason="Cancelled by Polysync")
        self.call("TerminateJob", jobId="00000000-0000-0000-0000-000000000000", reason="nobody")
        self.sandbox.advance(60)
        self.call("DescribeJobs", jobs=[cancelled, terminated])
        # As it came: Debian's botocore is older than these two members and drops them.
        details = {one["jobId"]: one for one in json.loads(self.aws.last.content)["jobs"]}
        self.assertTrue(details[cancelled]["isCancelled"])
        self.assertTrue(details[terminated]["isTerminated"])
        self.assertEqual(details[terminated]["statusReason"], "Cancelled by Polysync")

    def test_arrays_and_lists(self):
        parent = self.submit(jobName="boto-array", arrayProperties={"size": 7})
        self.sandbox.advance(60)
        detail = self.call("DescribeJobs", jobs=[parent])["jobs"][0]
        self.assertEqual(detail["arrayProperties"]["statusSummary"].get("SUCCEEDED"), 7)
        children = [one for page in self.pages("ListJobs", arrayJobId=parent, jobStatus="SUCCEEDED", PaginationConfig={"PageSize": 3})
                    for one in page["jobSummaryList"]]
        self.assertEqual({one["jobId"] for one in children}, {f"{parent}:{index}" for index in range(7)})
        found = self.call("ListJobs", jobQueue="main", filters=[{"name": "JOB_NAME", "values": ["BOTO-ARRAY"]}])["jobSummaryList"]
        self.assertEqual([one["jobId"] for one in found], [parent])

    def test_refusals(self):
        good = {"jobName": "x", "jobQueue": "main", "jobDefinition": "etl"}
        for operation, members in (
            ("SubmitJob", {"jobName": "x", "jobQueue": "main"}),
            ("SubmitJob", {**good, "jobQueue": "none"}),
            ("SubmitJob", {**good, "jobQueue": "off"}),
            ("SubmitJob", {**good, "jobDefinition": "none"}),
            ("SubmitJob", {**good, "jobName": "-x"}),
            ("SubmitJob", {**good, "arrayProperties": {"size": 1}}),
            ("SubmitJob", {**good, "timeout": {"attemptDurationSeconds": 59}}),
            ("SubmitJob", {**good, "shareIdentifier": "x"}),
            ("DescribeJobs", {"jobs": ["x"] * 101}),
            ("ListJobs", {}),
            ("ListJobs", {"jobQueue": "main", "arrayJobId": "x"}),
            ("ListJobs", {"jobQueue": "main", "jobStatus": "DONE"}),
            ("DescribeJobQueues", {"nextToken": "made up"}),
        ):
            with self.subTest(operation=operation, members=members):
                self.assertEqual(self.refusal(operation, **members)[:2], ("ClientException", 400))

    def test_zz_every_operation(self):
        self.check_every_operation_was_called()


class SageMakerTest(ServiceTest):
    service = "sagemaker"

    @classmethod
    def prepare(cls):
        cls.sandbox.admin("sagemaker/pipeline", PipelineName="Churn", PipelineDefinition={
            "Version": "2020-12-01", "Parameters": [{"Name": "Rows", "Type": "Integer", "DefaultValue": 5}],
            "Steps": [{"Name": "Prepare", "Type": "Processing"}, {"Name": "Train", "Type": "Training", "DependsOn": ["Prepare"]}]})
        cls.sandbox.admin("sagemaker/pipeline", name_prefix="bulk-", count=120)

    def start(self, **members):
        token = members.pop("token", "polysync-00000000-0000-0000-0000-000000000001")
        return self.call("StartPipelineExecution", PipelineName="Churn", ClientRequestToken=token, **members)["PipelineExecutionArn"]

    def test_pipelines(self):
        names = [one["PipelineName"] for page in self.pages("ListPipelines", PaginationConfig={"PageSize": 50}) for one in page["PipelineSummaries"]]
        self.assertGreaterEqual(len(set(names)), 121)
        found = self.call("ListPipelines", PipelineNamePrefix="Churn", SortBy="Name", SortOrder="Ascending",
                          CreatedBefore=datetime.datetime(2040, 1, 1))["PipelineSummaries"]
        self.assertIn("Churn", [one["PipelineName"] for one in found])
        pipeline = self.call("DescribePipeline", PipelineName="Churn")
        self.assertEqual(json.loads(pipeline["PipelineDefinition"])["Parameters"][0]["Name"], "Rows")

    def test_executions(self):
        arn = self.start(PipelineParameters=[{"Name": "Rows", "Value": "7"}], PipelineExecutionDisplayName="Polysync-boto",
                         ParallelismConfiguration={"MaxParallelExecutionSteps": 2})
        self.assertEqual(self.start(PipelineParameters=[{"Name": "Rows", "Value": "7"}], PipelineExecutionDisplayName="Polysync-boto",
                                    ParallelismConfiguration={"MaxParallelExecutionSteps": 2}), arn, "the same token, the same execution")
        self.assertEqual(self.call("DescribePipelineExecution", PipelineExecutionArn=arn)["PipelineExecutionStatus"], "Executing")
        self.sandbox.advance(120)
        self.assertEqual(self.call("DescribePipelineExecution", PipelineExecutionArn=arn)["PipelineExecutionStatus"], "Succeeded")
        steps = [one for page in self.pages("ListPipelineExecutionSteps", PipelineExecutionArn=arn, PaginationConfig={"PageSize": 1})
                 for one in page["PipelineExecutionSteps"]]
        self.assertEqual({one["StepName"]: one["StepStatus"] for one in steps}, {"Prepare": "Succeeded", "Train": "Succeeded"})
        listed = [one for page in self.pages("ListPipelineExecutions", PipelineName="Churn") for one in page["PipelineExecutionSummaries"]]
        self.assertIn((arn, "Polysync-boto"), [(one["PipelineExecutionArn"], one.get("PipelineExecutionDisplayName")) for one in listed])

    def test_stop_and_failure(self):
        arn = self.start(token="polysync-00000000-0000-0000-0000-000000000002")
        self.assertEqual(self.call("StopPipelineExecution", PipelineExecutionArn=arn, ClientRequestToken="t" * 32)["PipelineExecutionArn"], arn)
        self.sandbox.advance(60)
        self.assertEqual(self.call("DescribePipelineExecution", PipelineExecutionArn=arn)["PipelineExecutionStatus"], "Stopped")
        self.sandbox.admin("sagemaker/outcome", pipeline="Churn", runs=1, failing_step="Train", status="Failed", reason="out of memory")
        arn = self.start(token="polysync-00000000-0000-0000-0000-000000000003")
        self.sandbox.advance(120)
        execution = self.call("DescribePipelineExecution", PipelineExecutionArn=arn)
        self.assertEqual(execution["PipelineExecutionStatus"], "Failed")
        self.assertTrue(execution["FailureReason"])
        steps = self.call("ListPipelineExecutionSteps", PipelineExecutionArn=arn)["PipelineExecutionSteps"]
        self.assertIn("Failed", [one["StepStatus"] for one in steps])

    def test_refusals(self):
        token = "t" * 32
        for operation, members, code in (
            ("DescribePipeline", {"PipelineName": "none"}, "ResourceNotFound"),
            ("DescribePipelineExecution", {"PipelineExecutionArn": MISSING_PIPELINE}, "ResourceNotFound"),
            ("DescribePipelineExecution", {"PipelineExecutionArn": "x"}, "ValidationException"),
            ("StartPipelineExecution", {"PipelineName": "none", "ClientRequestToken": token}, "ResourceNotFound"),
            ("StartPipelineExecution", {"PipelineName": "Churn", "ClientRequestToken": "short"}, "ValidationException"),
            ("StartPipelineExecution", {"PipelineName": "Churn", "ClientRequestToken": token, "PipelineExecutionDisplayName": "a_b"},
             "ValidationException"),
            ("ListPipelines", {"MaxResults": 101}, "ValidationException"),
            ("ListPipelines", {"SortBy": "Size"}, "ValidationException"),
        ):
            with self.subTest(operation=operation, members=members):
                self.assertEqual(self.refusal(operation, **members)[:2], (code, 400))

    def test_zz_every_operation(self):
        self.check_every_operation_was_called()


class StepFunctionsTest(ServiceTest):
    service = "stepfunctions"

    @classmethod
    def prepare(cls):
        cls.arn = "arn:aws:states:us-east-1:123456789012:stateMachine:"
        cls.sandbox.admin("stepfunctions/state_machine", name="boto-orders", versions=2, aliases={"PROD": 2})
        cls.sandbox.admin("stepfunctions/state_machine", name="boto-express", type="EXPRESS")
        cls.sandbox.admin("stepfunctions/state_machine", name_prefix="bulk-", count=120)

    def start(self, machine="boto-orders", **members):
        return self.call("StartExecution", stateMachineArn=self.arn + machine, **members)

    def test_machines(self):
        found = [one for page in self.pages("ListStateMachines", PaginationConfig={"PageSize": 50}) for one in page["stateMachines"]]
        self.assertGreaterEqual(len({one["stateMachineArn"] for one in found}), 122)
        described = self.call("DescribeStateMachine", stateMachineArn=self.arn + "boto-express")
        self.assertEqual((described["type"], described["status"]), ("EXPRESS", "ACTIVE"))
        json.loads(described["definition"])
        for operation in ("ListStateMachineVersions", "ListStateMachineAliases"):
            if ("stepfunctions", operation) in self.aws.known_operations():
                self.assertTrue(self.call(operation, stateMachineArn=self.arn + "boto-orders"))

    def test_executions(self):
        first = self.start(name="boto-1", input='{"a": 1}')
        again = self.start(name="boto-1", input='{"a": 1}')
        self.assertEqual((first["executionArn"], first["startDate"]), (again["executionArn"], again["startDate"]))
        self.assertEqual(self.refusal("StartExecution", stateMachineArn=self.arn + "boto-orders", name="boto-1", input="{}")[0], "ExecutionAlreadyExists")
        self.assertEqual(self.call("DescribeExecution", executionArn=first["executionArn"])["status"], "RUNNING")
        self.sandbox.advance(120)
        described = self.call("DescribeExecution", executionArn=first["executionArn"])
        self.assertEqual(described["status"], "SUCCEEDED")
        json.loads(described["output"])
        events = [one for page in self.pages("GetExecutionHistory", executionArn=first["executionArn"], PaginationConfig={"PageSize": 2})
                  for one in page["events"]]
        self.assertEqual([one["id"] for one in events], list(range(1, len(events) + 1)))
        self.assertEqual((events[0]["type"], events[-1]["type"]), ("ExecutionStarted", "ExecutionSucceeded"))
        last = self.call("GetExecutionHistory", executionArn=first["executionArn"], reverseOrder=True, maxResults=1)["events"][0]
        self.assertEqual(last["type"], "ExecutionSucceeded")
        listed = [one["name"] for page in self.pages("ListExecutions", stateMachineArn=self.arn + "boto-orders", statusFilter="SUCCEEDED")
                  for one in page["executions"]]
        self.assertIn("boto-1", listed)

    def test_stop_and_failure(self):
        arn = self.start(name="boto-stop")["executionArn"]
        self.assertIsInstance(self.call("StopExecution", executionArn=arn, error="PolysyncCancellation", cause="Cancelled by Polysync")["stopDate"],
                              datetime.datetime)
        described = self.call("DescribeExecution", executionArn=arn)
        self.assertEqual((described["status"], described["error"], described["cause"]), ("ABORTED", "PolysyncCancellation", "Cancelled by Polysync"))
        self.sandbox.admin("stepfunctions/outcome", state_machine="boto-orders", runs=1, status="FAILED", error="Boom", cause="it broke")
        arn = self.start(name="boto-fail")["executionArn"]
        self.sandbox.advance(120)
        described = self.call("DescribeExecution", executionArn=arn)
        self.assertEqual((described["status"], described["error"], described["cause"]), ("FAILED", "Boom", "it broke"))
        if ("stepfunctions", "RedriveExecution") in self.aws.known_operations():
            self.call("RedriveExecution", executionArn=arn)

    def test_express(self):
        arn = self.start("boto-express", name="boto-x", input="{}")["executionArn"]
        self.assertIn(":express:boto-express:boto-x:", arn)
        for operation in ("DescribeExecution", "StopExecution", "GetExecutionHistory"):
            code, status, message = self.refusal(operation, executionArn=arn)
            self.assertEqual((code, status, message), ("InvalidArn", 400, "Invalid Arn: 'Resource type not valid in this context: express'"))
        self.assertEqual(self.refusal("ListExecutions", stateMachineArn=self.arn + "boto-express")[0], "StateMachineTypeNotSupported")
        done = self.call("StartSyncExecution", stateMachineArn=self.arn + "boto-express", input='{"x": 1}')
        self.assertEqual(done["status"], "SUCCEEDED")
        self.assertEqual(self.refusal("StartSyncExecution", stateMachineArn=self.arn + "boto-orders")[0], "StateMachineTypeNotSupported")

    def test_refusals(self):
        orders = self.arn + "boto-orders"
        for operation, members, code in (
            ("DescribeStateMachine", {"stateMachineArn": self.arn + "none"}, "StateMachineDoesNotExist"),
            ("DescribeStateMachine", {"stateMachineArn": "x"}, "InvalidArn"),
            ("DescribeStateMachine", {}, "ValidationException"),
            ("StartExecution", {"stateMachineArn": orders, "name": "a b"}, "InvalidName"),
            ("StartExecution", {"stateMachineArn": orders, "input": "{"}, "InvalidExecutionInput"),
            ("StartExecution", {"stateMachineArn": orders, "traceHeader": "ä"}, "ValidationException"),
            ("DescribeExecution", {"executionArn": orders.replace("stateMachine", "execution") + ":none"}, "ExecutionDoesNotExist"),
            ("ListStateMachines", {"maxResults": 1001}, "ValidationException"),
            ("ListStateMachines", {"nextToken": "made up"}, "InvalidToken"),
            ("ListExecutions", {"stateMachineArn": orders, "statusFilter": "DONE"}, "ValidationException"),
        ):
            with self.subTest(operation=operation, members=members):
                self.assertEqual(self.refusal(operation, **members)[:2], (code, 400))

    def test_zz_every_operation(self):
        self.check_every_operation_was_called()


class LogsTest(ServiceTest):
    service = "logs"

    @classmethod
    def prepare(cls):
        cls.sandbox.admin("logs/events", logGroupName="/boto", logStreamName="one", messages=[f"line {n}" for n in range(250)])
        cls.sandbox.admin("logs/events", logGroupName="/boto", logStreamName="two", messages=["ERROR here"])

    def test_get(self):
        lines, token = [], {}
        while True:
            page = self.call("GetLogEvents", logGroupName="/boto", logStreamName="one", startFromHead=True, limit=100, **token)
            lines += [one["message"] for one in page["events"]]
            if page["nextForwardToken"] == token.get("nextToken"):
                break
            token = {"nextToken": page["nextForwardToken"]}
        self.assertEqual(lines, [f"line {n}" for n in range(250)])

    def test_filter(self):
        lines = [one["message"] for page in self.pages("FilterLogEvents", logGroupName="/boto", PaginationConfig={"PageSize": 100})
                 for one in page["events"]]
        self.assertEqual(len(lines), 251)
        found = self.call("FilterLogEvents", logGroupName="/boto", logStreamNamePrefix="tw", filterPattern="ERROR")["events"]
        self.assertEqual([one["message"] for one in found], ["ERROR here"])

    def test_logs_of_runs(self):
        self.sandbox.admin("glue/job", Name="talks")
        run = self.aws.call("glue", "StartJobRun", JobName="talks")["JobRunId"]
        self.sandbox.advance(60)
        group = self.aws.call("glue", "GetJobRun", JobName="talks", RunId=run)["JobRun"]["LogGroupName"]
        self.assertTrue(self.call("FilterLogEvents", logGroupName=group + "/output", logStreamNamePrefix=run)["events"])

    def test_refusals(self):
        for operation, members, code in (
            ("GetLogEvents", {"logGroupName": "/none", "logStreamName": "x"}, "ResourceNotFoundException"),
            ("GetLogEvents", {"logGroupName": "/boto", "logStreamName": "none"}, "ResourceNotFoundException"),
            ("FilterLogEvents", {"logGroupName": "/none"}, "ResourceNotFoundException"),
            ("FilterLogEvents", {"logGroupName": "/boto", "limit": 10001}, "InvalidParameterException"),
            ("FilterLogEvents", {"logGroupName": "/boto", "nextToken": "made up"}, "InvalidParameterException"),
            ("FilterLogEvents", {"logGroupName": "/boto", "logStreamNames": ["one"], "logStreamNamePrefix": "o"}, "InvalidParameterException"),
        ):
            with self.subTest(operation=operation, members=members):
                self.assertEqual(self.refusal(operation, **members)[:2], (code, 400))

    def test_zz_every_operation(self):
        self.check_every_operation_was_called()


if __name__ == "__main__":
    unittest.main()
