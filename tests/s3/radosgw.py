# SPDX-License-Identifier: MIT
"""A real S3 server for tests: Ceph's gateway over one monitor and one in-memory OSD, on loopback, with
all its state in a temporary folder. It is up in about 7 s.

    with RadosGw() as gateway: ...  gateway.url, gateway.access_key, gateway.secret_key

    radosgw.py        starts one, prints its address, runs until its input ends
"""

from __future__ import annotations

import random
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import uuid
from pathlib import Path

PROGRAMS = ("ceph-mon", "ceph-osd", "radosgw", "radosgw-admin", "monmaptool", "ceph", "setpriv")
# Made beforehand: the gateway takes long to make them itself.
POOLS = (".rgw.root", "default.rgw.log", "default.rgw.control", "default.rgw.meta",
         "default.rgw.buckets.index", "default.rgw.buckets.data", "default.rgw.buckets.non-ec")
START_S = 60
STOP_S = 5

CONF = """\
[global]
fsid = {fsid}
mon host = [v2:127.0.0.1:{mon_v2},v1:127.0.0.1:{mon_v1}]
public addr = 127.0.0.1
auth cluster required = none
auth service required = none
auth client required = none
# Without keys the default, "secure", never comes to an end.
ms cluster mode = crc
ms service mode = crc
ms client mode = crc
ms mon cluster mode = crc
ms mon service mode = crc
ms mon client mode = crc
mon allow pool size one = true
mon data = {folder}/mon
mon pg warn min per osd = 0
paxos propose interval = 0.05
osd data = {folder}/osd
osd objectstore = memstore
memstore device bytes = {device_bytes}
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
run dir = {folder}
admin socket = {folder}/$name.asok
pid file =
crash dir = {folder}
log file = {folder}/$name.log
[client.rgw]
rgw frontends = beast {listen}
rgw data = {folder}/rgw
rgw enable apis = s3
rgw enable gc threads = false
rgw enable lc threads = false
rgw enable quota threads = false
rgw dns name = s3.localhost
rgw thread pool size = 32
"""


def missing() -> str:
    """Why no gateway can run here; "" = it can."""
    absent = [name for name in PROGRAMS if not shutil.which(name)]
    return f"not installed: {', '.join(absent)}" if absent else ""


def free_ports(count: int) -> list[int]:
    """Different ports of 127.0.0.1 that nothing listens on. Where there are enough others, none of
    those that the kernel gives to whoever asks for any: they stay free until they are used."""
    first, last = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    every = range(10000, 65536)
    quiet = [port for port in every if not first <= port <= last]
    ports: list[int] = []
    for port in random.sample(quiet if len(quiet) >= 1000 else every, 1000):
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        ports.append(port)
        if len(ports) == count:
            return ports
    raise RuntimeError("no port is free")


class RadosGw:
    """Context manager. certificate: (certificate, key) files make it listen with TLS. device_bytes: how
    much it can hold, all in memory. To be used from the main thread: its processes end when the thread
    that started them does."""

    access_key = "AKIDRADOSGWTESTS0000"
    secret_key = "radosgw+test/secret0KEYradosgw+test/0000"

    def __init__(self, certificate: tuple[str, str] | None = None,
                 device_bytes: int = 2 << 30) -> None:
        self.certificate = certificate
        self.folder = Path(tempfile.mkdtemp(prefix="rgw-"))
        self.daemons: dict[str, subprocess.Popen[bytes]] = {}
        mon_v2, mon_v1, self.port = free_ports(3)
        listen = f"endpoint=127.0.0.1:{self.port}"
        if certificate:
            listen = (f"ssl_endpoint=127.0.0.1:{self.port} ssl_certificate={certificate[0]}"
                      f" ssl_private_key={certificate[1]}")
        self.url = f"http{'s' if certificate else ''}://127.0.0.1:{self.port}"
        self.fsid = str(uuid.uuid4())
        self.mon_address = f"[v2:127.0.0.1:{mon_v2},v1:127.0.0.1:{mon_v1}]"
        for name in ("mon", "osd", "rgw"):
            (self.folder / name).mkdir()
        self.conf = self.folder / "ceph.conf"
        self.conf.write_text(CONF.format(fsid=self.fsid, mon_v2=mon_v2, mon_v1=mon_v1, listen=listen,
                                         folder=self.folder, device_bytes=device_bytes))

    def __enter__(self) -> RadosGw:
        try:
            self._start_mon()
            self._start_osd()
            self._run("radosgw-admin", "-n", "client.rgw", "user", "create", "--uid", "tester",
                      "--display-name", "tester", "--access-key", self.access_key,
                      "--secret-key", self.secret_key)
            self.start_gateway()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for name in ("rgw", "osd", "mon"):
            self._stop(name)
        shutil.rmtree(self.folder, ignore_errors=True)

    def start_gateway(self) -> None:
        """Start radosgw alone; returns when it answers."""
        self._start("rgw", "radosgw", "-n", "client.rgw", "-f")
        end = time.monotonic() + START_S
        while not self._answers():
            if self.daemons["rgw"].poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"radosgw did not start: {self._log('client.rgw.log')}")
            time.sleep(0.05)

    def kill_gateway(self) -> None:
        """End radosgw at once, as in a crash. What is stored stays."""
        self._stop("rgw", kill=True)

    def collect_garbage(self) -> None:
        """Give back the memory of what was deleted: a large object lives on for hours otherwise."""
        self._run("radosgw-admin", "-n", "client.rgw", "gc", "process", "--include-all")

    def _start_mon(self) -> None:
        monmap = str(self.folder / "monmap")
        self._run("monmaptool", "--create", "--clobber", "--fsid", self.fsid, "--addv", "a",
                  self.mon_address, monmap)
        self._run("ceph-mon", "--mkfs", "-i", "a", "--monmap", monmap)
        self._start("mon", "ceph-mon", "-i", "a", "-f")

    def _start_osd(self) -> None:
        osd = str(uuid.uuid4())
        lines = [f"osd new {osd}", "osd crush add osd.0 1.0 host=here root=default"]
        lines += [f"osd pool create {pool} 1" for pool in POOLS]
        # One process for all of them: each takes half a second to start.
        self._run("ceph", "--connect-timeout", "30", input="\n".join(lines) + "\n")
        self._run("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", osd)
        self._start("osd", "ceph-osd", "-i", "0", "-f")

    def _run(self, program: str, *arguments: str, input: str = "") -> str:
        done = subprocess.run([program, "-c", str(self.conf), *arguments], input=input, text=True,
                              capture_output=True, timeout=START_S)
        if done.returncode != 0:
            raise RuntimeError(f"{program} {arguments[0]}: {done.stdout}{done.stderr}")
        return done.stdout

    def _start(self, name: str, program: str, *arguments: str) -> None:
        """A daemon that does not outlive us, however we end."""
        with open(self.folder / f"{name}.out", "ab") as output:
            self.daemons[name] = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", program, "-c", str(self.conf), *arguments],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output)

    def _stop(self, name: str, kill: bool = False) -> None:
        daemon = self.daemons.pop(name, None)
        if daemon is None:
            return
        # Only the gateway is worth a farewell; the other two have nothing but memory.
        if name == "rgw" and not kill:
            daemon.terminate()
            try:
                daemon.wait(STOP_S)
            except subprocess.TimeoutExpired:
                pass
        daemon.kill()
        daemon.wait()

    def _answers(self) -> bool:
        context = ssl._create_unverified_context() if self.certificate else None
        try:
            urllib.request.build_opener(urllib.request.ProxyHandler({}),
                                        urllib.request.HTTPSHandler(context=context)
                                        ).open(self.url, timeout=5).close()
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False
        return True

    def _log(self, name: str) -> str:
        texts = []
        for path in (self.folder / name, self.folder / "rgw.out"):
            texts.append(path.read_text(errors="replace")[-2000:] if path.exists() else "")
        return "\n".join(texts)


if __name__ == "__main__":
    begin = time.monotonic()
    with RadosGw() as running:
        print(f"{running.url} {running.access_key} {running.secret_key}"
              f" ({time.monotonic() - begin:.1f} s)", flush=True)
        sys.stdin.read()
