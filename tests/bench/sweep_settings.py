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

# What the candidates share: rate control by macroblock tree, which `superfast` leaves out, with a
# short look ahead; regular B frames, since photos that drift give an adaptive search nothing to find.
COMMON = "mbtree=1:bframes=5:b-adapt=0:me=dia:ref=1:deblock=-1,-1"


def superfast(crf: float, *params: str) -> Setting:
    """On that preset."""
    return Setting("superfast", crf, ":".join((COMMON, *params)))


# Three of them move more evenly, which is worth more than the bits that five save.
EVEN = COMMON.replace("bframes=5", "bframes=3")


def even(crf: float, *params: str) -> Setting:
    """On that preset."""
    return Setting("superfast", crf, ":".join((EVEN, *params)))


DEFAULT_0 = "rc-lookahead=20:subme=1:weightp=0:trellis=0:aq-mode=3:aq-strength=0.4"

PROFILES = {
    "draft": superfast(21.0, "aq-mode=3:aq-strength=0.6", "rc-lookahead=10:subme=0:weightp=0:trellis=0"
                       ":partitions=none"),
    "default": even(18.2, "aq-mode=3:aq-strength=0.6", "rc-lookahead=20:subme=1:weightp=0:trellis=0"),
    "quality": even(18.5, "aq-mode=3:aq-strength=0.6", "rc-lookahead=40:subme=2:weightp=0:trellis=1"),
}  # fmt: skip

SETS: dict[str, list[Setting]] = {
    # What people choose from.
    "presets": [
        Setting(preset, 20.0)
        for preset in ("ultrafast", "superfast", "veryfast", "faster", "fast", "medium")
    ],
    "profiles": list(PROFILES.values()),
    # Steps on the way: less adaptive quantisation, trellis, more partitions.
    "candidates": [
        superfast(18.2, "aq-mode=3:aq-strength=0.6", "rc-lookahead=40:subme=2:weightp=0:trellis=0"),
        superfast(18.3, DEFAULT_0),
        superfast(19.5, DEFAULT_0),
        superfast(18.3, DEFAULT_0.replace("trellis=0", "trellis=1")),
        superfast(17.8, "rc-lookahead=40:subme=2:weightp=1:trellis=1:partitions=p8x8,b8x8,i8x8,i4x4"
                  ":aq-mode=3:aq-strength=0.4"),
    ],
}  # fmt: skip

# Two values of crf of the same setting: what more bits bring on each clip.
SLOPE = (superfast(18.3, DEFAULT_0), superfast(19.5, DEFAULT_0))

LABELS = {s.text(): s.preset for s in SETS["presets"]} | {s.text(): n for n, s in PROFILES.items()}
