# SPDX-License-Identifier: MIT
"""Files to an S3 server, and renders that go there while they are made."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cases_process import events, length_of
from check_video import check
from content import Bench
from job import Job
from measure import Command, Figures, alternate, forget_peak, medians, run
from results import Result
from slow_line import SlowLine
from store import BUCKET, MIB, Store, radosgw

OURS = "hydra-cli upload"
STATIC = "hydra, static: store.c"  # examples/c/store.c, without FFmpeg
# Their defaults.
PART_BYTES = {OURS: 8 * MIB, STATIC: 8 * MIB, "aws s3 cp": 8 * MIB, "s3cmd put": 15 * MIB}
IN_FLIGHT = 4
HEAD_BYTES = 8 * MIB  # the index of an MP4, in whole parts
# What may come on top of a render: parts in flight, the head, and 20 MB for the client.
MORE_MB = (IN_FLIGHT * PART_BYTES[OURS] + HEAD_BYTES) // MIB + 20
# 30 s make more than 60 MB.
LARGE = ["--crf", "8"]
LARGE_S = 30.0
HALF = 0.5
SLOWER = 1.25
ROOM = 4  # times the size of the largest file: itself, the object, and what the server wastes
KEY = "object"


def uri(key: str = KEY) -> str:
    """An object of the benchmarks."""
    return f"s3://{BUCKET}/{key}"


# ---- Files ----


def memory_now(path: Path = Path("/proc/meminfo")) -> int:
    """Bytes that the machine can still give; 0 where it does not say."""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) << 10
    return 0


def sizes(bench: Bench, available: int) -> list[int]:
    """Sizes of files, as far as there is memory for them."""
    wanted = [8 * MIB, 64 * MIB] if bench.quick else [64 * MIB, 1024 * MIB]
    fitting = [size for size in wanted if size * ROOM <= available]
    if not fitting:
        sys.exit(f"bench: {wanted[0] * ROOM // MIB} MiB of memory are needed for uploads")
    return fitting


def make_file(path: Path, size: int) -> Path:
    """Bytes that nothing can compress."""
    with path.open("wb") as file:
        for _ in range(size // MIB):
            file.write(os.urandom(MIB))
    return path


def senders(bench: Bench, store: Store, path: Path) -> dict[str, Command | list[str]]:
    """The commands that send a file, with their defaults."""
    url = store.gateway.url
    words = {
        OURS: [
            *store.environment(), bench.cli, "upload", str(path), uri(), "--endpoint", url,
            "--quiet", "-y",
        ],
        STATIC: [
            *store.environment(), f"AWS_ENDPOINT_URL={url}",
            str(bench.build / "examples/c/store"), str(path), uri(),
        ],
        "aws s3 cp": [
            *store.environment(), "aws", "s3", "cp", str(path), uri(), "--endpoint-url", url,
            "--only-show-errors",
        ],
        "s3cmd put": [*store.s3cmd(), "put", "--quiet", "--no-progress", str(path), uri()],
    }  # fmt: skip
    return {name: Command(command, discard=True) for name, command in words.items()}


def add_throughput(bench: Bench, store: Store, result: Result, size: int) -> None:
    """One size of file, by all senders."""
    path = make_file(bench.folder / "upload.bin", size)

    def look(name: str) -> None:
        store.require(KEY, path, PART_BYTES[name])
        store.delete(KEY)

    figures = alternate(senders(bench, store, path), bench.runs, after_each=look)
    path.unlink()
    title = f"{size // MIB} MiB" if size < 1024 * MIB else f"{size // (1024 * MIB)} GiB"
    result.add({f"{title}, {name}": row for name, row in figures.items()})
    for name, row in figures.items():
        result.figures[f"{title}, {name}"]["mb_per_s"] = size / 1e6 / row.wall_s
    ours, static = figures.pop(OURS), figures.pop(STATIC)
    fastest = min(row.wall_s for row in figures.values())
    leanest = min(row.peak_mb for row in figures.values())
    result.ratio(f"{title}, MB/s: ours / best of the others", fastest, ours.wall_s, ">= 1")
    result.ratio(f"{title}, peak memory: ours / least other", ours.peak_mb, leanest, "<= 0.5")
    result.ratio(f"{title}, peak memory: static / least other", static.peak_mb, leanest, "<= 0.5")


# ---- Renders ----


@dataclass(frozen=True)
class Watched:
    """A render, what it said at the end, and what had passed the line when a stage began."""

    figures: Figures
    answer: dict
    passed: dict[str, int]

    @property
    def bytes(self) -> int:
        """Size of the video."""
        return int(self.answer["bytes"])

    @property
    def ready_s(self) -> float:
        """From the last encoded frame to the complete output."""
        return float(self.answer["ready_us"]) / 1e6


def watch(words: list[str], passed: Callable[[], int] = lambda: 0) -> Watched:
    """Run a render with `--progress json --json` to its end. A failed one ends the bench."""
    at: dict[str, int] = {}
    forget_peak()
    start = time.monotonic()
    with subprocess.Popen(
        words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout
        for _, event in events(process):
            at.setdefault(str(event.get("stage")), passed())
        text = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - start
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"bench: a render failed: {text.decode(errors='replace')}")
    at["end"] = passed()
    figures = Figures(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
    return Watched(figures, json.loads(text), at)


def told(words: list[str]) -> list[str]:
    """A render that tells what it does."""
    return [w for w in words if w != "--quiet"] + ["--progress", "json", "--json"]


def straight(
    bench: Bench, store: Store, url: str, options: list[str], job: Job | None = None
) -> list[str]:
    """The render that goes to the server while it is made."""
    words = bench.render([*options, "--endpoint", url], uri(), job)
    return [*store.environment(), *words]


def look_at_video(bench: Bench, store: Store, job: Job, right: Path) -> None:
    """The object must be the video, and show what the file of the same render shows. Not its very
    bytes: x264 with several threads does not promise them."""
    path = bench.folder / "object.mp4"
    store.call("download", KEY, path=str(path))
    store.require(KEY, path, PART_BYTES[OURS])
    store.delete(KEY)
    if problems := check(path, job, right):
        sys.exit(f"bench: the video in the store is not right: {'; '.join(problems)}")
    path.unlink()


def send_file(store: Store, url: str, path: Path) -> float:
    """Seconds that boto3 takes for a file."""
    seconds = store.call("upload", KEY, endpoint=url, path=str(path))["seconds"]
    store.require(KEY, path, PART_BYTES[OURS])
    store.delete(KEY)
    return float(seconds)


@dataclass(frozen=True)
class Compared:
    """Runs of the same job in three ways."""

    alone: list[Watched]
    uploaded: list[Watched]
    sent_s: list[float]  # of the file, by boto3
    served_s: list[float]  # CPU time of server and line, for `uploaded`

    def add_ready(self, result: Result, title: str) -> None:
        """From the last encoded frame to the URL, both ways."""
        ours = statistics.median(w.ready_s for w in self.uploaded)
        pairs = zip(self.alone, self.sent_s, strict=True)
        other = statistics.median(w.ready_s + seconds for w, seconds in pairs)
        result.figures[f"{title}, last frame -> URL: render to the server"] = {"seconds": ours}
        result.figures[f"{title}, last frame -> URL: file, then boto3"] = {"seconds": other}
        result.ratio(f"{title}, last frame -> URL: ours / file, then boto3", ours, other)


def compare(
    bench: Bench, store: Store, options: list[str], job: Job, line: SlowLine | None = None
) -> Compared:
    """Render to a file, send that file, render to the server; in turn."""
    url = line.url if line else store.gateway.url
    path = bench.folder / "alone.mp4"
    found = Compared([], [], [], [])
    for _ in range(bench.runs):
        found.alone.append(watch(told(bench.render(options, path.name, job))))
        found.sent_s.append(send_file(store, url, path))
        words = told(straight(bench, store, url, options, job))
        before = store.cpu_s() + time.process_time()
        found.uploaded.append(watch(words, lambda: line.passed if line else 0))
        found.served_s.append(store.cpu_s() + time.process_time() - before)
        look_at_video(bench, store, job, path)
    return found


def add_ready(bench: Bench, store: Store, result: Result) -> None:
    """The job with the default profile, straight to the server."""
    found = compare(bench, store, [], bench.job)
    found.add_ready(result, f"{bench.job.seconds:g} s, {found.alone[0].bytes / 1e6:.0f} MB")


def left_mb(runs: list[Watched], stage: str) -> float:
    """What had yet to go over the line when a stage began."""
    return statistics.median(w.passed["end"] - w.passed[stage] for w in runs) / 1e6


def add_overlap(bench: Bench, store: Store, result: Result) -> None:
    """A large video, over a line that needs half of the render's time for it."""
    job = bench.longer(LARGE_S)
    first = watch(told(bench.render(LARGE, "first.mp4", job)))
    rate = first.bytes / (HALF * first.figures.wall_s)
    with SlowLine(store.gateway.port, rate) as line:
        found = compare(bench, store, LARGE, job, line)
    title = f"{first.bytes / 1e6:.0f} MB"
    rows = {
        f"{title}, render to a file": medians([w.figures for w in found.alone]),
        f"{title}, render to the server": medians([w.figures for w in found.uploaded]),
    }
    result.add(rows)
    alone, uploaded = rows.values()
    result.ratio(
        f"{title}, wall: to the server / to a file", uploaded.wall_s, alone.wall_s, "<= 1.1"
    )
    most = (HEAD_BYTES + PART_BYTES[OURS]) / 1e6
    left = left_mb(found.uploaded, "uploading")
    result.difference(f"{title}, MB left after the last frame", left, 0, f"<= {most:.1f}")
    found.add_ready(result, f"{title}, slow line")
    before = left_mb(found.uploaded, "finishing")
    result.notes += [
        f"The slow line of the large video takes {rate / 1e6:.1f} MB/s. "
        f"When its last frame went to the encoder, {before:.1f} MB were left.",
        "Server and line, on the same machine, took "
        f"{statistics.median(found.served_s):.1f} s of CPU meanwhile.",
    ]


def add_memory(bench: Bench, store: Store, result: Result, job: Job, title: str) -> None:
    """A line that is slower than the render: all that may wait for it does."""
    if job == bench.long_job():
        path, alone = bench.folder / "long.mp4", bench.long_render()
    else:
        path = bench.folder / "short.mp4"
        alone = run(bench.render([], path.name, job))
    rate = path.stat().st_size / (SLOWER * alone.wall_s)
    with SlowLine(store.gateway.port, rate) as line:
        uploaded = run(straight(bench, store, line.url, [], job))
    look_at_video(bench, store, job, path)
    result.add({f"{title}, to a file": alone, f"{title}, to a slow server": uploaded})
    result.difference(
        f"{title}, peak MB above the render's", uploaded.peak_mb, alone.peak_mb, f"<= {MORE_MB}"
    )


def upload(bench: Bench) -> Result:
    """All about stores."""
    if reason := radosgw.missing():
        sys.exit(f"bench: upload: {reason}")
    result = Result("radosgw on the same machine, objects in memory, default settings")
    fitting = sizes(bench, memory_now())
    with Store(bench, device_bytes=2 * max(fitting) + 1024 * MIB) as store:
        for size in fitting:
            add_throughput(bench, store, result, size)
        add_overlap(bench, store, result)
        add_ready(bench, store, result)
        add_memory(bench, store, result, bench.job, bench.what)
        add_memory(bench, store, result, bench.long_job(), length_of(bench))
    return result
