#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Includes point downward only.

In lib/ a room includes its own headers, those of rooms below it, <hydra/...> and system headers;
FFmpeg and the image and colour libraries are known to media/ alone, jansson to project/ and to the
one file of s3/ that reads replies in JSON. Tools and examples know the public headers only, and
tools what is built into them too, because it stands on nothing else of the library. Public headers
include each other and the C library.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

LEVELS = {
    "core": 0,
    "net": 1,
    "timeline": 2,
    "compositor": 2,
    "media": 2,
    "sink": 2,
    "s3": 2,
    "project": 3,
    "render": 4,
    "api": 5,
}
MEDIA_LIBRARIES = re.compile(r"lib(av\w+|sw\w+|heif)/|jpeglib\.h|jerror\.h|lcms2")
# Rooms that know less than their level allows.
ONLY = {"project": {"core", "timeline"}}
JSON_IN_S3 = "lib/s3/credentials_json.c"
# Of lib/, built into hydra-cli as well: tools/meson.build.
SHARED = {"core/host.h"}
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]')


def includes(path: Path) -> Iterator[tuple[int, str, str]]:
    for number, line in enumerate(path.read_text().splitlines(), 1):
        found = INCLUDE.match(line)
        if found:
            yield number, found[1], found[2]


def room_of_include(path: Path, name: str) -> str | None:
    """The room that a quoted include of a file in lib/ leads to."""
    for base in (path.parent, Path("lib")):
        target = (base / name).resolve()
        if target.is_file() and target.is_relative_to(Path("lib").resolve()):
            return target.relative_to(Path("lib").resolve()).parts[0]
    return None


def check_lib(path: Path, quote: str, name: str) -> str | None:
    room = path.parts[1]
    if room not in LEVELS:
        return f"room {room} has no place in the order; add it to tests/checks/include-order.py"
    if quote == "<":
        if MEDIA_LIBRARIES.match(name) and room != "media":
            return f"<{name}> is for media/ only"
        if name == "jansson.h" and room != "project" and path.as_posix() != JSON_IN_S3:
            return f"<{name}> is for project/ and {JSON_IN_S3} only"
        return None
    if name.startswith("hydra/"):
        return f'public headers are included as <{name}>'
    if ".." in Path(name).parts:
        return "paths start at lib/ or at the file's own folder"
    other = room_of_include(path, name)
    if other is None:
        return f'"{name}" is no file of lib/'
    if other != room and other not in ONLY.get(room, LEVELS):
        return f"{room}/ must not know {other}/"
    if other != room and LEVELS.get(other, 99) >= LEVELS[room]:
        return f"{room}/ must not know {other}/"
    return None


def check_public(_: Path, quote: str, name: str) -> str | None:
    if quote == '"' and not Path("include/hydra", name).is_file():
        return f'"{name}" is no public header'
    if quote == "<" and name not in ("stddef.h", "stdint.h"):
        return f"<{name}>: public headers need stddef.h and stdint.h only"
    return None


def check_user(path: Path, quote: str, name: str) -> str | None:
    if quote == "<" and (MEDIA_LIBRARIES.match(name) or name == "jansson.h"):
        return f"<{name}>: users of the library need its own headers only"
    if path.parts[0] == "tools" and name in SHARED:
        return None
    if quote == '"' and (".." in Path(name).parts or not (path.parent / name).is_file()):
        return f'"{name}" lies outside this folder'
    return None


def main() -> int:
    rules = {"lib": check_lib, "include": check_public, "tools": check_user, "examples": check_user}
    bad = files = 0
    for top, rule in rules.items():
        for path in sorted(p for p in Path(top).rglob("*") if p.suffix in (".c", ".h")):
            files += 1
            for number, quote, name in includes(path):
                problem = rule(path, quote, name)
                if problem:
                    print(f"{path}:{number}: {problem}")
                    bad += 1
    print(f"{files} files, {bad} wrong includes")
    return 1 if bad or not files else 0


if __name__ == "__main__":
    sys.exit(main())
