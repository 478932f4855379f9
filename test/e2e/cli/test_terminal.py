"""What the command line does on a terminal, and without one: colours, the live line, Ctrl-C."""
import signal
import subprocess

from cli.fixture import ARN, CliTest
from cli.terminal import Terminal
from polysync_e2e import POLYSYNC_BIN, RUN_TIMEOUT_S


class TerminalTest(CliTest):
    def terminal(self, *arguments, colours=True, columns=120, **environment):
        env = self.environment(**{"TERM": "xterm", **environment})
        if colours:
            del env["NO_COLOR"]
        return Terminal(arguments, self.folder, env, columns)

    def test_colours_only_on_a_terminal(self):
        with self.terminal("platform", "list") as terminal:
            self.assertEqual(terminal.end(), 0)
            self.assertIn("\x1b[1m", terminal.text)
        for settings in ({"colours": False}, {"TERM": "dumb"}):
            with self.terminal("platform", "list", **settings) as terminal:
                terminal.end()
                self.assertNotIn("\x1b", terminal.text)
        self.assertNotIn("\x1b", self.polysync("platform", "list").stdout)

    def test_waiting_shows_one_live_line(self):
        with self.terminal("pipeline", "run", "sagemaker", "CliPipeline", "--wait") as terminal:
            self.assertEqual(terminal.end(), 0)
            self.assertIn("\r\x1b[K", terminal.text)
            self.assertRegex(terminal.text, r"0:0\d  \x1b\[36mRunning\x1b\[0m \(Executing\)")
            self.assertIn("steps: ", terminal.text)

    def test_the_live_line_fits_the_terminal(self):
        with self.terminal("pipeline", "run", "sagemaker", "CliPipeline", "--wait", columns=30, colours=False) as terminal:
            self.assertEqual(terminal.end(), 0)
            lines = [part for part in terminal.text.split("\r\x1b[K") if part.startswith(" 0:")]
            self.assertTrue(lines)
            self.assertTrue(all(len(line.split("\r")[0].split("\n")[0]) <= 29 for line in lines), lines)

    def test_control_c_asks_and_cancels(self):
        with self.terminal("pipeline", "run", "batch", "cli-long", "--wait") as terminal:
            terminal.wait_for("Running")
            terminal.press_control_c()
            terminal.wait_for("Cancel the run? [y/N]")
            terminal.type("y\n")
            terminal.wait_for("AWS is asked to stop the run")
            self.assertEqual(terminal.end(), 3)
            self.assertIn("Cancelled", terminal.text)

    def test_no_goes_on_and_a_second_control_c_leaves(self):
        with self.terminal("pipeline", "run", "glue", "cli-long", "--wait") as terminal:
            terminal.wait_for("0:0")
            terminal.press_control_c()
            terminal.wait_for("Cancel the run? [y/N]")
            terminal.type("n\n")
            terminal.wait_for("0:02")
            terminal.text = ""
            terminal.press_control_c()
            terminal.wait_for("Cancel the run? [y/N]")
            terminal.press_control_c()
            self.assertEqual(terminal.end(), 130)
            self.assertIn("the run goes on. Look again with: polysync pipeline status glue cli-long/jr_", terminal.text)
        self.assertEqual(self.calls("glue.BatchStopJobRun"), 0)

    def test_without_a_terminal_an_interrupt_leaves_the_run_going(self):
        for stop in (signal.SIGINT, signal.SIGTERM):
            process = subprocess.Popen([POLYSYNC_BIN, "pipeline", "run", "states", ARN + "cli-long", "--wait"], cwd=self.folder, stdin=subprocess.DEVNULL,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=self.environment())
            for line in process.stderr:
                if "Running" in line:
                    break
            process.send_signal(stop)
            out, err = process.communicate(timeout=RUN_TIMEOUT_S)
            self.assertEqual(process.returncode, 130)
            self.assertIn("Look again with: polysync pipeline status states arn:aws:states", err)
            run_id = next(line.split()[-1] for line in out.splitlines() if line.startswith("run id"))
            self.assertEqual(self.polysync_json("pipeline", "status", "states", run_id)[0]["status"], "Running")

    def test_an_interrupt_ends_other_commands_at_once(self):
        self.sandbox.admin("faults", kind="delay", service="glue", operation="GetJobs", delay_ms=60_000, count=1)
        with self.terminal("pipeline", "discover", "glue") as terminal:
            while not any(fault["acted"] for fault in self.sandbox.read("faults")["faults"]):
                pass
            terminal.press_control_c()
            self.assertEqual(terminal.end(), 130)
            self.assertIn("interrupted", terminal.text)

    def test_a_closed_pipe_ends_quietly(self):
        command = f"{POLYSYNC_BIN} pipeline discover glue | head -n 1"
        done = subprocess.run(["sh", "-c", command], cwd=self.folder, env=self.environment(), capture_output=True, text=True)
        self.assertEqual((done.stdout.count("\n"), done.stderr), (1, ""))
