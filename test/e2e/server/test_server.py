"""`polysync server`: how it starts, what it refuses, how it stops, and what a restart keeps."""
import json
import os
import signal
import socket
import sqlite3
import stat
import subprocess

from polysync_e2e import POLYSYNC_BIN, RUN_TIMEOUT_S
from server.kit import Server, ServerTest, make_certificate, wait_until


class StartTest(ServerTest):
    def test_the_first_start_makes_store_and_token_for_this_user_only(self):  # SAFE-3
        server = self.server().start()
        state = self.folder / "state" / "polysync"
        self.assertEqual(server.store, str(state / "polysync.db"))
        self.assertEqual(server.token_file, str(state / "token"))
        for path in (server.token_file, server.store, server.store + "-wal"):
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600, path)
        self.assertEqual(stat.S_IMODE(os.stat(state).st_mode), 0o700)
        self.assertEqual(len(server.token), 64)
        self.assertNotIn(server.token, (self.folder / "server.log").read_text())
        token = server.token
        server.stop()
        self.assertEqual(server.start().token, token)

    def test_health_and_readiness_need_no_token_and_everything_else_does(self):
        server = self.server().start()
        self.assertEqual(server.probe("/healthz"), (200, {"status": "ok"}))
        self.assertEqual(server.probe("/readyz"), (200, {"ready": True}))
        self.assertEqual(server.request("GET", "/api/v1/status", headers={})[0], 401)
        self.assertEqual(server.request("GET", "/api/v1/status", headers={"Authorization": "Bearer " + "0" * 64})[0], 401)
        self.assertTrue(server.get("status")["ready"])

    def test_people_are_told_where_it_is(self):
        process = subprocess.Popen([POLYSYNC_BIN, "server", "--listen", "127.0.0.1:0"], cwd=self.folder, text=True, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, env=Server(self.folder).environment)
        lines = [process.stdout.readline() for _ in range(3)]
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=RUN_TIMEOUT_S)
        self.assertRegex(lines[0], r"^polysync \S+ listens on http://127\.0\.0\.1:\d+\n$")
        self.assertRegex("".join(lines[1:]), r"^store  .*/polysync\.db\ntoken  .*/token\n$")
        self.assertEqual(process.returncode, 0)
        self.assertIn("what runs in AWS goes on", err)

    def test_store_token_and_variables_where_they_are_told_to_be(self):
        (self.folder / "variables").write_text('DB_PASSWORD="geheim-4711"\n')
        server = self.server("--store", f"sqlite://{self.folder}/own.db", "--token-file", str(self.folder / "own-token"),
                             "--env-file", str(self.folder / "variables")).start()
        self.assertTrue((self.folder / "own.db").exists())
        self.assertTrue((self.folder / "own-token").exists())
        self.cli(server, "server", "status")  # the note tells where the token is


class RefusalTest(ServerTest):
    """SAFE-5: what cannot work is refused at the start, with the place and a remedy."""

    def test_a_second_server_on_one_store(self):
        server = self.server().start()
        error = self.refused(code=1)
        self.assertEqual(error["code"], "store_in_use")
        self.assertIn("One server at a time", error["remedy"])
        self.assertEqual(server.probe("/readyz")[0], 200)
        self.assertEqual(self.cli_json(server, "server", "status")["ready"], True)  # the note is still the first one's

    def test_a_port_in_use(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            error = self.refused("--listen", f"127.0.0.1:{taken.getsockname()[1]}", code=1)
        self.assertEqual(error["code"], "cannot_listen")
        self.assertIn("--listen", error["remedy"])

    def test_listening_beyond_this_machine_without_being_asked(self):
        error = self.refused("--listen", "0.0.0.0:0", code=2)
        self.assertEqual(error["code"], "remote_listen")
        self.assertIn("--allow-remote", error["remedy"])
        server = self.server("--listen", "0.0.0.0:0", "--allow-remote").start()
        self.cli(server, "server", "status")

    def test_options_that_mean_nothing(self):
        for arguments, code in [(("--listen", "8080"), "invalid_listen"), (("--listen", "example.com:1"), "invalid_listen"),
                                (("--store", "polysync.db"), "invalid_store"), (("--store", "sqlite://polysync.db"), "invalid_store"),
                                (("--store", "mysql://db/polysync"), "invalid_store"), (("--store", "sqlite:///"), "invalid_store"),
                                (("--store", "postgres://ana:sesame42@db/polysync"), "invalid_store"),
                                (("--store", "postgres://db/polysync", "--store-password", "sesame42"), "invalid_store"),
                                (("--tls-certificate", "none", "--tls-key", "none"), "invalid_certificate"),
                                (("--env-file", "none"), "file_missing")]:
            with self.subTest(arguments):
                self.assertEqual(self.refused(*arguments, code=2)["code"], code)
        self.assertEqual(self.refused("--store", "postgres://127.0.0.1:1/polysync", code=1)["code"], "store_unreachable")
        self.assertEqual(self.refused("--tls-key", "none", code=2)["code"], "usage")
        self.assertEqual(self.refused(code=2, AWS_CA_BUNDLE="/nonexistent")["code"], "tls_setup")

    def test_stores_that_cannot_be_used(self):
        (self.folder / "text.db").write_text("this is no database, and longer than its header would be. " * 20)
        (self.folder / "folder.db").mkdir()
        for name, words in [("none/x.db", "No such file"), ("text.db", "not a database"), ("folder.db", "folder.db")]:
            with self.subTest(name):
                error = self.refused("--store", f"sqlite://{self.folder}/{name}", code=2)
                self.assertIn(words, error["message"])
                self.assertTrue(error["remedy"])
        self.assertEqual((self.folder / "text.db").read_text()[:15], "this is no data")

    def test_a_store_that_may_not_be_written(self):
        server = self.server().start()
        server.stop()
        self.addCleanup(os.chmod, server.store, 0o600)
        os.chmod(server.store, 0o400)
        for path in [self.folder, *self.folder.rglob("*")]:  # root may write everything: somebody else tries
            os.chown(path, 65534, 65534)
        error = self.refused(code=2, options={"user": 65534, "group": 65534} if os.getuid() == 0 else {})
        self.assertEqual(error["code"], "store_read_only")

    def test_a_store_of_a_newer_version(self):
        server = self.server().start()
        server.stop()
        database = sqlite3.connect(server.store)
        database.execute("PRAGMA user_version=4711")
        database.close()
        error = self.refused(code=1)
        self.assertEqual(error["code"], "newer_schema")
        self.assertIn("restore a backup", error["remedy"])

    def test_a_full_disk(self):
        error = self.refused(code=1, options={"preexec_fn": limit_files(20_000)})
        self.assertIn("disk", error["remedy"] + error["message"])
        self.server().start()  # what was begun is no obstacle once there is room

    def test_a_token_that_others_may_read(self):
        server = self.server().start()
        server.stop()
        os.chmod(server.token_file, 0o644)
        error = self.refused(code=2)
        self.assertEqual(error["code"], "token_file_mode")


def stopping(server):
    """It takes no more connections."""
    try:
        server.probe("/healthz")
        return False
    except OSError:
        return True


def limit_files(size):
    """The largest file that a process may write, as a disk that is full would have it."""
    def limit():
        import resource
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    return limit


class StopTest(ServerTest):
    def test_signals_stop_it_with_code_0_and_take_the_note_away(self):  # SAFE-6
        for number in (signal.SIGTERM, signal.SIGINT):
            server = self.server().start()
            note = self.folder / "state" / "polysync" / "server.json"
            self.assertEqual(json.loads(note.read_text())["url"], server.url)
            self.assertEqual(stat.S_IMODE(os.stat(note).st_mode), 0o600)
            server.send(number)
            self.assertEqual(server.process.wait(RUN_TIMEOUT_S), 0)
            self.assertFalse(note.exists())
            self.assertEqual(server.cli("server", "status").returncode, 2)

    def test_streams_and_idle_connections_do_not_hold_it_up(self):
        server = self.server().start()
        connections = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(3)]
        self.addCleanup(lambda: [connection.close() for connection in connections])
        connections[0].sendall(f"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {server.token}\r\n\r\n".encode())
        self.assertIn(b"200 OK", connections[0].recv(4096))
        connections[1].sendall(b"GET /healthz HT")
        self.assertEqual(server.stop(), 0)  # half a request is waited for, within bounds

    def test_a_second_signal_ends_it_at_once(self):
        server = self.server().start()
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.sendall(b"GET /healthz HT")  # half a request is waited for
            self.assertEqual(server.probe("/healthz")[0], 200)
            server.send(signal.SIGTERM)
            wait_until(lambda: stopping(server))
            server.send(signal.SIGTERM)
            self.assertEqual(server.process.wait(RUN_TIMEOUT_S), 128 + signal.SIGTERM)  # a graceful end is 0

    def test_after_a_kill_the_next_one_starts_at_once(self):
        server = self.server().start()
        self.cli(server, "server", "pause", "--reason", "the night")
        for _ in range(3):
            server.kill()
            server.start()
        self.assertEqual(self.cli_json(server, "server", "status")["pauses"][0]["reason"], "the night")


class RemoteCommandTest(ServerTest):
    """The command line's way to a server of its own machine."""

    def test_lists_of_an_empty_server(self):
        server = self.server().start()
        for command in [("task", "list"), ("run", "list"), ("job", "list"), ("profile", "list"), ("source", "list"), ("backfill", "list"),
                        ("alerts",), ("audit",)]:
            with self.subTest(command):
                self.assertEqual(self.cli_json(server, *command), [])

    def test_what_was_done_is_audited_and_kept(self):
        server = self.server().start()
        self.cli(server, "server", "pause", "--reason", "maintenance")
        server.stop()
        server.start()
        status = self.cli_json(server, "server", "status")
        self.assertEqual([pause["subject"] for pause in status["pauses"]], ["everything"])
        self.cli(server, "server", "resume")
        self.assertEqual([entry["action"] for entry in self.cli_json(server, "audit")], ["resume", "pause"])

    def test_a_backup_is_a_store_of_its_own(self):
        server = self.server().start()
        self.cli(server, "server", "pause", "--reason", "in the backup")
        self.cli(server, "server", "backup", "copy.db")
        self.assertEqual(stat.S_IMODE(os.stat(self.folder / "copy.db").st_mode), 0o600)
        self.cli(server, "server", "resume")
        self.cli(server, "server", "backup", "copy.db", code=2)  # never over something
        server.stop()
        restored = self.server("--store", f"sqlite://{self.folder}/copy.db").start()
        self.assertEqual(restored.get("status")["pauses"][0]["reason"], "in the backup")

    def test_a_backup_takes_the_place_of_the_store_and_is_paused(self):  # SAFE-1
        server = self.server().start()
        self.cli(server, "server", "backup", "copy.db")
        self.cli(server, "server", "pause", "--reason", "after the backup")
        self.assertIn("store_in_use", self.cli(server, "server", "restore", "copy.db", code=1).stderr)
        server.stop()
        done = self.cli(server, "server", "restore", "copy.db")
        self.assertIn("Everything is paused", done.stderr)
        server.start()
        self.assertEqual(server.get("status")["pauses"][0]["reason"], "restored from copy.db")
        self.assertEqual(self.cli_json(server, "audit")[0]["action"], "restore")
        self.cli(server, "server", "resume")
        server.stop()
        self.cli(server, "server", "restore", "none.db", code=2)
        self.assertEqual(server.start().get("status")["pauses"], [])

    def test_with_a_certificate_it_may_be_reached_from_elsewhere(self):
        certificate, key = make_certificate(self.folder, "localhost", ",IP:127.0.0.1")
        server = self.server("--listen", "0.0.0.0:0", "--tls-certificate", certificate, "--tls-key", key).start()
        self.assertTrue(server.url.startswith("https://"))
        self.assertEqual(server.cli("server", "status").returncode, 5)  # nobody vouches for the certificate
        server.environment["AWS_CA_BUNDLE"] = certificate
        self.cli(server, "server", "status")
        self.cli(server, "--server", f"https://localhost:{server.port}", "--token-file", server.token_file, "task", "list")

    def test_without_a_server_it_says_what_to_start(self):
        done = self.server().cli("task", "list")
        self.assertEqual(done.returncode, 2)
        self.assertIn("polysync dev", done.stderr)

    def test_a_killed_server_is_named(self):
        server = self.server().start()
        server.kill()
        done = server.cli("task", "list")
        self.assertEqual(done.returncode, 5)
        self.assertIn(server.url, done.stderr)

    def test_a_token_of_another_server_is_refused(self):
        server = self.server().start()
        (self.folder / "wrong").write_text("0" * 64)
        done = server.cli("--token-file", "wrong", "task", "list")
        self.assertEqual(done.returncode, 4)
        self.assertNotIn("0" * 64, done.stdout + done.stderr)
        wait_until(lambda: server.probe("/readyz")[0] == 200)
