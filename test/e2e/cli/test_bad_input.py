"""Bad input is refused whole, before any call, with exit code 2 (SAFE-5); what AWS refuses has exit code 4, what it does not answer 5."""
import http.server
import threading

from cli.fixture import ARN, CliTest


class WebPage(http.server.BaseHTTPRequestHandler):
    """A gateway in between, which answers everything with its error page."""

    def do_POST(self):
        body = b"<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head><body>\n<p>nginx</p></body></html>\n"
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(502)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class BadInputTest(CliTest):
    def refused(self, *arguments, file=None):
        before = self.sandbox.read("books")["calls"]
        if file is not None:
            (self.folder / "bad.yaml").write_text(file)
            arguments = ("-f", "bad.yaml", *arguments)
        done = self.polysync(*arguments, code=2)
        self.assertEqual(done.stdout, "")
        self.assertEqual(self.sandbox.read("books")["calls"], before)
        error = self.polysync_json(*arguments, code=2)["error"]
        self.assertEqual(list(error), ["code", "message", "remedy", "request_id"])
        return done.stderr

    def test_command_lines(self):
        for arguments, words in [
            ((), "no command"),
            (("pipline", "run"), "did you mean 'pipeline'?"),
            (("pipeline", "status", "glue"), "RUN_ID"),
            (("pipeline", "run", "glue", "j", "--dryrun"), "did you mean --dry-run?"),
            (("pipeline", "run", "glue", "j", "-p", "novalue"), "-p takes NAME=VALUE"),
            (("pipeline", "run", "glue", "j", "-p", "a=1", "-p", "--a=2"), "given twice"),
            (("pipeline", "run", "glue", "j", "-p", "a=x", "--type", "a=integer"), "a"),
            (("pipeline", "run", "glue", "j", "-p", "a=x", "--type", "a=intger"), "did you mean 'integer'?"),
            (("pipeline", "run", "glue", "j", "-p", "a=env://NOT_SET"), "no variable NOT_SET"),
            (("pipeline", "run", "glue", "j", "--attr", "worker_typ=G.1X"), "did you mean 'worker_type'?"),
            (("pipeline", "run", "glue", "j", "--attr", "number_of_workers=many"), "must be an integer"),
            (("pipeline", "run", "batch", "j", "--attr", "array_size=1"), "an integer from 2 to 10000"),
            (("pipeline", "run", "glue", "j", "--token", "7"), "takes a GUID"),
            (("pipeline", "run", "glu", "j"), "did you mean 'glue'?"),
            (("pipeline", "run", "states", ARN + "cli-machine", "-p", "a={", "--type", "a=json"), "a"),
            (("platform", "test"), "PLATFORM"),
            (("completion", "csh"), "csh"),
            (("pipeline", "run", "glue", b"\xff"), "argument 4 is no UTF-8 text"),
        ]:
            with self.subTest(arguments):
                self.assertIn(words, self.refused(*arguments))

    def test_definition_files(self):
        good = (self.folder / "polysync.yaml").read_text()
        for file, words in [
            (good.replace("region:", "regoin:", 1), 'bad.yaml:4:5: unknown key "regoin" of a platform; did you mean "region"?'),
            (good + good[len("platforms:\n"):], 'duplicate platform name "glue"'),
            (good.replace("type: aws_glue", "type: 5", 1), 'bad.yaml:3:11: "type" must be a text'),
            ("", "the file is empty"),
            ("platforms: [", "not valid YAML"),
        ]:
            with self.subTest(words):
                self.assertIn(words, self.refused("platform", "list", file=file))
        self.assertIn("No such file", self.refused("-f", "missing.yaml", "platform", "list"))

    def test_all_errors_of_a_file_are_reported_at_once(self):
        text = self.refused("platform", "list", file="platforms:\n  - {name: a, typ: x}\n  - {name: a, type: aws_glue, regio: y}\n")
        self.assertGreaterEqual(len([line for line in text.splitlines() if "bad.yaml:" in line]), 6)

    def test_aws_refuses(self):
        done = self.polysync("pipeline", "run", "glue", "no-such-job", code=4)
        self.assertRegex(done.stderr, r"error: glue StartJobRun failed: EntityNotFoundException: .+\n  what to do: .+\n  request id: [0-9a-f-]{36}\n")
        error = self.polysync_json("pipeline", "run", "glue", "no-such-job", "-p", "a=1", code=4)["error"]
        self.assertEqual(error["code"], "EntityNotFoundException")
        self.assertNotEqual(error["request_id"], "")
        done = self.polysync("pipeline", "discover", "glue", code=4, SANDBOX_SECRET="wrong-wrong-wrong")
        self.assertIn("InvalidSignatureException", done.stderr)

    def test_no_secret_at_all_is_bad_input(self):
        environment = self.environment()
        del environment["SANDBOX_SECRET"]
        done = self.polysync("pipeline", "discover", "glue", code=None, SANDBOX_SECRET="")
        self.assertIn(done.returncode, (2, 4))

    def test_nothing_answers(self):
        (self.folder / "dead.yaml").write_text((self.folder / "polysync.yaml").read_text().replace(self.sandbox.endpoint, "http://127.0.0.1:1"))
        for arguments in (("discover", "glue"), ("run", "glue", "x"), ("run", "glue", "x", "-p", "a=1"), ("status", "glue", "x/y"),
                          ("cancel", "glue", "x/y"), ("logs", "glue", "x/y")):
            error = self.polysync_json("-f", "dead.yaml", "pipeline", *arguments, code=5)["error"]
            self.assertEqual(error["code"], "connect_failed")

    def test_a_web_page_in_the_place_of_aws(self):
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), WebPage) as gateway:
            thread = threading.Thread(target=gateway.serve_forever)
            thread.start()
            try:
                text = (self.folder / "polysync.yaml").read_text().replace(self.sandbox.endpoint, f"http://127.0.0.1:{gateway.server_port}")
                (self.folder / "gateway.yaml").write_text(text)
                error = self.polysync_json("-f", "gateway.yaml", "pipeline", "discover", "glue", code=5)["error"]
            finally:
                gateway.shutdown()
                thread.join()
        self.assertEqual(error["code"], "502")
        self.assertIn("a web page came instead of an answer from AWS: 502 Bad Gateway", error["message"])
