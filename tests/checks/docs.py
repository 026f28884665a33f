#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Documents keep up with the code: commands, versions, statuses, options, links.

    docs.py BUILD_FOLDER
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path


def read(path: str) -> str:
    return Path(path).read_text()


def version() -> str:
    text = read("include/hydra/version.h")
    parts = (re.search(rf"HYDRA_VERSION_{n} (\d+)", text) for n in ("MAJOR", "MINOR", "PATCH"))
    return ".".join(p[1] for p in parts if p)


def check_readme() -> Iterator[str]:
    for command in ("script/demo", "script/test"):
        if command not in read("README.md"):
            yield f"README.md does not mention {command}"


def check_changelog() -> Iterator[str]:
    if f"## [{version()}]" not in read("CHANGELOG.md"):
        yield f"CHANGELOG.md has no section for {version()}"


def check_statuses() -> Iterator[str]:
    names = re.findall(r"^\s+(HYDRA_(?:OK|ERR_\w+)) =", read("include/hydra/status.h"), re.MULTILINE)
    table = read("lib/api/status.c")
    if len(names) < 2:
        yield "no statuses found in status.h"
    for name in names:
        if f'{{{name}, "{name}"' not in table:
            yield f"{name} has no name in lib/api/status.c"


def check_options(cli: str) -> Iterator[str]:
    manual = read("docs/cli.md")
    for verb in ("render", "frame", "probe"):
        text = subprocess.run([cli, "help", verb], check=True, capture_output=True, text=True).stdout
        for option in re.findall(r"^  (?:-\w, |    )(--[a-z-]+)", text, re.MULTILINE):
            if f"`{option}" not in manual and f", {option}" not in manual:
                yield f"docs/cli.md does not describe {option} of {verb}"


def check_links() -> Iterator[str]:
    for path in [Path("README.md"), Path("CHANGELOG.md"), *Path("docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text()):
            if not (path.parent / target).exists():
                yield f"{path}: link to {target}, which does not exist"


def main(build: str) -> int:
    bad = 0
    for check in (check_readme(), check_changelog(), check_statuses(),
                  check_options(f"{build}/tools/hydra-cli"), check_links()):
        for problem in check:
            print(problem)
            bad += 1
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
