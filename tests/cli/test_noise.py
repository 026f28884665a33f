# SPDX-License-Identifier: MIT
"""Nonsense from a fixed seed: whatever is typed or found in a file, the program says what is wrong
and ends by itself."""

import os
import random
import subprocess

from support import PROGRAM, SMALL, VERBS, CliTest

__all__ = ["NoiseTest"]

ROUNDS = 60
WORDS = [*VERBS, "help", "-o", "-", "--",
         "-y", "-n", "--size", "--fps", "--motion", "--music", "--duration", "--crf", "--project",
         "--json", "--progress", "--deadline", "9:16", "0", "-1", "1e400", "nan", "30/0", "zoom_in",
         "99999999999999999999", "a.png", "b.png", "trip.json", "missing.jpg", "", " ", "=", "--=x",
         "--size=", "%s%n", "\u202e", "pull:", "fd:", "fd:99", "s3://b/k", "file:"]


class NoiseTest(CliTest):
    def setUp(self) -> None:
        super().setUp()
        self.random = random.Random(20)

    def ends_well(self, *arguments: str | bytes, stdin: bytes = b"") -> None:
        done = self.cli(*arguments, stdin=stdin)
        self.assertIn(done.returncode, range(6), arguments)
        if done.returncode > 1:
            self.assertIn(b"hydra-cli: ", done.stderr, arguments)
        self.assertNotIn(b"\x1b", done.stderr)

    def noise(self, most: int) -> bytes:
        return self.random.randbytes(self.random.randrange(most))

    def test_arguments(self) -> None:
        for _ in range(ROUNDS):
            words: list[str | bytes] = [self.random.choice(WORDS)
                                        for _ in range(self.random.randrange(1, 9))]
            if self.random.random() < 0.3:
                words.append(self.noise(12).replace(b"\0", b""))
            if self.random.random() < 0.7:  # or nothing gets far
                words[:0] = [self.random.choice(VERBS), *SMALL, "-o", "noise.mp4", "-y"]
            self.ends_well(*words)

    def test_projects(self) -> None:
        good = b'{"hydra": 1, "fps": 30, "images": [{"src": "a.png", "fit": "cover"}]}'
        for _ in range(ROUNDS):
            text = bytearray(good)
            for _ in range(self.random.randrange(1, 5)):
                at = self.random.randrange(len(text))
                text[at:at + self.random.randrange(3)] = self.noise(4)
            self.ends_well("check", "--project", "-", stdin=bytes(text))

    def test_photos(self) -> None:
        good = (self.folder / "a.png").read_bytes()
        for _ in range(ROUNDS // 2):
            data = bytearray(good)
            for _ in range(self.random.randrange(1, 9)):
                data[self.random.randrange(len(data))] = self.random.randrange(256)
            (self.folder / "noise.png").write_bytes(data if self.random.random() < 0.7
                                                    else self.noise(400))
            self.ends_well("frame", *SMALL, "-t", "0", "-y", "-o", "noise-out.png", "noise.png")
        (self.folder / "noise.png").unlink()
        (self.folder / "noise-out.png").unlink(missing_ok=True)

    def peak_kb(self, project: str) -> int:
        """Of a process that checks it. A process inherits the peak of its parent, the tests."""
        with open(os.devnull, "wb") as null:
            # pylint: disable-next=consider-using-with
            process = subprocess.Popen([PROGRAM, "check", project], cwd=self.folder,
                                       stdout=null, stderr=null)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(process.returncode, 3)
        return usage.ru_maxrss

    def test_huge_project_takes_no_memory(self) -> None:
        (self.folder / "small.json").write_bytes(b"\0")
        with open(self.folder / "huge.json", "wb") as file:
            file.truncate(100 << 20)
        # 100 MB: it is read up to the limit for projects, not as a whole.
        self.assertLess(self.peak_kb("huge.json"), self.peak_kb("small.json") + (50 << 10))
        (self.folder / "huge.json").unlink()
        (self.folder / "small.json").unlink()
