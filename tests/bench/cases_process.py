# SPDX-License-Identifier: MIT
"""What a process costs around its frames: memory, threads, length, start, end, cancelling."""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace

from content import Bench
from measure import Command, alternate
from results import Result


def length_of(bench: Bench) -> str:
    """The long job in a few words."""
    job = bench.long_job()
    return f"{len(job.photos)} photos, {job.seconds / 60:g} min"


def memory(bench: Bench) -> Result:
    """Peak memory is that of what is around the playhead, not of the project."""
    encoder = Command(bench.encode("default", "alone.mp4").words, discard=True)
    figures = alternate(
        {bench.what: bench.render([], "short.mp4"), "encoder alone": encoder}, bench.runs
    )
    short, alone = figures.values()
    figures[length_of(bench)] = long = bench.long_render()
    result = Result("peak memory, default profile")
    result.add(figures)
    result.ratio("long / short", long.peak_mb, short.peak_mb, "<= 1.1")
    result.difference("above the encoder alone, MB", short.peak_mb, alone.peak_mb, "<= 120")
    return result


def scaling(bench: Bench) -> Result:
    """One CPU and all of them; a short video and a long one."""
    cpus = sorted(os.sched_getaffinity(0))
    words = bench.render([], "scaling.mp4")
    one, every = "1 CPU", f"{len(cpus)} CPUs"
    figures = alternate({one: Command(words, frozenset(cpus[:1])), every: words}, bench.runs)
    figures[length_of(bench)] = long = bench.long_render()
    result = Result("default profile")
    result.add(figures)
    frames = {name: bench.job.frames for name in figures}
    frames[length_of(bench)] = bench.long_job().frames
    for name, row in figures.items():
        result.figures[name]["frames_per_s"] = frames[name] / row.wall_s
    result.ratio(f"wall: 1 CPU / {every}", figures[one].wall_s, figures[every].wall_s)
    per_frame = long.cpu_s / bench.long_job().frames
    result.ratio(
        "CPU of a frame: long / short",
        per_frame, figures[every].cpu_s / bench.job.frames, "<= 1.05",
    )  # fmt: skip
    return result


def startup(bench: Bench) -> Result:
    """A poster from a project of all photos, in a new process, against decoding one photo."""
    photos = [photo.path for photo in bench.job.photos]
    poster = [
        bench.cli, "frame", *photos, "--size", f"{bench.job.width}x{bench.job.height}",
        "-t", "1", "--quiet", "-y", "-o", str(bench.folder / "poster.png"),
    ]  # fmt: skip
    figures = alternate(
        {
            "hydra-cli frame": poster,
            "djpeg of that photo": Command(
                ["djpeg", "-outfile", "/dev/null", photos[0]], discard=True
            ),
            "ffmpeg of that photo": [
                "ffmpeg", "-nostdin", "-v", "error", "-i", photos[0], "-frames:v", "1",
                "-f", "null", "-",
            ],
        },
        bench.runs * 5,
    )  # fmt: skip
    result = Result(f"a poster from {len(photos)} photos, {bench.job.width} x {bench.job.height}")
    result.add(figures)
    ours, djpeg, ffmpeg = figures.values()
    result.ratio("wall: ours / djpeg", ours.wall_s, djpeg.wall_s, "<= 3")
    result.ratio("wall: ours / ffmpeg", ours.wall_s, ffmpeg.wall_s)
    return result


def events(process: subprocess.Popen[bytes]) -> Iterator[tuple[float, dict]]:
    """When each event of `--progress json` came, and the event."""
    assert process.stderr
    for line in process.stderr:
        if line.startswith(b"{"):
            yield time.monotonic(), json.loads(line)


def ending(bench: Bench) -> dict[str, float]:
    """One render: from the last frame sent to the encoder to the end of the process."""
    words = [*bench.render([], "latency.mp4"), "--progress", "json", "--json"]
    words.remove("--quiet")
    last_frame = None
    with subprocess.Popen(
        words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout
        for at, event in events(process):
            if last_frame is None and event.get("stage") in ("finishing", "done"):
                last_frame = at
        answer = json.loads(process.stdout.read())
        process.wait()
    if process.returncode != 0 or last_frame is None:
        sys.exit("bench: the render to time the end of failed")
    return {"whole": time.monotonic() - last_frame, "mux": answer["mux_s"]}


def drain(bench: Bench) -> float:
    """From the last frame sent to the last packet received, of the encoder alone."""
    words = bench.encode("default", "alone.mp4").words
    output = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    return json.loads(output)["drain_s"]


def latency(bench: Bench) -> Result:
    """What is left to do when the last frame is encoded."""
    bench.frames()
    runs = [(ending(bench), drain(bench)) for _ in range(bench.runs)]
    whole = statistics.median(r["whole"] for r, _ in runs)
    drained = statistics.median(d for _, d in runs)
    mux = statistics.median(r["mux"] for r, _ in runs)
    result = Result(f"{bench.what}, default profile")
    result.figures = {
        "last frame sent to the encoder -> process over": {"seconds": whole},
        "of it, encoding what x264 still holds": {"seconds": min(drained, whole)},
        "last frame encoded -> process over": {"seconds": max(whole - drained, 0.0)},
        "writing and reading back in the whole render": {"seconds": mux},
    }
    result.notes.append("What x264 still holds is timed with the encoder alone.")
    return result


def cancel_at(command: list[str], progress: float, wait_s: float) -> float | None:
    """Cancel `wait_s` after the render has come to `progress`; seconds from the signal to the end
    of the process. None: it was done before."""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        assert process.stderr
        for _, event in events(process):
            if event.get("progress", -1) >= progress:
                break
        time.sleep(wait_s)
        start = time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.stderr.read()
        code = process.wait()
        return time.monotonic() - start if code == 128 + signal.SIGTERM else None


def cancel(bench: Bench) -> Result:
    """How long a cancelled render goes on. At 0.98 all frames are composed: what the encoder still
    holds is written, and read back."""
    job = replace(bench.job, photos=bench.job.photos[:4], seconds=min(6.0, bench.job.seconds))
    command = [*bench.render([], "cancelled.mp4", job), "--progress", "json"]
    moments = [(0.0, 0.02 * i) for i in range(8)]
    moments += [(0.1 * i, 0.0) for i in range(1, 10)]
    moments += [(0.98, 0.1 * i) for i in range(6)]
    all_seen = [cancel_at(command, *moment) for _ in range(bench.runs) for moment in moments]
    seen = [s for s in all_seen if s is not None]
    if not seen:
        sys.exit("bench: every render was done before it could be cancelled")
    if len(seen) == len(all_seen) and list(bench.folder.glob("*cancelled*")):
        sys.exit("bench: a cancelled render left something behind")
    result = Result(f"{job.seconds:g} s of video, default profile, from a signal to the end")
    result.figures = {
        "median": {"seconds": statistics.median(seen)},
        "largest": {"seconds": max(seen)},
    }
    result.notes.append(f"{len(seen)} of {len(all_seen)} came in time.")
    return result
