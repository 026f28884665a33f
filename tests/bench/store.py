# SPDX-License-Identifier: MIT
"""An S3 server for the benchmarks, how each program is told of it, and whether what they sent is
there, byte for byte."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

from content import HERE, Bench

sys.path.append(str(HERE.parent / "s3"))

import radosgw  # noqa: E402

BUCKET = "bench"
REGION = "us-east-1"
MIB = 1 << 20
READ_BYTES = 1 << 20
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


def pieces(path: Path, part_bytes: int) -> list[bytes]:
    """MD5 of each part of a file, read in small pieces: what this process once held would be seen
    in the peak memory of those that it starts."""
    sums = []
    with path.open("rb") as file:
        left = path.stat().st_size
        while left > 0:
            part, md5 = min(part_bytes, left), hashlib.md5()
            left -= part
            while part > 0 and (data := file.read(min(part, READ_BYTES))):
                md5.update(data)
                part -= len(data)
            sums.append(md5.digest())
    return sums


def etag_of(path: Path, part_bytes: int = 0) -> str:
    """What a server says of that file, sent in such parts; 0 = in one request."""
    if not part_bytes:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "md5").hexdigest()
    sums = pieces(path, part_bytes)
    return f"{hashlib.md5(b''.join(sums)).hexdigest()}-{len(sums)}"


class Store:
    """Context manager: radosgw with one bucket, and boto3 beside it."""

    def __init__(self, bench: Bench, device_bytes: int) -> None:
        self.gateway = radosgw.RadosGw(device_bytes=device_bytes)
        self.home = bench.folder / "home"
        self.python = bench.python
        self.known: dict[tuple[Path, int, int], str] = {}
        self.worker: subprocess.Popen[str] | None = None

    def __enter__(self) -> Store:
        self.home.mkdir(exist_ok=True)
        self.gateway.__enter__()
        try:
            self.worker = subprocess.Popen(
                [*self.environment(), self.python, str(HERE / "boto3_worker.py")],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            )  # fmt: skip
            self.call("create")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self.worker and self.worker.stdin:
            self.worker.stdin.close()
            self.worker.wait()
        self.gateway.__exit__()

    def environment(self) -> list[str]:
        """Words in front of a command: nothing of the user's own settings, and keys."""
        return [
            "env", "-i", "PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", f"HOME={self.home}",
            f"AWS_ACCESS_KEY_ID={self.gateway.access_key}",
            f"AWS_SECRET_ACCESS_KEY={self.gateway.secret_key}",
            f"AWS_DEFAULT_REGION={REGION}", "AWS_EC2_METADATA_DISABLED=true",
        ]  # fmt: skip

    def s3cmd(self) -> list[str]:
        """Words of s3cmd, which reads no environment."""
        host = self.gateway.url.removeprefix("http://")
        settings = {
            "access_key": self.gateway.access_key, "secret_key": self.gateway.secret_key,
            "host_base": host, "host_bucket": host, "use_https": "False",
            "bucket_location": REGION,
        }  # fmt: skip
        path = self.home / "s3cfg"
        lines = ["[default]", *(f"{name} = {value}" for name, value in settings.items())]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return [*self.environment(), "s3cmd", "-c", str(path)]

    def call(self, do: str, key: str = "", endpoint: str = "", **more: str) -> dict:
        """One call of boto3."""
        assert self.worker and self.worker.stdin and self.worker.stdout
        call = {"do": do, "bucket": BUCKET, "key": key, "endpoint": endpoint or self.gateway.url}
        self.worker.stdin.write(json.dumps(call | more) + "\n")
        self.worker.stdin.flush()
        line = self.worker.stdout.readline()
        if not line:
            sys.exit(f"bench: boto3 failed at {do} {key}")
        return json.loads(line)

    def require(self, key: str, path: Path, part_bytes: int) -> None:
        """The object must have all bytes of the file, and no parts may be left of any upload."""
        there = self.call("head", key)
        parts = part_bytes if "-" in there["etag"] else 0
        info = path.stat()
        now = (path, info.st_mtime_ns, parts)
        if now not in self.known:
            self.known[now] = etag_of(path, parts)
        wanted = self.known[now]
        if there != {"bytes": info.st_size, "etag": wanted}:
            sys.exit(f"bench: {key} in the store is not {path.name}: {there}, not {wanted}")
        if left := self.call("uploads")["keys"]:
            sys.exit(f"bench: parts are left of {', '.join(left)}")

    def delete(self, key: str) -> None:
        """Memory is what the server keeps objects in."""
        self.call("delete", key)
        self.gateway.collect_garbage()

    def cpu_s(self) -> float:
        """CPU time of the server so far."""
        fields = [
            Path(f"/proc/{daemon.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
            for daemon in self.gateway.daemons.values()
        ]
        return sum(int(f[11]) + int(f[12]) for f in fields) / CLOCK_TICKS
