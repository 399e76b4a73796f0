"""The shipped Superset dashboards name what stands in the marts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlglot
import yaml
from sqlglot import exp

from tests.conftest import FinishedRun
from tests.superset.datasets import DASHBOARDS, DATASETS, datasets, uuid_of
from tests.superset.server import (
    ENVIRONMENT,
    ask_charts,
    bring,
    make_environment,
    serve,
)


def files(folder: str) -> list[dict[str, Any]]:
    """What stands in a folder of the dashboards."""
    return [
        yaml.safe_load(file.read_text(encoding="utf-8"))
        for file in sorted((DASHBOARDS / folder).rglob("*.yaml"))
    ]


def names_in(part: Any) -> set[str]:
    """Columns of a part of a chart: a name, or SQL of its own."""
    if isinstance(part, str):
        return {part}
    tree = sqlglot.parse_one(part["sqlExpression"], read="postgres")
    return {column.name for column in tree.find_all(exp.Column)}


def columns_of(params: dict[str, Any]) -> Iterator[str]:
    """Columns that a chart groups, shows or filters by."""
    for name in ("groupby", "all_columns"):
        for part in params.get(name, []):
            yield from names_in(part)
    if "x_axis" in params:
        yield from names_in(params["x_axis"])
    for condition in params["adhoc_filters"]:
        yield condition["subject"]
    for order in params.get("order_by_cols", []):
        yield json.loads(order)[0]


def test_what_dashboards_name_is_in_the_marts() -> None:
    """Datasets are the headers' words; charts and filters name their columns."""
    there = {file.name: file.read_text("utf-8") for file in DATASETS.iterdir()}
    assert there == datasets(), "python -m tests.superset.datasets writes them anew"
    tables = {one["uuid"]: one for one in files("datasets")}
    columns = {
        one["uuid"]: {column["column_name"] for column in one["columns"]}
        for one in tables.values()
    }
    metrics = {
        one["uuid"]: {metric["metric_name"] for metric in one["metrics"]}
        for one in tables.values()
    }
    (database,) = files("databases")
    assert database["uuid"] == uuid_of("database", "marts")
    assert {one["database_uuid"] for one in tables.values()} == {database["uuid"]}
    charts = {chart["uuid"]: chart for chart in files("charts")}
    assert len(charts) > 30
    for chart in charts.values():
        home, params = chart["dataset_uuid"], chart["params"]
        assert set(columns_of(params)) <= columns[home], chart["slice_name"]
        shown = {*params.get("metrics", []), *filter(None, [params.get("metric")])}
        assert shown <= metrics[home], chart["slice_name"]
        # What its API is asked is what it shows.
        (query,) = json.loads(chart["query_context"])["queries"]
        asked = {name for part in query["columns"] for name in names_in(part)}
        assert asked <= set(columns_of(params)), chart["slice_name"]
        assert set(query.get("metrics", [])) == shown, chart["slice_name"]
    shown_charts = []
    dashboards = files("dashboards")
    assert len({board["slug"] for board in dashboards}) == 6
    for board in dashboards:
        parts = board["position"].values()
        shown_charts += [
            part["meta"]["uuid"]
            for part in parts
            if isinstance(part, dict) and part["type"] == "CHART"
        ]
        for condition in board["metadata"]["native_filter_configuration"]:
            for target in condition["targets"]:
                assert target["column"]["name"] in columns[target["datasetUuid"]]
    assert sorted(shown_charts) == sorted(charts)


def test_metrics_are_sql_that_duckdb_reads(finished_run: FinishedRun) -> None:
    """Of one row its value; of several nothing where they don't add up."""
    file = finished_run.lab.root / "published/marts.duckdb"
    with duckdb.connect(str(file), read_only=True) as marts:
        for one in files("datasets"):
            listed = ", ".join(metric["expression"] for metric in one["metrics"])
            if listed:
                marts.execute(f"select {listed} from {one['table_name']}").fetchall()
        days = marts.execute(
            "select count(*), sum(engagements) from campaign_daily"
        ).fetchone()
        daily = {one["table_name"]: one for one in files("datasets")}["campaign_daily"]
        sql = {one["metric_name"]: one["expression"] for one in daily["metrics"]}
        assert days is not None and days[0] > 1
        assert marts.execute(
            f"select {sql['engagements']}, {sql['phantom_share']} from campaign_daily"
        ).fetchone() == (days[1], None)


@pytest.mark.superset
def test_superset_answers_every_chart(
    finished_run: FinishedRun, tmp_path: Path
) -> None:
    """Imported by a Superset of its own, each chart's query is executed by its API."""
    file = finished_run.lab.root / "published/marts.duckdb"
    with serve(make_environment(ENVIRONMENT), tmp_path / "home") as superset:
        bring(superset, f"duckdb:///{file}?access_mode=read_only")
        asked = list(ask_charts(superset))
    assert len(asked) == len(files("charts"))
    assert [f"{one.chart}: {one.wrong}" for one in asked if one.wrong] == []
    (told,) = (one.data for one in asked if one.chart == "Campaigns side by side")
    with duckdb.connect(str(file), read_only=True) as marts:
        assert [row["engagements"] for row in told] == [
            engagements
            for (engagements,) in marts.execute(
                "select engagements from campaigns order by window_start desc"
            ).fetchall()
        ]
