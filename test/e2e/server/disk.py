"""A disk that fails under a server, and works again: FailingDisk(folder).full(), .read_only(), .works()."""
import mmap
import os
from pathlib import Path

from polysync_e2e import BUILD

FAILING_DISK = os.environ.get("FAILING_DISK_LIB", str(BUILD / "test" / "e2e" / "libfailing_disk.so"))


class FailingDisk:
    """Acts on everything below `folder`; pass `environment` to the programs that shall feel it."""

    def __init__(self, folder, switch):
        path = Path(switch)
        path.write_bytes(b"-")
        self.file = open(path, "r+b")  # for as long as the test runs
        self.page = mmap.mmap(self.file.fileno(), 1)
        self.environment = {"LD_PRELOAD": FAILING_DISK, "FAILING_DISK_FOLDER": str(folder), "FAILING_DISK_SWITCH": str(path)}

    def full(self):
        self.page[0:1] = b"f"

    def read_only(self):
        self.page[0:1] = b"r"

    def works(self):
        self.page[0:1] = b"-"

    def close(self):
        self.page.close()
        self.file.close()
