#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Benchmarks of whole commands. Every figure is a ratio from one run of this program.

Usage: script/bench [floor] [memory] [cancel] [--runs N] [--json FILE]

floor   a whole render against ffmpeg encoding the same finished frames with the same settings
memory  peak resident memory: 8 photos / 15 s against 300 photos / 10 min, and the encoder alone
cancel  from a signal, at moments all over a render, to the end of the process
"""
from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Figures:
    """One process: wall and CPU seconds, peak resident memory in MB."""

    wall_s: float
    cpu_s: float
    rss_mb: float


@dataclass
class Media:
    """What the benchmark renders, and with what."""

    cli: str
    photos: list[str]
    music: str
    folder: Path

    def render(self, photos: list[str], seconds: int, options: list[str], output: str) -> list[str]:
        """The command that renders `photos` into `output`."""
        return [
            self.cli, "render", *photos, "--music", self.music, "--music-loop",
            "--duration", str(seconds), "--size", "1080x1920", "--fps", "30",
            "--motion", "zoom_in,zoom_out", "--transition", "crossfade",
            "--transition-duration", "0.5", "--fade-in", "1", "--fade-out", "2",
            "--quiet", "-y", *options, "-o", str(self.folder / output),
        ]  # fmt: skip


def run(command: list[str]) -> Figures:
    """Run a command to its end; its own resource use as the kernel counts it."""
    start = time.monotonic()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"bench: exit code {process.returncode}: {' '.join(command[:6])} ...")
    return Figures(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def median(runs: list[Figures]) -> Figures:
    """Median of each figure on its own."""
    return Figures(
        statistics.median(r.wall_s for r in runs),
        statistics.median(r.cpu_s for r in runs),
        statistics.median(r.rss_mb for r in runs),
    )


def alternate(commands: dict[str, list[str]], runs: int) -> dict[str, Figures]:
    """Each command `runs` times, in turn, so that a slow moment of the machine hits all."""
    seen: dict[str, list[Figures]] = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            seen[name].append(run(command))
    return {name: median(figures) for name, figures in seen.items()}


def show(title: str, figures: dict[str, Figures]) -> None:
    """A small table."""
    print(f"\n{title}")
    print(f"  {'':34} {'wall s':>8} {'CPU s':>8} {'peak MB':>8}")
    for name, f in figures.items():
        print(f"  {name:34} {f.wall_s:8.2f} {f.cpu_s:8.2f} {f.rss_mb:8.0f}")


def encode_only(frames: Path, preset: str, crf: int, threads: int, output: Path) -> list[str]:
    """ffmpeg with the settings that the library's x264 encoder uses besides preset and crf."""
    return [
        "ffmpeg", "-nostdin", "-v", "error", "-y", "-i", str(frames), "-c:v", "libx264",
        "-preset", preset, "-crf", str(crf), "-profile:v", "high", "-g", "60",
        "-flags", "+cgop", "-sc_threshold", "0", "-threads", str(threads), "-an", str(output),
    ]  # fmt: skip


def case_floor(media: Media, runs: int) -> dict[str, float]:
    """Whole render with x264 fast crf 20 against the encoder alone."""
    frames = media.folder / "frames.y4m"
    run(media.render(media.photos[:8], 15, ["--encoder", "raw"], frames.name))
    threads = len(os.sched_getaffinity(0))
    options = ["--preset", "fast", "--crf", "20", "--threads", str(threads)]
    figures = alternate(
        {
            "render, x264 fast crf 20": media.render(media.photos[:8], 15, options, "whole.mp4"),
            "encoder alone": encode_only(
                frames, "fast", 20, threads, media.folder / "encoder.mp4"
            ),
        },
        runs,
    )
    frames.unlink()
    show("floor: 8 photos, 15 s, 1080 x 1920", figures)
    whole, encoder = figures.values()
    ratio = whole.wall_s / encoder.wall_s
    cpu = whole.cpu_s / encoder.cpu_s
    print(f"  wall ratio {ratio:.3f}, CPU ratio {cpu:.3f}")
    return {"wall_ratio": ratio, "cpu_ratio": cpu}


def case_memory(media: Media, runs: int) -> dict[str, float]:
    """Peak memory is that of what is around the playhead, not of the project."""
    frames = media.folder / "frames.y4m"
    run(media.render(media.photos[:8], 15, ["--encoder", "raw"], frames.name))
    threads = len(os.sched_getaffinity(0))
    options = ["--preset", "superfast", "--crf", "23", "--threads", str(threads)]
    many = [media.photos[i % 8] for i in range(300)]
    figures = alternate(
        {
            "8 photos, 15 s": media.render(media.photos[:8], 15, options, "short.mp4"),
            "encoder alone, same frames": encode_only(
                frames, "superfast", 23, threads, media.folder / "encoder.mp4"
            ),
        },
        runs,
    )
    frames.unlink()
    figures["300 photos, 10 min"] = run(media.render(many, 600, options, "long.mp4"))
    show("memory: 1080 x 1920, x264 superfast", figures)
    short, encoder, long = figures.values()
    print(f"  10 min / 15 s: {long.rss_mb / short.rss_mb:.3f}")
    print(f"  above the encoder alone: {long.rss_mb - encoder.rss_mb:.0f} MB")
    return {
        "long_to_short": long.rss_mb / short.rss_mb,
        "above_encoder_mb": long.rss_mb - encoder.rss_mb,
    }


def cancel_at(command: list[str], progress: float, wait_s: float) -> float | None:
    """Cancel `wait_s` after the render has come to `progress`; seconds from the signal to the end of
    the process. None: it was done before."""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        assert process.stderr
        for line in process.stderr:
            if line.startswith(b"{") and json.loads(line).get("progress", -1) >= progress:
                break
        time.sleep(wait_s)
        start = time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.stderr.read()
        code = process.wait()
        return time.monotonic() - start if code == 128 + signal.SIGTERM else None


def case_cancel(media: Media, runs: int) -> dict[str, float]:
    """How long a cancelled render goes on. At 0.98 all frames are composed: what the encoder still
    holds is written, and read back."""
    command = [*media.render(media.photos[:4], 6, ["--profile", "default"], "cancelled.mp4"),
               "--progress", "json"]  # fmt: skip
    moments = [(0.0, 0.02 * i) for i in range(8)]
    moments += [(0.1 * i, 0.0) for i in range(1, 10)]
    moments += [(0.98, 0.1 * i) for i in range(6)]
    all_seen = [cancel_at(command, *moment) for _ in range(runs) for moment in moments]
    seen = [s for s in all_seen if s is not None]
    if len(seen) == len(all_seen) and any(media.folder.iterdir()):
        sys.exit("bench: a cancelled render left something behind")
    median_s, largest_s = statistics.median(seen), max(seen)
    print("\ncancel: 1080 x 1920, default")
    print(f"  {len(seen)} of {len(all_seen)} in time: median {median_s:.3f} s, "
          f"largest {largest_s:.3f} s")  # fmt: skip
    return {"median_s": median_s, "largest_s": largest_s}


CASES = {"floor": case_floor, "memory": case_memory, "cancel": case_cancel}


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="script/bench")
    parser.add_argument("cases", nargs="*", metavar="CASE", help=", ".join(CASES))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--cli", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--photos", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--music", required=True, help=argparse.SUPPRESS)
    args = parser.parse_args()
    for case in args.cases:
        if case not in CASES:
            parser.error(f"no case {case}; there are: {', '.join(CASES)}")
    return args


def main() -> None:
    """Run the cases that were asked for, all by default."""
    args = arguments()
    photos = sorted(str(p) for p in Path(args.photos).rglob("*.jpg"))
    if len(photos) < 8:
        sys.exit(f"bench: {args.photos}: fewer than 8 photos")
    results: dict[str, dict[str, float]] = {}
    # The finished frames are large; a tmpfs keeps the disk out of the figures.
    base = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="hydra-bench-", dir=base) as folder:
        media = Media(args.cli, photos, args.music, Path(folder))
        for case in args.cases or CASES:
            results[case] = CASES[case](media, args.runs)
    if args.json:
        args.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
