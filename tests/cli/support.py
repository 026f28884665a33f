# SPDX-License-Identifier: MIT
"""What the tests of hydra-cli share: a scratch folder with media, and a way to run the program."""

import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))

import media  # noqa: E402

PROGRAM = str(Path(sys.argv[1]).resolve() / "tools/hydra-cli")
TIMEOUT_S = 120

VERBS = ("render", "frame", "check", "estimate", "upload", "get", "presign", "probe", "schema",
         "doctor")

# Small and short: these tests are about the program, not about pictures.
SMALL = ["--size", "128x128", "--fps", "10", "--image-duration", "0.5", "--transition", "cut"]


class CliTest(unittest.TestCase):
    """Each test runs in an empty folder that holds a.png, b.png and music.wav."""

    media_folder: tempfile.TemporaryDirectory[str]

    @classmethod
    def setUpClass(cls) -> None:
        cls.media_folder = tempfile.TemporaryDirectory()
        folder = Path(cls.media_folder.name)
        (folder / "a.png").write_bytes(media.png(160, 120))
        (folder / "b.png").write_bytes(media.png(120, 160, tint=200))
        media.write_wav(folder / "music.wav", 2.0)

    @classmethod
    def tearDownClass(cls) -> None:
        cls.media_folder.cleanup()

    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)
        for source in Path(self.media_folder.name).iterdir():
            (self.folder / source.name).write_bytes(source.read_bytes())
        self.before = self.names()

    def names(self) -> set[str]:
        return {p.name for p in self.folder.iterdir()}

    def cli(self, *arguments: str | bytes, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        return subprocess.run([PROGRAM, *arguments], cwd=self.folder, capture_output=True,
                              input=stdin, timeout=TIMEOUT_S)

    def ok(self, *arguments: str | bytes, stdin: bytes = b"") -> str:
        """Run it; it must succeed and say nothing on stderr. Returns stdout."""
        done = self.cli(*arguments, stdin=stdin)
        self.assertEqual((done.returncode, done.stderr), (0, b""), done.stdout)
        return done.stdout.decode()

    def fails(self, code: int, *arguments: str | bytes, says: str = "", stdin: bytes = b"") -> str:
        """Run it; it must end with `code`, an error that holds `says`, and no new file."""
        done = self.cli(*arguments, stdin=stdin)
        error = done.stderr.decode(errors="replace")
        self.assertEqual(done.returncode, code, f"{arguments}: {error}")
        self.assertTrue(error.startswith("hydra-cli: error: "), error)
        self.assertIn(says, error)
        self.assertEqual(self.names(), self.before, "something was left behind")
        return error

    def usage_error(self, *arguments: str, says: str) -> None:
        """A usage error points to the help."""
        error = self.fails(2, *arguments, says=says)
        self.assertIn('Try "hydra-cli help', error)

    def write(self, name: str, data: str | bytes) -> str:
        """A file that is there before the test proper begins."""
        (self.folder / name).write_bytes(data.encode() if isinstance(data, str) else data)
        self.before = self.names()
        return name

    def render(self, *arguments: str | bytes, output: str | bytes = "out.mp4") -> dict[str, Any]:
        """A small render to `output`; returns the JSON result."""
        text = self.ok("render", *SMALL, "--profile", "draft", "--json", "-o", output, *arguments)
        result: dict[str, Any] = json.loads(text)
        self.assertIs(result["ok"], True)
        return result
