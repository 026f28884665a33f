#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""ffmpeg with zoompan and xfade: ffmpeg_zoompan.py JOB OUTPUT [supersampled] [null]

As people write it, and, with `supersampled`, on photos enlarged to four times the canvas, which is
the usual cure for zoompan's tremble: it rounds the view to whole source pixels. `null` composes and
throws the pictures away.
"""

from __future__ import annotations

import os

from job import FADE_IN_S, FADE_OUT_S, FADE_S, ZOOM, Job, from_command_line


def photo_chain(job: Job, index: int, factor: int) -> str:
    """One photo: cut to the canvas' shape, then zoomed frame by frame."""
    width, height = job.width * factor, job.height * factor
    frames = round(job.share_s * job.fps) + 1
    s = f"(on/{job.share_s * job.fps})"
    return (
        f"[{index}:v]scale={width}:{height}:force_original_aspect_ratio=increase,"
        f"crop={width}:{height},setsar=1,"
        f"zoompan=z='1+{ZOOM}*{s}*{s}*(3-2*{s})':x='iw/2-iw/zoom/2':y='ih/2-ih/zoom/2'"
        f":d={frames}:s={job.width}x{job.height}:fps={job.fps}[p{index}]"
    )


def filters(job: Job, factor: int) -> str:
    """The whole filter graph; its outputs are [v] and [a]."""
    chains = [photo_chain(job, i, factor) for i in range(len(job.photos))]
    last = "p0"
    for i in range(1, len(job.photos)):
        name = f"x{i}"
        chains.append(
            f"[{last}][p{i}]xfade=transition=fade:duration={FADE_S}:offset={job.start_s(i)}[{name}]"
        )
        last = name
    chains.append(f"[{last}]format=yuv420p[v]")
    chains.append(
        f"[{len(job.photos)}:a]atrim=0:{job.seconds},afade=in:d={FADE_IN_S},"
        f"afade=out:st={job.seconds - FADE_OUT_S}:d={FADE_OUT_S}[a]"
    )
    return ";".join(chains)


def command(job: Job, output: str, words: list[str]) -> list[str]:
    """The command line of ffmpeg."""
    inputs = [word for photo in job.photos for word in ("-i", photo.path)]
    start = ["ffmpeg", "-nostdin", "-v", "error", "-y", *inputs, "-i", job.music]
    graph = ["-filter_complex", filters(job, 4 if "supersampled" in words else 1)]
    length = ["-frames:v", str(job.frames), "-t", str(job.seconds)]
    if "null" in words:
        graph[1] = graph[1].rsplit(";", 1)[0]
        return [*start, *graph, "-map", "[v]", *length, "-f", "null", "-"]
    return [
        *start, *graph, "-map", "[v]", "-map", "[a]", *length,
        "-c:v", "libx264", "-preset", "fast", "-crf", "20", "-threads", str(job.threads),
        "-c:a", "aac", "-b:a", "160k", "-movflags", "+faststart", output,
    ]  # fmt: skip


if __name__ == "__main__":
    words = command(*from_command_line())
    os.execvp(words[0], words)
