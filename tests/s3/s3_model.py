# SPDX-License-Identifier: MIT
"""A small S3 in memory: objects, uploads in parts, conditions, ranges. What HTTP and faults are is
fault_server.py's business."""

from __future__ import annotations

import hashlib
import re
import threading
import time
import uuid
from dataclasses import dataclass, field
from email.utils import formatdate
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from sigv4_check import CHECKSUMS, Refused, checksum, decode, query_pairs

XML_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
NAMESPACE = ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
# Headers that are kept with an object and come back with it.
KEPT = ("content-type", "cache-control", "content-disposition", "content-encoding")


@dataclass
class Request:
    """A request as it came, and what it is about."""

    method: str
    path: str
    query: str
    headers: list[tuple[str, str]]
    body: bytes = b""
    bucket: str = field(init=False)
    key: str = field(init=False)
    params: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        bucket, _, key = self.path.lstrip("/").partition("/")
        self.bucket, self.key = decode(bucket), decode(key)
        self.params = dict(query_pairs(self.query))

    def header(self, name: str) -> str | None:
        return next((v for n, v in self.headers if n.lower() == name), None)

    @property
    def part(self) -> int:
        number = self.params.get("partNumber", "0")
        return int(number) if number.isdigit() else 0

    @property
    def op(self) -> str:
        """create, part, complete, abort, list_parts, list_uploads, list, head_bucket, bucket, put,
        get, head, delete, other."""
        p, method = self.params, self.method
        if not self.key:
            return {"HEAD": "head_bucket", "PUT": "bucket",
                    "GET": "list_uploads" if "uploads" in p else "list"}.get(method, "other")
        if "uploads" in p:
            return "create"
        if "uploadId" in p:
            return {"PUT": "part", "POST": "complete", "DELETE": "abort",
                    "GET": "list_parts"}.get(method, "other")
        return {"PUT": "put", "GET": "get", "HEAD": "head", "DELETE": "delete"}.get(method, "other")


@dataclass
class Reply:
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass
class Object:
    data: bytes
    etag: str
    headers: dict[str, str]
    modified: float
    checksums: dict[str, str] = field(default_factory=dict)


@dataclass
class Upload:
    bucket: str
    key: str
    headers: dict[str, str]
    parts: dict[int, bytes] = field(default_factory=dict)


def quoted_md5(data: bytes) -> str:
    return f'"{hashlib.md5(data).hexdigest()}"'


def error_body(code: str, message: str, **extra: str) -> bytes:
    elements = {"Code": code, "Message": message, **extra}
    inner = "".join(f"<{n}>{escape(v)}</{n}>" for n, v in elements.items())
    return f"{XML_HEAD}<Error>{inner}</Error>".encode()


def xml_reply(root: str, elements: dict[str, str], raw: str = "") -> Reply:
    inner = "".join(f"<{n}>{escape(v)}</{n}>" for n, v in elements.items())
    body = f"{XML_HEAD}<{root}{NAMESPACE}>{inner}{raw}</{root}>".encode()
    return Reply(200, {"Content-Type": "application/xml"}, body)


def lower(headers: list[tuple[str, str]]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers}


class Model:
    """All buckets exist but those whose name begins with "missing"."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.objects: dict[tuple[str, str], Object] = {}
        self.own_checksums = False  # as S3 makes one for who sends none
        self.uploads: dict[str, Upload] = {}
        self.min_part = 5 << 20

    def put_object(self, bucket: str, key: str, data: bytes, etag: str = "",
                   headers: dict[str, str] | None = None) -> Object:
        """Put it there without a request."""
        made = Object(data, etag or quoted_md5(data), headers or {}, time.time())
        with self.lock:
            self.objects[bucket, key] = made
        return made

    def data(self, bucket: str, key: str) -> bytes | None:
        with self.lock:
            found = self.objects.get((bucket, key))
            return found.data if found else None

    def handle(self, request: Request) -> Reply:
        if request.bucket.startswith("missing"):
            raise Refused(404, "NoSuchBucket", "The specified bucket does not exist")
        operation = getattr(self, f"_{request.op}", None)
        if operation is None:
            raise Refused(501, "NotImplemented")
        with self.lock:
            return operation(request)

    def _bucket(self, request: Request) -> Reply:
        return Reply(200, {"Location": f"/{request.bucket}"})

    def _head_bucket(self, request: Request) -> Reply:
        return Reply()

    def _list(self, request: Request) -> Reply:
        prefix = request.params.get("prefix", "")
        rows = "".join(
            f"<Contents><Key>{escape(key)}</Key><ETag>{escape(o.etag)}</ETag>"
            f"<Size>{len(o.data)}</Size></Contents>"
            for (bucket, key), o in sorted(self.objects.items())
            if bucket == request.bucket and key.startswith(prefix))
        return xml_reply("ListBucketResult", {"Name": request.bucket, "IsTruncated": "false"}, rows)

    def _list_uploads(self, request: Request) -> Reply:
        rows = "".join(f"<Upload><Key>{escape(u.key)}</Key><UploadId>{i}</UploadId></Upload>"
                       for i, u in self.uploads.items() if u.bucket == request.bucket)
        elements = {"Bucket": request.bucket, "IsTruncated": "false"}
        return xml_reply("ListMultipartUploadsResult", elements, rows)

    def _check_conditions(self, request: Request) -> None:
        there = self.objects.get((request.bucket, request.key))
        if request.header("if-none-match") == "*" and there:
            raise Refused(412, "PreconditionFailed")
        wanted = request.header("if-match")
        if wanted and (not there or wanted not in ("*", there.etag)):
            raise Refused(412, "PreconditionFailed")

    def _store(self, request: Request, data: bytes, etag: str, headers: dict[str, str]) -> Object:
        kept = {n: v for n, v in headers.items() if n in KEPT or n.startswith("x-amz-meta-")}
        return self.put_object(request.bucket, request.key, data, etag, kept)

    def _put(self, request: Request) -> Reply:
        self._check_conditions(request)
        headers = lower(request.headers)
        made = self._store(request, request.body, "", headers)
        return Reply(200, {"ETag": made.etag} | self._checksums(made, headers))

    def _checksums(self, made: Object, headers: dict[str, str]) -> dict[str, str]:
        """Those that came along are kept, and told again."""
        for algorithm in CHECKSUMS:
            name = f"x-amz-checksum-{algorithm}"
            if name in headers:
                made.checksums[name] = headers[name]
        return dict(made.checksums)

    def _create(self, request: Request) -> Reply:
        upload = uuid.uuid4().hex
        self.uploads[upload] = Upload(request.bucket, request.key, lower(request.headers))
        elements = {"Bucket": request.bucket, "Key": request.key, "UploadId": upload}
        return xml_reply("InitiateMultipartUploadResult", elements)

    def _upload(self, request: Request) -> Upload:
        upload = self.uploads.get(request.params["uploadId"])
        if upload is None or (upload.bucket, upload.key) != (request.bucket, request.key):
            raise Refused(404, "NoSuchUpload", "The specified upload does not exist")
        return upload

    def _part(self, request: Request) -> Reply:
        upload = self._upload(request)
        if not 1 <= request.part <= 10000:
            raise Refused(400, "InvalidArgument", "Part number must be between 1 and 10000")
        upload.parts[request.part] = request.body
        sent = {n: v for n, v in lower(request.headers).items() if n.startswith("x-amz-checksum-")}
        return Reply(200, {"ETag": quoted_md5(request.body)} | sent)

    def _abort(self, request: Request) -> Reply:
        self._upload(request)
        del self.uploads[request.params["uploadId"]]
        return Reply(204)

    def _list_parts(self, request: Request) -> Reply:
        rows = "".join(f"<Part><PartNumber>{n}</PartNumber><ETag>{escape(quoted_md5(data))}</ETag>"
                       f"<Size>{len(data)}</Size></Part>"
                       for n, data in sorted(self._upload(request).parts.items()))
        return xml_reply("ListPartsResult", {"IsTruncated": "false"}, rows)

    def _complete(self, request: Request) -> Reply:
        upload = self._upload(request)
        numbers = self._listed_parts(request, upload)
        self._check_conditions(request)
        data = b"".join(upload.parts[n] for n in numbers)
        headers = lower(request.headers)
        size = headers.get("x-amz-mp-object-size")
        if size is not None and int(size) != len(data):
            raise Refused(400, "InvalidRequest", "The object size does not match")
        for algorithm in CHECKSUMS:
            sent = headers.get(f"x-amz-checksum-{algorithm}")
            if sent is not None and sent != checksum(algorithm, data):
                raise Refused(400, "BadDigest")
        digests = b"".join(hashlib.md5(upload.parts[n]).digest() for n in numbers)
        etag = f'"{hashlib.md5(digests).hexdigest()}-{len(numbers)}"'
        made = self._store(request, data, etag, upload.headers)
        del self.uploads[request.params["uploadId"]]
        self._checksums(made, headers)
        elements = {"Bucket": request.bucket, "Key": request.key, "ETag": etag}
        for name, value in made.checksums.items():
            elements["Checksum" + name.rsplit("-", 1)[1].upper()] = value
        return xml_reply("CompleteMultipartUploadResult", elements)

    def _listed_parts(self, request: Request, upload: Upload) -> list[int]:
        """What the body asks for, held against what is there."""
        try:
            root = ElementTree.fromstring(request.body)
        except ElementTree.ParseError:
            raise Refused(400, "MalformedXML") from None
        listed = []
        for part in root.iterfind("{*}Part"):
            number = int(part.findtext("{*}PartNumber", "0"))
            etag = part.findtext("{*}ETag", "").strip('"')
            if number not in upload.parts or f'"{etag}"' != quoted_md5(upload.parts[number]):
                raise Refused(400, "InvalidPart")
            listed.append(number)
        if not listed:
            raise Refused(400, "MalformedXML")
        if listed != sorted(set(listed)):
            raise Refused(400, "InvalidPartOrder")
        if any(len(upload.parts[n]) < self.min_part for n in listed[:-1]):
            raise Refused(400, "EntityTooSmall")
        return listed

    def _find(self, request: Request) -> Object:
        found = self.objects.get((request.bucket, request.key))
        if found is None:
            raise Refused(404, "NoSuchKey", "The specified key does not exist.")
        self._check_conditions(request)
        return found

    def _headers(self, found: Object, request: Request) -> dict[str, str]:
        headers = {"ETag": found.etag, "Last-Modified": formatdate(found.modified, usegmt=True),
                   "Accept-Ranges": "bytes", "content-type": "binary/octet-stream", **found.headers}
        if (request.header("x-amz-checksum-mode") or "").upper() == "ENABLED":
            headers |= found.checksums
            if self.own_checksums and not found.checksums:
                headers["x-amz-checksum-crc32"] = checksum("crc32", found.data)
        return headers

    def _get(self, request: Request) -> Reply:
        found = self._find(request)
        headers = self._headers(found, request)
        size = len(found.data)
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", request.header("range") or "")
        if not wanted:
            return Reply(200, headers, found.data)
        first, last = int(wanted[1]), min(int(wanted[2] or size - 1), size - 1)
        if first >= size:
            raise Refused(416, "InvalidRange", "The requested range is not satisfiable")
        headers["Content-Range"] = f"bytes {first}-{last}/{size}"
        if (first, last) != (0, size - 1):
            headers = {n: v for n, v in headers.items() if not n.startswith("x-amz-checksum")}
        return Reply(206, headers, found.data[first:last + 1])

    def _head(self, request: Request) -> Reply:
        found = self._find(request)
        # The server takes the length of the body, and sends none.
        return Reply(200, self._headers(found, request), found.data)

    def _delete(self, request: Request) -> Reply:
        self.objects.pop((request.bucket, request.key), None)
        return Reply(204)
