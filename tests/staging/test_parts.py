"""Staged in parts that know nothing of each other, rows are those of the whole."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import duckdb

from tasks.sources.networks import RAW_TABLES
from tasks.staging.observe import SUITES, leave_out, observe
from tasks.staging.parts import combine_evidence, observe_part, settle_part
from tasks.warehouse import landing
from tasks.warehouse.database import in_memory
from tests.workspaces import Lab


def test_parts_add_up(tmp_path: Path) -> None:
    """Also in what rows of a file tell only together: that its ids were rounded."""
    lab = Lab(tmp_path / "workspace")
    # Of a single day's six ids that might be chance.
    rows = [f"{4963353632004 + n}710,70{n},2026-03-0{1 + n % 2}" for n in range(12)]
    lab.put("export/posts.csv", "\n".join(["post_id,account_id,posted_at", *rows, ""]))
    lab.configure(format="canonical")
    lab.land()
    folder = lab.root / "landing"
    batches = landing.read_log(folder)
    portions = enumerate(landing.portions(folder, batches, 1))
    parts = {tmp_path / f"part-{number}": part for number, part in portions}
    assert len(parts) == 2
    broken: Counter[str] = Counter()
    for place, part in parts.items():
        observe_part(folder, part, RAW_TABLES, place)
    combine_evidence([*parts], tmp_path)
    for place in parts:
        broken.update(settle_part(place, tmp_path))
    with in_memory(tmp_path) as connection:
        observe(connection, folder, batches, RAW_TABLES)
        for table, rules in SUITES.items():
            leave_out(connection, table, rules)
            name = f"valid_{table}"
            whole = connection.sql(f"from staging.{name}").fetchall()
            paths = str(tmp_path / "part-*" / f"{name}.parquet")
            added = duckdb.sql(f"from '{paths}'").fetchall()
            assert sorted(map(repr, whole)) == sorted(map(repr, added)), table
    assert broken == {"posts: post_id must not be null": 12}
