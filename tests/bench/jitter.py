#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How evenly the picture moves in an encoded video: jitter.py VIDEO [FIRST LAST]

Every frame FIRST..LAST (default 3..50; frame 0 must show the same photo) is registered on frame 0:
scale and shift in x and y, with gain and brightness, by Gauss-Newton on band-passed luma, which
resolves a thousandth of a pixel. That carries a point near the top left corner along a path. A
smooth motion is a polynomial of degree 5 there; jitter is the root mean square of what the second
difference of the path has beyond the polynomial's, in pixels per frame squared. It does not depend
on how large or fast the motion is, and a constant speed or a gentle easing counts nothing.

Prints one JSON object. Needs numpy and OpenCV.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
DEGREE = 5
CORNER = 0.05  # the tracked point, and the margin that is left out, as parts of the frame
GRID = 3  # every third row and column is evidence enough
ENOUGH_PX = 2e-4


def band_pass(luma: Array) -> Array:
    """Without the codec's finest noise, and without slow shades, which say nothing of position."""
    return cv2.GaussianBlur(luma, (0, 0), 1.0) - cv2.GaussianBlur(luma, (0, 0), 10.0)


Tap = tuple[NDArray[np.int64], NDArray, NDArray]


def taps(at: NDArray[np.float64], size: int) -> list[Tap]:
    """Indices, weights and slopes of the four cubic (Catmull-Rom) taps at real coordinates."""
    base = np.floor(at).astype(np.int64)
    f = at - base
    weights = (
        f * (-0.5 + f * (1.0 - 0.5 * f)),
        1.0 + f * f * (1.5 * f - 2.5),
        f * (0.5 + f * (2.0 - 1.5 * f)),
        f * f * 0.5 * (f - 1.0),
    )
    slopes = (
        -0.5 + f * (2.0 - 1.5 * f),
        f * (4.5 * f - 5.0),
        0.5 + f * (4.0 - 4.5 * f),
        f * (1.5 * f - 1.0),
    )
    return [
        (np.clip(base + k - 1, 0, size - 1), w, d) for k, (w, d) in enumerate(zip(weights, slopes))
    ]


def single(tap: Tap) -> Tap:
    """In single precision, which is enough to find a position."""
    return tap[0], tap[1].astype(np.float32), tap[2].astype(np.float32)


def sample(image: Array, xs: NDArray, ys: NDArray) -> tuple[Array, Array, Array]:
    """The image at the grid xs by ys, and its slopes there in x and y."""
    vertical = [single(tap) for tap in taps(ys, image.shape[0])]
    horizontal = [single(tap) for tap in taps(xs, image.shape[1])]
    rows = sum(image[i] * w[:, None] for i, w, _ in vertical)
    rows_dy = sum(image[i] * d[:, None] for i, _, d in vertical)
    value = sum(rows[:, i] * w for i, w, _ in horizontal)
    dx = sum(rows[:, i] * d for i, _, d in horizontal)
    dy = sum(rows_dy[:, i] * w for i, w, _ in horizontal)
    return value, dx, dy


@dataclass
class Tracker:
    """Where the first frame's picture is in later frames."""

    template: Array
    xs: NDArray[np.int64]
    ys: NDArray[np.int64]
    cx: float
    cy: float

    @classmethod
    def on(cls, first: Array) -> Tracker:
        """Track what `first` shows, except near its border."""
        height, width = first.shape
        margin = int(CORNER * min(width, height))
        xs, ys = np.arange(margin, width - margin, GRID), np.arange(margin, height - margin, GRID)
        template = band_pass(first)[np.ix_(ys, xs)]
        return cls(template, xs, ys, (width - 1) / 2, (height - 1) / 2)

    def refine(self, frame: Array, start: NDArray[np.float64]) -> NDArray[np.float64]:
        """Scale x, scale y, shift x, shift y of a frame, from a near guess."""
        image, guess = band_pass(frame), start.copy()
        ux = (self.xs - self.cx).astype(np.float32)[None, :]
        uy = (self.ys - self.cy).astype(np.float32)[:, None]
        for _ in range(20):
            sx, sy, tx, ty = guess
            xs = self.cx + sx * (self.xs - self.cx) + tx
            ys = self.cy + sy * (self.ys - self.cy) + ty
            value, dx, dy = sample(image, xs, ys)
            columns = (dx * ux, dy * uy, dx, dy, value, np.ones_like(value))
            jacobian = np.stack([c.ravel() for c in columns])
            rest = (self.template - value).ravel()
            spread = 1.4826 * float(np.median(np.abs(rest))) + 1e-3
            weighted = jacobian / (1.0 + (rest / (4.0 * spread)) ** 2)
            step = np.linalg.solve(
                (weighted @ jacobian.T).astype(np.float64), (weighted @ rest).astype(np.float64)
            )
            guess += step[:4]
            moved = abs(step[0]) * self.cx + abs(step[1]) * self.cy + abs(step[2]) + abs(step[3])
            if moved < ENOUGH_PX:
                return guess
        raise ValueError("the motion could not be tracked")

    def point(self, p: NDArray[np.float64]) -> tuple[float, float]:
        """Where the tracked point is."""
        x, y = 2 * self.cx * CORNER, 2 * self.cy * CORNER
        return self.cx + p[0] * (x - self.cx) + p[2], self.cy + p[1] * (y - self.cy) + p[3]


def read_luma(path: str, last: int) -> list[Array]:
    """Luma of frames 0..last as decoded."""
    video = cv2.VideoCapture(path)
    frames = []
    for _ in range(last + 1):
        good, picture = video.read()
        if not good:
            raise ValueError(f"{path}: only {len(frames)} frames")
        frames.append(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY).astype(np.float32))
    return frames


def path_of(frames: list[Array], first: int) -> NDArray[np.float64]:
    """The tracked point in frames first..end, one row each."""
    tracker = Tracker.on(frames[0])
    found = [np.array([1.0, 1.0, 0.0, 0.0])] * 2
    for frame in frames[1:]:
        found.append(tracker.refine(frame, 2 * found[-1] - found[-2]))
    return np.array([tracker.point(place) for place in found[first + 1 :]])


def jitter_of(path: NDArray[np.float64]) -> float:
    """Root mean square of the second difference beyond the smooth motion's."""
    u = np.linspace(-1.0, 1.0, len(path))
    smooth = np.stack([np.polyval(np.polyfit(u, path[:, k], DEGREE), u) for k in (0, 1)], 1)
    rest = np.diff(path - smooth, 2, axis=0)
    return float(np.sqrt((rest**2).sum(axis=1).mean()))


def main() -> None:
    """Measure one video."""
    first, last = (int(sys.argv[2]), int(sys.argv[3])) if len(sys.argv) > 3 else (3, 50)
    path = path_of(read_luma(sys.argv[1], last), first)
    moved = float(np.linalg.norm(path[-1] - path[0]))
    print(json.dumps({"jitter_px": jitter_of(path), "moved_px": moved}))


if __name__ == "__main__":
    main()
