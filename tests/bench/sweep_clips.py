# SPDX-License-Identifier: MIT
"""What the encoder sweep encodes: clips of differing kind, composed by the library itself.

Photos come from Debian packages; what photos do not show well (text, line art, grain, the dark) is
drawn here, always the same. A clip is 1080x1920 at 30 frames per second, in YUV4MPEG2.
"""
from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

FRAMES = 60
FPS = 30
WIDTH, HEIGHT = 1080, 1920

LOMIRI = "lomiri-wallpapers-16.04/usr/share/backgrounds"
MATE = "mate-backgrounds/usr/share/backgrounds/mate/nature"
SKIMAGE = "python3-skimage/usr/lib/python3/dist-packages/skimage/data"
FONTS = "/usr/share/fonts/truetype/dejavu"


@dataclass(frozen=True)
class Clip:
    """Photos (of a package, or `made/NAME` drawn here), and how they move."""

    name: str
    photos: list[str]
    options: list[str] = field(default_factory=list)
    cuts: list[int] = field(default_factory=list)  # frames that the library makes key frames


def zoom(amount: float = 0.05, motion: str = "zoom_in") -> list[str]:
    """Options of hydra-cli for one motion."""
    return ["--motion", motion, "--motion-amount", str(amount)]


def fade(seconds: float) -> list[str]:
    """Options of hydra-cli for crossfades that lie around the cut."""
    return ["--transition", "crossfade", "--transition-duration", str(seconds),
            "--transition-mode", "hold"]  # fmt: skip


# In two seconds the default zoom would be faster than in a slideshow of three or four seconds per
# photo; 3 % is about the same speed.
CLIPS = [
    Clip("sky", [f"{LOMIRI}/Bridge_by_Sander_Klootwijk.jpg"], zoom(0.03)),
    Clip("foliage", [f"{LOMIRI}/Dragonfly_by_Bolly.jpg"], zoom(0.03)),
    Clip("stream", [f"{LOMIRI}/life_by_Aitzol_Berasategi.jpg"], zoom(0.03, "pan_left")),
    Clip("face", [f"{SKIMAGE}/astronaut.png"], [*zoom(0.04), "--fit", "blur"]),
    Clip("portrait", ["made/portrait.png"], zoom(0.04, "zoom_out")),
    Clip("grain", ["made/grain.png"], zoom(0.03, "zoom_out")),
    Clip("lines", ["made/lines.png"], zoom(0.03, "pan_up")),
    Clip("text", ["made/text.png"], zoom(0.03)),
    Clip("dark", ["made/dark.png"], zoom(0.03)),
    Clip("night", [f"{MATE}/Storm.jpg"], zoom(0.03, "pan_right")),
    Clip(
        "cuts",
        [f"{LOMIRI}/{n}" for n in ("Bridge_by_Sander_Klootwijk.jpg", "Dragonfly_by_Bolly.jpg",
                                   "friends_by_Aitzol_Berasategi.jpg", "umang_by_Abhishek_Mudgal.jpg",
                                   "Picture_1A_by_freespace.jpg")],
        [*zoom(0.03), "--transition", "cut"],
        [12, 24, 36, 48],
    ),
    Clip("static", [f"{LOMIRI}/picosdeeuropa_by_Aitzol_Berasategi.jpg"], ["--motion", "none"]),
    Clip(
        "crossfade",
        [f"{LOMIRI}/sunset_by_Aitzol_Berasategi.jpg", f"{SKIMAGE}/astronaut.png"],
        [*zoom(0.03), *fade(1.2)],
    ),
    Clip(
        "slideshow",
        [f"{LOMIRI}/aitzgorri_by_Aitzol_Berasategi.jpg", f"{MATE}/LadyBird.jpg",
         f"{LOMIRI}/Wine_by_Jakkub_Mede.jpg"],
        [*zoom(0.03), *fade(0.4)],
    ),
    Clip("pan", [f"{LOMIRI}/picosdeeuropa_by_Aitzol_Berasategi.jpg"], zoom(0.4, "pan_right")),
    Clip("zoom", [f"{LOMIRI}/seeding_by_Clements_Engelhardt.jpg"], zoom(0.4)),
]  # fmt: skip
BY_NAME = {clip.name: clip for clip in CLIPS}


# ---- Pictures that are drawn ----


def to_image(samples: np.ndarray) -> Image.Image:
    """Samples 0..255 of any kind as a picture."""
    return Image.fromarray(np.clip(np.rint(samples), 0, 255).astype(np.uint8))


def noise(seed: int, shape: tuple[int, ...]) -> np.ndarray:
    """Gaussian, of deviation 1."""
    return np.random.default_rng(seed).standard_normal(shape)


def draw_portrait(media: Path) -> Image.Image:
    """A head that fills the frame: enlarged, with the fine grain that a camera would have added."""
    face = Image.open(media / SKIMAGE / "astronaut.png").convert("RGB").crop((140, 0, 309, 300))
    large = np.asarray(face.resize((1142, 2027), Image.Resampling.LANCZOS), dtype=float)
    return to_image(large + 2.5 * noise(1, (*large.shape[:2], 1)))


def draw_grain(media: Path) -> Image.Image:
    """A photo at a high sensitivity."""
    photo = Image.open(media / LOMIRI / "Picture_0B_by_freespace.jpg").convert("RGB")
    large = np.asarray(photo.resize((3000, 2030), Image.Resampling.LANCZOS), dtype=float)
    coarse = to_image(128 + 32 * noise(2, (1015, 1500))).resize((3000, 2030))
    grain = (np.asarray(coarse, dtype=float) - 128) / 32 * 7 + 4 * noise(3, (2030, 3000))
    return to_image(large + grain[..., None])


def draw_lines(_: Path) -> Image.Image:
    """Ink on paper: circles, hatching, curves."""
    image = Image.new("RGB", (1200, 2134), (250, 248, 240))
    draw = ImageDraw.Draw(image)
    rng = np.random.default_rng(4)
    for _ in range(46):
        x, y, r = rng.integers(0, 1200), rng.integers(0, 2134), rng.integers(30, 240)
        for k in range(0, int(r), int(rng.integers(9, 30))):
            draw.ellipse((x - r + k, y - r + k, x + r - k, y + r - k), outline=(20, 24, 40), width=2)
    for i in range(60):
        x, y = rng.integers(0, 1200), rng.integers(0, 2134)
        for k in range(24):
            draw.line((x + 7 * k, y, x + 7 * k + 60, y + 110), fill=(150, 30, 20), width=1 + i % 2)
    return image


def draw_text(_: Path) -> Image.Image:
    """A page as a phone shows it: a bar, paragraphs in several sizes, a table."""
    image = Image.new("RGB", (1134, 2016), (255, 255, 255))
    draw = ImageDraw.Draw(image)
    words = "photos that drift slowly keep their edges when the encoder spends its bits well".split()
    draw.rectangle((0, 0, 1134, 150), fill=(32, 74, 135))
    draw.text((40, 45), "Weekend in the hills", font=font("DejaVuSans-Bold", 52), fill="white")
    y = 190
    for i in range(34):
        size = (22, 26, 34)[i // 3 % 3]
        line = " ".join(words[(5 * i + k) % len(words)] for k in range(1000 // (size * 4)))
        style = ("DejaVuSans", "DejaVuSerif", "DejaVuSansMono")[i // 6 % 3]
        draw.text((40, y), line, font=font(style, size), fill=(20, 20, 20) if i % 5 else (190, 0, 0))
        y += size + 16
    for row in range(6):
        draw.rectangle((40, y + 62 * row, 1094, y + 62 * row + 60), outline=(90, 90, 90),
                       fill=(238, 242, 248) if row % 2 else (255, 255, 255))  # fmt: skip
        draw.text((60, y + 62 * row + 14), f"{row}   {137 * row:>6}   {words[row]}",
                  font=font("DejaVuSansMono", 28), fill=(0, 0, 0))  # fmt: skip
    return image


def font(name: str, size: int) -> ImageFont.FreeTypeFont:
    """One of the DejaVu fonts."""
    return ImageFont.truetype(f"{FONTS}/{name}.ttf", size)


def draw_dark(_: Path) -> Image.Image:
    """A night: a glow that falls off to black, in steps of less than one level per pixel row, a few
    lights, and the noise that a sensor leaves (without it 8 bits band before any encoder)."""
    y, x = np.mgrid[0:2016, 0:1134]
    glow = 62 * np.exp(-((x - 420) ** 2 + (y - 700) ** 2) / 900.0**2)
    glow += 26 * np.exp(-((y - 1900) ** 2) / 500.0**2)
    picture = np.stack([glow * 0.9, glow * 0.8, glow * 1.15 + 4], axis=-1)
    rng = np.random.default_rng(5)
    for _ in range(70):
        cx, cy, r = rng.integers(0, 1134), rng.integers(900, 2016), rng.uniform(2, 12)
        spot = np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / r**2)[..., None]
        picture += spot * rng.uniform(40, 200, 3)
    return to_image(picture + 0.7 * noise(6, (2016, 1134, 1)))


DRAWN = {"portrait": draw_portrait, "grain": draw_grain, "lines": draw_lines, "text": draw_text,
         "dark": draw_dark}  # fmt: skip


# ---- Clips ----


def picture_path(photo: str, media: Path, made: Path) -> Path:
    """The file of a photo; drawn if need be."""
    if not photo.startswith("made/"):
        return media / photo
    path = made / Path(photo).name
    if not path.exists():
        made.mkdir(parents=True, exist_ok=True)
        # In a process of its own: what it takes would count as the peak of later children.
        subprocess.run([sys.executable, __file__, str(media), str(path)], check=True)
    return path


def make_clip(clip: Clip, cli: Path, media: Path, made: Path, folder: Path) -> Path:
    """Compose the clip into `folder`, unless it is there."""
    output = folder / f"{clip.name}.y4m"
    if not output.exists():
        photos = [str(picture_path(photo, media, made)) for photo in clip.photos]
        command = [str(cli), "render", *photos, "--duration", str(FRAMES / FPS),
                   "--size", f"{WIDTH}x{HEIGHT}", "--fps", str(FPS), "--encoder", "raw",
                   *clip.options, "--quiet", "-y", "-o", str(output)]  # fmt: skip
        subprocess.run(command, check=True)
    return output


if __name__ == "__main__":
    _media, _path = (Path(argument) for argument in sys.argv[1:])
    DRAWN[_path.stem](_media).save(_path)
