# SPDX-License-Identifier: MIT
"""Photos and music from a server: the same video as from files, and what goes wrong."""

import json
import os
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import unquote

from support import SMALL, CliTest

__all__ = ["RemoteTest"]

# Whatever proxy the surroundings name, it does not lead to this machine.
DIRECT = {name: "" for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY",
                                "HTTPS_PROXY", "ALL_PROXY")} | {"no_proxy": "127.0.0.1"}


class Handler(BaseHTTPRequestHandler):
    folder: Path
    requests: list[str]
    signed: list[str]  # those with an Authorization

    def log_message(self, *_: Any) -> None:
        pass

    def body(self, name: str) -> bytes:
        if name == "html":
            return b"<!DOCTYPE html><html><title>Sign in</title></html>"
        if name == "empty":
            return b""
        data = (self.folder / unquote(name.removeprefix("half-"))).read_bytes()
        return data[: len(data) // 2] if name.startswith("half-") else data

    def do_GET(self) -> None:
        name = self.path.split("?")[0].removeprefix("/")
        self.requests.append(self.path)
        if self.headers["Authorization"]:
            self.signed.append(self.path)
        if name == "slow":
            time.sleep(30)
        if name.startswith("moved-"):
            self.send_response(302)
            self.send_header("Location", "/" + name.removeprefix("moved-"))
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        try:
            body = self.body(name)
        except OSError:
            self.send_error(403 if name == "secret" else 404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class RemoteTest(CliTest):
    def setUp(self) -> None:
        super().setUp()
        environment = mock.patch.dict(os.environ, DIRECT)
        environment.start()
        self.addCleanup(environment.stop)
        self.requests: list[str] = []
        self.signed: list[str] = []
        handler = type("H", (Handler,), {"folder": self.folder, "requests": self.requests,
                                         "signed": self.signed})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = True
        server.block_on_close = False
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.base = f"http://127.0.0.1:{server.server_port}/"

    def video(self, *arguments: str) -> bytes:
        self.ok("render", *SMALL, "-q", "-y", "-o", "out.mp4", *arguments)
        return (self.folder / "out.mp4").read_bytes()

    def refused(self, code: int, *arguments: str, says: str) -> None:
        error = self.fails(code, "render", *SMALL, "-o", "out.mp4", *arguments, says=says)
        self.assertNotIn("token", error)

    def test_same_frames_as_from_files(self) -> None:
        names = ["a.png", "b.png", "a.png"]
        raw = ["--encoder", "raw"]
        here = self.video(*raw, *names)
        there = self.video(*raw, *(f"{self.base}{name}?token" for name in names))
        self.assertEqual(here, there)
        self.assertEqual(sorted(self.requests), ["/a.png?token", "/b.png?token"])

    def test_same_video_with_music(self) -> None:
        here = self.video("a.png", "b.png", "--music", "music.wav")
        there = self.video("a.png", self.base + "moved-b.png", "--music", self.base + "music.wav")
        self.assertEqual(here, there)

    def test_project(self) -> None:
        images = [{"src": self.base + "a.png?token"}, {"src": "b.png"}]
        local = [{"src": "a.png"}, {"src": "b.png"}]
        self.write("local.json", json.dumps({"hydra": 1, "images": local}))
        self.write("p.json", json.dumps({"hydra": 1, "images": images}))
        saved = json.loads(self.ok("render", "p.json", "--save-project", "-"))
        self.assertEqual([image["src"] for image in saved["images"]],
                         [image["src"] for image in images])
        self.assertEqual(self.requests, [])
        self.assertEqual(self.video("local.json"), self.video("p.json"))

    def test_estimate_asks_nobody(self) -> None:
        self.ok("estimate", self.base + "nothing.jpg", self.base + "slow")
        self.assertEqual(self.requests, [])

    def test_frame_asks_for_what_it_shows(self) -> None:
        self.ok("frame", *SMALL, "--time", "0.6", "-o", "frame.png", self.base + "secret",
                self.base + "b.png", self.base + "slow")
        self.assertEqual(self.requests, ["/b.png"])

    def test_check_names_all(self) -> None:
        done = self.cli("check", self.base + "a.png", self.base + "none.png?token",
                        self.base + "html?token")
        text = (done.stdout + done.stderr).decode()
        self.assertEqual(done.returncode, 3, text)
        self.assertIn("none.png", text)
        self.assertIn("html", text)
        self.assertNotIn("token", text)

    def test_broken_link(self) -> None:
        started = time.monotonic()
        self.refused(3, self.base + "slow", self.base + "none.jpg?token", self.base + "slow",
                     says=self.base + "none.jpg: ")
        self.refused(3, self.base + "secret?token", says=self.base + "secret: ")
        self.assertLess(time.monotonic() - started, 20)

    def test_wrong_content(self) -> None:
        for name in ("html", "empty", "half-a.png"):
            self.refused(3, "a.png", f"{self.base}{name}?token", says=f"{self.base}{name}: ")
        self.refused(3, "a.png", "--music", self.base + "html?token", says=self.base + "html: ")

    def test_objects(self) -> None:
        keys = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "hidden-token",
                "AWS_REGION": "eu-central-1", "AWS_ENDPOINT_URL_S3": self.base,
                "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null"}
        (self.folder / "bucket").mkdir()
        (self.folder / "bucket/one two").write_bytes((self.folder / "b.png").read_bytes())
        self.before = self.names()
        with mock.patch.dict(os.environ, keys):
            self.refused(3, "s3://bucket/none.jpg", says="s3://bucket/none.jpg: ")
            self.refused(2, "s3://bucket/", says="s3://bucket/: ")
            self.signed.clear()
            there = self.video(self.base + "a.png", "s3://bucket/one two")
        self.assertEqual(self.signed, ["/bucket/one%20two"])
        self.assertEqual(there, self.video("a.png", "b.png"))

    def test_no_server(self) -> None:
        done = self.cli("render", *SMALL, "-o", "out.mp4", "http://127.0.0.1:1/a.jpg?token")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(b"http://127.0.0.1:1/a.jpg: ", done.stderr)
        self.assertNotIn(b"token", done.stderr)
        self.assertEqual(self.names(), self.before)

    def test_no_url(self) -> None:
        for url in ("http://", "https://user:token@127.0.0.1/a.jpg", "http://a b/", "s3://A/b",
                    "s3://bucket"):
            done = self.cli("render", *SMALL, "-o", "out.mp4", url)
            self.assertNotEqual(done.returncode, 0, url)
            self.assertNotIn(b"token", done.stderr)
