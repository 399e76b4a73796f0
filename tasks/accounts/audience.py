"""An audience in a few numbers: how much of it is real."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

# Resamples of the accounts behind an interval, their seed, and its width.
RESAMPLES, SEED = 200, 1
_INTERVAL = (2.5, 97.5)
# When a share changes by less the estimate stands.
_PRECISION = 1e-6


@dataclass(frozen=True)
class PhantomShare:
    """An estimate of how much of an audience is phantoms.

    Attributes:
        share: corrected for the share that the probabilities assume.
        low: lower end of its 95 % interval over resampled accounts.
        high: upper end.
    """

    share: float
    low: float
    high: float


@dataclass(frozen=True)
class AudienceQuality:
    """Shares of a set of scored accounts.

    Attributes:
        accounts: how many were scored.
        phantom_share: of likely phantoms, counted by their level.
        suspected_share: of accounts that are suspected, no more.
        quality_score: 0 to 100: the share of accounts that are neither, plus
            half of the suspected ones (a credibility of audience as Modash
            defines it, with doubt counted half).
        estimate: the share of phantoms estimated from all probabilities.
    """

    accounts: int
    phantom_share: float
    suspected_share: float
    quality_score: int
    estimate: PhantomShare

    @property
    def phantom_share_low(self) -> float:
        """If no suspected account is one."""
        return self.phantom_share

    @property
    def phantom_share_high(self) -> float:
        """If every suspected account is one."""
        return self.phantom_share + self.suspected_share


def measure_quality(scores: pl.DataFrame, prior: float) -> AudienceQuality:
    """Sum up scored accounts.

    Args:
        scores: one row an account, with `phantom_level` and
            `phantom_probability`.
        prior: the share of phantoms that the probabilities assume.

    Raises:
        ValueError: there is no account.
    """
    accounts = len(scores)
    if not accounts:
        raise ValueError("no account to measure")
    phantoms = int((scores["phantom_level"] == "phantom").sum())
    suspected = int((scores["phantom_level"] == "suspected").sum())
    return AudienceQuality(
        accounts=accounts,
        phantom_share=phantoms / accounts,
        suspected_share=suspected / accounts,
        quality_score=round(100 * (1 - (phantoms + suspected / 2) / accounts)),
        estimate=estimate_share(scores["phantom_probability"], prior),
    )


def estimate_share(probabilities: pl.Series, prior: float) -> PhantomShare:
    """The share of phantoms, whatever share the model was trained on.

    Expectation maximisation of the prior (Saerens, Latinne & Decaestecker 2002):
    probabilities are shifted to the share that they add up to, until both agree.
    It holds as far as phantoms here look like those of training; the interval
    shows the chance of the draw only.

    Args:
        probabilities: of accounts, at the training prior, four decimals.
        prior: the share of phantoms in training, between 0 and 1.
    """
    counted = probabilities.round(4).value_counts(sort=False).sort(probabilities.name)
    values = counted[probabilities.name].to_numpy()
    counts = counted["count"].to_numpy().astype(np.float64)
    random = np.random.default_rng(SEED)
    total = int(counts.sum())
    draws = random.multinomial(total, counts / total, RESAMPLES)
    shares = [_correct(values, drawn.astype(np.float64), prior) for drawn in draws]
    low, high = np.percentile(shares, _INTERVAL)
    share = _correct(values, counts, prior)
    return PhantomShare(round(share, 4), round(float(low), 4), round(float(high), 4))


def _correct(values: FloatArray, counts: FloatArray, prior: float) -> float:
    """Iterate shares; at most a thousand times, which near-flat cases need."""
    total = counts.sum()
    share = float(values @ counts / total)
    for _ in range(1000):
        up = values * share / prior
        down = (1 - values) * (1 - share) / (1 - prior)
        new = float((up / (up + down)) @ counts / total)
        if abs(new - share) < _PRECISION:
            return new
        share = new
    return share
