#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Who may be reached, and how much of it: redirects, addresses inside, names that change, replies that
do not end, certificates, proxies.

    python3 tests/s3/test_reach.py BUILD [TEST...]

Runs in a network namespace of its own, with a name server of its own, where they can be made; where
not, what needs them says SKIP. Nothing outside is reached. Everything that the library writes, its
transport's log at its fullest included, is searched for secrets.
"""

import os
import socket
import ssl
import sys
import tempfile
import time
import unittest
from collections.abc import Sequence
from pathlib import Path

import audit
import reach_net as net
from certificates import Certificates
from reach_case import ReachTest
from reach_endless import Endless  # noqa: F401 - found by its name
from reach_net import NameServer, Server, redirect, reply

HEADERS = {"Authorization": "Bearer bearer/secret+0123", "Cookie": "session=cookie-secret-0123",
           "X-Amz-Security-Token": "token/secret+0123=", "X-Amz-Date": "20260102T030405Z",
           "X-Amz-Content-Sha256": "UNSIGNED-PAYLOAD", "X-Amz-Meta-Note": "a note",
           "X-Api-Key": "api-key-secret-0123", "X-Auth-Token": "auth-token-secret-0123"}


class Redirects(ReachTest):
    def headers(self) -> list[str]:
        return [f"header={name}:{value}" for name, value in HEADERS.items()]

    def has_none(self, head: str) -> None:
        for name, value in HEADERS.items():
            self.assertNotIn(value.lower(), head.lower())
            self.assertNotIn(f"{name.lower()}:", head.lower())
        self.assertNotIn("x-amz-", head.lower())
        self.assertNotIn("referer", head.lower())

    def has_all(self, head: str) -> None:
        for name, value in HEADERS.items():
            self.assertIn(f"{name}: {value}", head)

    def test_21_other_port(self) -> None:
        for status in (301, 302, 303, 307, 308):
            with self.subTest(status), Server() as second:
                with Server(redirect(f"{second.url}/b?t=query-secret-0123", status)) as first:
                    self.ends("OK", *self.headers(), f"get={first.url}/a?s=query-secret-0123")
                self.has_all(first.heads[0])
                self.has_none(second.heads[0])

    def test_21_other_host(self) -> None:
        with Server() as server:
            server.pages = {"/a": redirect(f"http://localhost:{server.port}/b"), "/b": reply()}
            self.ends("OK", *self.headers(), f"get={server.url}/a")
        self.has_all(server.heads[0])
        self.has_none(server.heads[1])

    def test_21_there_and_back(self) -> None:
        """Who was somewhere else does not get them back: the way was not the caller's."""
        with Server() as second, Server() as first:
            first.pages = {"/a": redirect(f"{second.url}/b"), "/c": reply(200, b"back")}
            second.pages = {"/b": redirect(f"{first.url}/c")}
            self.ends("OK", *self.headers(), f"get={first.url}/a")
        self.has_all(first.heads[0])
        self.has_none(second.heads[0])
        self.has_none(first.heads[1])

    def test_21_same_origin(self) -> None:
        """They stay; a cookie that the server sets is none of ours."""
        with Server({"/a": reply(302, b"", "Location: /b", "Set-Cookie: theirs=cookie-secret-0123"),
                     "/b": reply()}) as server:
            self.ends("OK", *[h for h in self.headers() if "Cookie" not in h],
                      f"get={server.url}/a")
        self.assertIn("Bearer", server.heads[1])
        self.assertNotIn("cookie", server.heads[1].lower())

    def test_22_no_way_on(self) -> None:
        with tempfile.NamedTemporaryFile() as marker, Server() as other:
            marker.write(b"never read")
            marker.flush()
            rest = f"127.0.0.1:{other.port}"
            for location in (None, "", " ", f"file://{marker.name}", f"FILE://localhost{marker.name}",
                             f"gopher://{rest}/_x", f"ftp://{rest}/x", f"dict://{rest}/x",
                             f"ldap://{rest}", f"tftp://{rest}/x", "s3://bucket/key",
                             "javascript:alert(1)", "data:,x", "http:", "http://", "http:///x", "//",
                             f"http://user:proxy-secret-0123@{rest}/", "http://127.0.0.1:99999/",
                             "http://[::1/", f"http://{rest}\\@elsewhere/", f"http://{rest} /",
                             "http://%31%32%37.0.0.1/", "http://exa\u00e4mple/", "x" * 9000):
                with self.subTest(location), Server(redirect(location)) as server:
                    result = self.ends("ERR_SERVER", f"get={server.url}/a", says="redirects")
                    self.assertEqual((result.size, len(server.heads)), (0, 1))
            self.assertEqual(other.accepted, 0)

    def test_said_by_servers(self) -> None:
        """What comes from outside is in the log, but it cannot play tricks or tell secrets there."""
        lines = ("X-A: \x1b[2J\x07\x08", "X-Auth-Token: auth-token-secret-0123", "\x7fX-B:",
                 "X-C: http://user:proxy-secret-0123@h/?query-secret-0123",
                 "Set-Cookie: a=cookie-secret-0123", "WWW-Authenticate: x\x0b\x0c")
        for status in (200, 302, 404):
            head = "\r\n".join([f"HTTP/1.1 {status} \x1b]0;title\x07", *lines, "Content-Length: 5",
                                "Location: /b\x1b?query-secret-0123", "", ""])
            answer = head.encode() + b"hello"
            with self.subTest(status), Server(lambda e, a=answer: e.send(a)) as server:
                self.fetch(f"get={server.url}/a?query-secret-0123")
                self.assertIn("< X-C: ", self.log)

    def test_22_how_many(self) -> None:
        def chain(length: int) -> dict[str, bytes]:
            hops = {f"/{i}": redirect(f"/{i + 1}") for i in range(length)}
            return hops | {f"/{length}": reply(200, b"end")}
        for length, words, status, requests in ((5, [], "OK", 6), (6, [], "ERR_SERVER", 6),
                                                (1, ["redirects=0"], "ERR_SERVER", 1),
                                                (10, ["redirects=10"], "OK", 11),
                                                (11, ["redirects=10"], "ERR_SERVER", 11)):
            with self.subTest(length), Server(chain(length)) as server:
                self.ends(status, *words, f"get={server.url}/0",
                          says="" if status == "OK" else "redirects too often")
                self.assertEqual(len(server.heads), requests)

    def test_22_circles(self) -> None:
        for pages, requests in (({"/a": redirect("/a")}, 1), ({"/a": redirect("#here")}, 1),
                                ({"/a": redirect("/b"), "/b": redirect("/a")}, 2),
                                ({"/a": redirect("/x/../a")}, 1)):
            with self.subTest(pages), Server(pages) as server:
                self.ends("ERR_SERVER", f"get={server.url}/a", says="in a circle")
                self.assertEqual(len(server.heads), requests)

    def test_22_endless(self) -> None:
        """No page twice, and never an end."""
        def onward(exchange: net.Exchange) -> bool:
            exchange.send(redirect(f"/a?n={len(exchange.server.heads)}"))
            return True
        with Server(onward) as server:
            self.ends("ERR_SERVER", f"get={server.url}/a", says="redirects too often")
        self.assertEqual(len(server.heads), 6)

    def test_22_to_http(self) -> None:
        with tempfile.TemporaryDirectory() as folder, Server() as plain:
            made = Certificates(Path(folder))
            with Server(redirect(plain.url), tls=made.server()) as secure:
                self.ends("ERR_SERVER", f"ca={made.ca}", f"get={secure.url}/a",
                          says="from https to http")
            with Server(tls=made.server()) as secure, Server(redirect(secure.url)) as first:
                self.ends("OK", f"ca={made.ca}", *self.headers(), f"get={first.url}/a")
            self.has_none(secure.heads[0])
        self.assertEqual(plain.accepted, 0)


class Certified(ReachTest):
    """Case 34."""

    @classmethod
    def setUpClass(cls) -> None:
        folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.made = Certificates(Path(folder))
        cls.ca = f"ca={cls.made.ca}"

    def final(self, context: ssl.SSLContext, *words: str, **environment: str) -> None:
        """An error, after one connection in which no request was made."""
        with Server(tls=context) as server:
            self.ends("ERR_NETWORK", *words, f"get={server.url}/a?s=query-secret-0123",
                      says=f"no secure connection to 127.0.0.1:{server.port}", **environment)
        self.assertEqual((server.accepted, server.heads), (1, []))

    def test_unknown_ca(self) -> None:
        self.final(self.made.server())

    def test_wrong_host(self) -> None:
        self.final(self.made.server("wrong-host"), self.ca)

    def test_expired(self) -> None:
        self.final(self.made.server("expired"), self.ca)

    def test_old_versions(self) -> None:
        for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
            with self.subTest(version):
                context = self.made.server(tls10=True)
                context.maximum_version = version
                self.final(context, self.ca)

    def test_no_tls(self) -> None:
        with Server(greeting=b"220 ready\r\n") as server:
            self.ends("ERR_NETWORK", self.ca, f"get=https://127.0.0.1:{server.port}/")
        self.assertEqual(server.accepted, 1)

    def test_good(self) -> None:
        nowhere = "/nonexistent/ca.pem"
        for words, environment in (
                ([self.ca], {}), ([], {"AWS_CA_BUNDLE": self.made.ca}),
                ([], {"SSL_CERT_FILE": self.made.ca}), ([self.ca], {"AWS_CA_BUNDLE": nowhere}),
                ([], {"AWS_CA_BUNDLE": self.made.ca, "SSL_CERT_FILE": nowhere}),
                ([], {"AWS_CA_BUNDLE": "", "SSL_CERT_FILE": self.made.ca})):
            with self.subTest(words=words, environment=environment):
                with Server(tls=self.made.server()) as server:
                    self.ends("OK", *words, f"get={server.url}/a", **environment)
                self.assertEqual(len(server.heads), 1)

    def test_no_ca_file(self) -> None:
        """A file that is not there is no reason to trust the system's."""
        with Server(tls=self.made.server()) as server:
            for words, environment in ((["ca=/nonexistent/ca.pem"], {}),
                                       ([], {"AWS_CA_BUNDLE": "/nonexistent/ca.pem"})):
                self.ends("ERR_NETWORK", *words, f"get={server.url}/a", **environment)
        self.assertEqual(server.heads, [])
        self.assertLessEqual(server.accepted, 2)

    def test_after_a_redirect(self) -> None:
        with Server(tls=self.made.server("wrong-host")) as second:
            with Server(redirect(second.url), tls=self.made.server()) as first:
                self.ends("ERR_NETWORK", self.ca, f"get={first.url}/a", says="no secure connection")
        self.assertEqual((second.accepted, second.heads), (1, []))


class Proxies(ReachTest):
    """Case 44."""

    def through(self, url: str, expected: bool, *words: str, **environment: str) -> None:
        """`url` with {} for the server's port; PROXY in what is given is replaced by the proxy's."""
        with Server(reply(200, b"proxy")) as proxy, Server(reply(200, b"straight")) as server:
            def fill(text: str) -> str:
                return text.replace("PROXY", f"127.0.0.1:{proxy.port}")
            self.ends("OK", *map(fill, words), f"get={url.format(server.port)}",
                      **{n: fill(v) for n, v in environment.items()})
        self.assertEqual((len(proxy.heads), len(server.heads)), (int(expected), int(not expected)))

    def test_variables(self) -> None:
        url = "http://127.0.0.1:{}/a"
        for variables, expected in (({"http_proxy": "http://PROXY"}, True),
                                    ({"http_proxy": "PROXY"}, True),
                                    ({"HTTP_PROXY": "http://PROXY"}, False),
                                    ({"all_proxy": "http://PROXY"}, True),
                                    ({"ALL_PROXY": "http://PROXY"}, True),
                                    ({"https_proxy": "http://PROXY"}, False),
                                    ({"http_proxy": ""}, False)):
            with self.subTest(variables):
                self.through(url, expected, **variables)

    def test_exceptions(self) -> None:
        for host, exceptions, expected in (
                ("127.0.0.1", "127.0.0.1", False), ("127.0.0.1", "127.0.0.0/8", False),
                ("127.0.0.1", "10.0.0.0/8, 127.0.0.0/9", False), ("127.0.0.1", "127.0.0.2", True),
                ("127.0.0.1", "128.0.0.0/8", True), ("127.0.0.1", "*", False),
                ("a.localhost", "localhost", False), ("a.localhost", ".localhost", False),
                ("a.localhost", "other,LOCALHOST", False), ("alocalhost", "localhost", True),
                ("a.localhost", "b.localhost", True), ("a.localhost", "ocalhost", True)):
            for name in ("no_proxy", "NO_PROXY"):
                with self.subTest(host=host, exceptions=exceptions):
                    self.through(f"http://{host}:{{}}/a", expected,
                                 **{"http_proxy": "http://PROXY", name: exceptions})

    def test_option(self) -> None:
        """It beats the environment, also with nothing."""
        dead = "http://127.0.0.1:1"
        self.through("http://127.0.0.1:{}/a", True, "proxy=http://PROXY", http_proxy=dead)
        self.through("http://127.0.0.1:{}/a", False, "proxy=", http_proxy=dead, all_proxy=dead)

    def test_password(self) -> None:
        """It goes to the proxy, and is seen nowhere."""
        for status in (200, 407):
            with Server(reply(status, b"x", "Proxy-Authenticate: Basic")) as proxy:
                url = f"http://user:proxy-secret-0123@127.0.0.1:{proxy.port}"
                result = self.one("get=http://198.51.100.1/a?s=query-secret-0123", http_proxy=url)
            self.assertEqual(result.status, "OK" if status == 200 else "ERR_SERVER", result)
            self.assertEqual(len(proxy.heads), 1)
            self.assertIn("Proxy-Authorization: Basic ", proxy.heads[0])

    def test_tunnel(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            made = Certificates(Path(folder))
            for name in ("https_proxy", "HTTPS_PROXY", "all_proxy"):
                with Server(net.tunnel) as proxy, Server(tls=made.server()) as server:
                    self.ends("OK", f"ca={made.ca}", "header=Authorization:Bearer bearer/secret+0123",
                              f"get={server.url}/a?s=query-secret-0123", **{name: proxy.url})
                self.assertEqual((proxy.heads[0].split()[0], len(server.heads)), ("CONNECT", 1))
                self.assertNotIn("secret", proxy.heads[0])

    def test_tunnel_refused(self) -> None:
        for status, tries in ((407, 1), (403, 1), (502, 5)):
            with Server(reply(status, b"no", "Proxy-Authenticate: Basic")) as proxy:
                url = f"http://user:proxy-secret-0123@127.0.0.1:{proxy.port}"
                self.ends("ERR_NETWORK", "get=https://198.51.100.1/a", https_proxy=url,
                          says=f"the proxy refused to connect to 198.51.100.1:443: HTTP status {status}")
            self.assertEqual(len(proxy.heads), tries)

    def test_tunnel_that_talks(self) -> None:
        """A proxy that does not come to an end before the tunnel is there."""
        def answer(e: net.Exchange) -> None:
            e.send(b"HTTP/1.1 200 connected\r\n")
            e.flood(b"X-H: " + b"a" * 1000 + b"\r\n")
        begin = time.monotonic()
        with Server(answer) as proxy:
            result = self.one("connect_ms=300", "get=https://198.51.100.1/a", https_proxy=proxy.url)
        self.assertIn(result.status, ("ERR_TIMEOUT", "ERR_NETWORK", "ERR_LIMIT"), result)
        self.assertLess(time.monotonic() - begin, 20)
        self.assertLess(result.memory_kb, 200 << 10)

    def test_service(self) -> None:
        """Behind a proxy nobody sees the address: only one that the library's host chose will do."""
        for variables in ({"https_proxy": "http://PROXY"}, {"all_proxy": "http://PROXY"}):
            with Server() as proxy:
                filled = {n: v.replace("PROXY", f"127.0.0.1:{proxy.port}") for n, v in variables.items()}
                self.ends("ERR_PERMISSION", "service", "get=https://cdn.example/a", **filled,
                          says="the environment names a proxy")
            self.assertEqual(proxy.accepted, 0)
        with Server() as proxy:
            self.ends("OK", "service", "plain", f"proxy={proxy.url}", "get=http://cdn.example/a")
            for host in ("10.1.2.3", "2130706433", "[::1]", "0xa9fea9fe"):
                self.ends("ERR_PERMISSION", "service", "plain", f"proxy={proxy.url}",
                          f"get=http://{host}/a", says="the policy does not allow the address")
        self.assertEqual(len(proxy.heads), 1)


# What is inside, in the spellings of those who want in, and the network that it is listed by.
INSIDE = {"127.0.0.1": "127.0.0.0/8", "127.1": "127.0.0.0/8", "0x7f.1": "127.0.0.0/8",
          "0X7F000001": "127.0.0.0/8", "2130706433": "127.0.0.0/8", "017700000001": "127.0.0.0/8",
          "0177.0.0.1": "127.0.0.0/8", "[::ffff:127.0.0.1]": "127.0.0.0/8",
          "[::ffff:7f00:1]": "127.0.0.0/8", "[0:0:0:0:0:ffff:0a01:0203]": "10.1.2.3",
          "localhost": "127.0.0.0/8", "a.localhost": "127.0.0.0/8", "LOCALHOST": "127.0.0.0/8",
          "10.1.2.3": "10.0.0.0/8", "167838211": "10.1.0.0/16", "169.254.169.254": "169.254.169.254/32",
          "0xa9fea9fe": "169.254.0.0/16", "0251.0376.0251.0376": "169.254.0.0/16",
          "[::ffff:169.254.169.254]": "169.254.0.0/16", "172.16.0.9": "172.16.0.0/12",
          "192.168.7.7": "192.168.0.0/16", "100.64.0.1": "100.64.0.0/10", "198.18.0.1": "198.18.0.0/15",
          "192.0.0.8": "192.0.0.0/24", "0.0.0.0": "0.0.0.0/8", "0": "0.0.0.0/8", "[::]": "::/128",
          "[::1]": "::1/128", "[0:0::0:1]": "::1", "[fd00::1]": "fd00::/8", "[fec0::1]": "fec0::/10",
          "[64:ff9b::10.1.2.3]": "10.0.0.0/8", "[64:ff9b:1::a01:203]": "64:ff9b:1::/48",
          "[2002:a01:203::1]": "10.0.0.0/8", "[::10.1.2.3]": "::/96"}


class Namespace(ReachTest):
    """Case 23: on the real addresses."""

    def test_inside(self) -> None:
        with Server(address="", port=80) as http, Server(address="", port=443) as https:
            urls = [f"get={s}://{host}/a" for s in ("http", "https") for host in INSIDE]
            for url, result in zip(urls, self.fetch("service", "plain", *urls), strict=True):
                self.assertEqual((url, result.status), (url, "ERR_PERMISSION"), result)
                self.assertIn("the policy does not allow the address", result.text)
        self.assertEqual((http.reached, https.reached), ([], []))

    def test_odd_spellings(self) -> None:
        """What one reader might take for an address inside and another for a name."""
        hosts = ("127.0.0.1.", "2130706433.", "0x7f.0x0.0x0.0x1.", "127.0.0.01", "127.000.000.001",
                 "00000177.0.0.1", "4294967295", "4294967296", "0x100000000", "127.0.0.1%00.cdn.example",
                 "127.0.0.1%2ecdn.example", "%6c%6f%63%61%6c%68%6f%73%74", "[::1%25lo]", "[::1%lo]",
                 "[::ffff:127.0.0.1", "[127.0.0.1]", "[v1.127]", "\uff11\uff12\uff17.0.0.1",
                 "127\u30020\u30020\u30021", "\u24db\u24de\u24d2al\u24d7ost", "localhost.",
                 "cdn.example@127.0.0.1", "cdn.example:80@127.0.0.1", "127.0.0.1:80:80", "127.0.0.1\\.cdn.example",
                 "cdn.example\\@127.0.0.1", "127.0.0.1 .cdn.example", "127.0.0.1\r\nHost: x", "-1", "+1",
                 "127.0.0.1#@cdn.example", "127.0.0.1?@cdn.example", "127.1:80", "127.1:00080")
        with Server(address="", port=80) as server:
            for host in hosts:
                result = self.one("service", "plain", "connect_ms=200", f"get=http://{host}/a")
                self.assertIn(result.status, ("ERR_PERMISSION", "ERR_ARGUMENT", "ERR_NETWORK"), host)
        self.assertEqual((server.reached, server.accepted), ([], 0))

    def test_service(self) -> None:
        """As it is, without http."""
        with Server(address="", port=80) as server:
            results = self.fetch("service", *(f"get=http://{host}/a" for host in INSIDE))
        self.assertEqual({r.status for r in results}, {"ERR_PERMISSION"})
        self.assertEqual(server.reached, [])

    def test_listed(self) -> None:
        for host, network in INSIDE.items():
            with self.subTest(host), Server(address="", port=80) as server:
                self.ends("OK", "service", "plain", f"network={network}", f"get=http://{host}/a")
                self.assertEqual(len(server.reached), 1)

    def test_listed_others(self) -> None:
        """A network opens itself and no other."""
        with Server(address="", port=80) as server:
            for network in ("127.0.0.2/32", "10.1.2.0/31", "fd00::/16", "169.254.169.252/31"):
                hosts = [h for h in INSIDE if not (network[0] == "f" and h == "[fd00::1]")]
                results = self.fetch("service", "plain", f"network={network}",
                                     *(f"get=http://{host}/a" for host in hosts))
                self.assertEqual({r.status for r in results}, {"ERR_PERMISSION"}, network)
        self.assertEqual(server.reached, [])

    def test_outside(self) -> None:
        with Server(address="", port=80) as server:
            for host in (net.PUBLIC, f"[{net.PUBLIC_6}]", f"[::ffff:{net.PUBLIC}]"):
                self.ends("OK", "service", "plain", f"get=http://{host}/a")
        self.assertEqual(server.reached, [net.PUBLIC, net.PUBLIC_6, net.PUBLIC])

    def test_local(self) -> None:
        with Server(address="", port=80) as server:
            self.ends("OK", "local", f"get=http://{net.IMDS}/a")
        self.assertEqual(server.reached, [net.IMDS])

    def test_hosts(self) -> None:
        """A host that is allowed by name is not allowed to be inside."""
        with Server(address="", port=80) as server:
            self.ends("ERR_PERMISSION", "service", "plain", "host=.localhost",
                      "get=http://a.localhost/a", says="the policy does not allow the address")
            self.ends("ERR_PERMISSION", "service", "plain", "host=.cdn.example",
                      f"get=http://{net.PUBLIC}/", says="the policy does not allow the host")
        self.assertEqual(server.reached, [])

    def test_kept_connections(self) -> None:
        """One that was opened under a laxer policy is not used under a stricter."""
        with Server(address="", port=80) as server:
            for lax in (["local"], ["service", "plain", "network=127.0.0.0/8"]):
                results = self.fetch(*lax, "get=http://localhost/a", "get=http://localhost/a",
                                     "service", "plain", "get=http://localhost/a")
                self.assertEqual([r.status for r in results], ["OK", "OK", "ERR_PERMISSION"])
        self.assertEqual((len(server.reached), len(server.heads)), (2, 4))

    def test_redirect(self) -> None:
        """From outside to inside: each spelling, and at the end of a chain."""
        for host in INSIDE:
            with self.subTest(host), Server(address="", port=80) as server:
                server.pages = {"/a": redirect("/b"), "/b": redirect("/c?d"),
                                "/c": redirect(f"http://{host}/latest/meta-data/")}
                self.ends("ERR_PERMISSION", "service", "plain", f"get=http://{net.PUBLIC}/a",
                          says="the policy does not allow the address")
                self.assertEqual(set(server.reached), {net.PUBLIC})
                self.assertEqual(len(server.heads), 3)

    def test_44_credentials(self) -> None:
        """Their endpoints are asked straight, whatever proxies there are."""
        keys = reply(200, b'{"Code": "Success", "AccessKeyId": "KEYID", "SecretAccessKey": '
                          b'"instance-secret-0123", "Token": "token/secret+0123=", '
                          b'"Expiration": "2100-03-01T00:00:00Z"}')
        role = "/latest/meta-data/iam/security-credentials/"
        pages = {"/latest/api/token": reply(200, b"the-token"), role: reply(200, b"role"),
                 f"{role}role": keys, "/v2/1": keys}
        for address, environment in ((net.IMDS, {}), (net.CONTAINER, {
                "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/1"})):
            with Server() as proxy, Server(pages, address=address, port=80) as server:
                proxies = {n: proxy.url for n in ("http_proxy", "https_proxy", "all_proxy",
                                                  "HTTPS_PROXY", "ALL_PROXY")}
                text = self.run_program("credentials_driver", **environment, **proxies)
            self.assertIn("KEYID", text)
            self.assertEqual((proxy.accepted, len(server.heads)), (0, 1 if environment else 3))


class Names(ReachTest):
    """Case 24: what a name server says is not believed. Public and private addresses have servers of
    their own; those inside must never be connected to."""

    HIDDEN = (net.PRIVATE, net.IMDS, "127.0.0.1", "fd00::1")

    def setUp(self) -> None:
        super().setUp()
        self.inside = [self.enterContext(Server(address=a, port=p)) for a in self.HIDDEN
                       for p in (80, 81)]
        self.outside = [self.enterContext(Server(address=a, port=80))
                        for a in (net.PUBLIC, net.PUBLIC_6)]

    def names(self, **names: list[list[str]]) -> NameServer:
        return self.enterContext(NameServer({f"{n}.test": a for n, a in names.items()}))

    def nobody_inside(self) -> None:
        self.assertEqual([s.reached for s in self.inside], [[]] * len(self.inside))

    def reached(self) -> list[str]:
        return [address for server in self.outside for address in server.reached]

    def forget(self) -> None:
        for server in self.outside:
            server.reached.clear()

    def test_rebinding(self) -> None:
        """Public at first, private when it is looked up anew."""
        for private in (net.PRIVATE, net.IMDS, "127.0.0.1", "fd00::1", "::ffff:10.1.2.3"):
            with self.subTest(private):
                server = self.names(rebind=[[net.PUBLIC], [private]])
                first, second = self.fetch("service", "plain", "get=http://rebind.test/a", "fresh",
                                           "get=http://rebind.test/a")
                self.assertEqual((first.status, second.status), ("OK", "ERR_PERMISSION"), second)
                self.assertEqual(server.asked["rebind.test", 1], 2)
                self.nobody_inside()
                self.doCleanups_of(server)

    def doCleanups_of(self, server: NameServer) -> None:  # noqa: N802
        """The next one needs its port."""
        server.__exit__()

    def test_rebinding_on_the_way(self) -> None:
        """Within one fetch: the same name at another port."""
        server = self.names(rebind=[[net.PUBLIC], [net.PRIVATE]])
        self.outside[0].pages = {"*": redirect("http://rebind.test:81/b")}
        self.ends("ERR_PERMISSION", "service", "plain", "get=http://rebind.test/a",
                  says="the policy does not allow the address")
        self.assertEqual(server.asked["rebind.test", 1], 2)
        self.assertEqual(self.reached(), [net.PUBLIC])
        self.nobody_inside()

    def test_redirect_to_a_name(self) -> None:
        self.names(public=[[net.PUBLIC]], meta=[[net.IMDS]])
        for target in ("meta.test", "META.test", net.IMDS, "0xa9fea9fe", "meta.test."):
            with self.subTest(target):
                self.outside[0].pages = {"*": redirect(f"http://{target}/latest/meta-data/")}
                self.ends("ERR_PERMISSION", "service", "plain", "get=http://public.test/a")
                self.nobody_inside()

    def test_chain(self) -> None:
        self.names(one=[[net.PUBLIC]], two=[[net.PUBLIC_6]], three=[[net.PRIVATE]])
        self.outside[0].pages = {"/a": redirect("http://two.test/b")}
        self.outside[1].pages = {"/b": redirect("//three.test/c")}
        self.ends("ERR_PERMISSION", "service", "plain", "get=http://one.test/a",
                  says="the policy does not allow the address of three.test:80")
        self.assertEqual(self.reached(), [net.PUBLIC, net.PUBLIC_6])
        self.nobody_inside()

    def test_both(self) -> None:
        """With a public and a private address, in any order: the public one, never the other."""
        both = ([net.PRIVATE, net.PUBLIC], [net.PUBLIC, net.PRIVATE], ["fd00::1", net.PUBLIC],
                [net.PUBLIC_6, net.PRIVATE], ["fd00::1", net.PUBLIC_6], [net.PUBLIC_6, "fd00::1"],
                ["fd00::1", net.PRIVATE, net.IMDS, "127.0.0.1", net.PUBLIC])
        self.names(**{f"both{i}": [addresses] for i, addresses in enumerate(both)})
        for i, addresses in enumerate(both):
            with self.subTest(addresses):
                self.forget()
                self.ends("OK", "service", "plain", f"get=http://both{i}.test/a")
                self.assertEqual(len(self.reached()), 1)
                self.assertIn(self.reached()[0], addresses)
                self.nobody_inside()

    def test_both_one_dead(self) -> None:
        """The public one does not answer: that is no reason to take the other."""
        self.names(dead=[[net.PUBLIC_DEAD, net.PRIVATE]], dead6=[[net.PUBLIC_DEAD, "fd00::1"]])
        for name in ("dead", "dead6"):
            result = self.one("service", "plain", f"get=http://{name}.test/a")
            self.assertIn(result.status, ("ERR_PERMISSION", "ERR_NETWORK"), result)
            self.nobody_inside()

    def test_both_one_slow(self) -> None:
        """The race of the two families: the public one takes its time."""
        self.names(slow=[[net.PUBLIC_6, net.PRIVATE]])
        with socket.socket(socket.AF_INET6) as listener:
            listener.bind((net.PUBLIC_6, 82))
            listener.listen(0)
            waiting = []
            for _ in range(4):  # more than it has room for: what comes now is dropped
                waiting.append(socket.socket(socket.AF_INET6))
                waiting[-1].setblocking(False)
                waiting[-1].connect_ex((net.PUBLIC_6, 82))
            with Server(address=net.PRIVATE, port=82) as private:
                result = self.one("service", "plain", "connect_ms=600", "get=http://slow.test:82/a")
            for one in waiting:
                one.close()
        self.assertIn(result.status, ("ERR_TIMEOUT", "ERR_PERMISSION"), result)
        self.assertEqual(private.reached, [])

    def test_no_such_name(self) -> None:
        """What cannot be found is said to be that, after it was looked for twice more."""
        server = self.names(other=[[net.PUBLIC]])
        self.ends("ERR_NETWORK", "service", "plain", "get=http://nosuch.test/a",
                  says="could not find the address of nosuch.test:80")
        self.assertEqual(server.asked["nosuch.test", 1], 3)

    def test_44_name_exceptions(self) -> None:
        """no_proxy goes by the name that was asked for; its networks by numbers alone."""
        self.names(cdn=[[net.PUBLIC]])
        for exceptions, straight in ((".test", True), ("cdn.test", True), ("dn.test", False),
                                     ("93.184.216.0/24", False)):
            with self.subTest(exceptions), Server(reply(200, b"proxy")) as proxy:
                self.forget()
                self.ends("OK", "get=http://cdn.test/a", http_proxy=proxy.url, no_proxy=exceptions)
                self.assertEqual((len(self.reached()), proxy.accepted),
                                 (int(straight), int(not straight)))


class Audit(unittest.TestCase):
    """The search itself finds what it is for."""

    def test_known(self) -> None:
        secret = "a/secret+with=signs"
        for text in (f"x {secret} y", "k=a%2Fsecret%2Bwith%3Dsigns", secret.encode().hex(),
                     "YS9zZWNyZXQrd2l0aD1zaWducw==", "dXNlcjphL3NlY3JldCt3aXRoPXNpZ25z"):
            self.assertEqual(audit.find(f"first\n{text}\n", [secret]), ["line 2: secret 1"], text)

    def test_patterns(self) -> None:
        for text in ("GET /a?X-Amz-Signature=0f", "> Authorization: Bearer x", "Set-Cookie: a=b",
                     "Signature=0123456789abcdef", "x-amz-security-token: y"):
            self.assertEqual(len(audit.find(text)), 1, text)
        for text in ("> Authorization: [redacted]", "GET /a?[redacted]", "X-Amz-SignedHeaders=host",
                     "authorization failed", ""):
            self.assertEqual(audit.find(text), [], text)


EVERYWHERE = ["Audit", "Redirects", "Endless", "Certified", "Proxies"]


def run(names: Sequence[str]) -> int:
    suite = unittest.defaultTestLoader.loadTestsFromNames(names, sys.modules[__name__])
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(suite)
    # Parts of one test are one.
    bad = len({getattr(t, "test_case", t).id() for t, _ in result.failures + result.errors})
    print(f"{result.testsRun - len(result.skipped) - bad} passed, {bad} failed", flush=True)
    return int(bad > 0)


def main() -> int:
    inside = os.environ.get(net.INSIDE)
    if inside is None:
        command, inside = net.find_namespace()
        if command:
            os.environ[net.INSIDE] = inside
            os.execvp(command[0], [*command, sys.executable, *sys.argv])
    else:
        net.make_network()
    if inside == "names":
        net.make_names()
    classes = list(EVERYWHERE)
    if inside:
        classes.append("Namespace")
    else:
        print("SKIP: addresses inside: no network namespace can be made here (unshare, ip)")
    if inside == "names":
        classes.append("Names")
    else:
        print("SKIP: names that change: no mount namespace can be made here (unshare, mount)")
    return run(sys.argv[2:] or classes)


if __name__ == "__main__":
    sys.exit(main())
