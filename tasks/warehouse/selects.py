"""Who works out what models select: the warehouse itself, or an engine beside it.

A model's rows are put in their place by the warehouse, in the transaction that marks
the ledger, whoever worked them out. So an engine that is killed leaves what stood.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import duckdb

if TYPE_CHECKING:
    import polars as pl

    from tasks.warehouse.landing import Batch
    from tasks.warehouse.models import Model
    from tasks.warehouse.raw_tables import RawTable


class Engine(Protocol):
    """Works out beside the warehouse what grows with it."""

    def observe(
        self,
        connection: duckdb.DuckDBPyConnection,
        folder: Path,
        batches: list[Batch],
        raw_tables: Mapping[str, RawTable],
    ) -> dict[str, int]:
        """Turn landed records into canonical rows, as `tasks.staging.observe` does.

        Args:
            connection: the warehouse.
            folder: the landing folder.
            batches: what to read; may be empty.
            raw_tables: how records become typed rows.

        Returns:
            The count of each table's rows.
        """
        ...

    def select(
        self,
        connection: duckdb.DuckDBPyConnection,
        model: Model,
        sql: str,
        bound: Mapping[str, Any],
    ) -> tuple[str, dict[str, Any]] | None:
        """Work out a model's select.

        Args:
            connection: the warehouse, which has all that the select reads.
            model: whose.
            sql: its select, which may read other tables than the model's.
            bound: the values of its parameters.

        Returns:
            A select that finds the rows, and its parameters: good until the next call.
            None where the warehouse is to do it.
        """
        ...

    def map_rows(
        self, work: Callable[[pl.DataFrame], pl.DataFrame], frame: pl.DataFrame
    ) -> pl.DataFrame:
        """Have a function work on parts of a frame, which gives the same as on all.

        Args:
            work: looks at the rows one by one.
            frame: many rows, or few: then it is not worth the way.

        Returns:
            What it makes of the parts, in their order.
        """
        ...


_ENGINE: ContextVar[Engine | None] = ContextVar("engine", default=None)


@contextmanager
def worked_out_by(engine: Engine | None) -> Iterator[None]:
    """Have an engine, or the warehouse alone, work out whatever runs meanwhile."""
    token = _ENGINE.set(engine)
    try:
        yield
    finally:
        _ENGINE.reset(token)


def engine_beside() -> Engine | None:
    """The engine that works beside the warehouse now."""
    return _ENGINE.get()


def map_rows(
    work: Callable[[pl.DataFrame], pl.DataFrame], frame: pl.DataFrame
) -> pl.DataFrame:
    """What a function makes of a frame whose rows it looks at one by one.

    Args:
        work: the function; can be sent to another machine.
        frame: its input.
    """
    engine = _ENGINE.get()
    return engine.map_rows(work, frame) if engine else work(frame)


def select_of(
    connection: duckdb.DuckDBPyConnection,
    model: Model,
    sql: str,
    bound: Mapping[str, Any],
) -> tuple[str, dict[str, Any]]:
    """What to run in the warehouse for a model's rows; arguments as in `Engine`."""
    engine = _ENGINE.get()
    found = engine.select(connection, model, sql, bound) if engine else None
    return found or (sql, dict(bound))
