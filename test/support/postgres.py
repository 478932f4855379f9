"""A PostgreSQL of a test's or benchmark's own in a temporary folder, and what CPU it used."""
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def bin_folder():
    if "POSTGRES_BIN" in os.environ:
        return Path(os.environ["POSTGRES_BIN"])
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    if not found:
        sys.exit("PostgreSQL is missing: scripts/setup test installs it")
    return found[-1]


class Postgres:
    """Default settings (fsync and synchronous_commit on) with a Unix socket only; use as a context."""

    def __init__(self, **settings):
        self.settings = {"max_connections": 64, **settings}
        # PostgreSQL refuses to run as root.
        self.prefix = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []

    def __enter__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="polysync-pg-"))
        if self.prefix:
            user = pwd.getpwnam("postgres")
            os.chown(self.folder, user.pw_uid, user.pw_gid)
        self.data = self.folder / "data"
        self.run("initdb", "-D", str(self.data), "-A", "trust", "-U", "bench", "--no-sync")
        self.start()
        self.url = f"postgresql://bench@/postgres?host={self.folder}"
        return self

    def start(self):
        settings = {"listen_addresses": "''", "unix_socket_directories": self.folder, **self.settings}
        options = " ".join(f"-c {name}={value}" for name, value in settings.items())
        self.run("pg_ctl", "-D", str(self.data), "-l", str(self.folder / "log"), "-w", "-o", options, "start")
        self.pid = int((self.data / "postmaster.pid").read_text().split()[0])

    def stop(self, mode="immediate"):
        self.run("pg_ctl", "-D", str(self.data), "-m", mode, "stop")

    def kill(self):
        """kill -9 of the server's first process; the others find out. Returns when all are gone."""
        group = [entry for entry in Path("/proc").iterdir() if entry.name.isdigit() and self.is_of_it(entry)]
        os.kill(self.pid, signal.SIGKILL)
        group += [entry for entry in Path("/proc").iterdir() if entry.name.isdigit() and self.is_of_it(entry)]
        while any(entry.exists() for entry in group):
            time.sleep(0.02)

    def is_of_it(self, entry):
        try:
            return os.readlink(entry / "cwd") == str(self.data)
        except OSError:
            return False

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, program, *arguments):
        done = subprocess.run([*self.prefix, str(bin_folder() / program), *arguments], cwd="/", capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"{program} failed:\n{done.stdout}{done.stderr}")
        return done.stdout

    def sql(self, text):
        """Its rows, the columns parted by |."""
        done = subprocess.run(["psql", "-h", str(self.folder), "-p", str(self.settings.get("port", 5432)), "-U", "bench", "-qAtc", text, "postgres"],
                              capture_output=True, text=True, check=True)
        return done.stdout.splitlines()

    def cpu_s(self):
        """Of the server and all its processes so far, ended ones too (once the server has waited for them)."""
        time.sleep(0.2)
        ticks = 0
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(entry.name) == self.pid:
                ticks += sum(int(value) for value in fields[11:15])  # utime, stime, cutime, cstime
            elif int(fields[1]) == self.pid:
                ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")
