"""What is wrong with a file that a crawl keeps, and the repair."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tasks.warehouse.errors import StepFailedError


@contextmanager
def told_errors(file: Path, what: str, loss: str) -> Iterator[None]:
    """Say what is wrong with a file of SQLite, and the repair.

    Args:
        file: that is read or written within.
        what: stands in it.
        loss: what is lost with it.

    Raises:
        StepFailedError: it can't be read, or not be written.
    """
    try:
        yield
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", None) or sqlite3.SQLITE_CORRUPT
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            repair = (
                "It is damaged: move it away, with the files beside it that begin"
                f" with its name. {loss}"
            )
        elif code & 0xFF == sqlite3.SQLITE_BUSY:
            repair = "Another process holds it: end that, or let it end."
        elif code == sqlite3.SQLITE_FULL:
            repair = "The disk is full: make room."
        else:
            repair = f"It can't be used ({error.sqlite_errorname}): see to its disk."
        raise StepFailedError(
            f"{file}, {what}: {repair} Then run the same command again; it goes on"
            " where it stopped."
        ) from None
