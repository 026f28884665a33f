#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The ABI: docs/symbols.txt, the headers and the shared library name the same symbols, and what the
static library shows to a linker carries one of our prefixes.

    symbols.py BUILD_FOLDER
"""

import re
import subprocess
import sys
from pathlib import Path


def listed() -> set[str]:
    lines = Path("docs/symbols.txt").read_text().splitlines()
    return {line.split()[0] for line in lines if line and not line.startswith("#")}


def declared() -> set[str]:
    text = "\n".join(p.read_text() for p in sorted(Path("include/hydra").glob("*.h")))
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    return set(re.findall(r"^HYDRA_API\b[^;(]*?\b(hydra_\w+)\s*\(", text, flags=re.MULTILINE))


def defined(*arguments: str) -> set[str]:
    output = subprocess.run(["nm", *arguments], check=True, capture_output=True, text=True).stdout
    fields = (line.split() for line in output.splitlines())
    return {f[2] for f in fields if len(f) == 3 and f[1].isupper()}


def report(names: set[str], problem: str) -> int:
    for name in sorted(names):
        print(f"{name}: {problem}")
    return len(names)


def main(build: str) -> int:
    promised, headers = listed(), declared()
    exported = defined("-D", "--defined-only", f"{build}/lib/libhydra.so")
    static = defined("-g", "--defined-only", f"{build}/lib/libhydra.a")
    bad = report(headers - promised, "in the headers, not in docs/symbols.txt")
    bad += report(promised - headers, "in docs/symbols.txt, not in the headers")
    bad += report(exported - promised, "exported, not in docs/symbols.txt")
    bad += report(promised - exported, "in docs/symbols.txt, not exported")
    foreign = {name for name in static if not name.startswith(("hydra_", "hy_"))}
    bad += report(foreign, "global in libhydra.a without our prefix")
    print(f"{len(promised)} promised, {len(exported)} exported, {bad} wrong")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
