"""The canned answers that every client of the benchmark parses: GetJobRun (623 bytes, compact as Glue sends it) and
DescribeJobs with 100 jobs (about 194 KB), with the members that AWS fills in."""
import json


def get_job_run():
    run = {
        "Id": "jr_5a3c8a0be1f4b0d5c9f1a0e9c8b7a6d5e4f3a2b1c0d9e8f7a6b5c4d3e2f1a0b9",
        "Attempt": 0,
        "JobName": "nightly-load",
        "JobMode": "SCRIPT",
        "StartedOn": 1794700925.112,
        "LastModifiedOn": 1794701038.655,
        "CompletedOn": 1794701038.655,
        "JobRunState": "SUCCEEDED",
        "Arguments": {"--source_path": "s3://acme-data/in/2026-09-14/", "--polysync-run-token": "3f2b8c1e-7a7d-4c0b-9a55-0d9c5ab1c2d3"},
        "PredecessorRuns": [],
        "AllocatedCapacity": 10,
        "ExecutionTime": 107,
        "Timeout": 2880,
        "MaxCapacity": 10.0,
        "WorkerType": "G.1X",
        "NumberOfWorkers": 10,
        "LogGroupName": "/aws-glue/jobs",
        "GlueVersion": "4.0",
        "ExecutionClass": "STANDARD",
    }
    text = json.dumps({"JobRun": run}, separators=(",", ":"))
    missing = 623 - len(text.encode())
    if missing > 0:
        run["Arguments"]["--source_path"] += "p" * missing
        text = json.dumps({"JobRun": run}, separators=(",", ":"))
    return text


def batch_job(index, job_id=None, status=None):
    job_id = job_id or f"{index:08x}-a532-4122-842e-2ccab8d54efb"
    status = status or ("SUCCEEDED" if index % 10 == 0 else "RUNNING")
    log_stream = f"nightly-transform/default/{index:032x}"
    task = f"arn:aws:ecs:eu-west-1:123456789012:task/AWSBatch-transform-ce-{index % 4}/{index:032x}"
    container_arn = f"arn:aws:ecs:eu-west-1:123456789012:container-instance/AWSBatch-transform-ce-{index % 4}/{index * 7:032x}"
    return {
        "jobArn": f"arn:aws:batch:eu-west-1:123456789012:job/{job_id}",
        "jobName": f"Polysync-{job_id}",
        "jobId": job_id,
        "jobQueue": "arn:aws:batch:eu-west-1:123456789012:job-queue/transform-spot-queue",
        "status": status,
        "attempts": [] if index % 9 else [{
            "container": {"containerInstanceArn": container_arn, "taskArn": task, "exitCode": 1, "reason": "",
                          "logStreamName": log_stream, "networkInterfaces": []},
            "startedAt": 1794700925112 + index, "stoppedAt": 1794700985112 + index,
            "statusReason": "Host EC2 (instance i-0a1b2c3d4e5f60718) terminated.",
        }],
        "statusReason": "",
        "createdAt": 1794700825112 + index,
        "retryStrategy": {"attempts": 3, "evaluateOnExit": [
            {"onStatusReason": "Host EC2*", "action": "RETRY"}, {"onReason": "*", "action": "EXIT"}]},
        "startedAt": 1794700995112 + index,
        "dependsOn": [],
        "jobDefinition": "arn:aws:batch:eu-west-1:123456789012:job-definition/nightly-transform:17",
        "parameters": {"input": f"s3://acme-data/in/part-{index:05}", "output": f"s3://acme-data/out/part-{index:05}",
                       "mode": "full"},
        "container": {
            "image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/nightly-transform:2026-09-14",
            "command": ["python", "-m", "transform", "--input", "Ref::input", "--output", "Ref::output", "--mode", "Ref::mode"],
            "jobRoleArn": "arn:aws:iam::123456789012:role/nightly-transform-job",
            "executionRoleArn": "arn:aws:iam::123456789012:role/batch-execution",
            "volumes": [], "mountPoints": [], "ulimits": [], "secrets": [],
            "environment": [{"name": "LOG_LEVEL", "value": "info"}, {"name": "STAGE", "value": "production"}],
            "containerInstanceArn": container_arn, "taskArn": task, "logStreamName": log_stream,
            "networkInterfaces": [],
            "resourceRequirements": [{"value": "4", "type": "VCPU"}, {"value": "8192", "type": "MEMORY"}],
            "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/aws/batch/job"}, "secretOptions": []},
        },
        "timeout": {"attemptDurationSeconds": 7200},
        "tags": {"team": "data"},
        "propagateTags": True,
        "platformCapabilities": ["EC2"],
        "eksAttempts": [],
    }


def batch_job_variants(job_id, status, count=90):
    """A line of JSON each, with an end where the job has one."""
    jobs = [batch_job(index, job_id, status) for index in range(count)]
    if status == "SUCCEEDED":
        for job in jobs:
            job["stoppedAt"] = job["startedAt"] + 60_000
            job["container"]["exitCode"] = 0
    return "".join(json.dumps(job, separators=(",", ":")) + "\n" for job in jobs)


def describe_jobs(count=100):
    return json.dumps({"jobs": [batch_job(index) for index in range(count)]}, separators=(",", ":"))


if __name__ == "__main__":
    print(len(get_job_run()), len(describe_jobs()))
