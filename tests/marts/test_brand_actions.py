"""What brands did: which actions there are, and what they changed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from tests.workspaces import Lab

START = datetime(2026, 3, 1, 4, tzinfo=UTC)  # noon in Shanghai
HEADER = "action_id,brand_id,kind,started_at,ended_at,note\n"
BRAND = "9000"


def day(number: int) -> datetime:
    """The moment of a day, the first one 0."""
    return START + timedelta(days=number)


def lab_of_days(
    root: Path,
    counts: Iterable[int],
    posts: Iterable[int] = (),
    own: Iterable[tuple[str, int]] = (),
    followers: Iterable[int] = (),
    comments: str = "好喝，喜欢",
) -> Lab:
    """A brand whose first post draws so many comments on each day.

    Args:
        root: the workspace's folder.
        counts: comments of others, by day.
        posts: days of further posts.
        own: kind and day of the brand's own comments and reposts.
        followers: the brand's followers, by day.
        comments: what the comments say.
    """
    lab = Lab(root)
    lab.configure(format="canonical", path="tables", post_ids=["1"])
    by_day = list(counts)
    mood = np.random.default_rng(6)
    rows: list[dict[str, Any]] = [
        {
            "kind": "comment",
            "account_id": str(500 + number),
            "acted_at": day(place) + timedelta(seconds=number),
            # Some say nothing of how they feel.
            "text": comments if mood.random() < 0.7 else "今天几点开门",
        }
        for place, count in enumerate(by_day)
        for number in range(count)
    ] + [
        {"kind": kind, "account_id": BRAND, "acted_at": day(place), "text": "谢谢"}
        for kind, place in own
    ]
    (root / "tables").mkdir()
    pl.DataFrame(rows).with_columns(
        platform=pl.lit("weibo"),
        interaction_id=pl.int_range(pl.len()) + 1000,
        root_post_id=pl.lit("1"),
    ).write_csv(root / "tables/interactions.csv")
    pl.DataFrame(
        {
            "platform": "weibo",
            "post_id": [str(1 + number) for number in range(1 + len(list(posts)))],
            "account_id": BRAND,
            "posted_at": [day(0), *map(day, posts)],
            "text": "新品",
        }
    ).write_csv(root / "tables/posts.csv")
    snapshots = list(followers) or [5000]
    pl.DataFrame(
        {
            "platform": "weibo",
            "account_id": BRAND,
            "screen_name": "Aurora",
            "followers_count": snapshots,
            "observed_at": [day(number) for number in range(len(snapshots))],
        }
    ).write_csv(root / "tables/accounts.csv")
    text = (root / "workspace.toml").read_text()
    if "9000" not in text:
        raise AssertionError("the brand has another account")
    return lab


def build(lab: Lab, days: int = 40) -> dict[str, dict[str, Any]]:
    lab.run(date(2026, 3, 1), (day(days - 1)).date(), tables=["brand_actions"])
    return {row["action_id"]: row for row in lab.dicts("from marts.brand_actions")}


def poisson(days: int, mean: float = 20, seed: int = 5) -> list[int]:
    return [int(count) for count in np.random.default_rng(seed).poisson(mean, days)]


def test_a_promotion_is_found_among_its_own_course(tmp_path: Path) -> None:
    counts = poisson(40)
    for place in range(30, 33):
        counts[place] += 25
    gains = np.random.default_rng(4).poisson(30, 40)
    gains[30:33] += 100
    lab = lab_of_days(tmp_path, counts, followers=5000 + np.cumsum(gains))
    lab.put(
        "seeds/brand_actions.csv",
        HEADER
        + "sale,aurora,promotion,2026-03-31T00:30+08:00,2026-03-31,two for one\n",
    )
    found = build(lab)
    sale = found["sale"]
    assert (sale["kind"], sale["origin"], sale["note"]) == (
        "promotion",
        "written down",
        "two for one",
    )
    assert str(sale["started_at"]) == "2026-03-30 16:30:00"
    assert (sale["first_day"], sale["effect_until"]) == (
        date(2026, 3, 31),
        date(2026, 4, 2),
    )
    assert sale["is_separable"] and sale["is_complete"]
    # Days of usual posts are part of the usual course.
    assert sale["days_before"] == 30
    assert sale["engagements"] == sum(counts[30:33])
    assert 0 < sale["engagements_change_low"] <= 75 <= sale["engagements_change_high"]
    assert 0 < sale["followers_change_low"] <= 300 <= sale["followers_change_high"]
    # Hidden and unseen accounts are judged, so raw and genuine may differ.
    assert "rose by" in sale["finding"] and "Followers: " in sale["finding"]
    assert "sound" not in sale["finding"]
    # The first post is an action, too; nothing is known before it.
    post = found["post:weibo:1"]
    assert post["post_id"] == "1" and post["is_separable"] and post["is_complete"]
    assert (post["method"], sale["method"]) == ("usual posts", "days before")
    assert post["engagements"] == sum(counts[:3])
    assert post["expected_engagements"] is None and post["usual_posts"] == 0
    assert post["why_not"].endswith(
        "only 0 earlier posts of its account, and 10 are needed"
    )


def test_overlapping_actions_are_told_as_not_separable(tmp_path: Path) -> None:
    lab = lab_of_days(
        tmp_path,
        poisson(40),
        posts=(10, 12, 20, 30),
        own=[("comment", 20), ("comment", 20), ("repost", 25), ("comment", 36)],
    )
    lab.put(
        "seeds/brand_actions.csv",
        HEADER
        + "fair,aurora,event,2026-03-14,2026-03-15,\n"
        + "sale,aurora,promotion,2026-03-17,2026-03-18,\n"
        + "gift,aurora,promotion,2026-03-30,,\n",
    )
    found = build(lab)
    apart = {name: row["overlapping"] for name, row in found.items()}
    assert apart == {
        # Days 13 to 16 and 16 to 19, counted from 0: they share one.
        "fair": 1,
        "sale": 1,
        "gift": 0,
        # A post that stands alone, those of days 10 and 12 on the days of the fair.
        "post:weibo:1": 0,
        "post:weibo:2": 0,
        "post:weibo:3": 1,
        "post:weibo:4": 0,
        # Day 20 to 22, below a post that is part of the usual course.
        "reply:weibo:2026-03-21": 0,
        "repost:weibo:2026-03-26": 0,
        # Day 30 to 32, within the gift's days 29 to 31.
        "post:weibo:5": 1,
        "reply:weibo:2026-04-06": 0,
    }
    assert found["reply:weibo:2026-03-21"]["acts"] == 2
    assert found["fair"]["overlaps_with_text"] == "sale"
    # Of both together, and so said.
    assert found["fair"]["engagements"] == found["sale"]["engagements"]
    assert found["fair"]["finding"].startswith("Not separable from sale; what follows")
    third = found["post:weibo:3"]
    assert third["expected_engagements"] is None and third["engagements"] == 0
    assert third["finding"].startswith(
        "Not separable from fair; what follows is of both together. Nothing is told:"
    )
    assert "No change of genuine engagements" in found["gift"]["finding"]


def test_days_that_are_not_covered_are_told(tmp_path: Path) -> None:
    lab = lab_of_days(tmp_path, poisson(40), posts=(39,))
    lab.put(
        "seeds/brand_actions.csv",
        HEADER + "later,aurora,event,2026-05-01,,not yet\n",
    )
    found = build(lab)
    last = found["post:weibo:2"]
    assert not last["is_complete"] and last["judged_hours"] == 60
    assert last["expected_engagements"] is None
    assert last["why_not"].startswith("its course is not known to the end of its days")
    later = found["later"]
    assert later["engagements"] is None and not later["is_complete"]
    assert later["finding"] == (
        "Not all of its days are known yet. Nothing is told: none of its days is known."
    )


def test_a_brand_that_posts_daily_is_told_of_each_post_and_of_its_sale(
    tmp_path: Path,
) -> None:
    """Posts draw about 12 by their third day, that of day 24 draws 60 more."""
    random = np.random.default_rng(2)
    lab = lab_of_days(tmp_path, [0] * 39 + [1], posts=range(1, 40))
    drawn = [int(count) for count in random.poisson(12, 40)]
    drawn[24] += 60
    # The sale draws people to the post of its day.
    drawn[31] += 150
    pl.DataFrame(
        [
            {
                "platform": "weibo",
                "interaction_id": 5000 + 1000 * post + number,
                "kind": "comment",
                "account_id": str(500 + number),
                "root_post_id": str(1 + post),
                "acted_at": day(post) + timedelta(hours=int(random.integers(0, 40))),
                "text": "好喝",
            }
            for post, count in enumerate(drawn)
            for number in range(count)
        ]
    ).write_csv(tmp_path / "tables/interactions.csv")
    lab.put(
        "seeds/brand_actions.csv",
        HEADER + "sale,aurora,promotion,2026-04-01,2026-04-01,\n",
    )
    found = build(lab)
    posts = [found[f"post:weibo:{number}"] for number in range(1, 41)]
    judged = [row for row in posts if row["expected_engagements"] is not None]
    # Ten before it, and its days known to the end.
    assert [row["post_id"] for row in judged] == [str(n) for n in range(11, 39)]
    special = found["post:weibo:25"]
    assert special["outcome"] == "rose" and special["is_separable"]
    assert special["engagements_change_low"] <= 60 <= special["engagements_change_high"]
    assert special["finding"].startswith("More than usual: ")
    # Whose days are those of the sale: nobody can say which of the two it was.
    together = found["post:weibo:32"]
    assert together["outcome"] == "rose" and not together["is_separable"]
    assert together["finding"].startswith(
        "Not separable from sale; what follows is of both together. More than usual: "
    )
    assert found["post:weibo:36"]["usual_posts"] == 35 - 5
    others = [row for row in judged if row["post_id"] not in ("25", "32")]
    assert [row["outcome"] for row in others].count("no change") >= len(others) - 2
    # Posts as usual stand in nobody's way.
    sale = found["sale"]
    assert sale["is_separable"] and sale["outcome"] == "rose"
    assert 0 < sale["engagements_change_low"] <= 150 <= sale["engagements_change_high"]


def test_day_by_day_equals_a_rebuild(tmp_path: Path) -> None:
    # Ten known days before the sale, its own three and one more.
    counts = poisson(20)
    for place in range(16, 19):
        counts[place] += 40
    lab = lab_of_days(tmp_path, counts, posts=(5,))
    # What was made when little was known, and then the days around the sale.
    for first, last in ((0, 4), (5, 14), (15, 15), (16, 16), (17, 17), (18, 18)):
        lab.run(day(first).date(), day(last).date(), tables=["brand_actions"])
    lab.run(day(19).date(), day(19).date(), tables=["brand_actions"])
    lab.put(
        "seeds/brand_actions.csv", HEADER + "sale,aurora,sale,2026-03-17,2026-03-17,\n"
    )
    lab.run(day(19).date(), day(19).date(), tables=["brand_actions"])
    by_day = lab.marts()["brand_actions"]
    (tmp_path / "warehouse.duckdb").unlink()
    lab.run(date(2026, 3, 1), day(19).date(), tables=["brand_actions"])
    assert lab.marts()["brand_actions"] == by_day
    assert any(row[2] == "sale" for row in by_day)


def test_a_tone_that_turns_is_told(tmp_path: Path) -> None:
    lab = lab_of_days(tmp_path, poisson(40, 30))
    path = tmp_path / "tables/interactions.csv"
    table = pl.read_csv(path, try_parse_dates=True)
    turned = pl.col("acted_at").dt.date().is_between(day(30).date(), day(32).date())
    table.with_columns(
        text=pl.when(turned)
        .then(pl.lit("太难喝了，差评，退钱"))
        .otherwise(pl.col("text"))
    ).write_csv(path)
    lab.put("seeds/brand_actions.csv", HEADER + "new-cup,aurora,event,2026-03-31,,\n")
    found = build(lab)["new-cup"]
    assert found["sentiment_net_change_high"] < 0
    assert found["finding"].endswith("Comments sound worse than expected.")
