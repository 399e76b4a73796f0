"""An audience in numbers: counts, and bounds of the share of phantoms."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from tasks.accounts.audience import estimate_share, measure_quality
from tasks.accounts.phantom_model import Rates, shipped_model

RATES = {"full": Rates(phantoms=300, found=90, genuine=500, condemned=2)}


def scored(*levels: str) -> pl.DataFrame:
    probability = {"phantom": 0.9, "suspected": 0.6, "genuine": 0.1}
    return pl.DataFrame(
        {
            "phantom_level": levels,
            "phantom_probability": [probability[level] for level in levels],
            "shown": ["full"] * len(levels),
        }
    )


def test_doubt_counts_half() -> None:
    found = measure_quality(
        scored("phantom", "suspected", "suspected", "genuine"), RATES
    )
    assert (found.phantom_share, found.suspected_share) == (0.25, 0.5)
    assert (found.phantom_share_low, found.phantom_share_high) == (0.25, 0.75)
    assert found.quality_score == 50
    assert measure_quality(scored("genuine"), {}).estimate is None
    with pytest.raises(ValueError, match="no account"):
        measure_quality(scored(), RATES)


@pytest.mark.parametrize("recall", [0.3, 0.5, 1.0])
@pytest.mark.parametrize("truth", [0.0, 0.05, 0.2, 0.5])
def test_interval_holds_the_share_whatever_is_found(
    truth: float, recall: float
) -> None:
    """Of 200 draws of an audience and of the labelled set nine in ten are covered."""
    random = np.random.default_rng(11)
    held = 0
    for _ in range(200):
        found = random.binomial(int(1000 * truth), recall)
        found += random.binomial(1000 - int(1000 * truth), 0.004)
        rates = {
            "full": Rates(
                300, random.binomial(300, 0.3), 500, random.binomial(500, 0.004)
            )
        }
        share = estimate_share(
            scored(*["phantom"] * found, *["genuine"] * (1000 - found)), rates
        )
        assert 0 <= share.low <= share.share <= share.high <= 1
        held += share.low <= truth <= share.high
    assert held >= 180


def test_order_of_accounts_does_not_matter() -> None:
    scores = scored(*["phantom", "genuine", "suspected", "genuine"] * 20)
    assert estimate_share(scores, RATES) == estimate_share(scores[::-1], RATES)


def test_shipped_model_states_rates_of_every_view() -> None:
    rates = shipped_model().rates
    assert set(rates) == {"full", "last-12", "last-5", "reposts"}
    # Fewer acts show less.
    assert rates["full"].found > rates["last-12"].found > rates["last-5"].found
