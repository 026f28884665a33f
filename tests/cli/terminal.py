# SPDX-License-Identifier: MIT
"""A terminal for the program under test, and what a person would see on it."""

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import termios
import time
from pathlib import Path

from support import PROGRAM, TIMEOUT_S

COLORS = re.compile(r"\x1b\[[0-9;]*m")


def as_from_a_shell() -> None:
    """The terminal is the program's, and Ctrl-C counts even where the tests themselves ignore it,
    as they do in the background of a script."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Terminal:
    """hydra-cli with stdin and stderr, and stdout unless it is given, on a terminal of its own."""

    def __init__(self, folder: Path, *arguments: str, columns: int = 80, stdout: int | None = None,
                 environment: dict[str, str] | None = None) -> None:
        self.output = b""
        self.master, slave = pty.openpty()
        self.resize(columns)
        variables = {"PATH": os.environ["PATH"], "TERM": "xterm", "LANG": "C.UTF-8",
                     **(environment or {})}
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            [PROGRAM, *arguments], cwd=folder, env=variables, stdin=slave, stderr=slave,
            stdout=slave if stdout is None else stdout, start_new_session=True,
            preexec_fn=as_from_a_shell)
        os.close(slave)

    def resize(self, columns: int) -> None:
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))

    def read(self) -> bool:
        """Some more of the output; False at its end."""
        try:
            data = os.read(self.master, 65536)
        except OSError:  # Linux: the last process with this terminal has ended
            return False
        self.output += data
        return bool(data)

    def wait_for(self, text: str) -> None:
        while text.encode() not in self.output:
            if not self.read():
                raise AssertionError(f"{text!r} never came: {self.text()}")

    def press(self, keys: bytes) -> None:
        os.write(self.master, keys)

    def finish(self) -> int:
        """Until the program ends. Its exit code."""
        while self.read():
            pass
        code = self.process.wait(TIMEOUT_S)
        self.seconds = time.monotonic() - self.started
        os.close(self.master)
        return code

    def text(self) -> str:
        return self.output.decode(errors="replace")

    def screen(self) -> list[str]:
        """The lines as they stand at the end: what was drawn over is gone."""
        lines = []
        for line in COLORS.sub("", self.text()).split("\n"):
            cells: list[str] = []
            for part in line.split("\r"):
                cells[:len(part)] = part
            lines.append("".join(cells).rstrip())
        return lines

    def drawings(self) -> list[str]:
        """Each state of the bar, without colours."""
        return [part.rstrip() for part in re.split(r"[\r\n]", COLORS.sub("", self.text()))
                if re.match(r" *\d+%", part)]
