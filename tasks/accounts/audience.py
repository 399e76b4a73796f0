"""An audience in a few numbers: how much of it is real."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True)
class AudienceQuality:
    """Shares of a set of scored accounts.

    Attributes:
        accounts: how many were scored.
        phantom_share: of likely phantoms.
        suspected_share: of accounts that are suspected, no more.
        quality_score: 0 to 100: the share of accounts that are neither, plus
            half of the suspected ones (a credibility of audience as Modash
            defines it, with doubt counted half).
    """

    accounts: int
    phantom_share: float
    suspected_share: float
    quality_score: int

    @property
    def phantom_share_low(self) -> float:
        """If no suspected account is one."""
        return self.phantom_share

    @property
    def phantom_share_high(self) -> float:
        """If every suspected account is one."""
        return self.phantom_share + self.suspected_share


def measure_quality(scores: pl.DataFrame) -> AudienceQuality:
    """Sum up scored accounts.

    Args:
        scores: one row an account, with `phantom_level`.

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
    )
