#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The programs in examples/c do what they say, and say what went wrong.

    test_examples.py BUILD_FOLDER
"""

import hashlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))

import counting  # noqa: E402
import media  # noqa: E402

EXAMPLES = Path(sys.argv[1]).resolve() / "examples/c"
KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "HUSHHUSH"}


class Bucket(BaseHTTPRequestHandler):
    """Objects that are put there in one request."""

    protocol_version = "HTTP/1.1"
    objects: dict[str, bytes] = {}

    def log_message(self, *_: Any) -> None:
        pass

    def reply(self, status: int, etag: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        if etag:
            self.send_header("ETag", f'"{etag}"')
        self.end_headers()

    def do_HEAD(self) -> None:
        self.reply(200 if self.path in self.objects else 404)

    def do_PUT(self) -> None:
        data = self.rfile.read(int(self.headers["Content-Length"]))
        self.objects[self.path] = data
        self.reply(200, hashlib.md5(data).hexdigest())


class ExampleTest(unittest.TestCase):
    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)
        (self.folder / "photo.png").write_bytes(media.png())
        media.write_wav(self.folder / "music.wav")

    def run_example(self, name: str, *arguments: str,
                    stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run([EXAMPLES / name, *arguments], cwd=self.folder, capture_output=True,
                              text=True, input=stdin, timeout=240)

    def files(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())

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

    def test_progress(self) -> None:
        done = self.run_example("progress", "out.mp4", "music.wav", "photo.png")
        self.assertEqual((done.returncode, done.stdout), (0, "out.mp4\n"), done.stderr)
        self.assertIn("frame 90 of 90", done.stderr)
        self.assertIn("photo.png", done.stderr)  # the warning that it is enlarged
        self.assert_video("out.mp4")

    def test_progress_tells_what_is_wrong(self) -> None:
        done = self.run_example("progress", "out.mp4", "missing.wav", "photo.png")
        self.assertEqual(done.returncode, 1)
        self.assertIn("HYDRA_ERR_NOT_FOUND", done.stderr)
        self.assertIn("missing.wav", done.stderr)

    def test_progress_is_cancelled(self) -> None:
        before = self.files()
        command = [EXAMPLES / "progress", "out.mp4", "music.wav", *["photo.png"] * 200]
        with subprocess.Popen(command, cwd=self.folder, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as process:
            assert process.stderr
            said = b""
            while b"frame" not in said:
                said += process.stderr.read1()
                self.assertIsNone(process.poll())
            process.send_signal(signal.SIGINT)
            _, rest = process.communicate(timeout=120)
        self.assertEqual(process.returncode, 130)
        self.assertIn(b"HYDRA_ERR_CANCELLED", rest)
        self.assertEqual(self.files(), before)

    def test_event_loop(self) -> None:
        (self.folder / "other.png").write_bytes(media.png(tint=90))
        done = self.run_example("event_loop", "photo.png", "other.png", "missing.png")
        self.assertEqual(done.returncode, 1)
        self.assertIn("photo.png: HYDRA_OK\n", done.stdout)
        self.assertIn("other.png: HYDRA_OK\n", done.stdout)
        self.assertRegex(done.stdout, "missing.png: HYDRA_ERR_NOT_FOUND: .*missing.png")
        self.assert_video("photo.png.mp4")
        self.assert_video("other.png.mp4")
        self.assertNotIn("missing.png.mp4", self.files())

    def test_event_loop_is_cancelled(self) -> None:
        before = self.files()
        done = self.run_example("event_loop", *["photo.png"] * 8, stdin="cancel\n")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stdout.count("HYDRA_ERR_CANCELLED"), 8, done.stdout)
        self.assertEqual(self.files(), before)

    def test_many_jobs(self) -> None:
        done = self.run_example("many_jobs", ".", "600", *["photo.png"] * 4)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout.count("photo.png: 30 frames"), 4)
        for number in range(4):
            self.assert_video(f"{number}.mp4")

    def test_many_jobs_go_on_when_one_fails(self) -> None:
        done = self.run_example("many_jobs", ".", "600", "photo.png", "missing.png", "photo.png")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, "missing.png: HYDRA_ERR_NOT_FOUND: .*missing.png")
        self.assert_video("0.mp4")
        self.assert_video("2.mp4")
        self.assertNotIn("1.mp4", self.files())

    def into_store(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Without what this machine may know of AWS."""
        environment = {name: value for name, value in os.environ.items()
                       if not name.startswith("AWS_") and not name.lower().endswith("_proxy")}
        environment |= {"HOME": "/nonexistent", "AWS_EC2_METADATA_DISABLED": "true", **variables}
        return subprocess.run([EXAMPLES / words[0], *words[1:]], cwd=self.folder,
                              capture_output=True, text=True, timeout=240, env=environment)

    def test_store_needs_credentials(self) -> None:
        before = self.files()
        for words in (("upload", "s3://bucket/out.mp4", "photo.png"),
                      ("store", "photo.png", "s3://bucket/photo.png")):
            done = self.into_store(*words)
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertIn("HYDRA_ERR_AUTH", done.stderr)
        self.assertEqual(self.files(), before)

    def test_store_tells_what_is_wrong(self) -> None:
        for words in (("upload", "s3://bucket/out.mp4", "photo.png"),
                      ("store", "photo.png", "s3://bucket/photo.png")):
            done = self.into_store(*words, AWS_ENDPOINT_URL="http://127.0.0.1:9", **KEYS)
            self.assertEqual(done.returncode, 1)
            self.assertIn("HYDRA_ERR_NETWORK", done.stderr)
            self.assertNotIn("HUSHHUSH", done.stdout + done.stderr)

    def test_store(self) -> None:
        with ThreadingHTTPServer(("127.0.0.1", 0), Bucket) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            url = f"http://127.0.0.1:{server.server_port}"
            words = ("store", "photo.png", "s3://bucket/photo.png")
            done = self.into_store(*words, AWS_ENDPOINT_URL=url, **KEYS)
            again = self.into_store(*words, AWS_ENDPOINT_URL=url, **KEYS)
            server.shutdown()
        data = (self.folder / "photo.png").read_bytes()
        self.assertEqual(Bucket.objects, {"/bucket/photo.png": data})
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout, f"{url}/bucket/photo.png\n"
                                      f"{len(data)} bytes in 0 parts, as the server confirms\n")
        self.assertEqual((again.returncode, again.stdout), (1, ""))
        self.assertIn("HYDRA_ERR_EXISTS", again.stderr)

    def test_store_needs_no_ffmpeg(self) -> None:
        done = subprocess.run(["readelf", "-d", EXAMPLES / "store"], capture_output=True, text=True,
                              check=True)
        self.assertIn("libcurl", done.stdout)
        for name in ("libav", "libswresample", "libx264", "libheif", "libjpeg", "libhydra"):
            self.assertNotIn(name, done.stdout)

    def test_usage(self) -> None:
        for name in ("minimal", "memory", "progress", "event_loop", "many_jobs", "upload", "store"):
            done = self.run_example(name)
            self.assertEqual(done.returncode, 2)
            self.assertIn(f"usage: {name}", done.stderr)


if __name__ == "__main__":
    sys.exit(counting.run("__main__"))
