#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Case 42: what is left in the memory of a process that has closed its store. memory_driver uses a store
with secrets that nobody else has; then all that it can write to is searched for pieces of them.

    build/s3/venv/bin/python tests/s3/test_memory.py BUILD_FOLDER
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import os
import random
import re
import string
import subprocess
import sys
import unittest
from urllib.parse import quote, unquote

from driver import BUILD, HERE, StoreTest
from sigv4_check import Keys

sys.path.insert(0, str(HERE.parent / "support"))

import counting  # noqa: E402

PROGRAM = BUILD.resolve() / "tests/s3/memory_driver"
# What is freed loses its first 16 bytes to the allocator, so pieces are looked for.
PIECE = 12
STEP = 4
PAGE_BYTES = 4096
SHADOW_BYTES = 64 << 30  # a sanitizer's
SIGNATURE = re.compile(r"Signature=([0-9a-f]{64})")
ROLE_REPLY = """<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <AssumeRoleResult><Credentials>
    <AccessKeyId>{0}</AccessKeyId><SecretAccessKey>{1}</SecretAccessKey>
    <SessionToken>{2}</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration>
  </Credentials></AssumeRoleResult></AssumeRoleResponse>"""


def secret(size: int, seed: str) -> str:
    """Random, from the alphabet of keys; the same at each run."""
    return "".join(random.Random(seed).choices(string.ascii_letters + string.digits + "+/", k=size))


def keys(seed: str, token: bool = True) -> Keys:
    return Keys("AKID" + secret(16, seed + "a").upper().replace("+", "0").replace("/", "1"),
                secret(40, seed + "s"), secret(700, seed + "t") if token else "")


def pieces(value: bytes) -> set[bytes]:
    return {value[at:at + PIECE] for at in range(0, len(value) - PIECE + 1, STEP)}


def signing_key(k: Keys, credential: str) -> bytes:
    """What signatures are made with for a day."""
    key = b"AWS4" + k.secret_key.encode()
    for part in credential.split("/")[1:]:
        key = hmac.digest(key, part.encode(), hashlib.sha256)
    return key


class Image:
    """All that a process can write to."""

    def __init__(self, pid: int) -> None:
        self.regions: list[tuple[str, bytes]] = []
        with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
            for line in maps:
                places, rights, *_, name = (line.rstrip("\n") + " -").split(maxsplit=5)
                first, last = (int(place, 16) for place in places.split("-"))
                if last - first >= SHADOW_BYTES:
                    raise unittest.SkipTest("a sanitizer keeps what is freed")
                if rights.startswith("rw"):
                    memory.seek(first)
                    self.add(name, memory.read(last - first))

    def add(self, name: str, data: bytes) -> None:
        """Without the pages that hold nothing, which are most."""
        zero = bytes(PAGE_BYTES)
        pages = [data[at:at + PAGE_BYTES] for at in range(0, len(data), PAGE_BYTES)]
        for used, run in itertools.groupby(pages, lambda page: page != zero):
            if used:
                self.regions.append((name, b"".join(run)))

    def find(self, value: bytes) -> list[str]:
        """Where pieces of it are, with what is round them."""
        found = []
        for name, data in self.regions:
            for piece in pieces(value):
                at = data.find(piece)
                if at >= 0:
                    found.append(f"{name}+{at:#x}: {data[max(at - 40, 0):at + 60]!r}")
        return found


@unittest.skipUnless(PROGRAM.exists(), f"{PROGRAM} is not built")
class Memory(StoreTest):
    """One test for each way in which secrets come, each without and with a libcurl whose host has
    given it functions that wipe: without them libcurl leaves what went over its connections."""

    def search(self, used: Keys, told: list[str], kept: list[str], passed_on: list[str]) -> None:
        """`kept`: never leaves the process, or only comes in; `passed_on`: is part of requests."""
        for wipes in (False, True):
            with self.subTest(wipes=wipes):
                server = self.serve()
                server.keys = used
                lines = [*told, f"endpoint {server.url}", *(["wipe"] if wipes else [])]
                image, urls = self.run_driver(lines, used.secret_key)
                seen = "\n".join([*urls, *(r.request.header("authorization") or ""
                                           for r in server.records)])
                days = set(re.findall(r"Credential=([^,&]+)", seen))
                secrets = [k.encode() for k in kept] + [signing_key(used, unquote(d)) for d in days]
                signatures = SIGNATURE.findall(seen)
                self.assertGreater(len(signatures), 5)
                if wipes:
                    secrets += [form.encode() for text in passed_on + signatures
                                for form in {text, quote(text, safe="")}]
                left = [place for value in secrets for place in image.find(value)]
                self.assertEqual(left, [], f"{len(left)} pieces of secrets:\n" + "\n".join(left[:20]))

    def run_driver(self, lines: list[str], control: str) -> tuple[Image, list[str]]:
        """The memory after the end, and the presigned URLs."""
        quiet = {"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
                 "AWS_EC2_METADATA_DISABLED": "true", "AWS_REGION": "us-east-1"}
        outer = {n: v for n, v in os.environ.items()
                 if not n.startswith("AWS_") and not n.lower().endswith("_proxy")}
        with subprocess.Popen([str(PROGRAM)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              env=outer | quiet, text=True, bufsize=1) as process:
            assert process.stdin and process.stdout
            process.stdin.write("\n".join(lines) + "\n\n")
            urls = [process.stdout.readline().strip() for _ in range(2)]
            self.assertEqual(process.stdout.readline(), "open\n", urls)
            self.assertTrue(Image(process.pid).find(control.encode()), "the search is blind")
            process.stdin.write("\n")
            self.assertEqual(process.stdout.readline(), "closed\n")
            image = Image(process.pid)
            process.stdin.write("\n")
        self.assertEqual(process.returncode, 0)
        return image, urls

    def endpoint(self, body: str) -> str:
        """Where keys are asked for."""
        return self.serve({"verify": False, "rules": [{"on": "any", "do": {"body": body}}]}).url

    def test_42_options(self) -> None:
        used = keys("options")
        self.search(used, [f"keys {used.access_key} {used.secret_key} {used.token}"],
                    [used.secret_key], [used.token])

    def test_42_environment(self) -> None:
        used = keys("environment")
        self.search(used, [f"env AWS_ACCESS_KEY_ID {used.access_key}",
                           f"env AWS_SECRET_ACCESS_KEY {used.secret_key}",
                           f"env AWS_SESSION_TOKEN {used.token}"],
                    [used.secret_key], [used.token])

    def test_42_role(self) -> None:
        """A profile whose keys assume a role."""
        used, base = keys("role"), keys("base", token=False)
        sts = self.endpoint(ROLE_REPLY.format(used.access_key, used.secret_key, used.token))
        credentials, config = self.folder / "credentials", self.folder / "config"
        credentials.write_text(f"[base]\naws_access_key_id = {base.access_key}\n"
                               f"aws_secret_access_key = {base.secret_key}\n")
        config.write_text("[profile worker]\nrole_arn = arn:aws:iam::123456789012:role/worker\n"
                          "source_profile = base\n")
        self.search(used, ["env AWS_PROFILE worker", f"env AWS_ENDPOINT_URL_STS {sts}",
                           f"env AWS_CONFIG_FILE {config}",
                           f"env AWS_SHARED_CREDENTIALS_FILE {credentials}"],
                    [used.secret_key, base.secret_key], [used.token])

    def test_42_web_identity(self) -> None:
        used, token = keys("web"), secret(900, "identity")
        reply = ROLE_REPLY.replace("AssumeRole", "AssumeRoleWithWebIdentity")
        sts = self.endpoint(reply.format(used.access_key, used.secret_key, used.token))
        path = self.folder / "token"
        path.write_text(token)
        self.search(used, [f"env AWS_WEB_IDENTITY_TOKEN_FILE {path}",
                           "env AWS_ROLE_ARN arn:aws:iam::123456789012:role/web",
                           f"env AWS_ENDPOINT_URL_STS {sts}"],
                    [used.secret_key], [used.token, token])

    def test_42_container(self) -> None:
        used, token = keys("container"), secret(64, "authorization")
        url = self.endpoint(json.dumps({
            "AccessKeyId": used.access_key, "SecretAccessKey": used.secret_key,
            "Token": used.token, "Expiration": "2099-01-01T00:00:00Z"}))
        self.search(used, [f"env AWS_CONTAINER_CREDENTIALS_FULL_URI {url}/keys",
                           f"env AWS_CONTAINER_AUTHORIZATION_TOKEN {token}"],
                    [used.secret_key], [used.token, token])


if __name__ == "__main__":
    sys.exit(counting.run("__main__"))
