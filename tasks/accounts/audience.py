"""An audience in a few numbers: how much of it is real."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from tasks.accounts.phantom_model import CERTAIN, Rates

# Draws behind an interval, their seed, and its width.
DRAWS, SEED = 2000, 1
_INTERVAL = (2.5, 97.5)


@dataclass(frozen=True)
class PhantomShare:
    """What the counted accounts tell of the share of phantoms.

    Attributes:
        share: the middle of the interval on a log scale, a guess.
        low: lower end: every phantom is as easy to find as purchased fresh ones.
        high: upper end: all hide as well as those of the labelled set.
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
        estimate: the share of phantoms with those that hide; None where the
            model states no rates.
    """

    accounts: int
    phantom_share: float
    suspected_share: float
    quality_score: int
    estimate: PhantomShare | None

    @property
    def phantom_share_low(self) -> float:
        """If no suspected account is one."""
        return self.phantom_share

    @property
    def phantom_share_high(self) -> float:
        """If every suspected account is one."""
        return self.phantom_share + self.suspected_share


def measure_quality(
    scores: pl.DataFrame, rates: Mapping[str, Rates]
) -> AudienceQuality:
    """Sum up scored accounts.

    Args:
        scores: one row an account, with `phantom_level`, `phantom_probability` and
            `shown` (what is known of it, see `phantom_model.shown_of`).
        rates: of the model, by what is shown.

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
        estimate=estimate_share(scores, rates) if rates else None,
    )


def estimate_share(scores: pl.DataFrame, rates: Mapping[str, Rates]) -> PhantomShare:
    """Bounds of the share of phantoms: adjusted classify and count (Forman 2008).

    share = (counted - false) / (recall - false), where `counted` is the share of
    accounts from probability .8 on. Recall is not known: phantoms bought fresh are
    all found, cultivated ones seldom. So the lower end takes a recall of 1, the
    upper end that of the labelled set, for accounts that show as much. Each rate
    and each count is drawn from its posterior (Jeffreys' prior), so the ends carry
    the chance of the draw and that of the labelled set. The upper end fails where
    phantoms hide better than the labelled ones.

    Args:
        scores: with `phantom_probability` and `shown`.
        rates: by what is shown; `reposts` stands for accounts that show less.

    Raises:
        KeyError: a kind of `shown` has no rates.
    """
    random = np.random.default_rng(SEED)
    counted = (
        scores.group_by("shown")
        .agg(
            accounts=pl.len(),
            found=(pl.col("phantom_probability") >= CERTAIN).sum(),
        )
        .sort("shown")
    )
    low, high = np.zeros(DRAWS), np.zeros(DRAWS)
    for shown, accounts, found in counted.iter_rows():
        known = rates[shown]
        weight = accounts / len(scores)
        share = random.beta(found + 0.5, accounts - found + 0.5, DRAWS)
        false = random.beta(
            known.condemned + 0.5, known.genuine - known.condemned + 0.5, DRAWS
        )
        recall = random.beta(
            known.found + 0.5, known.phantoms - known.found + 0.5, DRAWS
        )
        low += weight * np.clip((share - false) / (1 - false), 0, 1)
        # Where hardly more phantoms than others are found, nothing is told.
        gain = recall - false
        most = np.where(gain > 0, (share - false) / np.where(gain > 0, gain, 1), 1)
        high += weight * np.clip(most, 0, 1)
    least = float(np.percentile(low, _INTERVAL[0]))
    most_of_all = max(float(np.percentile(high, _INTERVAL[1])), least)
    middle = float(np.sqrt(np.median(low) * np.median(np.maximum(low, high))))
    return PhantomShare(
        round(min(max(middle, least), most_of_all), 4),
        round(least, 4),
        round(most_of_all, 4),
    )
