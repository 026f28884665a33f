#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Count the results in a testlog.json of meson; the last line is "N passed, N failed". What
failed shows the end of its output."""

import json
import sys
from pathlib import Path


TAIL = 30  # lines of a failed test's output


def main(path: str) -> int:
    results = [json.loads(line) for line in Path(path).read_text().splitlines()]
    passed = [r for r in results if r["result"] == "OK"]
    skipped = [r for r in results if r["result"] == "SKIP"]
    failed = len(results) - len(passed) - len(skipped)
    for result in results:
        if result["result"] == "OK":
            continue
        print(f"{result['result']}: {result['name']}")
        if result["result"] != "SKIP":
            output = result.get("stdout", "") + result.get("stderr", "")
            print("\n".join("    " + line for line in output.splitlines()[-TAIL:]))
    print(f"{len(passed)} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
