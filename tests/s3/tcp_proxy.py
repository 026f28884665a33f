# SPDX-License-Identifier: MIT
"""A line to a real server that damages what goes through it: one bit, once."""

from __future__ import annotations

import socket
import threading


class FlipProxy:
    """Context manager. Flips a bit of the byte at `offset` of what a client sends, in the first
    connection that sends so much."""

    def __init__(self, port: int, offset: int) -> None:
        self.target = ("127.0.0.1", port)
        self.offset = offset
        self.flipped = False
        self.lock = threading.Lock()
        self.sockets: list[socket.socket] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def __enter__(self) -> FlipProxy:
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
                server = socket.create_connection(self.target)
            except OSError:
                return
            self.sockets += [client, server]
            for pair in ((client, server, True), (server, client, False)):
                threading.Thread(target=self._pump, args=pair, daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket, outward: bool) -> None:
        passed = 0
        try:
            while data := source.recv(65536):
                if outward:
                    data = self._damage(data, self.offset - passed)
                passed += len(data)
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def _damage(self, data: bytes, at: int) -> bytes:
        with self.lock:
            if self.flipped or not 0 <= at < len(data):
                return data
            self.flipped = True
        return data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]
