"""Deduplicate: what it keeps of earlier judgements, and what `status` tells of it."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from flows.status import describe
from tasks.accounts.drift import ALIKE, DRIFTED
from tests.workspaces import Lab, repost, status, user


@pytest.fixture
def judged(tmp_path: Path, quick_rules: None) -> Lab:
    """Forty accounts, judged on their first day."""
    lab = Lab(tmp_path)
    lab.configure(post_ids=["1"])
    lab.put(
        "export/a.jsonl",
        [status(1)]
        + [repost(100 + n, 1, user(500 + n, f"person {n}"), day=1) for n in range(40)],
    )
    lab.run(publish=False)
    return lab


def test_status_tells_when_accounts_drift(judged: Lab) -> None:
    """The same people again are alike; a batch of others is not."""
    assert describe(judged.workspace)["drift"] is None
    judged.put(
        "export/b.jsonl",
        [repost(200 + n, 1, user(500 + n, f"person {n}"), day=2) for n in range(40)],
    )
    judged.run(run_id="second", publish=False)
    drift = describe(judged.workspace)["drift"]
    assert (drift["from_day"], drift["to_day"]) == ("2026-03-01", "2026-03-02")
    assert drift["stability_index"]["followers_count"] <= ALIKE
    judged.put(
        "export/c.jsonl",
        [
            repost(300 + n, 1, user(900 + n, f"new {n}", followers_count=10**6), day=3)
            for n in range(80)
        ],
    )
    judged.run(run_id="third", publish=False)
    drift = describe(judged.workspace)["drift"]
    assert drift["to_day"] == "2026-03-03"
    assert drift["stability_index"]["followers_count"] > DRIFTED
    said = judged.command("status").stdout
    assert "Drift from 2026-03-01 to 2026-03-03: " in said
    assert "followers_count" in said


@pytest.mark.parametrize("models_changed", [False, True])
def test_a_new_model_says_what_it_changed(judged: Lab, models_changed: bool) -> None:
    """Superseded scores stay in the history, also when all tables are made anew."""
    with duckdb.connect(str(judged.root / "warehouse.duckdb")) as connection:
        connection.execute(
            "update intermediate.account_scores set model_version = 'older-1',"
            " phantom_level = case when account_id in ('501', '502')"
            " then 'phantom' else phantom_level end"
        )
        connection.execute("delete from meta.state where key = 'accounts'")
        if models_changed:
            connection.execute("delete from meta.state where key = 'code'")
    judged.run(run_id="second", publish=False)
    line = describe(judged.workspace)["model_change"]
    assert line.startswith("model ")
    assert line.endswith(
        "took the place of older-1: 2 of 41 accounts changed their level"
    )
    history = judged.rows(
        "select account_id, phantom_level, model_version from meta.score_history"
        " order by all"
    )
    assert len(history) == 41
    assert ("501", "phantom", "older-1") in history
    assert line in judged.command("status").stdout
