"""The completion scripts in the shells that they are for."""
import os
import pty
import re
import select
import shutil
import subprocess
import time
import unittest
from pathlib import Path

from cli.fixture import CliTest
from polysync_e2e import POLYSYNC_BIN, RUN_TIMEOUT_S

EXPECTED = [
    ("polysync pipeline ", {"discover", "run", "status", "cancel", "logs"}),
    ("polysync pipeline run ", {"glue", "batch", "sagemaker", "states"}),
    ("polysync platform test gl", {"glue"}),
    ("polysync pipeline run glue --dry", {"--dry-run"}),
    ("polysync completion ", {"bash", "zsh", "fish"}),
    ("polysync --log-level ", {"trace", "debug", "info", "warn", "error", "off"}),
]


class CompletionTest(CliTest):
    def environment(self, **more):
        return super().environment(**{"PATH": f"{Path(POLYSYNC_BIN).parent}:{os.environ['PATH']}", **more})

    def expected(self):
        """Each line with what may come next; of the first word, what --help lists."""
        text = self.polysync("--help").stdout.partition("\nSubcommands:\n")[2].partition("\n\n")[0]
        commands = set(re.findall(r"^  (\w+) ", text, re.MULTILINE))
        self.assertLessEqual({"sandbox", "platform", "pipeline", "version", "completion"}, commands)
        return [("polysync ", commands), *EXPECTED]

    def script(self, shell, name):
        path = self.folder / name
        path.write_text(self.polysync("completion", shell).stdout)
        return path

    def shell(self, *arguments):
        return subprocess.run(arguments, cwd=self.folder, env=self.environment(), capture_output=True, text=True, timeout=RUN_TIMEOUT_S, check=True).stdout

    def test_bash(self):
        script = self.script("bash", "c.bash")
        for line, expected in self.expected():
            words = " ".join(f"'{word}'" for word in line.split(" "))
            answer = self.shell("bash", "-c", f"set -u; . {script}; COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _polysync; "
                                              "printf '%s\\n' \"${COMPREPLY[@]}\"")
            self.assertEqual(set(answer.split()), expected, line)

    @unittest.skipUnless(shutil.which("fish"), "no fish here")
    def test_fish(self):
        script = self.script("fish", "c.fish")
        for line, expected in self.expected():
            answer = self.shell("fish", "--no-config", "-c", f"source {script}; complete -C '{line}'")
            self.assertEqual({word.split("\t")[0] for word in answer.splitlines()}, expected, line)

    @unittest.skipUnless(shutil.which("zsh"), "no zsh here")
    def test_zsh(self):
        self.script("zsh", "_polysync")
        for line, expected in self.expected():
            text = self.zsh_completes(line)
            for word in expected:
                self.assertIn(word[len(line.split(" ")[-1]):], text, line)

    def zsh_completes(self, line):
        """What an interactive zsh writes when Tab is pressed after `line`."""
        master, slave = pty.openpty()
        process = subprocess.Popen(["zsh", "-f", "-i"], cwd=self.folder, env=self.environment(TERM="xterm"), stdin=slave, stdout=slave, stderr=slave,
                                   start_new_session=True)
        os.close(slave)
        try:
            setup = "PS1=; fpath=($PWD $fpath); autoload -U compinit; compinit -u -D; setopt no_auto_menu; print re''ady\n"
            os.write(master, setup.encode())
            self.read_until(master, r"ready\r.*\x1b\[\?2004h")  # the line editor takes keys from here on
            os.write(master, f"{line}\t\t".encode())
            # Ctrl-U and a marker: what comes before it is all that Tab wrote.
            os.write(master, b"\x15print do''ne\n")
            return self.read_until(master, r"done\r")
        finally:
            process.kill()
            process.wait()
            os.close(master)

    def read_until(self, master, mark):
        text, deadline = "", time.monotonic() + RUN_TIMEOUT_S
        while not re.search(mark, text, re.DOTALL):
            ready, _, _ = select.select([master], [], [], max(0, deadline - time.monotonic()))
            self.assertTrue(ready, text)
            text += os.read(master, 65536).decode("utf-8", "replace")
        return text
