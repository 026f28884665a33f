# SPDX-License-Identifier: MIT
"""Whole renders against the encoder alone, and the encoder's profiles against x264's presets."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from content import FAST, Bench
from measure import Command, alternate
from results import Result

PROFILES = ("draft", "default", "quality", "best")
PRESETS = ("ultrafast", "superfast", "veryfast", "faster", "fast", "medium")


def ffmpeg_encode(bench: Bench, output: str) -> list[str]:
    """ffmpeg with what the library sets for x264 beside preset and crf."""
    return [
        "ffmpeg", "-nostdin", "-v", "error", "-y", "-i", str(bench.frames()), "-c:v", "libx264",
        "-preset", "fast", "-crf", "20", "-profile:v", "high", "-g", "60", "-flags", "+cgop",
        "-sc_threshold", "0", "-threads", str(bench.job.threads), "-an",
        str(bench.folder / output),
    ]  # fmt: skip


def floor(bench: Bench) -> Result:
    """What a render takes beyond encoding its finished frames, which lie in memory."""
    whole, alone = "whole render, ", "encoder alone, "
    bench.frames()
    figures = alternate(
        {
            whole + "default": bench.render([], "floor-default.mp4"),
            alone + "default": Command(bench.encode("default", "alone.mp4").words, discard=True),
            whole + "fast": bench.render(FAST, "floor-fast.mp4"),
            alone + "fast": Command(bench.encode("fast", "alone.mp4").words, discard=True),
            alone + "fast, by ffmpeg": ffmpeg_encode(bench, "ffmpeg.mp4"),
        },
        bench.runs,
    )
    result = Result(f"{bench.what}, against encoding the finished frames with the same settings")
    result.add(figures)
    fast, ffmpeg = figures[whole + "fast"], figures[alone + "fast, by ffmpeg"]
    ours, encoder = figures[whole + "default"], figures[alone + "default"]
    result.ratio("wall: fast / ffmpeg's encoder", fast.wall_s, ffmpeg.wall_s, "<= 1.05")
    result.ratio("CPU: fast / ffmpeg's encoder", fast.cpu_s, ffmpeg.cpu_s)
    result.ratio("wall: default / encoder", ours.wall_s, encoder.wall_s, "<= 1.12")
    result.ratio("CPU: default / encoder", ours.cpu_s, encoder.cpu_s)
    result.difference("memory above the encoder, MB", ours.peak_mb, encoder.peak_mb, "<= 120")
    return result


def ssim_db(video: Path, frames: Path) -> float:
    """SSIM of all planes against the finished frames, in decibels."""
    words = ["ffmpeg", "-nostdin", "-i", str(video), "-i", str(frames), "-lavfi", "ssim", "-f",
             "null", "-"]  # fmt: skip
    output = subprocess.run(words, check=True, capture_output=True, text=True).stderr
    found = re.search(r"SSIM .*All:[\d.]+ \(([\d.]+|inf)\)", output)
    if not found:
        raise ValueError("ffmpeg printed no SSIM")
    return float(found[1])


def encode(bench: Bench) -> Result:
    """Profiles and presets on the same finished frames."""
    names = [*PROFILES, *PRESETS]
    bench.frames()
    commands: dict[str, Command | list[str]] = {
        name: Command(bench.encode(name, f"encode-{name}.mp4").words, discard=True)
        for name in names
    }
    result = Result(f"finished frames of {bench.what}; presets at crf 20")
    figures = alternate(commands, bench.runs)
    result.add(figures)
    for name in names:
        video = bench.folder / f"encode-{name}.mp4"
        result.figures[name]["megabytes"] = video.stat().st_size / 1e6
        result.figures[name]["ssim_db"] = ssim_db(video, bench.frames())
        video.unlink()
    fast, default = result.figures["fast"], result.figures["default"]
    quality, draft = result.figures["quality"], result.figures["draft"]
    result.ratio("CPU: default / fast", default["cpu_s"], fast["cpu_s"], "<= 0.25")
    result.ratio("CPU: quality / fast", quality["cpu_s"], fast["cpu_s"], "<= 0.36")
    result.ratio("CPU: draft / fast", draft["cpu_s"], fast["cpu_s"], "<= 0.18")
    result.ratio("bits: default / fast", default["megabytes"], fast["megabytes"], "<= 1.25")
    result.difference("SSIM: default - fast, dB", default["ssim_db"], fast["ssim_db"], ">= 0")
    return result
