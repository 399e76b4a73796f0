"""Drift: whether accounts and scores still look as they did.

Population stability index (Siddiqi, Credit Risk Scorecards, 2006): the sum over
bins of (share now - share before) * ln(share now / share before). Below 0.1 the
populations are alike, above 0.25 a model deserves a second look.
"""

from __future__ import annotations

import polars as pl

ALIKE, DRIFTED = 0.1, 0.25

# An empty bin would make the index infinite: it counts as half an account.
_EMPTY = 0.5

# What is watched: bins of equal width for a probability, of doubling width for
# counts. "unknown" is a bin of its own: an input that goes missing is a drift.
_PROBABILITIES = ("phantom_probability",)
WATCHED = ("followers_count", "following_count", "posts_count", "acts", "own_texts")


def count_bins(frame: pl.DataFrame) -> pl.DataFrame:
    """Histograms of the watched columns that a frame of accounts has.

    Returns:
        feature, bin (text), accounts; sorted. Cost: one pass a column.
    """
    parts = []
    for name in (*_PROBABILITIES, *WATCHED):
        if name not in frame.columns:
            continue
        value = pl.col(name).cast(pl.Float64)
        number = (
            (value * 10).floor().clip(0, 9)
            if name in _PROBABILITIES
            else (value.clip(0, None) + 1).log(2).floor()
        )
        parts.append(
            frame.select(
                feature=pl.lit(name),
                bin=number.cast(pl.Int64).cast(pl.String).fill_null("unknown"),
            )
            .group_by("feature", "bin")
            .agg(accounts=pl.len().cast(pl.Int64))
        )
    if not parts:
        raise ValueError("the frame has no column that is watched")
    return pl.concat(parts).sort("feature", "bin")


def population_stability(before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """The index of each feature between two sets of histograms.

    Args:
        before: as `count_bins` gives it.
        after: the like.

    Returns:
        feature, stability_index (rounded to four places); features that both
        have, sorted.
    """
    shares = []
    for name, bins in (("before", before), ("after", after)):
        shares.append(bins.select("feature", "bin", pl.col("accounts").alias(name)))
    both = (
        shares[0]
        .join(shares[1], on=["feature", "bin"], how="full", coalesce=True)
        .with_columns(pl.col("before", "after").fill_null(0).cast(pl.Float64))
        .filter(
            (pl.col("before").sum().over("feature") > 0)
            & (pl.col("after").sum().over("feature") > 0)
        )
        .with_columns(
            pl.when(pl.col(name) == 0).then(_EMPTY).otherwise(pl.col(name)).alias(name)
            for name in ("before", "after")
        )
        .with_columns(
            (pl.col(name) / pl.col(name).sum().over("feature")).alias(name)
            for name in ("before", "after")
        )
        .sort("feature", "bin")
    )
    term = (pl.col("after") - pl.col("before")) * (
        pl.col("after") / pl.col("before")
    ).log()
    return (
        both.group_by("feature", maintain_order=True)
        .agg(stability_index=term.sum().round(4))
        .sort("feature")
    )
