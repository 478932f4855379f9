"""Every job of the sample account is run to its end by Debian's boto3, and every answer on the way is judged by AWS's models."""
import unittest

import botocore.exceptions

from polysync_e2e import Sandbox
from sandbox_clients.clients import Recorder

HOUR_S = 3600


class SampleAccountTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sandbox = Sandbox()
        cls.addClassCleanup(cls.sandbox.close)
        cls.sandbox.admin("time", time_scale=0)
        cls.aws = Recorder(cls.sandbox.endpoint, region="eu-central-1")

    def start(self, service, operation, **members):
        """None where the sample refuses to be started, which some are for."""
        try:
            return self.aws.call(service, operation, **members)
        except botocore.exceptions.ClientError:
            return None

    def test_glue(self):
        names = self.aws.call("glue", "ListJobs", MaxResults=1000)["JobNames"]
        self.assertGreater(len(names), 20)
        runs = {name: started["JobRunId"] for name in names if (started := self.start("glue", "StartJobRun", JobName=name))}
        states = set()
        for seconds in (0, 0.7, 2, 5, 3 * HOUR_S, 3 * HOUR_S):
            self.sandbox.advance(seconds)
            for name, run in runs.items():
                states.add(self.aws.call("glue", "GetJobRun", JobName=name, RunId=run)["JobRun"]["JobRunState"])
                self.aws.call("glue", "GetJobRuns", JobName=name)
        self.assertLessEqual({"STARTING", "RUNNING", "SUCCEEDED", "FAILED", "TIMEOUT", "ERROR", "EXPIRED", "STOPPED"}, states)

    def test_batch(self):
        definitions = [one for page in self.aws.pages("batch", "DescribeJobDefinitions", status="ACTIVE") for one in page["jobDefinitions"]]
        queues = self.aws.call("batch", "DescribeJobQueues")["jobQueues"]
        self.assertGreater(len(queues), 3)
        jobs = []
        for queue in queues:
            for definition in definitions:
                for more in ({}, {"arrayProperties": {"size": 3}}):
                    started = self.start("batch", "SubmitJob", jobName="sample", jobQueue=queue["jobQueueName"], parameters={"bucket": "b"},
                                         jobDefinition=definition["jobDefinitionName"], **more)
                    jobs += [started["jobId"]] if started else []
        self.assertGreater(len(jobs), len(definitions))
        states = set()
        for seconds in (0, 0.3, 0.5, 1, 2, HOUR_S):
            self.sandbox.advance(seconds)
            for first in range(0, len(jobs), 100):
                states |= {one["status"] for one in self.aws.call("batch", "DescribeJobs", jobs=jobs[first:first + 100])["jobs"]}
        self.assertEqual(states, {"SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED", "FAILED"})

    def test_sagemaker(self):
        pipelines = [one["PipelineName"] for page in self.aws.pages("sagemaker", "ListPipelines") for one in page["PipelineSummaries"]]
        self.assertGreater(len(pipelines), 5)
        executions = []
        for index, name in enumerate(pipelines):
            self.aws.call("sagemaker", "DescribePipeline", PipelineName=name)
            started = self.start("sagemaker", "StartPipelineExecution", PipelineName=name, ClientRequestToken=f"{index:032}")
            executions += [started["PipelineExecutionArn"]] if started else []
        states = set()
        for seconds in (0, 1, 1, 1, 10, HOUR_S):
            self.sandbox.advance(seconds)
            for arn in executions:
                states.add(self.aws.call("sagemaker", "DescribePipelineExecution", PipelineExecutionArn=arn)["PipelineExecutionStatus"])
                self.aws.call("sagemaker", "ListPipelineExecutionSteps", PipelineExecutionArn=arn)
        self.assertLessEqual({"Executing", "Succeeded", "Failed"}, states)

    def test_step_functions(self):
        machines = [one for page in self.aws.pages("stepfunctions", "ListStateMachines") for one in page["stateMachines"]]
        self.assertEqual({one["type"] for one in machines}, {"STANDARD", "EXPRESS"})
        executions = []
        for machine in machines:
            self.aws.call("stepfunctions", "DescribeStateMachine", stateMachineArn=machine["stateMachineArn"])
            started = self.start("stepfunctions", "StartExecution", stateMachineArn=machine["stateMachineArn"])
            if started and machine["type"] == "STANDARD":
                executions.append(started["executionArn"])
            if machine["type"] == "EXPRESS":
                self.start("stepfunctions", "StartSyncExecution", stateMachineArn=machine["stateMachineArn"])
        states = set()
        for seconds in (0, 1, 5, 48 * HOUR_S):
            self.sandbox.advance(seconds)
            for arn in executions:
                states.add(self.aws.call("stepfunctions", "DescribeExecution", executionArn=arn)["status"])
                self.aws.call("stepfunctions", "GetExecutionHistory", executionArn=arn)
        self.assertLessEqual({"RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT"}, states)


if __name__ == "__main__":
    unittest.main()
