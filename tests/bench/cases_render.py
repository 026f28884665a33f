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
from job import FADE_S, Job, save
from measure import Command, alternate, run
from results import Result

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
REFERENCES = ("swscale bicubic", "copy of the picture")  # of checkasm --bench
DECODING = "decoding the photos, by djpeg"
CONTROL_OURS = "control, our default"
CONTROL_FAST = "control, x264 fast crf 20"
CONTROLS = {CONTROL_OURS: "y4m", CONTROL_FAST: "20", "control, x264 fast crf 1": "1"}
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


def checkasm_lines(output: str) -> dict[str, dict[str, float]]:
    """Milliseconds of a frame by what was drawn and by level of instructions, from the table of
    `checkasm --bench`. References that have no levels have one that is called ""."""
    lines = iter(output.splitlines())
    heading = next((x for x in lines if x.startswith("frame ") and x.split()[-1] != "ms"), "")
    levels = heading.partition(" ms ")[2].split()
    found: dict[str, dict[str, float]] = {}
    for line in lines:
        row = re.fullmatch(r"(\S.*?)((?:\s{2,}\d+\.\d+)+)", line)
        if not row or not levels:
            break
        if "/" not in row[1]:
            names = [""] if row[1] in REFERENCES else levels
            found[row[1]] = dict(zip(names, map(float, row[2].split())))
    return found


def add_checkasm(bench: Bench, result: Result) -> None:
    """One frame on one core, and the references that checkasm has of the same size."""
    words = [str(bench.build / "tests/checkasm/checkasm"), "--bench"]
    output = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    lines = checkasm_lines(output)
    for name, levels in lines.items():
        for level, ms in levels.items():
            result.figures[f"one frame, {name}" + (f", {level}" if level else "")] = {"ms": ms}
    zooming = lines.get("zooming", {})
    goals = {"AVX2": "<= 0.4", "AVX-512": "<= 0.3"}
    for reference in REFERENCES:
        for below in lines.get(reference, {}).values():
            for level, ms in zooming.items():
                goal = goals.get(level, "") if reference == "swscale bicubic" else ""
                result.ratio(f"zooming, {level} / {reference}", ms, below, goal)


def compose(bench: Bench) -> Result:
    """Composition alone: every picture is made and thrown away."""
    commands: dict[str, Command | list[str]] = {
        "hydra, raw frames": bench.render(["--encoder", "raw"], "/dev/null")
    }
    for name in ("ffmpeg zoompan", "ffmpeg zoompan, 4 x supersampled"):
        commands[name] = bench.rival(name, "null", None, "null")
    each = 'for photo; do djpeg -outfile /dev/null "$photo"; done'
    photos = [photo.path for photo in bench.job.photos]
    commands[DECODING] = Command(["sh", "-c", each, "sh", *photos])
    result = Result(f"{bench.what}, pictures to null, photo decoding included")
    figures = alternate(commands, bench.runs)
    result.add(figures)
    ours, naive, smooth, decoding = figures.values()
    for name in [x for x in figures if x != DECODING]:
        result.figures[name]["frames_per_cpu_s"] = bench.job.frames / figures[name].cpu_s
    result.ratio("CPU: ours / ffmpeg zoompan", ours.cpu_s, naive.cpu_s, "<= 0.1")
    result.ratio("CPU: ours / ffmpeg supersampled", ours.cpu_s, smooth.cpu_s, "<= 0.05")
    result.ratio("CPU: decoding by djpeg / ffmpeg zoompan", decoding.cpu_s, naive.cpu_s)
    add_checkasm(bench, result)
    return result


def track(bench: Bench, path: Path) -> float:
    """Jitter of one video."""
    first, last = TRACKED
    words = [bench.python, str(HERE / "jitter.py"), str(path), str(first), str(last)]
    output = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    return json.loads(output)["jitter_px"]


def tracked_job(bench: Bench) -> Job:
    """Two photos; the first one moves as in the whole job of eight."""
    whole = replace(bench.job, photos=bench.job.photos[:1] * 8, seconds=15.0)
    seconds = 2 * whole.share_s - FADE_S
    return replace(whole, photos=bench.job.photos[:2], width=1080, height=1920, seconds=seconds)


def jitter(bench: Bench) -> Result:
    """The motion of the first photo in the encoded videos of everybody, and of the control."""
    job = tracked_job(bench)
    files = {name: "jitter-" + file_of(name) for name in (OURS, OURS_FAST, *RIVALS, *CONTROLS)}
    run(bench.render([], files[OURS], job))
    run(bench.render(FAST, files[OURS_FAST], job))
    for name in RIVALS:
        run(Command(bench.rival(name, files[name], job), discard=True))
    path = bench.folder / "jitter.json"
    save(job, path)
    words = [bench.python, str(HERE / "control.py"), str(path), str(TRACKED[1] + 1)]
    frames = bench.folder / "control.y4m"
    for name, crf in CONTROLS.items():
        words += [crf, str(frames if crf == "y4m" else bench.folder / files[name])]
    run(words)
    run(Command(bench.encode("default", files[CONTROL_OURS], frames).words, discard=True))
    frames.unlink()
    result = Result(f"tracked motion in encoded video, {job.width} x {job.height}, a zoom of 5 %")
    for name, file in files.items():
        result.figures[name] = {"jitter_px": track(bench, bench.folder / file)}
    for name in files:
        control = CONTROL_OURS if name == OURS else CONTROL_FAST
        if name not in CONTROLS:
            below = result.figures[control]["jitter_px"]
            goal = "<= 1.1" if name in (OURS, OURS_FAST) else ""
            result.ratio(f"{name} / {control}", result.figures[name]["jitter_px"], below, goal)
    return result
