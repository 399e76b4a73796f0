"""How heavy the marts get, and what each shipped dashboard's queries cost on them.

`python -m tests.benchmarks.marts_weight [--days 400] [--campaigns 200]
[--accounts 2000000] [--repeats 3] [--folder DIR]` makes marts of that size, without a
run behind them: rows of the published schema, of values as long and as many as real
ones. They are written as each publication is. Then it asks what the charts of
`data/dashboards/superset` ask, and what the pages of `data/dashboards/evidence` bring
and ask, on two threads, each on a connection of its own: the first answer and the
median of the next ones, in seconds of the clock and of the processor. The state of the
machine stands beside them. With `--folder` the marts are kept there and used again.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import yaml

from tasks.warehouse.models import Model, load_models
from tasks.warehouse.publication import build_publication
from tests.evidence import pages as evidence
from tests.publication.schema import SCHEMA
from tests.superset.datasets import DASHBOARDS, DATASETS

THREADS = 2
# What one chart may take (seconds).
BOUND = 1.0
FIRST_DAY = "date '2025-01-01'"
# Values of columns whose number of values matters to what a query finds.
WORDS = {
    "platform": ("weibo", "xiaohongshu"),
    "phantom_level": ("genuine", "suspected", "phantom"),
    "influence_level": ("low", "regular", "influential", "key_opinion_leader"),
    "audience": ("engagers", "followers"),
    "dimension": ("phantom_level", "reason_class", "account_kind", "region", "hour"),
    "compared_with": ("earlier", "similar_audience"),
    "score_band": ("80 to 100", "60 to 80", "40 to 60", "under 40"),
    "best_channel": ("comment", "message", "post"),
    "post_class": ("paid", "owned", "earned"),
}


@dataclass(frozen=True)
class Size:
    """What is made: how many days, campaigns and accounts."""

    days: int
    campaigns: int
    accounts: int

    @property
    def brands(self) -> int:
        """Five campaigns each."""
        return max(1, self.campaigns // 5)

    def keys(self, mart: str) -> dict[str, int]:
        """How many values each key column of a mart has: multiplied, its rows."""
        each = {"campaign_id": self.campaigns, "brand_id": self.brands}
        by_day = {**each, "platform": 2, "activity_day": self.days}
        brands = {"brand_id": self.brands}
        return {
            "account_groups": {"group_key": self.accounts // 400},
            "accounts": {"platform": 1, "account_key": self.accounts},
            "amplifiers": {**each, "platform": 2, "influence_level": 4},
            "audience_breakdown": {
                "brand_id": self.brands,
                "campaign_id": self.campaigns,
                "audience": 2,
                "dimension": 5,
                "value": 20,
            },
            "audience_overlap": {"one_id": self.campaigns, "other_id": 60},
            "audience_quality": {**brands, "audience": 2, "audience_day": self.days},
            "brand_actions": {**brands, "action_id": self.days},
            "brands": brands,
            "campaign_accounts": {
                "campaign_id": self.campaigns,
                "platform": 1,
                "account_key": self.accounts * 3 // 2,
            },
            "campaign_cohorts": {**brands, "first_campaign_id": 4, "campaign_id": 4},
            "campaign_daily": by_day,
            "campaign_groups": {**each, "group_key": 25},
            "campaign_history": {**each, "metric": 12, "compared_with": 2},
            "campaign_hourly": {**by_day, "activity_hour": 16},
            "campaign_links": {**each, "link_id": 5},
            "campaign_posts": {**each, "platform": 2, "post_key": 50},
            "campaigns": each,
            "cascades": {**each, "platform": 2, "post_key": 40},
            "changes": {"key": self.campaigns, "metric": 8},
            "competitors": {**brands, "activity_day": self.days},
            "contact_results": brands,
            "contacts": {**brands, "platform": 2, "score_band": 4, "why_not": 12},
            "conversions": {**each, "link_id": 5, "activity_day": self.days},
            "data_coverage": {
                "source": 5,
                "platform": 2,
                "activity_day": self.days,
            },
            "days": {"calendar_day": self.days},
            "feedback_daily": {**each, "activity_day": self.days},
            "feedback_platform_daily": by_day,
            "feedback_authenticity": {**each, "sentiment": 3},
            "feedback_topics": {**each, "topic": 20},
            "feedback_topics_daily": {**each, "topic": 20, "activity_day": self.days},
            "findings": {"finding_id": self.campaigns * 10},
            "partner_results": {**each, "partner_id": 5},
            "share_of_voice": {**brands, "activity_day": self.days},
            "verdict_breakdown": {**each, "dimension": 5, "value": 12},
        }.get(mart, {"row": 40})


def generate(warehouse: Path, size: Size) -> None:
    """Write tables of the published schema to a file, as the warehouse has them."""
    types = json.loads(SCHEMA.read_text(encoding="utf-8"))["tables"]
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("create schema marts")
        for model in load_models("marts").values():
            connection.execute(
                f"create table {model.name} as {_rows(model, types[model.table], size)}"
            )


def _rows(model: Model, types: dict[str, str], size: Size) -> str:
    """A select of a mart's rows: keys that tell them apart, values by chance."""
    keys = size.keys(model.table)
    # An inner key is counted within the outer one, its brand follows from a campaign.
    if "campaign_id" in keys and "brand_id" in keys:
        keys.pop("brand_id")
    rows, places = 1, {}
    for name, values in keys.items():
        if (model.table, name) == ("campaign_accounts", "account_key"):
            values //= size.campaigns
        places[name] = f"(i // {rows}) % {values}"
        rows *= values
    for name in model.grain:
        if name not in ("brand_id", "campaign_id"):
            places.setdefault(name, "i")
    listed = ", ".join(
        f'{_value(name, kind, places, size)} as "{name}"'
        for name, kind in types.items()
    )
    return f"select {listed} from range({rows}) as numbered (i)"


def _value(name: str, kind: str, places: dict[str, str], size: Size) -> str:
    """One column of a row `i`."""
    chance = f"hash(i, '{name}')"
    campaign = places.get("campaign_id", f"{chance} % {size.campaigns}")
    place = places.get(name, f"{chance} % 40")
    if name == "account_key" and name in places:
        inner = places[name]
        return f"md5('account ' || ({campaign} * 9973 + {inner}) % {size.accounts})"
    if name.endswith("_key"):
        return f"md5('{name} ' || ({place}))"
    if name in ("brand_id", "brand_name"):
        brand = places.get("brand_id", f"({campaign}) // 5")
        return f"'brand ' || ({brand})"
    if name in ("campaign_id", "campaign_name"):
        return f"'campaign ' || ({campaign})"
    if name in WORDS:
        listed = ", ".join(f"'{word}'" for word in WORDS[name])
        place = places.get(name, chance)
        return f"([{listed}])[1 + cast(({place}) % {len(WORDS[name])} as integer)]"
    if kind == "DATE":
        day = places.get(name, f"{chance} % {size.days}")
        return f"{FIRST_DAY} + cast({day} as integer)"
    return _filler(name, kind, places, chance)


def _filler(name: str, kind: str, places: dict[str, str], chance: str) -> str:
    """A value of which only its type and length matter."""
    if name in places:
        texts = f"'{name} ' || ({places[name]})"
        return texts if kind == "VARCHAR" else f"cast({places[name]} as {kind})"
    if kind == "BIGINT":
        return f"case when {chance} % 5 > 0 then cast({chance} % 100000 as bigint) end"
    if kind.startswith(("DOUBLE", "DECIMAL")):
        return f"cast(({chance} % 1000000) / 1000000 as {kind})"
    if kind == "BOOLEAN":
        return f"{chance} % 3 = 0"
    if kind == "TIMESTAMP":
        return (
            f"timestamp '2026-01-01' - to_seconds(cast({chance} % 9999999 as bigint))"
        )
    if kind == "VARCHAR[]":
        return f"['{name} ' || ({chance} % 300), '{name} ' || ({chance} % 7)]"
    if kind == "BIGINT[]":
        return f"[cast({chance} % 300 as bigint), cast({chance} % 7 as bigint)]"
    if name in ("message", "advice", "post_text", "evidence", "finding"):
        return f"repeat('Some words, ', 10) || ({chance} % 100000)"
    return f"'{name} ' || ({chance} % 12)"


def of_superset() -> Iterator[evidence.Query]:
    """What each chart asks: its columns, metrics, filters and bounds."""
    datasets = {
        told["uuid"]: told
        for told in (
            yaml.safe_load(file.read_text("utf-8"))
            for file in sorted(DATASETS.glob("*.yaml"))
        )
    }
    for file in sorted((DASHBOARDS / "charts").glob("*.yaml")):
        chart = yaml.safe_load(file.read_text("utf-8"))
        dataset = datasets[chart["dataset_uuid"]]
        (query,) = json.loads(chart["query_context"])["queries"]
        metrics = {
            metric["metric_name"]: metric["expression"] for metric in dataset["metrics"]
        }
        columns = [
            part if isinstance(part, str) else part["sqlExpression"]
            for part in query["columns"]
        ]
        asked = query.get("metrics") or []
        listed = [*columns, *(f"{metrics[name]} as {name}" for name in asked)]
        wanted = [
            f"{told['col']} {_operator(told)}"
            for told in query["filters"]
            if told["op"] != "TEMPORAL_RANGE"
        ]
        sql = f"select {', '.join(listed)} from {dataset['table_name']}"
        if wanted:
            sql += f" where {' and '.join(wanted)}"
        if asked and columns:
            sql += f" group by {', '.join(str(n + 1) for n in range(len(columns)))}"
        order = [
            f"{name} {'asc' if up else 'desc'}"
            for name, up in query.get("orderby") or []
            if isinstance(name, str)
        ]
        if order:
            sql += f" order by {', '.join(order)}"
        if query.get("row_limit"):
            sql += f" limit {query['row_limit']}"
        yield evidence.Query(f"superset: {chart['slice_name']}", file.stem, sql)


def _operator(told: dict[str, object]) -> str:
    """A filter as SQL."""
    value = told.get("val")
    if isinstance(value, list):
        listed = ", ".join(_text(one) for one in value)
        return f"{told['op']} ({listed})"
    return str(told["op"]) if value is None else f"{told['op']} {_text(value)}"


def _text(value: object) -> str:
    return str(value) if isinstance(value, bool | int | float) else f"'{value}'"


@dataclass(frozen=True)
class Cost:
    """Of one query: rows, the first answer, the median of the next ones (seconds)."""

    rows: int
    first: float
    next: float
    processor: float


def measure(connection: duckdb.DuckDBPyConnection, sql: str, repeats: int) -> Cost:
    """Ask a query once and some times more, its rows fetched."""
    walls, works, rows = [], [], 0
    for _ in range(repeats + 1):
        began, worked = time.perf_counter(), time.process_time()
        rows = connection.sql(sql).to_arrow_table().num_rows
        walls.append(time.perf_counter() - began)
        works.append(time.process_time() - worked)
    return Cost(
        rows, walls[0], statistics.median(walls[1:]), statistics.median(works[1:])
    )


def main() -> None:
    """Make the marts, weigh them, ask every query."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=400)
    parser.add_argument("--campaigns", type=int, default=200)
    parser.add_argument("--accounts", type=int, default=2_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--folder", type=Path)
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = told.folder or Path(temporary) / "marts"
        if not (folder / "marts.duckdb").exists():
            make(folder, Size(told.days, told.campaigns, told.accounts))
        weigh(folder)
        ask(folder, told.repeats)


def make(folder: Path, size: Size) -> None:
    """Make marts of a size as a publication is made."""
    warehouse = folder.parent / "warehouse.duckdb"
    began, worked = time.perf_counter(), time.process_time()
    warehouse.parent.mkdir(parents=True, exist_ok=True)
    generate(warehouse, size)
    print(f"generated: {time.perf_counter() - began:.1f} s")
    began, worked = time.perf_counter(), time.process_time()
    build_publication(warehouse, folder, list(load_models("marts").values()))
    print(
        f"written as a publication: {time.perf_counter() - began:.1f} s,"
        f" {time.process_time() - worked:.1f} s of the processor"
    )
    warehouse.unlink()


def weigh(folder: Path) -> None:
    """Print what each mart weighs."""
    print(f"marts.duckdb: {(folder / 'marts.duckdb').stat().st_size / 1e6:.1f} MB")
    files = sorted(
        (folder / "parquet").glob("*.parquet"), key=lambda file: -file.stat().st_size
    )
    total = sum(file.stat().st_size for file in files)
    print(f"parquet: {total / 1e6:.1f} MB")
    with duckdb.connect(str(folder / "marts.duckdb"), read_only=True) as marts:
        for file in files[:6]:
            ((rows,),) = marts.execute(f"select count(*) from {file.stem}").fetchall()
            print(f"  {file.stem}: {rows} rows, {file.stat().st_size / 1e6:.1f} MB")


def ask(folder: Path, repeats: int) -> None:
    """Ask each dashboard's queries; print the dearest, and all above the bound."""
    costs: dict[str, Cost] = {}
    with duckdb.connect(
        str(folder / "marts.duckdb"), read_only=True, config={"threads": THREADS}
    ) as marts:
        # What changed is made of two publications: there are none here.
        marts.execute("create temp table changes (mart text, key text, metric text)")
        for column in ("before", "after"):
            marts.execute(f"alter table changes add column {column} double")
        for column in ("unit", "currency", "why", "campaign_id", "brand_id"):
            marts.execute(f"alter table changes add column {column} text")
        for query in of_superset():
            costs[query.place] = measure(marts, query.sql, repeats)
        for source in evidence.sources():
            place = f"evidence brings {source.name}"
            costs[place] = measure(marts, source.sql, repeats)
            marts.execute(f"create temp table brought_{source.name} as {source.sql}")
        for query in evidence.asked():
            sql = query.sql.replace(" marts.", " brought_")
            costs[f"evidence, {query.place}: {query.name}"] = measure(
                marts, sql, repeats
            )
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    print(f"{len(costs)} queries on {THREADS} threads; load of the machine {load}")
    print("rows, first answer, next ones, of the processor (s)")
    for place, cost in sorted(costs.items(), key=lambda told: -told[1].first)[:12]:
        print(
            f"{cost.rows:8} {cost.first:7.3f} {cost.next:7.3f} {cost.processor:7.3f}"
            f"  {place}"
        )
    slow = [place for place, cost in costs.items() if cost.next > BOUND]
    print(f"above {BOUND:g} s: {', '.join(slow) or 'none'}")


if __name__ == "__main__":
    main()
