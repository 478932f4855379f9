"""How a server reaches its PostgreSQL: over TLS, with a password, and what it says where it cannot (docs/nodes.md)."""
import os
import shutil
import socket
import sys
from pathlib import Path

from server.kit import ServerTest, make_certificate

sys.path.append(str(Path(__file__).parents[2] / "support"))
from postgres import Postgres  # noqa: E402

PASSWORD = "correct horse battery"


class TlsTest(ServerTest):
    def setUp(self):
        super().setUp()
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.postgres = Postgres(listen_addresses="127.0.0.1", port=self.port)
        self.postgres.__enter__()
        self.addCleanup(self.postgres.__exit__)
        self.certificate, key = make_certificate(self.folder, "db.test")
        for path, name in ((self.certificate, "server.crt"), (key, "server.key")):
            place = self.postgres.data / name
            shutil.copy(path, place)
            owner = os.stat(self.postgres.data)
            os.chown(place, owner.st_uid, owner.st_gid)
            os.chmod(place, 0o600)
        (self.postgres.data / "pg_hba.conf").write_text("local all bench trust\nhostssl all polysync 127.0.0.1/32 scram-sha-256\n")
        self.postgres.stop("fast")
        self.postgres.settings["ssl"] = "on"
        self.postgres.start()
        self.postgres.sql(f"SET password_encryption = 'scram-sha-256'; CREATE USER polysync PASSWORD '{PASSWORD}'; GRANT CREATE ON DATABASE postgres TO polysync")

    def store(self, **more):
        """As somebody on another machine would write it: by a name, which is not this machine's."""
        options = {"host": "db.test", "hostaddr": "127.0.0.1", "port": self.port, **more}
        return ["--store", "postgres://polysync@/postgres?" + "&".join(f"{key}={value}" for key, value in options.items()),
                "--store-password", "env://PGPASS"]

    def test_the_right_one(self):
        server = self.server(*self.store(sslmode="verify-full", sslrootcert=self.certificate), PGPASS=PASSWORD).start()
        self.assertTrue(self.cli_json(server, "server", "status")["ready"])
        self.assertNotIn("sslmode", (self.folder / "server.log").read_text())
        used = self.postgres.sql("SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE usename = 'polysync'")
        self.assertEqual(used, ["t"])

    def test_one_that_nobody_vouches_for(self):
        other, _ = make_certificate(self.folder, "other.test")
        for given in ({"sslmode": "verify-full"}, {"sslmode": "verify-full", "sslrootcert": other},
                      {"sslmode": "verify-full", "sslrootcert": self.certificate, "host": "elsewhere.test"}):
            with self.subTest(given):
                error = self.refused(*self.store(**given), code=2, PGPASS=PASSWORD)
                self.assertEqual(error["code"], "store_certificate", error)
                self.assertIn("sslrootcert", error["remedy"])

    def test_without_a_check_it_warns(self):
        self.server(*self.store(sslmode="require"), PGPASS=PASSWORD).start()
        self.assertIn("sslmode=verify-full", (self.folder / "server.log").read_text())

    def test_logins_that_are_refused(self):
        for given, password in (({"sslmode": "disable"}, PASSWORD), ({"sslmode": "require"}, "wrong password")):
            with self.subTest(given):
                error = self.refused(*self.store(**given), code=2, PGPASS=password)
                self.assertEqual(error["code"], "store_login", error)
                self.assertNotIn(password, str(error))
