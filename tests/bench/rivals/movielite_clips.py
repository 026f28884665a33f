#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""movielite: ImageClip scaled by a function of time, crossfades by opacity.

    movielite_clips.py JOB OUTPUT

Its quality HIGH is x264 fast at crf 19; the crf is put to 20 here as for all others, which makes it
faster. Its own CrossFade darkens the middle, since both photos turn transparent over black; here
the next photo appears over the opaque one. Its writer is run with one process: x264 takes the other
CPU.
"""

from __future__ import annotations

import logging
import os

os.environ.setdefault("TQDM_DISABLE", "1")

import cv2  # noqa: E402
from job import FADE_IN_S, FADE_OUT_S, FADE_S, Job, Photo, from_command_line, zoom  # noqa: E402
from movielite import AudioClip, ImageClip, VideoQuality, VideoWriter, afx  # noqa: E402
from movielite.core import video_writer  # noqa: E402
from movielite.logger import set_log_level  # noqa: E402


def cut(job: Job, photo: Photo) -> ImageClip:
    """A photo, scaled and cut to the canvas."""
    width, height = job.cover(photo)
    pixels = cv2.imread(photo.path, cv2.IMREAD_COLOR)
    shrink = cv2.INTER_AREA if width < photo.width else cv2.INTER_CUBIC
    pixels = cv2.resize(pixels, (round(width), round(height)), interpolation=shrink)
    top, left = (pixels.shape[0] - job.height) // 2, (pixels.shape[1] - job.width) // 2
    pixels = pixels[top : top + job.height, left : left + job.width]
    return ImageClip(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), duration=job.share_s)


def clip(job: Job, index: int, photo: Photo) -> ImageClip:
    """One photo on the timeline."""

    def centred(t: float) -> tuple[float, float]:
        scale = zoom(t, job.share_s)
        return (
            (job.width - int(job.width * scale)) / 2,
            (job.height - int(job.height * scale)) / 2,
        )

    image = cut(job, photo)
    image.set_start(job.start_s(index))
    image.set_scale(lambda t: zoom(t, job.share_s))
    image.set_position(centred)
    if index:
        image.set_opacity(lambda t: min(t / FADE_S, 1.0))
    return image


def without_covered(job: Job, clips: list[ImageClip]) -> None:
    """A photo under an opaque one need not be drawn: it ends with the crossfade."""
    for index, image in enumerate(clips[:-1]):
        image.set_end(job.start_s(index + 1) + FADE_S)


if __name__ == "__main__":
    job, output, _ = from_command_line()
    set_log_level(logging.WARNING)
    video_writer._get_ffmpeg_libx264_crf = lambda quality: "20"
    clips = [clip(job, i, photo) for i, photo in enumerate(job.photos)]
    without_covered(job, clips)
    music = AudioClip(job.music, duration=job.seconds)
    music.add_effect(afx.FadeIn(FADE_IN_S)).add_effect(afx.FadeOut(FADE_OUT_S))
    size = (job.width, job.height)
    writer = VideoWriter(output, fps=job.fps, size=size, duration=job.seconds)
    writer.add_clips([*clips, music]).write(processes=1, video_quality=VideoQuality.HIGH)
