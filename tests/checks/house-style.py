#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What clang-format does not see: the licence line, file length, tabs and blanks at line ends."""

import subprocess
import sys
from pathlib import Path

MAX_LINES = 800
TEXT_SUFFIXES = {".c", ".h", ".py", ".sh", ".md", ".build", ".txt"}
CODE_SUFFIXES = {".c", ".h", ".py", ".sh"}


def tracked() -> list[Path]:
    output = subprocess.run(["git", "ls-files", "-z"], check=True, capture_output=True, text=True)
    paths = [Path(name) for name in output.stdout.split("\0") if name]
    return [p for p in paths if p.is_file() and (p.suffix in TEXT_SUFFIXES or p.parts[0] == "script")]


def problems(path: Path) -> list[str]:
    text = path.read_text()
    lines = text.split("\n")
    found = []
    is_code = path.suffix in CODE_SUFFIXES or path.parts[0] == "script"
    if is_code and not any("SPDX-License-Identifier: MIT" in line for line in lines[:2]):
        found.append("no SPDX line at the top")
    if is_code and len(lines) > MAX_LINES:
        found.append(f"longer than {MAX_LINES} lines")
    if text and not text.endswith("\n"):
        found.append("no line end at the end")
    for number, line in enumerate(lines, 1):
        if "\t" in line or line != line.rstrip():
            found.append(f"line {number}: a tab, or blanks at its end")
    return found


def main() -> int:
    bad = 0
    for path in tracked():
        for problem in problems(path):
            print(f"{path}: {problem}")
            bad += 1
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
