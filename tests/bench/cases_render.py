# SPDX-License-Identifier: MIT
"""Whole renders against other programs, composition alone, and how evenly pictures move."""
from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from check_video import check
from content import FAST, HERE, RIVALS, Bench
from measure import Command, alternate, run
from results import Result
from rivaljob import Job, save

OURS = "hydra, default"
OURS_FAST = "hydra, x264 fast crf 20"

# How many times faster the default profile should be than each rival.
GOALS = {
    "ffmpeg zoompan": ">= 5.5",
    "ffmpeg zoompan, 4 x supersampled": ">= 9",
    "MoviePy": ">= 9.5",
    "melt qtblend": ">= 5",
    "movielite": ">= 4.5",
}
TRACKED = (3, 50)  # frames of the first photo, before its crossfade


def file_of(name: str) -> str:
    """A file name for a rival's video."""
    return re.sub(r"\W+", "-", name) + ".mp4"


def require_right(name: str, path: Path, job: Job, right: Path | None) -> None:
    """A wrong video ends the bench: its figures would be worth nothing."""
    problems = check(path, job, right)
    if problems:
        sys.exit(f"bench: the video of {name} is not right: {'; '.join(problems)}")


def warm_up(bench: Bench) -> None:
    """movielite compiles its kernels when it first runs and keeps them; that is not counted."""
    job = replace(bench.job, photos=bench.job.photos[:2], seconds=2.0)
    bench.once("warm-up", lambda: run(bench.rival("movielite", "warm-up.mp4", job)))


def render(bench: Bench) -> Result:
    """The whole job, by us and by the rivals."""
    warm_up(bench)
    commands: dict[str, Command | list[str]] = {
        OURS: bench.render([], file_of(OURS)),
        OURS_FAST: bench.render(FAST, file_of(OURS_FAST)),
    }
    commands |= {name: Command(bench.rival(name, file_of(name)), discard=True) for name in RIVALS}
    right = bench.folder / file_of(OURS)

    def look(name: str) -> None:
        path = bench.folder / file_of(name)
        require_right(name, path, bench.job, None if path == right else right)

    result = Result(f"{bench.what}, music, x264 fast crf 20 but for our default")
    figures = alternate(commands, bench.runs, look)
    result.add(figures)
    for name in figures:
        result.figures[name]["megabytes"] = (bench.folder / file_of(name)).stat().st_size / 1e6
    ours = figures[OURS]
    for name in RIVALS:
        result.ratio(f"wall: {name} / ours", figures[name].wall_s, ours.wall_s, GOALS[name])
    for name in RIVALS:
        result.ratio(f"CPU: {name} / ours", figures[name].cpu_s, ours.cpu_s)
    least = min(figures[name].peak_mb for name in RIVALS)
    result.ratio("peak memory: ours / least rival", ours.peak_mb, least, "<= 1")
    result.difference("peak memory of ours, MB", ours.peak_mb, 0, "<= 420")
    return result


def checkasm_lines(output: str) -> dict[str, float]:
    """Milliseconds by what was measured, from the lines of `checkasm --bench`."""
    found = re.findall(r"^(.*?\S)\s+(\d+(?:\.\d+)?) ms\b", output, re.MULTILINE)
    return {re.sub(r"\s+", " ", name): float(ms) for name, ms in found}


def add_checkasm(bench: Bench, result: Result) -> None:
    """One frame on one core, and the references that checkasm has of the same size."""
    words = [str(bench.build / "tests/checkasm/checkasm"), "--bench"]
    output = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    lines = checkasm_lines(output)
    zooming = next((ms for name, ms in lines.items() if name.endswith("zooming")), None)
    for name, ms in lines.items():
        if name.startswith("frame") or "swscale" in name or "memcpy" in name:
            result.figures[f"checkasm: {name}"] = {"ms": ms}
    references = {
        "swscale": next((ms for name, ms in lines.items() if "swscale bicubic" in name), None),
        "memcpy": next((ms for name, ms in lines.items() if "memcpy" in name), None),
    }
    if zooming and references["swscale"]:
        result.ratio("zooming frame / swscale bicubic", zooming, references["swscale"], "<= 0.4")
    if zooming and references["memcpy"]:
        result.ratio("zooming frame / memcpy", zooming, references["memcpy"])


def compose(bench: Bench) -> Result:
    """Composition alone: every picture is made and thrown away."""
    commands: dict[str, Command | list[str]] = {
        "hydra, raw frames": Command(bench.render(["--encoder", "raw"], "-"), discard=True)
    }
    for name in ("ffmpeg zoompan", "ffmpeg zoompan, 4 x supersampled"):
        commands[name] = bench.rival(name, "null", None, "null")
    result = Result(f"{bench.what}, pictures to null, photo decoding included")
    figures = alternate(commands, bench.runs)
    result.add(figures)
    for name, row in figures.items():
        result.figures[name]["frames_per_s"] = bench.job.frames / row.cpu_s
    ours, naive, smooth = figures.values()
    result.ratio("CPU: ours / ffmpeg zoompan", ours.cpu_s, naive.cpu_s, "<= 0.1")
    result.ratio("CPU: ours / ffmpeg supersampled", ours.cpu_s, smooth.cpu_s, "<= 0.05")
    add_checkasm(bench, result)
    result.notes.append("frames/s is per second of CPU time, that is per core.")
    return result


def track(bench: Bench, path: Path) -> float:
    """Jitter of one video."""
    first, last = TRACKED
    words = [bench.python, str(HERE / "jitter.py"), str(path), str(first), str(last)]
    output = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    return json.loads(output)["jitter_px"]


def jitter(bench: Bench) -> Result:
    """The first photo's motion in encoded videos of two photos, at the length that it has in the
    whole job."""
    job = replace(bench.job, photos=bench.job.photos[:2], width=1080, height=1920)
    job = replace(job, seconds=2 * 2.3125 - 0.5)
    videos = {OURS: bench.render([], "jitter-ours.mp4", job),
              OURS_FAST: bench.render(FAST, "jitter-fast.mp4", job)}  # fmt: skip
    videos |= {name: bench.rival(name, "jitter-" + file_of(name), job) for name in RIVALS}
    result = Result(f"tracked motion in encoded video, {job.width} x {job.height}, a zoom of 5 %")
    for name, words in videos.items():
        run(Command(words, discard=True))
    path = bench.folder / "jitter.json"
    save(job, path)
    controls = {"control, x264 fast crf 20": "20", "control, x264 fast crf 1": "1"}
    outputs = [w for crf in controls.values() for w in (crf, str(bench.folder / f"c{crf}.mp4"))]
    run([bench.python, str(HERE / "control.py"), str(path), str(TRACKED[1] + 1), *outputs])
    paths = {name: Path(words[-1] if words[0] == bench.cli else words[3])
             for name, words in videos.items()}  # fmt: skip
    paths |= {name: bench.folder / f"c{crf}.mp4" for name, crf in controls.items()}
    for name, video in paths.items():
        result.figures[name] = {"jitter_px": track(bench, video)}
    control = result.figures["control, x264 fast crf 20"]["jitter_px"]
    for name in paths:
        goal = "<= 1.1" if name in (OURS, OURS_FAST) else ""
        result.ratio(f"{name} / control crf 20", result.figures[name]["jitter_px"], control, goal)
    return result
