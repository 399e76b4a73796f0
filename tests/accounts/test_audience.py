"""An audience in numbers: counts, and the share corrected for the training prior."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from tasks.accounts.audience import estimate_share, measure_quality


def scored(*levels: str) -> pl.DataFrame:
    probability = {"phantom": 0.9, "suspected": 0.6, "genuine": 0.1}
    return pl.DataFrame(
        {
            "phantom_level": levels,
            "phantom_probability": [probability[level] for level in levels],
        }
    )


def test_doubt_counts_half() -> None:
    found = measure_quality(
        scored("phantom", "suspected", "suspected", "genuine"), prior=0.4
    )
    assert (found.phantom_share, found.suspected_share) == (0.25, 0.5)
    assert (found.phantom_share_low, found.phantom_share_high) == (0.25, 0.75)
    assert found.quality_score == 50
    with pytest.raises(ValueError, match="no account"):
        measure_quality(scored(), prior=0.4)


@pytest.mark.parametrize("truth", [0.05, 0.2, 0.5])
def test_share_is_found_whatever_the_training_prior(truth: float) -> None:
    """Calibrated scores of a known mixture, at a prior that is not its share.

    Phantoms' log-likelihood ratios are drawn from N(1, 2), others' from N(-1, 2):
    such ratios are consistent, so the mixture's share is identified.
    """
    random = np.random.default_rng(11)
    is_phantom = random.random(40_000) < truth
    ratio = np.where(is_phantom, 1.0, -1.0) + np.sqrt(2) * random.standard_normal(
        len(is_phantom)
    )
    prior = 0.36
    odds = np.exp(ratio) * prior / (1 - prior)
    scores = pl.Series("phantom_probability", odds / (1 + odds))
    found = estimate_share(scores, prior)
    assert found.share == pytest.approx(truth, abs=0.02)
    assert found.low <= found.share <= found.high
    # Uncorrected, the training prior shows through.
    assert abs(scores.mean() - truth) > abs(found.share - truth)


def test_order_of_accounts_does_not_matter() -> None:
    scores = pl.Series("phantom_probability", [0.1, 0.9, 0.5, 0.1, 0.3] * 20)
    assert estimate_share(scores, 0.3) == estimate_share(scores.sort(), 0.3)


def test_certain_scores_are_counted() -> None:
    """Where every probability is 0 or 1 there is nothing to correct."""
    scores = pl.Series("phantom_probability", [0.0] * 75 + [1.0] * 25)
    assert estimate_share(scores, 0.4).share == pytest.approx(0.25, abs=1e-4)
