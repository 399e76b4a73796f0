"""One memory budget for all that a process holds: DuckDB's instances and frames.

`WM_MEMORY_LIMIT` says how much a run may take, else half of what the machine (or the
container) has, at most `MOST`. A part is kept for Python, its libraries and frames;
the instances of DuckDB that are open share the rest, and past it they work on the
disk. An instance that closes gives its share back.
"""

from __future__ import annotations

import os
import re
import threading
import weakref
from contextlib import suppress
from pathlib import Path

import duckdb

from tasks.warehouse.errors import ConfigurationError

VARIABLE = "WM_MEMORY_LIMIT"
# More is taken where it is asked for only: ten million interactions a day need no more.
MOST = 5_000_000_000
# Less than this can't hold the libraries and a batch.
LEAST = 1_000_000_000
# No machine has more; DuckDB would refuse it without a word, and take its own limit.
_ABSURD = 10**18
# For Python, its libraries and the models; of a greater budget a quarter is kept, as
# frames grow with the batches that it allows.
_OURS = 600_000_000
_UNITS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}
_CGROUPS = (
    "/sys/fs/cgroup/memory.max",
    "/sys/fs/cgroup/memory/memory.limit_in_bytes",
)

_open: list[weakref.ref[duckdb.DuckDBPyConnection]] = []
_guard = threading.Lock()


def machine_bytes() -> int:
    """Memory that this process may have: of the machine, or of its container."""
    found = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for file in _CGROUPS:
        with suppress(OSError, ValueError):
            found = min(found, int(Path(file).read_text(encoding="ascii")))
    return found


def budget_bytes() -> int:
    """What a run may take in all.

    Raises:
        ConfigurationError: `WM_MEMORY_LIMIT` is no size, or too small a one.
    """
    told = os.environ.get(VARIABLE, "").strip()
    if not told:
        return max(LEAST, min(MOST, machine_bytes() // 2))
    size = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)\s*([KMGT]?)(i?)B?", told, re.IGNORECASE)
    if size is None:
        raise ConfigurationError(
            [f"{VARIABLE} is {told[:40]!r}, which is no size: write 4GB or 1500MB."]
        )
    base = 1024 if size[3] else 1000
    told_bytes = float(size[1]) * base ** _UNITS[size[2].upper()]
    if told_bytes > _ABSURD:
        raise ConfigurationError(
            [f"{VARIABLE} is {told[:40]}, which no machine has: write 4GB or 1500MB."]
        )
    found = int(told_bytes)
    if found < LEAST:
        raise ConfigurationError(
            [f"{VARIABLE} is {told}: a run needs {LEAST / 1e9:.0f}GB at least."]
        )
    return found


def duckdb_bytes() -> int:
    """What all instances of DuckDB that are open may take together."""
    budget = budget_bytes()
    return budget - max(_OURS, budget // 4)


def join(connection: duckdb.DuckDBPyConnection) -> None:
    """Give an instance its share; those that are open already give way."""
    with _guard:
        if all(one() is not connection for one in _open):
            _open.append(weakref.ref(connection))
    share()


def share() -> None:
    """Share the budget among the instances that are open."""
    with _guard:
        alive = []
        for one in list(_open):
            # A cursor of its own: what the connection is reading goes on.
            cursor = None if (found := one()) is None else _cursor(found)
            if cursor is None:
                _open.remove(one)
            else:
                alive.append(cursor)
        each = duckdb_bytes() // max(1, len(alive))
        for cursor in alive:
            # What an instance holds it may not be able to let go of now.
            with suppress(duckdb.Error):
                cursor.execute("set memory_limit = $limit", {"limit": f"{each}B"})
            cursor.close()


def _cursor(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection | None:
    try:
        return connection.cursor()
    except duckdb.Error:  # it is closed
        return None
