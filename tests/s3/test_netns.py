#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Which addresses a job may reach, tried at the real addresses: in a network of its own, where public,
private and metadata addresses all are this machine's loopback, and names are what the test says.

    build/s3/venv/bin/python tests/s3/test_netns.py BUILD_FOLDER
"""

from __future__ import annotations

import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

from driver import HERE, StoreTest
from fault_server import KEYS

sys.path.insert(0, str(HERE.parent / "support"))

import counting  # noqa: E402
import media  # noqa: E402

PUBLIC, PRIVATE, METADATA = "93.184.216.34", "10.1.2.3", "169.254.169.254"
INSIDE = "HYDRA_TEST_NETWORK"
PORT = 8080


class Names:
    """A name server: the answers of each name in turn, the last one for good. No IPv6."""

    def __init__(self, answers: dict[str, list[str]]) -> None:
        self.answers = answers
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 53))
        self.thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Names:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        # A datagram that is no question: close would not wake recvfrom.
        self.socket.sendto(b"", self.socket.getsockname())
        self.thread.join()
        self.socket.close()

    def _serve(self) -> None:
        while True:
            question, peer = self.socket.recvfrom(4096)
            if not question:
                return
            labels, at = [], 12
            while question[at]:
                labels.append(question[at + 1:at + 1 + question[at]].decode())
                at += 1 + question[at]
            asked = question[12:at + 5]
            addresses = self.answers.get(".".join(labels), [])
            known = addresses and asked[-4:-2] == b"\0\1"
            head = question[:2] + struct.pack(">HHHHH", 0x8180 if addresses else 0x8183, 1,
                                              1 if known else 0, 0, 0)
            answer = b""
            if known:
                address = addresses.pop(0) if len(addresses) > 1 else addresses[0]
                answer = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 0, 4) + socket.inet_aton(address)
            self.socket.sendto(head + asked + answer, peer)


class Network(StoreTest):
    """A web server at each address; those inside must never hear of a job from outside."""

    policy: dict[str, Any] = {"private_networks": 0}

    def setUp(self) -> None:
        super().setUp()
        script = {"verify": False, "rules": [{"on": "get", "path": "/to/*", "do": {
            "status": 302, "headers": {}}}]}  # each test says where to
        self.at = {a: self.serve(script, address=(a, PORT))
                   for a in (PUBLIC, PRIVATE, METADATA, "127.0.0.1")}
        for server in self.at.values():
            server.model.put_object("public", "k.png", media.png(64, 64))

    def fetch(self, url: str, policy: dict[str, Any] | None = None) -> dict[str, Any]:
        driver = self.driver("http://127.0.0.1:1", policy=self.policy if policy is None else policy)
        return driver.run("compose", sources=[url], images=0)

    def nobody_inside_heard(self) -> None:
        heard = {a: len(s.records) or s.accepted for a, s in self.at.items() if a != PUBLIC}
        self.assertEqual(heard, dict.fromkeys(heard, 0))

    def test_23_inside(self) -> None:
        """Case 23: every way to write an address inside is refused before a byte is sent."""
        self.good(self.fetch(f"http://{PUBLIC}:{PORT}/public/k.png"))
        for host in ("127.0.0.1", PRIVATE, METADATA, "0x7f.1", "2130706433", "[::ffff:127.0.0.1]",
                     "[::1]", "localhost", "0177.0.0.1", "127.1", "0.0.0.0", "[::ffff:a01:203]"):
            with self.subTest(host):
                self.bad(self.fetch(f"http://{host}:{PORT}/public/k.png"), "PERMISSION", "NETWORK",
                         "ARGUMENT")
        self.nobody_inside_heard()

    def test_23_allowed(self) -> None:
        """Case 23: what is listed may be reached all the same; a host that is not listed may not."""
        url = f"http://{PRIVATE}:{PORT}/public/k.png"
        self.good(self.fetch(url, {"private_networks": 0, "networks": ["10.1.0.0/16"]}))
        self.bad(self.fetch(url, {"private_networks": 0, "networks": ["10.2.0.0/16"]}), "PERMISSION")
        self.bad(self.fetch(url, {"hosts": ["cdn.example.com"]}), "PERMISSION")

    def test_24_rebinding(self) -> None:
        """Case 24: a name that is public when it is looked at and private when it is used."""
        with Names({"rebind.test": [PUBLIC, PRIVATE], "inside.test": [PRIVATE],
                    "cdn.test": [PUBLIC]}):
            self.good(self.fetch(f"http://cdn.test:{PORT}/public/k.png"))
            self.bad(self.fetch(f"http://inside.test:{PORT}/public/k.png"), "PERMISSION")
            for _ in range(3):
                result = self.fetch(f"http://rebind.test:{PORT}/public/k.png")
            self.bad(result, "PERMISSION")
        self.nobody_inside_heard()

    def test_24_redirect(self) -> None:
        """Case 24: a redirect from a public host to the metadata service, or to a name of it."""
        with Names({"meta.test": [METADATA]}):
            for target in (f"{METADATA}:{PORT}", f"meta.test:{PORT}", f"127.0.0.1:{PORT}"):
                with self.subTest(target):
                    url = f"http://{PUBLIC}:{PORT}/to/{target}/public/k.png"
                    self.at[PUBLIC].rules[0].action["headers"] = {
                        "Location": f"http://{target}/public/k.png"}
                    self.bad(self.fetch(url), "PERMISSION")
        self.nobody_inside_heard()

    def test_40_metadata_keys(self) -> None:
        """Case 40: keys of the metadata service, version 2, at its real address; never by a proxy."""
        keys = json.dumps({"Code": "Success", "AccessKeyId": KEYS.access_key, "Token": "",
                           "SecretAccessKey": KEYS.secret_key, "Expiration": "2099-01-01T00:00:00Z"})
        imds = self.serve({"verify": False, "rules": [
            {"method": "PUT", "do": {"body": "imds-session"}},
            {"path": "*/security-credentials/", "do": {"body": "role"}},
            {"path": "*/security-credentials/role", "do": {"body": keys}}]}, address=(METADATA, 80))
        store, proxy = self.serve(), self.serve()
        env = {"AWS_EC2_METADATA_DISABLED": "false", "all_proxy": proxy.url, "no_proxy": "127.0.0.1"}
        driver = self.driver(store.url, access_key=None, secret_key=None, env=env)
        self.good(driver.run("put", uri="s3://test/k", data="x"))
        self.good(driver.run("put", uri="s3://test/k", data="x"))
        self.assertEqual([r.request.method for r in imds.records], ["PUT", "GET", "GET"])
        self.assertEqual([r.request.header("x-aws-ec2-metadata-token") for r in imds.records[1:]],
                         ["imds-session"] * 2)
        self.assertEqual(proxy.records, [])


def enter() -> int:
    """Run this script again in a network and a mount table of its own."""
    probe = subprocess.run(["unshare", "--net", "--mount", "true"], capture_output=True, text=True)
    if probe.returncode != 0:
        print(f"SKIP: no network of its own here: {probe.stderr.strip()}")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        names = Path(folder) / "resolv.conf"
        names.write_text("nameserver 127.0.0.1\noptions timeout:2 attempts:1\n")
        addresses = " && ".join(f"ip addr add {a}/32 dev lo" for a in (PUBLIC, PRIVATE, METADATA))
        setup = (f'ip link set lo up && {addresses} && mount --bind "$0" /etc/resolv.conf'
                 ' && exec "$@"')
        return subprocess.run(
            ["unshare", "--net", "--mount", "sh", "-c", setup, str(names), sys.executable,
             *sys.argv], env=os.environ | {INSIDE: "1"}, timeout=500).returncode


if __name__ == "__main__":
    sys.exit(counting.run("__main__") if os.environ.get(INSIDE) else enter())
