"""What a post drew against the usual ones: planted posts, days and looks."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from tasks.campaigns.usual_posts import FEWEST_POSTS, SCHEMA, judge_posts

START = datetime(2026, 1, 5, 12)  # noqa: DTZ001 - as the warehouse has it
HOUR = 3600


def one(number: int, counts: int, **more: Any) -> dict[str, Any]:
    """A post at noon of a day, counted from 0, with what is known of it."""
    day = START.date() + timedelta(days=number)
    return {
        "brand_id": "aurora",
        "action_id": f"post:{number:03}",
        "stream": "aurora",
        "platform": "weibo",
        "started_at": START + timedelta(days=number),
        "first_day": day,
        "effect_until": day + timedelta(days=2),
        "acts": 1,
        "has_link": False,
        "has_media": False,
        "is_usual": True,
        "collected": counts,
        "known": counts,
        "counted": None,
        "looked_at": None,
        "ages": [600] * counts,
        **more,
    }


def told(
    posts: list[dict[str, Any]],
    days: int = 400,
    measure: str = "engagements",
    left_out: tuple[int, ...] = (),
) -> list[dict[str, Any]]:
    """Rows of one measure, in order of time; all acts are of genuine accounts."""
    frame = pl.DataFrame(
        posts,
        schema_overrides={
            "counted": pl.Int64, "looked_at": pl.Datetime("us"),
            "ages": pl.List(pl.Int64),
        },
        infer_schema_length=None,
    )  # fmt: skip
    acts = frame.select("brand_id", "action_id", age_seconds="ages").explode(
        "age_seconds"
    )
    known = pl.DataFrame(
        {
            "platform": "weibo",
            "date_day": [
                START.date() + timedelta(days=day)
                for day in range(days)
                if day not in left_out
            ],
        }
    )
    acts = acts.drop_nulls().with_columns(is_genuine=pl.lit(value=True))
    found = judge_posts(frame.drop("ages"), acts, known, "UTC")
    assert found.schema == SCHEMA
    return found.filter(pl.col("measure") == measure).to_dicts()


def usual(days: int, mean: float = 30, seed: int = 1) -> list[int]:
    random = np.random.default_rng(seed)
    return [int(count) for count in random.poisson(mean, days)]


def test_a_post_that_draws_more_is_found_and_the_others_are_usual() -> None:
    counts = usual(40)
    counts[30] += 120
    rows = told([one(day, count) for day, count in enumerate(counts)])
    assert [row["usual_posts"] for row in rows] == list(range(40))
    assert all(row["expected"] is None for row in rows[:FEWEST_POSTS])
    judged = rows[FEWEST_POSTS:]
    assert all(row["expected"] is not None for row in judged)
    above = [row for row in judged if row["observed"] > row["expected_high"]]
    assert [row["action_id"] for row in above] == ["post:030"]
    (found,) = above
    assert found["judged_hours"] == 60
    assert found["observed"] - found["expected_high"] <= 120
    assert found["observed"] - found["expected_low"] >= 120


def test_what_comes_later_changes_nothing() -> None:
    counts = usual(40)
    posts = [one(day, count) for day, count in enumerate(counts)]
    wild = [one(day, count * 9) for day, count in enumerate(counts)]
    assert told(posts)[:25] == told(posts[:25] + wild[25:])[:25]


def test_earlier_posts_are_read_at_the_same_age() -> None:
    """A post draws one act an hour for ten days; it is judged at 60 hours."""
    ages = [HOUR * hour for hour in range(240)]
    rows = told([one(day, 240, ages=ages) for day in range(20)])
    assert {row["observed"] for row in rows} == {60}
    assert {row["expected"] for row in rows[FEWEST_POSTS:]} == {60}
    # One that came in the evening has 54 hours until its days end.
    late = one(15, 240, ages=ages, started_at=START + timedelta(days=15, hours=6))
    posts = [one(day, 240, ages=ages) for day in range(20) if day != 15] + [late]
    (row,) = [row for row in told(posts) if row["action_id"] == "post:015"]
    assert (row["judged_hours"], row["observed"], row["expected"]) == (54, 54, 54)


def test_an_unknown_course_is_no_post_without_acts() -> None:
    posts = [one(day, 20) for day in range(30)]
    # Two days that nobody ran, and an end that has not landed.
    rows = told(posts, days=29, left_out=(14,))
    assert [row["is_course_known"] for row in rows] == [
        day not in (12, 13, 14) and day < 27 for day in range(30)
    ]
    assert rows[13]["expected"] is None and rows[13]["observed"] == 20
    # Those three are no usual posts of any age, either.
    assert rows[20]["usual_posts"] == 17
    # A post that was read last an hour after it came.
    early = one(14, 20, looked_at=START + timedelta(days=14, hours=1))
    rows = told([*posts[:14], early, *posts[15:]])
    assert not rows[14]["is_course_known"] and rows[20]["usual_posts"] == 19


def test_what_was_not_collected_is_unknown() -> None:
    """The platform counts 300 comments and none was read: not a post that failed."""
    posts = [one(day, 20) for day in range(14)]
    posts += [one(14, 0, counted=300), one(15, 0, counted=0), one(16, 20)]
    rows = told(posts)
    assert (rows[14]["observed"], rows[14]["expected"]) == (None, None)
    assert rows[15]["observed"] == 0 and rows[15]["expected"] is not None
    assert rows[16]["usual_posts"] == 15


def test_genuine_acts_are_unknown_where_no_account_is() -> None:
    posts = [one(day, 20, known=0 if day >= 12 else 20) for day in range(15)]
    rows = told(posts, measure="genuine_engagements")
    assert rows[11]["expected"] is not None
    assert rows[12]["observed"] is None and rows[12]["expected"] is None
    assert rows[14]["usual_posts"] == 12
    assert told(posts)[14]["usual_posts"] == 14


def test_posts_on_days_of_other_actions_are_not_usual() -> None:
    """Judged themselves, but nobody is compared with them."""
    posts = [
        one(day, 200 if 15 <= day < 18 else 20, is_usual=not 15 <= day < 18)
        for day in range(25)
    ]
    rows = told(posts)
    assert rows[16]["expected"] == 20 and rows[16]["observed"] == 200
    assert rows[20]["usual_posts"] == 17
    assert rows[20]["expected_high"] < 40


def test_kind_and_hour_are_part_of_what_is_usual() -> None:
    """Media draw eight times as much: usual for media, much for a plain post."""
    random = np.random.default_rng(3)
    means = [160 if day % 2 else 20 for day in range(60)]
    counts = [int(random.poisson(mean)) for mean in means]
    posts = [
        one(day, count, has_media=bool(day % 2)) for day, count in enumerate(counts)
    ]
    rows = told(posts)
    assert rows[59]["expected"] > 120 and rows[58]["expected"] < 40
    plain = told([*posts[:58], one(58, 160)])[58]
    assert plain["observed"] > plain["expected_high"]


def test_a_level_that_moved_is_followed() -> None:
    counts = [*usual(40, 10), *usual(40, 80)]
    rows = told([one(day, count) for day, count in enumerate(counts)])
    assert rows[79]["expected"] > 60


def test_small_counts_vary_by_chance() -> None:
    """Nobody ever acted; one act is no success."""
    counts = [0] * 30 + [1, 8]
    rows = told([one(day, count) for day, count in enumerate(counts)])
    assert rows[30]["expected"] == 0 and rows[30]["observed"] <= 1
    assert rows[30]["expected_low"] == 0 and rows[30]["expected_high"] >= 1
    assert rows[31]["observed"] > rows[31]["expected_high"]


def test_streams_are_apart_and_order_does_not_matter() -> None:
    posts = [
        one(day, count, stream=name, action_id=f"{name}:{day:03}")
        for name, mean in (("a", 5), ("b", 500))
        for day, count in enumerate(usual(20, mean))
    ]
    rows = told(posts)
    assert rows == told(posts[::-1])
    expected = {row["action_id"]: row["expected"] for row in rows}
    assert expected["a:019"] < 10 and expected["b:019"] > 400


@pytest.mark.parametrize("tail", [0.3, 1.0])
def test_intervals_hold_what_long_tails_draw(tail: float) -> None:
    """Of 20 brands: no more than one of twenty usual posts stands out, by chance."""
    random = np.random.default_rng(8)
    posts = [
        one(day, int(random.poisson(30 * np.exp(random.normal(0, tail)))),
            stream=f"{brand}", action_id=f"{brand:02}:{day:03}")
        for brand in range(20)
        for day in range(50)
    ]  # fmt: skip
    rows = [row for row in told(posts) if row["expected"] is not None]
    held = [
        row["expected_low"] <= row["observed"] <= row["expected_high"] for row in rows
    ]
    assert len(rows) == 20 * 40
    assert 0.94 <= np.mean(held) <= 0.995


def test_no_posts_are_none() -> None:
    empty = judge_posts(
        pl.DataFrame([one(0, 0)], infer_schema_length=None)
        .with_columns(pl.col("looked_at").cast(pl.Datetime("us")))
        .drop("ages")
        .clear(),
        pl.DataFrame(
            schema={
                "brand_id": pl.String,
                "action_id": pl.String,
                "age_seconds": pl.Int64,
                "is_genuine": pl.Boolean,
            }
        ),
        pl.DataFrame({"platform": ["weibo"], "date_day": [date(2026, 1, 5)]}),
    )
    assert empty.schema == SCHEMA and empty.is_empty()
