"""What changed after an action: planted courses, with and without an effect."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from tasks.campaigns.action_effects import SCHEMA, judge_episodes

START = date(2026, 1, 5)


def course(days: int, seed: int = 1, mean: float = 60) -> pl.DataFrame:
    """A brand's days: Poisson counts, steady growth, an even tone."""
    random = np.random.default_rng(seed)
    counts = random.poisson(mean, days)
    return pl.DataFrame(
        {
            "brand_id": "aurora",
            "date_day": [START + timedelta(days=day) for day in range(days)],
            "engagements": counts,
            "genuine_engagements": counts - random.poisson(3, days),
            "followers": 10_000 + np.cumsum(random.poisson(40, days)),
            "sentiment_net": random.normal(0.3, 0.05, days),
        }
    )


def episode(first: int, last: int, name: str = "sale") -> pl.DataFrame:
    return pl.DataFrame(
        {
            "brand_id": "aurora",
            "episode": name,
            "first_day": START + timedelta(days=first),
            "last_day": START + timedelta(days=last),
        }
    )


def told(days: pl.DataFrame, *episodes: pl.DataFrame) -> dict[tuple[str, str], dict]:
    found = judge_episodes(days, pl.concat(episodes))
    assert found.schema == SCHEMA
    return {(row["episode"], row["measure"]): row for row in found.to_dicts()}


def raised(days: pl.DataFrame, first: int, last: int, by: float) -> pl.DataFrame:
    inside = pl.int_range(pl.len()).is_between(first, last)
    return days.with_columns(
        pl.when(inside)
        .then(pl.col(name) + by)
        .otherwise(pl.col(name))
        .alias(name)
        for name in ("engagements", "genuine_engagements")
    )  # fmt: skip


def test_a_planted_effect_is_found_and_lies_in_its_interval() -> None:
    found = told(raised(course(40), 30, 33, 50), episode(30, 33))
    row = found["sale", "engagements"]
    assert (row["days_before"], row["days_seen"]) == (30, 4)
    assert row["observed"] - row["expected_high"] > 0
    assert (
        row["observed"] - row["expected_high"]
        <= 200
        <= row["observed"] - row["expected_low"]
    )
    tone = found["sale", "sentiment_net"]
    assert tone["expected_low"] < tone["observed"] < tone["expected_high"]


def test_an_earlier_action_is_no_part_of_the_usual_course() -> None:
    """Twenty wild days would make any interval hold everything."""
    days = raised(raised(course(60), 10, 29, 900), 50, 52, 60)
    alone = told(days, episode(50, 52))["sale", "engagements"]
    both = told(days, episode(50, 52), episode(10, 29, "fair"))
    assert alone["observed"] < alone["expected_high"]
    assert both["sale", "engagements"]["expected_high"] < alone["observed"]
    assert both["sale", "engagements"]["days_before"] == 30


def test_what_comes_after_an_action_does_not_change_what_was_expected() -> None:
    """Forecast, not hindsight: an old row stays as it was told."""
    days = course(45)
    later = raised(days, 34, 44, 40)
    first = told(days, episode(30, 33))["sale", "engagements"]
    second = told(later, episode(30, 33))["sale", "engagements"]
    assert first == second


def test_a_stock_is_told_by_its_last_day() -> None:
    """A jump of 300 in the episode, and what comes after it, is no usual growth."""
    jump = pl.when(pl.int_range(pl.len()) >= 31).then(300).otherwise(0)
    days = course(50).with_columns(followers=pl.col("followers") + jump)
    row = told(days, episode(30, 33))["sale", "followers"]
    assert row["observed"] == days.get_column("followers")[33]
    assert row["observed"] - row["expected_high"] > 0
    assert 200 < row["observed"] - row["expected"] < 400
    later = told(days, episode(30, 33), episode(40, 42, "later"))["later", "followers"]
    assert later["expected_low"] <= later["observed"] <= later["expected_high"]


@pytest.mark.parametrize("first", [5, 13])
def test_few_days_before_tell_nothing(first: int) -> None:
    row = told(course(20), episode(first, first + 2))["sale", "engagements"]
    assert row["observed"] is not None and row["expected"] is None


def test_unknown_days_are_unknown_not_none() -> None:
    days = course(40).with_columns(
        pl.when(pl.int_range(pl.len()) % 5 == 0)
        .then(None)
        .otherwise(pl.col(name))
        .alias(name)
        for name in ("followers", "sentiment_net")
    )  # fmt: skip
    found = told(days.filter(pl.int_range(pl.len()) != 12), episode(30, 34))
    assert found["sale", "engagements"]["days_before"] == 29
    assert found["sale", "followers"]["days_seen"] == 4
    tone = found["sale", "sentiment_net"]
    assert 0.2 < tone["expected"] < 0.4


def test_a_course_that_never_moves_has_no_interval() -> None:
    still = course(30).with_columns(engagements=pl.lit(0))
    row = told(still, episode(20, 22))["sale", "engagements"]
    assert (row["observed"], row["expected"]) == (0, None)


def test_days_out_of_the_course_are_none() -> None:
    found = told(course(30), episode(-3, -1), episode(40, 42, "later"))
    assert found["sale", "engagements"]["observed"] is None
    assert found["later", "engagements"]["observed"] is None


def test_order_of_rows_does_not_matter() -> None:
    days = course(40)
    some = pl.concat([episode(30, 32), episode(20, 21, "fair")])
    assert judge_episodes(days, some).equals(
        judge_episodes(days.reverse(), some.reverse())
    )


def moved(days: int, seed: int, name: str, mood: np.ndarray) -> pl.DataFrame:
    """A brand whose days go with a market's mood."""
    counts = np.random.default_rng(seed).poisson(60 * np.exp(mood))
    return course(days).with_columns(
        brand_id=pl.lit(name), engagements=counts, genuine_engagements=counts
    )


def test_what_moves_a_market_is_no_effect() -> None:
    """A boom of all brands on a sale's days; one of the rivals runs a sale, too."""
    mood = np.random.default_rng(7).normal(0, 0.5, 40)
    mood[30:33] = 1.2
    days = pl.concat(
        [
            moved(40, seed, name, mood)
            for seed, name in ((1, "aurora"), (2, "borealis"), (3, "cirrus"))
        ]
    )
    days = raised(days.filter(pl.col("brand_id") == "borealis"), 30, 32, 900).vstack(
        days.filter(pl.col("brand_id") != "borealis")
    )
    theirs = episode(30, 32, "theirs").with_columns(brand_id=pl.lit("borealis"))
    episodes = pl.concat([episode(30, 32), theirs])
    pairs = pl.DataFrame(
        {"brand_id": "aurora", "control_id": ["aurora", "borealis", "cirrus"]}
    )

    def of_sale(controls: pl.DataFrame | None, of: pl.DataFrame) -> dict:
        rows = judge_episodes(of, episodes, controls).filter(
            brand_id="aurora", measure="engagements"
        )
        return rows.to_dicts()[0]

    alone = of_sale(None, days)
    compared = of_sale(pairs, days)
    # Only the one that did nothing then is a control.
    assert (alone["controls"], compared["controls"]) == (0, 1)
    assert abs(compared["observed"] - compared["expected"]) < abs(
        alone["observed"] - alone["expected"]
    )
    assert compared["expected_low"] <= compared["observed"] <= compared["expected_high"]
    assert alone["observed"] > alone["expected_high"]
    # A sale on top of the boom is found.
    sold = pl.concat(
        [
            raised(days.filter(pl.col("brand_id") == "aurora"), 30, 32, 200),
            days.filter(pl.col("brand_id") != "aurora"),
        ]
    )
    found = of_sale(pairs, sold)
    assert found["expected"] == compared["expected"]
    assert found["observed"] > found["expected_high"]


def test_brands_that_go_their_own_way_are_no_controls() -> None:
    days = pl.concat(
        [course(40)]
        + [
            course(40, seed=seed).with_columns(brand_id=pl.lit(f"other-{seed}"))
            for seed in range(20, 30)
        ]
    )
    pairs = pl.DataFrame(
        {"brand_id": "aurora", "control_id": [f"other-{n}" for n in range(20, 30)]}
    )
    found = judge_episodes(days, episode(30, 33), pairs)
    own = judge_episodes(days, episode(30, 33))
    assert found.drop("told_from").equals(own.drop("told_from"))


def test_replies_leave_out_other_replies_and_posts_tell_no_counts() -> None:
    kinds = pl.concat(
        [
            episode(30, 32, "reply:1").with_columns(pl.lit("reply").alias("class")),
            episode(10, 15, "reply:0").with_columns(pl.lit("reply").alias("class")),
            episode(35, 36, "sale").with_columns(pl.lit("written").alias("class")),
            episode(38, 39, "post:1").with_columns(pl.lit("post").alias("class")),
        ]
    )
    found = told(course(40), kinds)
    assert found["reply:1", "engagements"]["days_before"] == 24
    # Replies as usual are part of a sale's course.
    assert found["sale", "engagements"]["days_before"] == 35
    assert ("post:1", "engagements") not in found
    assert found["post:1", "followers"]["expected"] is not None


def test_weekdays_are_part_of_the_course() -> None:
    """A weekend that is always loud is no effect of Saturday's action."""
    days = course(60, mean=30)
    loud = days.with_columns(
        pl.when(pl.col("date_day").dt.weekday() >= 6)
        .then(pl.col(name) + 200)
        .otherwise(pl.col(name))
        .alias(name)
        for name in ("engagements", "genuine_engagements")
    )  # fmt: skip
    row = told(loud, episode(54, 55))["sale", "engagements"]
    assert row["expected_low"] <= row["observed"] <= row["expected_high"]
    assert row["expected"] > 300


def test_what_follows_from_the_same_numbers_is_given_again() -> None:
    """By its digest alone; days after the episode are no part of it."""
    days = course(40)
    found = judge_episodes(days.head(36), episode(30, 33))
    earlier = found.with_columns(pl.lit(77.0).alias("expected"))
    assert judge_episodes(days, episode(30, 33), earlier=earlier).equals(earlier)
    first = days.get_column("date_day").min()
    other = days.with_columns(
        pl.when(pl.col("date_day") == first)
        .then(pl.col("engagements") + 1)
        .otherwise("engagements")
        .alias("engagements")
    )
    anew = judge_episodes(other, episode(30, 33), earlier=earlier)
    assert (anew["expected"] == 77.0).to_list() == [
        measure not in ("engagements",) for measure in anew["measure"]
    ]
