#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""boto3 with all its imports behind it, as in a service: one call a line, JSON in and out.

Keys and region are in the environment. A call names the endpoint, what to do, and the object:
create (a bucket), upload (a file, with boto3's defaults), download, head, delete, uploads (that are
open).
"""

from __future__ import annotations

import json
import sys
import time
from functools import cache
from typing import Any

import boto3
from botocore.config import Config


@cache
def client(endpoint: str) -> Any:
    """Checksums only where they must be: not every server knows them."""
    config = Config(
        s3={"addressing_style": "path"},
        signature_version="s3v4",
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        proxies={},
    )
    return boto3.client("s3", endpoint_url=endpoint, config=config)


def answer(call: dict[str, str]) -> dict[str, object]:
    """Do one call."""
    s3 = client(call["endpoint"])
    bucket, key = call["bucket"], call.get("key", "")
    start = time.monotonic()
    match call["do"]:
        case "create":
            s3.create_bucket(Bucket=bucket)
        case "upload":
            s3.upload_file(call["path"], bucket, key)
        case "download":
            s3.download_file(bucket, key, call["path"])
        case "head":
            reply = s3.head_object(Bucket=bucket, Key=key)
            return {"bytes": reply["ContentLength"], "etag": reply["ETag"].strip('"')}
        case "delete":
            s3.delete_object(Bucket=bucket, Key=key)
        case "uploads":
            reply = s3.list_multipart_uploads(Bucket=bucket)
            return {"keys": [u["Key"] for u in reply.get("Uploads", [])]}
        case other:
            raise ValueError(other)
    return {"seconds": time.monotonic() - start}


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)
