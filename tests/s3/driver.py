# SPDX-License-Identifier: MIT
"""The library from the outside: store_driver as a process, and the base of all tests that use it. After
each test: the process ended well, nothing it wrote holds a secret, no upload is left open."""

from __future__ import annotations

import http.client
import json
import os
import queue
import random
import re
import subprocess
import sys
import tempfile
import threading
import unittest
import urllib.parse
from pathlib import Path
from typing import Any

from fault_server import KEYS, FaultServer

HERE = Path(__file__).resolve().parent
# A folder as the argument, or, for a single test under "python -m unittest", a variable.
BUILD = Path(os.environ.get("HYDRA_BUILD") or (sys.argv[1:] or ["build/release"])[0])
PROGRAM = BUILD.resolve() / "tests/s3/store_driver"
MIB = 1 << 20
TIMEOUT_S = 90
# A signature in a header or in a query.
SIGNATURE = re.compile(r"Signature=[0-9a-fA-F]{16}|AWS4-HMAC-SHA256|X-Amz-Credential=")


class Driver:
    """One process. Results come in the order of the commands."""

    def __init__(self, wrap: tuple[str, ...] = (), **variables: str) -> None:
        kept = {n: v for n, v in os.environ.items()
                if not n.startswith("AWS_") and not n.lower().endswith("_proxy")}
        quiet = {"AWS_CONFIG_FILE": "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
                 "AWS_EC2_METADATA_DISABLED": "true"}
        self.errors = tempfile.TemporaryFile()
        # Python ignores SIGXFSZ; so does the child, to which a full disk is an error like others.
        self.process = subprocess.Popen([*wrap, str(PROGRAM)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=self.errors, text=True,
                                        env=kept | quiet | variables, restore_signals=False)
        self.results: queue.Queue[dict[str, Any]] = queue.Queue()
        self.said: list[str] = []
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        for line in self.process.stdout or ():
            result = json.loads(line)
            self.results.put(result)
            shown = json.loads(line)
            # The two places where a secret is what was asked for.
            shown.pop("presigned_url", None)
            shown.get("object", {}).pop("presigned_url", None)
            self.said.append(json.dumps(shown))

    def send(self, op: str, **fields: Any) -> None:
        assert self.process.stdin
        self.process.stdin.write(json.dumps({"op": op, **fields}) + "\n")
        self.process.stdin.flush()

    def result(self, timeout_s: float = TIMEOUT_S) -> dict[str, Any]:
        try:
            return self.results.get(timeout=timeout_s)
        except queue.Empty:
            raise AssertionError(f"no result in {timeout_s} s: {self.said[-3:]}") from None

    def run(self, op: str, **fields: Any) -> dict[str, Any]:
        self.send(op, **fields)
        return self.result()

    def memory_kb(self) -> int:
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", text)[1])  # type: ignore[index]

    def descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def end(self) -> int:
        """Let it finish; its exit code."""
        if self.process.stdin and not self.process.stdin.closed:
            self.process.stdin.close()
        try:
            code = self.process.wait(TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        self.reader.join(5)
        if self.process.stdout:
            self.process.stdout.close()
        return code

    def output(self) -> str:
        """All that it wrote, but for URLs that were asked for."""
        self.errors.seek(0)
        return "\n".join(self.said) + self.errors.read().decode(errors="replace")


def random_file(path: Path, size: int, seed: int = 1) -> bytes:
    data = random.Random(seed).randbytes(size)
    path.write_bytes(data)
    return data


def fetch(method: str, url: str, data: bytes | None = None) -> tuple[int, bytes]:
    """A request without a signature of its own."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    connection.request(method, f"{parts.path}?{parts.query}", data)
    reply = connection.getresponse()
    result = reply.status, reply.read()
    connection.close()
    return result


@unittest.skipUnless(PROGRAM.exists(), f"{PROGRAM} is not built")
class StoreTest(unittest.TestCase):
    """A scratch folder, drivers, fault servers."""

    secrets = [KEYS.secret_key]
    options = {"access_key": KEYS.access_key, "secret_key": KEYS.secret_key, "region": "us-east-1"}

    def setUp(self) -> None:
        self.drivers: list[Driver] = []
        self.servers: list[FaultServer] = []
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.addCleanup(self.audit)

    def audit(self) -> None:
        """What holds for every case."""
        codes = [driver.end() for driver in self.drivers]
        text = "\n".join(driver.output() for driver in self.drivers)
        for driver in self.drivers:
            driver.errors.close()
        for server in self.servers:
            server.release.set()
        self.assertEqual(codes, [0] * len(codes), text)
        for secret in self.secrets:
            self.assertNotIn(secret, text)
        self.assertIsNone(SIGNATURE.search(text), text)
        for server in self.servers:
            self.assertEqual(server.model.uploads, {}, "an upload was left open")
            self.assertEqual([r.refused for r in server.records if r.refused and not r.scripted
                              and r.refused == "SignatureDoesNotMatch"], [], "badly signed")
        self.assertEqual([p.name for p in self.folder.rglob("*") if "tmp" in p.name.lower()
                          or "part" in p.suffix], [], "left behind")

    def serve(self, script: dict[str, Any] | None = None, **more: Any) -> FaultServer:
        server = self.enterContext(FaultServer(script, **more))
        self.servers.append(server)
        return server

    def driver(self, endpoint: str = "", wrap: tuple[str, ...] = (),
               policy: dict[str, Any] | None = None, env: dict[str, str] | None = None,
               **options: Any) -> Driver:
        """A driver with an open store. An option that is None is left out."""
        driver = Driver(wrap, **(env or {}))
        self.drivers.append(driver)
        chosen = {**self.options, "endpoint": endpoint or None, **options}
        chosen = {name: value for name, value in chosen.items() if value is not None}
        self.good(driver.run("open", options=chosen, policy=policy or {}))
        return driver

    def good(self, result: dict[str, Any]) -> dict[str, Any]:
        self.assertEqual(result["status"], "HYDRA_OK", result)
        return result

    def bad(self, result: dict[str, Any], *statuses: str, says: tuple[str, ...] = ()) -> None:
        """It failed as one of HYDRA_ERR_*, and says so."""
        self.assertNotEqual(result["status"], "HYDRA_OK", result)
        if statuses:
            self.assertIn(result["status"].removeprefix("HYDRA_ERR_"), statuses, result)
        self.assertTrue(result.get("error"), f"no error text: {result}")
        for text in says:
            self.assertIn(text, result["error"])

    def file(self, size: int, name: str = "source", seed: int = 1) -> tuple[str, bytes]:
        path = self.folder / name
        return str(path), random_file(path, size, seed)
