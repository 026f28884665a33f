# SPDX-License-Identifier: MIT
"""Certificates for one test run, made with the openssl program: an authority of one's own, a good
certificate for localhost and 127.0.0.1, one for another host, one that has expired."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path

KINDS = {"good": ("DNS:localhost,IP:127.0.0.1", "2"), "wrong-host": ("DNS:elsewhere.invalid", "2"),
         "expired": ("DNS:localhost,IP:127.0.0.1", "-1")}
KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


class Certificates:
    """`ca` is what a client is to trust; path and key of each kind are KIND.pem and KIND.key."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ca = str(folder / "ca.pem")
        self._openssl("req", "-x509", *KEY, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2",
                      "-subj", "/CN=authority of this test run",
                      "-addext", "keyUsage=critical,keyCertSign")
        for kind, (names, days) in KINDS.items():
            (folder / f"{kind}.ext").write_text(f"subjectAltName={names}\n")
            self._openssl("req", *KEY, "-keyout", f"{kind}.key", "-out", f"{kind}.csr",
                          "-subj", f"/CN={kind}")
            self._openssl("x509", "-req", "-in", f"{kind}.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
                          "-CAcreateserial", "-days", days, "-extfile", f"{kind}.ext",
                          "-out", f"{kind}.pem")

    def _openssl(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True,
                       timeout=30)

    def files(self, kind: str) -> tuple[str, str]:
        return str(self.folder / f"{kind}.pem"), str(self.folder / f"{kind}.key")

    def server(self, kind: str = "good", tls10: bool = False) -> ssl.SSLContext:
        """For a server; tls10: one that knows nothing newer."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.files(kind))
        if tls10:
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = ssl.TLSVersion.TLSv1
            context.set_ciphers("ALL:@SECLEVEL=0")
        return context
