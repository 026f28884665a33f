# SPDX-License-Identifier: MIT
"""Replies that do not end, or lie about how much there is (case 25): they are left at the limit, and
memory stays as it was."""

from __future__ import annotations

import gzip
import hashlib
import time

import reach_net as net
from reach_case import Fetched, ReachTest
from reach_net import Server, reply

LIMIT = 1 << 20
SLACK = 64 << 10
FLAT_KB = 8 << 10


class Endless(ReachTest):
    """`sent` is what the server got rid of: what the library read, and what was under way."""

    def attack(self, answer: net.Answer | bytes, *words: str, most: int = LIMIT,
               tries: int = 1) -> Fetched:
        with Server({"/small": reply(200, b"x" * 100), "/big": answer}) as server:
            calm, result = self.fetch(*words, f"get={server.url}/small", f"get={server.url}/big")
            self.assertEqual(calm.status, "OK")
        self.assertLessEqual(result.size, most)
        self.assertLessEqual(server.sent, tries * (most + SLACK + net.under_way()))
        self.assertLess(result.memory_kb - calm.memory_kb, FLAT_KB + 2 * most // 1024)
        self.assertEqual(server.heads[-1].count("/big"), 1)
        self.assertLessEqual(len(server.heads), 1 + tries)
        return result

    def limited(self, answer: net.Answer, most: int = LIMIT, *words: str) -> None:
        result = self.attack(answer, *words, most=most)
        self.assertEqual(result.status, "ERR_LIMIT", result)

    def test_chunks(self) -> None:
        def answer(e: net.Exchange) -> None:
            e.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            e.flood(b"4000\r\n" + bytes(0x4000) + b"\r\n")
        self.limited(answer)

    def test_one_chunk(self) -> None:
        def answer(e: net.Exchange) -> None:
            e.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7fffffffffffffff\r\n")
            e.flood(bytes(0x4000))
        self.limited(answer)

    def test_no_length(self) -> None:
        def answer(e: net.Exchange) -> None:
            e.send(b"HTTP/1.1 200 OK\r\n\r\n")
            e.flood(bytes(0x4000))
        self.limited(answer)

    def test_no_http(self) -> None:
        result = self.attack(lambda e: e.flood(bytes(0x4000)), most=SLACK, tries=5)
        self.assertIn(result.status, ("ERR_NETWORK", "ERR_LIMIT"), result)

    def test_chunk_that_does_not_begin(self) -> None:
        """An endless extension of a chunk's size: not a byte of content; too slow in the end."""
        def answer(e: net.Exchange) -> None:
            e.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;")
            while True:
                e.send(b"a" * 0x400)
                time.sleep(0.01)
        result = self.attack(answer, "stall_ms=500", tries=5)
        self.assertIn(result.status, ("ERR_TIMEOUT", "ERR_NETWORK", "ERR_LIMIT"), result)

    def test_trailers(self) -> None:
        def answer(e: net.Exchange) -> None:
            e.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n")
            e.flood(b"X-T: " + b"a" * 1000 + b"\r\n")
        self.limited(answer, SLACK)

    def test_informational(self) -> None:
        self.limited(lambda e: e.flood(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" * 100), SLACK)

    def test_headers(self) -> None:
        for piece in (b"X-H: " + b"a" * 8000 + b"\r\n", b"X-H: a\r\n" * 100, b"X-H: a\r\n b\r\n" * 100):
            def answer(e: net.Exchange, piece: bytes = piece) -> None:
                e.send(b"HTTP/1.1 200 OK\r\n")
                e.flood(piece)
            with self.subTest(piece[:20]):
                self.limited(answer, 2 * SLACK)

    def test_one_header(self) -> None:
        for begin in (b"HTTP/1.1 200 OK\r\nX-H: ", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 "):
            def answer(e: net.Exchange, begin: bytes = begin) -> None:
                e.send(begin)
                e.flood(b"a" * 0x4000)
            with self.subTest(begin):
                self.limited(answer, 4 * SLACK)

    def test_announced(self) -> None:
        """Refused before the first byte."""
        for length in (LIMIT + 1, 1 << 40, (1 << 63) - 1, 1 << 63):
            def answer(e: net.Exchange, length: int = length) -> None:
                e.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % length)
                e.flood(bytes(0x4000))
            with self.subTest(length):
                self.limited(answer, 0)

    def test_no_lengths(self) -> None:
        """What is no number, too large for one, or two of them."""
        for lengths in (("-1",), ("99999999999999999999999",), ("x",), ("5", "6"), ("0x10",)):
            head = "".join(f"Content-Length: {length}\r\n" for length in lengths)
            def answer(e: net.Exchange, head: str = head) -> None:
                e.send(b"HTTP/1.1 200 OK\r\n" + head.encode() + b"\r\n")
                e.flood(bytes(0x4000))
            with self.subTest(lengths):
                result = self.attack(answer, tries=5)
                self.assertIn(result.status, ("ERR_LIMIT", "ERR_NETWORK"), result)

    def test_too_little(self) -> None:
        """More was announced than comes: tried again, and then an error; never a part as the whole."""
        for head in ("Content-Length: 1000", "Transfer-Encoding: chunked"):
            def answer(e: net.Exchange, head: str = head) -> None:
                size = b"" if "Length" in head else b"3e8\r\n"
                e.send(f"HTTP/1.1 200 OK\r\n{head}\r\n\r\n".encode() + size + bytes(500))
            with self.subTest(head), Server(answer) as server:
                self.ends("ERR_NETWORK", f"get={server.url}/a")
                self.assertEqual(len(server.heads), 5)

    def test_too_much(self) -> None:
        """Less was announced: what follows belongs to nobody, and not to the next request."""
        smuggled = reply(200, b"hello")[:-5] + b"first" + reply(200, b"smuggled")
        with Server({"/a": smuggled, "/b": reply(200, b"second")}) as server:
            first, second = self.fetch(f"get={server.url}/a", f"get={server.url}/b")
        self.assertEqual(first.digest, hashlib.sha256(b"first").hexdigest())
        self.assertEqual(second.digest, hashlib.sha256(b"second").hexdigest())

    def test_gzip_bomb(self) -> None:
        """Nothing is unpacked: what comes is what was sent."""
        bomb = gzip.compress(bytes(50 << 20), 9)
        for coding in ("gzip", "deflate", "br", "gzip, gzip"):
            with self.subTest(coding):
                result = self.attack(reply(200, bomb, f"Content-Encoding: {coding}"))
                self.assertEqual((result.status, result.digest),
                                 ("OK", hashlib.sha256(bomb).hexdigest()))

    def test_gzip_transfer(self) -> None:
        """As a transfer coding, which nobody asked for."""
        bomb = gzip.compress(bytes(50 << 20), 9)
        chunk = b"%x\r\n" % len(bomb) + bomb + b"\r\n0\r\n\r\n"
        head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"
        result = self.attack(lambda e: e.send(head + chunk), tries=5)
        self.assertTrue(result.status != "OK" or result.size == len(bomb), result)

    def test_error_body(self) -> None:
        def answer(e: net.Exchange) -> None:
            e.send(b"HTTP/1.1 404 no\r\nTransfer-Encoding: chunked\r\n\r\n")
            e.flood(b"4000\r\n" + bytes(0x4000) + b"\r\n")
        result = self.attack(answer, most=SLACK)
        self.assertEqual(result.status, "ERR_NOT_FOUND", result)
