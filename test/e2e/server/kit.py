"""A Polysync server in a process of its own, and how the tests ask it."""
import http.client
import json
import os
import signal
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from polysync_e2e import POLYSYNC_BIN, RUN_TIMEOUT_S, SECRET, clean_environment

POLL_S = 0.02

# Servers inherit it: also where these tests run under nohup, a hang-up is one.
signal.signal(signal.SIGHUP, signal.SIG_DFL)


def wait_until(what, message="it did not come true", timeout_s=RUN_TIMEOUT_S, poll_s=POLL_S):
    """What `what()` gives once that is true."""
    until = time.monotonic() + timeout_s
    while True:
        found = what()
        if found:
            return found
        if time.monotonic() > until:
            raise AssertionError(message() if callable(message) else message)
        time.sleep(poll_s)


def make_certificate(folder, name, more_names=""):
    """A certificate that vouches for itself, and its key; `more_names` as openssl writes them."""
    made, key = Path(folder) / f"{name}.crt", Path(folder) / f"{name}.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                    f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}{more_names}", "-keyout", str(key), "-out", str(made)],
                   check=True, capture_output=True)
    return str(made), str(key)


class Server:
    """`polysync server` on a free port, its state in `folder`. start() after stop(), kill() or a crash begins anew on the same store."""

    def __init__(self, folder, *arguments, command=("server",), **environment):
        self.folder = Path(folder)
        self.command, self.arguments = command, arguments
        self.environment = clean_environment(**{"XDG_STATE_HOME": str(self.folder / "state"), "HOME": str(self.folder),
                                                "SANDBOX_SECRET": SECRET, **environment})
        self.process, self.port = None, 0

    def launch(self, json_output=True, **options):
        """Only starts the process; its output can be read."""
        listen = [] if "--listen" in self.arguments else ["--listen", f"127.0.0.1:{self.port}"]
        form = ["--json"] if json_output else []
        return subprocess.Popen([POLYSYNC_BIN, *self.command, *listen, *self.arguments, *form], cwd=self.folder, text=True,
                                env=self.environment, **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options})

    def start(self):
        """Returns when it answers requests."""
        self.log = open(self.folder / "server.log", "a", encoding="utf-8")
        self.process = self.launch(stderr=self.log)
        line = self.process.stdout.readline()
        try:
            told = json.loads(line)
            self.url, self.token_file, self.store = told["url"], told["token_file"], told["store"]
        except (ValueError, KeyError) as error:
            self.kill()
            raise RuntimeError(f"the server did not start: {line}{(self.folder / 'server.log').read_text()}") from error
        self.port = int(self.url.rsplit(":", 1)[1])
        self.token = Path(self.token_file).read_text(encoding="utf-8").strip()
        return self

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def send(self, number):
        self.process.send_signal(number)

    def _forget(self):
        self.process.stdout.close()
        self.log.close()
        self.process = None

    def kill(self):
        """kill -9."""
        if self.process:
            self.process.kill()
            self.process.wait(RUN_TIMEOUT_S)
            self._forget()

    def stop(self):
        """SIGTERM; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(RUN_TIMEOUT_S)
        self._forget()
        return code

    def close(self):
        self.kill()

    def request(self, method, path, body=None, headers=None):
        """(status, headers, body as text); a lost connection is an OSError or HTTPException."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=RUN_TIMEOUT_S)
        given = {"Authorization": f"Bearer {self.token}"} if headers is None else dict(headers)
        text = None
        if body is not None:
            text = json.dumps(body)
            given["Content-Type"] = "application/json"
        try:
            connection.request(method, path, text, given)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read().decode()
        finally:
            connection.close()

    def api(self, method, path, body=None, status=None):
        """The JSON answer of /api/v1/PATH; any 2xx, or that status."""
        got, _, text = self.request(method, "/api/v1/" + path, body)
        good = got == status if status else 200 <= got < 300
        if not good:
            raise AssertionError(f"{method} {path}: {got} {text}")
        return json.loads(text) if text else None

    def get(self, path):
        return self.api("GET", path)

    def items(self, path):
        """All of a list, page after page."""
        found, cursor, mark = [], "", "&" if "?" in path else "?"
        while True:
            page = self.get(f"{path}{mark}limit=1000" + (f"&cursor={cursor}" if cursor else ""))
            found += page["items"]
            cursor = page.get("next")
            if not cursor:
                return found

    def probe(self, path):
        """(status, JSON) of /healthz or /readyz, without a token."""
        status, _, text = self.request("GET", path, headers={})
        return status, json.loads(text)

    def cli(self, *arguments):
        """Runs a command on this machine's server: it finds it by itself."""
        return subprocess.run([POLYSYNC_BIN, *arguments], cwd=self.folder, capture_output=True, text=True, timeout=RUN_TIMEOUT_S,
                              stdin=subprocess.DEVNULL, env=self.environment)


class ServerTest(unittest.TestCase):
    """A folder of its own for each test."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def server(self, *arguments, **environment):
        """One that is not started yet; it does not outlive the test."""
        made = Server(self.folder, *arguments, **environment)
        self.addCleanup(made.close)
        return made

    def refused(self, *arguments, code, options=None, command=("server",), **environment):
        """Starts a server that must not come up; its error."""
        made = Server(self.folder, *arguments, command=command, **environment)
        process = made.launch(**(options or {}))
        out, err = process.communicate(timeout=RUN_TIMEOUT_S)
        self.assertEqual(process.returncode, code, f"{arguments}\n{out}\n{err}")
        return json.loads(out)["error"]

    def cli(self, server, *arguments, code=0):
        done = server.cli(*arguments)
        self.assertEqual(done.returncode, code, f"{arguments}\n{done.stdout}\n{done.stderr}")
        return done

    def cli_json(self, server, *arguments, code=0):
        return json.loads(self.cli(server, *arguments, "--json", code=code).stdout)
