# SPDX-License-Identifier: MIT
"""A line to a server on loopback that is as slow as it is told, and counts what a client sends."""

from __future__ import annotations

import socket
import sys
import time
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent / "s3"))

import tcp_proxy  # noqa: E402

PIECE_BYTES = 64 << 10
# Without a limit the kernel would take megabytes at once, whatever the rate.
BUFFER_BYTES = 64 << 10


class SlowLine(tcp_proxy.Line):
    """Context manager. rate: bytes a second of what clients send, all connections together, as a
    real line has it; 0 = no limit. `passed` counts these bytes, with the headers of requests."""

    def __init__(self, port: int, rate: float = 0) -> None:
        super().__init__(port)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        self.pace = rate
        self.free_at = 0.0
        self.passed = 0

    def _turn_s(self, size: int) -> float:
        """Wait so long before so many bytes go on."""
        with self.lock:
            if not self.pace:
                return 0.0
            now = time.monotonic()
            self.free_at = max(self.free_at, now) + size / self.pace
            return self.free_at - now

    def _pass_on(self, data: bytes) -> bytes:
        """Data that a client sent, when its turn has come."""
        time.sleep(self._turn_s(len(data)))
        with self.lock:
            self.passed += len(data)
        return data

    def _pump(self, source: socket.socket, target: socket.socket, outward: bool) -> None:
        try:
            while data := source.recv(PIECE_BYTES):
                target.sendall(self._pass_on(data) if outward else data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            for end in (source, target):
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
