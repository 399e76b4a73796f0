"""The marts as semantic models: `semantic_models.yml`, as dbt and MetricFlow read it.

It is written of what stands in a publication itself, its `metric_definitions`, types
and keys, so it can't say anything else than the marts beside it. Only what may be added
up over a mart's rows becomes a measure and a metric. Rates, counts of people, bounds
and estimates of a whole are dimensions of their row: a tool shows them, and can't add
up what doesn't add up. Each says its role, unit and additivity under `meta`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tasks.warehouse.database import read_published
from tasks.warehouse.publication import SEMANTIC_MODELS
from tasks.warehouse.whole_files import write_atomically

_HEAD = """\
# Semantic models and metrics of the marts beside this file, for dbt and MetricFlow,
# made of their metric_definitions. What may be added up is a measure; what may not
# (rates, people, bounds) is a dimension. See data/README.md, "Metrics for dbt".
"""
# The columns that a mart's events are dated by; the first that is there.
_TIMES = ("activity_day", "audience_day", "post_day")
# MetricFlow keeps these words for itself.
_GRAINS = frozenset({"day", "week", "month", "quarter", "year", "hour"})
# MetricFlow's names of the units of time.
_GRANULARITY = {"day": "day", "month": "month", "time in UTC": "second"}

_Row = dict[str, Any]


def write_semantic_models(folder: Path) -> None:
    """Write `semantic_models.yml` of a publication that is being built.

    Args:
        folder: of the publication, its `marts.duckdb` finished.
    """
    with read_published(folder / "marts.duckdb") as marts:
        told = marts.execute(
            "select definitions.*, data_type, tables.comment as summary"
            " from metric_definitions as definitions"
            " inner join duckdb_columns() as columns"
            " on mart = table_name and definitions.column_name = columns.column_name"
            " inner join duckdb_tables() as tables using (table_oid)"
            " where role <> 'older name' order by mart, column_index"
        )
        names = [column[0] for column in told.description or []]
        rows = [dict(zip(names, row, strict=True)) for row in told.fetchall()]
    write_atomically(folder / SEMANTIC_MODELS, semantic_models(rows))


def semantic_models(definitions: Sequence[_Row]) -> str:
    """Semantic models and metrics as YAML.

    Args:
        definitions: rows of `metric_definitions`, with `data_type` and the mart's
            `summary`; by mart, in the order of its columns.

    Returns:
        A document with `semantic_models` and `metrics`; its strings are written as
        JSON, which YAML reads alike.
    """
    marts: dict[str, list[_Row]] = {}
    for row in definitions:
        marts.setdefault(row["mart"], []).append(row)
    shared = _shared_keys(definitions)
    models = [_model(mart, rows, shared) for mart, rows in marts.items()]
    metrics = [
        _metric(mart, row)
        for mart, rows in marts.items()
        for row in rows
        if _is_measure(row, rows)
    ]
    lines = _lines({"semantic_models": models, "metrics": metrics})
    return _HEAD + "\n".join(lines) + "\n"


def _shared_keys(definitions: Sequence[_Row]) -> dict[str, set[str]]:
    """Keys that lead from mart to mart: by target, the names of columns that do.

    Days are the axis of time, no entity.
    """
    found: dict[str, set[str]] = {}
    for row in definitions:
        target = row["references_text"]
        if target and row["unit"] not in _GRANULARITY:
            names = found.setdefault(target, {target.partition(".")[2]})
            names.add(row["column_name"])
    return found


def _keys(rows: Sequence[_Row]) -> list[_Row]:
    return [row for row in rows if row["role"] == "key"]


def _time_of(rows: Sequence[_Row]) -> str | None:
    """The day that measures of a mart stand on."""
    names = {row["column_name"] for row in rows}
    return next((name for name in _TIMES if name in names), None)


def _is_measure(row: _Row, rows: Sequence[_Row]) -> bool:
    """Whether a column adds up; MetricFlow also wants a day that it stands on."""
    return row["additivity"] not in ("", "none") and _time_of(rows) is not None


def _entity_kind(column: str, keys: Sequence[_Row], is_home: bool) -> str:
    """Primary where it is the key of the mart that it leads to from elsewhere."""
    if [row["column_name"] for row in keys] != [column]:
        return "foreign"
    return "primary" if is_home else "unique"


def _model(mart: str, rows: Sequence[_Row], shared: Mapping[str, set[str]]) -> _Row:
    keys = _keys(rows)
    measures = [row for row in rows if _is_measure(row, rows)]
    names = set().union(*shared.values())
    entities = []
    for row in rows:
        column = row["column_name"]
        if column not in names:
            continue
        aliases = shared.get(f"{mart}.{column}", set()) - {column}
        kind = _entity_kind(column, keys, f"{mart}.{column}" in shared)
        about = {"description": row["formula"], **_meta(row)}
        entities.append({"name": column, "type": kind, **about})
        if kind == "primary":
            entities += [
                {"name": alias, "type": "unique", "expr": column}
                for alias in sorted(aliases)
            ]
    model = {
        "name": mart,
        "description": rows[0]["summary"],
        "model": f"ref('{mart}')",
        "defaults": {"agg_time_dimension": _name(_time_of(rows) or "")},
        "primary_entity": f"{mart}_row",
        "entities": entities,
        "dimensions": [
            _dimension(row)
            for row in rows
            if row["column_name"] not in names and row not in measures
        ],
        "measures": [
            {
                "name": f"{mart}_{row['column_name']}",
                "agg": "sum",
                "expr": row["column_name"],
                "description": row["formula"],
                **_meta(row),
            }
            for row in measures
        ],
    }
    if not measures:
        del model["defaults"], model["measures"]
    if any(entity["type"] == "primary" for entity in entities):
        del model["primary_entity"]
    return {name: value for name, value in model.items() if value}


def _name(column: str) -> str:
    return f"{column}_of_row" if column in _GRAINS else column


def _dimension(row: _Row) -> _Row:
    name = _name(row["column_name"])
    told: _Row = {"name": name}
    if row["data_type"] in ("DATE", "TIMESTAMP"):
        grain = _GRANULARITY[row["unit"]]
        told |= {"type": "time", "type_params": {"time_granularity": grain}}
    else:
        told["type"] = "categorical"
    if name != row["column_name"]:
        told["expr"] = row["column_name"]
    return {**told, "description": row["formula"], **_meta(row)}


def _meta(row: _Row) -> _Row:
    told = {
        "role": row["role"],
        "unit": row["unit"],
        "additivity": row["additivity"],
        "references": row["references_text"],
        "caveat": row["caveat"],
    }
    return {"config": {"meta": {name: said for name, said in told.items() if said}}}


def _metric(mart: str, row: _Row) -> _Row:
    """A sum, which says over what it may be taken."""
    name = f"{mart}_{row['column_name']}"
    where = f"Adds up over {row['additivity']}; of {mart}."
    return {
        "name": name,
        "label": f"{row['column_name'].replace('_', ' ').capitalize()} ({mart})",
        "description": f"{row['formula']}. {where}",
        "type": "simple",
        "type_params": {"measure": name},
        **_meta(row),
    }


def _lines(value: Any, depth: int = 0) -> Iterator[str]:
    """A mapping as lines of YAML: what is no mapping and no list as JSON."""
    for name, inner in value.items():
        if isinstance(inner, dict):
            yield f"{'  ' * depth}{name}:"
            yield from _lines(inner, depth + 1)
        elif isinstance(inner, list):
            yield f"{'  ' * depth}{name}:"
            for item in inner:
                first, *rest = _lines(item, depth + 2)
                yield f"{'  ' * (depth + 1)}- {first.strip()}"
                yield from rest
        else:
            yield f"{'  ' * depth}{name}: {json.dumps(inner, ensure_ascii=False)}"
