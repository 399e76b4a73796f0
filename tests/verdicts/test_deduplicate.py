"""Deduplicate: what it keeps of earlier judgements, and what `status` tells of it."""

from __future__ import annotations

from collections.abc import Callable

import duckdb
import pytest

from flows.commands.status import describe
from tasks.accounts.drift import ALIKE, DRIFTED
from tests.workspaces import Lab, repost, status, user


@pytest.fixture
def judged(lab_once: Callable[[str, Callable[[Lab], None]], Lab]) -> Lab:
    """Forty accounts, judged on their first day."""

    def make(lab: Lab) -> None:
        acts = [repost(100 + n, 1, user(500 + n, f"person {n}")) for n in range(40)]
        lab.put("export/a.jsonl", [status(1), *acts])
        lab.run_to_accounts()

    return lab_once("forty-accounts", make)


def test_status_tells_when_accounts_drift(judged: Lab) -> None:
    """The same people again are alike; a batch of others is not."""
    assert describe(judged.workspace)["drift"] is None
    judged.put(
        "export/b.jsonl",
        [repost(200 + n, 1, user(500 + n, f"person {n}"), day=2) for n in range(40)],
    )
    judged.run_to_accounts("second")
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
    judged.run_to_accounts("third")
    drift = describe(judged.workspace)["drift"]
    assert drift["to_day"] == "2026-03-03"
    assert drift["stability_index"]["followers_count"] > DRIFTED
    said = judged.call("status").stdout
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
        connection.execute("comment on table made_of.row_of_account_scores is 'older'")
        connection.execute("delete from meta.state where key = 'accounts'")
        if models_changed:
            connection.execute("delete from meta.state where key = 'code'")
    judged.run_to_accounts("second")
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
    assert line in judged.call("status").stdout


def test_company_is_who_a_person_says(lab: Lab) -> None:
    """Copies of accounts that a person found to be phantoms are told by them."""
    copied = "家人们冲晨曦龙井真的绝了不买后悔"
    copiers = [500 + n for n in range(8)]
    lab.put(
        "export/a.jsonl",
        [status(1)]
        + [
            repost(100 + n, 1, user(key, f"person {n}"), day=1, text=copied)
            for n, key in enumerate(copiers)
        ]
        + [
            repost(
                300 + n,
                1,
                user(700 + n, f"other {n}"),
                day=1,
                text="".join(chr(0x4E00 + 31 * n + step) for step in range(10)),
            )
            for n in range(60)
        ],
    )
    lab.run_to_accounts()
    seen = "select max(suspected_cowriters) from intermediate.account_cowriters"
    reasons = "select reasons from intermediate.account_scores where account_id = '507'"
    probability = reasons.replace("reasons", "phantom_probability")
    assert lab.rows(seen) == [(0,)]
    before = lab.value(probability)
    lab.override(
        *(f"phantom,weibo,{key},,,bought,li,2026-03-01" for key in copiers[:7])
    )
    lab.run_to_accounts("second")
    assert lab.rows(seen) == [(7,)]
    assert lab.value(probability) > before
