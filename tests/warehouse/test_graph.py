"""One graph: each table's reads are what it reads, and parts of it can be asked for."""

from __future__ import annotations

import importlib
import inspect
import re
from itertools import chain

import pytest
import sqlglot
from sqlglot import exp

from tasks.warehouse import graph
from tasks.warehouse.errors import ConfigurationError
from tasks.warehouse.models import LAYERS, load_models
from tests.workspaces import Lab, repost, status, user


def test_reads_of_sql_are_those_of_its_parser() -> None:
    """Told without it, since a run would take half a second to parse all models."""
    models = chain.from_iterable(load_models(layer).items() for layer in LAYERS)
    for name, model in models:
        tables = sqlglot.parse_one(model.sql, read="duckdb").find_all(exp.Table)
        assert model.reads == {f"{one.db}.{one.name}" for one in tables if one.db}, name


def test_headers_of_python_tables_tell_what_their_makers_read() -> None:
    headers = {name: one for name, one in graph.load_graph().items() if one.maker}
    assert len(headers) > 20
    for name, table in headers.items():
        verb = table.replace.split(" ")[0]
        assert table.summary and verb in ("all", "once", "changed", "digest"), name
        module, _, maker = (table.maker or "").rpartition(".")
        source = inspect.getsource(getattr(importlib.import_module(module), maker))
        if module.startswith("tasks.verdicts."):
            continue  # these make several tables, step by step
        named = set(re.findall(r"(?:from|join) ((?:meta|intermediate)\.\w+)", source))
        assert named <= table.reads, name
    # Nothing reads a table of the graph's layers that nobody makes.
    for name, model in graph.load_graph().items():
        missing = {
            read
            for read in model.reads - graph.load_graph().keys()
            if read.startswith(("intermediate.", "restricted.", "marts."))
        }
        assert missing <= {"marts.*"}, name


def test_some_tables_are_made_with_what_they_need(lab: Lab) -> None:
    """The others are stale where something is new, and nothing is published."""
    lab.put("export/a.jsonl", [status(1), repost(11, 1, user(501, "ann"))])
    lab.run()
    whole = lab.marts()
    published = lab.parquet()
    lab.put("export/b.jsonl", [repost(12, 1, user(502, "bo"), day=2)])
    lab.run(tables=["cascades", "campaign_daily"])
    assert lab.value("select size from marts.cascades") == 2
    assert lab.marts()["campaigns"] == whole["campaigns"]
    with pytest.raises(ConfigurationError, match="run all steps"):
        lab.publish()
    assert lab.parquet() == published
    # The rest comes with the next run of all, as if it had come at once.
    lab.run()
    parts = lab.marts()
    assert parts["campaigns"] != whole["campaigns"]
    (lab.root / "warehouse.duckdb").unlink()
    lab.run(publish=False)
    assert lab.marts() == parts
