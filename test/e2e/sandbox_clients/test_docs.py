"""docs/sandbox.md shows only commands that work."""
import re
import subprocess
import unittest

from polysync_e2e import ROOT, RUN_TIMEOUT_S, Sandbox, clean_environment


class DocsTest(unittest.TestCase):
    def test_every_curl_example_works(self):
        text = (ROOT / "docs" / "sandbox.md").read_text()
        blocks = re.findall(r"^```sh\n(.*?)^```", text, re.S | re.M)
        commands = [line for block in blocks for line in block.splitlines() if line.startswith("curl ")]
        self.assertGreater(len(commands), 20)
        with Sandbox() as sandbox:
            for command in commands:
                with self.subTest(command):
                    done = subprocess.run(["sh", "-c", command.replace("http://127.0.0.1:4570", sandbox.endpoint)], capture_output=True, text=True,
                                          timeout=RUN_TIMEOUT_S, env=clean_environment())
                    self.assertEqual(done.returncode, 0, done.stderr + done.stdout)


if __name__ == "__main__":
    unittest.main()
