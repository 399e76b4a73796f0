"""Archives of answers land in any order, any form and twice, to the same rows."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import pytest

from tests.flows.networks import archive_lab
from tests.workspaces import Lab
from tests.world import World

NETWORKS = {"x": "x-api", "facebook": "facebook-graph", "wordpress": "wordpress-rest"}
TABLES = ("accounts", "posts", "post_counters", "interactions", "follows")


def staged(lab: Lab) -> dict[str, list[Any]]:
    """Rows of every staging table."""
    return {
        table: lab.rows(f"select * exclude (source) from staging.{table} order by all")
        if table in ("posts", "interactions")
        else lab.rows(f"from staging.{table} order by all")
        for table in TABLES
    }


def lab_of_network(world: World, root: Path, platform: str) -> Lab:
    """A workspace whose source is an archive of the network."""
    module = importlib.import_module(f"tests.world.{platform}")
    return archive_lab(
        world,
        root,
        platform=platform,
        format=NETWORKS[platform],
        write=getattr(module, f"write_{platform}"),
    )[0]


@pytest.mark.parametrize("platform", sorted(NETWORKS))
def test_order_form_and_repetition_of_files_change_nothing(
    platform: str, small_world: World, tmp_path: Path
) -> None:
    whole = lab_of_network(small_world, tmp_path / "whole", platform)
    whole.land()
    whole.stage()
    expected = staged(whole)
    assert expected["interactions"]

    other = lab_of_network(small_world, tmp_path / "other", platform)
    files = sorted((other.root / "export").iterdir())
    waiting = {path.name: path.read_text(encoding="utf-8") for path in files}
    for path in files:
        path.unlink()
    for number, (name, text) in enumerate(sorted(waiting.items(), reverse=True)):
        lines = [json.loads(line) for line in text.splitlines()][::-1]
        if number % 2:
            other.put(f"export/{name}.json", lines)
            other.put(f"export/{name}-as-list.json", json.dumps(lines))
        else:
            other.put(f"export/{name}", lines + lines[:1])
        if number + 1 in (len(waiting) // 2, len(waiting)):
            other.land()
            other.stage(f"run {number}")
    assert staged(other) == expected
