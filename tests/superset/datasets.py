"""The datasets of the Superset dashboards, made of the headers of the marts.

`python -m tests.superset.datasets` writes them anew. Each column has its words; each
measure is a metric of its name. What adds up is a sum, and where something genuine is
unknown in a part, so is the sum. What doesn't add up (rates, people, bounds) is told of
single rows alone: a chart that groups several shows nothing instead of a wrong number.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import yaml

from tasks.marts.metric_headers import adds_over
from tasks.warehouse.models import Column, Model, load_models
from tests.publication.schema import SCHEMA
from tests.workspaces import REPOSITORY

DASHBOARDS = REPOSITORY / "data/dashboards/superset"
DATASETS = DASHBOARDS / "datasets/Weibo_Manager"
# What charts stand on.
USED = (
    *("audience_breakdown", "audience_overlap", "audience_quality", "campaign_daily"),
    *("campaigns", "changes", "contact_results", "contacts", "data_coverage"),
    *("feedback_daily", "feedback_topics", "findings", "partner_results"),
    *("share_of_voice", "source_coverage", "verdict_breakdown"),
)
# The day that a chart over time begins with.
_DAYS = ("activity_day", "audience_day")
_NUMBERS = ("BIGINT", "DOUBLE", "DECIMAL")
_FORMATS = {"share": ".1%", "currency": ",.2f"}


def uuid_of(kind: str, name: str) -> str:
    """The same on each machine, so that a second import updates the first."""
    return str(uuid5(uuid5(NAMESPACE_URL, "weibo-manager"), f"{kind} {name}"))


def told(name: str) -> str:
    """A column's name as people read it."""
    return name.replace("_", " ").capitalize()


def dataset(model: Model, types: Mapping[str, str]) -> dict[str, Any]:
    """A mart as Superset imports it.

    Args:
        model: the mart.
        types: DuckDB's type of each column.
    """
    named = [column for column in model.columns if not column.is_older_name]
    names = {column.name for column in named}
    return {
        "table_name": model.table,
        "description": model.summary,
        # Where the connection leads: `main` of the file, or a schema of PostgreSQL.
        "schema": None,
        "main_dttm_col": next((day for day in _DAYS if day in names), None),
        "uuid": uuid_of("dataset", model.table),
        "database_uuid": uuid_of("database", "marts"),
        "version": "1.0.0",
        "metrics": [
            {
                "metric_name": column.name,
                "verbose_name": told(column.name),
                "description": _metric_words(column, model),
                "expression": _expression(column, model, names),
                "d3format": _FORMATS.get(column.unit or ""),
            }
            for column in named
            if _is_measure(column, model, types)
        ],
        "columns": [
            {
                "column_name": column.name,
                "verbose_name": told(column.name),
                "description": column.comment,
                "type": types[column.name],
                "is_dttm": types[column.name] in ("DATE", "TIMESTAMP"),
                "groupby": True,
                "filterable": True,
            }
            for column in named
        ],
    }


def _is_measure(column: Column, model: Model, types: Mapping[str, str]) -> bool:
    return column.name not in model.grain and types[column.name].startswith(_NUMBERS)


def _expression(column: Column, model: Model, names: set[str]) -> str:
    """SQL that DuckDB and PostgreSQL both read."""
    if not adds_over(column, model):
        return f"case when count(*) = 1 then max({column.name}) end"
    raw = column.name.removeprefix("genuine_")
    if raw != column.name and raw in names:
        known = f"count({column.name}) = count({raw})"
        return f"case when {known} then sum({column.name}) end"
    return f"sum({column.name})"


def _metric_words(column: Column, model: Model) -> str:
    over = adds_over(column, model)
    if over:
        return f"{column.comment} (adds up over {', '.join(over)})"
    return f"{column.comment} (doesn't add up: of single rows alone)"


def datasets() -> dict[str, str]:
    """Each file's content by its name."""
    types = json.loads(SCHEMA.read_text(encoding="utf-8"))["tables"]
    models = load_models("marts") | load_models("publication")
    by_table = {model.table: model for model in models.values()}
    return {
        f"{table}.yaml": yaml.safe_dump(
            dataset(by_table[table], types[table]),
            sort_keys=False,
            allow_unicode=True,
            width=100,
        )
        for table in USED
    }


if __name__ == "__main__":
    DATASETS.mkdir(parents=True, exist_ok=True)
    for name, content in datasets().items():
        (DATASETS / name).write_text(content, encoding="utf-8")
