# SPDX-License-Identifier: MIT
"""upload, get, presign and renders to a server, as far as that goes without one."""

import json
import os
import subprocess
from unittest import mock

from support import SMALL, CliTest

__all__ = ["StorageTest"]

KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "HUSHHUSHSECRET"}
NOBODY = "http://127.0.0.1:9"
URI = "s3://bucket/out.mp4"


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
        self.fails(4, "get", URI, "a.png", says="exists already; -y")
        self.fails(4, "get", URI, "nowhere/a.mp4", says="its folder")
        self.fails(4, "frame", "a.png", "-t", "0", "-o", URI, says="only a video")
        self.fails(4, "render", "a.png", "--save-project", URI, says="only a video")

    def test_without_credentials(self) -> None:
        self.fails(1, "presign", URI)
        self.fails(4, "upload", "a.png", URI, "--endpoint", NOBODY)
        self.fails(3, "get", URI, "copy.mp4", "--endpoint", NOBODY)
        self.fails(4, "render", *SMALL, "a.png", "-o", URI, "--endpoint", NOBODY)

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
