#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A rendered video plays to its end in a real browser.

    test_browser.py BUILD_FOLDER
"""

import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))

import counting  # noqa: E402
import media  # noqa: E402
from server import MediaServer  # noqa: E402
from webdriver import Browser  # noqa: E402

CLI = Path(sys.argv[1]).resolve() / "tools/hydra-cli"
PAGE = Path(__file__).resolve().parent / "page.html"
PLAY_S = 90


def render(seconds: int, *options: str) -> bytes:
    """Two photos with music, as they come out of `-o out.mp4`, or out of `-o -`."""
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        (base / "a.png").write_bytes(media.png(640, 480))
        (base / "b.png").write_bytes(media.png(480, 640, tint=180))
        media.write_wav(base / "music.wav", seconds + 1)
        done = subprocess.run([CLI, "render", "a.png", "b.png", "--music", "music.wav", "--duration",
                               str(seconds), "-q", "-o", "out.mp4", *options],
                              cwd=base, check=True, timeout=120, stdout=subprocess.PIPE)
        return done.stdout or (base / "out.mp4").read_bytes()


def play(video: bytes, live: bool = False) -> dict[str, Any]:
    """What the page saw when the video ended, failed, or took too long."""
    files = {"/": ("text/html", PAGE.read_bytes()), "/video.mp4": ("video/mp4", video)}
    with MediaServer(files, live) as server, Browser() as browser:
        browser.open(server.url)
        deadline = time.monotonic() + PLAY_S
        while True:
            seen: dict[str, Any] = browser.run("return window.seen")
            if seen["ended"] or seen["error"] or time.monotonic() > deadline:
                return seen
            time.sleep(0.2)


class BrowserTest(unittest.TestCase):
    def check(self, width: int, height: int, *options: str) -> None:
        seen = play(render(3, "--size", f"{width}x{height}", *options))
        self.assertEqual(seen["error"], "")
        self.assertTrue(seen["ended"], seen)
        self.assertEqual((seen["width"], seen["height"]), (width, height))
        self.assertAlmostEqual(seen["duration"], 3.0, delta=0.05)
        self.assertAlmostEqual(seen["time"], seen["duration"], delta=0.05)
        self.assertGreater(seen["frames"], 0)

    def test_portrait(self) -> None:
        self.check(360, 640)

    def check_fragments(self, live: bool) -> None:
        video = render(6, "--size", "360x640", "-o", "-")
        self.assertGreaterEqual(video.count(b"moof"), 3)
        seen = play(video, live)
        self.assertEqual(seen["error"], "")
        self.assertTrue(seen["ended"], seen)
        self.assertEqual((seen["width"], seen["height"]), (360, 640))
        self.assertAlmostEqual(seen["duration"], 6.0, delta=0.05)
        self.assertAlmostEqual(seen["time"], 6.0, delta=0.05)
        self.assertGreater(seen["frames"], 0)

    def test_fragments(self) -> None:
        self.check_fragments(live=False)

    def test_fragments_that_come_one_after_the_other(self) -> None:
        self.check_fragments(live=True)

    def test_landscape_at_a_broadcast_rate(self) -> None:
        self.check(854, 480, "--fps", "23.976", "--profile", "quality")


if __name__ == "__main__":
    sys.exit(counting.run("__main__"))
