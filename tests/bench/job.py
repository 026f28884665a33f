# SPDX-License-Identifier: MIT
"""The job that every rival's script is given, and the timeline it must follow.

A job is a JSON file: photos with their sizes, music, canvas, frame rate, length. The timeline is
the library's own: equal shares, each crossfade lies where two photos overlap. To run a rival by
hand: PYTHONPATH=tests/bench python tests/bench/rivals/NAME.py JOB.json OUTPUT.mp4
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

ZOOM = 0.05
FADE_S = 0.5
FADE_IN_S = 1.0
FADE_OUT_S = 2.0


@dataclass(frozen=True)
class Photo:
    """One photo and its size in pixels."""

    path: str
    width: int
    height: int


@dataclass(frozen=True)
class Job:
    """What to make."""

    photos: tuple[Photo, ...]
    music: str
    width: int
    height: int
    fps: int
    seconds: float
    threads: int

    @property
    def frames(self) -> int:
        """Frames of the whole video."""
        return round(self.seconds * self.fps)

    @property
    def share_s(self) -> float:
        """How long each photo is on screen, crossfades included."""
        count = len(self.photos)
        return (self.seconds + (count - 1) * FADE_S) / count

    def start_s(self, index: int) -> float:
        """When a photo begins to appear."""
        return index * (self.share_s - FADE_S)

    def cover(self, photo: Photo) -> tuple[float, float]:
        """The size at which a photo just fills the canvas."""
        scale = max(self.width / photo.width, self.height / photo.height)
        return photo.width * scale, photo.height * scale


def zoom(t: float, seconds: float) -> float:
    """The scale of a photo `t` seconds after it appeared: 1 to 1.05 along a smoothstep."""
    s = min(max(t / seconds, 0.0), 1.0)
    return 1.0 + ZOOM * s * s * (3.0 - 2.0 * s)


def load(path: str | Path) -> Job:
    """Read a job file."""
    fields = json.loads(Path(path).read_text(encoding="utf-8"))
    fields["photos"] = tuple(Photo(**p) for p in fields["photos"])
    return Job(**fields)


def save(job: Job, path: Path) -> None:
    """Write a job file."""
    fields = {**vars(job), "photos": [vars(p) for p in job.photos]}
    path.write_text(json.dumps(fields, indent=1), encoding="utf-8")


def from_command_line() -> tuple[Job, str, list[str]]:
    """`SCRIPT JOB OUTPUT [WORD ...]`, as the bench calls every rival."""
    if len(sys.argv) < 3:
        sys.exit(f"usage: {sys.argv[0]} JOB.json OUTPUT [WORD ...]")
    return load(sys.argv[1]), sys.argv[2], sys.argv[3:]
