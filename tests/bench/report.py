#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The tables of docs/performance.md from the figures that script/bench --json kept.

    report.py FILE.json            print them
    report.py FILE.json DOCUMENT   put them into a document, each between its two marks

A case CASE goes between the lines "<!-- CASE -->" and "<!-- /CASE -->"; those without figures stay
as they are. The mark "machine" takes a sentence about where and how often it was measured, the mark
"missed" a list of all goals on the page that were not met.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from results import HEADINGS, Result, cell, columns, from_json, goal_text, number

TIMES = {1: "once", 2: "twice"}


def table(head: list[str], rows: list[list[str]]) -> str:
    """A table in Markdown; the first column is text, the others are numbers."""
    marks = ["---"] + ["---:"] * (len(head) - 1)
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [head, marks, *rows])


def case_text(result: Result) -> str:
    """One case: its title, its figures, its ratios."""
    parts = [f"{result.title[:1].upper()}{result.title[1:]}."]
    names = columns(result)
    if names:
        rows = [
            [row, *(cell(name, figures.get(name)) for name in names)]
            for row, figures in result.figures.items()
        ]
        parts.append(table(["", *(HEADINGS.get(n, n) for n in names)], rows))
    if result.ratios:
        rows = [[r.name, number(r.value), goal_text(r)] for r in result.ratios]
        parts.append(table(["ratio or difference", "value", "goal"], rows))
    return "\n\n".join(parts + result.notes)


def machine_text(document: dict) -> str:
    """Where and how it was measured."""
    machine = document["machine"]
    extensions = ", ".join(machine["extensions"]) or "no vector extensions"
    runs = document["runs"]
    times = TIMES.get(runs, f"{runs} times")
    kind = "a small job, " if document["quick"] else ""
    return (
        f"Measured on {machine['cpus']} cores of a cloud VM ({machine['architecture']}; "
        f"{extensions}), {kind}every command {times}, medians."
    )


def sections(document: dict) -> dict[str, str]:
    """Text by mark."""
    parts = {"machine": machine_text(document)}
    for name, fields in document["cases"].items():
        parts[name] = case_text(from_json(fields))
    return parts


def place(page: str, parts: dict[str, str]) -> str:
    """A page with the parts between their marks. A part without a mark is an error."""
    for name, part in parts.items():
        marks = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        page, count = marks.subn(lambda found, p=part: f"{found[1]}{p}\n{found[2]}", page)
        if count != 1:
            raise ValueError(f"the document has {count} places for {name}")
    return page


def missed(page: str) -> str:
    """The goals of all tables of a page that were not met."""
    rows = []
    case = ""
    for line in page.splitlines():
        if mark := re.fullmatch(r"<!-- (\w+) -->", line):
            case = mark[1]
        elif line.endswith(": missed |") and case != "missed":
            name, value, goal = line.strip("| ").split(" | ")
            rows.append([f"[{case}](#{case}): {name}", value, goal.removesuffix(": missed")])
    return table(["missed", "value", "goal"], rows) if rows else "All goals were met."


def update(document: dict, page: Path) -> None:
    """Put figures into a page."""
    text = place(page.read_text(encoding="utf-8"), sections(document))
    page.write_text(place(text, {"missed": missed(text)}), encoding="utf-8")


def main() -> None:
    """Print or place."""
    if len(sys.argv) not in (2, 3):
        sys.exit("usage: report.py FILE.json [DOCUMENT]")
    document = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    if len(sys.argv) == 3:
        update(document, Path(sys.argv[2]))
    else:
        print("\n\n".join(sections(document).values()))


if __name__ == "__main__":
    main()
