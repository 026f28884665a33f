#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Secrets in what a test run wrote: those that are known, in the spellings that a log might give them,
and what looks like a signature or a credential header whatever its value.

    hits = audit.find(text, ["the-secret-key", "the-token"])      # [] = clean
    python3 tests/s3/audit.py SECRETS FILE...                     # SECRETS: a file, one a line

What is reported names the kind and the line, never the secret itself.
"""

from __future__ import annotations

import base64
import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote, quote_plus

# What the redactor puts in place of a value.
REMOVED = r"\s*\[redacted\]"
PATTERNS = {
    "a signature in a query": re.compile(rf"X-Amz-Signature(?:=|%3D)(?!{REMOVED})", re.IGNORECASE),
    "a credential header": re.compile(rf"Authorization:(?!{REMOVED})", re.IGNORECASE),
    "a signature in a header": re.compile(r"Signature=[0-9a-f]{16}", re.IGNORECASE),
    "a cookie": re.compile(rf"Cookie:(?!{REMOVED})", re.IGNORECASE),
    "a security token": re.compile(rf"X-Amz-Security-Token(?::|=|%3D)(?!{REMOVED})", re.IGNORECASE),
}
SHORTEST = 6  # a shorter secret would be found everywhere


def spellings(secret: str) -> set[str]:
    """As it is, percent-encoded, in JSON, in base64 wherever it begins there, in hex."""
    data = secret.encode()
    found = {secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1],
             data.hex(), data.hex().upper()}
    for shift in range(3):
        # Whole groups of three bytes alone: the others hold bits of their neighbours.
        skip = -shift % 3
        inner = data[skip:skip + (len(data) - skip) // 3 * 3]
        if len(inner) >= SHORTEST:
            found.add(base64.b64encode(inner).decode())
    return found


def find(text: str, secrets: Iterable[str] = ()) -> list[str]:
    """What was found: "line 3: secret 1", "line 4: a cookie"."""
    wanted = []
    for number, secret in enumerate(secrets, 1):
        if len(secret) < SHORTEST:
            raise ValueError(f"secret {number} is too short to be looked for")
        wanted.append((f"secret {number}", spellings(secret)))
    hits = []
    for number, line in enumerate(text.splitlines(), 1):
        hits += [f"line {number}: {name}" for name, forms in wanted if any(f in line for f in forms)]
        hits += [f"line {number}: {name}" for name, pattern in PATTERNS.items() if pattern.search(line)]
    return hits


def main(arguments: list[str]) -> int:
    if len(arguments) < 2:
        print(__doc__)
        return 2
    secrets = [s for s in Path(arguments[0]).read_text().splitlines() if s]
    bad = 0
    for name in arguments[1:]:
        for hit in find(Path(name).read_text(errors="replace"), secrets):
            print(f"{name}: {hit}")
            bad += 1
    print(f"{len(arguments) - 1} files, {bad} secrets")
    return bad > 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
