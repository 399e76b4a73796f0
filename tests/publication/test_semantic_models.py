"""The semantic models say what the headers of the marts say, and nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

import yaml

from tasks.marts.metric_headers import adds_over
from tasks.warehouse.models import load_models
from tests.conftest import FinishedRun

# What MetricFlow takes for a name; a grain of time alone is none.
NAME = re.compile(r"(?!.*__)[a-z][a-z0-9_]*[a-z0-9]")
GRAINS = {"day", "week", "month", "quarter", "year"}


def columns_of(model: dict[str, Any]) -> list[str]:
    """Columns that the parts of a semantic model stand on, aliases of keys aside."""
    parts = [
        *(one for one in model["entities"] if "expr" not in one),
        *model.get("dimensions", []),
        *model.get("measures", []),
    ]
    return sorted(part.get("expr", part["name"]) for part in parts)


def check_what_metricflow_asks(models: Iterable[dict[str, Any]]) -> None:
    """A name is a dimension or an entity everywhere; a primary key has it once."""
    kinds: dict[str, set[str]] = {}
    pairs = []
    for model in models:
        primary = [
            *(
                one["name"]
                for one in model.get("entities", [])
                if one["type"] == "primary"
            ),
            *([model["primary_entity"]] if "primary_entity" in model else []),
        ]
        assert len(primary) == 1, model["name"]
        pairs += [(primary[0], one["name"]) for one in model["dimensions"]]
        for one in model.get("entities", []):
            kinds.setdefault(one["name"], set()).add("entity")
        for one in model["dimensions"]:
            kinds.setdefault(one["name"], set()).add(one["type"])
    assert {name: found for name, found in kinds.items() if len(found) > 1} == {}
    assert len(pairs) == len(set(pairs))


def test_they_say_what_the_headers_say(finished_run: FinishedRun) -> None:
    """Each column once; a measure is what adds up and stands on a day."""
    folder = finished_run.lab.root / "published"
    text = (folder / "semantic_models.yml").read_text(encoding="utf-8")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["others"]["semantic_models.yml"]["bytes"] == len(text.encode())
    told = yaml.safe_load(text)
    models = {model["name"]: model for model in told["semantic_models"]}
    published = load_models("marts") | load_models("publication")
    marts = {mart.table: mart for mart in published.values()}
    assert sorted(models) == sorted(marts)
    measures = {}
    for name, mart in marts.items():
        model = models[name] | {"entities": models[name].get("entities", [])}
        assert model["model"] == f"ref('{name}')"
        columns = [column for column in mart.columns if not column.is_older_name]
        assert columns_of(model) == sorted(column.name for column in columns), name
        parts = [
            *model["entities"],
            *model.get("dimensions", []),
            *model.get("measures", []),
        ]
        names = [part["name"] for part in parts]
        assert len(names) == len(set(names)), name
        assert all(NAME.fullmatch(one) and one not in GRAINS for one in names), name
        times = [one["name"] for one in model["dimensions"] if one["type"] == "time"]
        additive = {
            f"{name}_{column.name}": list(adds_over(column, mart))
            for column in columns
            if adds_over(column, mart)
        }
        if "measures" not in model:
            # Nothing adds up, or nothing says of which day it is.
            assert not additive or not {"activity_day", "post_day"} & set(times)
            continue
        assert model["defaults"]["agg_time_dimension"] in times
        assert {
            one["name"]: one["config"]["meta"]["additivity"].split(", ")
            for one in model["measures"]
        } == additive
        assert {one["agg"] for one in model["measures"]} == {"sum"}
        measures |= {one["name"]: one for one in model["measures"]}
    assert len(measures) > 60
    metrics = {one["name"]: one for one in told["metrics"]}
    assert metrics.keys() == measures.keys()
    assert {one["type_params"]["measure"] for one in told["metrics"]} == set(measures)
    engagements = metrics["campaign_daily_genuine_engagements"]
    assert "likely phantoms" in engagements["description"]
    assert engagements["config"]["meta"]["unit"] == "interactions"
    check_what_metricflow_asks(models.values())
    # Foreign keys of other names lead to the key they mean.
    groups = {one["name"] for one in models["account_groups"]["entities"]}
    assert groups == {"group_key", "operator_key", "coordinated_group_key"}
