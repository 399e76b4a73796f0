"""A small workspace of four days, steps in forked processes, and what they leave.

The parent imports everything and computes nothing: a library that had begun threads
would not survive the fork.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import select
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from tasks.warehouse.publication import NAMED_PAGE, altered_files, page_names
from tests.workspaces import (
    Lab,
    comment,
    repost,
    status,
    user,
)

DAYS = tuple(date(2026, 3, number) for number in range(1, 5))
# What is held of her must be gone after she asked; Ben quotes her.
ANN, ANN_ID = ("weibo", "1234567"), 1234567
WORDS = ("1234567", "安安的小店", "hers alone")
# Tables that the same landing always gives alike.
_COMPARED = ("staging", "marts")
# Moments at which Python changes the disk; the database's own come as commits.
_WRITES = {"os.rename", "os.remove", "os.symlink", "os.link", "os.truncate"}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


@dataclass(frozen=True)
class Row:
    """A line of the table: a fault, what is expected of it, what was seen."""

    fault: str
    expected: str
    seen: str
    is_fine: bool


def warm() -> None:
    """Import what steps need."""
    import lightgbm  # noqa: F401
    import sqlglot  # noqa: F401

    import flows.__main__
    import flows.backfill
    import flows.commands.doctor
    import flows.commands.privacy
    import flows.commands.recover
    import flows.commands.status
    import flows.commands.who  # noqa: F401
    import tasks.publication.marts
    import tasks.report.page
    import tasks.validate

    tasks.report.page.write_reports = _write_pages
    tasks.report.page.write_named_reports = _write_pages
    os.environ.setdefault("WM_PSEUDONYM_KEY", "a-key-for-benchmarks-only")
    os.environ["DO_NOT_TRACK"] = "1"
    os.environ["PREFECT_LOGGING_LEVEL"] = "CRITICAL"


def _write_pages(folder: Path, language: str) -> None:
    """Pages that cost nothing to draw, of the same places."""
    text = f"<title>{(folder / 'marts.duckdb').stat().st_size}</title>"
    for place, stem in (("report", "index"), ("restricted", NAMED_PAGE)):
        (folder / place).mkdir(exist_ok=True)
        for name in page_names(stem, language).values():
            (folder / place / name).write_text(text)


def new_lab(root: Path, policies: str = "") -> Lab:
    """A workspace without an export."""
    lab = Lab(root)
    lab.configure(post_ids=["1"], policies=policies, extra="expect_every_days = 0")
    return lab


def put_day(lab: Lab, number: int) -> None:
    """What happens on a day, from 1, as a new file of the export."""
    ann = user(ANN_ID, "安安的小店", description="tel me")
    people = [user(20 + number * 10 + n, f"user {number} {n}") for n in range(4)]
    rows = [
        status(1, reposts_count=9 * number),
        *(repost(100 * number + n, 1, who, day=number) for n, who in enumerate(people)),
        comment(100 * number + 10, 1, people[0], f"tea {number}", day=number),
        repost(100 * number + 11, 1, ann, "hers alone", day=number),
        repost(
            100 * number + 12,
            1,
            people[1],
            "look//@安安的小店:hers alone",
            day=number,
            clock="12:00:00",
        ),
        {"odd": number},
    ]
    lab.put(f"export/{number}.jsonl", rows)


def copy(source: Path, target: Path) -> Lab:
    """A workspace as another one, times of files included."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target, symlinks=True)
    return Lab(target)


class Killed(Exception):  # noqa: N818
    """The process died of a signal."""


def forked(
    work: Callable[[], Any],
    log: Path,
    *,
    at: int | None = None,
    act: Callable[[], None] | None = None,
    after: float | None = None,
) -> Any:
    """Run some work in a process of its own; give back what it gives.

    Args:
        work: what to do.
        log: takes what it prints.
        at: at which change of the disk `act` is called, from 1.
        act: kills the process, without it.
        after: seconds until it is killed; None never.

    Raises:
        Killed: it was.
        RuntimeError: it failed, with its traceback.
    """
    reader, writer = os.pipe()
    sys.stdout.flush()
    child = os.fork()
    if not child:
        os.close(reader)
        _be_child(work, log, writer, at, act or _die)
    os.close(writer)
    began = time.monotonic()
    answer = b""
    with os.fdopen(reader, "rb", buffering=0) as pipe:
        while True:
            left = None if after is None else began + after - time.monotonic()
            ready, _, _ = select.select(
                [pipe], [], [], None if left is None else max(left, 0)
            )
            if not ready:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
                after = None
                continue
            part = pipe.read(1 << 16)
            if not part:
                break
            answer += part
    _, code = os.waitpid(child, 0)
    if os.WIFSIGNALED(code):
        raise Killed
    is_done, given = pickle.loads(answer)  # noqa: S301 (our own child's)
    if not is_done:
        raise RuntimeError(given)
    return given


def _be_child(
    work: Callable[[], Any],
    log: Path,
    writer: int,
    at: int | None,
    act: Callable[[], None],
) -> None:
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(out, 1)
    os.dup2(out, 2)
    try:
        if at is not None:
            watch(at, act)
        given = (True, work())
    except BaseException:
        given = (False, traceback.format_exc())
    with os.fdopen(writer, "wb") as pipe:
        pickle.dump(given, pipe)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


passed = [0]


def watch(number: int, act: Callable[[], None]) -> None:
    """Call `act` before the number-th change of the disk of this process.

    Files that are opened to be written, renames, removals, links, fsyncs, and commits
    and checkpoints of the database.
    """

    def moment() -> None:
        passed[0] += 1
        if passed[0] == number:
            act()

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if event in _WRITES or (
            event == "open" and isinstance(args[2], int) and args[2] & _WRITING
        ):
            moment()

    def before(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **named: Any) -> Any:
            moment()
            return function(*args, **named)

        return call

    kind: Any = duckdb.DuckDBPyConnection
    kind.commit = before(kind.commit)
    os.fsync = before(os.fsync)
    sys.addaudithook(hook)


def command(*arguments: str) -> tuple[int, str]:
    """A command within this process, a child: exit code, and what it says of errors."""
    import io

    from flows.__main__ import main

    said = io.StringIO()
    sys.argv = ["flows", *arguments]
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
        try:
            main()
        except SystemExit as stop:
            return (stop.code if isinstance(stop.code, int) else 1), said.getvalue()
        except BaseException:
            return 99, said.getvalue() + traceback.format_exc()
    return 0, said.getvalue()


def state_of(lab: Lab) -> dict[str, Any]:
    """What must not depend on faults: landing, staging, marts, what is published."""
    found: dict[str, Any] = {"landing": sorted(lab.land_records())}
    published = lab.root / "published"
    found["publication"] = published.resolve().name.split("-")[0]
    found["altered"] = altered_files(published) if published.exists() else []
    if not (lab.root / "warehouse.duckdb").exists():
        return found
    with duckdb.connect(str(lab.root / "warehouse.duckdb")) as connection:
        tables = connection.execute(
            "select schema_name || '.' || table_name from duckdb_tables()"
            " where list_contains($schemas, schema_name) order by all",
            {"schemas": list(_COMPARED)},
        ).fetchall()
        for (table,) in tables:
            found[table] = connection.execute(
                f"select count(*), sum(hash(t)) from {table} as t"
            ).fetchall()
    return found


def differences(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """Names of what is not equal."""
    return sorted(
        name for name in one.keys() | other.keys() if one.get(name) != other.get(name)
    )


def files_of(root: Path) -> Iterator[Path]:
    """Files of a workspace; links are not followed."""
    for parent, _, names in os.walk(root):
        for name in sorted(names):
            path = Path(parent) / name
            if not path.is_symlink():
                yield path
