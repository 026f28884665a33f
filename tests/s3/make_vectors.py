#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes tests/s3/vectors.json: requests, and what botocore says about their signatures.

    build/s3/venv/bin/python tests/s3/make_vectors.py > tests/s3/vectors.json

The cases are those that the specification of Signature Version 4 and S3's rules for it distinguish;
each comes in headers and in the query.
"""

from __future__ import annotations

import json
import sys

import botocore

from signer import Request, sign

EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
TOKEN = "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPf" * 2

# Name, and what differs from a plain GET of "/".
CASES: list[tuple[str, Request]] = [
    ("vanilla", {}),
    ("head", {"method": "HEAD"}),
    ("post", {"method": "POST"}),
    ("put", {"method": "PUT", "key": "a"}),
    ("delete", {"method": "DELETE", "key": "a"}),
    ("query, empty value", {"query": [["Param1", ""]]}),
    ("query, bare name", {"method": "POST", "query": [["uploads", None]]}),
    ("query, order of names", {"query": [["Param2", "value2"], ["Param1", "value1"]]}),
    ("query, order by case", {"query": [["b", "1"], ["B", "2"], ["a", "3"], ["A", "4"]]}),
    ("query, order of encoded names", {"query": [["a b", "1"], ["a-b", "2"], ["a", "3"], ["a~", "4"]]}),
    ("query, unreserved", {"query": [["-._~0123456789ABCXYZabcxyz", "-._~0123456789ABCXYZabcxyz"]]}),
    ("query, reserved", {"query": [["q", "!*'();:@&=+$,/?#[]%\"<>\\^`{|}"]]}),
    ("query, UTF-8", {"query": [["\u1234", "bar"]]}),
    ("query, space and plus", {"query": [["a", "b c+d"]]}),
    ("query, slash", {"query": [["prefix", "photos/2006/"], ["delimiter", "/"]]}),
    ("query, part of an upload", {"method": "PUT", "key": "k",
                                  "query": [["partNumber", "3"], ["uploadId", "VXBsb2Fk.ID_-~=="]]}),
    ("headers, name twice", {"headers": [["x-amz-meta-a", "value2"], ["x-amz-meta-a", "value2"],
                                         ["x-amz-meta-a", "value1"]]}),
    ("headers, order of values", {"headers": [["My-Header1", "value4"], ["My-Header1", "value1"],
                                              ["My-Header1", "value3"], ["My-Header1", "value2"]]}),
    ("headers, spaces", {"headers": [["My-Header1", "  value1"], ["My-Header2", ' "a   b   c"  ']]}),
    ("headers, empty value", {"headers": [["x-amz-meta-empty", ""]]}),
    ("headers, case of names", {"headers": [["X-AMZ-Meta-B", "1"], ["x-amz-meta-a", "2"]]}),
    ("headers, one name in two cases", {"headers": [["My-Header1", "a"], ["my-header1", "b"]]}),
    ("headers, not signed", {"headers": [["User-Agent", "x/1"], ["Expect", "100-continue"],
                                         ["Connection", "close"], ["X-Amzn-Trace-Id", "Root=1"]]}),
    ("headers, of a body", {"method": "PUT", "key": "movie.mp4",
                            "headers": [["Content-Type", "video/mp4"],
                                        ["Content-MD5", "XUFAKrxLKna5cZ2REBfFkg=="]]}),
    ("headers, range", {"key": "movie.mp4", "headers": [["Range", "bytes=0-9"]]}),
    ("headers, conditional", {"method": "PUT", "key": "a", "headers": [["If-None-Match", "*"]]}),
    ("headers, form", {"method": "POST", "headers": [["Content-Type", "application/x-www-form-urlencoded"]]}),
    ("path, unreserved", {"key": "-._~0123456789ABCXYZabcxyz"}),
    ("path, reserved", {"key": "!*'();:@&=+$,?#[]%\"<>\\^`{|}"}),
    ("path, UTF-8", {"key": "\u1234/\u00fc"}),
    ("path, space", {"key": "example space/"}),
    ("path, percent", {"key": "a%20b%2Fc"}),
    ("path, two slashes", {"key": "/"}),
    ("path, slashes inside", {"key": "/example//"}),
    ("path, dot", {"key": "./example"}),
    ("path, two dots", {"key": "example/.."}),
    ("path, dots between", {"key": "example1/example2/../.."}),
    ("path, longest", {"key": "k" * 1024}),
    ("token", {"session_token": TOKEN}),
    ("token, query and headers", {"session_token": TOKEN, "query": [["versionId", "3/L4kqtJ"]],
                                  "headers": [["x-amz-acl", "private"]]}),
    ("host with a port", {"host": "127.0.0.1:9000", "key": "bucket/key"}),
    ("host, IPv6", {"host": "[::1]:9000", "key": "bucket/key"}),
    ("region of China", {"region": "cn-north-1", "host": "b.s3.cn-north-1.amazonaws.com.cn"}),
    ("last second of a year", {"time_s": 1451606399}),
    ("first second", {"time_s": 0}),
    ("leap day", {"time_s": 1456704000}),
    ("body hash", {"method": "PUT", "key": "a",
                   "payload_hash": "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"}),
    ("unsigned body", {"method": "PUT", "key": "a", "payload_hash": "UNSIGNED-PAYLOAD"}),
    ("another service", {"service": "sts", "method": "POST", "host": "sts.amazonaws.com",
                         "headers": [["Content-Type", "application/x-www-form-urlencoded"]]}),
]

PLAIN: Request = {
    "method": "GET", "host": "example.s3.us-east-1.amazonaws.com", "key": "", "query": [], "headers": [],
    "payload_hash": EMPTY, "time_s": 1440938160, "region": "us-east-1", "service": "s3",
    "access_key": "AKIDEXAMPLE", "secret_key": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    "session_token": None,
}


def vector(name: str, different: Request, expires_s: int) -> Request:
    request = {**PLAIN, **different, "expires_s": expires_s}
    if expires_s and request["service"] == "s3":
        request["payload_hash"] = "UNSIGNED-PAYLOAD"
    said = sign(request)
    wanted = ("canonical_request", "string_to_sign", "signature")
    return {"name": f"{name}, in {'the query' if expires_s else 'headers'}", **request,
            **{field: said[field] for field in wanted}}


def main() -> int:
    vectors = [vector(name, different, expires_s) for name, different in CASES for expires_s in (0, 86400)]
    made_by = f"tests/s3/make_vectors.py with botocore {botocore.__version__}"
    json.dump({"made_by": made_by, "vectors": vectors}, sys.stdout, indent=1)
    print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
