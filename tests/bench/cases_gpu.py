# SPDX-License-Identifier: MIT
"""Whether renders keep a GPU's encoder busy, on the stand-in of the driver (tests/nvenc): an encoder
that takes no CPU and the time per frame that one of a Tesla T4 is said to take."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, replace

from cases_process import events
from content import Bench
from job import Job
from measure import Figures
from results import Result

# Profile, frames per second of a T4 with that preset at 1080 x 1920, and the share of it to reach.
RATES = {
    "p5": ("quality", 199, ">= 0.95"),
    "p4": ("default", 300, ">= 0.95"),
    "p3": ("default", 454, ">= 0.9"),
    "p1": ("draft", 628, ""),
}
PHOTO_S = 3.0
SECONDS = 60.0
# Frames before this one fill the queues and decode the first photos.
FIRST = 60


@dataclass(frozen=True)
class Run:
    """One render on the stand-in."""

    figures: Figures
    answer: dict
    first_s: float  # from the start of the process to the first frames that were encoded
    per_s: float  # frames per second from frame FIRST on

    def cpu_ms(self, field: str) -> float:
        """Milliseconds per frame of something that the render measures itself."""
        return float(self.answer[field]) * 1e3 / int(self.answer["frames"])


def job_of(bench: Bench) -> Job:
    """A minute of photos, each for three seconds; quick: a third of it."""
    seconds = SECONDS / 3 if bench.quick else SECONDS
    photos = [bench.job.photos[i % len(bench.job.photos)] for i in range(round(seconds / PHOTO_S))]
    return replace(bench.job, photos=tuple(photos), seconds=seconds)


def words_of(bench: Bench, job: Job, profile: str, encoder: str) -> list[str]:
    """A render that tells how far it is."""
    words = bench.render(["--encoder", encoder, "--profile", profile], "gpu.mp4", job)
    return [w for w in words if w != "--quiet"] + ["--progress", "json", "--json"]


def environment(bench: Bench, rate: int) -> dict[str, str]:
    """With the stand-in as the driver."""
    folder = bench.build / "tests/nvenc/stand-in"
    return {
        **os.environ,
        "LD_LIBRARY_PATH": str(folder),
        "FAKENV_ENCODER": "null",
        "FAKENV_FPS": str(rate),
    }


def speed(seen: list[tuple[float, int]]) -> float:
    """Frames per second from frame FIRST on, of times and the frames that were done then."""
    after = [(at, n) for at, n in seen if n >= FIRST]
    first, end = after[0], next(point for point in after if point[1] == after[-1][1])
    return (end[1] - first[1]) / (end[0] - first[0])


def watch(words: list[str], env: dict[str, str]) -> Run:
    """Run a render to its end. A failed one ends the bench."""
    seen: list[tuple[float, int]] = []
    start = time.monotonic()
    with subprocess.Popen(
        words, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout
        for at, event in events(process):
            if event.get("frames_done"):
                seen.append((at, int(event["frames_done"])))
        text = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - start
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"bench: a render failed: {text.decode(errors='replace')}")
    answer = json.loads(text)
    figures = Figures(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
    return Run(figures, answer, seen[0][0] - start, speed(seen))


def add_rate(bench: Bench, job: Job, result: Result, preset: str) -> None:
    """One speed of the engine."""
    profile, rate, goal = RATES[preset]
    words, env = words_of(bench, job, profile, "nvenc"), environment(bench, rate)
    runs = [watch(words, env) for _ in range(bench.runs)]
    for run in runs:
        if run.answer["encoder"] != "nvenc":
            sys.exit(f"bench: {run.answer['encoder']} was taken: {run.answer['encoder_reason']}")
    per_s = statistics.median(run.per_s for run in runs)
    frames = job.frames
    result.figures[f"{preset}, {rate} frames/s"] = {
        "wall_s": statistics.median(run.figures.wall_s for run in runs),
        "peak_mb": statistics.median(run.figures.peak_mb for run in runs),
        "frames_per_s": per_s,
        "first_s": statistics.median(run.first_s for run in runs),
        "cpu_ms": statistics.median(run.figures.cpu_s for run in runs) * 1e3 / frames,
        "compose_ms": statistics.median(run.cpu_ms("compose_s") for run in runs),
        "decode_ms": statistics.median(run.cpu_ms("decode_s") for run in runs),
        "audio_ms": statistics.median(run.cpu_ms("audio_s") for run in runs),
        "mux_ms": statistics.median(run.cpu_ms("mux_s") for run in runs),
    }
    result.ratio(f"{preset}: frames/s from frame {FIRST} on / the engine's", per_s, rate, goal)


def gpu(bench: Bench) -> Result:
    """The pipeline against an encoder that costs no CPU."""
    job = job_of(bench)
    result = Result(
        f"{len(job.photos)} photos, {job.seconds:g} s, {job.width} x {job.height}, crossfades, "
        "music; on a stand-in of the driver"
    )
    for preset in RATES:
        add_rate(bench, job, result, preset)
    return result
