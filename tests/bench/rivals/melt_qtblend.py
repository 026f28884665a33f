#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""melt with the qtblend filter and luma mixes: melt_qtblend.py JOB OUTPUT

qtblend moves a photo by fractions of a pixel when it is told to stretch it to its rectangle
(distort); when it is to keep the shape, the motion trembles ten times as much. The rectangle has
the photo's shape anyway, and a key frame at every frame, so that the zoom is the smoothstep itself.
Writes OUTPUT.mlt beside the output and runs melt on it.
"""

from __future__ import annotations

import os
from pathlib import Path
from xml.sax.saxutils import escape

from job import FADE_IN_S, FADE_OUT_S, FADE_S, Job, from_command_line, zoom


def prop(name: str, value: object) -> str:
    """One property."""
    return f'<property name="{name}">{escape(str(value))}</property>'


def bounds(job: Job, index: int) -> tuple[int, int]:
    """First frame of a photo, and the first after it."""
    start = round(job.start_s(index) * job.fps)
    last = index == len(job.photos) - 1
    end = job.frames if last else round(job.start_s(index + 1) * job.fps) + round(FADE_S * job.fps)
    return start, end


def rectangles(job: Job, index: int, frames: int) -> str:
    """Key frames of the rectangle into which the photo is drawn."""
    width, height = job.cover(job.photos[index])
    keys = []
    for n in range(frames):
        scale = zoom(n / job.fps, job.share_s)
        w, h = width * scale, height * scale
        x, y = (job.width - w) / 2, (job.height - h) / 2
        keys.append(f"{n}={x:.6f} {y:.6f} {w:.6f} {h:.6f} 1")
    return ";".join(keys)


def producer(job: Job, index: int) -> str:
    """A photo with its motion."""
    start, end = bounds(job, index)
    frames = end - start
    return (
        f'<producer id="photo{index}" in="0" out="{frames - 1}">'
        f"{prop('mlt_service', 'qimage')}{prop('resource', job.photos[index].path)}"
        f"{prop('length', frames)}{prop('ttl', 1)}"
        f'<filter in="0" out="{frames - 1}">{prop("mlt_service", "qtblend")}'
        f"{prop('rect', rectangles(job, index, frames))}{prop('compositing', 0)}"
        f"{prop('distort', 1)}</filter></producer>"
    )


def playlists(job: Job) -> str:
    """Photos in turn on two tracks, since neighbours overlap."""
    tracks: list[list[str]] = [[], []]
    ends = [0, 0]
    for i in range(len(job.photos)):
        start, end = bounds(job, i)
        side = i % 2
        if start > ends[side]:
            tracks[side].append(f'<blank length="{start - ends[side]}"/>')
        tracks[side].append(f'<entry producer="photo{i}" in="0" out="{end - start - 1}"/>')
        ends[side] = end
    return "".join(f'<playlist id="track{k}">{"".join(t)}</playlist>' for k, t in enumerate(tracks))


def mixes(job: Job) -> str:
    """A luma transition without a map, which is a dissolve, at every overlap."""
    fade = round(FADE_S * job.fps)
    parts = []
    for i in range(1, len(job.photos)):
        start = bounds(job, i)[0]
        reverse = prop("reverse", 1 - i % 2)
        parts.append(
            f'<transition in="{start}" out="{start + fade - 1}">{prop("mlt_service", "luma")}'
            f"{prop('a_track', 0)}{prop('b_track', 1)}{reverse}</transition>"
        )
    return "".join(parts)


def document(job: Job) -> str:
    """The whole project."""
    out = job.frames - 1
    fade_in, fade_out = round(FADE_IN_S * job.fps), round(FADE_OUT_S * job.fps)
    level = f"0=-60;{fade_in}=0;{out - fade_out}=0;{out}=-60"
    photos = "".join(producer(job, i) for i in range(len(job.photos)))
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n<mlt>'
        f'<profile width="{job.width}" height="{job.height}" progressive="1" sample_aspect_num="1"'
        f' sample_aspect_den="1" display_aspect_num="{job.width}" display_aspect_den="{job.height}"'
        f' frame_rate_num="{job.fps}" frame_rate_den="1" colorspace="709"/>{photos}'
        f'<producer id="music" in="0" out="{out}">{prop("mlt_service", "avformat")}'
        f"{prop('resource', job.music)}"
        f"<filter>{prop('mlt_service', 'volume')}{prop('level', level)}</filter></producer>"
        f'{playlists(job)}<tractor id="all" in="0" out="{out}"><multitrack>'
        f'<track producer="track0"/><track producer="track1"/>'
        f'<track producer="music" hide="video"/></multitrack>{mixes(job)}'
        f'<transition in="0" out="{out}">{prop("mlt_service", "mix")}{prop("a_track", 0)}'
        f"{prop('b_track', 2)}{prop('sum', 1)}</transition></tractor></mlt>\n"
    )


if __name__ == "__main__":
    job, output, _ = from_command_line()
    project = Path(output).with_suffix(".mlt")
    project.write_text(document(job), encoding="utf-8")
    words = [
        "melt", "-quiet", str(project), "-consumer", f"avformat:{output}", "vcodec=libx264",
        "preset=fast", "crf=20", f"threads={job.threads}", "acodec=aac", "ab=160k",
        f"real_time=-{job.threads}", "movflags=+faststart",
    ]  # fmt: skip
    # MLT insists on a display; Qt draws without one.
    os.environ.setdefault("DISPLAY", ":0")
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ.setdefault("QT_LOGGING_RULES", "*.warning=false")
    os.execvp(words[0], words)
