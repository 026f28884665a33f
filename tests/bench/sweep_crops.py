# SPDX-License-Identifier: MIT
"""Details of decoded frames side by side, for eyes: source, reference, and the settings asked for.

Each picture is one detail: a row of crops, enlarged three times without smoothing; for the dark ones
the contrast is raised six times around their own level, so that banding shows.
"""
from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw

import sweep_clips
from sweep_settings import LABELS, REFERENCE, Setting

SIDE = 200
ENLARGE = 3


@dataclass(frozen=True)
class Detail:
    """A square of a frame."""

    clip: str
    frame: int
    x: int
    y: int
    gain: float = 1.0


DETAILS = [
    Detail("portrait", 37, 420, 700),
    Detail("portrait", 37, 250, 1250),
    Detail("face", 31, 430, 640),
    Detail("dark", 31, 300, 640, 6.0),
    Detail("dark", 43, 600, 1500, 4.0),
    Detail("night", 31, 500, 200, 4.0),
    Detail("crossfade", 31, 500, 700),
    Detail("crossfade", 31, 300, 200, 2.0),
    Detail("slideshow", 20, 500, 900),
    Detail("sky", 37, 500, 400, 6.0),
    Detail("text", 37, 60, 300),
    Detail("lines", 37, 400, 900),
    Detail("stream", 37, 500, 900),
    Detail("grain", 37, 500, 900),
]


def read_frame(video: Path, frame: int) -> Image.Image:
    """One frame as RGB."""
    raw = subprocess.run(
        ["ffmpeg", "-nostdin", "-v", "error", "-i", str(video),
         "-vf", f"select=eq(n\\,{frame}),scale=out_range=pc:in_color_matrix=bt709",
         "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"],
        capture_output=True, check=True).stdout  # fmt: skip
    return Image.frombytes("RGB", (sweep_clips.WIDTH, sweep_clips.HEIGHT), raw)


def cut_out(picture: Image.Image, detail: Detail, level: float) -> Image.Image:
    """The square, enlarged, its contrast raised around `level`."""
    crop = picture.crop((detail.x, detail.y, detail.x + SIDE, detail.y + SIDE))
    if detail.gain != 1.0:
        crop = crop.point(lambda v: round(min(255, max(0, (v - level) * detail.gain + 128))))
    return crop.resize((SIDE * ENLARGE, SIDE * ENLARGE), Image.Resampling.NEAREST)


def mean_level(picture: Image.Image, detail: Detail) -> float:
    """Of the square in the source."""
    grey = picture.crop((detail.x, detail.y, detail.x + SIDE, detail.y + SIDE)).convert("L")
    return grey.resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))


def crops(work: Path, make: Callable[[sweep_clips.Clip], Path], clips: list[str], settings: list[Setting],
          encode: Callable[[Setting, sweep_clips.Clip, Path, Path], None]) -> None:  # fmt: skip
    """Write `work`/crops/CLIP-N.png."""
    folder = work / "crops"
    folder.mkdir(exist_ok=True)
    shown = list(dict.fromkeys([REFERENCE, *settings]))
    for name in clips:
        details = [d for d in DETAILS if d.clip == name]
        if not details:
            continue
        clip = sweep_clips.BY_NAME[name]
        source = make(clip)
        videos = [("source", source)]
        for i, setting in enumerate(shown):
            output = source.with_name(f"crop-{i}.mp4")
            encode(setting, clip, source, output)
            videos.append((LABELS.get(setting.text(), setting.text()), output))
        for i, detail in enumerate(details):
            sheet(videos, detail).save(folder / f"{name}-{i}.png")
        for _, output in videos[1:]:
            output.unlink()


def sheet(videos: list[tuple[str, Path]], detail: Detail) -> Image.Image:
    """The crops of all videos in a row, their names above."""
    side = SIDE * ENLARGE
    image = Image.new("RGB", (len(videos) * (side + 8), side + 24), "white")
    draw = ImageDraw.Draw(image)
    level = mean_level(read_frame(videos[0][1], detail.frame), detail)
    for i, (label, video) in enumerate(videos):
        image.paste(cut_out(read_frame(video, detail.frame), detail, level), (i * (side + 8), 24))
        draw.text((i * (side + 8) + 4, 4), label[:90], fill="black")
    return image
