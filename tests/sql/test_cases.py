"""Golden cases of the staging models: files in, rows out.

A case is a folder: `input/` as an export lies there, and `expect.json` with a
note, the format, and for each staging table all its rows, each with only the
columns that matter and the reason why it is as it is. Rejected records stand
under `quarantine` as file, line, start of the reason, values of rows that stand under
`unread` by their reasons, reasons of profiles under `profiles`; what landing rejects
already under `landing`, as under `quarantine`.
"""

from __future__ import annotations

import json
import shutil
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.workspaces import Lab

CASES = sorted(
    path.parent for path in Path(__file__).parent.glob("cases/*/expect.json")
)
KEYS = {
    "accounts": ("account_id", "date_day"),
    "posts": ("post_id",),
    "post_counters": ("post_id", "observed_at"),
    "interactions": ("interaction_id", "root_post_id", "kind"),
    "follows": ("account_id", "follower_id"),
    "hot_topics": ("board", "topic"),
}


def plain(value: Any) -> Any:
    """A value as JSON holds it."""
    return str(value) if isinstance(value, date | datetime) else value


def check_rejected(found: list[Any], expected: list[list[Any]]) -> None:
    """Fail where other rows are rejected, or for other reasons."""
    found = sorted((path, line or 0, reason) for path, line, reason in found)
    wanted = sorted(
        (f"export/{path}", line or 0, start) for path, line, start in expected
    )
    assert [row[:2] for row in found] == [row[:2] for row in wanted]
    for (_, _, reason), (_, _, start) in zip(found, wanted, strict=True):
        assert reason.startswith(start)


@pytest.mark.parametrize("case", CASES, ids=[path.name for path in CASES])
def test_case(case: Path, tmp_path: Path) -> None:
    expect = json.loads((case / "expect.json").read_text(encoding="utf-8"))
    assert expect["note"]
    lab = Lab(tmp_path)
    shutil.copytree(case / "input", lab.root / "export")
    lab.configure(
        platform=expect.get("platform", "weibo"),
        format=expect["format"],
        timezone=expect.get("timezone", "Asia/Shanghai"),
        extra=expect.get("extra", ""),
        policies="quarantine_threshold = 1.0",
    )
    lab.land()
    check_rejected(lab.quarantined(), expect.get("landing", []))
    staged = lab.stage()
    assert staged.rows_in == staged.rows_out + staged.rows_quarantined
    for table, rows in expect["tables"].items():
        found = [
            {name: plain(value) for name, value in row.items()}
            for row in lab.dicts(f"from staging.{table}")
        ]
        names = [key for key in KEYS[table] if all(key in row for row in rows)]
        assert sorted(tuple(row[key] for key in names) for row in found) == sorted(
            tuple(row[key] for key in names) for row in rows
        ), table
        by_key = {tuple(row[key] for key in names): row for row in found}
        for row in rows:
            told = {name: row[name] for name in row if name != "why"}
            seen = by_key[tuple(row[key] for key in names)]
            assert {name: seen[name] for name in told} == told, row["why"]
    rejected = lab.rows(
        "select path, position, reason from meta.quarantine"
        " where kind <> 'accounts' order by all"
    )
    check_rejected(rejected, expect["quarantine"])
    profiles = lab.rows(
        "select distinct reason from meta.quarantine"
        " where kind = 'accounts' order by all"
    )
    if "profiles" in expect:
        assert [reason for (reason,) in profiles] == expect["profiles"]
    unread = lab.rows(
        "select distinct reason from meta.unread_values"
        " where kind <> 'accounts' order by all"
    )
    if "unread" in expect:
        assert [reason for (reason,) in unread] == expect["unread"]
