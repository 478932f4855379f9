"""Jobs on all four services of a sandbox, the tasks that run them, and a server that is given runs: for benchmarks in real time."""
import argparse
import http.client
import json
import sys
from pathlib import Path

from program import SECRET

ACCOUNT = "123456789012"
SAMPLE_KEY = "AKIASANDBOX000000000"
TYPES = {"batch": "aws_batch", "glue": "aws_glue", "sagemaker": "aws_sagemaker", "states": "aws_step_functions"}
LABELS = {"batch": "Batch", "glue": "Glue", "sagemaker": "SageMaker", "states": "Step Functions"}
# As the sandbox's books call it.
STARTS = {"batch": "batch.SubmitJob", "glue": "glue.StartJobRun", "sagemaker": "sagemaker.StartPipelineExecution",
          "states": "stepfunctions.StartExecution"}
LOOKS = {"batch": ["batch.DescribeJobs"], "glue": ["glue.GetJobRuns", "glue.GetJobRun"],
         "sagemaker": ["sagemaker.ListPipelineExecutions", "sagemaker.DescribePipelineExecution"],
         "states": ["stepfunctions.ListExecutions", "stepfunctions.DescribeExecution"]}
QUEUE = "bench-queue"


def make_job(sandbox, service, name):
    """AWS's name of it, by which a definition knows it."""
    if service == "batch":
        sandbox.admin("batch/definition", {"jobDefinitionName": name})
    elif service == "glue":
        sandbox.admin("glue/job", {"Name": name, "ExecutionProperty": {"MaxConcurrentRuns": 1000}})
    elif service == "sagemaker":
        sandbox.admin("sagemaker/pipeline", {"PipelineName": name, "PipelineDefinition": {
            "Version": "2020-12-01", "Steps": [{"Name": "Only", "Type": "Processing"}]}})
    else:
        sandbox.admin("stepfunctions/state_machine", {"name": name})
        return f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:{name}"
    return name


def platform(name, service, endpoint, key=SAMPLE_KEY, secret="BENCH_SECRET"):
    """One definition."""
    queue = f", defaults: {{default_job_queue: {QUEUE}}}" if service == "batch" else ""
    return (f'  - {{name: {name}, type: {TYPES[service]}, region: us-east-1, endpoint: "{endpoint}", '
            f'auth: {{method: access_key, access_key_id: {key}, secret_access_key: "env://{secret}"}}{queue}}}')


def job_and_task(name, of_platform, external_id, settings):
    return (f'  - {{name: {name}, platform: {of_platform}, external_id: "{external_id}"}}', f"  - {{name: {name}, job: {name}, {settings}}}")


def definitions(platforms, jobs_and_tasks):
    jobs, tasks = zip(*jobs_and_tasks)
    return "\n".join(["platforms:", *platforms, "jobs:", *jobs, "tasks:", *tasks]) + "\n"


def add_key(sandbox, key):
    """A second key of the sample account; its secret is the first one's."""
    sandbox.admin("credentials", {"access_key_id": key, "secret_access_key": SECRET, "account": ACCOUNT, "user": "bench"})


def alone(doc, measure, **numbers):
    """A benchmark that is run by itself: the figures of measure(binary, work folder, options, print_table). `numbers`: its options, each with a
    default and words on it."""
    from run import ROOT, WORK, print_table  # which runs these benchmarks, too
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, (default, words) in numbers.items():
        parser.add_argument("--" + name.replace("_", "-"), type=int, default=default, help=words)
    parser.add_argument("--json", type=Path, help="write all figures there")
    options = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    figures = measure(ROOT / "build" / "bench" / "src" / "polysync", WORK, options, print_table)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n")
    return figures


class Client:
    """Asks a server over one connection; for one thread."""

    def __init__(self, server):
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        self.headers = {"Authorization": f"Bearer {server.token}", "Content-Type": "application/json"}

    def ask(self, method, path, body=None):
        self.connection.request(method, f"/api/v1/{path}", body, self.headers)
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status >= 300:
            sys.exit(f"{method} {path}: {answer.status} {text}")
        return json.loads(text)

    def get(self, path):
        return self.ask("GET", path)

    def run(self, task):
        return self.ask("POST", f"tasks/{task}/run", "{}")

    def platforms(self):
        """By name, with how many of its runs are queued and in flight."""
        return {one["name"]: one for one in self.get("status")["platforms"]}

    def close(self):
        self.connection.close()
