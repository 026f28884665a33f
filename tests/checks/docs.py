#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Documents keep up with the code: commands, versions, statuses and texts, options, links, paths.

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
    """The enum, the library's table and docs/errors.md hold the same statuses."""
    enum = dict(re.findall(r"^\s+(HYDRA_(?:OK|ERR_\w+)) = (-?\d+)", read("include/hydra/status.h"),
                           re.MULTILINE))
    rows = re.findall(r'\{(HYDRA_\w+),\s*"(\w+)",\s*"([^"]*)"\}', read("lib/api/status.c"))
    if len(enum) < 2:
        yield "no statuses found in status.h"
    for status, name, _ in rows:
        if status != name:
            yield f"lib/api/status.c calls {status} {name}"
    sentences = {name: sentence for _, name, sentence in rows}
    sections = error_sections()
    for where, names in (("lib/api/status.c", sentences), ("docs/errors.md", sections)):
        for name in sorted(enum.keys() ^ names.keys()):
            yield f"{name} is in only one of status.h and {where}"
    if list(sections) != list(enum):
        yield "docs/errors.md has another order than status.h"
    for name in enum.keys() & sections.keys():
        number, text = sections[name]
        if number != enum[name]:
            yield f"docs/errors.md gives {name} the number {number}"
        if not text.startswith(f"\n{sentences.get(name)}\n"):
            yield f"docs/errors.md does not begin {name} with its sentence in lib/api/status.c"
        if name != "HYDRA_OK" and "\nRetry: " not in text:
            yield f"docs/errors.md does not say whether to retry after {name}"


def error_sections() -> dict[str, tuple[str, str]]:
    """Of docs/errors.md: name -> number, text."""
    parts = re.split(r"^## `(\w+)` \((-?\d+)\)$", read("docs/errors.md"), flags=re.MULTILINE)
    return {name: (number, text) for name, number, text in zip(*[iter(parts[1:])] * 3)}


def library_texts() -> list[re.Pattern[str]]:
    """What the library can say: its string literals, as patterns."""
    literal = r'"((?:[^"\\]|\\.)*)"'
    texts = set()
    for path in Path("lib").rglob("*.c"):
        for run in re.finditer(rf"{literal}(?:\s*{literal})*", path.read_text()):
            texts.add("".join(re.findall(literal, run[0])).replace('\\"', '"'))
    conversion = r"%[-+ #0]*(?:\*|\d+)?(?:\.\d+)?(?:ll|l|z)?[a-zA-Z]"
    worded = [t for t in texts if len(re.findall("[a-zA-Z]", re.sub(conversion, "", t))) >= 6]
    return [re.compile(".+".join(map(re.escape, re.split(conversion, t)))) for t in worded]


def check_error_texts() -> Iterator[str]:
    """The texts that docs/errors.md quotes are the library's."""
    texts = library_texts()
    for name, (_, section) in error_sections().items():
        for block in re.findall(r"^```\n(.*?)^```$", section, re.MULTILINE | re.DOTALL):
            for line in block.splitlines():
                if not any(text.fullmatch(line) for text in texts):
                    yield f"docs/errors.md: nothing in lib/ says: {line}  ({name})"


def check_options(cli: str) -> Iterator[str]:
    manual = read("docs/cli.md")
    for verb in ("render", "frame", "probe"):
        text = subprocess.run([cli, "help", verb], check=True, capture_output=True, text=True).stdout
        for option in re.findall(r"^  (?:-\w, |    )(--[a-z-]+)", text, re.MULTILINE):
            if f"`{option}" not in manual and f", {option}" not in manual:
                yield f"docs/cli.md does not describe {option} of {verb}"


def check_links() -> Iterator[str]:
    for path in [*Path(".").glob("*.md"), *Path("docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text()):
            if not (path.parent / target).exists():
                yield f"{path}: link to {target}, which does not exist"


def check_paths() -> Iterator[str]:
    """Files that CONTRIBUTING.md sends people to. Names in capitals stand for others."""
    for path in re.findall(r"`([\w.-]+/[\w./-]+\.\w+)`", read("CONTRIBUTING.md")):
        if "NAME" not in path and not Path(path).exists():
            yield f"CONTRIBUTING.md: {path} does not exist"


def check_findings() -> Iterator[str]:
    """docs/gpu.md tells what to do about every finding, and has the table of faults."""
    enum = re.findall(r"^\s+(HYDRA_PROBE_\w+) = \d+", read("include/hydra/encoder.h"), re.MULTILINE)
    page = read("docs/gpu.md")
    section = page.partition("\n## Findings\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(HYDRA_PROBE_\w+)` \| \S.* \| (.*) ?\|$", section, re.MULTILINE)
    if not enum or [name for name, _ in rows] != enum:
        yield "docs/gpu.md: the table of findings is not that of encoder.h"
    for name, remedy in rows:
        if name != "HYDRA_PROBE_OK" and not remedy.strip():
            yield f"docs/gpu.md does not say what to do about {name}"
    names = re.findall(r'\[(HYDRA_PROBE_\w+)\] = "(\w+)"', read("lib/api/encoder.c"))
    if names != [(name, name) for name in enum]:
        yield "lib/api/encoder.c names other findings than encoder.h"
    if "\n| fault | class | message | the job | leaks |\n" not in page.partition("\n## Faults\n")[2]:
        yield "docs/gpu.md has no table of faults"


def tests_named(cell: str) -> Iterator[tuple[str, str]]:
    """File and test ("" = the whole file) of each name in a cell: `file`: `test`, `test`; `file`."""
    for group in cell.split(";"):
        names = re.findall(r"`([^`]+)`", group)
        file = next((name for name in names if "/" in name), "")
        tests = [name for name in names if "/" not in name]
        yield from ((file, test) for test in tests)
        yield from ((name, "") for name in names if "/" in name and not (tests and name == file))


def has_test(file: str, test: str) -> bool:
    path = Path("tests") / file
    if not path.is_file():
        return False
    text = path.read_text()
    if "." not in test:
        return not test or bool(re.search(rf"cmocka_unit_test\w*\(\s*{test}\b|\bUNIT\({test}\b", text))
    name, method = test.split(".")
    body = re.search(rf"^class {name}\b.*?(?=^\S|\Z)", text, re.MULTILINE | re.DOTALL)
    return bool(body and re.search(rf"^    def {method}\(", body[0], re.MULTILINE))


def check_tests() -> Iterator[str]:
    """The tests that docs/storage.md names, and a row for every case of a table."""
    section = read("docs/storage.md").partition("\n## How it is tested\n")[2].partition("\n## ")[0]
    rows = [row.split(" | ") for row in re.findall(r"^\| (.*) \|$", section, re.MULTILINE)][2:]
    named = [pair for row in rows for pair in tests_named(row[1])]
    if len(rows) < 40 or any(len(row) != 3 or "`" not in row[1] for row in rows):
        yield "docs/storage.md: the table of tests is not whole"
    for file, test in named:
        if not has_test(file, test):
            yield f"docs/storage.md: there is no test {file} {test}"
    for path in sorted(Path("tests/s3/cases").glob("*.json")):
        if (f"s3/cases/{path.name}", "") not in named:
            yield f"docs/storage.md: no row for {path}"


def main(build: str) -> int:
    bad = 0
    for check in (check_readme(), check_changelog(), check_statuses(), check_error_texts(),
                  check_options(f"{build}/tools/hydra-cli"), check_links(),
                  check_paths(), check_findings(), check_tests()):
        for problem in check:
            print(problem)
            bad += 1
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
