#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Storage against servers that fail: each case of cases/*.json, and those that need more than a table.

    build/s3/venv/bin/python tests/s3/test_faults.py BUILD_FOLDER
"""

from __future__ import annotations

import calendar
import copy
import json
import os
import random
import sys
import threading
import time
from pathlib import Path
from typing import Any

from certificates import Certificates
from driver import HERE, MIB, Driver, StoreTest, fetch
from fault_server import KEYS, Action, FaultServer, Record
from radosgw import free_ports
from s3_model import Request
from sigv4_check import Keys

sys.path.insert(0, str(HERE.parent / "support"))

import counting  # noqa: E402
import media  # noqa: E402

PARTS = {"part_bytes": 5 * MIB, "threshold_bytes": 5 * MIB}
ATTEMPTS = 5  # at what has to be quick: the machine may be busy


class Table(StoreTest):
    """Cases that are told in full by their file: script, commands, what must come of them."""

    def run_case(self, name: str) -> None:
        case = json.loads((HERE / "cases" / f"{name}.json").read_text())
        for variant in case.get("variants", [None]):
            with self.subTest(case["what"], variant=variant):
                self.run_variant(copy.deepcopy(case), variant)

    def run_variant(self, case: dict[str, Any], variant: dict[str, Any] | None) -> None:
        script = case.get("server", {})
        if variant and script.get("rules"):
            script["rules"][0]["do"] |= variant
        elif variant:
            script |= variant
        server, other = self.serve(script), self.serve()
        server.values["other"] = other.url
        other.model.put_object("public", "k.png", media.png(64, 64))
        for place, content in case.get("objects", {}).items():
            data = random.Random(place).randbytes(content) if isinstance(content, int) else \
                content.encode()
            server.model.put_object(*place.split("/", 1), data)
        driver = self.driver(server.url, policy=case.get("policy"), **case.get("open", {}))
        sources = [self.run_step(driver, server, step) for step in case["do"]]
        self.check_counts(server, other, case.get("ops", {}))
        for place, wanted in case.get("stored", {}).items():
            if wanted is not None:
                wanted = sources[-1] if wanted == "source" else wanted.encode()
            self.assertEqual(server.model.data(*place.split("/", 1)), wanted, "stored")

    def run_step(self, driver: Driver, server: FaultServer, step: dict[str, Any]) -> bytes:
        """One command; returns the bytes of the file that was its source."""
        source = b""
        path = self.folder / "target"
        path.unlink(missing_ok=True)
        if "size" in step:
            step["path"], source = self.file(step["size"])
        elif step["op"].startswith("get"):
            step["path"] = str(path)
        if "sources" in step:
            step["sources"] = [server.fill(s, NO_REQUEST) for s in step["sources"]]
        time.sleep(step.get("pause_s", 0))
        before = time.monotonic()
        result = driver.run(**step)
        took_s = time.monotonic() - before
        expected = step["expect"]
        expected = [expected] if isinstance(expected, str) else expected
        self.assertIn(result["status"].removeprefix("HYDRA_").removeprefix("ERR_"), expected, result)
        for text in step.get("says", ()):
            self.assertIn(text, result["error"])
        for text in step.get("not_says", ()):
            self.assertNotIn(text, result["error"])
        self.assertGreaterEqual(took_s, step.get("at_least_s", 0))
        self.assertLess(took_s, step.get("within_s", 60))
        if result["status"] != "HYDRA_OK":
            self.assertFalse(path.exists(), "a file although it failed")
        elif step.get("same"):
            bucket, key = step["uri"].removeprefix("s3://").split("/", 1)
            self.assertEqual(path.read_bytes(), server.model.data(bucket, key))
        return source

    def check_counts(self, server: FaultServer, other: FaultServer, wanted: dict[str, Any]) -> None:
        for op, count in wanted.items():
            seen = len(other.records) if op == "other" else len(server.of(op))
            low, high = count if isinstance(count, list) else (count, count)
            ops = [(r.op, r.request.part, r.status, r.refused) for r in server.records]
            self.assertTrue(low <= seen <= high, f"{op}: {seen}, wanted {count}; {ops}")
        for record in other.records:
            sent = {n.lower() for n, _ in record.request.headers}
            self.assertEqual([n for n in sent if n == "authorization" or n.startswith("x-amz")], [])
            self.assertNotIn("hush", record.request.query)


NO_REQUEST = Request("GET", "/", "", [])


def _add_cases() -> None:
    """One test per file: test_05_complete_fails_twice."""
    for path in sorted((HERE / "cases").glob("*.json")):
        case = json.loads(path.read_text())

        def test(self: Table, name: str = path.stem) -> None:
            self.run_case(name)

        test.__doc__ = f"Case {case['case']}: {case['what']}."
        setattr(Table, "test_" + path.stem.replace("-", "_"), test)


_add_cases()


class Uploads(StoreTest):
    """Cancel, throttling, sizes, sources that change."""

    def test_11_cancel(self) -> None:
        """Case 11: a cancel while Create, each part, or Complete is under way."""
        points = [("create", 0), *(("part", n) for n in range(1, 6)), ("complete", 0)]
        path, _ = self.file(25 * MIB)
        for op, part in points:
            # The reply to Complete is waited for: it decides what is left.
            most_s = 5.5 if op == "complete" else 1
            with self.subTest(op=op, part=part):
                self.assertTrue(any(self.cancel_at(op, part, path) < most_s
                                    for _ in range(ATTEMPTS)), "not at once")

    def cancel_at(self, op: str, part: int, path: str) -> float:
        """Seconds that it took."""
        rule = {"on": op, "do": {"hold": True}} | ({"part": part} if part else {})
        server = self.serve({"rules": [rule]})
        driver = self.driver(server.url)
        driver.send("put_file", uri="s3://test/k", path=path, transfer=PARTS)
        self.assertTrue(server.wait_for(lambda: any(
            x.scripted and x.body_bytes >= (5 * MIB if op == "part" else 0)
            for x in server.records)))
        begin = time.monotonic()
        driver.send("cancel")
        result = driver.result(30)
        took_s = time.monotonic() - begin
        self.bad(result, "CANCELLED")
        if op == "create":
            self.assertIn("may stay in the bucket", result["error"])
            server.model.uploads.clear()
        else:
            self.assertTrue(server.of("abort"), "no abort")
        self.assertEqual(driver.end(), 0)
        server.release.set()
        self.assertTrue(server.wait_for(lambda: all(r.ended for r in server.records)))
        if op == "create":
            server.model.uploads.clear()
        self.assertIsNone(server.model.data("test", "k"))
        return took_s

    def test_11_cancel_before(self) -> None:
        """Case 11: a cancel before the call; the call after it works."""
        server = self.serve()
        driver = self.driver(server.url)
        driver.send("cancel")
        first = driver.run("put", uri="s3://test/k", data="x")
        self.bad(first, "CANCELLED")
        self.assertEqual(server.records, [])
        self.good(driver.run("put", uri="s3://test/k", data="x"))

    def test_12_terminated(self) -> None:
        """Case 12: SIGTERM in mid-upload: an orderly abort."""
        server = self.serve({"rules": [{"on": "part", "part": 3, "do": {"delay": 30}}]})
        path, _ = self.file(25 * MIB)
        driver = self.driver(server.url)
        driver.send("put_file", uri="s3://test/k", path=path, transfer=PARTS)
        self.assertTrue(server.wait_for(lambda: any(r.request.part == 3 for r in server.records)))
        driver.process.terminate()
        self.bad(driver.result(10), "CANCELLED")
        self.assertEqual(len(server.of("abort")), 1)

    def test_14_fewer_parts_at_once(self) -> None:
        """Case 14: a server that takes two parts at once gets about two, and is left alone as long
        as it asks for."""
        slow = {"code": "SlowDown", "headers": {"Retry-After": "1"}}

        def choose(record: Record) -> Action | None:
            if record.op != "part":
                return None
            return slow if server.parts_now > 2 else {"delay": 0.1}

        server = self.serve(choose=choose)
        path, data = self.file(100 * MIB)
        self.good(self.driver(server.url, max_tries=10).run(
            "put_file", uri="s3://test/k", path=path, transfer=PARTS))
        self.assertEqual(server.model.data("test", "k"), data)
        refused = [r for r in server.of("part") if r.status == 503]
        for record in refused:
            again = min(r.started for r in server.of("part") if r.started > record.started
                        and r.request.part == record.request.part)
            self.assertGreaterEqual(again - record.replied, 0.99)
        # 20 parts, 4 at once: half of all would be refused if nothing were learnt.
        self.assertLess(len(refused), 10, "as parallel as before")

    def test_15_backoff_shape(self) -> None:
        """Case 15: three tries each, and no two calls pause alike; how long, the unit test of retries
        holds against the formula, without a clock."""
        server = self.serve({"rules": [{"on": "head", "do": {"status": 500, "body": ""}}]})
        gaps: list[float] = []
        for _ in range(8):  # a client's quota is soon spent
            driver = self.driver(server.url)
            for _ in range(10):
                first = len(server.records)
                driver.run("head", uri="s3://test/k")
                times = [(r.started, r.ended) for r in server.records[first:]]
                gaps += [times[n][0] - times[n - 1][1] for n in range(1, len(times))]
        self.assertGreater(len(gaps), 120)
        self.assertGreater(len({round(gap, 3) for gap in gaps}), 10)

    def test_16_outage(self) -> None:
        """Case 16: 1,000 calls against a server that is down: at most 500/14 retries in all."""
        server = self.serve({"rules": [{"on": "head", "do": {"status": 500, "body": ""}}]})
        driver = self.driver(server.url)
        for _ in range(1000):
            driver.send("head", uri="s3://test/k")
        for _ in range(1000):
            self.bad(driver.result(), "SERVER")
        self.assertLessEqual(len(server.records), 1000 + 500 // 14)

    def test_36_sizes(self) -> None:
        """Case 36: sizes around the limits: one PUT or the right number of parts, equal bytes."""
        server = self.serve()
        driver = self.driver(server.url)
        limit = 6 * MIB
        sizes = {0: 0, 1: 0, 5 * MIB - 1: 0, 5 * MIB: 0, limit - 1: 0, limit: 2, limit + 1: 2,
                 15 * MIB: 3, 15 * MIB + 1: 4}
        for size, parts in sizes.items():
            with self.subTest(size=size):
                path, data = self.file(size)
                target = self.folder / "target"
                done = self.good(driver.run(
                    "put_file", uri="s3://test/k", path=path,
                    transfer={"part_bytes": 5 * MIB, "threshold_bytes": limit}))["object"]
                self.assertEqual((done["parts"], done["bytes"], done["verified"]), (parts, size, 1))
                self.assertEqual(server.model.data("test", "k"), data)
                self.good(driver.run("get_file", uri="s3://test/k", path=str(target)))
                self.assertEqual(target.read_bytes(), data)

    def test_38_headers(self) -> None:
        """Case 38: headers go along, with one PUT and with parts."""
        server = self.serve()
        driver = self.driver(server.url)
        sent = {"content_type": "video/mp4", "cache_control": "public, max-age=60",
                "content_disposition": "attachment", "metadata": {"Author": "a  b", "n": "1"}}
        for size in (10, 6 * MIB):
            path, _ = self.file(size)
            self.good(driver.run("put_file", uri="s3://test/k", path=path, transfer=PARTS | sent))
            self.assertEqual(server.model.objects["test", "k"].headers["content-type"], "video/mp4")
            kept = server.model.objects["test", "k"].headers
            self.assertEqual((kept["cache-control"], kept["content-disposition"]),
                             ("public, max-age=60", "attachment"))
            self.assertIn("x-amz-meta-author", kept)
            head = self.good(driver.run("head", uri="s3://test/k"))["object"]
            self.assertEqual(head["content_type"], "video/mp4")

    def test_41_keys_expire(self) -> None:
        """Case 41: ExpiredToken on part 4: keys are renewed once, part 4 is sent again."""
        answer = json.dumps({"AccessKeyId": KEYS.access_key, "SecretAccessKey": KEYS.secret_key,
                             "Token": "token+1/2=", "Expiration": "2099-01-01T00:00:00Z"})
        source = self.serve({"verify": False, "rules": [{"on": "any", "do": {"body": answer}}]})
        server = self.serve({"rules": [
            {"on": "part", "part": 4, "nth": 1, "do": {"code": "ExpiredToken"}}]})
        server.keys = Keys(KEYS.access_key, KEYS.secret_key, "token+1/2=")
        self.secrets = [*self.secrets, "token+1/2="]
        path, data = self.file(25 * MIB)
        driver = self.driver(server.url, access_key=None, secret_key=None, env={
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{source.url}/keys"})
        self.good(driver.run("put_file", uri="s3://test/k", path=path, transfer=PARTS))
        self.assertEqual(server.model.data("test", "k"), data)
        self.assertEqual((len(source.records), len(server.of("part"))), (2, 6))

    def test_41_not_renewed(self) -> None:
        """Case 41: keys cannot be renewed, the old ones go on: said once to each who asks."""
        expiry = time.gmtime(time.time() + 14)  # renewed half-way
        answer = json.dumps({"AccessKeyId": KEYS.access_key, "SecretAccessKey": KEYS.secret_key,
                             "Token": "token+1/2=",
                             "Expiration": time.strftime("%Y-%m-%dT%H:%M:%SZ", expiry)})
        source = self.serve({"verify": False, "rules": [
            {"on": "any", "nth": 1, "do": {"body": answer}},
            {"on": "any", "do": {"status": 500, "body": "token+1/2="}}]})
        server = self.serve()
        server.keys = Keys(KEYS.access_key, KEYS.secret_key, "token+1/2=")
        self.secrets = [*self.secrets, "token+1/2="]
        driver = self.driver(server.url, access_key=None, secret_key=None, env={
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{source.url}/keys"})
        put = {"uri": "s3://test/k", "data": "x"}
        self.assertNotIn("warning", self.good(driver.run("put", **put)))
        time.sleep(7.5)
        told = self.good(driver.run("put", **put))["warning"]
        self.assertRegex(told, r"^credentials were not renewed; the old ones go on for [1-7] s: "
                               r"container: .* HTTP status 500$")
        self.assertNotIn("warning", self.good(driver.run("put", **put)))
        job = self.good(driver.run("compose", uri="s3://test/v", images=1))
        self.assertEqual([w[:48] for w in job["warnings"]], [told[:48]])
        time.sleep(max(0.0, calendar.timegm(expiry) + 1 - time.time()))
        failed = driver.run("put", **put)
        self.bad(failed, "SERVER", "AUTH", says=("container", "500"))

    def test_35_session_token(self) -> None:
        """Case 35 with temporary keys: good, without their token, with another one, expired."""
        server = self.serve()
        server.keys = Keys(KEYS.access_key, KEYS.secret_key, "session+token/1=")
        self.secrets = [*self.secrets, "session+token/1="]
        driver = self.driver(server.url, session_token="session+token/1=")
        uri = "s3://test/pre signed+é"
        put = self.good(driver.run("presign", method="PUT", uri=uri))["presigned_url"]
        get = self.good(driver.run("presign", method="GET", uri=uri))["presigned_url"]
        done = self.good(driver.run("put", uri="s3://test/k", data="y", transfer={"presign_s": 60}))
        self.assertEqual(fetch("PUT", put, b"by URL")[0], 200)
        self.assertEqual(fetch("GET", get), (200, b"by URL"))
        self.assertEqual(fetch("GET", done["object"]["presigned_url"]), (200, b"y"))
        token = "X-Amz-Security-Token=session%2Btoken%2F1%3D"
        self.assertEqual(get.count(token), 1)
        for other in (get.replace(token, token[:-4]), get.replace("&" + token, ""), put):
            self.assertEqual(fetch("GET", other)[0], 403, other)
        server.clock_s = 120
        self.assertEqual(fetch("GET", get)[0], 403)
        server.records.clear()  # badly signed on purpose

    def test_36_too_large(self) -> None:
        """Case 36: a file of more than 10,000 parts is refused before anything is sent."""
        server = self.serve()
        path = self.folder / "source"
        path.touch()
        os.truncate(path, 10_000 * 5 * MIB + 1)
        driver = self.driver(server.url)
        self.bad(driver.run("put_file", uri="s3://test/k", path=str(path), transfer=PARTS), "LIMIT",
                 says=("52428800001 bytes", "transfer.part_bytes is too small"))
        self.assertEqual(server.records, [])

    def test_45_source_shrinks(self) -> None:
        """Case 45: the source file shrinks during its upload: an error, an abort, no hang."""
        server = self.serve({"rules": [{"on": "part", "part": 1, "do": {"hold": True}}]})
        path, _ = self.file(40 * MIB)
        driver = self.driver(server.url)
        driver.send("put_file", uri="s3://test/k", path=path, transfer=PARTS | {"parallel": 1})
        self.assertTrue(server.wait_for(lambda: bool(server.of("part"))))
        os.truncate(path, 7 * MIB)
        server.release.set()
        self.bad(driver.result(), "IO")
        self.assertEqual(len(server.of("abort")), 1)

    def test_45_source_changes(self) -> None:
        """Case 45: other bytes are written into the source during its upload: the same."""
        server = self.serve({"rules": [{"on": "part", "part": 1, "do": {"hold": True}}]})
        path, _ = self.file(40 * MIB)
        driver = self.driver(server.url)
        driver.send("put_file", uri="s3://test/k", path=path, transfer=PARTS | {"parallel": 1})
        self.assertTrue(server.wait_for(lambda: bool(server.of("part"))))
        with open(path, "r+b") as file:
            file.seek(30 * MIB)
            file.write(b"other")
        server.release.set()
        self.bad(driver.result(), "IO", says=("changed meanwhile",))
        self.assertEqual(len(server.of("abort")), 1)
        self.assertEqual(server.model.data("test", "k"), None)

    def test_36_memory(self) -> None:
        """Case 36: parts of a file are read while they are sent; none is held in memory."""
        server = self.serve()
        small, _ = self.file(100, "small")
        path, data = self.file(96 * MIB)
        driver = self.driver(server.url)
        self.good(driver.run("put_file", uri="s3://test/k", path=small))
        before = driver.peak_kb()
        self.good(driver.run("put_file", uri="s3://test/k", path=path,
                             transfer={"part_bytes": 24 * MIB}))
        self.assertEqual(server.model.data("test", "k"), data)
        self.assertEqual(len(server.of("part")), 4)
        self.assertLess(driver.peak_kb() - before, 4 * 1024)

    def test_45_disk_full(self) -> None:
        """Case 45: no room for a download: said so, nothing is left."""
        server = self.serve()
        server.model.put_object("test", "k", bytes(4 * MIB))
        driver = self.driver(server.url, wrap=("prlimit", f"--fsize={MIB}"))
        path = self.folder / "target"
        self.bad(driver.run("get_file", uri="s3://test/k", path=str(path)), "SPACE")
        self.assertEqual(list(self.folder.iterdir()), [])


class Transport(StoreTest):
    """TLS, proxies, stalls, hosts that are not there."""

    def test_22_https_to_http(self) -> None:
        """Case 22: a redirect from https to http is refused."""
        made = Certificates(self.folder)
        plain = self.serve()
        plain.model.put_object("public", "k.png", media.png(64, 64))
        secure = self.serve({"rules": [{"on": "get", "do": {
            "status": 302, "headers": {"Location": f"{plain.url}/public/k.png"}}}]}, tls=made.server())
        driver = self.driver(ca_file=made.ca)
        self.bad(driver.run("compose", sources=[f"{secure.url}/public/k.png"]))
        self.assertEqual(plain.records, [])

    def test_25_memory(self) -> None:
        """Case 25: a body without end costs no memory and little transfer."""
        server = self.serve({"rules": [{"on": "get", "do": {"body": "", "length": "endless"}}]})
        driver = self.driver(server.url, policy={"max_fetch_bytes": 8 * MIB})
        before = driver.memory_kb()
        for _ in range(3):
            self.bad(driver.run("get", uri="s3://test/k", path="/dev/null"), "LIMIT")
        # What the kernel buffers is sent, but not received.
        self.assertLess(max(r.sent_bytes for r in server.records), 24 * MIB)
        self.assertLess(driver.memory_kb() - before, 24 * 1024)

    def test_32_stalls(self) -> None:
        """Case 32: no reply, or a byte in ten seconds either way: given up within the limits."""
        cases = [("get_file", {"on": "get", "do": {"trickle": [1, 10]}}, 50),
                 ("put_file", {"on": "put", "do": {"read": MIB, "stall": 200}}, 80),
                 ("head", {"on": "head", "do": {"delay": 200}}, 80)]
        path, _ = self.file(12 * MIB)
        running = []
        for op, rule, limit_s in cases:
            server = self.serve({"rules": [rule]})
            server.model.put_object("test", "k", bytes(MIB))
            driver = self.driver(server.url, max_tries=1)
            target = str(self.folder / "target") if op == "get_file" else path
            driver.send(op, uri="s3://test/k", path=target)
            running.append((driver, limit_s))
        begin = time.monotonic()
        for driver, limit_s in running:
            result = driver.result(limit_s + 10 - (time.monotonic() - begin))
            self.bad(result, "TIMEOUT", "NETWORK")
            self.assertLess(result["ms"], limit_s * 1000)

    def test_32_deadline(self) -> None:
        """Case 32: a deadline of its own ends a transfer that stalls, and aborts it."""
        server = self.serve({"rules": [{"on": "part", "part": 2, "do": {"delay": 60}}]})
        path, _ = self.file(15 * MIB)
        result = self.driver(server.url).run("put_file", uri="s3://test/k", path=path,
                                             transfer=PARTS | {"deadline_us": 2000000})
        self.bad(result, "DEADLINE", "TIMEOUT")
        self.assertLess(result["ms"], 4000)
        self.assertEqual(len(server.of("abort")), 1)

    def test_33_nobody_there(self) -> None:
        """Case 33: refused, or no such name: the error names the host."""
        port, = free_ports(1)
        for host in (f"127.0.0.1:{port}", "no-such-host.invalid"):
            result = self.driver(f"http://{host}").run("head", uri="s3://test/k")
            self.bad(result, "NETWORK", says=(host.split(":")[0],))

    def test_34_tls(self) -> None:
        """Case 34: unknown authority, wrong host, expired, too old: final, nothing is sent."""
        made = Certificates(self.folder)
        cases = [("good", False, made.ca, True), ("good", False, None, False),
                 ("wrong-host", False, made.ca, False), ("expired", False, made.ca, False),
                 ("good", True, made.ca, False)]
        for kind, old, ca, works in cases:
            with self.subTest(kind=kind, old=old, ca=bool(ca)):
                server = self.serve(tls=made.server(kind, tls10=old))
                driver = self.driver(server.url, ca_file=ca)
                result = driver.run("put", uri="s3://test/k", data="x")
                if works:
                    self.good(result)
                    continue
                self.bad(result, "NETWORK", "AUTH", "PERMISSION")
                self.assertEqual((server.records, server.accepted), ([], 1))

    def test_44_proxies(self) -> None:
        """Case 44: from the environment or an option; no_proxy; passwords stay secret."""
        self.secrets = [*self.secrets, "proxypass"]
        with_password = "http://user:proxypass@127.0.0.1:{}"
        # option, variables, requests through the proxy
        cases: list[tuple[str | None, dict[str, str], int]] = [
            (None, {"http_proxy": "http://127.0.0.1:{}"}, 1), (None, {"HTTP_PROXY": "http://127.0.0.1:{}"}, 0),
            (None, {"all_proxy": with_password}, 1), (with_password, {}, 1),
            ("", {"http_proxy": "http://127.0.0.1:{}"}, 0),
            (None, {"http_proxy": "http://127.0.0.1:{}", "no_proxy": "127.0.0.1"}, 0),
            (None, {"http_proxy": "http://127.0.0.1:{}", "no_proxy": "127.0.0.0/8"}, 0)]
        for option, variables, through in cases:
            with self.subTest(option=option, variables=variables):
                proxy, server = self.serve(), self.serve()
                env = {n: v.format(proxy.port) for n, v in variables.items()}
                chosen = option.format(proxy.port) if option else option
                driver = self.driver(server.url, env=env, proxy=chosen)
                self.good(driver.run("put", uri="s3://test/k", data="x"))
                self.assertEqual((len(proxy.records), len(server.records)), (through, 1 - through))

    def test_44_proxy_refuses(self) -> None:
        """Case 44: 407, and a tunnel that is refused: an error, no loop; a tunnel that works."""
        made = Certificates(self.folder)
        for do, works in (({}, True), ({"status": 407, "body": ""}, False),
                          ({"status": 403, "body": ""}, False)):
            with self.subTest(do):
                rules = [] if works else [{"on": "connect", "do": do}]
                proxy, server = self.serve({"rules": rules}), self.serve(tls=made.server())
                driver = self.driver(server.url, ca_file=made.ca, proxy=proxy.url)
                result = driver.run("put", uri="s3://test/k", data="x")
                if works:
                    self.good(result)
                else:
                    self.bad(result, "NETWORK", "AUTH", "PERMISSION")
                    self.assertEqual(server.records, [])
                self.assertLessEqual(len(proxy.of("connect")), 3)


class Renders(StoreTest):
    """Videos that go into a store while they are made."""

    def test_video(self) -> None:
        """Cases 9, 36: a render straight into parts, one of which fails; as one call and as a job."""
        big = {"images": 3, "image_ms": 2000, "noise": True, "side": 512, "fps": 30, "kbps": 30000}
        for how in ({}, {"blocking": True}, {"path": str(self.folder / "video.mp4")}):
            with self.subTest(how):
                server = self.serve({"rules": [{"on": "part", "part": 2, "nth": 1,
                                                "do": {"code": "InternalError"}}]})
                driver = self.driver(server.url)
                done = self.good(driver.run("compose", uri="s3://test/v.mp4", transfer=PARTS, **big,
                                            **how))["object"]
                stored = server.model.data("test", "v.mp4") or b""
                self.assertEqual(done["bytes"], len(stored))
                self.assertGreater(done["parts"], 1)
                self.assertEqual([b[0] for b in media.boxes(stored)][:2], ["ftyp", "moov"])
                kept = server.model.objects["test", "v.mp4"]
                self.assertEqual(kept.headers["content-type"], "video/mp4")

    def test_small_video(self) -> None:
        """Case 36: a small one is one PUT."""
        server = self.serve()
        done = self.good(self.driver(server.url).run("compose", uri="s3://test/v.mp4", images=1))
        self.assertEqual((done["object"]["parts"], len(server.of("put"))), (0, 1))

    def test_cancelled_video(self) -> None:
        """Case 11: a job is cancelled while its parts leave."""
        server = self.serve({"rules": [{"on": "part", "part": 2, "do": {"hold": True}}]})
        driver = self.driver(server.url)
        driver.send("compose", uri="s3://test/v.mp4", images=3, image_ms=2000, noise=True, side=512,
                    fps=30, kbps=30000, transfer=PARTS)
        self.assertTrue(server.wait_for(lambda: bool(server.of("part")), 60))
        driver.send("cancel")
        self.bad(driver.result(15), "CANCELLED")
        self.assertEqual(len(server.of("abort")), 1)


class Soak(StoreTest):
    """Case 46."""

    FAULTS: list[Action] = [
        {"code": "InternalError"}, {"code": "SlowDown"}, {"cut": -1, "end": "rst"},
        {"code": "AccessDenied"}, {"cut": 0.4, "end": "fin"}, {"read": 1000, "end": "rst"},
        {"silent_close": True}, {"delay": 0.2}, {"trickle": [4096, 0.001]},
        {"status": 502, "body": "<html>bad gateway</html>"}, {"corrupt": True},
        {"corrupt_request": True}, {"length": 1000, "end": "fin"},
        {"status": 200, "code": "InternalError"}]
    JOBS = 200

    def test_46_soak(self) -> None:
        """Case 46: 200 jobs, a fault in every fifth request: done or a typed error, nothing corrupt,
        nothing open, descriptors and memory flat."""
        dice = random.Random(20240611)
        lock = threading.Lock()

        def choose(record: Record) -> Action | None:
            with lock:
                if dice.random() >= 0.2:
                    return None
                return dice.choice(self.FAULTS)

        server = self.serve(choose=choose)
        server.model.own_checksums = True  # else nothing can tell that an object in parts is damaged
        driver = self.driver(server.url)
        path, data = self.file(11 * MIB)
        Path(path + ".small").write_bytes(data[:5000])
        begin, done, seen = time.monotonic(), 0, []
        for job in range(self.JOBS):
            done += self.job(driver, server, job, path, data)
            if job % 50 == 49:
                seen.append((driver.descriptors(), driver.memory_kb()))
        self.assertLess(time.monotonic() - begin, 180)
        self.assertGreater(done, self.JOBS // 3)
        self.check_open_uploads(server, driver)
        for descriptors, memory_kb in seen[1:]:
            self.assertLessEqual(descriptors, seen[0][0] + 4, seen)
            self.assertLess(memory_kb, seen[0][1] * 1.05 + 4096, seen)

    def job(self, driver: Driver, server: FaultServer, job: int, path: str, data: bytes) -> bool:
        """Upload, then look at what is stored; every other one is read back. True: it went well."""
        small = job % 2 == 0
        wanted = data[:5000] if small else data
        key = f"k{job}"
        result = driver.run("put_file", uri=f"s3://test/{key}", path=path + small * ".small",
                            transfer=PARTS)
        stored = server.model.data("test", key)
        self.assertIn(stored, (None, wanted), "corrupt")
        if result["status"] == "HYDRA_OK":
            self.assertEqual(stored, wanted)
        else:
            self.bad(result, "NETWORK", "SERVER", "PERMISSION", "VERIFY", "AUTH", "TIMEOUT")
        if stored and job % 4 < 2:
            target = Path(path).with_name("target")
            got = driver.run("get_file", uri=f"s3://test/{key}", path=str(target))
            if got["status"] == "HYDRA_OK":
                self.assertEqual(target.read_bytes(), wanted)
            else:
                self.bad(got, "NETWORK", "SERVER", "PERMISSION", "VERIFY", "AUTH", "TIMEOUT")
                self.assertFalse(target.exists() and target.read_bytes() != wanted)
            target.unlink(missing_ok=True)
        with server.model.lock:
            server.model.objects.clear()
        return result["status"] == "HYDRA_OK"

    def check_open_uploads(self, server: FaultServer, driver: Driver) -> None:
        """An upload may be open only where a reply to Create was lost, or an abort was refused and
        the error said its id."""
        told = driver.output()
        known = {r.request.params["uploadId"] for r in server.of("part", "complete", "abort")}
        for upload in list(server.model.uploads):
            self.assertTrue(upload not in known or upload in told, "an upload was left open")
            del server.model.uploads[upload]


if __name__ == "__main__":
    sys.exit(counting.run("__main__"))
