"""Staged in parts that know nothing of each other, rows are those of the whole."""

from __future__ import annotations

from pathlib import Path

import duckdb

from tasks.sources.networks import RAW_TABLES
from tasks.staging.observe import SUITES, leave_out, observe
from tasks.staging.parts import (
    combine_evidence,
    observe_part,
    settle_part,
    show_settled,
)
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
    for place, part in parts.items():
        observe_part(folder, part, RAW_TABLES, place)
    with in_memory(tmp_path) as whole, in_memory(tmp_path) as added:
        observe(whole, folder, batches, RAW_TABLES)
        combine_evidence(added, [*parts], tmp_path)
        broken = [settle_part(place, tmp_path) for place in parts]
        show_settled(added, [*parts])
        for name in ("file_ids", "file_times"):
            assert rows_of(added, f"raw.{name}") == rows_of(whole, f"raw.{name}")
        for table, rules in SUITES.items():
            assert rows_of(added, f"raw.observed_{table}") == rows_of(
                whole, f"raw.observed_{table}"
            )
            leave_out(whole, table, rules)
            valid = rows_of(whole, f"staging.valid_{table}")
            files = str(tmp_path / "part-*" / f"valid_{table}.parquet")
            assert rows_of(added, f"'{files}'") == valid
            bad = sum(part[table] for part in broken)
            assert bad == len(rows_of(whole, f"raw.observed_{table}")) - len(valid)
    assert sum(part["posts"] for part in broken) == 12


def rows_of(connection: duckdb.DuckDBPyConnection, name: str) -> list[str]:
    """All rows, in an order of their own."""
    return sorted(map(repr, connection.sql(f"from {name}").fetchall()))
