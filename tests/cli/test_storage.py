# SPDX-License-Identifier: MIT
"""upload, get, presign and renders to a server: without one, and with one that knows very little."""

import json
import os
import signal
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from unittest import mock

from support import PROGRAM, SMALL, CliTest

__all__ = ["StorageTest"]

KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "HUSHHUSHSECRET"}
NOBODY = "http://127.0.0.1:9"
URI = "s3://bucket/out.mp4"
CREATED = (b"<InitiateMultipartUploadResult><Bucket>bucket</Bucket><Key>out.mp4</Key>"
           b"<UploadId>one</UploadId></InitiateMultipartUploadResult>")


class Handler(BaseHTTPRequestHandler):
    """/bucket/there exists; an upload in parts begins, and no part of it is ever answered. /keys has
    keys, once, and then it takes until these are to be renewed that anything is said of an object."""

    protocol_version = "HTTP/1.1"
    seen: list[str]
    replies: dict[str, int]  # method -> status, in place of the usual one

    def log_message(self, *_: Any) -> None:
        pass

    def reply(self, status: int, body: bytes = b"") -> None:
        self.send_response(self.replies.get(self.command, status))
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", '"0123456789abcdef0123456789abcdef"')
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        self.seen.append(f"GET {self.path}")
        expiry = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 12))
        self.reply(500 if self.seen.count("GET /keys") > 1 else 200, json.dumps({
            "AccessKeyId": "AKIDEXAMPLE", "SecretAccessKey": "HUSHHUSHSECRET", "Token": "HUSHTOKEN",
            "Expiration": expiry}).encode())

    def do_HEAD(self) -> None:
        if "GET /keys" in self.seen:
            time.sleep(6.2)
        self.seen.append(f"HEAD {self.path}")
        self.reply(200 if self.path == "/bucket/there" else 404)

    def do_POST(self) -> None:
        self.seen.append(f"POST {self.path}")
        self.rfile.read(int(self.headers["Content-Length"] or 0))
        self.reply(200, CREATED)

    def do_PUT(self) -> None:
        self.seen.append(f"PUT {self.path}")
        self.close_connection = True
        if "uploadId" in self.path:
            time.sleep(3)
        else:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.reply(403)

    def do_DELETE(self) -> None:
        self.seen.append(f"DELETE {self.path}")
        self.reply(204)


def hears_ctrl_c() -> None:
    """Also where the tests run in the background, which ignores it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class StorageTest(CliTest):
    def setUp(self) -> None:
        super().setUp()
        kept = {name: value for name, value in os.environ.items()
                if not name.startswith("AWS_") and not name.lower().endswith("_proxy")}
        kept |= {"HOME": "/nonexistent", "AWS_EC2_METADATA_DISABLED": "true"}
        patch = mock.patch.dict(os.environ, kept, clear=True)
        patch.start()
        self.addCleanup(patch.stop)

    def with_keys(self) -> None:
        os.environ.update(KEYS)

    def serve(self, **replies: int) -> str:
        self.seen: list[str] = []
        handler = type("H", (Handler,), {"seen": self.seen, "replies": replies})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = True
        server.block_on_close = False
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return f"http://127.0.0.1:{server.server_port}"

    def test_usage(self) -> None:
        for arguments in ([], ["a.png"], [URI, "a.png"], ["a.png", "b.png"], ["a.png", URI, "b.png"]):
            self.usage_error("upload", *arguments, says="give a file and s3://BUCKET/KEY")
        for arguments in ([], [URI], ["a.png", URI], ["a.png", "b.png"]):
            self.usage_error("get", *arguments, says="give s3://BUCKET/KEY and a file")
        for output in ("-", "s3://bucket/other", "https://example.com/x"):
            self.usage_error("get", URI, output, says="goes to a file")
        for arguments in ([], ["a.png"], [URI, URI]):
            self.usage_error("presign", *arguments, says="give s3://BUCKET/KEY")
        for time in ("0", "8d", "1w", "h", "-1", "1.5h", "605000", ""):
            self.usage_error("presign", URI, f"--expires={time}", says="--expires")
        self.usage_error("upload", "a.png", URI, "--addressing", "sideways", says="--addressing")
        self.usage_error("upload", "a.png", URI, "--endpoint", "ftp://x", says="--endpoint")
        self.usage_error("render", "a.png", "-o", URI, "--endpoint", "ftp://x", says="--endpoint")

    def test_names(self) -> None:
        self.with_keys()
        for name in ("s3://bucket", "s3://bucket/", "s3:///key", "s3://No_Bucket/key"):
            self.fails(2, "presign", name)
            self.fails(2, "upload", "a.png", name, "--endpoint", NOBODY)
            self.fails(2, "render", *SMALL, "a.png", "-o", name, "--endpoint", NOBODY)

    def test_files_are_looked_at_first(self) -> None:
        self.fails(3, "upload", "missing.mp4", URI, says="missing.mp4: cannot be sent")
        self.fails(3, "upload", ".", URI, says=".: only a regular file can be sent")
        self.fails(4, "get", URI, "a.png", says="exists already; -y")
        self.fails(4, "get", URI, "nowhere/a.mp4", says="its folder")
        self.fails(4, "frame", "a.png", "-t", "0", "-o", URI, says="only a video")
        self.fails(4, "render", "a.png", "--save-project", URI, says="only a video")

    def test_without_credentials(self) -> None:
        error = self.fails(1, "presign", URI, says="no credentials")
        self.assertIn("hydra-cli: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or", error)
        self.fails(4, "upload", "a.png", URI, "--endpoint", NOBODY)
        self.fails(3, "get", URI, "copy.mp4", "--endpoint", NOBODY)
        self.fails(4, "render", *SMALL, "a.png", "-o", URI, "--endpoint", NOBODY)

    def test_wrong_environment(self) -> None:
        """What is wrong outside the command line is named."""
        self.with_keys()
        self.fails(1, "presign", URI, "--aws-profile", "nobody", says='profile "nobody"')
        self.fails(4, "upload", "a.png", URI, "--aws-profile", "nobody", says='profile "nobody"')
        os.environ["AWS_ENDPOINT_URL_S3"] = "ftp://x"
        self.fails(2, "upload", "a.png", URI, says="endpoint URL of the environment")

    def test_nobody_listens(self) -> None:
        self.with_keys()
        for code, arguments in ((4, ("upload", "a.png", URI)), (3, ("get", URI, "copy.mp4")),
                                (4, ("render", *SMALL, "a.png", "-o", URI))):
            error = self.fails(code, *arguments, "--endpoint", NOBODY, says="127.0.0.1:9")
            self.assertNotIn("HUSH", error)

    def test_failures_as_json(self) -> None:
        self.with_keys()
        done = self.cli("upload", "a.png", URI, "--endpoint", NOBODY, "--json")
        self.assertEqual(done.returncode, 4)
        told = json.loads(done.stdout)
        self.assertEqual((told["ok"], told["status"], told["exit_code"]),
                         (False, "HYDRA_ERR_NETWORK", 4))

    def test_existing_object_stays(self) -> None:
        """Seen before anything is sent, for servers that do not know If-None-Match."""
        self.with_keys()
        endpoint = self.serve()
        for options in ([], ["-n"], ["--json"]):
            self.fails(4, "upload", "a.png", "s3://bucket/there", "--endpoint", endpoint, *options,
                       says="s3://bucket/there: exists already and is not to be replaced\n"
                            "hydra-cli: -y or --overwrite replaces it")
        self.assertEqual(self.seen, ["HEAD /bucket/there"] * 3)
        self.fails(4, "upload", "a.png", "s3://bucket/there", "--endpoint", endpoint, "-y")
        self.assertNotIn("HEAD /bucket/there", self.seen[3:])

    def test_may_write_but_not_read(self) -> None:
        """Then the server decides."""
        self.with_keys()
        self.fails(4, "upload", "a.png", URI, "--endpoint", self.serve(HEAD=403))
        self.assertEqual(self.seen, ["HEAD /bucket/out.mp4", "PUT /bucket/out.mp4"])

    def test_keys_are_not_renewed(self) -> None:
        """It goes on with the old ones, and says so."""
        endpoint = self.serve(PUT=200)
        os.environ["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = f"{endpoint}/keys"
        for quiet in ([], ["-q"]):
            self.seen.clear()
            done = self.cli("upload", "a.png", URI, "--endpoint", endpoint, *quiet)
            error = done.stderr.decode()
            self.assertEqual("the old ones go on for" in error, not quiet, error)
            self.assertIn("PUT /bucket/out.mp4", self.seen)
            self.assertNotIn("HUSH", error)

    def test_interrupted(self) -> None:
        """Ctrl-C in the middle of an upload in parts: told to the server, and soon over."""
        self.with_keys()
        endpoint = self.serve()
        (self.folder / "big").write_bytes(bytes(20 << 20))
        self.before = self.names()
        for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            self.seen.clear()
            with subprocess.Popen([PROGRAM, "upload", "big", URI, "-y", "--endpoint", endpoint],
                                  cwd=self.folder, stderr=subprocess.PIPE, preexec_fn=hears_ctrl_c
                                  ) as program:
                end = time.monotonic() + 60
                while not any(r.startswith("PUT") for r in self.seen) and time.monotonic() < end:
                    time.sleep(0.01)
                program.send_signal(number)
                error = program.communicate(timeout=30)[1]
            self.assertEqual(program.returncode, code, error)
            self.assertIn(b"cancelled; nothing was left behind", error)
            self.assertTrue(any(r.startswith("DELETE /bucket/out.mp4?uploadId=one")
                                for r in self.seen), self.seen)

    def test_no_secret_is_told(self) -> None:
        """With all that can be said: refused by the server, events and errors as JSON."""
        self.with_keys()
        os.environ["AWS_SESSION_TOKEN"] = "HUSHTOKEN"
        endpoint = self.serve()
        for arguments in (("upload", "a.png", URI), ("get", URI, "copy.mp4"),
                          ("render", *SMALL, "a.png", "-o", URI)):
            done = self.cli(*arguments, "-y", "--json", "--progress", "json", "--endpoint", endpoint)
            told = done.stdout + done.stderr
            self.assertNotEqual(done.returncode, 0, told)
            self.assertNotIn(b"HUSH", told)
            self.assertNotIn(b"Signature", told)

    def test_url_of_a_put_is_not_told(self) -> None:
        error = self.fails(4, "render", *SMALL, "a.png", "-o", f"{NOBODY}/out.mp4?sig=HUSHHUSH",
                           says="127.0.0.1:9")
        self.assertNotIn("HUSH", error)

    def test_presign(self) -> None:
        self.with_keys()
        url = self.ok("presign", "s3://bucket/a b.mp4", "--region", "eu-central-1")
        self.assertRegex(url, r"^https://bucket\.s3\.eu-central-1\.amazonaws\.com/a%20b\.mp4\?X-Amz-.*"
                              r"&X-Amz-Expires=3600&.*&X-Amz-Signature=[0-9a-f]{64}\n$")
        put = json.loads(self.ok("presign", "--put", "s3://bucket/a b.mp4", "--expires", "15m",
                                 "--region", "eu-central-1", "--json"))
        self.assertEqual((put["ok"], put["expires_s"]), (True, 900))
        self.assertIn("&X-Amz-Expires=900&", put["url"])
        self.assertNotIn("HUSH", url + put["url"])
        path = self.ok("presign", URI, "--endpoint", "http://localhost:9000", "--expires", "7d")
        self.assertTrue(path.startswith("http://localhost:9000/bucket/out.mp4?"), path)
        host = self.ok("presign", URI, "--endpoint", "http://s3.localhost:9000", "--addressing",
                       "virtual")
        self.assertTrue(host.startswith("http://bucket.s3.localhost:9000/out.mp4?"), host)

    def test_environment_of_this_test(self) -> None:
        self.assertEqual(subprocess.run(["env"], capture_output=True).stdout.count(b"AWS_"), 1)
