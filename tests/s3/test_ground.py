#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The test ground tested: the fault server and radosgw, with boto3 as the client. Nothing of the
library is needed.

    build/s3/venv/bin/python tests/s3/test_ground.py
"""

from __future__ import annotations

import http.client
import socket
import ssl
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

import radosgw
from certificates import Certificates
from fault_server import KEYS, FaultServer
from sigv4_check import crc64nvme
from tcp_proxy import Line

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))

import counting  # noqa: E402

MIB = 1 << 20
ATTEMPTS = 5  # at what has to be quick: the machine may be busy
NASTY = ["a b", "a+b", "~", "%41", "(x)!*'", "a=b&c;d", "e:f@g,h$i", "j#k?l", "grüße/日本", "a//b",
         "x/../y", "dir/", "back\\slash"]


def client(url: str, access: str = KEYS.access_key, secret: str = KEYS.secret_key,
           **options: Any) -> Any:
    """A client that tries once."""
    config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"},
                    request_checksum_calculation="when_required", connect_timeout=5, read_timeout=10,
                    signature_version="s3v4",
                    response_checksum_validation="when_required", proxies={})
    return boto3.client("s3", endpoint_url=url, aws_access_key_id=access, region_name="us-east-1",
                        aws_secret_access_key=secret, config=config, **options)


def code(error: ClientError) -> str:
    return str(error.response["Error"]["Code"])


def send_url(method: str, url: str, data: bytes | None = None) -> int:
    """The status that a URL gets without credentials."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    connection.request(method, f"{parts.path}?{parts.query}", data)
    status = connection.getresponse().status
    connection.close()
    return status


class StoreCases:
    """What every store must do; `url`, `access` and `secret` say which."""

    url = access = secret = ""

    def s3(self, **options: Any) -> Any:
        return client(self.url, self.access, options.pop("secret", self.secret), **options)

    def refused(self, wanted: str, call: Any, **arguments: Any) -> None:
        with self.assertRaises(ClientError) as caught:
            call(**arguments)
        self.assertEqual(code(caught.exception), wanted)

    def test_keys(self) -> None:
        """Odd keys come back, byte for byte."""
        s3 = self.s3()
        for key in NASTY:
            s3.put_object(Bucket="test", Key=key, Body=key.encode())
            self.assertEqual(s3.get_object(Bucket="test", Key=key)["Body"].read(), key.encode())
            s3.delete_object(Bucket="test", Key=key)
            self.refused("NoSuchKey", s3.get_object, Bucket="test", Key=key)

    def test_parts(self) -> None:
        """An upload in parts; lists of what is open; too small ones."""
        s3 = self.s3()
        where = {"Bucket": "test", "Key": "parts"}
        first, second = bytes(5 * MIB), b"end"
        upload = where | {"UploadId": s3.create_multipart_upload(**where)["UploadId"]}
        etags = [s3.upload_part(**upload, PartNumber=n, Body=data)["ETag"]
                 for n, data in ((1, first), (2, second))]
        self.assertEqual(len(s3.list_multipart_uploads(Bucket="test")["Uploads"]), 1)
        self.assertEqual([p["Size"] for p in s3.list_parts(**upload)["Parts"]], [5 * MIB, 3])
        parts = [{"PartNumber": n, "ETag": e} for n, e in enumerate(etags, 1)]
        self.refused("InvalidPart", s3.complete_multipart_upload, **upload,
                     MultipartUpload={"Parts": parts[:1] + [parts[1] | {"ETag": etags[0]}]})
        s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
        # Not the ETag of the reply: that of radosgw 16 is empty.
        self.assertTrue(s3.head_object(**where)["ETag"].endswith('-2"'))
        self.assertEqual(s3.get_object(**where)["Body"].read(), first + second)
        self.assertNotIn("Uploads", s3.list_multipart_uploads(Bucket="test"))
        small = where | {"UploadId": s3.create_multipart_upload(**where)["UploadId"]}
        etags = [s3.upload_part(**small, PartNumber=n, Body=b"x")["ETag"] for n in (1, 2)]
        parts = [{"PartNumber": n, "ETag": e} for n, e in enumerate(etags, 1)]
        self.refused("EntityTooSmall", s3.complete_multipart_upload, **small,
                     MultipartUpload={"Parts": parts})
        s3.abort_multipart_upload(**small)
        self.refused("NoSuchUpload", s3.abort_multipart_upload, **small)

    def test_ranges_and_conditions(self) -> None:
        """206, 412, 416."""
        s3 = self.s3()
        where = {"Bucket": "test", "Key": "range"}
        etag = s3.put_object(**where, Body=b"0123456789", ContentType="video/mp4",
                             Metadata={"a": "b"})["ETag"]
        part = s3.get_object(**where, Range="bytes=2-4", IfMatch=etag)
        self.assertEqual((part["Body"].read(), part["ContentRange"]), (b"234", "bytes 2-4/10"))
        self.assertEqual((part["ContentType"], part["Metadata"]), ("video/mp4", {"a": "b"}))
        self.refused("InvalidRange", s3.get_object, **where, Range="bytes=10-")
        self.refused("PreconditionFailed", s3.get_object, **where, IfMatch='"other"')
        self.refused("PreconditionFailed", s3.put_object, **where, Body=b"", IfNoneMatch="*")
        self.assertEqual(s3.head_object(**where)["ContentLength"], 10)

    def test_signatures(self) -> None:
        """Wrong secret, wrong body, wrong digest."""
        where = {"Bucket": "test", "Key": "signed"}
        self.refused("SignatureDoesNotMatch", self.s3(secret="x" * 40).put_object, **where, Body=b"x")
        s3 = self.s3()
        self.refused("BadDigest", s3.put_object, **where, Body=b"x",
                     ContentMD5="rL0Y20zC+Fzt72VPzMSk2A==")
        hooked = self.s3()
        hooked.meta.events.register(
            "before-send.s3", lambda request, **_: request.headers.__setitem__("x-amz-acl", "private"))
        if not isinstance(self, Gateway):  # it accepts what AWS refuses
            self.refused("AccessDenied", hooked.put_object, **where, Body=b"x")
        hooked = self.s3()
        hooked.meta.events.register("before-send.s3", self._other_body)
        self.refused("XAmzContentSHA256Mismatch", hooked.put_object, **where, Body=b"x")

    @staticmethod
    def _other_body(request: Any, **_: object) -> None:
        request.body = b"y"

    def test_presigned(self) -> None:
        """Good, tampered, for another key, expired."""
        s3 = self.s3()
        where = {"Bucket": "test", "Key": "pre signed"}
        put = s3.generate_presigned_url("put_object", where)
        get = s3.generate_presigned_url("get_object", where, ExpiresIn=6)
        self.assertEqual(send_url("PUT", put, b"by URL"), 200)
        self.assertEqual(send_url("GET", get), 200)
        self.assertEqual(send_url("GET", get + "0"), 403)
        self.assertEqual(send_url("GET", get + "&x=1"), 403)
        self.assertEqual(send_url("GET", get.replace("pre", "other")), 403)
        self.assertEqual(send_url("DELETE", get), 403)
        time.sleep(7.1)
        self.assertEqual(send_url("GET", get), 403)

    def test_anonymous(self) -> None:
        """Nobody may read what is not public."""
        self.assertEqual(send_url("GET", f"{self.url}/test/x?"), 403)


class Simulated(StoreCases, unittest.TestCase):
    """The fault server without a script is a store."""

    access, secret = KEYS.access_key, KEYS.secret_key

    def setUp(self) -> None:
        self.server = self.enterContext(FaultServer())
        self.url = self.server.url

    def test_checksums(self) -> None:
        """CRC-64/NVME's check value; a wrong CRC-32 is refused, a right one comes back."""
        self.assertEqual(crc64nvme(b"123456789"), 0xAE8B14860A799888)
        s3 = self.s3()
        where = {"Bucket": "test", "Key": "sum"}
        self.refused("BadDigest", s3.put_object, **where, Body=b"x", ChecksumCRC32="AAAAAA==")
        s3.put_object(**where, Body=b"x", ChecksumAlgorithm="SHA256")
        self.assertIn("ChecksumSHA256", s3.head_object(**where, ChecksumMode="ENABLED"))

    def test_token(self) -> None:
        """A session token must be signed, and be the right one."""
        self.server.keys = type(KEYS)(KEYS.access_key, KEYS.secret_key, "token/1+2=")
        self.s3(aws_session_token="token/1+2=").list_objects_v2(Bucket="test")
        self.refused("InvalidToken", self.s3().list_objects_v2, Bucket="test")
        self.refused("InvalidToken", self.s3(aws_session_token="?").list_objects_v2, Bucket="test")

    def test_clock_and_region(self) -> None:
        """Of the server; it says its own."""
        self.server.clock_s = 1200
        self.refused("RequestTimeTooSkewed", self.s3().list_objects_v2, Bucket="test")
        self.server.clock_s, self.server.region = 0, "eu-west-1"
        self.s3().list_objects_v2(Bucket="test")  # boto3 corrects itself
        first, second = self.server.of("list")[-2:]
        self.assertEqual((first.refused, first.region, second.signed, second.region),
                         ("AuthorizationHeaderMalformed", "us-east-1", "header", "eu-west-1"))

    def test_records(self) -> None:
        """Every request is on record, with what became of it."""
        self.s3().put_object(Bucket="test", Key="k", Body=b"abc")
        record, = self.server.of("put")
        self.assertEqual((record.signed, record.body_bytes, record.status, record.region),
                         ("header", 3, 200, "us-east-1"))


class Faults(unittest.TestCase):
    """Each thing that a script can say."""

    def serve(self, *rules: dict[str, Any], **script: Any) -> tuple[FaultServer, Any]:
        server = self.enterContext(FaultServer({"rules": list(rules), **script}))
        server.model.put_object("test", "k", bytes(range(256)) * 256)
        return server, client(server.url)

    def get(self, do: dict[str, Any]) -> Any:
        server, s3 = self.serve({"on": "get", "do": do})
        return s3.get_object(Bucket="test", Key="k")

    def test_nth(self) -> None:
        """Only the requests that it is about."""
        _, s3 = self.serve({"on": "put", "key": "a*", "nth": 2, "do": {"code": "SlowDown"}})
        outcomes = []
        for key in ("b", "a1", "a2", "a3"):
            try:
                s3.put_object(Bucket="test", Key=key, Body=b"x")
                outcomes.append("")
            except ClientError as error:
                outcomes.append(code(error))
        self.assertEqual(outcomes, ["", "", "SlowDown", ""])

    def test_breaks(self) -> None:
        """Cut, reset before, during and after; wrong length; never an answer that looks right."""
        for do in ({"cut": 1000, "end": "rst"}, {"cut": 0.5, "end": "fin"}, {"cut": -1, "end": "rst"},
                   {"length": 10}, {"length": 10, "end": "fin"}):
            with self.subTest(do), self.assertRaises((BotoCoreError, OSError, Exception)):
                self.get(do)["Body"].read()
        server, s3 = self.serve({"on": "put", "do": {"read": 1000, "end": "rst"}})
        with self.assertRaises((BotoCoreError, OSError)):
            s3.put_object(Bucket="test", Key="k", Body=bytes(MIB))
        self.assertEqual(server.of("put")[0].status, 0)

    def test_shapes(self) -> None:
        """Headers, bodies, damage."""
        whole = bytes(range(256)) * 256
        self.assertEqual(self.get({"length": "chunked"})["Body"].read(), whole)
        self.assertEqual(self.get({"length": "none"})["Body"].read(), whole)
        self.assertNotEqual(self.get({"corrupt": True})["Body"].read(), whole)
        self.assertEqual(self.get({"body": "<{key}>"})["Body"].read(), b"<k>")
        self.assertEqual(len(self.get({"body_repeat": ["ab", 1000]})["Body"].read()), 2000)
        endless = self.get({"length": "endless"})["Body"]
        self.assertEqual(len(endless.read(20 * MIB)), 20 * MIB)
        endless.close()
        bomb = self.get({"gzip_mb": 10})
        self.assertLess(bomb["ContentLength"], 20000)

    def test_times(self) -> None:
        """Delays, trickles, bandwidth."""
        for do, least in (({"delay": 0.3}, 0.3), ({"delay_body": 0.3}, 0.3),
                          ({"trickle": [16384, 0.1]}, 0.3)):
            begin = time.monotonic()
            self.get(do)["Body"].read()
            self.assertGreater(time.monotonic() - begin, least)
        _, s3 = self.serve(rate=100000)
        for _ in range(ATTEMPTS):
            begin = time.monotonic()
            s3.put_object(Bucket="test", Key="slow", Body=bytes(60000))
            s3.get_object(Bucket="test", Key="slow")["Body"].read()
            took_s = time.monotonic() - begin
            self.assertGreater(took_s, 0.7)
            if took_s < 1.7:
                return
        self.fail("slower than that")

    def test_work_then_lose(self) -> None:
        """Done, but the reply is lost."""
        server, s3 = self.serve({"on": "put", "do": {"work": True, "cut": -1, "end": "rst"}})
        with self.assertRaises(BotoCoreError):
            s3.put_object(Bucket="test", Key="lost", Body=b"x")
        self.assertEqual(server.model.data("test", "lost"), b"x")

    def test_corrupt_request(self) -> None:
        """A bit flipped on the way is noticed."""
        _, s3 = self.serve({"on": "put", "nth": 1, "do": {"corrupt_request": True}})
        with self.assertRaises(ClientError) as caught:
            s3.put_object(Bucket="test", Key="k", Body=b"abc")
        self.assertEqual(code(caught.exception), "XAmzContentSHA256Mismatch")
        s3.put_object(Bucket="test", Key="k", Body=b"abc")

    def test_hold(self) -> None:
        """Nothing goes on until the test says so."""
        server, _ = self.serve({"on": "get", "do": {"hold": True}})
        with socket.create_connection(("127.0.0.1", server.port), 5) as plain:
            plain.sendall(b"GET /public/k HTTP/1.1\r\nHost: h\r\n\r\n")
            self.assertTrue(server.wait_for(lambda: len(server.records) == 1))
            plain.settimeout(0.2)
            with self.assertRaises(TimeoutError):
                plain.recv(1)
            server.release.set()
            plain.settimeout(5)
            self.assertIn(b"404", plain.recv(100))

    def test_tls(self) -> None:
        """Good, unknown authority, wrong host, expired, too old."""
        with tempfile.TemporaryDirectory() as folder:
            made = Certificates(Path(folder))
            kinds = {"good": "", "wrong-host": "mismatch", "expired": "expired"}
            for kind, says in kinds.items():
                with FaultServer(tls=made.server(kind)) as server:
                    self.assertIn(says, self.handshake(server, made.ca), kind)
                    self.assertIn("verify failed", self.handshake(server, None), kind)
            with FaultServer(tls=made.server(tls10=True)) as server:
                self.assertTrue(self.handshake(server, made.ca), "whatever OpenSSL calls it")
            with FaultServer(tls=made.server()) as server:
                s3 = client(server.url, verify=made.ca)
                s3.put_object(Bucket="test", Key="k", Body=b"x")
                self.assertEqual(server.of("put")[0].signed, "header")

    def handshake(self, server: FaultServer, ca: str | None) -> str:
        """What a careful client says to the certificate; "" = nothing."""
        context = ssl.create_default_context(cafile=ca)
        try:
            with socket.create_connection(("127.0.0.1", server.port), 5) as plain:
                context.wrap_socket(plain, server_hostname="localhost").close()
        except ssl.SSLError as error:
            return str(error)
        return ""

    def test_proxy(self) -> None:
        """As a proxy: a tunnel, and a request with the whole URL."""
        proxy = self.enterContext(FaultServer())
        target = self.enterContext(FaultServer())
        target.model.put_object("public", "k", b"x")
        tunnel = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=5)
        tunnel.set_tunnel("localhost", target.port)
        tunnel.request("GET", "/public/k")
        self.assertEqual(tunnel.getresponse().read(), b"x")
        tunnel.close()
        direct = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=5)
        direct.request("GET", "http://elsewhere.invalid/public/k")
        self.assertEqual(direct.getresponse().status, 404)
        direct.close()
        self.assertEqual([(r.op, r.proxied) for r in proxy.records],
                         [("connect", False), ("get", True)])


@unittest.skipIf(radosgw.missing(), radosgw.missing())
class Gateway(StoreCases, unittest.TestCase):
    """radosgw is one, too."""

    gateway: radosgw.RadosGw

    @classmethod
    def setUpClass(cls) -> None:
        cls.gateway = cls.enterClassContext(radosgw.RadosGw())
        cls.url, cls.access = cls.gateway.url, cls.gateway.access_key
        cls.secret = cls.gateway.secret_key
        client(cls.url, cls.access, cls.secret).create_bucket(Bucket="test")

    def test_restart(self) -> None:
        """What is stored survives the gateway."""
        self.s3().put_object(Bucket="test", Key="kept", Body=b"x")
        self.gateway.kill_gateway()
        with self.assertRaises(BotoCoreError):
            self.s3().head_object(Bucket="test", Key="kept")
        self.gateway.start_gateway()
        self.assertEqual(self.s3().head_object(Bucket="test", Key="kept")["ContentLength"], 1)

    def test_flip(self) -> None:
        """A bit flipped between us is noticed, once."""
        with Line(self.gateway.port, MIB) as proxy:
            s3 = client(proxy.url, self.access, self.secret)
            self.refused("XAmzContentSHA256Mismatch", s3.put_object, Bucket="test", Key="flip",
                         Body=bytes(2 * MIB))
            s3.put_object(Bucket="test", Key="flip", Body=bytes(2 * MIB))


if __name__ == "__main__":
    sys.exit(counting.run("__main__"))
