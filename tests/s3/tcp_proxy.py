# SPDX-License-Identifier: MIT
"""A line to a real server that is slow, or damages what goes through it: one bit, once."""

from __future__ import annotations

import socket
import threading
import time


class Line:
    """Context manager. flip_at: a bit of this byte of what a client sends is flipped, in the first
    connection that sends so much. rate: bytes a second of what a client sends, each connection."""

    def __init__(self, port: int, flip_at: int = -1, rate: int = 0) -> None:
        self.target = ("127.0.0.1", port)
        self.flip_at = flip_at
        self.rate = rate
        self.flipped = False
        self.requests = 0  # whose heads came in one piece
        self.lock = threading.Lock()
        self.sockets: list[socket.socket] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def __enter__(self) -> Line:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for s in (self.listener, *self.sockets):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            s.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(self.target)
            except OSError:  # as if there were nothing between
                client.close()
                continue
            self.sockets += [client, server]
            for pair in ((client, server, True), (server, client, False)):
                threading.Thread(target=self._pump, args=pair, daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket, outward: bool) -> None:
        passed = 0
        try:
            while data := source.recv(65536):
                if outward:
                    with self.lock:
                        self.requests += data.count(b" HTTP/1.1\r\n")
                    data = self._damage(data, self.flip_at - passed)
                    time.sleep(len(data) / self.rate if self.rate else 0)
                passed += len(data)
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            for s in (source, target):
                try:
                    s.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def _damage(self, data: bytes, at: int) -> bytes:
        with self.lock:
            if self.flipped or not 0 <= at < len(data):
                return data
            self.flipped = True
        return data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]
