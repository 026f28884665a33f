# SPDX-License-Identifier: MIT
"""A page and a video over HTTP with byte ranges, as a browser expects of a media server."""

import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class MediaServer:
    """Serves {path: (type, bytes)} on 127.0.0.1 at a free port; a context manager."""

    def __init__(self, files: dict[str, tuple[str, bytes]]) -> None:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                if self.path not in files:
                    self.send_error(404)
                    return
                kind, data = files[self.path]
                self.send_part(kind, data, self.headers.get("Range", ""))

            def send_part(self, kind: str, data: bytes, wanted: str) -> None:
                first, last = 0, len(data) - 1
                found = re.fullmatch(r"bytes=(\d+)-(\d*)", wanted)
                if found:
                    first = int(found[1])
                    last = min(int(found[2] or last), last)
                if first > last:
                    self.send_error(416)
                    return
                self.send_response(206 if found else 200)
                self.send_header("Content-Type", kind)
                self.send_header("Accept-Ranges", "bytes")
                self.send_header("Content-Length", str(last - first + 1))
                if found:
                    self.send_header("Content-Range", f"bytes {first}-{last}/{len(data)}")
                self.end_headers()
                try:
                    self.wfile.write(data[first:last + 1])
                except ConnectionError:
                    pass  # the browser has what it wanted

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/"

    def __enter__(self) -> "MediaServer":
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()
