"""An audience in numbers: counts, and how many of them are genuine."""

from __future__ import annotations

import polars as pl
import pytest

from tasks.accounts.audience import measure_quality


def scored(*levels: str, shown: str = "profile", engagements: int = 1) -> pl.DataFrame:
    bins = {"phantom": 3, "suspected": 1, "genuine": 0}
    return pl.DataFrame(
        {
            "phantom_level": levels,
            "score_bin": [bins[level] for level in levels],
            "shown": [shown] * len(levels),
            "engagements": [engagements] * len(levels),
        },
        schema_overrides={"phantom_level": pl.String, "shown": pl.String},
    )


def test_doubt_counts_half() -> None:
    found = measure_quality(
        scored("phantom", "suspected", "suspected", "genuine"), 0, {}
    )
    assert (found.phantom_share, found.suspected_share) == (0.25, 0.5)
    assert found.quality_score == 50
    assert found.accounts.genuine == 3
    with pytest.raises(ValueError, match="no account"):
        measure_quality(scored(), 0, {})


def test_the_number_lies_in_its_interval() -> None:
    found = measure_quality(scored(*["phantom"] * 20, *["genuine"] * 60), 5, {})
    for count in (found.accounts, found.engagements):
        assert count.low is not None and count.genuine is not None
        assert count.low <= count.genuine <= (count.high or 0)
    assert (found.accounts.total, found.engagements.total) == (80, 85)


def test_names_alone_give_no_number() -> None:
    found = measure_quality(scored(*["genuine"] * 50, shown="name"), 0, {})
    assert found.accounts.known == 0
    assert (found.accounts.genuine, found.accounts.low) == (None, None)
    assert found.quality_score is None


def test_few_known_accounts_give_an_interval_alone() -> None:
    mixed = pl.concat(
        [scored(*["genuine"] * 50, shown="name"), scored(*["genuine"] * 20)]
    )
    found = measure_quality(mixed, 0, {}).accounts
    assert (found.known, found.genuine) == (20, None)
    assert found.low is not None and found.high is not None
    assert found.high - found.low > 12
