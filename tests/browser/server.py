# SPDX-License-Identifier: MIT
"""A page and a video over HTTP: with byte ranges, as a browser expects of a media server, or as a
stream that grows while it plays."""

import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PIECE_BYTES = 4096


class MediaServer:
    """Serves {path: (type, bytes)} on 127.0.0.1 at a free port; a context manager.

    live: everything is sent in order, in small pieces, and its length is not told."""

    def __init__(self, files: dict[str, tuple[str, bytes]], live: bool = False) -> None:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                if self.path not in files:
                    self.send_error(404)
                    return
                kind, data = files[self.path]
                try:
                    if live:
                        self.send_stream(kind, data)
                    else:
                        self.send_part(kind, data, self.headers.get("Range", ""))
                except ConnectionError:
                    pass  # the browser has what it wanted

            def send_stream(self, kind: str, data: bytes) -> None:
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Accept-Ranges", "none")
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                for start in range(0, len(data), PIECE_BYTES):
                    piece = data[start:start + PIECE_BYTES]
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                self.wfile.write(b"0\r\n\r\n")

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
                self.wfile.write(data[first:last + 1])

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
