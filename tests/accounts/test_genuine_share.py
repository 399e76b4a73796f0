"""Intervals of what is genuine: they hold the truth, and know what they don't know."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from tasks.accounts.genuine_share import (
    DECIDED,
    HIDDEN,
    Audiences,
    bound_genuine,
    bound_sets,
    draw_audiences,
    planted_rates,
)
from tasks.accounts.phantom_model import SHOWN, shipped_model


@pytest.fixture(scope="module")
def audiences() -> Audiences:
    return draw_audiences(planted_rates(), shipped_model().rates)


def histogram(*rows: tuple[int, str, int, int, int]) -> pl.DataFrame:
    """Rows of set, shown, bin, acts and accounts that share them evenly."""
    return pl.DataFrame(
        [
            (number, shown, score_bin, acts, acts * acts // max(accounts, 1))
            for number, shown, score_bin, acts, accounts in rows
        ],
        schema=["set", "shown", "bin", "weight", "squares"],
        orient="row",
    )


def interval(audiences: Audiences, *rows: tuple[str, int, int, int]) -> tuple[int, int]:
    found = bound_genuine(histogram(*((0, *row) for row in rows)), audiences)
    return found["low"][0], found["high"][0]


@pytest.mark.parametrize("shown", SHOWN)
def test_interval_holds_what_it_is_drawn_from(shown: str, audiences: Audiences) -> None:
    """Audiences whose rates are drawn from the shipped ones, 90 of 100 or more."""
    random = np.random.default_rng(5)
    rates = planted_rates()[shown]
    rows, truth = [], []
    for number in range(100):
        phantoms = random.binomial(300, random.beta(1, 2))
        bins = random.multinomial(phantoms, random.dirichlet(rates.phantoms))
        bins += random.multinomial(300 - phantoms, random.dirichlet(rates.genuine))
        truth.append(300 - phantoms)
        rows += [
            (number, shown, place, int(count), int(count))
            for place, count in enumerate(bins)
            if count
        ]
    found = bound_genuine(histogram(*rows), audiences)
    held = (found["low"] <= pl.Series(truth)) & (pl.Series(truth) <= found["high"])
    assert held.sum() >= 90


def test_the_less_is_known_the_wider(audiences: Audiences) -> None:
    known = interval(audiences, ("profile and acts", 0, 1000, 400))
    names = interval(audiences, ("name", 0, 1000, 400))
    hidden = interval(audiences, (HIDDEN, 0, 1000, 1000))
    widths = [high - low for low, high in (known, names, hidden)]
    assert widths[0] < 300 < widths[1]
    assert widths[2] > 500


def test_all_phantoms_may_be_among_those_who_act_often(audiences: Audiences) -> None:
    """Two in three who act often are phantoms, of those who act once few."""
    low, high = interval(
        audiences,
        ("profile and acts", 0, 200, 60),
        ("profile and acts", 3, 400, 100),
        ("profile", 0, 900, 600),
        ("profile", 1, 100, 60),
    )
    assert low <= 1190 <= high < 1200


def test_few_accounts_with_many_acts_are_few_accounts(audiences: Audiences) -> None:
    many = interval(audiences, ("profile", 0, 950, 400), ("profile", 3, 50, 20))
    few = interval(audiences, ("profile", 0, 950, 8), ("profile", 3, 50, 1))
    assert few[1] - few[0] > 1.5 * (many[1] - many[0])


def test_a_persons_decision_leaves_no_doubt(audiences: Audiences) -> None:
    decided = interval(audiences, (DECIDED, 0, 70, 7), (DECIDED, 3, 30, 3))
    assert decided == (70, 70)


def test_order_and_company_of_sets_do_not_matter(audiences: Audiences) -> None:
    rows = [(0, "profile", 0, 80, 50), (0, "acts", 3, 9, 3), (1, "name", 0, 60, 60)]
    both = bound_genuine(histogram(*rows), audiences)
    assert both.equals(bound_genuine(histogram(*rows[::-1]), audiences))
    assert both.filter(pl.col("set") == 1).equals(
        bound_genuine(histogram(rows[2]), audiences)
    )


def test_what_was_not_collected_widens_the_whole(audiences: Audiences) -> None:
    rows = [(number, "profile and acts", 0, 500, 300) for number in range(3)]
    unseen = pl.DataFrame(
        {
            "set": [0, 1, 2],
            "seen": [500, 500, 500],
            "unseen": [0, 500, 0],
            "uncollected": [0, 0, 500],
        }
    )
    found = bound_genuine(histogram(*rows), audiences, unseen)
    width = (found["whole_high"] - found["whole_low"]).to_list()
    assert width[0] == found["high"][0] - found["low"][0]
    assert width[0] < width[1] < width[2]
    assert (found["whole_high"] <= pl.Series([500, 1000, 1000])).all()


def scores(*rows: tuple[str, str, int, int, int]) -> pl.DataFrame:
    """Rows of key, shown, bin, acts, genuine acts; an account an act."""
    return pl.DataFrame(
        [
            (key, shown, score_bin, acts, acts, genuine, acts, genuine)
            for key, shown, score_bin, acts, genuine in rows
        ],
        schema=["key", "shown", "score_bin", "acts", "squares", "genuine_acts"]
        + ["accounts", "genuine_accounts"],
        orient="row",
    )


def test_sets_say_how_much_of_them_is_known(audiences: Audiences) -> None:
    found = bound_sets(
        scores(
            ("a", "profile", 0, 5, 5),
            ("a", "name", 0, 5, 5),
            ("b", "profile", 0, 4, 4),
            ("b", HIDDEN, 0, 5, 0),
            ("c", "name", 0, 9, 9),
            ("d", "name", 3, 9, 0),
        ),
        ["key"],
        audiences,
    )
    assert found["known_acts"].to_list() == [5, 4, 0, 9]
    assert found["is_told"].to_list() == [True, False, False, True]
    assert found["acts_low"].is_null().to_list() == [False, False, True, False]
    assert (found["acts_low"] <= pl.Series([10, 4, None, 0])).drop_nulls().all()
