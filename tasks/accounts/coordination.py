"""Coordination: accounts that act together more often than chance explains.

Pairs and edges are made by SQL (`sql/intermediate/coordination_*.sql`) with exactly the
semantics of CooRTweet 2.1.3 (https://github.com/nicolarighetti/CooRTweet). This module
says which edges count. At weight one most accounts of a large table hang together by
chance, so an edge needs two objects and an improbable weight: under the accounts'
activity, with the false discovery rate controlled over all pairs that could have met
(Benjamini and Hochberg 1995), and under the timing of people who merely care for the
same things (`coordination_chance`).

Coordination is evidence of one order, never a merge of accounts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.special import gammainc


@dataclass(frozen=True)
class ObjectKind:
    """How coordination over one kind of object is told.

    Attributes:
        max_burst: moments with more shares of one object are left out.
        is_timed: whether the shares must be close in time; else an object stands for
            all shares of it, and `max_burst` bounds the accounts that share it.
        occasions: model of the pairs that met on two occasions apart, where objects of
            one kind come several at once; without one every object is an occasion.
    """

    max_burst: int
    is_timed: bool
    occasions: str | None = None


# Those of `sql/intermediate/shares.sql`. A post that fifty accounts share in a moment
# is an event; a sentence of more than two hundred accounts is a slogan, and an account
# that as many begin to follow at once has its own reason.
OBJECT_KINDS = {
    "repost": ObjectKind(50, is_timed=True),
    "reply": ObjectKind(50, is_timed=True),
    "link": ObjectKind(50, is_timed=True),
    "hashtag": ObjectKind(50, is_timed=True),
    "text": ObjectKind(200, is_timed=False, occasions="text_meetings"),
    "follow": ObjectKind(200, is_timed=False, occasions="follow_meetings"),
}

# No cap: CooRTweet's own semantics.
NO_CAP = 2**62
FALSE_DISCOVERY_RATE = 0.01
# What the timing of people with the same taste may reach by chance.
TIMING_LEVEL = 0.001


def significant_edges(
    chance: pl.DataFrame,
    accounts: int,
    false_discovery_rate: float = FALSE_DISCOVERY_RATE,
    *,
    is_timed: bool = True,
) -> pl.DataFrame:
    """Tell which edges are improbable.

    Args:
        chance: rows of `coordination_chance`: objects (on how many the pair met) and
            by_activity (how many are expected by chance), timed_objects and by_timing
            (the same where the timing tells something).
        accounts: that could have met; the pairs among them are the tests made.
        false_discovery_rate: share of edges by chance among those that count.
        is_timed: whether the timing must be improbable, too.

    Returns:
        The rows with p_activity, p_timing (Poisson tails, one to six digits) and
        is_significant. Cost: sorting the rows.
    """
    p_activity = _poisson_tail(chance, "objects", "by_activity")
    p_timing = _poisson_tail(chance, "timed_objects", "by_timing")
    tests = max(accounts * (accounts - 1) / 2, 1)
    threshold = benjamini_hochberg(p_activity, tests, false_discovery_rate)
    return chance.with_columns(
        p_activity=pl.Series(p_activity).round_sig_figs(6),
        p_timing=pl.Series(p_timing).round_sig_figs(6),
        is_significant=pl.Series(
            (p_activity <= threshold) & ((p_timing <= TIMING_LEVEL) | (not is_timed))
        ),
    )


def _poisson_tail(chance: pl.DataFrame, seen: str, expected: str) -> np.ndarray:
    """P(Poisson(expected) >= seen): the regularised lower incomplete gamma function."""
    counts = chance.get_column(seen).to_numpy().astype(float)
    means = chance.get_column(expected).to_numpy().astype(float)
    tail: np.ndarray = np.where(counts > 0, gammainc(np.maximum(counts, 1), means), 1.0)
    return tail


def benjamini_hochberg(
    p_values: np.ndarray, tests: float, false_discovery_rate: float
) -> float:
    """The largest p-value that still counts; -1 where none does.

    Args:
        p_values: of the tests that could count; all others are taken as 1.
        tests: how many were made, those not listed included.
        false_discovery_rate: to control.
    """
    ordered = np.sort(p_values)
    ranks = np.arange(1, len(ordered) + 1)
    passing = ordered[ordered <= false_discovery_rate * ranks / tests]
    return float(passing[-1]) if len(passing) else -1.0
