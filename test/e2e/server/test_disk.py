"""What a server does while its disk is full or read-only: nothing half-way, and it goes on by itself."""
from server.disk import FailingDisk
from server.kit import ServerTest, wait_until


class DiskTest(ServerTest):
    def setUp(self):
        super().setUp()
        (self.folder / "store").mkdir()
        self.disk = FailingDisk(self.folder / "store", self.folder / "switch")
        self.addCleanup(self.disk.close)

    def start(self):
        return self.server("--store", f"sqlite://{self.folder}/store/polysync.db", **self.disk.environment).start()

    def pause(self, server, reason):
        return server.request("POST", "/api/v1/pause", {"reason": reason}, {"Authorization": f"Bearer {server.token}"})

    def test_what_cannot_be_written_is_refused_whole_and_works_again_by_itself(self):
        server = self.start()
        for fail, words in [(self.disk.full, "disk"), (self.disk.read_only, "disk")]:
            self.assertEqual(self.pause(server, "before")[0], 200)
            fail()
            # The log has room left in it; it grows only when that is used up.
            status, headers, text = wait_until(lambda: refused(self.pause(server, "x" * 1000)))
            self.assertEqual((status, headers["Content-Type"]), (503, "application/problem+json"), text)
            self.assertIn(words, text)
            self.assertEqual(server.probe("/healthz")[0], 200)
            self.assertEqual(server.probe("/readyz")[0], 503)
            self.assertEqual(server.request("GET", "/api/v1/status", headers={"Authorization": f"Bearer {server.token}"})[0], 200)
            self.disk.works()
            wait_until(lambda: server.probe("/readyz")[0] == 200, "it does not get ready again by itself")
            self.assertEqual(self.pause(server, "after")[0], 200)
            self.assertEqual(server.get("status")["pauses"][0]["reason"], "after")

    def test_a_start_on_a_failing_disk_is_refused_and_harms_nothing(self):
        server = self.start()
        self.assertEqual(self.pause(server, "kept")[0], 200)
        server.kill()
        self.disk.read_only()
        error = self.refused("--store", server.arguments[1], code=2, **self.disk.environment)
        self.assertIn("Read-only file system", error["message"])
        self.disk.works()
        server.start()
        self.assertEqual(server.get("status")["pauses"][0]["reason"], "kept")


def refused(answer):
    return answer if answer[0] >= 300 else None
