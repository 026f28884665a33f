#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Sweep of x264's settings over clips of differing kind; the encoder profiles come from it.

Usage: script/sweep run [--clips A,B] [--set NAME,...] [--setting PRESET/CRF/PARAMS] [--runs N]
       script/sweep report [--svg FILE] [--read-s SECONDS]
       script/sweep crops [--set NAME,...]
       script/sweep clean

run     encode each clip with each setting and measure it; what is already measured is left out
report  medians over the clips against `fast` at crf 20, and the Pareto front as a plot
crops   details of decoded frames, enlarged and with their contrast raised, as PNG to look at
clean   remove the clips, which lie in a tmpfs
"""
from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import sweep_clips
import sweep_crops
import sweep_report
from sweep_settings import REFERENCE, SETS, Setting, parse_setting

# What lib/media/encoder_x264.c sets with every profile. Its annexb=0 is left out: it changes how NAL
# units are framed, which the muxer of the ffmpeg command does not expect, and no bit within them.
FIXED_PARAMS = "force-cfr=1:8x8dct=1:scenecut=0"
GOP = 60
THREADS = 2

TMPFS = Path("/dev/shm/hydra-sweep")


@dataclass
class Tools:
    """Programs and folders."""

    cli: Path
    metrics: str  # an ffmpeg with libvmaf and xpsnr
    media: Path
    work: Path

    @property
    def results(self) -> Path:
        """One JSON object for each line."""
        return self.work / "results.jsonl"


@dataclass
class Encode:
    """Of one process: CPU seconds (user and system), peak resident set, bytes of the file."""

    cpu_s: float
    rss_mb: float
    size: int


# ---- One encode, and what it is worth ----


def encode_command(setting: Setting, clip: sweep_clips.Clip, source: Path, output: Path) -> list[str]:
    """As the library would encode it."""
    params = ":".join(filter(None, (FIXED_PARAMS, setting.params)))
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y", "-i", str(source), "-an",
               "-c:v", "libx264", "-threads", str(THREADS), "-preset", setting.preset,
               "-crf", str(setting.crf), "-g", str(GOP), "-keyint_min", "1", "-level", "4",
               "-profile:v", "high", "-flags", "+cgop", "-forced-idr", "1",
               "-x264-params", params]  # fmt: skip
    if clip.cuts:
        # Half a frame early, since ffmpeg takes the first frame that is not before the time.
        times = ",".join(f"{(n - 0.5) / sweep_clips.FPS:.4f}" for n in clip.cuts)
        command += ["-force_key_frames", times]
    return [*command, str(output)]


def encode(command: list[str], output: Path) -> Encode:
    """Run it and take what the kernel counted."""
    process = subprocess.Popen(command)
    _, status, usage = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status):
        sys.exit(f"sweep: failed: {' '.join(command)}")
    return Encode(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, output.stat().st_size)


def judge(tools: Tools, encoded: Path, source: Path, subsample: int) -> dict[str, float]:
    """VMAF, XPSNR and SSIM of an encoded clip, in one pass. SSIM and XPSNR are of all planes, as
    ffmpeg's ssim weighs them: luma four times each chroma plane."""
    graph = (
        "[0:v]settb=1/30,setpts=N,split=3[a][b][c];[1:v]settb=1/30,setpts=N,split=3[x][y][z];"
        f"[a][x]libvmaf=n_threads=1:n_subsample={subsample};[b][y]ssim;[c][z]xpsnr"
    )
    command = [tools.metrics, "-nostdin", "-nostats", "-threads", "1", "-i", str(encoded),
               "-threads", "1", "-i", str(source), "-filter_complex_threads", "1",
               "-lavfi", graph, "-f", "null", "-"]  # fmt: skip
    text = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    vmaf = re.search(r"VMAF score: ([\d.]+)", text)
    ssim = re.search(r"SSIM .*All:[\d.]+ \(([\d.]+|inf)\)", text)
    xpsnr = re.search(r"XPSNR +y: *([\d.]+|inf) +u: *([\d.]+|inf) +v: *([\d.]+|inf)", text)
    if not vmaf or not ssim or not xpsnr:
        sys.exit(f"sweep: no figures in:\n{text}")
    y, u, v = (float(group) for group in xpsnr.groups())
    return {"vmaf": float(vmaf[1]), "ssim": float(ssim[1]), "xpsnr": (4 * y + u + v) / 6}


# ---- All of them ----


def known(path: Path) -> dict[tuple[str, str], dict]:
    """Results so far, by clip and setting; of several the last, which `--runs` improves."""
    if not path.exists():
        return {}
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    return {(row["clip"], row["setting"]): row for row in rows}


def make_clip(tools: Tools, clip: sweep_clips.Clip) -> Path:
    """The clip's frames in the tmpfs."""
    TMPFS.mkdir(exist_ok=True)
    return sweep_clips.make_clip(clip, tools.cli, tools.media, tools.work / "made", TMPFS)


def measure(tools: Tools, clip: sweep_clips.Clip, settings: list[Setting], runs: int,
            subsample: int) -> None:  # fmt: skip
    """All settings on one clip, their encodes in turn, so that a slow moment hits all of them. Only
    the CPU time differs from run to run; what was judged before is not judged again."""
    seen = known(tools.results)
    source = make_clip(tools, clip)
    encoded = {setting: TMPFS / f"encoded-{i}.mp4" for i, setting in enumerate(settings)}
    best: dict[Setting, Encode] = {}
    for _ in range(runs):
        for setting, output in encoded.items():
            got = encode(encode_command(setting, clip, source, output), output)
            if setting not in best or got.cpu_s < best[setting].cpu_s:
                best[setting] = got
    for setting, output in encoded.items():
        old = seen.get((clip.name, setting.text()))
        if old and old["subsample"] <= subsample:
            judged = {key: old[key] for key in (*sweep_report.METRICS, "subsample")}
        else:
            judged = {**judge(tools, output, source, subsample), "subsample": subsample}
        row = {"clip": clip.name, "setting": setting.text(), "runs": runs,
               **asdict(best[setting]), **judged}  # fmt: skip
        output.unlink()
        with tools.results.open("a") as results:
            results.write(json.dumps(row) + "\n")
        print(f"{clip.name:10} {row['cpu_s']:6.2f} s {row['size'] / 1e6:7.3f} MB "
              f"{row['rss_mb']:4.0f} MB  VMAF {row['vmaf']:6.2f}  XPSNR {row['xpsnr']:5.2f}  "
              f"SSIM {row['ssim']:5.2f}  {setting.text()}", flush=True)  # fmt: skip


def chosen(args: argparse.Namespace) -> list[Setting]:
    """Settings that the command line names."""
    return [s for name in args.set for s in SETS[name]] + [parse_setting(t) for t in args.setting]


def run(tools: Tools, args: argparse.Namespace) -> None:
    """The verb `run`."""
    settings = list(dict.fromkeys([REFERENCE, *chosen(args)]))
    seen = known(tools.results)
    for name in args.clips:
        left = [s for s in settings
                if seen.get((name, s.text()), {"runs": 0})["runs"] < args.runs
                or seen[(name, s.text())]["subsample"] > args.subsample]  # fmt: skip
        # The yardstick again, beside what it is compared with.
        if left and args.runs > 1:
            left = list(dict.fromkeys([REFERENCE, *left]))
        if left:
            measure(tools, sweep_clips.BY_NAME[name], left, args.runs, args.subsample)


def names(text: str) -> list[str]:
    """A list with commas."""
    return text.split(",")


def main() -> None:
    """Parse the command line and do what it says."""
    parser = argparse.ArgumentParser(description="Sweep of x264's settings.")
    parser.add_argument("verb", choices=["run", "report", "crops", "clean"])
    parser.add_argument("--cli", type=Path, required=True)
    parser.add_argument("--metrics", required=True)
    parser.add_argument("--media", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--clips", type=names, default=list(sweep_clips.BY_NAME))
    parser.add_argument("--set", type=names, default=[])
    parser.add_argument("--setting", action="append", default=[])
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--subsample", type=int, default=1, help="VMAF of every Nth frame")
    parser.add_argument("--svg", type=Path)
    parser.add_argument("--read-s", type=float, default=0.0,
                        help="CPU seconds of reading a clip, left out of the report")  # fmt: skip
    args = parser.parse_args()
    tools = Tools(args.cli, args.metrics, args.media, args.work)
    tools.work.mkdir(parents=True, exist_ok=True)
    if args.verb == "run":
        run(tools, args)
    elif args.verb == "report":
        sweep_report.report(list(known(tools.results).values()), args.svg, args.read_s)
    elif args.verb == "crops":
        sweep_crops.crops(
            tools.work, lambda clip: make_clip(tools, clip), args.clips, chosen(args),
            lambda s, clip, source, output: encode(encode_command(s, clip, source, output), output),
        )  # fmt: skip
    else:
        shutil.rmtree(TMPFS, ignore_errors=True)


if __name__ == "__main__":
    main()
