"""The same models on DuckDB and on Spark, compared value by value."""

from __future__ import annotations

import json
import math
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from tasks.accounts.coordination import OBJECT_KINDS
from tasks.accounts.text_templates import text_templates
from tasks.engines.engine import Engine
from tasks.engines.on_duckdb import DuckdbEngine
from tasks.marts.params import mart_params
from tasks.sources.networks import RAW_TABLES
from tasks.staging.observe import SUITES
from tasks.verdicts.account_features import TIMELINE_ACTS
from tasks.verdicts.groups import WRITTEN_SENTENCES
from tasks.warehouse import graph, landing
from tasks.warehouse.database import connect, in_memory, table_exists
from tasks.warehouse.models import SQL_FOLDER, Model, load_models
from tasks.warehouse.workspace import Workspace
from tasks.warehouse.written_values import register
from tests.spark.inputs import VALUES, query
from tests.workspaces import Lab

CASES = Path(__file__).parents[1] / "sql/cases"
CANONICAL = {
    name: model
    for name, model in load_models("staging").items()
    if (SQL_FOLDER / "staging" / f"{model.table}.sql").exists()
}
# From who shared what to who met: made once for each kind of object.
_SHARES, _CHANCE = "intermediate.shares", "intermediate.coordination_chance"
# Made in the midst of a step by Python, of models' tables.
_TEMPLATES, _SUSPICION = "intermediate.text_templates", "intermediate.first_suspicion"


@dataclass(frozen=True)
class Compared:
    """A table as both engines made it."""

    table: str
    rows: int
    seconds: float
    differs: str = ""


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
    lab.put("workspace.toml", 'timezone = "Asia/Shanghai"\n' + "".join(sources))
    lab.land()
    return lab


def compare_functions(spark: Engine) -> Iterator[Compared]:
    """Our functions and patterns of values as people write them."""
    asked = pl.DataFrame({"number": range(len(VALUES)), "value": VALUES})
    with tempfile.TemporaryDirectory() as spill, in_memory(Path(spill)) as connection:
        register(connection)
        duck = DuckdbEngine(connection)
        begun = time.monotonic()
        for engine in (duck, spark):
            engine.replace("meta.asked", asked)
        yield compare(duck, spark, "functions", begun, query())


def compare_staging(workspace: Workspace, spark: Engine) -> Iterator[Compared]:
    """Landing read by both, and the canonical tables made of it, twice.

    The second time all rows stand already, and each takes its own place.
    """
    batches = landing.read_log(workspace.landing)
    params = {"time_zone": workspace.timezone}
    with in_memory(workspace.root / ".spill") as connection:
        duck = DuckdbEngine(connection)
        begun = time.monotonic()
        read = duck.read_landing(workspace.landing, batches, RAW_TABLES)
        assert spark.read_landing(workspace.landing, batches, RAW_TABLES) == read
        for table in SUITES:
            yield compare(duck, spark, f"staging.valid_{table}", begun)
            begun = time.monotonic()
        for model in CANONICAL.values():
            for _ in range(2 if model.replace != "view" else 0):
                begun = time.monotonic()
                duck.run(model, params)
                spark.run(model, params)
            yield compare(duck, spark, model.name, begun)


def compare_intermediate(workspace: Workspace, spark: Engine) -> Iterator[Compared]:
    """All SQL models behind staging, each of what the ones before it made.

    Args:
        workspace: in which a run was finished; Spark has its staging.
        spark: what Python makes, it gets from there.
    """
    models = load_models("intermediate")
    with _copy_of(workspace) as connection:
        duck = DuckdbEngine(connection)
        params = _params(connection, workspace)
        making = graph.Making(connection, workspace, params)
        given: set[str] = set()

        def run(model: Model) -> Compared:
            for name in sorted(model.reads - models.keys() - CANONICAL.keys() - given):
                spark.replace(name, _made_by_python(duck, making, name))
                given.add(name)
            begun = time.monotonic()
            duck.run(model, params)
            try:
                spark.run(model, params)
                return compare(duck, spark, model.name, begun)
            except Exception as error:  # it is told, and the models behind it run
                rows = duck.frame(f"select * from {model.name}")
                spark.replace(model.name, rows)
                said = f"{type(error).__name__}: {str(error).splitlines()[0]}"
                return Compared(model.name, rows.height, time.monotonic() - begun, said)

        of_kinds = graph.between(_SHARES, _CHANCE)
        met = [f"intermediate.{rule.occasions}" for rule in OBJECT_KINDS.values()]
        apart = {_SHARES, *of_kinds, *met}
        for name in graph.needed(models):
            if name in models and name not in apart:
                yield run(models[name])
        for kind, rule in OBJECT_KINDS.items():
            params |= {"object_kind": kind, "max_burst": rule.max_burst}
            params["lists_all"] = rule.is_timed
            for name in (_SHARES, *of_kinds):
                found = run(models[name])
                yield Compared(f"{name} ({kind})", found.rows, *_rest(found))
            if rule.occasions:
                yield run(models[f"intermediate.{rule.occasions}"])


def _rest(found: Compared) -> tuple[float, str]:
    return found.seconds, found.differs


@contextmanager
def _copy_of(workspace: Workspace) -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse to work in, in which all accounts are to be looked at anew."""
    beside = workspace.root / ".compared.duckdb"
    shutil.copy(workspace.database, beside)
    with connect(beside) as connection:
        connection.execute(
            "insert into meta.touched_accounts"
            " select distinct platform, account_id from intermediate.accounts"
        )
        yield connection
    beside.unlink()


def _params(
    connection: duckdb.DuckDBPyConnection, workspace: Workspace
) -> dict[str, Any]:
    (days,) = connection.execute(
        "select min(date_day), max(date_day) from meta.covered_days"
    ).fetchall()
    return {
        **mart_params(connection, workspace),
        **dict(zip(("start_date", "end_date"), days, strict=True)),
        "behaviour_days": workspace.policies.behaviour_days,
        "timeline_acts": TIMELINE_ACTS,
        "time_window": workspace.policies.coordination_window,
        "min_participation": 1,
    }


def _made_by_python(duck: Engine, making: graph.Making, name: str) -> pl.DataFrame:
    """A table of the configuration, or one that a maker makes of models' tables."""
    if name == _TEMPLATES:
        made = text_templates(duck.frame(WRITTEN_SENTENCES))
        duck.replace(name, made)
    if name == _SUSPICION:
        made = duck.frame(
            "select platform, account_id,"
            " phantom_probability > 0.5 as is_suspected_but_for_words,"
            " phantom_probability > 0.4 as is_suspected_but_for_moments"
            " from intermediate.account_scores"
        )
        duck.replace(name, made)
    schema, table = name.split(".")
    if not table_exists(making.connection, schema, table):
        graph.make(making, name)  # it stands only while its step runs
    return duck.frame(f"select * from {name}")


def compare(
    duck: Engine, spark: Engine, table: str, begun: float, asked: str | None = None
) -> Compared:
    """Both engines' rows of a table or a query, in whatever order they stand."""
    asked = asked or f"select * from {table}"
    wanted, found = duck.frame(asked), spark.frame(asked)
    seconds = time.monotonic() - begun
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


FIRST_DAY, LAST_DAY = date(2026, 3, 1), date(2026, 4, 14)


def finished_sample(root: Path) -> Lab:
    """The shipped sample in a workspace of its own, all steps but the last run."""
    lab = Lab(root)
    for name in ("workspace.toml", "samples", "seeds"):
        there = CASES.parents[2] / "data" / name
        if there.is_dir():
            shutil.copytree(there, root / name)
        else:
            root.mkdir(parents=True, exist_ok=True)
            shutil.copy(there, root / name)
    lab.run(FIRST_DAY, LAST_DAY, publish=False)
    return lab
