#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The programs in examples/c do what they say, and say what went wrong.

    test_examples.py BUILD_FOLDER
"""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))

import counting  # noqa: E402
import media  # noqa: E402

EXAMPLES = Path(sys.argv[1]).resolve() / "examples/c"


class ExampleTest(unittest.TestCase):
    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)
        (self.folder / "photo.png").write_bytes(media.png())
        media.write_wav(self.folder / "music.wav")

    def run_example(self, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([EXAMPLES / name, *arguments], cwd=self.folder, capture_output=True,
                              text=True, timeout=120)

    def assert_video(self, name: str) -> None:
        names = [box for box, _, _ in media.boxes((self.folder / name).read_bytes())]
        self.assertLess(names.index("moov"), names.index("mdat"))

    def test_minimal(self) -> None:
        done = self.run_example("minimal", "out.mp4", "music.wav", "photo.png", "photo.png")
        self.assertEqual((done.returncode, done.stdout), (0, "out.mp4\n"), done.stderr)
        self.assert_video("out.mp4")

    def test_minimal_tells_what_is_wrong(self) -> None:
        done = self.run_example("minimal", "out.mp4", "music.wav", "missing.png")
        self.assertEqual(done.returncode, 1)
        self.assertIn("HYDRA_ERR_NOT_FOUND", done.stderr)
        self.assertIn("missing.png", done.stderr)
        self.assertFalse((self.folder / "out.mp4").exists())

    def test_memory(self) -> None:
        done = self.run_example("memory", "out.mp4", "photo.png")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("60 frames", done.stdout)
        self.assert_video("out.mp4")

    def test_memory_tells_what_is_wrong(self) -> None:
        (self.folder / "note.png").write_text("no photo")
        done = self.run_example("memory", "out.mp4", "note.png")
        self.assertEqual(done.returncode, 1)
        self.assertIn("note.png", done.stderr)
        self.assertFalse((self.folder / "out.mp4").exists())

    def test_usage(self) -> None:
        for name in ("minimal", "memory"):
            done = self.run_example(name)
            self.assertEqual(done.returncode, 2)
            self.assertIn(f"usage: {name}", done.stderr)


if __name__ == "__main__":
    sys.exit(counting.run("__main__"))
