"""The Evidence project built: packages once, then pages from marts, on this machine.

The pages' database is DuckDB for browsers, which fetches its part for Parquet from a
site of its own each time. This build reaches no site: it takes the newest release that
has that part inside, and leaves two settings out which that one does not know.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.evidence.pages import PROJECT

ENVIRONMENT = (
    Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    / "weibo-manager/evidence"
)
PAGES = ("", "genuine", "partners", "audience", "feedback", "contacts", "freshness")
_ENGINE = "@duckdb/duckdb-wasm"
_WHOLE_ENGINE = "1.28.0"
_NEWER_SETTINGS = ("SET ieee_floating_point_ops", "SET old_implicit_casting")
# Nothing is compiled or fetched beside the packages, nothing is told to anybody.
_INSTALL = ("--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock")


def make_environment(folder: Path) -> Path:
    """Install the pinned packages where they aren't yet; the folder."""
    wanted = (PROJECT / "package.json").read_bytes()
    installed = folder / "installed.json"
    if not installed.exists() or installed.read_bytes() != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / "package.json").write_bytes(wanted)
        _run(["npm", "install", *_INSTALL], folder)
        _take_whole_engine(folder)
        installed.write_bytes(wanted)
    return folder


def _take_whole_engine(folder: Path) -> None:
    modules = folder / "node_modules"
    shutil.rmtree(modules / _ENGINE)
    _run(["npm", "pack", "--silent", f"{_ENGINE}@{_WHOLE_ENGINE}"], folder)
    (packed,) = folder.glob("*.tgz")
    with tarfile.open(packed) as archive:
        archive.extractall(folder, filter="data")
    packed.unlink()
    (folder / "package").rename(modules / _ENGINE)
    clients = modules / "@evidence-dev/universal-sql/src/client-duckdb"
    for file in clients.glob("*.js"):
        lines = file.read_text("utf-8").splitlines(keepends=True)
        kept = [line for line in lines if not any(s in line for s in _NEWER_SETTINGS)]
        file.write_text("".join(kept), encoding="utf-8")


def build(environment: Path, marts: Path) -> Path:
    """Build the pages over a marts file; the folder that a web server shows.

    Raises:
        RuntimeError: a source or a page could not be made, with what Evidence said.
    """
    for name in ("pages", "sources", ".evidence", "build"):
        shutil.rmtree(environment / name, ignore_errors=True)
    for name in ("pages", "sources"):
        shutil.copytree(PROJECT / name, environment / name)
    shutil.copy(PROJECT / "evidence.config.yaml", environment)
    # Evidence takes a file's place from the source's folder.
    place = os.path.relpath(marts.resolve(), environment.resolve() / "sources/marts")
    told = {"EVIDENCE_SOURCE__marts__filename": place}
    _run(["npm", "run", "sources"], environment, told)
    _run(["npm", "run", "build"], environment, told)
    return environment / "build"


def _run(command: list[str], folder: Path, told: dict[str, str] | None = None) -> None:
    quiet = {"SEND_ANONYMOUS_USAGE_STATS": "no", "DO_NOT_TRACK": "1", "CI": "1"}
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **quiet, **(told or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    # Evidence ends well where a source's query failed.
    if done.returncode or "Error" in done.stdout:
        said = f"{' '.join(command)}: {done.returncode}: {done.stdout[-3000:]}"
        raise RuntimeError(said)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing of requests."""


@contextmanager
def serve(folder: Path) -> Iterator[str]:
    """Show a folder on loopback; its address."""
    handler = partial(_Quiet, directory=str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
