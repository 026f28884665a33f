# SPDX-License-Identifier: MIT
"""Signs requests with botocore, an independent implementation that the library is held against.

A request is a dict: method, host, key (not encoded), query (pairs; None = a bare name), headers (pairs),
payload_hash, time_s, region, service, access_key, secret_key, session_token or None, expires_s (0 = in
headers). tests/support/sign_case.c reads the same.
"""

from __future__ import annotations

import datetime
from typing import Any
from urllib.parse import quote, urlsplit

import botocore.auth
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

Request = dict[str, Any]


def recorder(base: type, payload_hash: str) -> type:
    """The signer, with the texts in between kept, and the body hash from the request."""

    class Recorder(base):  # type: ignore[misc]
        def payload(self, request: AWSRequest) -> str:
            return payload_hash

        def canonical_request(self, request: AWSRequest) -> str:
            self.canonical = super().canonical_request(request)
            return self.canonical

        def string_to_sign(self, request: AWSRequest, canonical_request: str) -> str:
            self.to_sign = super().string_to_sign(request, canonical_request)
            return self.to_sign

        def signature(self, string_to_sign: str, request: AWSRequest) -> str:
            self.made = super().signature(string_to_sign, request)
            return self.made

    return Recorder


def encoded(text: str) -> str:
    return quote(text, safe="-_.~")


def url_of(request: Request) -> str:
    query = "&".join(encoded(name) if value is None else f"{encoded(name)}={encoded(value)}"
                     for name, value in request["query"])
    path = "/" + quote(request["key"], safe="/-_.~")
    return f"https://{request['host']}{path}" + (f"?{query}" if query else "")


def sign(request: Request) -> Request:
    """What the library should say: canonical_request, string_to_sign, signature, and the parts sent."""
    aws = AWSRequest(method=request["method"], url=url_of(request))
    for name, value in request["headers"]:
        aws.headers.add_header(name, value)
    keys = Credentials(request["access_key"], request["secret_key"], request["session_token"])
    is_s3 = request["service"] == "s3"
    if request["expires_s"]:
        base = S3SigV4QueryAuth if is_s3 else SigV4QueryAuth
        more = {"expires": request["expires_s"]}
    else:
        base, more = S3SigV4Auth if is_s3 else SigV4Auth, {}
    signer = recorder(base, request["payload_hash"])(keys, request["service"], request["region"],
                                                     **more)
    now = datetime.datetime.fromtimestamp(request["time_s"], datetime.timezone.utc)
    botocore.auth.get_current_datetime = lambda *_args, **_named: now
    signer.add_auth(aws)
    return {
        "path": urlsplit(aws.url).path,
        "url_query": urlsplit(aws.url).query,
        "headers": {name.lower(): value for name, value in aws.headers.items()},
        "canonical_request": signer.canonical,
        "string_to_sign": signer.to_sign,
        "signature": signer.made,
    }
