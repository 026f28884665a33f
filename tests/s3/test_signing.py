#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The library's signatures against botocore's on random requests: no difference may be found.

    build/s3/venv/bin/python tests/s3/test_signing.py build/dev/tests/s3/sign_driver [COUNT [SEED]]

Nasty keys, bare and empty query values, headers with odd spaces and repeats, tokens; in headers and in
the query.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from urllib.parse import parse_qsl

from signer import Request, sign

METHODS = ["GET", "PUT", "POST", "HEAD", "DELETE"]
REGIONS = ["us-east-1", "eu-central-1", "cn-north-1", "us-gov-west-1", "auto", "default"]
HASHES = ["UNSIGNED-PAYLOAD", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
          "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"]
HOSTS = ["bucket.s3.eu-central-1.amazonaws.com", "s3.amazonaws.com", "127.0.0.1:9000", "[::1]:8080",
         "storage.example.com", "my.dotted.bucket.localhost:1"]
PLAIN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
NASTY = " +~%()!*'=&;:@,$#?/\\\"<>[]{}|^`.-_\u00e4\u00f1\u65e5\u672c\U0001f600\u00a0\u0001\t\x7f\n\r"
HEADERS = ["content-type", "Content-MD5", "Range", "x-amz-meta-a", "X-Amz-Meta-B", "x-amz-meta-a-b",
           "x-amz-acl", "x-amz-storage-class", "If-None-Match", "Cache-Control", "User-Agent", "Expect",
           "x-amz-tagging", "x-amz-checksum-crc64nvme", "Connection", "x-amzn-trace-id", "X-AMZ-Meta-a",
           "TE", "Transfer-Encoding", "traceparent", "x-amz-server-side-encryption", "Origin"]
QUERY_NAMES = ["uploads", "uploadId", "partNumber", "versionId", "list-type", "prefix", "delimiter",
               "X-Amz-Meta", "x-id", "a", "A", "aa", "a-b", "a b", "\u00e4", "response-content-type"]


def text(rng: random.Random, least: int, most: int) -> str:
    nasty = rng.random()
    return "".join(rng.choice(NASTY if rng.random() < nasty else PLAIN)
                   for _ in range(rng.randint(least, most)))


def key(rng: random.Random) -> str:
    special = ["", "a/../b", "..", ".", "//", "/a", "a//b/", "%2F", "a%20b", "a+b", "\u2028", "~", "*",
               "a/./b", "?uploads", "#", "K" * 1024]
    return rng.choice(special) if rng.random() < 0.1 else text(rng, 0, 40)


def header_value(rng: random.Random) -> str:
    letters = PLAIN + "    \"'=;,/*()<>@:?#%&+~-_.!"
    value = "".join(rng.choice(letters) for _ in range(rng.randint(0, 30)))
    return rng.choice(["", " ", "  ", "a  b", value, f"  {value}   ", value, value])


def headers(rng: random.Random) -> list[list[str]]:
    return [[rng.choice(HEADERS), header_value(rng)] for _ in range(rng.choice([0, 1, 2, 3, 5, 9]))]


def query(rng: random.Random) -> list[list[str | None]]:
    names = rng.sample(QUERY_NAMES, rng.choice([0, 0, 1, 2, 3, 6]))
    if rng.random() < 0.3:
        names.append("q" + text(rng, 1, 12))
    return [[name, rng.choice([None, "", text(rng, 1, 20), text(rng, 1, 60)])] for name in names]


def request(rng: random.Random) -> Request:
    service = "sts" if rng.random() < 0.05 else "s3"
    return {
        "method": rng.choice(METHODS),
        "host": rng.choice(HOSTS),
        # Other services have their paths encoded twice: only S3's are made here.
        "key": key(rng) if service == "s3" else "",
        "query": query(rng),
        "headers": headers(rng),
        "payload_hash": rng.choice(HASHES),
        "time_s": rng.randint(0, 4102444800),
        "region": rng.choice(REGIONS),
        "service": service,
        "access_key": "AK" + "".join(rng.choice(PLAIN) for _ in range(rng.randint(1, 30))),
        "secret_key": "".join(rng.choice(PLAIN + "/+=") for _ in range(rng.choice([1, 40, 40, 100]))),
        "session_token": None if rng.random() < 0.6 else
        "".join(rng.choice(PLAIN + "/+=") for _ in range(rng.choice([1, 300, 1500]))),
        "expires_s": 0 if rng.random() < 0.5 else rng.choice([1, 3600, 604800, rng.randint(1, 604800)]),
    }


def prepared(made: Request) -> Request:
    """S3's presigned URLs never have a body hash of their own."""
    if made["expires_s"] and made["service"] == "s3":
        made["payload_hash"] = "UNSIGNED-PAYLOAD"
    return made


def difference(asked: Request, ours: Request, theirs: Request) -> str | None:
    if "error" in ours:
        return f"refused: {ours['error']}"
    for name in ("path", "canonical_request", "string_to_sign", "signature"):
        if ours[name] != theirs[name]:
            return f"{name}: {ours[name]!r} is not {theirs[name]!r}"
    names = [name for name, _ in parse_qsl(ours["query_text"], keep_blank_values=True)]
    if len(names) != len(set(names)):
        return "a query name stands there twice"
    if asked["expires_s"]:
        mine, other = (sorted(part if "=" in part else part + "=" for part in query.split("&"))
                       for query in (ours["query_text"], theirs["url_query"]))
        return None if mine == other else f"query: {mine} is not {other}"
    if ours["query_text"] != theirs["canonical_request"].split("\n")[2]:
        return "the query on the wire is not the one that was signed"
    sent = {name.lower(): value for name, value in ours["headers"]}
    for name in ("authorization", "x-amz-date", "x-amz-content-sha256", "x-amz-security-token"):
        if sent.get(name) != theirs["headers"].get(name):
            return f"{name}: {sent.get(name)!r} is not {theirs['headers'].get(name)!r}"
    return None


def main() -> int:
    driver = sys.argv[1]
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 12000
    rng = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 20130524)
    started = time.monotonic()
    asked = [prepared(request(rng)) for _ in range(count)]
    lines = "".join(json.dumps(one) + "\n" for one in asked)
    done = subprocess.run([driver], input=lines, capture_output=True, text=True, timeout=300, check=True)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    failed = count - len(answers)
    for one, ours in zip(asked, answers):
        problem = difference(one, ours, sign(one))
        if problem:
            failed += 1
            if failed <= 5:
                print(f"{json.dumps(one)}\n    {problem}")
    in_query = sum(1 for one in asked if one["expires_s"])
    print(f"{count} requests, {in_query} of them presigned, {time.monotonic() - started:.1f} s")
    print(f"{count - failed} passed, {failed} failed")
    return 1 if failed or count < 1 else 0


if __name__ == "__main__":
    sys.exit(main())
