# SPDX-License-Identifier: MIT
"""An HTTP server for tests that does what real ones never do when they should. Without a script it is
a small S3 (s3_model.py) that judges every signature (sigv4_check.py); with one, chosen requests
get chosen replies. tests/s3/README.md tells what a script may say.

    with FaultServer({"rules": [{"on": "complete", "nth": 1, "do": {"code": "InternalError"}}]}) as s: ...
"""

from __future__ import annotations

import fnmatch
import gzip
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from http.client import responses
from typing import Any
from urllib.parse import urlsplit

from s3_model import Model, Reply, Request, error_body
from sigv4_check import Keys, Refused, check_body, check_request

Action = dict[str, Any]
KEYS = Keys("AKIDFAULTSERVER00000", "fault+server/SECRETkey/fault+server/0000")
IGNORED = {"ignore_range": "range", "ignore_match": "if-match"}
HEAD_LIMIT = 256 << 10
ENDLESS_LIMIT = 256 << 20
PIECE = 64 << 10
STATUS_OF = {"SlowDown": 503, "ServiceUnavailable": 503, "InternalError": 500, "AccessDenied": 403,
             "RequestTimeout": 400, "ExpiredToken": 400, "NoSuchUpload": 404, "NoSuchKey": 404,
             "BadDigest": 400, "RequestTimeTooSkewed": 403, "PermanentRedirect": 301,
             "ConditionalRequestConflict": 409, "AuthorizationHeaderMalformed": 400}


class Gone(Exception):
    """The connection has ended, by plan or by the client."""


@dataclass
class Record:
    """One request, and what became of it."""

    request: Request
    connection: int
    op: str
    started: float
    proxied: bool = False
    body_bytes: int = 0
    signed: str = ""  # "header", "query", "anonymous"; "" = not accepted
    refused: str = ""  # code: what an S3 would have said against its signature or its body
    scripted: bool = False
    status: int = 0  # 0 = no reply
    sent_bytes: int = 0
    replied: float = 0.0  # just before the first byte of a reply
    ended: float = 0.0

    @property
    def region(self) -> str:
        scope = (self.request.header("authorization") or self.request.query).split("/")
        return scope[2] if len(scope) > 4 else ""


@dataclass
class Rule:
    """When (on, method, key, path, query, part, unless_region, nth), and what then (do)."""

    when: dict[str, Any]
    action: Action
    seen: int = 0

    def matches(self, record: Record) -> bool:
        """Counts the requests that all but `nth` fits."""
        when, request = self.when, record.request
        on = when.get("on", "any")
        if record.op not in (on if isinstance(on, list) else [on]) and not (
                on == "any" and record.op != "accept"):
            return False
        texts = {"method": request.method, "key": request.key, "path": request.path}
        if any(n in when and not fnmatch.fnmatchcase(texts[n], when[n]) for n in texts):
            return False
        if when.get("query", "") not in request.query or when.get("part", request.part) != request.part:
            return False
        if "unless_region" in when and record.region == when["unless_region"]:
            return False
        self.seen += 1
        nth = when.get("nth")
        if isinstance(nth, str):
            return self.seen >= int(nth.rstrip("-"))
        return nth is None or self.seen in (nth if isinstance(nth, list) else [nth])


@dataclass
class Pace:
    """Bytes a second over all connections and both directions; 0 = no limit."""

    rate: int = 0
    free_at: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def wait_s(self, size: int) -> float:
        if not self.rate:
            return 0.0
        with self.lock:
            now = time.monotonic()
            self.free_at = max(self.free_at, now) + size / self.rate
            return self.free_at - now


class FaultServer:
    """Context manager. tls: a server-side context. choose: asked before the rules for an action."""

    def __init__(self, script: dict[str, Any] | None = None, *, tls: ssl.SSLContext | None = None,
                 choose: Callable[[Record], Action | None] | None = None,
                 address: tuple[str, int] = ("127.0.0.1", 0)) -> None:
        script = script or {}
        self.rules = [Rule(r, r["do"]) for r in script.get("rules", ())]
        self.choose = choose
        self.tls = tls
        self.keys = KEYS
        self.verify = script.get("verify", True)
        self.region: str | None = script.get("region")
        self.clock_s: float = script.get("clock_s", 0)
        self.pace = Pace(script.get("rate", 0))
        self.model = Model()
        self.model.min_part = script.get("min_part", self.model.min_part)
        self.records: list[Record] = []
        self.most_parts = 0  # parts in flight at once
        self.parts_now = 0
        self.release = threading.Event()
        self.changed = threading.Condition()
        self.stopped = threading.Event()
        self.connections: dict[int, socket.socket] = {}
        self.accepted = 0
        self.listener = socket.create_server(address, backlog=128)
        self.port: int = self.listener.getsockname()[1]
        scheme = "https" if tls else "http"
        self.url = f"{scheme}://{address[0]}:{self.port}"
        # {name} in scripted headers and bodies.
        self.values = {"self": self.url, "port": str(self.port), "host_url":
                       f"{scheme}://localhost:{self.port}"}

    def __enter__(self) -> FaultServer:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        self.release.set()
        # shutdown wakes accept; close alone does not.
        for s in (self.listener, *list(self.connections.values())):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            s.close()

    def of(self, *ops: str) -> list[Record]:
        """The requests so far of these kinds, in the order of their arrival."""
        return [r for r in list(self.records) if r.op in ops]

    def wait_for(self, holds: Callable[[], bool], timeout_s: float = 20) -> bool:
        with self.changed:
            return self.changed.wait_for(holds, timeout_s)

    def _notify(self) -> None:
        with self.changed:
            self.changed.notify_all()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.accepted += 1
            self.connections[self.accepted] = connection
            threading.Thread(target=self._serve, args=(connection, self.accepted),
                             daemon=True).start()

    def _serve(self, raw: socket.socket, number: int) -> None:
        connection = raw
        try:
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            hello = Record(Request("", "/", "", []), number, "accept", time.time())
            action = self._action(hello)
            if action is not None:
                self.stopped.wait(action.get("delay", 0))
                if action.get("end"):
                    _end(raw, action["end"])
                    return
            if self.tls:
                connection = self.tls.wrap_socket(raw, server_side=True)
                self.connections[number] = connection
            exchange = Exchange(self, connection, number)
            while exchange.one():
                pass
        except (OSError, ValueError, Gone):
            pass
        finally:
            self.connections.pop(number, None)
            connection.close()
            self._notify()

    def _action(self, record: Record) -> Action | None:
        with self.changed:
            chosen = self.choose(record) if self.choose and record.op != "accept" else None
            if chosen is not None:
                return chosen
            for rule in self.rules:
                if rule.matches(record):
                    return rule.action
        return None

    def fill(self, text: str, request: Request) -> str:
        """{name} replaced; other braces stay."""
        values = self.values | {"bucket": request.bucket, "key": request.key, "path": request.path,
                                "upload_id": request.params.get("uploadId", "")}
        for name, value in values.items():
            text = text.replace("{" + name + "}", value)
        return text


def _end(connection: socket.socket, how: str) -> None:
    """Hang up: "fin", or "rst" as a machine that died."""
    if how == "rst":
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    else:
        try:
            connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
    connection.close()


class Exchange:
    """The requests of one connection, one after another."""

    def __init__(self, server: FaultServer, connection: socket.socket, number: int) -> None:
        self.server, self.connection, self.number = server, connection, number
        self.buffer = bytearray()

    # ---- Receiving ----

    def _more(self) -> None:
        data = self.connection.recv(PIECE)
        if not data:
            raise Gone
        self.server.stopped.wait(self.server.pace.wait_s(len(data)))
        self.buffer += data

    def _take(self, size: int) -> bytes:
        while len(self.buffer) < size:
            self._more()
        taken = bytes(self.buffer[:size])
        del self.buffer[:size]
        return taken

    def _line(self) -> bytes:
        while b"\r\n" not in self.buffer:
            self._more()
        line, _, rest = bytes(self.buffer).partition(b"\r\n")
        self.buffer = bytearray(rest)
        return line

    def _head(self) -> Record:
        while b"\r\n\r\n" not in self.buffer:
            if len(self.buffer) > HEAD_LIMIT:
                raise Gone
            self._more()
        started = time.time()
        head, _, rest = bytes(self.buffer).partition(b"\r\n\r\n")
        self.buffer = bytearray(rest)
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ", 2)
        headers = [(n.strip(), v.strip()) for n, _, v in (line.partition(":") for line in lines)]
        proxied = target.startswith("http://")
        if proxied:
            parts = urlsplit(target)
            target = parts.path + (f"?{parts.query}" if parts.query else "")
        path, _, query = target.partition("?")
        request = Request(method, path, query, headers)
        op = "connect" if method == "CONNECT" else request.op
        return Record(request, self.number, op, started, proxied)

    def _body(self, record: Record, action: Action) -> bytes:
        request = record.request
        if (request.header("expect") or "").lower() == "100-continue":
            self.connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        if "chunked" in (request.header("transfer-encoding") or "").lower():
            pieces = []
            while size := int(self._line().split(b";")[0], 16):
                pieces.append(self._take(size))
                self._line()
            self._line()
            return b"".join(pieces)
        size = int(request.header("content-length") or 0)
        if "read" in action and action["read"] < size:
            self._take(action["read"])
            self.server.stopped.wait(action.get("stall", 0))
            if action.get("end"):
                _end(self.connection, action["end"])
                raise Gone
            size -= action["read"]
        return self._take(size)

    # ---- One request ----

    def one(self) -> bool:
        """False: the connection is not to be used any more."""
        server, record = self.server, self._head()
        with server.changed:
            server.records.append(record)
            server.parts_now += record.op == "part"
            server.most_parts = max(server.most_parts, server.parts_now)
        action = server._action(record)
        record.scripted = action is not None
        action = action or {}
        server._notify()
        try:
            return self._answer(record, action)
        finally:
            with server.changed:
                server.parts_now -= record.op == "part"
                record.ended = time.time()
                server.changed.notify_all()

    def _answer(self, record: Record, action: Action) -> bool:
        server = self.server
        if record.op == "connect" and not record.scripted:
            return self._tunnel(record)
        if not action.get("early"):
            record.request.body = self._body(record, action)
            record.body_bytes = len(record.request.body)
        if action.get("corrupt_request") and record.request.body:
            flipped = bytearray(record.request.body)
            flipped[len(flipped) // 2] ^= 1
            record.request.body = bytes(flipped)
        if action.get("hold"):
            server.release.wait()
        server.stopped.wait(action.get("delay", 0))
        try:
            self._judge(record)
            reply = self._reply(record, action)
        except Refused as refusal:
            record.refused = refusal.code
            if _is_scripted_reply(action) and not action.get("work"):
                reply = self._scripted(record, action)
            else:
                reply = Reply(refusal.status, {"Content-Type": "application/xml"},
                              error_body(refusal.code, refusal.message, RequestId=self._id(),
                                         HostId="host-id", **refusal.extra))
        return self._send(record, reply, action)

    def _judge(self, record: Record) -> None:
        server, request = self.server, record.request
        if not server.verify or record.op == "connect":
            return
        now = time.time() + server.clock_s
        record.signed = check_request(request.method, request.path, request.query, request.headers,
                                      server.keys, server.region, now)
        headers = {n.lower(): v for n, v in request.headers}
        check_body(headers, request.body, check_crc=record.op != "complete")

    def _reply(self, record: Record, action: Action) -> Reply:
        if _is_scripted_reply(action) and not action.get("work"):
            return self._scripted(record, action)
        if record.signed == "anonymous" and self.server.verify:
            public = record.op in ("get", "head") and record.request.bucket.startswith("public")
            if not public:
                raise Refused(403, "AccessDenied", "Access Denied")
        ignored = {name for mark, name in IGNORED.items() if action.get(mark)}
        record.request.headers = [h for h in record.request.headers if h[0].lower() not in ignored]
        reply = self.server.model.handle(record.request)
        if "replace" in action:
            self.server.model.put_object(record.request.bucket, record.request.key,
                                         action["replace"].encode() * action.get("replace_times", 1))
        return self._scripted(record, action, reply) if _is_scripted_reply(action) else reply

    def _id(self) -> str:
        return f"REQ{len(self.server.records):06d}"

    def _scripted(self, record: Record, action: Action, base: Reply | None = None) -> Reply:
        """The reply that an action describes, over that of the model where the work was done."""
        reply = base or Reply()
        reply.status = action.get("status", STATUS_OF.get(action.get("code", ""), reply.status))
        if "code" in action:
            extra = {n: self.server.fill(v, record.request)
                     for n, v in action.get("elements", {}).items()}
            reply.body = error_body(action["code"], action.get("message", "scripted"),
                                    RequestId=self._id(), HostId="host-id", **extra)
            reply.headers = {"Content-Type": "application/xml"}
        if "body" in action:
            reply.body = self.server.fill(action["body"], record.request).encode()
        if "body_repeat" in action:
            text, times = action["body_repeat"]
            reply.body = text.encode() * times
        if "gzip_mb" in action:
            reply.body = gzip.compress(bytes(action["gzip_mb"] << 20), 9)
            reply.headers["Content-Encoding"] = "gzip"
        for name, value in action.get("headers", {}).items():
            reply.headers[name] = value and self.server.fill(value, record.request)
        return reply

    # ---- Sending ----

    def _send(self, record: Record, reply: Reply, action: Action) -> bool:
        body = b" " * action.get("spaces", 0) + reply.body
        if action.get("corrupt") and body:
            body = body[:len(body) // 2] + bytes([body[len(body) // 2] ^ 1]) + body[1 + len(body) // 2:]
        length = action.get("length", 0)
        chunked = length in ("chunked", "endless")
        headers = {"Date": formatdate(time.time() + self.server.clock_s, usegmt=True),
                   "Server": "fault-server", "x-amz-request-id": self._id(),
                   "x-amz-id-2": "host-id", **reply.headers}
        if chunked:
            headers["Transfer-Encoding"] = "chunked"
        elif isinstance(length, int) and reply.status != 204:
            headers["Content-Length"] = str(max(len(body) + length, 0))
        last = bool(action.get("close") or action.get("early") or length)
        if last and not action.get("silent_close"):
            headers["Connection"] = "close"
        names = "".join(f"{n}: {v}\r\n" for n, v in headers.items() if v is not None)
        flood = "".join(f"x-flood-{i}: {'a' * 8000}\r\n" for i in range(action.get("flood", 0)))
        head = (f"HTTP/1.1 {reply.status} {responses.get(reply.status, 'Odd')}\r\n"
                f"{names}{flood}\r\n").encode()
        if record.request.method == "HEAD" or reply.status in (204, 304):
            body = b""
        cut = action.get("cut", len(body))
        cut = int(len(body) * cut) if isinstance(cut, float) else cut
        if cut >= 0:
            record.status = reply.status
            record.replied = time.time()
            self._write(head)
        self.server.stopped.wait(action.get("delay_body", 0))
        self._write_body(record, body[:max(cut, 0)], action, chunked)
        if length == "endless":
            self._endless(record)
        if action.get("end"):
            _end(self.connection, action["end"])
            return False
        if chunked:
            self._write(b"0\r\n\r\n")
        return not (last or action.get("silent_close"))

    def _write(self, data: bytes) -> None:
        self.server.stopped.wait(self.server.pace.wait_s(len(data)))
        self.connection.sendall(data)

    def _write_body(self, record: Record, body: bytes, action: Action, chunked: bool) -> None:
        size, pause_s = action.get("trickle", (PIECE, 0))
        for start in range(0, len(body), size):
            piece = body[start:start + size]
            self._write(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)
            record.sent_bytes += len(piece)
            self.server.stopped.wait(pause_s)
            if self.server.stopped.is_set():
                raise Gone

    def _endless(self, record: Record) -> None:
        while record.sent_bytes < ENDLESS_LIMIT and not self.server.stopped.is_set():
            self._write(b"%x\r\n%s\r\n" % (PIECE, bytes(PIECE)))
            record.sent_bytes += PIECE

    def _tunnel(self, record: Record) -> bool:
        """CONNECT: bytes to and fro, to this machine only."""
        host, _, port = record.request.path.lstrip("/").rpartition(":")
        target = socket.create_connection(("127.0.0.1", int(port)), 5)
        target.settimeout(None)
        record.status = 200
        self.connection.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
        pumps = [threading.Thread(target=_pump, args=pair, daemon=True)
                 for pair in ((self.connection, target), (target, self.connection))]
        for pump in pumps:
            pump.start()
        for pump in pumps:
            pump.join()
        target.close()
        return False


def _is_scripted_reply(action: Action) -> bool:
    """It says what the reply is, not only how it is sent."""
    return any(n in action for n in ("status", "code", "headers", "body", "body_repeat", "gzip_mb"))


def _pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(PIECE):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass
