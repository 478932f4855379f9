"""Many runs on all four services while something bad goes on, and what the sandbox's own books then say of it (SAFE-1)."""
import random
import re
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from polysync_e2e import ACCESS_KEY_ID, Sandbox
from server.kit import Server, wait_until

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:"
# Task, platform, AWS's name of its job, and how many of a thousand runs are its: as many as may start within AWS's quotas.
TASKS = {"glue": ("glue", "chaos-glue", 120), "batch": ("batch", "chaos-batch", 400), "sagemaker": ("sagemaker", "ChaosPipeline", 40),
         "standard": ("states", MACHINE + "chaos-standard", 300), "express": ("states", MACHINE + "chaos-express", 140)}
STARTS = {"glue": "StartJobRun", "batch": "SubmitJob", "sagemaker": "StartPipelineExecution", "stepfunctions": "StartExecution"}
GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
ACTIVE = ["Queued", "Submitting", "Starting", "Running"]
MAX_ATTEMPTS = 3


def definitions(endpoint):
    lines = ["platforms:"]
    for name, kind in {"glue": "aws_glue", "batch": "aws_batch", "sagemaker": "aws_sagemaker", "states": "aws_step_functions"}.items():
        lines += [f"  - name: {name}", f"    type: {kind}", "    region: us-east-1", f"    endpoint: {endpoint}",
                  f'    auth: {{method: access_key, access_key_id: {ACCESS_KEY_ID}, secret_access_key: "env://SANDBOX_SECRET"}}']
    lines.append("jobs:")
    for task, (platform, external_id, _) in TASKS.items():
        queue = ", attributes: {job_queue: chaos-queue}" if platform == "batch" else ""
        lines.append(f'  - {{name: {task}, platform: {platform}, external_id: "{external_id}"{queue}}}')
    # Starts go on while the server is killed again and again.
    lines += ["profiles:", "  - {name: starts, type: rate_limit, platforms: [batch, states], limit: 20, window: 1s, bucket_size: 20}",
              "  - {name: glue-starts, type: rate_limit, platforms: [glue], limit: 5, window: 1s}"]
    lines.append("tasks:")
    for task in TASKS:
        lines.append(f"  - {{name: {task}, job: {task}, max_active: 10000, freshness: 5s, "
                     f"retry: {{max_attempts: {MAX_ATTEMPTS}, backoff: Fixed, initial_delay: 2s, jitter: false}}}}")
    return "\n".join(lines) + "\n"


class Chaos:
    """`count` runs on a server whose store is in `folder`/store; close() ends all."""

    def __init__(self, folder, count, seed, running_ms, **environment):
        self.folder, self.count, self.random = folder, count, random.Random(seed)
        self.sandbox = Sandbox()
        self.fill_sandbox(running_ms)
        self.created = []
        self.make_servers(**environment)

    def make_servers(self, **environment):
        (self.folder / "store").mkdir()
        self.server = Server(self.folder, "--store", f"sqlite://{self.folder}/store/polysync.db", **environment)

    def start_servers(self):
        self.server.start()

    def definitions(self):
        return definitions(self.sandbox.endpoint)

    def close(self):
        self.server.close()
        self.sandbox.close()

    def fill_sandbox(self, running_ms):
        admin = self.sandbox.admin
        admin("settings", queued_ms=200, starting_ms=200, running_ms=running_ms, list_delay_ms=1500)
        admin("glue/job", Name="chaos-glue", ExecutionProperty={"MaxConcurrentRuns": 1000})
        admin("batch/queue", jobQueueName="chaos-queue")
        admin("batch/definition", jobDefinitionName="chaos-batch")
        admin("sagemaker/pipeline", PipelineName="ChaosPipeline", PipelineDefinition={
            "Version": "2020-12-01", "Steps": [{"Name": "Only", "Type": "Processing"}]})
        admin("stepfunctions/state_machine", name="chaos-standard")
        admin("stepfunctions/state_machine", name="chaos-express", type="EXPRESS",
              loggingConfiguration={"level": "ALL", "includeExecutionData": True})
        self.fail_some()
        for service, operation in STARTS.items():
            fault = {"service": service, "operation": operation, "count": -1}
            admin("faults", kind="lost_answer", probability=0.04, seed=self.random.randrange(1 << 30), **fault)
            if service not in ("glue", "sagemaker"):  # a refusal costs those a good part of their few starts per second
                admin("faults", kind="throttle", probability=0.04, seed=self.random.randrange(1 << 30), **fault)
            # An answer that takes its time is in the air when the server dies.
            admin("faults", kind="delay", delay_ms=400, probability=0.5, seed=self.random.randrange(1 << 30), **fault)

    def fail_some(self):
        """One run in eight fails, and is tried again."""
        jobs = [("glue", {"job": "chaos-glue"}, "FAILED"), ("batch", {"definition": "chaos-batch"}, "FAILED"),
                ("sagemaker", {"pipeline": "ChaosPipeline"}, "Failed"), ("stepfunctions", {"state_machine": "chaos-standard"}, "FAILED")]
        for service, job, status in jobs:
            for _ in range(40):
                self.sandbox.admin(f"{service}/outcome", **job, runs=7)
                self.sandbox.admin(f"{service}/outcome", **job, runs=1, status=status, run_ms=1000)

    def begin(self):
        """Defines, and makes all runs: queued when it returns."""
        self.start_servers()
        self.server.api("POST", "apply", {"files": [{"path": "chaos.yaml", "text": self.definitions()}]})
        tasks = [task for task, (_, _, share) in TASKS.items() for _ in range(self.count * share // 1000)]
        self.random.shuffle(tasks)
        with ThreadPoolExecutor(8) as pool:
            self.created = list(pool.map(lambda task: self.server.api("POST", f"tasks/{task}/run", {})["id"], tasks))

    def in_flight(self):
        """Most runs that were under way at AWS at once, over all services."""
        return sum(place["all"] for service in self.sandbox.read("books")["most_in_flight"].values() for place in service.values())

    def all_ended(self):
        return not self.server.get(f"runs?limit=1&state={','.join(ACTIVE)}")["items"]

    def end(self, timeout_s):
        """Waits until every run has ended."""
        self.sandbox.admin("settings", running_ms=1000)
        wait_until(self.all_ended, self.what_is_left, timeout_s, poll_s=0.5)

    def what_is_left(self):
        left = self.server.items(f"runs?state={','.join(ACTIVE)}")
        return f"{len(left)} runs have not ended: {left[:3]}"

    def kill_once(self):
        """Some time after the last start - sometimes before it is done - the server dies, and the next one begins."""
        if self.random.random() < 0.2:
            self.server.kill()
            process = self.server.launch()
            time.sleep(self.random.uniform(0, 0.15))
            process.kill()
            process.communicate()
        else:
            time.sleep(self.random.expovariate(1 / 0.5))
            self.server.kill()
        self.server.start()

    def violations(self):
        """What is wrong by the sandbox's books and the store; empty is what it should be."""
        started = {}
        for names in self.sandbox.read("books")["submissions"].values():
            for name, count in names.items():
                found = GUID.search(name)
                started[found.group(0) if found else name] = count
        wrong = [f"{token} was started {count} times" for token, count in started.items() if count > 1]
        runs = self.server.items("runs")
        if sorted(run["id"] for run in runs) != sorted(self.created):
            wrong.append(f"{len(runs)} runs in the store, {len(self.created)} were made")
        with ThreadPoolExecutor(8) as pool:
            for problems, tokens in pool.map(lambda run: self.check(run["id"], started), runs):
                wrong += problems
                for token in tokens:
                    started.pop(token, None)
        return wrong + [f"nobody knows of the submission {token}" for token in started]

    def check(self, run_id, started):
        """What is wrong with one run, and the tokens that it knows."""
        run = self.server.get(f"runs/{run_id}")
        wrong, of_attempt = [], {}
        for attempt in run["attempts"]:
            of_attempt.setdefault(attempt["attempt"], []).append(attempt)
        if sorted(of_attempt) != list(range(1, run["attempt"] + 1)):
            wrong.append(f"run {run_id}: attempts {sorted(of_attempt)} of {run['attempt']}")
        for number, rows in of_attempt.items():
            count = sum(started.get(row["token"], 0) for row in rows)
            is_express = run["task"] == "express"
            if count > 1 or (count == 0 and not is_express):
                wrong.append(f"run {run_id} ({run['task']}), attempt {number}: submitted {count} times: {rows}")
        if run["state"] == "Failed" and run.get("code") == "outcome_unknown":
            if run["task"] != "express":
                wrong.append(f"run {run_id} ({run['task']}): {run['message']}")
        elif run["state"] != "Succeeded" and not (run["state"] == "Failed" and run["attempt"] == MAX_ATTEMPTS):
            wrong.append(f"run {run_id} ({run['task']}) ended as {run['state']}: {run.get('message')}")
        times = [datetime.fromisoformat(entry["at"]) for entry in run["history"]]
        if times != sorted(times) or run["history"][-1]["state"] != run["state"]:
            wrong.append(f"run {run_id}: history {run['history']}")
        return wrong, [row["token"] for row in run["attempts"]]
