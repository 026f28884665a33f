# SPDX-License-Identifier: MIT
"""As much of the WebDriver protocol as one page needs: start, open, ask, stop."""

import json
import queue
import re
import subprocess
import tempfile
import threading
import urllib.error
import urllib.request
from typing import Any

START_S = 60
REQUEST_S = 60

CHROMIUM_OPTIONS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--autoplay-policy=no-user-gesture-required",
]


class Browser:
    """A headless Chromium with a profile of its own; a context manager."""

    def __enter__(self) -> "Browser":
        self.profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE,
                                       stderr=subprocess.STDOUT, text=True)
        self.session = ""
        try:
            self.base = f"http://127.0.0.1:{self._wait_for_port()}"
            options = {"args": [*CHROMIUM_OPTIONS, f"--user-data-dir={self.profile.name}"]}
            capabilities = {"alwaysMatch": {"browserName": "chrome", "goog:chromeOptions": options}}
            self.session = self._ask("POST", "/session", {"capabilities": capabilities})["sessionId"]
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            if self.session:
                self._ask("DELETE", f"/session/{self.session}")
        finally:
            self.driver.terminate()
            try:
                self.driver.wait(10)
            except subprocess.TimeoutExpired:
                self.driver.kill()
                self.driver.wait()
            self.profile.cleanup()

    def open(self, url: str) -> None:
        self._ask("POST", f"/session/{self.session}/url", {"url": url})

    def run(self, script: str) -> Any:
        """The value of a script's `return`."""
        return self._ask("POST", f"/session/{self.session}/execute/sync",
                         {"script": script, "args": []})

    def _wait_for_port(self) -> int:
        """chromedriver picks a free port and prints it. Its other lines are read and dropped."""
        ports: queue.Queue[int] = queue.Queue()

        def read() -> None:
            assert self.driver.stdout
            for line in self.driver.stdout:
                found = re.search(r"started successfully on port (\d+)", line)
                if found:
                    ports.put(int(found[1]))

        threading.Thread(target=read, daemon=True).start()
        return ports.get(timeout=START_S)

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.base + path, data, method=method,
                                         headers={"Content-Type": "application/json"})
        # No proxy: this is our own process.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=REQUEST_S) as reply:
                return json.load(reply)["value"]
        except urllib.error.HTTPError as error:
            # The reason is in the body.
            reason = error.read(2000).decode(errors="replace")
            raise RuntimeError(f"{method} {path}: {reason}") from error
