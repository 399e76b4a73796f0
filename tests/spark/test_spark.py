"""Both engines give the same. With Spark: `python -m tests.spark` brings pyspark."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import polars as pl
import pyarrow as pa
import pytest

from tasks.engines.spark_functions import worker_functions
from tasks.engines.spark_sql import plain_functions, signatures, view_of
from tasks.staging.observe import SUITES
from tasks.warehouse.database import add_functions, store_frame
from tasks.warehouse.selects import worked_out_by
from tasks.warehouse.written_values import register
from tests.conftest import FinishedRun
from tests.spark.environment import SETTINGS, in_configuration
from tests.spark.inputs import VALUES, query, types_are_known
from tests.workspaces import Lab

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

ASKED = pl.DataFrame({"number": range(len(VALUES)), "value": VALUES})


@pytest.fixture(scope="module")
def wanted() -> pl.DataFrame:
    """What DuckDB says of the values that functions are asked."""
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        register(connection)
        add_functions(connection)
        connection.execute("create schema meta")
        store_frame(connection, "meta.asked", ASKED)
        assert types_are_known(connection)
        found: pl.DataFrame = connection.sql(query()).pl().sort("number")
        return found


@pytest.fixture(scope="module")
def session() -> Iterator[SparkSession]:
    """One session for all: it takes ten seconds to start."""
    pytest.importorskip("pyspark")
    from tasks.engines.on_spark import start_session

    started = start_session("local[1]", SETTINGS)
    yield started
    started.stop()


def test_every_function_has_its_twin() -> None:
    named = {one.name for one in worker_functions()}
    assert signatures().keys() == plain_functions().keys() | (
        named & signatures().keys()
    )


@pytest.mark.spark
def test_functions_give_the_same(
    session: SparkSession, wanted: pl.DataFrame, tmp_path: Path
) -> None:
    from tasks.engines.spark_functions import register_functions
    from tests.spark.comparison import frame

    register_functions(session)
    ASKED.write_parquet(tmp_path / "asked.parquet")
    rows = session.read.parquet(str(tmp_path / "asked.parquet"))
    rows.createOrReplaceTempView(view_of("meta.asked"))
    asked = frame(session, query()).sort("number")
    assert asked.columns == wanted.columns
    for name in wanted.columns:
        pairs = zip(VALUES, wanted[name].to_list(), asked[name].to_list(), strict=True)
        assert not [one for one in pairs if one[1] != one[2]], name


def test_workers_give_the_same(wanted: pl.DataFrame) -> None:
    """What Spark's workers do with a batch, without Spark."""
    columns = {
        "x": pa.array(VALUES, pa.string()),
        "author_id": pa.array([""] * len(VALUES)),
        "site": pa.array(["tea.example"] * len(VALUES)),
        "seen_at": pa.array(["2026-03-10"] * len(VALUES)).cast(pa.timestamp("us")),
        "hours": pa.array([8] * len(VALUES), pa.int32()),
        "is_marked": pa.array([True] * len(VALUES)),
    }
    for function in worker_functions():
        if function.name in signatures():
            made = function.work(*(columns[name] for name in function.takes))
            assert made.to_pylist() == wanted[function.name].to_list(), function.name


@pytest.mark.spark
def test_staging_gives_the_same(session: SparkSession, tmp_path: Path) -> None:
    """Of every golden case: all formats, and what people get wrong in them."""
    from tests.spark.comparison import ComparingEngine, golden_cases

    lab = golden_cases(tmp_path)
    engine = ComparingEngine(session, lab.workspace.spark)
    with worked_out_by(engine):
        lab.stage()
    assert {one.table for one in engine.found} >= {
        f"{schema}_{table}"
        for table in SUITES
        for schema in ("raw.observed", "staging.valid")
    }
    assert not [one for one in engine.found if one.differs]


@pytest.mark.spark
def test_a_run_gives_the_same_marts(
    session: SparkSession,
    finished_run: FinishedRun,
    lab: Lab,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By the command: byte for byte what DuckDB made, rejected rows and all."""
    from tasks.engines.on_spark import SparkEngine

    monkeypatch.setattr(SparkEngine, "rows_at_once", 4)  # workers score them
    shutil.rmtree(lab.root)
    shutil.copytree(finished_run.lab.root, lab.root, symlinks=True)
    told = finished_run.lab.rows("from meta.quarantine order by all")
    for name in ("warehouse.duckdb", "published"):
        (lab.root / name).unlink()
    text = (lab.root / "workspace.toml").read_text(encoding="utf-8")
    lab.put("workspace.toml", text + in_configuration("local[1]"))
    run = ("backfill", "--from", "2026-03-01", "--to", "2026-03-14", "--reason", "x")
    done = lab.call(*run)
    assert done.returncode == 0, done.stderr
    assert lab.rows("from meta.quarantine order by all") == told
    assert lab.parquet() == finished_run.lab.parquet()
    assert {one.name for one in (lab.root / "spark/tables").iterdir()} >= {
        *("staging__interactions", "staging__posts"),
    }
    # The next run, on either engine, makes anew what a decision changes.
    lab.override("phantom,weibo,100,,,seen,me,2026-03-20")
    other = Lab(tmp_path / "other")
    shutil.copytree(lab.root, other.root, symlinks=True)
    other.put("workspace.toml", text)
    for one in (other, lab):
        done = one.call(*run)
        assert done.returncode == 0, done.stderr
    assert lab.parquet() == other.parquet() != finished_run.lab.parquet()
