# SPDX-License-Identifier: MIT
"""Running commands and measuring them: wall clock, CPU time and peak memory of the process tree.

CPU time is user and system time of the process and of all children it waited for, as the kernel
counts it. Peak memory of a process without children is the kernel's own peak of its resident set;
of a tree it is the largest of sums of proportional set sizes (PSS: a page that several processes
share counts once), which are taken five times a second.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

SAMPLE_S = 0.2
PROC = Path("/proc")


@dataclass(frozen=True)
class Figures:
    """One run of a command."""

    wall_s: float
    cpu_s: float
    peak_mb: float


@dataclass(frozen=True)
class Command:
    """Words to run, the CPUs it may use (all by default), and where its output goes."""

    words: list[str]
    cpus: frozenset[int] | None = None
    discard: bool = False


def children(pid: int, proc: Path = PROC) -> list[int]:
    """Direct children of a process; none when it is gone."""
    found: list[int] = []
    for task in (proc / str(pid) / "task").glob("*"):
        try:
            found += map(int, (task / "children").read_text().split())
        except OSError:
            continue
    return found


def tree(pid: int, proc: Path = PROC) -> list[int]:
    """A process and all below it."""
    pids = [pid]
    for known in pids:
        pids += children(known, proc)
    return pids


def pss_kb(pid: int, proc: Path = PROC) -> int:
    """Proportional set size of one process; 0 when it is gone."""
    try:
        text = (proc / str(pid) / "smaps_rollup").read_text()
    except OSError:
        return 0
    sizes = [line.split()[1] for line in text.splitlines() if line.startswith("Pss:")]
    return int(sizes[0]) if sizes else 0


class TreeSampler(threading.Thread):
    """Watches a process tree until it is told to stop."""

    def __init__(self, pid: int, proc: Path = PROC) -> None:
        super().__init__(daemon=True)
        self.pid = pid
        self.proc = proc
        self.peak_kb = 0
        self.most_processes = 1
        self.done = threading.Event()

    def sample(self) -> None:
        """One look. A lone process is not summed up: the kernel keeps its peak."""
        pids = tree(self.pid, self.proc)
        self.most_processes = max(self.most_processes, len(pids))
        if len(pids) > 1:
            self.peak_kb = max(self.peak_kb, sum(pss_kb(p, self.proc) for p in pids))

    def run(self) -> None:
        """Sample until stopped."""
        while not self.done.wait(SAMPLE_S):
            self.sample()


def forget_peak() -> None:
    """Make this process's peak what it has now. A process that is started begins with the peak of
    the one that started it, since they share their memory until it executes its program."""
    try:
        (PROC / "self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        pass


def run(command: Command | list[str]) -> Figures:
    """Run a command to its end. A failed one ends the bench."""
    if isinstance(command, list):
        command = Command(command)
    cpus = command.cpus

    def pin() -> None:
        if cpus:
            os.sched_setaffinity(0, cpus)

    forget_peak()
    start = time.monotonic()
    with subprocess.Popen(
        command.words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL if command.discard else None,
        preexec_fn=pin if cpus else None,
    ) as process:
        sampler = TreeSampler(process.pid)
        sampler.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - start
        process.returncode = os.waitstatus_to_exitcode(status)
    sampler.done.set()
    sampler.join()
    if process.returncode != 0:
        sys.exit(f"bench: exit code {process.returncode}: {' '.join(command.words[:8])} ...")
    largest_mb = usage.ru_maxrss / 1024
    return Figures(wall, usage.ru_utime + usage.ru_stime, max(largest_mb, sampler.peak_kb / 1024))


def medians(runs: list[Figures]) -> Figures:
    """The median of each figure on its own."""
    return Figures(
        statistics.median(r.wall_s for r in runs),
        statistics.median(r.cpu_s for r in runs),
        statistics.median(r.peak_mb for r in runs),
    )


def alternate(
    commands: dict[str, Command | list[str]],
    runs: int,
    after: Callable[[str], None] | None = None,
    after_each: Callable[[str], None] | None = None,
) -> dict[str, Figures]:
    """Each command `runs` times, in turn, so that a slow moment of the machine hits all of them.
    `after` is called with the name once the first run of a command has ended, `after_each` after
    every run."""
    seen: dict[str, list[Figures]] = {name: [] for name in commands}
    for turn in range(runs):
        for name, command in commands.items():
            seen[name].append(run(command))
            if turn == 0 and after:
                after(name)
            if after_each:
                after_each(name)
    return {name: medians(figures) for name, figures in seen.items()}
