"""Workspaces of large worlds, and commands over them as a user runs them."""

from __future__ import annotations

import sys
from datetime import date, datetime
from pathlib import Path
from typing import Any

import orjson

from tests.benchmarks.processes import run_measured


def write_workspace(
    folder: Path, source: Path, format: str, campaigns: list[dict[str, Any]]
) -> None:
    """Write a folder's `workspace.toml`: one source, one brand, its campaigns.

    Args:
        folder: made here.
        source: the export's folder.
        format: of the export.
        campaigns: campaign_id, start, end, post_ids of each.
    """
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


def backfill(workspace: Path, first: str, last: str) -> tuple[str, dict[str, float]]:
    """What `backfill` prints, and its seconds and memory (`run_measured`)."""
    return command(
        "backfill",
        "--from",
        first,
        "--to",
        last,
        "--reason",
        "benchmark",
        workspace=workspace,
    )


def command(*told: str, workspace: Path) -> tuple[str, dict[str, float]]:
    """A command of the command line, in a process of its own."""
    return run_measured(
        [sys.executable, "-m", "flows", *told, "--workspace", str(workspace)]
    )


def lines_by_day(folder: Path) -> dict[date, dict[str, list[bytes]]]:
    """Lines of a world's files by the day that they tell of; profiles left out."""
    found: dict[date, dict[str, list[bytes]]] = {}
    for name in ("statuses", "reposts", "comments"):
        with (folder / f"{name}.jsonl").open("rb") as lines:
            for line in lines:
                told = orjson.loads(line)["created_at"]
                day = datetime.strptime(told, "%a %b %d %H:%M:%S %z %Y").date()
                found.setdefault(day, {}).setdefault(name, []).append(line)
    return found
