# SPDX-License-Identifier: MIT
"""Settings of x264 that the sweep measures, in named sets."""
from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Setting:
    """A preset, a quality, and x264's own parameters on top."""

    preset: str
    crf: float
    params: str = ""

    def text(self) -> str:
        """As on the command line, and the key of results."""
        return f"{self.preset}/{self.crf:g}/{self.params}"


def parse_setting(text: str) -> Setting:
    """PRESET/CRF/PARAMS"""
    preset, crf, params = text.split("/", 2)
    return Setting(preset, float(crf), params)


REFERENCE = Setting("fast", 20.0)

SETS: dict[str, list[Setting]] = {
    "reference": [REFERENCE],
    # What people choose from.
    "presets": [
        Setting(preset, 20.0)
        for preset in ("ultrafast", "superfast", "veryfast", "faster", "fast", "medium")
    ],
}

# Two values of crf of the same setting: what more bits bring on each clip.
SLOPE = (
    Setting("superfast", 17.6, ""),
    Setting("superfast", 19.0, ""),
)

LABELS = {s.text(): s.preset for s in SETS["presets"]}
