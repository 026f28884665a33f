#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""MoviePy 2: ImageClip, resized by a function of time, CrossFadeIn, CompositeVideoClip.

    moviepy_clips.py JOB OUTPUT

Photos are scaled to the canvas once, at the start, so that each frame resizes no more than it must.
"""

from __future__ import annotations

import os

os.environ.setdefault("FFMPEG_BINARY", "ffmpeg")

from job import FADE_IN_S, FADE_OUT_S, FADE_S, Job, Photo, from_command_line, zoom  # noqa: E402
from moviepy import AudioFileClip, CompositeVideoClip, ImageClip, afx, vfx  # noqa: E402


def clip(job: Job, index: int, photo: Photo) -> ImageClip:
    """One photo on the timeline."""
    width, height = job.cover(photo)
    still = ImageClip(photo.path).resized((round(width), round(height)))
    left, top = (still.w - job.width) // 2, (still.h - job.height) // 2
    still = still.cropped(x1=left, y1=top, width=job.width, height=job.height)
    still = still.with_duration(job.share_s)
    if index:
        # Before the zoom, since its mask must grow with the photo.
        still = still.with_effects([vfx.CrossFadeIn(FADE_S)])
    moving = still.resized(lambda t: zoom(t, job.share_s))
    return moving.with_position("center").with_start(job.start_s(index))


if __name__ == "__main__":
    job, output, _ = from_command_line()
    clips = [clip(job, i, photo) for i, photo in enumerate(job.photos)]
    music = AudioFileClip(job.music).subclipped(0, job.seconds)
    music = music.with_effects([afx.AudioFadeIn(FADE_IN_S), afx.AudioFadeOut(FADE_OUT_S)])
    video = CompositeVideoClip(clips, size=(job.width, job.height))
    video.with_duration(job.seconds).with_audio(music).write_videofile(
        output, fps=job.fps, codec="libx264", preset="fast", threads=job.threads,
        ffmpeg_params=["-crf", "20", "-pix_fmt", "yuv420p"], audio_codec="aac",
        audio_bitrate="160k", temp_audiofile=f"{output}.m4a", logger=None,
    )  # fmt: skip
