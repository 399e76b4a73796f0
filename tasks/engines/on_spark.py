"""Spark beside the warehouse: it works out staging and the models behind it.

What a record tells by itself is read by DuckDB on the workers, a part of landing each
(`tasks.staging.parts`); what needs other rows is Spark SQL (`spark_sql`), over copies
of the warehouse's tables (`lake`). Rows come back as Parquet, and the warehouse puts
them in their place, in the transaction that marks the ledger: a driver that is killed
leaves what stood, a worker that is killed leaves its part to another one.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import polars as pl
import pyarrow as pa

from tasks.engines.lake import Lake
from tasks.engines.spark_functions import register_functions
from tasks.engines.spark_sql import tables_read, to_spark, view_of
from tasks.staging.observe import PORTION_BYTES, SUITES
from tasks.staging.parts import (
    combine_evidence,
    observe_part,
    settle_part,
    show_settled,
)
from tasks.warehouse import landing
from tasks.warehouse.code_digest import FOLDER
from tasks.warehouse.database import failpoint
from tasks.warehouse.errors import StepFailedError
from tasks.warehouse.models import SQL_FOLDER, Model, load_models
from tasks.warehouse.raw_tables import RawTable
from tasks.warehouse.whole_files import replacing

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# What results must not depend on: zones of machines, and errors that pass as nulls.
SETTLED = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
    "spark.sql.ansi.enabled": "true",
}
_SETTINGS = {"spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false"}


def start_session(
    master: str = "local[2]", settings: Mapping[str, str] | None = None
) -> SparkSession:
    """A session of Spark whose Python workers find the checkout and its libraries.

    Args:
        master: as Spark takes it.
        settings: more of them, by name.
    """
    from pyspark.sql import SparkSession

    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    paths = [str(FOLDER), *filter(None, [os.environ.get("PYTHONPATH")])]
    os.environ["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(paths))
    builder = SparkSession.builder.master(master).appName("weibo-manager")
    # Those of a cluster, too, whose own environment knows nothing of us.
    builder.config("spark.executorEnv.PYTHONPATH", os.environ["PYTHONPATH"])
    for name, value in {**_SETTINGS, **(settings or {}), **SETTLED}.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session


class SparkEngine:
    """Works out selects of one warehouse; see `tasks.warehouse.selects.Engine`.

    Attributes:
        rows_at_once: so many rows of a frame make a part of work.
    """

    rows_at_once = 50_000

    def __init__(self, session: SparkSession, folder: Path) -> None:
        """Begin.

        Args:
            session: a session.
            folder: that the driver and all workers reach; holds people's records.
        """
        self._session = session
        self._lake = Lake(folder)
        # Views of Spark, and what they were made of.
        self._shown: dict[str, object] = {}
        self._taken: Path | None = None
        self._parts: Path | None = None
        register_functions(session)

    def observe(
        self,
        connection: duckdb.DuckDBPyConnection,
        folder: Path,
        batches: list[landing.Batch],
        raw_tables: Mapping[str, RawTable],
    ) -> dict[str, int]:
        """See `Engine`."""
        if self._parts:
            shutil.rmtree(self._parts)
        # Paths of workers are their own.
        staged = self._parts = self._lake.place("staged").absolute()
        folder = folder.absolute()
        parts = dict(enumerate(landing.portions(folder, batches, PORTION_BYTES)))
        places = {number: staged / f"part-{number:05}" for number in parts}

        def observe(number: int) -> dict[str, int]:
            return observe_part(folder, parts[number], raw_tables, places[number])

        with _told("landed records"):
            counted = self._on_workers(observe, parts)
            combine_evidence(connection, list(places.values()), staged)
            self._on_workers(lambda number: settle_part(places[number], staged), parts)
            show_settled(connection, list(places.values()))
            for table in SUITES:
                valid = f"staging.valid_{table}"
                files = str(staged / "part-*" / f"valid_{table}.parquet")
                rows = self._session.read.parquet(files)
                rows.createOrReplaceTempView(view_of(valid))
                self._shown[valid] = staged
        return {table: sum(one[table] for one in counted) for table in SUITES}

    def select(
        self,
        connection: duckdb.DuckDBPyConnection,
        model: Model,
        sql: str,
        bound: Mapping[str, Any],
    ) -> tuple[str, dict[str, Any]] | None:
        """See `Engine`."""
        if not is_shared(model):
            return None
        if self._taken:
            shutil.rmtree(self._taken)
        self._taken = self._lake.place("made").absolute()
        with _told(model.name):
            for table in tables_read(sql):
                self._show(connection, table)
            asked = {name: _bound(value) for name, value in bound.items()}
            rows = self._session.sql(to_spark(sql), args=asked)
            rows.write.mode("overwrite").parquet(str(self._taken))
            failpoint("spark:select")
        types = connection.execute(f"describe {sql}", dict(bound)).fetchall()
        columns = ", ".join(
            f'cast("{name}" as {type}) as "{name}"' for name, type, *_ in types
        )
        files = landing.as_patterns(self._taken.glob("*.parquet"))
        return (
            f"select {columns} from read_parquet($rows_of_spark)",
            {"rows_of_spark": files},
        )

    def map_rows(
        self, work: Callable[[pl.DataFrame], pl.DataFrame], frame: pl.DataFrame
    ) -> pl.DataFrame:
        """See `Engine`."""
        if frame.height <= self.rows_at_once:
            return work(frame)
        place = self._lake.place("rows").absolute()
        starts = range(0, frame.height, self.rows_at_once)
        for number, start in enumerate(starts):
            part = frame.slice(start, self.rows_at_once)
            part.write_parquet(place / f"given-{number}.parquet")

        def make(number: int) -> dict[str, int]:
            made = work(pl.read_parquet(place / f"given-{number}.parquet"))
            with replacing(place / f"made-{number}.parquet") as beside:
                made.write_parquet(beside)
            return {"rows": made.height}

        with _told("a frame of rows"):
            self._on_workers(make, range(len(starts)))
        made = [place / f"made-{number}.parquet" for number in range(len(starts))]
        found = pl.concat([pl.read_parquet(file) for file in made])
        shutil.rmtree(place)
        return found

    def close(self, *, keeps: bool = True) -> None:
        """Leave in the folder what the next run may use; see `Lake.close`."""
        with suppress(Exception):  # of a session that is gone
            self._session.catalog.clearCache()
        self._lake.close(keeps=keeps)

    def _show(self, connection: duckdb.DuckDBPyConnection, table: str) -> object:
        """Have Spark see a table as the warehouse has it; what it was made of."""
        if table.startswith("staging.valid_"):
            return self._shown[table]
        if view := _views().get(table):
            made_of = [self._show(connection, read) for read in sorted(view.reads)]
            if self._shown.get(table) != made_of:
                rows = self._session.sql(to_spark(view.sql))
                # What reads it several times works it out once.
                rows.persist().createOrReplaceTempView(view_of(table))
                self._shown[table] = made_of
            return made_of
        found = self._lake.show(connection, table)
        if self._shown.get(table) != found.digest:
            rows = self._session.read.parquet(
                *(str(folder.absolute()) for folder in found.folders)
            )
            rows.createOrReplaceTempView(view_of(table))
            self._shown[table] = found.digest
        return found.digest

    def _on_workers(
        self, work: Callable[[int], dict[str, int]], numbers: Iterable[int]
    ) -> list[dict[str, int]]:
        """Have a part each worked at; a part whose worker dies is worked at again."""
        numbers = list(numbers)

        def each(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            for batch in batches:
                for number in batch.column(0).to_pylist():
                    done = work(number)
                    names, counts = list(done), list(done.values())
                    yield pa.record_batch(
                        [
                            pa.array([number] * len(done), pa.int64()),
                            pa.array(names, pa.string()),
                            pa.array(counts, pa.int64()),
                        ],
                        names=["number", "name", "count"],
                    )

        told = self._session.range(0, len(numbers), 1, max(len(numbers), 1))
        rows = told.mapInArrow(each, "number bigint, name string, count bigint")
        found: dict[int, dict[str, int]] = {number: {} for number in numbers}
        for row in rows.collect():
            found[row["number"]][row["name"]] = row["count"]
        return list(found.values())


def is_shared(model: Model) -> bool:
    """Whether a model is one of those that both engines work out.

    The canonical tables of staging and all that stands behind them before the marts;
    models of networks look at records one by one, on the workers.
    """
    if not model.sql or model.replace == "view":
        return False
    if model.layer == "staging":
        return (SQL_FOLDER / "staging" / f"{model.table}.sql").exists()
    return model.layer == "intermediate"


@cache
def _views() -> dict[str, Model]:
    """Views that shared models read."""
    return {
        name: model
        for layer in ("staging", "intermediate")
        for name, model in load_models(layer).items()
        if model.replace == "view"
        and (layer != "staging" or (SQL_FOLDER / layer / f"{model.table}.sql").exists())
    }


@contextmanager
def _told(what: str) -> Iterator[None]:
    """Say what Spark was at when it failed, without what its error quotes."""
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    try:
        yield
    except (PySparkException, Py4JError, ConnectionError) as error:
        if os.environ.get("WM_DEBUG"):
            raise
        kind = re.search(r"\b([A-Z_]{4,}(?:\.[A-Z_]+)*)\]", str(error))
        raise StepFailedError(
            f"Spark stopped at {what} ({kind[1] if kind else type(error).__name__})."
            " What was published before still stands. See whether its master and"
            " workers run, and their logs; then run the same command again: --debug"
            " shows what Spark said."
        ) from None


def _bound(value: Any) -> Any:
    """A parameter as Spark takes it."""
    from pyspark.sql import functions

    if isinstance(value, list | tuple):
        texts = functions.array(*(functions.lit(one) for one in value))
        return texts.cast("array<string>")
    return functions.lit(bytearray(value)) if isinstance(value, bytes) else value
