#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The same zoom in double precision: control.py JOB FRAMES CRF|y4m OUTPUT [...]

The first photo of the job, scaled to the canvas once and then sampled for every frame with cubic
taps in double precision at exact positions; 8 bits only at the end. Encoded by ffmpeg with x264
fast, or not at all. What jitter is left in it is the codec's and the tracker's.
"""

from __future__ import annotations

import subprocess
import sys

import cv2
import numpy as np
from jitter import taps
from job import ZOOM, Job, load, zoom
from numpy.typing import NDArray

Pixels = NDArray[np.float64]


def still(job: Job) -> Pixels:
    """The photo as it fills the canvas at the end of the zoom, blue, green, red."""
    photo = job.photos[0]
    width, height = (round(side * (1 + ZOOM)) for side in job.cover(photo))
    pixels = cv2.imread(photo.path, cv2.IMREAD_COLOR)
    shrink = cv2.INTER_AREA if width < photo.width else cv2.INTER_CUBIC
    return cv2.resize(pixels, (width, height), interpolation=shrink).astype(np.float64)


def view(image: Pixels, job: Job, scale: float) -> Pixels:
    """The canvas at one moment: pixel centres of the canvas carried into the image."""
    ratio = (1 + ZOOM) / scale
    positions = [
        (np.arange(canvas) - (canvas - 1) / 2) * ratio + (size - 1) / 2
        for canvas, size in ((job.width, image.shape[1]), (job.height, image.shape[0]))
    ]
    vertical, horizontal = taps(positions[1], image.shape[0]), taps(positions[0], image.shape[1])
    rows = sum(image[i] * w[:, None, None] for i, w, _ in vertical)
    return sum(rows[:, i] * w[None, :, None] for i, w, _ in horizontal)


def encoder(job: Job, crf: str, output: str) -> subprocess.Popen[bytes]:
    """ffmpeg, waiting for pictures."""
    coding = ["-f", "yuv4mpegpipe"]
    if crf != "y4m":
        coding = ["-c:v", "libx264", "-preset", "fast", "-crf", crf]
    words = [
        "ffmpeg", "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "bgr24",
        "-s", f"{job.width}x{job.height}", "-r", str(job.fps), "-i", "-",
        *coding, "-pix_fmt", "yuv420p", output,
    ]  # fmt: skip
    return subprocess.Popen(words, stdin=subprocess.PIPE)


def main() -> None:
    """Write the videos."""
    job, frames = load(sys.argv[1]), int(sys.argv[2])
    pairs = zip(sys.argv[3::2], sys.argv[4::2])
    encoders = [encoder(job, crf, output) for crf, output in pairs]
    image = still(job)
    for n in range(frames):
        picture = np.rint(view(image, job, zoom(n / job.fps, job.share_s)))
        data = np.clip(picture, 0, 255).astype(np.uint8).tobytes()
        for process in encoders:
            assert process.stdin
            process.stdin.write(data)
    for process in encoders:
        process.communicate()
        if process.returncode:
            sys.exit("control: ffmpeg failed")


if __name__ == "__main__":
    main()
