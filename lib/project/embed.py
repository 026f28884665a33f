#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Turn a text file into a C string: embed.py INPUT OUTPUT"""

import sys
from pathlib import Path

HEAD = """/* SPDX-License-Identifier: MIT */
/* Made from docs/project.schema.json by embed.py. */
#include "project/project.h"

const char hy_project_schema_text[] =
"""


def quoted(line: str) -> str:
    escaped = line.replace("\\", "\\\\").replace('"', '\\"').replace("?", "\\?")
    return f'    "{escaped}\\n"\n'


def main(source: str, target: str) -> None:
    text = Path(source).read_text(encoding="ascii")
    lines = "".join(quoted(line) for line in text.splitlines())
    Path(target).write_text(f"{HEAD}{lines[:-1]};\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
