"""The phantom score: judged signs at their edges, levels, reasons, shipped weights."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from tasks.accounts.evidence import JUDGED
from tasks.accounts.features import FEATURES
from tasks.accounts.phantom_model import shipped_model
from tasks.accounts.phantom_score import (
    EVIDENCE,
    MOST_REASONS,
    evidence_log_odds,
    model_version,
    score,
)
from tasks.accounts.reason_classes import (
    RATIOS,
    REASON_CLASSES,
    SAYS_LITTLE,
    SPEAKING_FOR,
)

# An account that nothing speaks against.
PLAIN: dict[str, Any] = {
    "platform": "weibo",
    "account_id": "1",
    "screen_name": "王小明",
    "description": "喜欢喝茶",
    "is_verified": False,
    "followers_count": 200,
    "following_count": 150,
    "posts_count": 190,
    "has_empty_description": False,
    "has_default_avatar": False,
    "age_days_at_first_act": 400,
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
    "description": pl.String,
    "is_verified": pl.Boolean,
    "has_empty_description": pl.Boolean,
    "has_default_avatar": pl.Boolean,
    "observed_at": pl.Datetime("us"),
}
# A follower as vendors sell it.
SOLD = {
    "screen_name": "用户5370012345",
    "description": "",
    "followers_count": 3,
    "following_count": 1832,
    "posts_count": 2,
    "has_default_avatar": True,
    "age_days_at_first_act": 4,
}


def frame(*accounts: dict[str, Any]) -> pl.DataFrame:
    """Accounts that differ from the plain one."""
    rows = [
        {**PLAIN, "account_id": str(number), **more}
        for number, more in enumerate(accounts)
    ]
    names = list(dict.fromkeys(name for row in rows for name in row)) or list(PLAIN)
    return pl.DataFrame(
        rows, schema={name: SCHEMA.get(name, pl.Int64) for name in names}
    )


def judge(*accounts: dict[str, Any], low: float = 0.5, high: float = 0.8) -> list[Any]:
    return score(frame(*accounts), low, high).to_dicts()


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, 0.0),
        ({"followers_count": 5}, 0.0),  # the zombie rule says fewer than 5
        ({"followers_count": 4}, 0.8),
        ({"posts_count": 5}, 0.0),
        ({"posts_count": 4}, 0.4),
        ({"followers_count": 4, "posts_count": 4}, 1.2),
        # Where accounts are labelled the model judges the counts, no rule does.
        ({"followers_count": 4, "posts_count": 213}, 0.8),
        ({"followers_count": 4, "posts_count": 214}, 0.0),
        ({"following_count": 299, "followers_count": 5}, 0.0),
        ({"following_count": 300, "followers_count": 30}, 0.0),  # not ten times
        ({"following_count": 300, "followers_count": 29}, 1.0),
        ({"age_days_at_first_act": 29}, 1.0),
        ({"age_days_at_first_act": 30}, 0.0),
        ({"age_days_at_first_act": 0}, 1.0),
        # Seen before it was registered: a fault of the data, no sign.
        ({"age_days_at_first_act": -1}, 0.0),
        ({"screen_name": "用户123456"}, 0.8),
        ({"screen_name": "用户12345"}, 0.0),
        ({"screen_name": "tea2026"}, 0.0),  # four digits: a year
        # A birthday, a month; no month is the twentieth.
        ({"screen_name": "小王19981224"}, 0.0),
        ({"screen_name": "小王202002"}, 0.0),
        ({"screen_name": "小王202091"}, 0.8),
        # A birthday in six digits, digits that one likes, digits in a row.
        ({"screen_name": "小王981224"}, 0.0),
        ({"screen_name": "小王981324"}, 0.8),
        ({"screen_name": "小王023023023"}, 0.0),
        ({"screen_name": "小王66666666"}, 0.0),
        ({"screen_name": "小王1234567"}, 0.0),
        ({"screen_name": "小王7654321"}, 0.0),
        ({"screen_name": "小王5818692222"}, 0.8),
        ({"screen_name": "用户666666"}, 0.8),
        ({"has_default_avatar": True}, 0.6),
        ({"own_texts": 4, "distinct_own_texts": 1}, 0.0),  # too few to judge
        ({"own_texts": 6, "distinct_own_texts": 2}, 1.8),
        ({"own_texts": 5, "distinct_own_texts": 2}, 0.0),
        ({"acts": 60, "active_days": 1}, 1.8),
        ({"acts": 59, "active_days": 1}, 0.0),
        ({"is_verified": True}, -1.5),
        ({"batch_accounts": 3}, 2.3),
        ({"batch_accounts": 2}, 0.0),
        # One batch is not counted twice.
        ({"batch_accounts": 9, "same_stem": 4, "same_stem_expected": 0}, 3.5),
        ({"batch_accounts": 9, "burst_followers": 9, "burst_alike": 9}, 2.3),
        # Old and quiet is inactive, which is no phantom.
        ({"age_days": 730, "posts_count": 29}, -0.5),
        ({"age_days": 729, "posts_count": 29}, 0.0),
        ({"age_days": 730, "posts_count": 30}, 0.0),
    ],
)
def test_judged_sign_holds_at_its_edge(more: dict[str, Any], expected: float) -> None:
    assert evidence_log_odds(frame(more)) == pytest.approx([expected])


def test_missing_inputs_stay_missing() -> None:
    """Unknown is never zero: who shows nothing stands at the training prior."""
    unknown = {name: None for name in PLAIN if name not in ("platform", "account_id")}
    (found,) = judge(unknown)
    assert found["phantom_probability"] == pytest.approx(
        shipped_model().prior, abs=1e-4
    )
    assert (found["phantom_level"], found["reasons"]) == ("genuine", [])
    # A frame that lacks the columns is one that doesn't know them.
    bare = score(
        frame(unknown).select("platform", "account_id", "observed_at"), 0.5, 0.8
    )
    assert bare["phantom_probability"].to_list() == [found["phantom_probability"]]


def test_profile_alone_is_enough_for_a_sold_follower() -> None:
    plain, sold = judge({}, SOLD)
    assert plain["phantom_level"] == "genuine"
    assert sold["phantom_level"] == "phantom"
    assert (
        "follows 1,832 accounts and is followed by 3"
        " (as 2 % of labelled genuine accounts do, or more so; these have 214 posts or"
        " more)"
    ) in sold["reasons"]
    # What is said already is not said again.
    assert "few_followers" in sold["reason_classes"]
    assert not any("has 3 followers" in reason for reason in sold["reasons"])
    assert 1 <= len(sold["reasons"]) <= MOST_REASONS
    assert len(set(sold["reasons"])) == len(sold["reasons"])


def test_nobody_is_compared_with_accounts_that_were_chosen_otherwise() -> None:
    """Labelled accounts have 214 posts or more: no reference for fewer posts."""
    silent = {"followers_count": 0, "following_count": 57, "posts_count": 1}
    few, many = judge(silent, {**silent, "posts_count": 214})
    assert "has written 1 post in all" in few["reasons"]
    ratio = "follows 57 accounts and is followed by 0 (as 2 % of labelled genuine"
    assert (
        f"{ratio} accounts do, or more so; these have 214 posts or more)"
        in (few["reasons"])
    )
    assert f"{ratio} accounts do, or more so)" in many["reasons"]
    # Weights of one's own that don't know say nothing of it.
    own = replace(shipped_model(), fewest_posts=None)
    (found,) = score(frame(silent), 0.5, 0.8, own).to_dicts()
    assert f"{ratio} accounts do, or more so)" in found["reasons"]


def test_that_nothing_is_reposted_is_no_reason() -> None:
    """The author of a thread answers in it: a thread holds nothing else of it."""
    (feature,) = [one for one in FEATURES if one.name == "repost_share"]
    acts = frame(
        {"timeline_acts": 12, "timeline_reposts": 0},
        {"timeline_acts": 12, "timeline_reposts": 11},
    )
    assert acts.select(feature.reason).to_series().to_list() == [
        None,
        "92 % of its acts are reposts",
    ]


def test_a_ratio_alone_makes_nobody_a_likely_phantom() -> None:
    """Above the threshold it stays suspected; another reason makes it likely."""
    ratio = {"following_count": 1900, "followers_count": 2, "posts_count": 400}
    plain, alone, more = judge({}, ratio, {**ratio, "acts": 120, "active_days": 2})
    assert plain["phantom_level"] == "genuine"
    (found,) = score(frame(ratio), 0.2, 0.3).to_dicts()
    assert found["phantom_probability"] >= 0.3
    assert found["phantom_level"] == "suspected"
    assert set(found["reason_classes"]) <= RATIOS | SAYS_LITTLE
    assert more["phantom_level"] == "phantom"
    assert "inhuman_pace" in more["reason_classes"]
    assert alone["phantom_level"] != "phantom"


def test_who_reads_for_years_and_hardly_writes_is_only_suspected() -> None:
    """A level of 8 takes long to reach on Weibo; company still speaks against it."""
    quiet = {**SOLD, "screen_name": "王小明", "posts_count": 0, "level": 7}
    quiet["age_days_at_first_act"] = None
    new, lurker, elsewhere, made = judge(
        quiet,
        {**quiet, "level": 8},
        {**quiet, "level": 8, "platform": "x"},
        {**quiet, "level": 8, "batch_accounts": 5},
    )
    assert new["phantom_probability"] == lurker["phantom_probability"] > 0.8
    assert [one["phantom_level"] for one in (new, lurker, elsewhere, made)] == [
        "phantom",
        "suspected",
        "phantom",
        "phantom",
    ]
    # What model and rule both say is said once.
    assert sum("has written 0 posts" in reason for reason in lurker["reasons"]) == 1


def test_what_many_genuine_accounts_show_is_no_reason() -> None:
    """Every learned reason says of how many genuine accounts it holds: a quarter."""
    rows = [
        {
            "following_count": following,
            "followers_count": followers,
            "posts_count": posts,
            "screen_name": name,
        }
        for following in (50, 600, 1900)
        for followers in (2, 60, 900)
        for posts in (3, 300, 4000)
        for name in ("Anna", "用户1234567")
    ]
    told = score(frame(*rows), 0.1, 0.8)
    shares = [
        int(share)
        for reasons in told["reasons"]
        for reason in reasons
        for share in re.findall(r"as (\d+) % of labelled", reason)
    ]
    assert shares
    assert max(shares) <= 25
    # Suspected for no single sign is told as such.
    for row in told.filter(pl.col("phantom_probability") >= 0.1).to_dicts():
        assert row["reasons"]


def test_reasons_have_classes_that_hold_for_many_accounts() -> None:
    """Words without numbers; every class has a sign that says it, and the reverse."""
    plain, sold = judge({}, SOLD)
    assert plain["reason_classes"] == []
    assert "follows_many" in sold["reason_classes"]
    assert len(sold["reason_classes"]) == len(set(sold["reason_classes"]))
    # How many it follows for its followers says both.
    assert "few_followers" in sold["reason_classes"]
    assert len(sold["reason_classes"]) == len(sold["reasons"]) + 1
    signs = [(sign.reason_class, 1.0) for sign in FEATURES]
    signs += [(sign.reason_class, sign.log_odds) for sign in EVIDENCE]
    assert {name for name, _ in signs} == set(REASON_CLASSES) - {"many_small_signs"}
    assert {name for name, _ in signs} - {
        name for name, log_odds in signs if log_odds > 0
    } == SPEAKING_FOR
    assert not [words for words in REASON_CLASSES.values() if re.search(r"\d", words)]
    assert len(set(REASON_CLASSES.values())) == len(REASON_CLASSES)


@pytest.mark.parametrize(
    "more",
    [
        {"followers_count": 25, "following_count": 90, "posts_count": 10},
        {"followers_count": 10, "following_count": 10, "posts_count": 150},
        {"age_days_at_first_act": 9, "following_count": 60, "followers_count": 60},
        {"followers_count": 900_000, "following_count": 120, "posts_count": 9000},
    ],
    ids=["quiet", "few friends", "newcomer", "opinion leader"],
)
def test_ordinary_people_are_not_suspected(more: dict[str, int]) -> None:
    assert judge(more)[0]["phantom_level"] == "genuine"


def timeline(**more: int) -> dict[str, int]:
    """Fifty acts of a person's month."""
    return {
        "timeline_acts": 50,
        "timeline_posts": 20,
        "timeline_reposts": 30,
        "timeline_days": 18,
        "timeline_span_seconds": 26 * 86400,
        "timeline_hours": 14,
        "timeline_night_acts": 2,
        "timeline_morning_acts": 10,
        "timeline_evening_acts": 22,
        "timeline_weekend_acts": 15,
        "timeline_half_hour_acts": 2,
        "timeline_gaps": 49,
        "timeline_gap_sum": 26 * 86400,
        "timeline_gap_square_sum": 4 * (26 * 86400) ** 2 // 49,
        "timeline_gaps_below_minute": 2,
        "timeline_gaps_below_ten_minutes": 10,
        "timeline_gaps_below_hour": 20,
        "timeline_gaps_below_day": 40,
        "timeline_gaps_below_week": 49,
        **{f"timeline_{name}_texts": 2 for name in TEXT_SIGNS},
        "timeline_texts": 20,
        "timeline_distinct_texts": 20,
        "timeline_text_length": 500,
        "timeline_text_length_square": 15000,
        "timeline_clients_known": 20,
        "timeline_clients": 2,
        "timeline_phone_acts": 18,
        "timeline_web_acts": 2,
        "timeline_counted_posts": 20,
        "timeline_received_comments": 30,
        "timeline_received_likes": 40,
        **more,
    }


TEXT_SIGNS = (
    "sales",
    "lottery",
    "link",
    "topic",
    "mention",
    "digit",
    "emoticon",
    "exclamation",
    "trailing",
    "first_person",
    "headline",
)
# Thirty minutes apart day and night, the same advertisement again and again.
CLOCKWORK = timeline(
    timeline_posts=50,
    timeline_reposts=0,
    timeline_days=2,
    timeline_span_seconds=49 * 1800,
    timeline_hours=24,
    timeline_night_acts=12,
    timeline_half_hour_acts=50,
    timeline_gap_sum=49 * 1800,
    timeline_gap_square_sum=49 * 1800**2,
    timeline_gaps_below_ten_minutes=0,
    timeline_gaps_below_hour=49,
    timeline_gaps_below_day=49,
    timeline_regular_gaps=49,
    timeline_regular_gap_minutes=30,
    timeline_texts=50,
    timeline_distinct_texts=3,
    timeline_sales_texts=50,
    timeline_link_texts=50,
    timeline_received_comments=0,
    timeline_received_likes=0,
)


def test_timeline_alone_is_enough_to_rank() -> None:
    """No profile at all; what is unknown of it stays unknown."""
    profile = (
        "screen_name",
        "description",
        "followers_count",
        "following_count",
        "posts_count",
        "age_days_at_first_act",
    )
    nothing = dict.fromkeys(profile)
    person, machine = judge({**nothing, **timeline()}, {**nothing, **CLOCKWORK})
    assert person["phantom_probability"] < machine["phantom_probability"]
    assert machine["phantom_level"] != "genuine"
    assert any("sellers" in reason for reason in machine["reasons"])


@pytest.mark.parametrize(
    "feature",
    [feature for feature in FEATURES if feature.direction],
    ids=lambda feature: feature.name,
)
def test_meaning_holds_whatever_the_data_said(feature: Any) -> None:
    """The shipped model's steps rise or fall as the table says, or there are none."""
    curves = shipped_model().curves[feature.block].by_feature
    if feature.name in curves:
        steps = np.diff(curves[feature.name].steps) * feature.direction
        assert steps.min() >= -1e-12


@pytest.mark.parametrize("change", [1e-9, -1e-9])
def test_level_begins_at_its_threshold(change: float) -> None:
    (found,) = judge(SOLD)
    edge = found["phantom_probability"]
    levels = [
        judge(SOLD, low=low, high=high)[0]["phantom_level"]
        for low, high in ((edge, 1.0), (0.1, edge), (edge + 1e-4, 1.0))
    ]
    assert levels == ["suspected", "phantom", "genuine"]
    assert judge(SOLD, low=0.1, high=edge + change)[0]["phantom_level"] == (
        "suspected" if change > 0 else "phantom"
    )


def test_no_single_sign_makes_a_phantom() -> None:
    """Promised in the module: new and quiet people meet single signs."""
    prior = shipped_model().prior
    for sign in JUDGED:
        odds = prior / (1 - prior) * np.exp(sign.log_odds)
        assert odds / (1 + odds) < 0.8, sign.name


def test_order_and_company_of_accounts_do_not_matter() -> None:
    """Rows come sorted; each is judged by itself, to the last digit."""
    many = [{}, SOLD, timeline(), {**SOLD, **CLOCKWORK}]
    both = judge(*many)
    assert [row["account_id"] for row in both] == ["0", "1", "2", "3"]
    backwards = score(frame(*many).reverse(), 0.5, 0.8).to_dicts()
    assert backwards == both
    for number, more in enumerate(many):
        (alone,) = judge({**more, "account_id": str(number)})
        assert alone == both[number]
    assert judge() == []


def test_version_is_that_of_weights_and_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another judgement is another version, so that it restates."""
    before = model_version()
    assert judge({})[0]["model_version"] == before
    monkeypatch.setattr("tasks.accounts.phantom_score.EVIDENCE", EVIDENCE[1:])
    assert model_version() != before
