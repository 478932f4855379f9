"""Figures of the program itself: size, one `pipeline run`, a discovery of 10,000 jobs, lines of code."""
import http.client
import json
import os
import re
import ssl
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

JOBS, ROUNDS = 10_000, 5
SECRET = "polysync-sandbox-secret"
# The same discovery by boto3, as a user would write it.
BOTO3_DISCOVERY = """
import boto3, sys
client = boto3.client("glue", region_name="us-east-1", endpoint_url=sys.argv[1],
                      aws_access_key_id="AKIASANDBOX000000000", aws_secret_access_key=sys.argv[2])
jobs = [job for page in client.get_paginator("get_jobs").paginate() for job in page["Jobs"]]
assert len(jobs) >= int(sys.argv[3])
"""


def environment():
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_") and "proxy" not in name.lower()}
    return {**kept, "AWS_EC2_METADATA_DISABLED": "true", "SANDBOX_SECRET": SECRET}


class Sandbox:
    """With a certificate and its key (paths) it speaks HTTPS."""

    def __init__(self, binary, certificate=None, key=None):
        tls = ["--tls-certificate", str(certificate), "--tls-key", str(key)] if certificate else []
        self.context = ssl.create_default_context(cafile=str(certificate)) if certificate else None
        self.process = subprocess.Popen([binary, "sandbox", "--listen", "127.0.0.1:0", *tls], stdout=subprocess.PIPE, text=True)
        for line in self.process.stdout:
            found = re.search(r"https?://127\.0\.0\.1:(\d+)", line)
            if found:
                self.endpoint, self.port = found.group(0), int(found.group(1))
                return
        sys.exit("the sandbox did not start")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def ask(self, method, path, document=None):
        connection = (http.client.HTTPSConnection("127.0.0.1", self.port, context=self.context) if self.context
                      else http.client.HTTPConnection("127.0.0.1", self.port))
        connection.request(method, f"/_sandbox/{path}", None if document is None else json.dumps(document))
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        if answer.status != 200:
            sys.exit(f"{path}: {body}")
        return json.loads(body)

    def admin(self, path, document):
        return self.ask("POST", path, document)

    def read(self, path):
        return self.ask("GET", path)


def used(command, folder):
    """Runs it; gives what it used and printed."""
    with tempfile.TemporaryFile() as out:
        child = subprocess.Popen(command, cwd=folder, env=environment(), stdout=out, stderr=subprocess.PIPE)
        errors = child.stderr.read()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0:
            sys.exit(f"{' '.join(command)} failed:\n{errors.decode()}")
        out.seek(0)
        return {"cpu_s": usage.ru_utime + usage.ru_stime, "rss_mb": usage.ru_maxrss / 1024, "output": out.read()}


def timed(command, folder):
    runs = [used(command, folder) for _ in range(ROUNDS)]
    return {"cpu_s": statistics.median(run["cpu_s"] for run in runs), "rss_mb": statistics.median(run["rss_mb"] for run in runs),
            "output": runs[-1]["output"]}


def lines_of_code(root):
    """Folder to (code, tests): lines of the files that git knows, neither blank nor only a comment."""
    names = subprocess.run(["git", "ls-files"], cwd=root, capture_output=True, text=True, check=True).stdout.split()
    counts = {}
    for name in names:
        if not name.endswith((".cpp", ".h", ".py", ".mjs", ".go", ".sh")) and not name.startswith("scripts/"):
            continue
        parts = name.split("/")
        folder = "/".join(parts[:2]) if parts[0] in ("src", "test") and len(parts) > 2 else parts[0]
        is_test = name.startswith("test/") or re.search(r"(^|_)test[_.]|_test_kit\.", parts[-1]) is not None
        text = (root / name).read_text(encoding="utf-8", errors="replace")
        lines = sum(1 for line in text.splitlines() if line.strip() and not line.strip().startswith(("//", "#!")))
        counts.setdefault(folder, [0, 0])[is_test] += lines
    return counts


def measure(root, work, print_table):
    binary = str(root / "build" / "bench" / "src" / "polysync")
    stripped = work / "polysync.stripped"
    subprocess.run(["strip", "-o", str(stripped), binary], check=True)
    figures = {"binary_mb": stripped.stat().st_size / 1e6}
    folder = Path(tempfile.mkdtemp(dir=work))
    with Sandbox(binary) as sandbox:
        (folder / "polysync.yaml").write_text(
            f'platforms:\n  - {{name: etl, type: aws_glue, region: us-east-1, endpoint: "{sandbox.endpoint}", auth: {{method: access_key, '
            'access_key_id: AKIASANDBOX000000000, secret_access_key: "env://SANDBOX_SECRET"}}\n')
        sandbox.admin("glue/job", {"Name": "bench", "ExecutionProperty": {"MaxConcurrentRuns": 1000}})
        run = timed([binary, "pipeline", "run", "etl", "bench", "--json"], folder)
        sandbox.admin("glue/job", {"name_prefix": "bulk-", "count": JOBS,
                                   "DefaultArguments": {"--source_path": "s3://in", "--batch_size": "10"}})
        ours = timed([binary, "pipeline", "discover", "etl", "--json"], folder)
        found = len(json.loads(ours["output"]))
        if found < JOBS:
            sys.exit(f"discovered {found} jobs of {JOBS}")
        theirs = timed(["/usr/bin/python3", "-c", BOTO3_DISCOVERY, sandbox.endpoint, SECRET, str(JOBS)], folder)
    figures.update(run_cpu_s=run["cpu_s"], run_rss_mb=run["rss_mb"], discover_cpu_s=ours["cpu_s"], discover_rss_mb=ours["rss_mb"],
                   boto3_discover_cpu_s=theirs["cpu_s"], boto3_discover_rss_mb=theirs["rss_mb"])
    print("The program")
    print_table(["what", "CPU s", "peak RSS MB"], [
        ["one `pipeline run`, submitted, start to exit", f"{run['cpu_s']:.3f}", f"{run['rss_mb']:.0f}"],
        [f"discovery of {JOBS:,} Glue jobs", f"{ours['cpu_s']:.3f}", f"{ours['rss_mb']:.0f}"],
        [f"the same list by boto3 ({theirs['cpu_s'] / ours['cpu_s']:.0f} times the CPU)", f"{theirs['cpu_s']:.3f}", f"{theirs['rss_mb']:.0f}"]])
    print(f"Size of the stripped binary: {figures['binary_mb']:.1f} MB\n")
    code = lines_of_code(root)
    figures["lines"] = code
    print("Lines of code, without blank and comment lines")
    rows = [[name, f"{own:,}", f"{tests:,}"] for name, (own, tests) in sorted(code.items())]
    rows.append(["all", f"{sum(own for own, _ in code.values()):,}", f"{sum(tests for _, tests in code.values()):,}"])
    print_table(["folder", "program", "tests"], rows)
    return figures
