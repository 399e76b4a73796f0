"""The rule score at its edges; each row says why."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from tasks.accounts.phantom_score import MODEL_VERSION, RULES, score

# An account that nothing speaks against.
PLAIN: dict[str, Any] = {
    "platform": "weibo",
    "account_id": "1",
    "screen_name": "王小明",
    "is_verified": False,
    "followers_count": 200,
    "following_count": 150,
    "posts_count": 400,
    "has_empty_description": False,
    "has_default_avatar": False,
    "age_days_at_first_act": 900,
    "acts": 3,
    "reposts": 1,
    "active_days": 2,
    "target_posts": 2,
    "own_texts": 2,
    "distinct_own_texts": 2,
    "observed_at": None,
}
SCHEMA = {
    "platform": pl.String,
    "account_id": pl.String,
    "screen_name": pl.String,
    "is_verified": pl.Boolean,
    "has_empty_description": pl.Boolean,
    "has_default_avatar": pl.Boolean,
    "observed_at": pl.Datetime("us"),
}


def judge(*accounts: dict[str, Any], low: float = 0.5, high: float = 0.8) -> list[Any]:
    """Score accounts that differ from the plain one."""
    rows = [
        {**PLAIN, "account_id": str(number), **more}
        for number, more in enumerate(accounts)
    ]
    features = pl.DataFrame(
        rows, schema={name: SCHEMA.get(name, pl.Int64) for name in PLAIN}
    )
    return score(features, low, high).to_dicts()


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, 0.0),
        ({"followers_count": 5}, 0.0),  # the zombie rule says fewer than 5
        ({"followers_count": 4}, 0.4),
        ({"posts_count": 5}, 0.0),
        ({"posts_count": 4}, 0.4),
        ({"followers_count": 4, "posts_count": 4}, 0.64),  # 1 - 0.6 * 0.6
        ({"following_count": 299, "followers_count": 5}, 0.0),
        ({"following_count": 300, "followers_count": 30}, 0.0),  # not ten times
        ({"following_count": 300, "followers_count": 29}, 0.45),
        ({"age_days_at_first_act": 29}, 0.35),
        ({"age_days_at_first_act": 30}, 0.0),
        ({"age_days_at_first_act": 0}, 0.35),
        # Seen before it was registered: a fault of the data, no sign.
        ({"age_days_at_first_act": -1}, 0.0),
        ({"screen_name": "用户123456"}, 0.3),
        ({"screen_name": "用户12345"}, 0.0),
        ({"screen_name": "tea2026"}, 0.0),  # four digits: a year
        ({"has_default_avatar": True}, 0.25),
        ({"has_empty_description": True}, 0.0),  # alone it says nothing
        ({"has_empty_description": True, "posts_count": 29}, 0.1),
        ({"own_texts": 4, "distinct_own_texts": 1}, 0.0),  # too few to judge
        ({"own_texts": 6, "distinct_own_texts": 2}, 0.55),
        ({"own_texts": 5, "distinct_own_texts": 2}, 0.0),
        ({"acts": 60, "active_days": 1, "reposts": 1}, 0.55),
        ({"acts": 59, "active_days": 1, "reposts": 1}, 0.0),
        ({"acts": 20, "reposts": 20, "active_days": 9}, 0.25),
        ({"acts": 20, "reposts": 19, "active_days": 9}, 0.0),
        ({"followers_count": 4, "is_verified": True}, 0.2),  # half the rules' weight
    ],
)
def test_rule_holds_at_its_edge(more: dict[str, Any], expected: float) -> None:
    (found,) = judge(more)
    assert found["phantom_probability"] == pytest.approx(expected)
    assert len(found["reasons"]) == (0 if expected == 0 else len(found["reasons"]))
    assert bool(found["reasons"]) == (expected > 0)


def test_missing_inputs_stay_missing() -> None:
    """Unknown is never zero: an account of which nothing is known is genuine."""
    unknown = {name: None for name in PLAIN if name not in ("platform", "account_id")}
    (found,) = judge(unknown)
    assert (found["phantom_probability"], found["phantom_level"]) == (0.0, "genuine")
    assert found["reasons"] == []
    # One known input is enough for its own rule, and for no other.
    (found,) = judge({**unknown, "posts_count": 0})
    assert found["phantom_probability"] == pytest.approx(0.4)
    assert found["reasons"] == ["has written 0 posts (zombie rule of 2011)"]


@pytest.mark.parametrize(
    ("low", "high", "level"),
    [
        (0.64, 0.8, "suspected"),  # a threshold belongs to its level
        (0.5, 0.64, "phantom"),
        (0.65, 0.8, "genuine"),
        (0.64, 0.64, "phantom"),
    ],
)
def test_level_begins_at_its_threshold(low: float, high: float, level: str) -> None:
    (found,) = judge({"followers_count": 4, "posts_count": 4}, low=low, high=high)
    assert found["phantom_probability"] == pytest.approx(0.64)
    assert found["phantom_level"] == level


def test_no_single_rule_makes_a_phantom() -> None:
    """Promised in the module: new and quiet people meet single rules."""
    assert all(rule.weight < 0.8 for rule in RULES)


def test_reasons_stand_heaviest_first_and_speak_numbers() -> None:
    (found,) = judge(
        {
            "followers_count": 3,
            "following_count": 2000,
            "has_default_avatar": True,
            "own_texts": 9,
            "distinct_own_texts": 1,
        }
    )
    assert found["reasons"] == [
        "wrote 9 texts of which only 1 differ",
        "follows 2000 accounts and is followed by 3",
        "has 3 followers (zombie rule of 2011)",
        "has no picture of its own",
    ]
    assert found["model_version"] == MODEL_VERSION


def test_order_of_accounts_does_not_matter() -> None:
    """Rows come sorted, whatever order the features had."""
    found = judge({}, {"posts_count": 1}, {})
    assert [row["account_id"] for row in found] == ["0", "1", "2"]
    assert judge() == []
