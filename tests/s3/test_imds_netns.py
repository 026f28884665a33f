#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The well-known addresses of instances and containers, played in a network of their own.

    python3 tests/s3/test_imds_netns.py BUILD

169.254.169.254 and 169.254.170.2 are put on the loopback device of a new network namespace; where
this process may not make one, the tests say SKIP. Nothing outside is reached or changed.
"""

import os
import subprocess
import sys
import threading
import time
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

IMDS = "169.254.169.254"
CONTAINER = "169.254.170.2"
INSIDE = "HYDRA_TEST_INSIDE"
TIMEOUT_S = 30
EXPIRY = "2100-03-01T00:00:00Z"
EXPIRES_S = 4107542400
ROLE = "/latest/meta-data/iam/security-credentials/"
KEYS = ('{"Code": "Success", "AccessKeyId": "%s", "SecretAccessKey": "SECRET", '
        '"Token": "SECRETTOKEN", "Expiration": "' + EXPIRY + '"}')


class Handler(BaseHTTPRequestHandler):
    """`mode` of the server: good, 404, slow, v1. Every request line is kept."""

    def log_message(self, *_: object) -> None:
        pass

    def say(self, status: int, text: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def begin(self) -> str:
        self.server.seen.append(f"{self.command} {self.path}")  # type: ignore[attr-defined]
        return self.server.mode  # type: ignore[attr-defined,no-any-return]

    def do_PUT(self) -> None:  # noqa: N802
        mode = self.begin()
        ttl = self.headers["X-aws-ec2-metadata-token-ttl-seconds"]
        if mode == "slow":
            self.server.ended.wait(10)  # type: ignore[attr-defined]
        self.say(405) if mode == "v1" or ttl != "21600" else self.say(200, "the-token")

    def do_GET(self) -> None:  # noqa: N802
        mode = self.begin()
        if mode == "container":
            right = self.headers["Authorization"] == "Bearer x"
            self.say(200, KEYS % "CONTAINER") if right else self.say(403)
        elif mode != "v1" and self.headers["X-aws-ec2-metadata-token"] != "the-token":
            self.say(401)
        elif mode == "404" or not self.path.startswith(ROLE):
            self.say(404)
        else:
            self.say(200, KEYS % "INSTANCE" if self.path == ROLE + "role" else "role")


class Server:
    """Serves one address for the time of a `with`."""

    def __init__(self, address: str, mode: str) -> None:
        self.http = ThreadingHTTPServer((address, 80), Handler)
        self.http.daemon_threads = True
        self.http.mode = mode  # type: ignore[attr-defined]
        self.http.seen = self.seen = []  # type: ignore[attr-defined]
        self.http.ended = self.ended = threading.Event()  # type: ignore[attr-defined]
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.02,))

    def __enter__(self) -> "Server":
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()


class NamespaceTest(unittest.TestCase):
    def ask(self, **environment: str) -> tuple[int, str]:
        """The driver with no other setting than these; what it prints holds no secret."""
        env = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"} | environment
        for name in ("LD_LIBRARY_PATH", "ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS"):
            if name in os.environ:
                env[name] = os.environ[name]
        result = subprocess.run([DRIVER], env=env, capture_output=True, text=True,
                                timeout=TIMEOUT_S)
        self.assertEqual(result.stderr, "")
        self.assertNotIn("SECRET", result.stdout)
        return result.returncode, result.stdout

    def refused(self, part: str, **environment: str) -> None:
        code, text = self.ask(**environment)
        self.assertEqual(code, 1, text)
        self.assertIn(part, text)

    def test_good(self) -> None:
        with Server(IMDS, "good") as server:
            self.assertEqual(self.ask(), (0, f"INSTANCE {EXPIRES_S}\n"))
        self.assertEqual(server.seen, ["PUT /latest/api/token", f"GET {ROLE}", f"GET {ROLE}role"])

    def test_not_through_a_proxy(self) -> None:
        with Server(IMDS, "good"):
            code, text = self.ask(http_proxy="http://127.0.0.1:1", all_proxy="http://127.0.0.1:1")
            self.assertEqual(code, 0, text)

    def test_no_role(self) -> None:
        with Server(IMDS, "404"):
            self.refused("instance metadata: the instance has no role")

    def test_version_1_only(self) -> None:
        with Server(IMDS, "v1") as server:
            self.refused("no token for version 2")
        self.assertEqual(server.seen, ["PUT /latest/api/token"])

    def test_slow(self) -> None:
        start = time.monotonic()
        with Server(IMDS, "slow"):
            self.refused("instance metadata: ")
        self.assertLess(time.monotonic() - start, 6)

    def test_nobody(self) -> None:
        self.refused("instance metadata: ")

    def test_disabled(self) -> None:
        with Server(IMDS, "good") as server:
            self.refused("AWS_EC2_METADATA_DISABLED is set", AWS_EC2_METADATA_DISABLED="true")
        self.assertEqual(server.seen, [])

    def test_container(self) -> None:
        settings = {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/1",
                    "AWS_CONTAINER_AUTHORIZATION_TOKEN": "Bearer x"}
        with Server(CONTAINER, "container") as server, Server(IMDS, "good") as imds:
            self.assertEqual(self.ask(**settings), (0, f"CONTAINER {EXPIRES_S}\n"))
            settings["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "SECRET"
            self.refused("container: the credential endpoint answered with HTTP status 403",
                         **settings)
        self.assertEqual(server.seen, ["GET /v2/credentials/1"] * 2)
        self.assertEqual(imds.seen, [])

    def test_container_elsewhere(self) -> None:
        """A foreign host gets no request, and the instance is not asked in its place."""
        with Server(IMDS, "good") as imds:
            self.refused("not for 93.184.216.34",
                         AWS_CONTAINER_CREDENTIALS_FULL_URI="http://93.184.216.34/")
        self.assertEqual(imds.seen, [])


def make_network() -> None:
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for address in (IMDS, CONTAINER):
        subprocess.run(["ip", "address", "add", f"{address}/32", "dev", "lo"], check=True)


# Who is not root becomes it inside.
UNSHARE = ["unshare", "-n" if os.geteuid() == 0 else "-rn"]


def can_unshare() -> bool:
    try:
        probe = f"ip link set lo up && ip address add {IMDS}/32 dev lo"
        return subprocess.run([*UNSHARE, "sh", "-c", probe], capture_output=True,
                              timeout=TIMEOUT_S).returncode == 0
    except OSError:
        return False


if __name__ == "__main__":
    DRIVER = str(Path(sys.argv[1]).resolve() / "tests/s3/credentials_driver")
    if INSIDE in os.environ:
        make_network()
        unittest.main(argv=sys.argv[:1] + sys.argv[2:])
    elif not can_unshare():
        print("SKIP: no network namespace can be made here (unshare, ip)")
    else:
        os.environ[INSIDE] = "1"
        os.execvp("unshare", [*UNSHARE, sys.executable, *sys.argv])
