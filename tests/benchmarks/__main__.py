"""What runs cost: files to published marts, a day, nothing new, one person's erasure.

`python -m tests.benchmarks [--interactions 1000000 ...] [--seed 7] [--format weibo-api]
[--only cold warm erase] [--days 30] [--a-day 100000] [--repeats 1] [--out FILE]` makes
synthetic worlds and measures whole commands as processes of their own, with DuckDB's
own typed parse and group-by of the same files beside them in the same run. Prints
tables and writes JSON.

- cold: each of `--interactions` from files to marts by stage, and how time grows with
  size; then the same command with nothing new.
- erase: one person out of the largest of these, with the marts made anew, beside one
  reading of all that is landed.
- warm: the last full day of a world of `--days`, landed after all others. `stages` and
  `growth` beside this file tell the same by table.

The fixed overhead (Python's start and imports) is that of a run over an export of one
post and stands apart.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import orjson

from tests.benchmarks.processes import run_measured
from tests.benchmarks.workspaces import (
    backfill,
    command,
    lines_by_day,
    write_workspace,
)
from tests.world import WorldSpec, generate, write, write_big

_PARTS = ("cold", "erase", "warm")


def _steps(out: str) -> dict[str, float]:
    return {
        name: float(seconds)
        for name, seconds in re.findall(r"^(\w+): ([0-9.]+) s$", out, re.MULTILINE)
    }


def _baseline(source: Path, typed: Path) -> dict[str, float]:
    """DuckDB's typed parse and group-by of an export, in a process of its own."""
    typed.mkdir(parents=True)
    out, found = run_measured(
        [sys.executable, "-m", "tests.benchmarks.baseline", str(source), str(typed)]
    )
    return found | {"parse_and_group_s": json.loads(out)["seconds"]}


def _overhead(folder: Path, seed: int) -> dict[str, float]:
    """A first run over one post."""
    spec = WorldSpec(seed=seed, interactions=1, campaigns=1)
    write(generate(spec), folder / "one-post", "weibo-api")
    write_workspace(folder / "overhead", folder / "one-post", "weibo-api", [])
    first = str(spec.start)
    return backfill(folder / "overhead", first, first)[1]


def _campaign_days(campaigns: Sequence[dict[str, Any]]) -> tuple[date, date]:
    first = min(row["start"] for row in campaigns)
    last = max(row["end"] for row in campaigns) + timedelta(days=1)
    return first, last


def measure_cold(
    interactions: int, seed: int, format: str, overhead_s: float, folder: Path
) -> dict[str, Any]:
    """Measure one size; `folder` then has `workspace`, with what was published."""
    source = folder / "world"
    truth = write_big(
        source,
        interactions,
        interactions // 10_000 or 1,
        seed,
        format,  # type: ignore[arg-type]
    )
    campaigns = truth.campaigns.to_dicts()
    first, last = map(str, _campaign_days(campaigns))
    result: dict[str, Any] = {
        "interactions": interactions,
        "campaigns": len(campaigns),
        "input_gb": sum(file.stat().st_size for file in source.iterdir()) / 1e9,
    }
    if format == "weibo-api":
        result["baseline"] = _baseline(source, folder / "typed")
    write_workspace(folder / "workspace", source, format, campaigns)
    out, result["run"] = backfill(folder / "workspace", first, last)
    result["steps"] = _steps(out)
    result["net_s"] = result["run"]["wall_s"] - overhead_s
    if "baseline" in result:
        result["ratio"] = result["net_s"] / result["baseline"]["parse_and_group_s"]
    result["warehouse_gb"] = (
        folder / "workspace" / "warehouse.duckdb"
    ).stat().st_size / 1e9
    _, result["nothing_new"] = backfill(folder / "workspace", first, last)
    result["days"] = [first, last]
    return result


def measure_erasure(folder: Path, days: Sequence[str]) -> dict[str, Any]:
    """Take one person out of the workspace of `measure_cold`.

    It is who wrote most reposts: their records lie in more portions than others'.
    """
    writers = Counter[str]()
    with (folder / "world" / "reposts.jsonl").open("rb") as lines:
        for line in lines:
            if author := orjson.loads(line).get("user"):
                writers[str(author["id"])] += 1
    person, acts = min(writers.items(), key=lambda one: (-one[1], one[0]))
    workspace = folder / "workspace"
    started = time.perf_counter()
    run_measured(
        [
            sys.executable,
            "-c",
            "import duckdb, sys;"
            'duckdb.sql("select bit_xor(hash(record)) from read_parquet(\'"'
            ' + sys.argv[1] + "/**/*.parquet\')").fetchall()',
            str(workspace / "landing"),
        ]
    )
    reading = time.perf_counter() - started
    asked = folder / "asked.csv"
    asked.write_text(f"platform,account_id\nweibo,{person}\n")
    _, erased = command(
        "privacy", "erase", "--requests", str(asked), workspace=workspace
    )
    _, after = backfill(workspace, days[0], days[1])
    return {
        "reposts": acts,
        "reading_landing_s": reading,
        "erase": erased,
        "next_run": after,
    }


def measure_warm(days: int, a_day: int, seed: int, folder: Path) -> dict[str, Any]:
    """A day of a world, landed after all days before it; by `backfill`."""
    interactions = days * a_day
    truth = write_big(
        folder / "world", interactions, interactions // 10_000 or 1, seed, days=days
    )
    by_day = lines_by_day(folder / "world")
    full = [
        day
        for day, lines in by_day.items()
        if sum(map(len, lines.values())) >= a_day * 0.8
    ]
    last = max(full)
    export, alone = folder / "export", folder / "alone"

    def put(to: Path, day: date) -> None:
        to.mkdir(exist_ok=True)
        for name, lines in by_day.get(day, {}).items():
            (to / f"{name}-{day}.jsonl").write_bytes(b"".join(lines))

    for day in by_day:
        if day < last:
            put(export, day)
    campaigns = truth.campaigns.to_dicts()
    first = str(_campaign_days(campaigns)[0])
    write_workspace(folder / "workspace", export, "weibo-api", campaigns)
    before = str(last - timedelta(days=1))
    _, history = backfill(folder / "workspace", first, before)
    put(export, last)
    put(alone, last)
    out, warm = backfill(folder / "workspace", str(last), str(last))
    write_workspace(folder / "workspace-alone", alone, "weibo-api", campaigns)
    _, cold = backfill(folder / "workspace-alone", str(last), str(last))
    found = _baseline(alone, folder / "typed-day")
    return {
        "days": days,
        "a_day": a_day,
        "rows_of_the_day": sum(map(len, by_day[last].values())),
        "history": history,
        "warm": warm,
        "steps": _steps(out),
        "alone": cold,
        "baseline": found,
    }


def _row(what: str, spent: dict[str, float], more: str = "") -> None:
    print(
        f"{what:40}{spent['wall_s']:9.1f} s{spent['cpu_s']:9.1f} CPU-s"
        f"{spent['peak_gb']:7.2f} GB  {more}"
    )


def tell_cold(found: Sequence[dict[str, Any]]) -> None:
    """Print what cold runs cost, in the order of their sizes, and how it grows."""
    for result in found:
        print(
            f"\n{result['interactions']:,} interactions, {result['campaigns']:,}"
            f" campaigns, {result['input_gb']:.2f} GB"
        )
        if "baseline" in result:
            parse = result["baseline"]["parse_and_group_s"]
            _row("DuckDB typed parse + group-by", result["baseline"], f"{parse:.1f} s")
        for name, seconds in result["steps"].items():
            print(f"  {name:38}{seconds:9.1f} s")
        ratio = f"{result['ratio']:.2f} x the parse" if "ratio" in result else ""
        _row("whole command", result["run"])
        if result["net_s"] > 0:
            print(f"{'net of the overhead':40}{result['net_s']:9.1f} s  {ratio}")
        else:  # so small a run beside so much other work says nothing of its size
            print(f"{'net of the overhead':40}  nothing: the overhead took longer")
        _row("again, with nothing new", result["nothing_new"])
        print(f"{'warehouse.duckdb':40}{result['warehouse_gb']:9.2f} GB")
    for small, large in zip(found, found[1:], strict=False):
        if min(small["net_s"], large["net_s"]) <= 0:
            continue
        grown = math.log(large["net_s"] / small["net_s"])
        size = math.log(large["interactions"] / small["interactions"])
        print(
            f"from {small['interactions']:,} to {large['interactions']:,}: time grows"
            f" with the power {grown / size:.2f} of the size"
        )


def main() -> None:
    """Run the benchmark, print tables, write JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--interactions", type=int, nargs="+", default=[1_000_000])
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--format", default="weibo-api")
    parser.add_argument("--only", nargs="+", choices=_PARTS, default=_PARTS)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--a-day", type=int, default=100_000)
    parser.add_argument("--folder", type=Path, help="for what is made; else temporary")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    result: dict[str, Any] = {"seed": options.seed, "format": options.format}
    print(f"seed {options.seed}, {options.format}")
    with tempfile.TemporaryDirectory(dir=options.folder) as made:
        folder = Path(made)
        result["overhead"] = _overhead(folder, options.seed)
        _row("fixed overhead: first run, one post", result["overhead"])
        if "cold" in options.only or "erase" in options.only:
            result["cold"] = [
                measure_cold(
                    size,
                    options.seed,
                    options.format,
                    result["overhead"]["wall_s"],
                    folder / str(size),
                )
                for size in sorted(options.interactions)
            ]
            tell_cold(result["cold"])
        if "erase" in options.only:
            largest = result["cold"][-1]
            found = result["erase"] = measure_erasure(
                folder / str(largest["interactions"]), largest["days"]
            )
            print(
                f"\none person with {found['reposts']:,} reposts out of"
                f" {largest['interactions']:,} interactions; landing is read in"
                f" {found['reading_landing_s']:.1f} s"
            )
            _row("privacy erase", found["erase"])
            _row("the run after it", found["next_run"])
        if "warm" in options.only:
            found = result["warm"] = measure_warm(
                options.days, options.a_day, options.seed, folder / "warm"
            )
            print(
                f"\na day of {found['rows_of_the_day']:,} records after"
                f" {options.days - 1} such days"
            )
            parse = found["baseline"]["parse_and_group_s"]
            _row("DuckDB typed parse + group-by", found["baseline"], f"{parse:.1f} s")
            _row("the days before, cold", found["history"])
            for name, seconds in found["steps"].items():
                print(f"  {name:38}{seconds:9.1f} s")
            _row("the day", found["warm"], f"{found['warm']['wall_s'] / parse:.1f} x")
            _row("the same day alone, cold", found["alone"])
    if options.out:
        options.out.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
