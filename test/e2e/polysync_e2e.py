"""What the end-to-end tests share: a sandbox in a process of its own, and the program under test.

SANDBOX_BIN and POLYSYNC_BIN name the programs; scripts/test sets them to those of its build.
"""
import http.client
import json
import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "dev"
SANDBOX_BIN = os.environ.get("SANDBOX_BIN", str(BUILD / "test" / "e2e" / "sandbox_server"))
POLYSYNC_BIN = os.environ.get("POLYSYNC_BIN", str(BUILD / "src" / "polysync"))
ACCESS_KEY_ID, SECRET = "AKIASANDBOX000000000", "polysync-sandbox-secret"
RUN_TIMEOUT_S = 120  # no test waits for this: it bounds a program that hangs


def clean_environment(**more):
    """The tester's environment without AWS settings, proxies and colours."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_") and "proxy" not in name.lower()}
    return {**kept, "AWS_EC2_METADATA_DISABLED": "true", "NO_COLOR": "1", "LC_ALL": "C.UTF-8", **more}


class Sandbox:
    """Starts a sandbox on a free port; use as a context, or call close()."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen([SANDBOX_BIN, *arguments], stdout=subprocess.PIPE, text=True, env=clean_environment())
        for line in self.process.stdout:
            found = re.search(r"https?://127\.0\.0\.1:(\d+)", line)
            if found:
                self.endpoint, self.port = found.group(0), int(found.group(1))
                return
        raise RuntimeError(f"{SANDBOX_BIN} did not start")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.process.terminate()
        self.process.stdout.close()
        self.process.wait(RUN_TIMEOUT_S)

    def _ask(self, method, path, document=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=RUN_TIMEOUT_S)
        try:
            connection.request(method, f"/_sandbox/{path}", json.dumps(document) if document is not None else None)
            answer = connection.getresponse()
            body = json.loads(answer.read())
        finally:
            connection.close()
        if answer.status != 200:
            raise RuntimeError(f"{method} {path}: {body}")
        return body

    def admin(self, path, **document):
        """POST /_sandbox/PATH."""
        return self._ask("POST", path, document)

    def read(self, path):
        """GET /_sandbox/PATH."""
        return self._ask("GET", path)

    def advance(self, seconds):
        """Sandbox time goes on, and all runs with it."""
        return self.admin("time", advance_seconds=seconds)


PLATFORMS = {"glue": "aws_glue", "batch": "aws_batch", "sagemaker": "aws_sagemaker", "states": "aws_step_functions"}


def definition(endpoint, secret="env://SANDBOX_SECRET", **defaults):
    """A polysync.yaml with one platform per service; `defaults` by platform name."""
    lines = ["platforms:"]
    for name, platform_type in PLATFORMS.items():
        lines += [f"  - name: {name}", f"    type: {platform_type}", "    region: us-east-1", f"    endpoint: {endpoint}",
                  f'    auth: {{method: access_key, access_key_id: {ACCESS_KEY_ID}, secret_access_key: "{secret}"}}']
        if name in defaults:
            lines.append(f"    defaults: {json.dumps(defaults[name])}")
    return "\n".join(lines) + "\n"


class PolysyncTest(unittest.TestCase):
    """One sandbox per class, and a folder with a polysync.yaml for its four platforms."""

    sandbox_arguments = ()
    defaults = {}

    @classmethod
    def setUpClass(cls):
        cls.sandbox = Sandbox(*cls.sandbox_arguments)
        cls.addClassCleanup(cls.sandbox.close)
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        (cls.folder / "polysync.yaml").write_text(definition(cls.sandbox.endpoint, **cls.defaults))

    def environment(self, **more):
        """What the program runs with; its records of tokens stay in the test's folder."""
        return clean_environment(**{"SANDBOX_SECRET": SECRET, "XDG_STATE_HOME": str(self.folder / "state"), "HOME": str(self.folder),
                                    **more})

    def polysync(self, *arguments, code=0, **environment):
        """Runs the program in that folder and checks its exit code (any, where `code` is None)."""
        done = subprocess.run([POLYSYNC_BIN, *arguments], cwd=self.folder, capture_output=True, text=True, timeout=RUN_TIMEOUT_S,
                              stdin=subprocess.DEVNULL, env=self.environment(**environment))
        if code is not None:
            self.assertEqual(done.returncode, code, f"{arguments}\n{done.stdout}\n{done.stderr}")
        return done

    def polysync_json(self, *arguments, code=0, **environment):
        """The same with --json; gives what stdout holds, read."""
        return json.loads(self.polysync(*arguments, "--json", code=code, **environment).stdout)
