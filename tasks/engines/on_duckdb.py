"""DuckDB as an engine: one machine, the warehouse file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from tasks.engines.engine import ReadLanding
from tasks.staging.observe import observe
from tasks.staging.parts import settle
from tasks.warehouse.database import store_frame
from tasks.warehouse.landing import Batch
from tasks.warehouse.models import Model, run_model
from tasks.warehouse.raw_tables import RawTable


class DuckdbEngine:
    """Tables of a warehouse; whoever opened it owns the transaction."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def read_landing(
        self, folder: Path, batches: list[Batch], raw_tables: Mapping[str, RawTable]
    ) -> ReadLanding:
        """See `Engine`."""
        counts = observe(self._connection, folder, batches, raw_tables)
        return ReadLanding(counts, settle(self._connection))

    def run(self, model: Model, params: Mapping[str, Any]) -> None:
        """See `Engine`."""
        run_model(self._connection, model, params)

    def replace(self, table: str, frame: pl.DataFrame) -> None:
        """See `Engine`."""
        store_frame(self._connection, table, frame)

    def frame(
        self, query: str, params: Mapping[str, Any] | None = None
    ) -> pl.DataFrame:
        """See `Engine`."""
        found: pl.DataFrame = self._connection.sql(query, params=params).pl()
        return found
