"""Both engines give the same. With Spark: `python -m tests.spark` brings pyspark."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import polars as pl
import pyarrow as pa
import pytest

from tasks.engines.engine import Engine
from tasks.engines.on_duckdb import DuckdbEngine
from tasks.engines.spark_functions import worker_functions
from tasks.engines.spark_sql import plain_functions, signatures
from tasks.staging.observe import SUITES
from tasks.warehouse.database import add_functions
from tasks.warehouse.models import load_models
from tasks.warehouse.written_values import register
from tests.spark.comparison import (
    CANONICAL,
    compare_intermediate,
    compare_staging,
    finished_sample,
    golden_cases,
)
from tests.spark.environment import SETTINGS
from tests.spark.inputs import VALUES, query, types_are_known

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

ASKED = pl.DataFrame({"number": range(len(VALUES)), "value": VALUES})


@pytest.fixture(scope="module")
def duck() -> Iterator[DuckdbEngine]:
    """DuckDB with the values that functions are asked."""
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        register(connection)
        add_functions(connection)
        connection.execute("create schema meta")
        engine = DuckdbEngine(connection)
        engine.replace("meta.asked", ASKED)
        assert types_are_known(connection)
        yield engine


@pytest.fixture(scope="module")
def session() -> Iterator[SparkSession]:
    """One session for all: it takes ten seconds to start."""
    pytest.importorskip("pyspark")
    from tasks.engines.on_spark import start_session

    started = start_session(settings=SETTINGS)
    yield started
    started.stop()


@pytest.fixture
def spark(session: SparkSession, tmp_path: Path) -> Engine:
    """Spark without any table but the values that functions are asked."""
    from tasks.engines.on_spark import SparkEngine

    engine = SparkEngine(session, tmp_path / "lake")
    engine.replace("meta.asked", ASKED)
    return engine


def test_every_function_has_its_twin() -> None:
    named = {one.name for one in worker_functions()}
    assert signatures().keys() == plain_functions().keys() | (
        named & signatures().keys()
    )


@pytest.mark.parametrize(
    "engine", ["duck", pytest.param("spark", marks=pytest.mark.spark)]
)
def test_functions_give_the_same(
    engine: str, duck: DuckdbEngine, request: pytest.FixtureRequest
) -> None:
    asked = request.getfixturevalue(engine).frame(query()).sort("number")
    wanted = duck.frame(query()).sort("number")
    assert asked.columns == wanted.columns
    for name in wanted.columns:
        pairs = zip(VALUES, wanted[name].to_list(), asked[name].to_list(), strict=True)
        assert not [one for one in pairs if one[1] != one[2]], name


def test_workers_give_the_same(duck: DuckdbEngine) -> None:
    """What Spark's workers do with a batch, without Spark."""
    columns = {
        "x": pa.array(VALUES, pa.string()),
        "author_id": pa.array([""] * len(VALUES)),
        "site": pa.array(["tea.example"] * len(VALUES)),
        "seen_at": pa.array(["2026-03-10"] * len(VALUES)).cast(pa.timestamp("us")),
        "hours": pa.array([8] * len(VALUES), pa.int32()),
        "is_marked": pa.array([True] * len(VALUES)),
    }
    wanted = duck.frame(query()).sort("number")
    for function in worker_functions():
        if function.name in signatures():
            made = function.work(*(columns[name] for name in function.takes))
            assert made.to_pylist() == wanted[function.name].to_list(), function.name


@pytest.mark.spark
def test_staging_gives_the_same(spark: Engine, tmp_path: Path) -> None:
    """Of every golden case: all formats, and what people get wrong in them."""
    found = [*compare_staging(golden_cases(tmp_path).workspace, spark)]
    assert len(found) == len(SUITES) + len(CANONICAL)
    assert not [one for one in found if one.differs]


@pytest.mark.spark
def test_models_give_the_same(spark: Engine, tmp_path: Path) -> None:
    workspace = finished_sample(tmp_path / "sample").workspace
    found = [*compare_staging(workspace, spark)]
    found += compare_intermediate(workspace, spark)
    asked = {one.table.partition(" ")[0] for one in found}
    assert asked >= load_models("intermediate").keys()
    assert not [one for one in found if one.differs]
