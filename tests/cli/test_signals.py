# SPDX-License-Identifier: MIT
"""Ctrl-C and its relatives: a clean end, or an end at once."""

import os
import signal
import subprocess
import time

from support import PROGRAM, TIMEOUT_S, CliTest
from terminal import Terminal

__all__ = ["DeadlineTest", "SignalTest"]

# An hour of video: nobody waits for its end.
ENDLESS = ["--size", "128x128", "--fps", "120", "--duration", "3600", "--profile", "draft"]
CANCEL_S = 10  # on a machine that may be busy


class SignalTest(CliTest):
    def render(self) -> Terminal:  # type: ignore[override]
        terminal = Terminal(self.folder, "render", *ENDLESS, "a.png", "b.png", "-o", "out.mp4")
        terminal.wait_for("rendering")
        return terminal

    def cancelled(self, terminal: Terminal, code: int) -> None:
        """It must end soon, with this code, and leave nothing behind."""
        start = time.monotonic()
        self.assertEqual(terminal.finish(), code, terminal.text())
        self.assertLess(time.monotonic() - start, CANCEL_S)
        self.assertEqual(self.names(), self.before)
        screen = terminal.screen()
        self.assertIn("hydra-cli: cancelling; once more ends the program at once, and may leave a "
                      ".part file", screen)
        self.assertIn("hydra-cli: error: cancelled; nothing was left behind", screen)

    def test_ctrl_c(self) -> None:
        terminal = self.render()
        terminal.press(b"\x03")
        self.cancelled(terminal, 130)

    def test_terminate_and_hang_up(self) -> None:
        for number in (signal.SIGTERM, signal.SIGHUP):
            terminal = self.render()
            terminal.process.send_signal(number)
            self.cancelled(terminal, 128 + number)

    def test_old_output_survives(self) -> None:
        self.write("out.mp4", b"old")
        terminal = Terminal(self.folder, "render", *ENDLESS, "a.png", "-y", "-o", "out.mp4")
        terminal.wait_for("rendering")
        terminal.press(b"\x03")
        self.cancelled(terminal, 130)
        self.assertEqual((self.folder / "out.mp4").read_bytes(), b"old")

    def test_second_signal_ends_at_once(self) -> None:
        """Both wait while the program is stopped, so no clean end can come between them."""
        terminal = self.render()
        for number in (signal.SIGSTOP, signal.SIGINT, signal.SIGTERM, signal.SIGCONT):
            terminal.process.send_signal(number)
        self.assertIn(terminal.finish(), (130, 143))
        self.assertNotIn("nothing was left behind", terminal.text())

    def test_ignored_interrupt_stays_ignored(self) -> None:
        """As in a script's background job, or under nohup."""
        process = subprocess.Popen(
            [PROGRAM, "render", *ENDLESS, "--progress", "json", "a.png", "-o", "out.mp4"],
            cwd=self.folder, stderr=subprocess.PIPE,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN))
        assert process.stderr
        while b'"rendering"' not in process.stderr.readline():
            pass
        process.send_signal(signal.SIGINT)
        for _ in range(3):
            self.assertIn(b"{", process.stderr.readline())
        process.send_signal(signal.SIGTERM)
        error = process.communicate(timeout=TIMEOUT_S)[1]
        self.assertEqual(process.returncode, 143, error)
        self.assertEqual(self.names(), self.before)

    def test_error_as_json(self) -> None:
        read_end, write_end = os.pipe()
        terminal = Terminal(self.folder, "render", *ENDLESS, "--json", "a.png", "-o", "out.mp4",
                            stdout=write_end)
        os.close(write_end)
        terminal.wait_for("rendering")
        terminal.press(b"\x03")
        self.cancelled(terminal, 130)
        with os.fdopen(read_end) as result:
            text = result.read()
        self.assertIn('"status": "HYDRA_ERR_CANCELLED"', text)
        self.assertIn('"exit_code": 130', text)


class DeadlineTest(CliTest):
    def test_deadline(self) -> None:
        self.fails(5, "render", *ENDLESS, "--deadline", "0.3", "a.png", "-o", "out.mp4", says="deadline")

    def test_deadline_that_is_kept(self) -> None:
        self.render("a.png", "--deadline", "600")
