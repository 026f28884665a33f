# SPDX-License-Identifier: MIT
"""What the benchmarks render: photos and music from Debian packages, and the commands for it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from job import FADE_IN_S, FADE_OUT_S, FADE_S, Job, Photo, save
from measure import Command, Figures, run

HERE = Path(__file__).resolve().parent

# 4 to 16 megapixels, six landscape and two portrait. The first is the one whose motion is tracked.
PHOTOS = (
    "aitzgorri_by_Aitzol_Berasategi.jpg",
    "seeding_by_Clements_Engelhardt.jpg",
    "friends_by_Aitzol_Berasategi.jpg",
    "Dragonfly_by_Bolly.jpg",
    "picosdeeuropa_by_Aitzol_Berasategi.jpg",
    "Wine_by_Jakkub_Mede.jpg",
    "Picture_0B_by_freespace.jpg",
    "sunset_by_Aitzol_Berasategi.jpg",
)

FAST = ["--preset", "fast", "--crf", "20"]
RIVALS = {
    "ffmpeg zoompan": ["ffmpeg_zoompan.py"],
    "ffmpeg zoompan, 4 x supersampled": ["ffmpeg_zoompan.py", "supersampled"],
    "MoviePy": ["moviepy_clips.py"],
    "melt qtblend": ["melt_qtblend.py"],
    "movielite": ["movielite_clips.py"],
}


def size_of(path: Path) -> tuple[int, int]:
    """Width and height of a photo."""
    words = ["ffprobe", "-v", "error", "-show_entries", "stream=width,height", "-of", "csv=p=0"]
    output = subprocess.run([*words, str(path)], check=True, capture_output=True, text=True).stdout
    width, height = output.split()[0].split(",")[:2]
    return int(width), int(height)


@dataclass
class Bench:
    """Where everything is, and how much is to be done."""

    build: Path  # with hydra-cli and the test programs
    python: str  # that has the rivals' packages
    job: Job
    folder: Path
    runs: int
    quick: bool
    cache: dict[str, object] = field(default_factory=dict)

    @property
    def cli(self) -> str:
        """The program under test."""
        return str(self.build / "tools/hydra-cli")

    @property
    def what(self) -> str:
        """The job in a few words."""
        job = self.job
        return f"{len(job.photos)} photos, {job.seconds:g} s, {job.width} x {job.height}"

    def once(self, name: str, make: Callable[[], object]) -> object:
        """What several cases need is made once."""
        if name not in self.cache:
            self.cache[name] = make()
        return self.cache[name]

    def target(self, output: str) -> str:
        """A name in the folder; "-" and what is in a store stay as they are."""
        return output if output == "-" or output.startswith("s3://") else str(self.folder / output)

    def render(self, options: list[str], output: str, job: Job | None = None) -> list[str]:
        """hydra-cli with the job of the benchmarks."""
        job = job or self.job
        return [
            self.cli, "render", *(photo.path for photo in job.photos), "--music", job.music,
            "--music-loop", "--duration", f"{job.seconds:g}", "--fps", str(job.fps),
            "--size", f"{job.width}x{job.height}", "--motion", "zoom_in",
            "--transition", "crossfade", "--transition-duration", str(FADE_S),
            "--fade-in", str(FADE_IN_S), "--fade-out", str(FADE_OUT_S),
            "--quiet", "-y", *options, "-o", self.target(output),
        ]  # fmt: skip

    def rival(self, name: str, output: str, job: Job | None = None, *words: str) -> list[str]:
        """A rival's script with the same job."""
        job = job or self.job
        script, *own_words = RIVALS[name]
        path = self.folder / f"job-{len(job.photos)}-{job.seconds:g}.json"
        save(job, path)
        target = str(self.folder / output)
        return [
            "env", f"PYTHONPATH={HERE}", self.python, str(HERE / "rivals" / script), str(path),
            target, *own_words, *words,
        ]  # fmt: skip

    def frames(self) -> Path:
        """The finished frames of the job, uncompressed."""
        path = self.folder / "frames.y4m"
        self.once("frames", lambda: run(self.render(["--encoder", "raw"], path.name)))
        return path

    def longer(self, seconds: float) -> Job:
        """The job with as many photos a minute, and more minutes."""
        count = round(len(self.job.photos) * seconds / self.job.seconds)
        photos = tuple(self.job.photos[i % len(self.job.photos)] for i in range(count))
        return replace(self.job, photos=photos, seconds=seconds)

    def long_job(self) -> Job:
        """Ten minutes; quick: one."""
        return self.longer(60.0 if self.quick else 600.0)

    def long_render(self) -> Figures:
        """The long job with the default profile, rendered once for all cases."""
        words = self.render([], "long.mp4", self.long_job())
        figures = self.once("long", lambda: run(words))
        assert isinstance(figures, Figures)
        return figures

    def encode(self, option: str, output: str, frames: Path | None = None) -> Command:
        """The library's encoder alone on frames, the finished ones of the job if none are given;
        `option` is a profile or a preset."""
        tool = str(self.build / "tests/bench/encode-frames")
        source, target = str(frames or self.frames()), str(self.folder / output)
        words = [tool, source, option, str(self.job.threads), target]
        return Command(words)


def make_job(photos: Path, music: Path, quick: bool) -> Job:
    """The job of all cases: 8 photos and 15 s, or 3 photos and 4 s."""
    paths = [photos / name for name in PHOTOS[: 3 if quick else 8]]
    missing = [p for p in [*paths, music] if not p.exists()]
    if missing:
        sys.exit(f"bench: {missing[0]} does not exist")
    width, height = (540, 960) if quick else (1080, 1920)
    return Job(
        photos=tuple(Photo(str(p), *size_of(p)) for p in paths),
        music=str(music),
        width=width,
        height=height,
        fps=30,
        seconds=4.0 if quick else 15.0,
        threads=len(os.sched_getaffinity(0)),
    )
