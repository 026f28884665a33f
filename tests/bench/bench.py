#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Benchmarks of whole commands. Every figure that counts is a ratio from one run of this program.

Usage: script/bench [CASE ...] [--runs N] [--quick] [--json FILE] [--update-docs]

render   a whole video against ffmpeg, MoviePy, melt and movielite
compose  pictures only, against ffmpeg's zoompan, swscale and memcpy
floor    a whole render against encoding its finished frames
encode   the profiles against x264's presets: time, size, SSIM
memory   peak memory: short and long, and the encoder alone
scaling  one CPU and all of them, 15 s and 10 min
startup  a poster frame in a new process
latency  from the last frame to the finished file
jitter   how evenly pictures move in the encoded video
cancel   from a signal to the end of the process
upload   files and renders to an S3 server, against aws, s3cmd and boto3
gpu      how busy renders keep a GPU's encoder, on a stand-in of it
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cases_encoder
import cases_gpu
import cases_process
import cases_render
import cases_upload
import report
from content import HERE, Bench, make_job
from results import Result, text

CASES: dict[str, Callable[[Bench], Result]] = {
    "render": cases_render.render,
    "compose": cases_render.compose,
    "floor": cases_encoder.floor,
    "encode": cases_encoder.encode,
    "memory": cases_process.memory,
    "scaling": cases_process.scaling,
    "startup": cases_process.startup,
    "latency": cases_process.latency,
    "jitter": cases_render.jitter,
    "cancel": cases_process.cancel,
    "upload": cases_upload.upload,
    "gpu": cases_gpu.gpu,
}


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="script/bench")
    parser.add_argument("cases", nargs="*", metavar="CASE", help=", ".join(CASES))
    parser.add_argument("--runs", type=int, default=3, help="of every command (default 3)")
    parser.add_argument("--quick", action="store_true", help="a small job, to try the bench")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the figures for report.py")
    parser.add_argument("--update-docs", action="store_true", help="renew docs/performance.md")
    parser.add_argument("--build", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--python", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--photos", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--music", type=Path, required=True, help=argparse.SUPPRESS)
    args = parser.parse_args()
    for case in args.cases:
        if case not in CASES:
            parser.error(f"no case {case}; there are: {', '.join(CASES)}")
    if args.runs < 1:
        parser.error("--runs is at least 1")
    return args


def cpu_flags() -> list[str]:
    """Those vector extensions of the CPU that matter here."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return []
    flags = next((x.split() for x in text.splitlines() if x.startswith(("flags", "Features"))), [])
    wanted = {"avx2": "AVX2", "avx512bw": "AVX-512", "avx512_vnni": "VNNI", "asimd": "NEON"}
    return [name for flag, name in wanted.items() if flag in flags]


def machine() -> dict[str, object]:
    """What the figures were measured on, without names."""
    return {
        "cpus": len(os.sched_getaffinity(0)),
        "architecture": platform.machine(),
        "extensions": cpu_flags(),
    }


def main() -> None:
    """Run the cases that were asked for, all by default; keep what there is after each."""
    args = arguments()
    job = make_job(args.photos.resolve(), args.music.resolve(), args.quick)
    kept: dict[str, object] = {"machine": machine(), "runs": args.runs, "quick": args.quick}
    results: dict[str, object] = {}
    # The finished frames are large; a tmpfs keeps the disk out of the figures.
    base = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="hydra-bench-", dir=base) as folder:
        bench = Bench(args.build, args.python, job, Path(folder), args.runs, args.quick)
        for name in args.cases or CASES:
            result = CASES[name](bench)
            if args.quick:  # the goals are those of the whole job
                result.ratios = [replace(ratio, goal="") for ratio in result.ratios]
            print(text(name, result), flush=True)
            results[name] = result.to_json()
            document = {**kept, "cases": results}
            if args.json:
                kept_text = json.dumps(document, indent=2, ensure_ascii=False)
                args.json.write_text(kept_text + "\n", encoding="utf-8")
            if args.update_docs:
                report.update(document, HERE / "../../docs/performance.md")


if __name__ == "__main__":
    main()
