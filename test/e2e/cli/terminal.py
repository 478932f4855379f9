"""The program on a pseudo-terminal."""
import os
import pty
import select
import signal
import struct
import subprocess
import fcntl
import termios
import time

from polysync_e2e import POLYSYNC_BIN, RUN_TIMEOUT_S


class Terminal:
    """Runs the program with stdin, stdout and stderr on one terminal; use as a context."""

    def __init__(self, arguments, cwd, env, columns=120):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        self.process = subprocess.Popen([POLYSYNC_BIN, *arguments], cwd=cwd, env=env, stdin=slave, stdout=slave, stderr=slave,
                                        preexec_fn=self._own_terminal, close_fds=True)
        os.close(slave)
        self.text = ""

    @staticmethod
    def _own_terminal():
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)

    def _read(self, deadline):
        ready, _, _ = select.select([self.master], [], [], max(0, deadline - time.monotonic()))
        if not ready:
            raise AssertionError(f"nothing more was written; so far: {self.text!r}")
        try:
            data = os.read(self.master, 65536)
        except OSError:  # the program has closed the terminal
            data = b""
        self.text += data.decode("utf-8", "replace")
        return bool(data)

    def wait_for(self, words):
        """Reads until the program has written that."""
        deadline = time.monotonic() + RUN_TIMEOUT_S
        while words not in self.text:
            if not self._read(deadline):
                raise AssertionError(f"{words!r} was never written: {self.text!r}")

    def type(self, text):
        os.write(self.master, text.encode())

    def press_control_c(self):
        self.type("\x03")

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    def end(self):
        """Reads to the end; the exit code."""
        deadline = time.monotonic() + RUN_TIMEOUT_S
        while self._read(deadline):
            pass
        return self.process.wait(RUN_TIMEOUT_S)
