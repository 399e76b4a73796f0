"""The verdict of an account: keys, overrides, and what marts make of them."""

from __future__ import annotations

import hmac
from hashlib import sha256

import pytest

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


def run(lab: Lab) -> dict[str, tuple[str, bool]]:
    """Level and confirmation by account."""
    lab.run(publish=False)
    return {
        key: (level, confirmed)
        for key, level, confirmed in lab.rows(
            "select account_id, phantom_level, is_confirmed from intermediate.accounts"
        )
    }


@pytest.mark.parametrize("key", ["short", "k" * 64, "茶" * 40])
def test_keys_are_keyed_hashes(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    """HMAC-SHA256 as Python makes it, also where the key is longer than a block."""
    monkeypatch.setenv("WM_PSEUDONYM_KEY", key)
    prepare(lab)
    run(lab)

    def keyed(text: str) -> str:
        return hmac.new(key.encode(), text.encode(), sha256).hexdigest()[:32]

    for account, shown, operator, operator_key in lab.rows(
        "select account_id, account_key, operator_id, operator_key"
        " from intermediate.accounts"
    ):
        assert shown == keyed(f"account:weibo:{account}")
        assert operator_key == keyed(f"operator:{operator}")
    assert lab.value("select post_key from marts.campaign_posts") == keyed(
        "post:weibo:1"
    )


def test_key_is_made_once_where_none_is_given(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WM_PSEUDONYM_KEY")
    made = lab.workspace.pseudonym_key()
    assert len(made) == 64
    assert lab.workspace.pseudonym_key() == made
    assert (lab.root / ".key").stat().st_mode & 0o777 == 0o600


def test_overrides_beat_the_model(lab: Lab) -> None:
    prepare(lab)
    found = run(lab)
    assert found["21"] == ("phantom", False)
    assert found["24"] == ("genuine", False)
    lab.override(
        "genuine,weibo,21,,,met him,li,2026-03-01",
        "phantom,weibo,24,,,bought,li,2026-03-01",
    )
    found = run(lab)
    assert found["21"] == ("genuine", True)
    assert found["24"] == ("phantom", True)
    ((genuine, low, high, engagements),) = lab.rows(
        "select genuine_engagements, genuine_engagements_low,"
        " genuine_engagements_high, engagements from marts.campaigns"
    )
    # The confirmed phantom is out of every genuine figure.
    assert (genuine, high, engagements) == (3, 3, 4)
    assert 1 <= low <= 3  # 21 is confirmed
    # The model's own score stays as it was.
    assert (
        lab.value(
            "select phantom_probability from intermediate.account_scores"
            " where account_id = '24'"
        )
        < 0.5
    )


def test_people_are_operators(lab: Lab) -> None:
    """Two accounts of one contact are one person; a split parts them again."""
    prepare(lab)
    run(lab)
    counts = "select engaged_accounts, engaged_people from marts.campaigns"
    assert lab.rows(counts) == [(4, 3)]
    lab.override("split,weibo,23,,,her sister,li,2026-03-01")
    run(lab)
    assert lab.rows(counts) == [(4, 4)]
    lab.override(
        "split,weibo,23,,,her sister,li,2026-03-01",
        "merge,weibo,24,,22,same desk,li,2026-03-02",
    )
    run(lab)
    assert lab.rows(counts) == [(4, 3)]


def test_missing_profile_gives_missing_features(lab: Lab) -> None:
    """A liker of whom only the id is known."""
    lab.put("export/a.jsonl", [status(1), repost(2, 1, {"id": 31})])
    run(lab)
    ((followers, posts, empty, default, age),) = lab.rows(
        "select followers_count, posts_count, has_empty_description,"
        " has_default_avatar, age_days_at_first_act"
        " from intermediate.account_features where account_id = '31'"
    )
    assert (followers, posts, default, age) == (None, None, None, None)
    assert not empty
    assert lab.rows(
        "select phantom_level, influence_level from restricted.accounts"
        " where platform = 'weibo' and first_seen_day is not null and reposts = 1"
    ) == [("genuine", None)]


def test_superseded_scores_stay_in_the_history(lab: Lab) -> None:
    prepare(lab)
    run(lab)
    assert lab.value("select count(*) from meta.score_history") == 0
    # The zombie wrote a profile since.
    lab.put(
        "export/b.jsonl",
        [
            repost(
                6, 1, user(21, "laowang", followers_count=80, statuses_count=9), day=3
            )
        ],
    )
    run(lab)
    assert lab.rows("select account_id, phantom_level from meta.score_history") == [
        ("21", "phantom")
    ]


def test_zeros_that_contradict_themselves_are_unknown(lab: Lab) -> None:
    """A verified account, or one of a high level, has followers and posts."""
    nothing = {"followers_count": 0, "friends_count": 0, "statuses_count": 0}
    lab.put(
        "export/a.jsonl",
        [
            status(1),
            repost(2, 1, user(21, "new", **nothing, urank=3)),
            repost(3, 1, user(22, "star", **nothing, verified=True)),
            repost(4, 1, user(23, "old", **nothing, urank=30)),
        ],
    )
    run(lab)
    assert lab.rows(
        "select account_id, followers_count, following_count, posts_count"
        " from intermediate.account_features where account_id in ('21', '22', '23')"
        " order by account_id"
    ) == [("21", 0, 0, 0), ("22", None, None, None), ("23", None, None, None)]
