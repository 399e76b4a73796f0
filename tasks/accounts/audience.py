"""An audience in a few numbers: how much of it is real."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from tasks.accounts.genuine_share import (
    HIDDEN,
    bound_sets,
    draw_audiences,
    planted_rates,
)
from tasks.accounts.phantom_model import Rates


@dataclass(frozen=True)
class Count:
    """How many of a number are genuine.

    Attributes:
        total: accounts, or engagements.
        known: of them those of known accounts (see `bound_sets`).
        genuine: no likely phantom's; None where fewer than half are known.
        low: lower end of the 95 % interval; None where nothing is known.
        high: its upper end.
    """

    total: int
    known: int
    genuine: int | None
    low: int | None
    high: int | None


@dataclass(frozen=True)
class AudienceQuality:
    """Shares of a set of scored accounts.

    Attributes:
        accounts: how many were scored, and how many of them are genuine.
        engagements: the same of what they did, hidden accounts' acts included.
        phantom_share: of likely phantoms, counted by their level.
        suspected_share: of accounts that are suspected, no more.
        quality_score: 0 to 100: the share of accounts that are neither, plus
            half of the suspected ones (a credibility of audience as Modash
            defines it, with doubt counted half); None where fewer than half of the
            accounts are known.
    """

    accounts: Count
    engagements: Count
    phantom_share: float
    suspected_share: float
    quality_score: int | None


def measure_quality(
    scores: pl.DataFrame, hidden: int, rates: Mapping[str, Sequence[Rates]]
) -> AudienceQuality:
    """Sum up scored accounts.

    Args:
        scores: one row an account, as `phantom_score.score` gives it, with
            `engagements`: how many of the acts looked at are its own.
        hidden: further acts, of which nobody knows whose they are.
        rates: of the model, by what is shown.

    Raises:
        ValueError: there is no account.
    """
    accounts = len(scores)
    if not accounts:
        raise ValueError("no account to measure")
    phantoms = int((scores["phantom_level"] == "phantom").sum())
    suspected = int((scores["phantom_level"] == "suspected").sum())
    all_accounts, acts = _counts(scores, hidden, rates)
    return AudienceQuality(
        accounts=all_accounts,
        engagements=acts,
        phantom_share=phantoms / accounts,
        suspected_share=suspected / accounts,
        quality_score=None
        if all_accounts.genuine is None
        else round(100 * (1 - (phantoms + suspected / 2) / accounts)),
    )


def _counts(
    scores: pl.DataFrame, hidden: int, rates: Mapping[str, Sequence[Rates]]
) -> tuple[Count, Count]:
    """Accounts, and what they did."""
    judged = scores.with_columns(
        pl.col("engagements").cast(pl.Int64),
        is_genuine=(pl.col("phantom_level") != "phantom").cast(pl.Int64),
    )
    parts = [
        judged.select("shown", "score_bin", "is_genuine", acts=weight).with_columns(
            set=pl.lit(name), squares=pl.col("acts") ** 2
        )
        for name, weight in (
            ("accounts", pl.lit(1, pl.Int64)),
            ("engagements", pl.col("engagements")),
        )
    ]
    parts.append(
        pl.DataFrame(
            {
                "set": ["engagements"],
                "shown": [HIDDEN],
                "score_bin": [0],
                "is_genuine": [0],
                "acts": [hidden],
                "squares": [hidden],
            }
        )
    )
    histogram = (
        pl.concat(parts, how="diagonal_relaxed")
        .group_by("set", "shown", "score_bin")
        .agg(
            pl.col("acts", "squares").sum(),
            genuine_acts=(pl.col("acts") * pl.col("is_genuine")).sum(),
            accounts=pl.len().cast(pl.Int64),
            genuine_accounts=pl.col("is_genuine").sum(),
        )
    )
    found = bound_sets(
        histogram.rename({"set": "what"}),
        ["what"],
        draw_audiences(planted_rates(), rates),
    )
    genuine = dict(
        histogram.group_by("set").agg(pl.col("genuine_acts").sum()).iter_rows()
    )
    one, two = (
        Count(
            total=row["acts"],
            known=row["known_acts"],
            genuine=genuine[row["what"]] if row["is_told"] else None,
            low=row["acts_low"],
            high=row["acts_high"],
        )
        for row in found.sort("what").iter_rows(named=True)
    )
    return one, two
