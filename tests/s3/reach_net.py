# SPDX-License-Identifier: MIT
"""What test_reach.py talks to: servers that keep every byte they are sent, a proxy, a name server, and
a network namespace in which addresses of the outside and the inside are all on loopback. Standard
library only; everything ends with its `with`."""

from __future__ import annotations

import os
import select
import socket
import ssl
import struct
import subprocess
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

TIMEOUT_S = 60
INSIDE = "HYDRA_TEST_REACH"  # set in the namespace: "names" = its name server is ours, too
PUBLIC, PUBLIC_6 = "93.184.216.34", "2606:2800:220:1::1"
PUBLIC_DEAD = "93.184.216.35"  # nobody listens there
IMDS, CONTAINER = "169.254.169.254", "169.254.170.2"
PRIVATE = "10.1.2.3"
ADDRESSES = (PUBLIC, PUBLIC_DEAD, IMDS, CONTAINER, PRIVATE, "172.16.0.9", "192.168.7.7", "100.64.0.1",
             "198.18.0.1", "192.0.0.8")
ADDRESSES_6 = (PUBLIC_6, "fd00::1", "fec0::1", "64:ff9b::a01:203", "64:ff9b:1::a01:203",
               "2002:a01:203::1", "::a01:203")

SEND_BYTES = 16 << 10
RECEIVE = Path("/proc/sys/net/ipv4/tcp_rmem")

Answer = Callable[["Exchange"], object]


class Exchange:
    """One request and the connection that it came on."""

    def __init__(self, server: Server, connection: socket.socket, head: str) -> None:
        self.server, self.connection, self.head = server, connection, head
        self.method, self.target, _ = head.split("\r\n")[0].split(" ", 2)
        lines = [line.partition(":") for line in head.split("\r\n")[1:] if line]
        self.headers = {name.strip().lower(): value.strip() for name, _, value in lines}

    def send(self, data: bytes) -> None:
        self.connection.sendall(data)
        self.server.sent += len(data)

    def flood(self, piece: bytes, most: int = 1 << 30) -> None:
        """Until the other side has enough, or all of it."""
        for _ in range(most // len(piece)):
            self.send(piece)


def reply(status: int = 200, body: bytes = b"", *headers: str) -> bytes:
    """A whole one."""
    lines = [f"HTTP/1.1 {status} said", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def redirect(location: str | None, status: int = 302) -> bytes:
    return reply(status, b"", *([] if location is None else [f"Location: {location}"]))


class Server:
    """Answers by path: with bytes, after which the connection goes on, or by calling what is given,
    after which it ends. "*" is for all other paths. On an address "" it takes every address."""

    def __init__(self, pages: dict[str, bytes | Answer] | bytes | Answer = b"",
                 address: str = "127.0.0.1", port: int = 0,
                 tls: ssl.SSLContext | None = None, greeting: bytes = b"") -> None:
        self.pages = pages if isinstance(pages, dict) else {"*": pages or reply(200, b"hello")}
        self.tls = tls
        self.greeting = greeting  # what is no HTTP server speaks first
        self.accepted = 0
        self.sent = 0
        self.heads: list[str] = []
        self.reached: list[str] = []  # the own address of each connection
        self.running: list[threading.Thread] = []
        self.open: set[socket.socket] = set()
        self.lock = threading.Lock()
        family = socket.AF_INET6 if ":" in address or not address else socket.AF_INET
        dual = {"dualstack_ipv6": True} if not address else {}
        self.listener = socket.create_server((address, port), family=family, backlog=64, **dual)
        # What the other side has not taken yet is not to look like sent.
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BYTES)
        self.port = self.listener.getsockname()[1]
        scheme = "https" if tls else "http"
        self.url = f"{scheme}://{address or '127.0.0.1'}:{self.port}"
        self.thread = threading.Thread(target=self._accept)

    def __enter__(self) -> Server:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.listener.close()
        with self.lock:
            for connection in self.open:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
        for thread in self.running:
            thread.join(TIMEOUT_S)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.accepted += 1
            self.reached.append(connection.getsockname()[0].removeprefix("::ffff:"))
            with self.lock:
                self.open.add(connection)
            thread = threading.Thread(target=self._serve, args=(connection,))
            self.running.append(thread)
            thread.start()

    def _serve(self, raw: socket.socket) -> None:
        connection = raw
        try:
            connection.settimeout(TIMEOUT_S)
            if self.greeting:
                connection.sendall(self.greeting)
                return
            if self.tls:
                connection = self.tls.wrap_socket(raw, server_side=True)
            while self._one(connection):
                pass
        except (OSError, ValueError):
            pass  # who asked has hung up, or never meant HTTP
        finally:
            with self.lock:
                self.open.discard(raw)
            connection.close()
            raw.close()

    def _one(self, connection: socket.socket) -> bool:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            byte = connection.recv(1)
            if not byte:
                return False
            head += byte
        exchange = Exchange(self, connection, head.decode("latin-1"))
        self.heads.append(exchange.head)
        answer = self.pages.get(exchange.target.partition("?")[0], self.pages.get("*"))
        if answer is None:
            answer = reply(404)
        if callable(answer):
            return answer(exchange) is True
        exchange.send(answer)
        return True


def tunnel(exchange: Exchange) -> None:
    """A proxy's CONNECT."""
    host, _, port = exchange.target.rpartition(":")
    with socket.create_connection((host, int(port)), TIMEOUT_S) as far:
        exchange.send(b"HTTP/1.1 200 connected\r\n\r\n")
        ends = {exchange.connection: far, far: exchange.connection}
        while True:
            for source in select.select(list(ends), [], [], TIMEOUT_S)[0]:
                data = source.recv(65536)
                if not data:
                    return
                ends[source].sendall(data)


class NameServer:
    """Answers A and AAAA: `names` maps a name to the answers that it gets one after the other, the last
    for good; an answer is a list of addresses. Nothing may be kept: TTL 0."""

    def __init__(self, names: dict[str, list[list[str]]]) -> None:
        self.names = names
        self.asked: dict[tuple[str, int], int] = {}
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 53))
        self.thread = threading.Thread(target=self._serve)

    def __enter__(self) -> NameServer:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.sendto(b"", ("127.0.0.1", 53))
        self.thread.join()
        self.socket.close()

    def _serve(self) -> None:
        while True:
            data, sender = self.socket.recvfrom(2048)
            if not data:
                return
            self.socket.sendto(self._answer(data), sender)

    def _answer(self, data: bytes) -> bytes:
        labels, at = [], 12
        while data[at]:
            labels.append(data[at + 1:at + 1 + data[at]].decode("latin-1").lower())
            at += 1 + data[at]
        kind = struct.unpack(">H", data[at + 1:at + 3])[0]
        question, name = data[12:at + 5], ".".join(labels)
        records = [self._record(kind, a) for a in self._addresses(name, kind)]
        code = 0 if name in self.names else 3
        head = data[:2] + struct.pack(">HHHHH", 0x8580 | code, 1, len(records), 0, 0)
        return head + question + b"".join(records)

    def _addresses(self, name: str, kind: int) -> list[str]:
        answers = self.names.get(name, [[]])
        turn = self.asked.get((name, kind), 0)
        self.asked[name, kind] = turn + 1
        chosen = answers[min(turn, len(answers) - 1)]
        return [a for a in chosen if kind == (28 if ":" in a else 1)]

    @staticmethod
    def _record(kind: int, address: str) -> bytes:
        packed = socket.inet_pton(socket.AF_INET6 if kind == 28 else socket.AF_INET, address)
        return struct.pack(">HHHIH", 0xC00C, kind, 1, 0, len(packed)) + packed


# ---- A network of one's own ----

def _run(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, timeout=TIMEOUT_S).returncode == 0


def make_network() -> None:
    """In the namespace."""
    commands = [["ip", "link", "set", "lo", "up"]]
    commands += [["ip", "address", "add", f"{a}/32", "dev", "lo"] for a in ADDRESSES]
    commands += [["ip", "-6", "address", "add", f"{a}/128", "dev", "lo", "nodad"]
                 for a in ADDRESSES_6]
    for command in commands:
        subprocess.run(command, check=True, timeout=TIMEOUT_S)
    try:
        RECEIVE.write_text("4096 16384 65536")  # so that little is under way unseen
    except OSError:
        pass


def under_way() -> int:
    """The most bytes between what a server has sent and what a client has read."""
    return int(RECEIVE.read_text().split()[2]) + 4 * SEND_BYTES


def make_names() -> None:
    """In the mount namespace: names come from our server, and from nowhere else."""
    files = {"/etc/resolv.conf": "nameserver 127.0.0.1\noptions timeout:2 attempts:2\n",
             "/etc/nsswitch.conf": "hosts: files dns\n",
             "/etc/hosts": "127.0.0.1 localhost\n::1 localhost\n"}
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            ours = Path(folder) / Path(name).name
            ours.write_text(text)
            # A mount keeps the file after its name is gone.
            subprocess.run(["mount", "--bind", str(ours), str(Path(name).resolve())], check=True,
                           timeout=TIMEOUT_S)


def _unshare(flags: str) -> list[str]:
    # Who is not root becomes it inside.
    return ["unshare", flags if os.geteuid() == 0 else f"{flags}r"]


def find_namespace() -> tuple[list[str], str]:
    """How to get into one, and what INSIDE is to be there; [] = not here."""
    network = f"ip link set lo up && ip address add {IMDS}/32 dev lo"
    if not os.path.exists("/proc/net/if_inet6"):
        return [], ""  # the addresses of IPv6 are half of what is tested
    mount = "mount --bind /dev/null /etc/resolv.conf"
    try:
        if _run(*_unshare("-nm"), "sh", "-c", f"{network} && {mount}"):
            return _unshare("-nm"), "names"
        if _run(*_unshare("-n"), "sh", "-c", network):
            return _unshare("-n"), "network"
    except OSError:
        pass
    return [], ""
