# SPDX-License-Identifier: MIT
"""Progress: a bar for people, lines for programs, nothing for pipes."""

import json
import re
from typing import Any

from support import CliTest
from terminal import Terminal

__all__ = ["BarTest", "ProgressLinesTest"]

# Long enough for several drawings on any machine.
LONGER = ["--size", "128x128", "--fps", "60", "--image-duration", "20", "--profile", "draft"]


class BarTest(CliTest):
    def bar(self, *options: str, columns: int = 80, **environment: str) -> Terminal:
        terminal = Terminal(self.folder, "render", *LONGER, "a.png", "b.png", "-y", "-o", "out.mp4",
                            *options, columns=columns, environment=environment)
        self.assertEqual(terminal.finish(), 0, terminal.text())
        return terminal

    def whole_bar(self, **environment: str) -> Terminal:
        """One whose program had its turn in every stage, which a busy machine may not give it."""
        for _ in range(10):
            terminal = self.bar(**environment)
            drawings = terminal.drawings()
            if ("preparing" in drawings[0] and "finishing" in drawings[-1]
                    and any("rendering" in line for line in drawings)):
                return terminal
        raise AssertionError(f"stages are not shown: {terminal.text()}")

    def test_bar_on_a_terminal(self) -> None:
        terminal = self.whole_bar()
        last = terminal.drawings()[-1]
        self.assertRegex(terminal.drawings()[0], r"^  0% ░{30}  preparing")
        self.assertRegex(last, r"^ \d\d% █+░*  finishing")
        rendering = [line for line in terminal.drawings() if "rendering" in line]
        self.assertRegex(rendering[-1], r"^ *\d+% [█░]{30}  rendering  [\d.]+ frames/s  \d:\d\d left$")

    def test_bar_goes_away(self) -> None:
        screen = self.bar().screen()
        self.assertTrue(any(line.startswith("out.mp4") for line in screen), screen)
        self.assertFalse(any("%" in line or "█" in line for line in screen), screen)

    def test_progress_never_falls(self) -> None:
        percents = [int(line.split("%")[0]) for line in self.bar().drawings()]
        self.assertEqual(percents, sorted(percents))

    def test_ten_drawings_a_second_at_most(self) -> None:
        terminal = self.bar()
        changes_of_stage = 4
        self.assertLessEqual(len(terminal.drawings()), 10 * terminal.seconds + changes_of_stage)

    def test_bar_fits_the_terminal(self) -> None:
        for columns in (200, 60, 40, 25, 12, 5, 1):
            terminal = self.bar(columns=columns)
            for line in terminal.drawings():
                self.assertLess(len(line), max(columns, 5), line)

    def test_bar_follows_the_terminal(self) -> None:
        terminal = Terminal(self.folder, "render", *LONGER, "--image-duration", "60", "a.png", "b.png",
                            "-o", "out.mp4")
        terminal.wait_for("rendering")
        terminal.resize(30)
        self.assertEqual(terminal.finish(), 0)
        lengths = [len(line) for line in terminal.drawings()]
        self.assertGreater(lengths[0], 30)
        self.assertLess(lengths[-1], 30)

    def test_colors(self) -> None:
        self.assertIn("\x1b[32m", self.bar().text())
        self.assertIn("\x1b[32m", self.bar(NO_COLOR="").text())
        self.assertNotIn("\x1b", self.bar(NO_COLOR="1").text())

    def test_plain_characters_without_utf8(self) -> None:
        for variables in ({"LANG": "C"}, {"LC_ALL": "POSIX"}, {"LC_CTYPE": "de_DE.ISO-8859-1"}):
            terminal = self.whole_bar(**variables)
            self.assertTrue(terminal.output.isascii())
            self.assertRegex(terminal.drawings()[0], r"^  0% -{30}  preparing")

    def test_no_bar_on_a_dumb_terminal(self) -> None:
        for kind in ("dumb", ""):
            terminal = self.bar(TERM=kind)
            self.assertEqual(terminal.drawings(), [])
            self.assertNotIn("\x1b", terminal.text())

    def test_no_bar_when_it_is_not_wanted(self) -> None:
        self.assertEqual(self.bar("--progress", "none").drawings(), [])
        self.assertEqual(self.bar("--quiet").output, b"")

    def test_error_is_colored_on_a_terminal_only(self) -> None:
        terminal = Terminal(self.folder, "render", "missing.png", "-o", "out.mp4")
        self.assertEqual(terminal.finish(), 3)
        self.assertIn("hydra-cli: \x1b[1;31merror:\x1b[0m missing.png", terminal.text())
        self.assertNotIn("\x1b", self.fails(3, "render", "missing.png", "-o", "out.mp4"))

    def test_warning_stands_above_the_bar(self) -> None:
        terminal = self.bar("--size", "1080x1920", "--image-duration", "1", NO_COLOR="1")
        warnings = [line for line in terminal.screen() if line.startswith("hydra-cli: warning: ")]
        self.assertEqual([line.split()[2] for line in warnings], ["a.png:", "b.png:"])

    def test_nothing_on_a_pipe(self) -> None:
        self.ok("render", *LONGER, "a.png", "-o", "out.mp4")

    def test_bar_on_demand_in_a_pipe(self) -> None:
        done = self.cli("render", *LONGER, "--progress", "bar", "a.png", "-o", "out.mp4")
        self.assertEqual(done.returncode, 0)
        self.assertIn("rendering", done.stderr.decode())
        self.assertNotIn(b"\x1b", done.stderr)


class ProgressLinesTest(CliTest):
    def events(self, *arguments: str, code: int = 0) -> list[dict[str, Any]]:
        done = self.cli("render", *LONGER, "--progress", "json", "-o", "out.mp4", *arguments)
        self.assertEqual(done.returncode, code, done.stderr)
        return [json.loads(line) for line in done.stderr.splitlines() if line.startswith(b"{")]

    def test_lines(self) -> None:
        events = self.events("a.png", "b.png", "-q")
        progress = [e for e in events if e["event"] == "progress"]
        self.assertGreater(len(progress), 2)
        for event in progress:
            self.assertEqual(set(event), {"event", "stage", "progress", "frames_done", "frames",
                                          "frames_per_s", "eta_us"})
            self.assertTrue(0 <= event["progress"] <= 1)
            self.assertIn(event["stage"], ("waiting", "preparing", "rendering", "finishing", "done"))
        self.assertEqual(events[-1], {"event": "done", "stage": "done", "progress": 1,
                                      "status": "HYDRA_OK", "text": ""})

    def test_nothing_falls(self) -> None:
        progress = [e for e in self.events("a.png", "b.png") if e["event"] == "progress"]
        for key in ("progress", "frames_done"):
            values = [e[key] for e in progress]
            self.assertEqual(values, sorted(values), key)

    def test_warnings_and_log(self) -> None:
        events = self.events("--size", "1080x1920", "--image-duration", "1", "a.png")
        kinds = {e["event"] for e in events}
        self.assertEqual(kinds, {"progress", "warning", "log", "done"})
        warning = next(e["text"] for e in events if e["event"] == "warning")
        self.assertRegex(warning, r"^a\.png: ")

    def test_failure_is_an_event_and_an_error(self) -> None:
        events = self.events("missing.png", code=3)
        self.assertEqual(events[-1]["status"], "HYDRA_ERR_NOT_FOUND")
        self.assertLess(events[-1]["progress"], 1)
        self.assertIn("missing.png", events[-1]["text"])

    def test_stdout_stays_the_result(self) -> None:
        done = self.cli("render", *LONGER, "--progress", "json", "--json", "-o", "out.mp4", "a.png")
        self.assertIs(json.loads(done.stdout)["ok"], True)

    def test_warning_in_plain_text(self) -> None:
        done = self.cli("render", "--size", "1080x1920", "--image-duration", "0.2", "a.png", "-o", "o.mp4")
        self.assertEqual(done.returncode, 0)
        self.assertTrue(re.fullmatch(r"hydra-cli: warning: a\.png: .*\n", done.stderr.decode()))
