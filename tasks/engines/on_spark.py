"""Spark as an engine: tables are folders of Parquet that all workers reach.

What a record tells by itself is read by DuckDB on the workers, a part of landing each
(`tasks.staging.parts`); what needs other rows is Spark SQL (`spark_sql`). A table is
written to a folder of its own each time and shown once it is whole, so that a model may
read its own table, and work that fails leaves what stood.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow as pa

from tasks.engines.engine import ReadLanding
from tasks.engines.spark_functions import SPARK_TYPES, register_functions
from tasks.engines.spark_sql import to_spark, view_of
from tasks.staging.observe import PORTION_BYTES, SUITES, views_between
from tasks.staging.parts import combine_evidence, observe_part, settle_part
from tasks.warehouse.code_digest import FOLDER
from tasks.warehouse.landing import Batch, portions
from tasks.warehouse.models import Model, in_order, load_models
from tasks.warehouse.raw_tables import RawTable

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

# What results must not depend on: zones of machines, and errors that pass as nulls.
_SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
    "spark.sql.ansi.enabled": "true",
    "spark.ui.enabled": "false",
}


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
    for name, value in {**_SETTINGS, **(settings or {})}.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


class SparkEngine:
    """Tables under a folder that the driver and all workers reach."""

    def __init__(self, session: SparkSession, folder: Path) -> None:
        self._session = session
        self._folder = folder
        self._written = 0
        self._places: dict[str, Path] = {}
        self._views: dict[str, Model] = {}
        self._seen: dict[str, DataFrame] = {}
        register_functions(session)

    def read_landing(
        self, folder: Path, batches: list[Batch], raw_tables: Mapping[str, RawTable]
    ) -> ReadLanding:
        """See `Engine`."""
        staged = self._next_place("staged")
        parts = dict(enumerate(portions(folder, batches, PORTION_BYTES)))
        places = {number: staged / f"part-{number:05}" for number in parts}

        def observe(number: int) -> dict[str, int]:
            return observe_part(folder, parts[number], raw_tables, places[number])

        counted = self._on_workers(observe, parts)
        combine_evidence(list(places.values()), staged)
        broken: Counter[str] = Counter()
        for told in self._on_workers(
            lambda number: settle_part(places[number], staged), parts
        ):
            broken.update(told)
        for table in SUITES:
            files = str(staged / "part-*" / f"valid_{table}.parquet")
            found = self._session.read.parquet(files)
            found.createOrReplaceTempView(view_of(f"staging.valid_{table}"))
            self._make_typed(load_models("staging")[f"staging.{table}"])
            for view in views_between(table):
                self.run(view, {})
        observed = {table: sum(one[table] for one in counted) for table in SUITES}
        return ReadLanding(observed, dict(broken))

    def run(self, model: Model, params: Mapping[str, Any]) -> None:
        """See `Engine`."""
        if model.replace == "view":
            self._views[model.name] = model
            self._look_through(model)
            return
        typed = self._make_typed(model)
        bound = {name: _bound(params[name]) for name in model.params}
        rows = self._session.sql(to_spark(model.sql), args=bound)
        if typed:
            rows = rows.selectExpr(
                *(
                    f"cast({column.name} as {_spark_type(column.type)})"
                    f" as {column.name}"
                    for column in model.columns
                )
            )
        if model.name in self._places:
            rows = self._with_kept(model, rows, params)
        self._show(model.name, rows)

    def replace(self, table: str, frame: pl.DataFrame) -> None:
        """See `Engine`."""
        place = self._next_place(view_of(table))
        place.mkdir(parents=True)
        frame.write_parquet(place / "part-00000.parquet")
        self._point(table, place)

    def frame(
        self, query: str, params: Mapping[str, Any] | None = None
    ) -> pl.DataFrame:
        """See `Engine`."""
        bound = {name: _bound(value) for name, value in (params or {}).items()}
        found = self._session.sql(to_spark(query), args=bound).toArrow()
        made = pl.from_arrow(found)
        assert isinstance(made, pl.DataFrame)
        return made

    def _make_typed(self, model: Model) -> bool:
        """Make the table of a model that reads itself if there is none."""
        typed = bool(model.columns) and all(column.type for column in model.columns)
        if typed and model.name not in self._places:
            self._show(model.name, self._session.createDataFrame([], _schema(model)))
        return typed

    def _look_through(self, view: Model) -> None:
        """Show a view's rows; what reads it several times works them out once."""
        if before := self._seen.pop(view.name, None):
            before.unpersist()
        rows = self._session.sql(to_spark(view.sql)).persist()
        rows.createOrReplaceTempView(view_of(view.name))
        self._seen[view.name] = rows

    def _with_kept(
        self, model: Model, rows: DataFrame, params: Mapping[str, Any]
    ) -> DataFrame:
        """New rows and those older ones that none of them replaces."""
        verb, _, rest = model.replace.partition(" ")
        if verb not in ("rows", "window"):
            return rows  # all of them
        older = self._session.table(view_of(model.name))
        if verb == "window":
            day, first, last = older[rest], params["start_date"], params["end_date"]
            return older.where(~day.between(first, last)).unionByName(rows)
        keys = re.split(r",\s*", rest)
        new = rows.select(*keys).distinct().alias("replaced")
        same = [older[key].eqNullSafe(new[key]) for key in keys]
        return older.join(new, on=same, how="left_anti").unionByName(rows)

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

    def _show(self, table: str, rows: DataFrame) -> None:
        """Write a table beside what stands of it, then show it."""
        place = self._next_place(view_of(table))
        rows.write.parquet(str(place))
        self._point(table, place)

    def _point(self, table: str, place: Path) -> None:
        found = self._session.read.parquet(str(place))
        found.createOrReplaceTempView(view_of(table))
        before = self._places.get(table)
        self._places[table] = place
        # A view of Spark stays with the files that its tables had when it was made.
        moved = {table}
        for view in in_order(self._views):
            if moved & view.reads:
                self._look_through(view)
                moved.add(view.name)
        if before:
            shutil.rmtree(before)

    def _next_place(self, name: str) -> Path:
        self._written += 1
        return self._folder / f"{name}-{self._written}"


def _spark_type(told: str | None) -> str:
    return SPARK_TYPES[(told or "").upper()]


def _schema(model: Model) -> str:
    return ", ".join(
        f"{column.name} {_spark_type(column.type)}" for column in model.columns
    )


def _bound(value: Any) -> Any:
    """A parameter as Spark takes it."""
    from pyspark.sql import functions

    if isinstance(value, list | tuple):
        texts = functions.array(*(functions.lit(one) for one in value))
        return texts.cast("array<string>")
    return functions.lit(bytearray(value)) if isinstance(value, bytes) else value
