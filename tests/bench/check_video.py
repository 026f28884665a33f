# SPDX-License-Identifier: MIT
"""Whether a video is the one that was asked for, so that nobody wins by doing less.

Length, size, rate and sound are asked of ffprobe. Three frames, one of them in a crossfade, are
compared with those of a video that is known to be right: on a coarse grid, since scaling filters
and colours may differ a little; and along the border, which must not be black where the other's is
not.
"""

from __future__ import annotations

import json
import subprocess
from fractions import Fraction
from pathlib import Path

from job import FADE_S, Job

GRID = (54, 96)
ALIKE = 6.0  # mean difference of grey levels on the grid
BLACK = 24  # luma, where 16 is black
BLACK_PART = 0.9  # of a border line, for it to be called black


def probe(path: Path) -> dict:
    """What ffprobe says of the streams."""
    words = ["ffprobe", "-v", "error", "-count_packets", "-show_streams", "-of", "json", str(path)]
    return json.loads(subprocess.run(words, check=True, capture_output=True).stdout)


def stream_problems(streams: list[dict], job: Job) -> list[str]:
    """Differences from the job in what ffprobe says."""
    video = [s for s in streams if s["codec_type"] == "video"]
    audio = [s for s in streams if s["codec_type"] == "audio"]
    if len(video) != 1 or len(audio) != 1:
        return [f"{len(video)} video and {len(audio)} audio streams"]
    problems = []
    wanted = {
        "nb_read_packets": str(job.frames), "width": job.width, "height": job.height,
        "codec_name": "h264", "pix_fmt": "yuv420p",
    }  # fmt: skip
    for key, value in wanted.items():
        if video[0].get(key) != value:
            problems.append(f"{key} is {video[0].get(key)}, should be {value}")
    if Fraction(video[0]["avg_frame_rate"]) != job.fps:
        problems.append(f"{video[0]['avg_frame_rate']} frames per second")
    if abs(float(audio[0].get("duration", 0)) - job.seconds) > 0.2:
        problems.append(f"{audio[0].get('duration')} s of sound")
    return problems


def moments(job: Job) -> list[int]:
    """Frames to look at: early, in the first crossfade, late in the last photo."""
    fade = round((job.start_s(1) + FADE_S / 2) * job.fps)
    return [5, fade, job.frames - 10]


def grey(path: Path, job: Job, size: tuple[int, int] | None = None) -> list[bytes]:
    """Luma of the frames to look at, scaled to `size`."""
    choice = "+".join(f"eq(n\\,{n})" for n in moments(job))
    scale = f",scale={size[0]}:{size[1]}:flags=area" if size else ""
    words = [
        "ffmpeg", "-nostdin", "-v", "error", "-i", str(path), "-vsync", "0",
        "-vf", f"select={choice}{scale},format=yuv420p,extractplanes=y",
        "-f", "rawvideo", "-",
    ]  # fmt: skip
    data = subprocess.run(words, check=True, capture_output=True).stdout
    width, height = size or (job.width, job.height)
    return [data[i : i + width * height] for i in range(0, len(data), width * height)]


def difference(a: bytes, b: bytes) -> float:
    """Mean difference of two pictures."""
    return sum(abs(x - y) for x, y in zip(a, b)) / len(a)


def black_borders(picture: bytes, width: int, height: int) -> list[str]:
    """The outermost lines that are black."""
    lines = {
        "top": picture[:width],
        "bottom": picture[(height - 1) * width :],
        "left": picture[::width],
        "right": picture[width - 1 :: width],
    }
    return [
        name
        for name, line in lines.items()
        if sum(level < BLACK for level in line) > BLACK_PART * len(line)
    ]


def picture_problems(path: Path, right: Path, job: Job) -> list[str]:
    """Differences from a video that is known to be right."""
    problems = []
    for n, ours, theirs in zip(moments(job), grey(right, job, GRID), grey(path, job, GRID)):
        if difference(ours, theirs) > ALIKE:
            problems.append(f"frame {n} is another: {difference(ours, theirs):.1f} grey levels off")
    for n, ours, theirs in zip(moments(job), grey(right, job), grey(path, job)):
        known = black_borders(ours, job.width, job.height)
        found = [b for b in black_borders(theirs, job.width, job.height) if b not in known]
        problems += [f"frame {n} has a black border: {border}" for border in found]
    return problems


def check(path: Path, job: Job, right: Path | None = None) -> list[str]:
    """All that is wrong with a video; empty when it is as it should be."""
    problems = stream_problems(probe(path)["streams"], job)
    return problems or (picture_problems(path, right, job) if right else [])
