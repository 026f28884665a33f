# SPDX-License-Identifier: MIT
"""What a case found, and how it is shown and kept: a table of figures, then ratios with goals."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field

from measure import Figures

HEADINGS = {
    "wall_s": "wall s",
    "cpu_s": "CPU s",
    "peak_mb": "peak MB",
    "megabytes": "MB",
    "mb_per_s": "MB/s",
    "ssim_db": "SSIM dB",
    "ms": "ms",
    "frames_per_s": "frames/s",
    "frames_per_cpu_s": "frames/CPU s",
    "jitter_px": "px/frame²",
    "seconds": "s",
    "first_s": "first frame s",
    "cpu_ms": "CPU ms/frame",
    "compose_ms": "composing",
    "decode_ms": "decoding",
    "audio_ms": "sound",
    "mux_ms": "writing",
}
DECIMALS = {
    "peak_mb": 0, "frames_per_s": 1, "frames_per_cpu_s": 1, "mb_per_s": 1, "jitter_px": 4,
    "seconds": 3,
}  # fmt: skip


@dataclass(frozen=True)
class Ratio:
    """A number that the case is about, and what it should be."""

    name: str
    value: float
    goal: str = ""  # "<= 1.05" or ">= 5"; "" when it is only told

    @property
    def met(self) -> bool | None:
        """Whether it is as it should be; None without a goal."""
        if not self.goal:
            return None
        relation, limit = self.goal.split()
        return self.value <= float(limit) if relation == "<=" else self.value >= float(limit)


@dataclass
class Result:
    """One case."""

    title: str
    figures: dict[str, dict[str, float]] = field(default_factory=dict)
    ratios: list[Ratio] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, figures: dict[str, Figures]) -> None:
        """Rows of measured commands."""
        for name, row in figures.items():
            self.figures.setdefault(name, {}).update(asdict(row))

    def ratio(self, name: str, above: float, below: float, goal: str = "") -> None:
        """Add above / below."""
        self.ratios.append(Ratio(name, above / below if below else math.inf, goal))

    def difference(self, name: str, minuend: float, subtrahend: float, goal: str = "") -> None:
        """Add minuend - subtrahend."""
        self.ratios.append(Ratio(name, minuend - subtrahend, goal))

    def to_json(self) -> dict[str, object]:
        """As plain values."""
        return asdict(self)


def from_json(fields: dict) -> Result:
    """The opposite of to_json."""
    ratios = [Ratio(**r) for r in fields["ratios"]]
    return Result(fields["title"], fields["figures"], ratios, fields["notes"])


def columns(result: Result) -> list[str]:
    """Names of all columns, in the order in which they first appear."""
    return list(dict.fromkeys(name for row in result.figures.values() for name in row))


def cell(column: str, value: float | None) -> str:
    """A figure as text."""
    return "" if value is None else f"{value:.{DECIMALS.get(column, 2)}f}"


def number(value: float) -> str:
    """A ratio with three significant digits."""
    if not math.isfinite(value):
        return str(value)
    digits = 2 - math.floor(math.log10(abs(value))) if value else 2
    return f"{value:.{max(0, min(digits, 4))}f}"


def goal_text(ratio: Ratio) -> str:
    """What the ratio should be, and whether it is."""
    if ratio.met is None:
        return ""
    sign, limit = ratio.goal.split()
    return f"{'≤' if sign == '<=' else '≥'} {limit}: {'met' if ratio.met else 'missed'}"


def text(name: str, result: Result) -> str:
    """A case for a terminal."""
    names = columns(result)
    width = max([len(row) for row in result.figures] + [len(r.name) for r in result.ratios] + [20])
    lines = [f"\n{name}: {result.title}"]
    if names:
        lines.append("  " + " " * width + "".join(f"{HEADINGS.get(n, n):>14}" for n in names))
    for row, figures in result.figures.items():
        cells = "".join(f"{cell(n, figures.get(n)):>14}" for n in names)
        lines.append(f"  {row:{width}}{cells}")
    for ratio in result.ratios:
        lines.append(
            f"  {ratio.name:{width}}{number(ratio.value):>14}   {goal_text(ratio)}".rstrip()
        )
    lines += [f"  {note}" for note in result.notes]
    return "\n".join(lines)
