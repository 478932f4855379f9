"""1,000 runs of all four services in flight while the server is killed 50 times, and the same while its disk fills up or turns
read-only: by the sandbox's own books each attempt was submitted exactly once (Express: at most once), and no run is lost (SAFE-1)."""
import os
import random
import tempfile
import threading
import time
import unittest
from pathlib import Path

from server.chaos import Chaos
from server.disk import FailingDisk

# An attempt of Glue or Batch that was not sent counts as such two minutes after the last start (SAFE-1), and it may be the second one.
END_TIMEOUT_S = 600
TAKES_MINUTES = True


class Scenario(threading.Thread):
    """A Chaos in a folder of its own, beside the others; `what_happens` is called with it while its runs are under way."""

    def __init__(self, what_happens, count, seed, running_ms, with_disk=False):
        super().__init__(name=what_happens.__name__)
        self.what_happens, self.with_disk = what_happens, with_disk
        self.arguments = count, seed, running_ms
        self.error, self.violations, self.most_in_flight, self.disk = None, [], 0, None

    def run(self):
        try:
            with tempfile.TemporaryDirectory() as folder:
                self.play(Path(folder))
        except BaseException as error:  # told by the test
            self.error = error

    def play(self, folder):
        environment = {}
        if self.with_disk:
            self.disk = FailingDisk(folder / "store", folder / "switch")
            environment = self.disk.environment
        chaos = Chaos(folder, *self.arguments, **environment)
        try:
            chaos.begin()
            self.what_happens(chaos, self.disk)
            chaos.end(END_TIMEOUT_S)
            self.violations = chaos.violations()
            self.most_in_flight = chaos.in_flight()
        finally:
            chaos.close()
            if self.disk:
                self.disk.close()


def kills(chaos, _):
    for _ in range(50):
        chaos.kill_once()


def full_disk(chaos, disk):
    failures(chaos, disk, disk.full)


def read_only_database(chaos, disk):
    failures(chaos, disk, disk.read_only)


def failures(chaos, disk, fail):
    """Again and again the disk fails for a while; every third time the server is killed meanwhile, and one that is started then does not come up."""
    for round_number in range(15):
        time.sleep(chaos.random.uniform(0.2, 2))
        fail()
        time.sleep(chaos.random.uniform(0.2, 2))
        if round_number % 3 == 2:
            chaos.server.kill()
            process = chaos.server.launch()
            time.sleep(0.3)
            process.kill()
            process.communicate()
            disk.works()
            chaos.server.start()
        disk.works()


class ChaosTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        seed = int(os.environ.get("CHAOS_SEED", random.randrange(1 << 30)))
        cls.seed = f"CHAOS_SEED={seed} plays it again"
        cls.scenarios = [Scenario(kills, 1000, seed, running_ms=40_000), Scenario(full_disk, 300, seed + 1, running_ms=8_000, with_disk=True),
                         Scenario(read_only_database, 300, seed + 2, running_ms=8_000, with_disk=True)]
        for scenario in cls.scenarios:
            scenario.start()
        for scenario in cls.scenarios:
            scenario.join()

    def check(self, scenario):
        if scenario.error:
            raise AssertionError(f"{scenario.error} ({self.seed})") from scenario.error
        self.assertEqual(scenario.violations[:10], [], self.seed)

    def test_50_kills(self):
        self.check(self.scenarios[0])
        self.assertGreaterEqual(self.scenarios[0].most_in_flight, 900)

    def test_a_full_disk(self):
        self.check(self.scenarios[1])

    def test_a_database_that_turns_read_only(self):
        self.check(self.scenarios[2])
