# SPDX-License-Identifier: MIT
"""Is a request signed as Amazon S3 demands? Signature Version 4 in headers and in the query, body hash
and checksums, judged with botocore's signer, which has nothing in common with that of the library."""

from __future__ import annotations

import base64
import calendar
import hashlib
import re
import time
import zlib
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

SKEW_S = 15 * 60
UNSIGNED = "UNSIGNED-PAYLOAD"
AUTHORIZATION = re.compile(r"AWS4-HMAC-SHA256 +Credential=([^,]+), *SignedHeaders=([^,]+), *"
                           r"Signature=([0-9a-f]{64})")


class Refused(Exception):
    """What S3 answers instead: status, code, message, more elements of its <Error>."""

    def __init__(self, status: int, code: str, message: str = "", **extra: str) -> None:
        super().__init__(code)
        self.status, self.code, self.message, self.extra = status, code, message or code, extra


@dataclass
class Keys:
    """Those that are accepted; a token of "" = none is expected."""

    access_key: str
    secret_key: str
    token: str = ""


@dataclass
class Claim:
    """What a request says about its own signature."""

    credential: str
    signed: list[str]
    signature: str
    date: str
    payload: str
    token: str
    expires_s: int | None  # None = in headers


class Signer(S3SigV4Auth):
    """What has no hash among its headers is signed without one: a presigned URL."""

    def payload(self, request: AWSRequest) -> str:
        return UNSIGNED


def decode(text: str) -> str:
    """Percent-encoding undone; bytes that are no UTF-8 survive."""
    return unquote_to_bytes(text).decode("utf-8", "surrogateescape")


def query_pairs(query: str) -> list[tuple[str, str]]:
    """Names and values, decoded, in order; a '+' is a '+'."""
    pairs = []
    for piece in query.split("&") if query else ():
        name, _, value = piece.partition("=")
        pairs.append((decode(name), decode(value)))
    return pairs


def claim(headers: list[tuple[str, str]], pairs: list[tuple[str, str]]) -> Claim | None:
    """None = anonymous."""
    first = {name.lower(): value for name, value in reversed(headers)}
    query = dict(pairs)
    if "X-Amz-Signature" in query:
        return Claim(query.get("X-Amz-Credential", ""),
                     query.get("X-Amz-SignedHeaders", "").split(";"), query["X-Amz-Signature"],
                     query.get("X-Amz-Date", ""), UNSIGNED, query.get("X-Amz-Security-Token", ""),
                     int(query.get("X-Amz-Expires", "0")))
    if "authorization" not in first:
        return None
    found = AUTHORIZATION.fullmatch(first["authorization"])
    if not found:
        raise Refused(400, "AuthorizationHeaderMalformed")
    return Claim(found[1], found[2].split(";"), found[3], first.get("x-amz-date", ""),
                 first.get("x-amz-content-sha256", ""), first.get("x-amz-security-token", ""), None)


def signature(method: str, path: str, pairs: list[tuple[str, str]],
              headers: list[tuple[str, str]], said: Claim, keys: Keys) -> str:
    """What it should be. Path and query are encoded anew, so theirs must be what S3 would write."""
    _, date, region, service, _ = said.credential.split("/")
    plain = quote(decode(path).encode("utf-8", "surrogateescape"), safe="/~")
    request = AWSRequest(method=method, url=f"http://signed{plain}",
                         params=[p for p in pairs if p[0] != "X-Amz-Signature"])
    for name, value in headers:
        if name.lower() in said.signed:
            request.headers[name] = value
    request.context["timestamp"] = said.date
    signer = Signer(Credentials(keys.access_key, keys.secret_key), service, region)
    text = signer.string_to_sign(request, signer.canonical_request(request))
    return signer.signature(text, request)


def check_time(said: Claim, now: float) -> None:
    try:
        made = calendar.timegm(time.strptime(said.date, "%Y%m%dT%H%M%SZ"))
    except ValueError:
        raise Refused(403, "AccessDenied", "no valid date") from None
    if said.expires_s is not None:
        if not 1 <= said.expires_s <= 604800:
            raise Refused(400, "AuthorizationQueryParametersError")
        if now > made + said.expires_s or made > now + SKEW_S:
            raise Refused(403, "AccessDenied", "Request has expired")
    elif abs(now - made) > SKEW_S:
        raise Refused(403, "RequestTimeTooSkewed", "The difference is too large",
                      ServerTime=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now)))


def check_request(method: str, path: str, query: str, headers: list[tuple[str, str]],
                  keys: Keys, region: str | None, now: float) -> str:
    """Raise Refused, or tell how it is signed: "header", "query" or "anonymous". `region` None = any."""
    pairs = query_pairs(query)
    said = claim(headers, pairs)
    if said is None:
        return "anonymous"
    scope = said.credential.split("/")
    if len({name for name, _ in pairs}) != len(pairs):
        raise Refused(403, "SignatureDoesNotMatch", "a query parameter is there twice")
    if len(scope) != 5 or scope[3:] != ["s3", "aws4_request"] or scope[1] != said.date[:8]:
        raise Refused(400, "AuthorizationHeaderMalformed", "the credential scope is wrong")
    if scope[0] != keys.access_key:
        raise Refused(403, "InvalidAccessKeyId")
    if region is not None and scope[2] != region:
        raise Refused(400, "AuthorizationHeaderMalformed", "the region is wrong", Region=region)
    check_time(said, now)
    bare = [n for n, _ in headers if n.lower().startswith("x-amz-") and n.lower() not in said.signed]
    if bare or "host" not in said.signed:
        raise Refused(403, "AccessDenied", f"There were headers present that were not signed: {bare}")
    if said.expires_s is None and not said.payload:
        raise Refused(400, "InvalidRequest", "Missing required header: x-amz-content-sha256")
    if signature(method, path, pairs, headers, said, keys) != said.signature:
        raise Refused(403, "SignatureDoesNotMatch")
    if said.token != keys.token:
        raise Refused(400 if said.token else 403, "InvalidToken")
    return "header" if said.expires_s is None else "query"


def crc64nvme(data: bytes) -> int:
    """Reflected, polynomial 0xad93d23594c93659: that of the NVMe specification, in a table."""
    crc = 0xFFFFFFFFFFFFFFFF
    for byte in data:
        crc = CRC64_TABLE[(crc ^ byte) & 255] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFFFFFFFFFF


def _crc64_entry(value: int) -> int:
    for _ in range(8):
        value = (value >> 1) ^ (0x9A6C9329AC4BC9B5 if value & 1 else 0)
    return value


CRC64_TABLE = [_crc64_entry(i) for i in range(256)]
CHECKSUMS = {
    "crc32": lambda data: zlib.crc32(data).to_bytes(4, "big"),
    "sha1": lambda data: hashlib.sha1(data).digest(),
    "sha256": lambda data: hashlib.sha256(data).digest(),
    "crc64nvme": lambda data: crc64nvme(data).to_bytes(8, "big"),
}


def checksum(algorithm: str, data: bytes) -> str:
    return base64.b64encode(CHECKSUMS[algorithm](data)).decode()


def check_body(headers: dict[str, str], body: bytes, check_crc: bool = True) -> None:
    """The body is the one that was signed; `headers` in lower case. check_crc: a checksum that is
    about this very body, not about a whole object."""
    payload = headers.get("x-amz-content-sha256", UNSIGNED)
    if payload.startswith("STREAMING-"):
        raise Refused(501, "NotImplemented", "A header you provided implies functionality")
    if payload != UNSIGNED and payload != hashlib.sha256(body).hexdigest():
        raise Refused(400, "XAmzContentSHA256Mismatch")
    md5 = headers.get("content-md5")
    if md5 is not None and md5 != base64.b64encode(hashlib.md5(body).digest()).decode():
        raise Refused(400, "BadDigest", "The Content-MD5 you specified did not match")
    for algorithm in CHECKSUMS if check_crc else ():
        sent = headers.get(f"x-amz-checksum-{algorithm}")
        if sent is not None and sent != checksum(algorithm, body):
            raise Refused(400, "BadDigest", f"The {algorithm.upper()} you specified did not match")
