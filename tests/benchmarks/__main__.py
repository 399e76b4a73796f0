"""Files to published marts, against DuckDB's own typed parse of the same files.

`python -m tests.benchmarks [--interactions 1000000] [--campaigns 100] [--seed 7]
[--format weibo-api] [--out FILE]` makes a world, measures the baseline and the
whole command as processes of their own, prints a table and writes JSON. The
fixed overhead (start of Python, Prefect and Great Expectations) is measured by
the same command over an export of one post, and stands apart.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.benchmarks.processes import run_measured
from tests.world import WorldSpec, generate, write, write_big


def _workspace(
    folder: Path, source: Path, format: str, campaigns: list[dict[str, Any]]
) -> None:
    lines = [
        'timezone = "Asia/Shanghai"',
        "[[sources]]",
        'name = "world"',
        'platform = "weibo"',
        'kind = "files"',
        f'format = "{format}"',
        f'path = "{source}"',
        "observed_at = 2026-04-01T00:00:00+08:00",
        "[[brands]]",
        'id = "aurora"',
        'name = "Aurora Tea"',
    ]
    for campaign in campaigns:
        posts = ", ".join(
            f'{{ platform = "weibo", post_id = "{post}" }}'
            for post in campaign["post_ids"]
        )
        lines += [
            "[[campaigns]]",
            f'id = "{campaign["campaign_id"]}"',
            'brand = "aurora"',
            f"start = {campaign['start']}",
            f"end = {campaign['end']}",
            f"post_ids = [{posts}]",
        ]
    folder.mkdir()
    (folder / "workspace.toml").write_text("\n".join(lines) + "\n")


def _backfill(workspace: Path, first: str, last: str) -> tuple[str, dict[str, float]]:
    return run_measured(
        [
            sys.executable,
            "-m",
            "flows",
            "backfill",
            "--from",
            first,
            "--to",
            last,
            "--reason",
            "benchmark",
            "--workspace",
            str(workspace),
        ]
    )


def _steps(out: str) -> dict[str, float]:
    return {
        name: float(seconds)
        for name, seconds in re.findall(r"^(\w+): ([0-9.]+) s$", out, re.MULTILINE)
    }


def measure(
    interactions: int, campaigns: int, seed: int, format: str, folder: Path
) -> dict[str, Any]:
    """Measure one size."""
    source = folder / "world"
    started = time.perf_counter()
    truth = write_big(source, interactions, campaigns, seed, format)  # type: ignore[arg-type]
    written = time.perf_counter() - started
    rows = truth.campaigns.to_dicts()
    first = min(row["start"] for row in rows)
    last = max(row["end"] for row in rows) + timedelta(days=1)
    result: dict[str, Any] = {
        "interactions": interactions,
        "campaigns": campaigns,
        "seed": seed,
        "format": format,
        "input_gb": sum(file.stat().st_size for file in source.iterdir()) / 1e9,
        "generated_s": written,
    }
    small = folder / "one-post"
    write(
        generate(WorldSpec(seed=seed, interactions=1, campaigns=1)), small, "weibo-api"
    )
    _workspace(folder / "overhead", small, "weibo-api", [])
    _, result["overhead"] = _backfill(folder / "overhead", str(first), str(first))
    if format == "weibo-api":
        (folder / "typed").mkdir()
        command = [sys.executable, "-m", "tests.benchmarks.baseline", str(source)]
        out, result["baseline"] = run_measured([*command, str(folder / "typed")])
        result["baseline"]["parse_and_group_s"] = json.loads(out)["seconds"]
    _workspace(folder / "workspace", source, format, rows)
    out, result["run"] = _backfill(folder / "workspace", str(first), str(last))
    result["steps"] = _steps(out)
    result["net_s"] = result["run"]["wall_s"] - result["overhead"]["wall_s"]
    if "baseline" in result:
        result["ratio"] = result["net_s"] / result["baseline"]["parse_and_group_s"]
    return result


def main() -> None:
    """Run the benchmark and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--interactions", type=int, default=1_000_000)
    parser.add_argument("--campaigns", type=int, default=100)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--format", default="weibo-api")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = measure(
            options.interactions,
            options.campaigns,
            options.seed,
            options.format,
            Path(folder),
        )
    print(
        f"seed {options.seed}, {options.interactions:,} interactions,"
        f" {options.campaigns:,} campaigns, {result['input_gb']:.2f} GB"
        f" {options.format}"
    )
    if "baseline" in result:
        base = result["baseline"]
        print(
            f"{'DuckDB typed parse + group-by':34} {base['parse_and_group_s']:7.1f} s"
            f"  {base['cpu_s']:7.1f} CPU-s  {base['peak_gb']:.2f} GB"
        )
    for name, seconds in result["steps"].items():
        print(f"  {name:32} {seconds:7.1f} s")
    run, over = result["run"], result["overhead"]
    print(
        f"{'whole command':34} {run['wall_s']:7.1f} s  {run['cpu_s']:7.1f} CPU-s"
        f"  {run['peak_gb']:.2f} GB"
    )
    print(
        f"{'fixed overhead (one post)':34} {over['wall_s']:7.1f} s"
        f"  {over['cpu_s']:7.1f} CPU-s  {over['peak_gb']:.2f} GB"
    )
    print(
        f"{'net of the overhead':34} {result['net_s']:7.1f} s"
        + (f"  {result['ratio']:.2f} x the baseline" if "ratio" in result else "")
    )
    if options.out:
        options.out.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
