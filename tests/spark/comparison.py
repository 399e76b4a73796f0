"""What Spark works out in a run, beside what DuckDB finds by the same select."""

from __future__ import annotations

import json
import math
import shutil
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import polars as pl

from tasks.engines.on_spark import SparkEngine
from tasks.engines.spark_sql import to_spark
from tasks.staging.observe import SUITES, leave_out, observe
from tasks.warehouse.database import in_memory
from tasks.warehouse.landing import Batch
from tasks.warehouse.models import Model
from tasks.warehouse.raw_tables import RawTable
from tasks.warehouse.selects import worked_out_by
from tests.workspaces import Lab

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

CASES = Path(__file__).parents[1] / "sql/cases"
FIRST_DAY, LAST_DAY = date(2026, 3, 1), date(2026, 4, 14)


@dataclass(frozen=True)
class Compared:
    """What both engines made of one select; seconds are Spark's."""

    table: str
    rows: int
    seconds: float
    differs: str = ""


class ComparingEngine(SparkEngine):
    """Spark, and what DuckDB finds in its place; the run goes on with Spark's rows."""

    rows_at_once = 50

    def __init__(
        self,
        session: SparkSession,
        folder: Path,
        tell: Callable[[Compared], None] = lambda one: None,
    ) -> None:
        """Begin with nothing compared; each comparison is told as it is made."""
        super().__init__(session, folder)
        self.found: list[Compared] = []
        self._tell = tell

    def observe(
        self,
        connection: duckdb.DuckDBPyConnection,
        folder: Path,
        batches: list[Batch],
        raw_tables: Mapping[str, RawTable],
    ) -> dict[str, int]:
        """Compare what is observed, and what keeps the rules."""
        begun = time.monotonic()
        counts = super().observe(connection, folder, batches, raw_tables)
        seconds = time.monotonic() - begun
        with worked_out_by(None), in_memory(folder.parent / ".spill") as beside:
            assert observe(beside, folder, batches, raw_tables) == counts
            for table, rules in SUITES.items():
                leave_out(beside, table, rules)
                for name in (f"raw.observed_{table}", f"staging.valid_{table}"):
                    wanted = beside.sql(f"from {name}").pl()
                    if name.startswith("raw"):
                        rows = connection.sql(f"from {name}").pl()
                    else:
                        rows = frame(self._session, f"select * from {name}")
                    self._add(compare(name, wanted, rows, seconds))
                    seconds = 0.0
        return counts

    def select(
        self,
        connection: duckdb.DuckDBPyConnection,
        model: Model,
        sql: str,
        bound: Mapping[str, Any],
    ) -> tuple[str, dict[str, Any]] | None:
        """Compare the rows of a select."""
        begun = time.monotonic()
        told = super().select(connection, model, sql, bound)
        if told is None:
            return None
        seconds = time.monotonic() - begun
        wanted = connection.sql(sql, params=dict(bound)).pl()
        rows = connection.sql(told[0], params=told[1]).pl()
        self._add(compare(model.name, wanted, rows, seconds))
        return told

    def map_rows(
        self, work: Callable[[pl.DataFrame], pl.DataFrame], frame: pl.DataFrame
    ) -> pl.DataFrame:
        """Compare what parts give with what the whole does."""
        begun = time.monotonic()
        found = super().map_rows(work, frame)
        seconds = time.monotonic() - begun
        name = getattr(getattr(work, "func", work), "__name__", "rows")
        self._add(compare(f"rows of {name}", work(frame), found, seconds))
        return found

    def _add(self, one: Compared) -> None:
        self.found.append(one)
        self._tell(one)


def frame(session: SparkSession, query: str) -> pl.DataFrame:
    """What Spark finds by a query of DuckDB's."""
    made = pl.from_arrow(session.sql(to_spark(query)).toArrow())
    assert isinstance(made, pl.DataFrame)
    return made


def golden_cases(root: Path) -> Lab:
    """All golden cases of staging as sources of one workspace, landed."""
    lab = Lab(root)
    sources = []
    for case in sorted(path.parent for path in CASES.glob("*/expect.json")):
        told = json.loads((case / "expect.json").read_text(encoding="utf-8"))
        shutil.copytree(case / "input", lab.root / case.name)
        sources.append(
            f'[[sources]]\nname = "{case.name}"\nkind = "files"\npath = "{case.name}"\n'
            f'platform = "{told.get("platform", "weibo")}"\n'
            f'format = "{told["format"]}"\n{told.get("extra", "")}\n'
        )
    lab.put(
        "workspace.toml",
        'timezone = "Asia/Shanghai"\npolicies.quarantine_threshold = 1\n'
        + "".join(sources),
    )
    lab.land()
    return lab


def sample(root: Path) -> Lab:
    """The shipped sample in a workspace of its own."""
    lab = Lab(root)
    root.mkdir(parents=True)
    for name in ("samples", "seeds"):
        shutil.copytree(CASES.parents[2] / "data" / name, root / name)
    shutil.copy(CASES.parents[2] / "data/workspace.toml", root)
    return lab


def compare(
    table: str, wanted: pl.DataFrame, found: pl.DataFrame, seconds: float
) -> Compared:
    """Both engines' rows, in whatever order they stand."""
    rows, others = _rows(wanted), _rows(found)
    if wanted.columns != found.columns:
        differs = f"columns {wanted.columns} and {found.columns}"
    elif rows == others:
        differs = ""
    else:
        differs = _first_difference(wanted.columns, rows, others)
    return Compared(table, wanted.height, seconds, differs)


def _first_difference(
    names: list[str], rows: Counter[tuple[Any, ...]], others: Counter[tuple[Any, ...]]
) -> str:
    only, other = (sorted(one, key=repr) for one in (rows - others, others - rows))
    if not (only and other):
        return f"{len(only)} rows on DuckDB alone, {len(other)} on Spark alone"
    unequal = [
        f"{name} {left!r} and {right!r}"
        for name, left, right in zip(names, only[0], other[0], strict=True)
        if left != right
    ]
    return f"{len(only)} rows: " + ", ".join(unequal[:3])


def _rows(frame: pl.DataFrame) -> Counter[tuple[Any, ...]]:
    return Counter(tuple(map(_value, row)) for row in frame.iter_rows())


def _value(value: Any) -> Any:
    """A value that is equal where both mean the same number, text or moment."""
    if isinstance(value, list):
        return tuple(map(_value, value))
    if isinstance(value, Mapping):
        return tuple((name, _value(one)) for name, one in value.items())
    if isinstance(value, float) and math.isnan(value):
        return "nan"
    if isinstance(value, Decimal) and value != value.to_integral_value():
        return float(value)
    return value
