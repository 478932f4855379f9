"""The sandbox as a command: what it says, how it ends."""
import signal
import subprocess
import unittest

from polysync_e2e import ACCESS_KEY_ID, RUN_TIMEOUT_S, SANDBOX_BIN, SECRET, Sandbox, clean_environment


class CommandTest(unittest.TestCase):
    def start(self, *arguments):
        return subprocess.Popen([SANDBOX_BIN, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=clean_environment())

    def test_says_what_to_type_and_ends_on_a_signal(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number):
                process = self.start()
                text = ""
                while "Ctrl-C" not in text:
                    line = process.stdout.readline()
                    self.assertTrue(line, "it ended early")
                    text += line
                for words in ("http://127.0.0.1:", ACCESS_KEY_ID, SECRET, "platforms:", "polysync pipeline discover etl", "docs/sandbox.md"):
                    self.assertIn(words, text)
                process.send_signal(number)
                rest, errors = process.communicate(timeout=RUN_TIMEOUT_S)
                self.assertEqual((process.returncode, rest, errors), (0, "", ""))

    def test_a_taken_port_is_an_error(self):
        with Sandbox() as sandbox:
            process = self.start(str(sandbox.port))
            out, errors = process.communicate(timeout=RUN_TIMEOUT_S)
            self.assertEqual((process.returncode, out), (1, ""))
            self.assertIn("Address already in use", errors)
            self.assertIn("--listen", errors)


if __name__ == "__main__":
    unittest.main()
