# SPDX-License-Identifier: MIT
"""The base of the tests of test_reach.py: fetch_driver with no setting of the machine's own, and a
search for secrets in everything that it wrote."""

from __future__ import annotations

import os
import subprocess
import sys
import unittest
from pathlib import Path
from typing import NamedTuple

import audit
import reach_net as net

PROGRAMS = Path((sys.argv[1:] or ["build/release"])[0]).resolve() / "tests/s3"
SECRETS = ["bearer/secret+0123", "cookie-secret-0123", "token/secret+0123=", "api-key-secret-0123",
           "auth-token-secret-0123", "query-secret-0123", "proxy-secret-0123", "user:proxy-secret-0123",
           "instance-secret-0123"]


class Fetched(NamedTuple):
    status: str
    size: int
    digest: str
    memory_kb: int
    text: str


class ReachTest(unittest.TestCase):
    def setUp(self) -> None:
        self.said = ""
        self.addCleanup(self.audit)

    def audit(self) -> None:
        self.assertEqual(audit.find(self.said, SECRETS), [])
        self.assertNotRegex(self.said, r"[\x00-\x08\x0b-\x1f\x7f]")  # terminals obey these

    def run_program(self, program: str, *words: str, **environment: str) -> str:
        """With no other setting than these: the machine's own proxies and certificates are left out."""
        env = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"} | environment
        for name in ("LD_LIBRARY_PATH", "ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS"):
            if name in os.environ:
                env[name] = os.environ[name]
        done = subprocess.run([PROGRAMS / program, *words], env=env, capture_output=True,
                              timeout=2 * net.TIMEOUT_S)
        output, log = done.stdout.decode(), done.stderr.decode(errors="replace")
        self.said += output + log
        self.log = log
        self.assertIn(done.returncode, (0, 1), log[-4000:])
        return output

    def fetch(self, *words: str, **environment: str) -> list[Fetched]:
        output = self.run_program("fetch_driver", "log", *words, **environment)
        results = []
        for line in output.splitlines():
            status, size, digest, memory, text = line.split(" ", 4)
            results.append(Fetched(status.removeprefix("HYDRA_"), int(size), digest, int(memory),
                                   text))
        self.assertEqual(len(results), sum(w.startswith("get=") for w in words), output)
        return results

    def one(self, *words: str, **environment: str) -> Fetched:
        (result,) = self.fetch(*words, **environment)
        return result

    def ends(self, status: str, *words: str, says: str = "", **environment: str) -> Fetched:
        result = self.one(*words, **environment)
        self.assertEqual(result.status, status, result)
        self.assertIn(says, result.text)
        return result
