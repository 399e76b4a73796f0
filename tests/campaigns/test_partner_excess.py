"""When a partner's engagers hold more likely phantoms than unpaid posts explain."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from tasks.campaigns.partner_excess import judge_excess

SCHEMA = {
    "campaign_id": pl.String,
    "partner_id": pl.String,
    "accounts": pl.Int64,
    "phantoms": pl.Int64,
}


def judged(
    paid: list[tuple[int, int]], unpaid: list[tuple[int, int]]
) -> dict[str, Any] | None:
    """The verdict on one partner; posts as accounts and phantoms, none on two."""
    posts = pl.DataFrame(
        [("c", "p", *post) for post in paid] + [("c", None, *post) for post in unpaid],
        schema=SCHEMA,
        orient="row",
    )
    sets = posts.group_by("campaign_id", "partner_id").agg(
        pl.col("accounts", "phantoms").sum()
    )
    found = judge_excess(posts, sets).to_dicts()
    return found[0] if found else None


QUIET = [(100, 10), (100, 12), (100, 8), (100, 10)]


def test_an_excess_is_the_difference_of_the_shares() -> None:
    found = judged([(100, 60)], QUIET)
    assert found is not None
    assert found["excess"] == pytest.approx(0.5)
    assert 0.2 < found["excess_low"] < 0.4
    assert found["is_beyond"]


@pytest.mark.parametrize(
    ("paid", "unpaid", "why"),
    [
        ([(100, 10)], QUIET, "the same share"),
        ([(4000, 680)], QUIET, "surely more, but no tenth more"),
        ([(40, 10)], QUIET, "no more than chance and the post explain"),
        ([(100, 35)], [(100, 2), (100, 30), (100, 1), (100, 38)], "posts differ"),
        ([(100, 38)], [(400, 40)], "one unpaid post does not tell how posts differ"),
    ],
)
def test_what_else_explains_an_excess_is_none(
    paid: list[tuple[int, int]], unpaid: list[tuple[int, int]], why: str
) -> None:
    found = judged(paid, unpaid)
    assert found is not None
    assert not found["is_beyond"], why


def test_a_handful_of_accounts_is_not_compared() -> None:
    assert judged([(29, 29)], QUIET) is None
    assert judged([(30, 30)], QUIET) is not None
    assert judged([(100, 60)], [(29, 0)]) is None
    assert judged([(100, 60)], []) is None


def test_several_posts_tell_more_than_one() -> None:
    """A post may be hit by chance, four are not."""
    one = judged([(400, 120)], QUIET)
    four = judged([(100, 30)] * 4, QUIET)
    assert one is not None
    assert four is not None
    assert one["excess"] == four["excess"]
    assert one["excess_low"] < four["excess_low"]


def test_honest_partners_are_hardly_ever_beyond() -> None:
    """Their posts draw as differing shares as unpaid ones do: less than one in 200."""
    random = np.random.default_rng(1)
    shares = np.clip(random.normal(0.2, 0.08, (2000, 8)), 0, 1)
    drawn = random.binomial(80, shares)
    posts = pl.DataFrame(
        [
            (f"c{place}", "p" if number < 2 else None, 80, int(phantoms))
            for place, row in enumerate(drawn)
            for number, phantoms in enumerate(row)
        ],
        schema=SCHEMA,
        orient="row",
    )
    sets = posts.group_by("campaign_id", "partner_id").agg(
        pl.col("accounts", "phantoms").sum()
    )
    found = judge_excess(posts, sets)
    assert len(found) == 2000
    assert found["is_beyond"].sum() < 10
    # Whatever the order of rows.
    assert judge_excess(posts.reverse(), sets.reverse()).equals(found)
