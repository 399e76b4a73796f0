"""An object storage on loopback: moto's server, and one before it that fails.

moto keeps objects in memory and speaks S3; it is installed apart, see
`requirements-objectstore.txt`.
"""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

from tests.workspaces import PATIENCE_SECONDS, end_with_parent


@contextmanager
def storage(folder: str) -> Iterator[str]:
    """The address of a storage with one bucket, `tea`.

    Args:
        folder: where moto is installed.
    """
    # It takes a free port, and says which.
    words = "from moto.server import main; main(['-H', '127.0.0.1', '-p', '0'])"
    with subprocess.Popen(
        [sys.executable, "-c", words],
        env={**os.environ, "PYTHONPATH": folder},
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        preexec_fn=end_with_parent,
    ) as server:
        assert server.stderr
        address = ""
        for line in server.stderr:
            if "Running on http://" in line:
                address = line.split("Running on ")[1].split()[0].strip()
                break
        # What it tells of each call is nobody's.
        threading.Thread(target=server.stderr.read, daemon=True).start()
        try:
            httpx.put(f"{address}/tea", timeout=PATIENCE_SECONDS).raise_for_status()
            yield address
        finally:
            server.kill()


class _Unreliable(ThreadingHTTPServer):
    """Hands calls on; of some it says that it is busy, some it cuts, some it delays."""

    daemon_threads = True

    def __init__(self, behind: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.behind = behind.removeprefix("http://")
        self.calls = 0
        self.failed = 0
        self.lock = threading.Lock()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Unreliable

    def log_message(self, format: str, *words: object) -> None:
        """Say nothing."""

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _answer(self) -> None:
        with self.server.lock:
            self.server.calls += 1
            number = self.server.calls
            is_busy, is_cut = number % 7 == 3, number % 11 == 5
            self.server.failed += is_busy or is_cut
        body = self._body()
        if number % 13 == 6:
            time.sleep(0.2)
        if is_busy:
            self.send_response(503)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        there = http.client.HTTPConnection(self.server.behind)
        given = {
            name: value
            for name, value in self.headers.items()
            if name.lower() not in ("transfer-encoding", "expect", "content-length")
        }
        there.request(self.command, self.path, body, given)
        answer = there.getresponse()
        data = answer.read()
        there.close()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("connection", "transfer-encoding", "date"):
                self.send_header(name, value)
        if answer.getheader("Content-Length") is None:
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data[: len(data) // 2] if is_cut else data)
        if is_cut:
            self.close_connection = True

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _answer  # noqa: N815


@contextmanager
def unreliable(behind: str) -> Iterator[tuple[str, _Unreliable]]:
    """The address of a storage that fails now and then before one that does not."""
    server = _Unreliable(behind)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", server
    finally:
        server.shutdown()
        server.server_close()
