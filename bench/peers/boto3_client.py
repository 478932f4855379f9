"""boto3: 16 threads share one client, as its users do. Arguments: operation, endpoint, CA file, calls.
`describe_job` asks for one job a call, `describe_jobs` for 100."""
import json
import resource
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import boto3
from botocore.config import Config

THREADS, WARM_UP = 16, 64


def cpu_s():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main(operation, endpoint, ca_file, calls):
    client = boto3.client(
        "glue" if operation == "get_job_run" else "batch", region_name="eu-west-1", endpoint_url=endpoint, verify=ca_file,
        aws_access_key_id="AKIDEXAMPLE", aws_secret_access_key="wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        config=Config(max_pool_connections=THREADS, proxies={}))
    ids = [f"{index:08x}-a532-4122-842e-2ccab8d54efb" for index in range(100)]

    def call(number):
        if operation == "get_job_run":
            assert client.get_job_run(JobName="nightly-load", RunId="jr_1")["JobRun"]["JobRunState"] == "SUCCEEDED"
        elif operation == "describe_job":
            assert client.describe_jobs(jobs=[f"{number:08x}-a532-4122-842e-2ccab8d54efb"])["jobs"][0]["status"] in ("RUNNING", "SUCCEEDED")
        else:
            assert len(client.describe_jobs(jobs=ids)["jobs"]) == 100

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(call, range(WARM_UP)))
        cpu, wall = cpu_s(), time.monotonic()
        list(pool.map(call, range(calls)))
        cpu, wall = cpu_s() - cpu, time.monotonic() - wall
    rss_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"calls": calls, "cpu_s": cpu, "wall_s": wall, "rss_kib": rss_kib}))


main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
