"""The verdict of an account: keys, overrides, and what marts make of them."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import polars as pl
import pytest

from tasks.warehouse.database import connect
from tasks.warehouse.models import load_models, run_model
from tasks.warehouse.pseudonyms import padded_keys
from tests.workspaces import Lab, comment, repost, status, user


def prepare(lab: Lab) -> None:
    """A thread with a zombie, a genuine person and one person's two accounts."""
    zombie = user(21, "用户1234567", followers_count=1, statuses_count=0)
    lab.put(
        "export/a.jsonl",
        [
            status(1),
            repost(2, 1, zombie),
            repost(3, 1, user(22, "alice", description="VX: master77")),
            repost(4, 1, user(23, "alice too", description="vx：master77"), day=2),
            comment(5, 1, user(24, "bob")),
        ],
    )


@pytest.fixture
def judged(lab_once: Callable[[str, Callable[[Lab], None]], Lab]) -> Lab:
    """A workspace of one's own in which `prepare`'s thread was run once."""

    def make(lab: Lab) -> None:
        prepare(lab)
        lab.run(tables=["campaigns", "campaign_posts"])

    return lab_once("judged-thread", make)


def hashed(lab: Lab) -> tuple[list[Any], str]:
    """Accounts and operators with their keys, and the key of the post."""
    accounts = lab.rows(
        "select account_id, account_key, operator_id, operator_key"
        " from intermediate.accounts"
    )
    return accounts, lab.value("select post_key from intermediate.campaign_posts")


def test_keys_are_keyed_hashes(judged: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """HMAC-SHA256 as Python makes it, also where the key is longer than a block."""
    models = load_models("intermediate")
    for key in ("a-key-for-tests-only", "k" * 64, "茶" * 40):
        monkeypatch.setenv("WM_PSEUDONYM_KEY", key)
        if key != "a-key-for-tests-only":  # the run's own
            keys = padded_keys(judged.workspace.pseudonym_key())
            with connect(judged.workspace.database) as connection:
                for name in ("accounts", "campaign_posts"):
                    run_model(connection, models[f"intermediate.{name}"], keys)

        def keyed(text: str, key: str = key) -> str:
            return hmac.new(key.encode(), text.encode(), sha256).hexdigest()[:32]

        accounts, post = hashed(judged)
        assert len(accounts) == 5, key
        for account, shown, operator, operator_key in accounts:
            assert shown == keyed(f"account:weibo:{account}"), key
            assert operator_key == keyed(f"operator:{operator}"), key
        assert post == keyed("post:weibo:1"), key
    shown = judged.value("select post_key from marts.campaign_posts")
    monkeypatch.setenv("WM_PSEUDONYM_KEY", "a-key-for-tests-only")
    assert (
        shown
        == hmac.new(b"a-key-for-tests-only", b"post:weibo:1", sha256).hexdigest()[:32]
    )


def test_key_is_made_once_where_none_is_given(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WM_PSEUDONYM_KEY")
    made = lab.workspace.pseudonym_key()
    assert len(made) == 64
    assert lab.workspace.pseudonym_key() == made
    assert (lab.root / ".key").stat().st_mode & 0o777 == 0o600


def levels(lab: Lab) -> dict[str, tuple[str, bool]]:
    """Level and confirmation by account."""
    return {
        key: (level, confirmed)
        for key, level, confirmed in lab.rows(
            "select account_id, phantom_level, is_confirmed from intermediate.accounts"
        )
    }


def test_overrides_beat_the_model(judged: Lab) -> None:
    """Levels and people: two accounts of one contact are one; a split parts them."""
    found = levels(judged)
    assert found["21"] == ("phantom", False)
    assert found["24"] == ("genuine", False)
    counts = "select engaged_accounts, engaged_people from marts.campaigns"
    assert judged.rows(counts) == [(4, 3)]
    decisions = (
        "genuine,weibo,21,,,met him,li,2026-03-01",
        "phantom,weibo,24,,,bought,li,2026-03-01",
        "split,weibo,23,,,her sister,li,2026-03-01",
    )
    judged.override(*decisions)
    judged.run(tables=["campaigns"])
    found = levels(judged)
    assert found["21"] == ("genuine", True)
    assert found["24"] == ("phantom", True)
    ((genuine, low, high, engagements),) = judged.rows(
        "select genuine_engagements, genuine_engagements_low,"
        " genuine_engagements_high, engagements from marts.campaigns"
    )
    # The confirmed phantom is out of every genuine figure.
    assert (genuine, high, engagements) == (3, 3, 4)
    assert 1 <= low <= 3  # 21 is confirmed
    # The model's own score stays as it was.
    assert (
        judged.value(
            "select phantom_probability from intermediate.account_scores"
            " where account_id = '24'"
        )
        < 0.5
    )
    assert judged.rows(counts) == [(4, 4)]
    judged.override(*decisions, "merge,weibo,24,,22,same desk,li,2026-03-02")
    judged.run(tables=["campaigns"])
    assert judged.rows(counts) == [(4, 3)]


def test_superseded_scores_stay_in_the_history(judged: Lab) -> None:
    assert judged.value("select count(*) from meta.score_history") == 0
    # The zombie wrote a profile since.
    judged.put(
        "export/b.jsonl",
        [
            repost(
                6, 1, user(21, "laowang", followers_count=80, statuses_count=9), day=3
            )
        ],
    )
    judged.run_to_accounts()
    assert judged.rows("select account_id, phantom_level from meta.score_history") == [
        ("21", "phantom")
    ]


def test_what_a_profile_does_not_tell_is_unknown(lab: Lab) -> None:
    """A liker of whom only the id is known; zeros that contradict themselves.

    A verified account, or one of a high level, has followers and posts.
    """
    nothing = {"followers_count": 0, "friends_count": 0, "statuses_count": 0}
    lab.put(
        "export/a.jsonl",
        [
            status(1),
            repost(2, 1, user(21, "new", **nothing, urank=3)),
            repost(3, 1, user(22, "star", **nothing, verified=True)),
            repost(4, 1, user(23, "old", **nothing, urank=30)),
            repost(5, 1, {"id": 31}),
        ],
    )
    lab.run(tables=["restricted.accounts"])
    features = lab.features()
    counts = ["followers_count", "following_count", "posts_count"]
    assert features.filter(pl.col("account_id").is_in(["21", "22", "23"])).select(
        "account_id", *counts
    ).sort("account_id").rows() == [
        ("21", 0, 0, 0),
        ("22", None, None, None),
        ("23", None, None, None),
    ]
    ((followers, posts, empty, default, age),) = (
        features.filter(pl.col("account_id") == "31")
        .select(
            *("followers_count", "posts_count", "has_empty_description"),
            *("has_default_avatar", "age_days_at_first_act"),
        )
        .rows()
    )
    assert (followers, posts, default, age) == (None, None, None, None)
    assert not empty
    assert lab.rows(
        "select phantom_level, influence_level from restricted.accounts"
        " where first_seen_day is not null and reposts = 1 and account_key in"
        " (select account_key from intermediate.accounts where account_id = '31')"
    ) == [("genuine", None)]
