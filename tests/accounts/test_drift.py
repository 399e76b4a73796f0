"""Drift: zero between equals, large between strangers, symmetric."""

from __future__ import annotations

import math

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.accounts.drift import (
    ALIKE,
    DRIFTED,
    count_bins,
    population_stability,
)


def scores(values: list[float | None]) -> pl.DataFrame:
    return pl.DataFrame({"phantom_probability": values}, strict=False)


def index(before: pl.DataFrame, after: pl.DataFrame) -> float:
    found = population_stability(count_bins(before), count_bins(after))
    ((feature, value),) = found.rows()
    assert feature == "phantom_probability"
    return float(value)


def test_by_hand() -> None:
    """Half and half against one to three."""
    before = scores([0.05, 0.95])
    after = scores([0.05, 0.95, 0.95, 0.95])
    expected = (0.25 - 0.5) * math.log(0.25 / 0.5) + (0.75 - 0.5) * math.log(0.75 / 0.5)
    assert index(before, after) == round(expected, 4)


def test_an_input_that_goes_missing_is_a_drift() -> None:
    known = pl.DataFrame({"followers_count": list(range(100))})
    lost = pl.DataFrame(
        {"followers_count": [None] * 100}, schema={"followers_count": pl.Int64}
    )
    ((_, value),) = population_stability(count_bins(known), count_bins(lost)).rows()
    assert value > DRIFTED


def test_edges_of_bins() -> None:
    """0 and 1 belong to the first and last bin; counts double."""
    bins = count_bins(scores([0.0, 1.0, 0.1, 0.0999]))
    assert dict(bins.select("bin", "accounts").rows()) == {"0": 2, "1": 1, "9": 1}
    counts = count_bins(pl.DataFrame({"posts_count": [0, 1, 2, 3, 7, -4]}))
    assert dict(counts.select("bin", "accounts").rows()) == {
        "0": 2,
        "1": 2,
        "2": 1,
        "3": 1,
    }


@given(st.lists(st.one_of(st.none(), st.floats(0, 1)), min_size=1, max_size=50))
def test_equal_populations_are_alike(values: list[float | None]) -> None:
    frame = scores(values)
    assert index(frame, pl.concat([frame, frame])) <= ALIKE
    assert index(frame, frame.reverse()) == 0


@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=30),
    st.lists(st.floats(0, 1), min_size=1, max_size=30),
)
def test_the_index_has_no_direction(one: list[float], other: list[float]) -> None:
    there, back = index(scores(one), scores(other)), index(scores(other), scores(one))
    assert there >= 0
    # Empty bins count half an account on either side, whatever their number.
    assert there == pytest.approx(back, abs=1e-3)


def test_a_frame_without_watched_columns_is_refused() -> None:
    with pytest.raises(ValueError, match="watched"):
        count_bins(pl.DataFrame({"x": [1]}))
