#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Storage against a real server: Ceph's gateway. boto3 looks at what the library has done.

    build/s3/venv/bin/python tests/s3/test_radosgw.py BUILD_FOLDER
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

import radosgw
from certificates import Certificates
from driver import HERE, MIB, Driver, StoreTest, fetch
from tcp_proxy import Line

sys.path.insert(0, str(HERE.parent / "support"))

import counting  # noqa: E402

BUCKET = "test"
PARTS = {"part_bytes": 5 * MIB, "threshold_bytes": 5 * MIB}
NASTY = ["with space", "a+b", "~tilde", "100%", "%2F", "(round)", "bang!", "star*", "it's", "a=b", "a&b",
         "a;b", "a:b", "a@b", "a,b", "$a", "#a", "a?b=c", "grüße/日本語.mp4", "x/../y", "a//b", "dir/",
         "back\\slash"]


def boto(gateway: radosgw.RadosGw, **options: Any) -> Any:
    config = Config(s3={"addressing_style": "path"}, signature_version="s3v4", proxies={},
                    request_checksum_calculation="when_required",
                    response_checksum_validation="when_required")
    return boto3.client("s3", endpoint_url=gateway.url, region_name="us-east-1", config=config,
                        aws_access_key_id=gateway.access_key,
                        aws_secret_access_key=gateway.secret_key, **options)


@unittest.skipIf(radosgw.missing(), radosgw.missing())
class Real(StoreTest):
    """One gateway for all tests."""

    gateway: radosgw.RadosGw

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.gateway = cls.enterClassContext(radosgw.RadosGw())
        cls.secrets = [cls.gateway.secret_key]
        cls.options = {"access_key": cls.gateway.access_key, "secret_key": cls.gateway.secret_key,
                       "region": "us-east-1"}
        cls.s3 = boto(cls.gateway)
        cls.s3.create_bucket(Bucket=BUCKET)

    def audit(self) -> None:
        super().audit()
        left = self.s3.list_multipart_uploads(Bucket=BUCKET).get("Uploads", [])
        for upload in left:  # the next test is not to blame
            self.s3.abort_multipart_upload(Bucket=BUCKET, Key=upload["Key"],
                                           UploadId=upload["UploadId"])
        self.assertEqual(left, [], "an upload was left open")

    def store(self, **options: Any) -> Driver:
        return self.driver(self.gateway.url, **options)

    def stored(self, key: str) -> bytes | None:
        try:
            data: bytes = self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
            return data
        except self.s3.exceptions.NoSuchKey:
            return None

    def wait_for_parts(self, count: int) -> None:
        """So many parts of the one open upload are there."""
        end = time.monotonic() + 30
        while time.monotonic() < end:
            for upload in self.s3.list_multipart_uploads(Bucket=BUCKET).get("Uploads", ()):
                try:
                    parts = self.s3.list_parts(Bucket=BUCKET, Key=upload["Key"],
                                               UploadId=upload["UploadId"]).get("Parts", ())
                except self.s3.exceptions.ClientError:
                    continue
                if len(parts) >= count:
                    return
            time.sleep(0.005)
        self.fail("the upload did not come so far")

    def test_03_keys(self) -> None:
        """Case 3: 23 odd keys, there and back; boto3 sees the same keys."""
        driver = self.store()
        for key in NASTY:
            with self.subTest(key):
                uri = f"s3://{BUCKET}/{key}"
                path = self.folder / "target"
                self.good(driver.run("put", uri=uri, data=key))
                self.assertEqual(self.stored(key), key.encode())
                self.good(driver.run("get_file", uri=uri, path=str(path)))
                self.assertEqual(path.read_bytes(), key.encode())
                self.assertEqual(self.good(driver.run("head", uri=uri))["object"]["key"], key)
                self.good(driver.run("delete", uri=uri))
                self.assertIsNone(self.stored(key))
        self.good(driver.run("delete", uri=f"s3://{BUCKET}/never-there"))

    def test_04_wrong_secret(self) -> None:
        """Case 4: a wrong secret, an unknown key."""
        for options, says in (({"secret_key": "wrong" * 8}, "SignatureDoesNotMatch"),
                              ({"access_key": "AKIDNOBODY0000000000"}, "InvalidAccessKeyId")):
            with self.subTest(says), Line(self.gateway.port) as line:
                result = self.driver(line.url, **options).run("put", uri=f"s3://{BUCKET}/k", data="x")
                self.bad(result, "AUTH", says=(says,))
                self.assertEqual(line.requests, 1, "it was tried again")

    def test_12_terminated(self) -> None:
        """Case 12: SIGTERM in mid-upload; audit sees that nothing is left."""
        path, _ = self.file(100 * MIB)
        line = self.enterContext(Line(self.gateway.port, rate=50 * MIB))
        driver = self.driver(line.url)
        driver.send("put_file", uri=f"s3://{BUCKET}/term", path=path,
                    transfer=PARTS | {"parallel": 1})
        self.wait_for_parts(2)
        driver.process.terminate()
        self.bad(driver.result(10), "CANCELLED")
        self.assertIsNone(self.stored("term"))

    def test_13_server_dies(self) -> None:
        """Case 13: the gateway dies for two seconds during an upload of 20 parts."""
        path, data = self.file(100 * MIB)
        line = self.enterContext(Line(self.gateway.port, rate=50 * MIB))
        driver = self.driver(line.url, max_tries=20)
        driver.send("put_file", uri=f"s3://{BUCKET}/survivor", path=path,
                    transfer=PARTS | {"parallel": 1})
        self.wait_for_parts(3)
        self.gateway.kill_gateway()
        time.sleep(2)
        self.gateway.start_gateway()
        done = self.good(driver.result())["object"]
        self.assertEqual(done["parts"], 20)
        self.assertGreater(done["retries"], 0)
        self.assertEqual(hashlib.md5(self.stored("survivor") or b"").digest(),
                         hashlib.md5(data).digest())

    def test_17_clock(self) -> None:
        """Case 17: our clock is 20 minutes off: one correction, used from then on."""
        library = self.folder / "clock_shift.so"
        subprocess.run(["cc", "-D_GNU_SOURCE", "-shared", "-fPIC", "-o", str(library),
                        str(HERE / "clock_shift.c"), "-ldl"], check=True, timeout=60)
        for shift in ("1200", "-1200"):
            with self.subTest(shift):
                driver = self.store(env={"LD_PRELOAD": str(library), "CLOCK_SHIFT_S": shift})
                retries = [self.good(driver.run("put", uri=f"s3://{BUCKET}/clock",
                                                data="x"))["object"]["retries"] for _ in range(2)]
                self.assertEqual(retries, [1, 0])

    def test_30_verified(self) -> None:
        """Case 30: what was compared is said to be so."""
        path, _ = self.file(11 * MIB)
        driver = self.store()
        small = self.good(driver.run("put", uri=f"s3://{BUCKET}/v", data="x"))["object"]
        large = self.good(driver.run("put_file", uri=f"s3://{BUCKET}/v", path=path,
                                     transfer=PARTS))["object"]
        etag = self.s3.head_object(Bucket=BUCKET, Key="v")["ETag"]
        self.assertEqual((small["verified"], large["verified"], large["etag"]), (1, 1, etag))

    def test_31_bit_flipped(self) -> None:
        """Case 31: a bit is flipped on the way to the server: sent once more, then right."""
        path, data = self.file(11 * MIB)
        for transfer, offset in (({}, 3 * MIB), (PARTS, 3 * MIB)):
            with self.subTest(transfer), Line(self.gateway.port, offset) as proxy:
                driver = self.driver(proxy.url)
                done = self.good(driver.run("put_file", uri=f"s3://{BUCKET}/flip", path=path,
                                            transfer=transfer))["object"]
                self.assertTrue(proxy.flipped)
                self.assertEqual(done["retries"], 1)
                self.assertEqual(self.stored("flip"), data)

    def test_35_presigned(self) -> None:
        """Case 35: good, tampered, for another key or method, expired."""
        driver = self.store()
        uri = f"s3://{BUCKET}/pre signed+é"
        put = self.good(driver.run("presign", method="PUT", uri=uri))["presigned_url"]
        get = self.good(driver.run("presign", method="GET", uri=uri, expires_s=6))["presigned_url"]
        self.assertEqual(fetch("PUT", put, b"by URL")[0], 200)
        self.assertEqual(fetch("GET", get), (200, b"by URL"))
        last = "0" if get[-1] != "0" else "1"
        for method, url in (("GET", get[:-1] + last), ("GET", get.replace("pre", "other")),
                            ("PUT", get), ("GET", put), ("GET", get.replace("Expires=6", "Expires=9"))):
            self.assertEqual(fetch(method, url, b"" if method == "PUT" else None)[0], 403)
        time.sleep(7.1)
        self.assertEqual(fetch("GET", get)[0], 403)
        done = self.good(driver.run("put", uri=uri, data="x", transfer={"presign_s": 60}))["object"]
        self.assertEqual(fetch("GET", done["presigned_url"]), (200, b"x"))
        self.assertNotIn("?", done["url"])

    def test_36_sizes(self) -> None:
        """Case 36: sizes around the limits, with the defaults and with small parts."""
        driver = self.store()
        for size, parts, transfer in (
                (0, 0, {}), (1, 0, {}), (5 * MIB - 1, 0, {}), (5 * MIB, 0, {}), (16 * MIB - 1, 0, {}),
                (16 * MIB, 2, {}), (16 * MIB + 1, 3, {}), (15 * MIB + 1, 4, PARTS)):
            with self.subTest(size=size):
                path, data = self.file(size)
                target = self.folder / "target"
                uri = f"s3://{BUCKET}/size"
                done = self.good(driver.run("put_file", uri=uri, path=path, transfer=transfer))["object"]
                self.assertEqual((done["parts"], done["bytes"]), (parts, size))
                self.assertEqual(self.stored("size"), data)
                self.good(driver.run("get_file", uri=uri, path=str(target)))
                self.assertEqual(target.read_bytes(), data)
                if size > 10:
                    self.good(driver.run("get", uri=uri, offset=3, length=7, path=str(target)))
                    self.assertEqual(target.read_bytes(), data[3:10])

    def test_37_exists(self) -> None:
        """Case 37: an object that is there stays. (radosgw 16 ignores the condition on Complete, so
        parts stay out because the library looks first.)"""
        driver = self.store()
        self.good(driver.run("put", uri=f"s3://{BUCKET}/once", data="first",
                             transfer={"when_exists": 1}))
        self.bad(driver.run("put", uri=f"s3://{BUCKET}/once", data="second",
                            transfer={"when_exists": 1}), "EXISTS")
        path, _ = self.file(12 * MIB)
        self.bad(driver.run("put_file", uri=f"s3://{BUCKET}/once", path=path,
                            transfer=PARTS | {"when_exists": 1}), "EXISTS")
        self.assertEqual(self.stored("once"), b"first")

    def test_38_headers(self) -> None:
        """Case 38: headers, metadata, tags and ACL are read back; in one PUT and in parts. (radosgw 16
        forgets the tags of Create; boto3's, too.)"""
        driver = self.store()
        sent = {"content_type": "video/mp4", "cache_control": "public, max-age=60",
                "content_disposition": "attachment", "metadata": {"author": "a b", "n": "1"},
                "tags": {"kind": "a&b=c d", "größe": "1"}, "acl": "public-read"}
        for size in (10, 6 * MIB):
            with self.subTest(size=size):
                path, _ = self.file(size)
                where = {"Bucket": BUCKET, "Key": "headers"}
                self.good(driver.run("put_file", uri=f"s3://{BUCKET}/headers", path=path,
                                     transfer=PARTS | sent))
                head = self.s3.head_object(**where)
                self.assertEqual((head["ContentType"], head["CacheControl"], head["Metadata"],
                                  head["ContentDisposition"]),
                                 (sent["content_type"], sent["cache_control"], sent["metadata"],
                                  sent["content_disposition"]))
                tags = self.s3.get_object_tagging(**where).get("TagSet", [])
                self.assertEqual({t["Key"]: t["Value"] for t in tags},
                                 sent["tags"] if size == 10 else {})
                self.assertEqual(fetch("GET", f"{self.gateway.url}/{BUCKET}/headers?")[0], 200)
        self.bad(driver.run("put", uri=f"s3://{BUCKET}/k", data="x",
                            transfer={"metadata": {"a": "é"}}), "ARGUMENT")

    def test_video(self) -> None:
        """A video rendered straight into the store, with a URL that plays."""
        done = self.good(self.store().run(
            "compose", uri=f"s3://{BUCKET}/video.mp4", images=3, image_ms=2000, noise=True, side=512,
            fps=30, kbps=30000, transfer=PARTS | {"presign_s": 60}))["object"]
        self.assertGreater(done["parts"], 1)
        status, data = fetch("GET", done["presigned_url"])
        self.assertEqual((status, len(data), data[4:8]), (200, done["bytes"], b"ftyp"))

    def test_nothing_there(self) -> None:
        """No such key, no such bucket."""
        driver = self.store()
        self.bad(driver.run("head", uri=f"s3://{BUCKET}/absent"), "NOT_FOUND")
        path = self.folder / "target"
        self.bad(driver.run("get_file", uri=f"s3://{BUCKET}/absent", path=str(path)), "NOT_FOUND")
        self.bad(driver.run("put", uri="s3://no-such-bucket/k", data="x"), "NOT_FOUND")


@unittest.skipIf(radosgw.missing(), radosgw.missing())
class Secure(StoreTest):
    """The gateway behind TLS."""

    def test_34_tls(self) -> None:
        """Case 34: works with our authority; without it nothing is sent."""
        with tempfile.TemporaryDirectory() as folder:
            made = Certificates(Path(folder))
            with radosgw.RadosGw(made.files("good")) as gateway:
                boto(gateway, verify=made.ca).create_bucket(Bucket=BUCKET)
                self.secrets = [gateway.secret_key]
                keys = {"access_key": gateway.access_key, "secret_key": gateway.secret_key}
                path, data = self.file(11 * MIB)
                driver = self.driver(gateway.url, ca_file=made.ca, **keys)
                self.good(driver.run("put_file", uri=f"s3://{BUCKET}/k", path=path, transfer=PARTS))
                self.good(driver.run("get_file", uri=f"s3://{BUCKET}/k",
                                     path=str(self.folder / "target")))
                self.assertEqual((self.folder / "target").read_bytes(), data)
                by_env = self.driver(gateway.url, env={"AWS_CA_BUNDLE": made.ca}, **keys)
                self.good(by_env.run("head", uri=f"s3://{BUCKET}/k"))
                self.bad(self.driver(gateway.url, **keys).run("head", uri=f"s3://{BUCKET}/k"),
                         "NETWORK", "AUTH", "PERMISSION")


if __name__ == "__main__":
    sys.exit(counting.run("__main__"))
