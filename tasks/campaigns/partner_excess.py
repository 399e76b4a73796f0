"""Whether a partner's engagers hold more likely phantoms than those of unpaid posts.

Phantoms come to everybody's posts, bought or not, and to some posts more than to
others. So shares are compared, those of a partner with those of the same campaign's
unpaid posts, and a difference counts where it is larger than chance among accounts and
the way in which unpaid posts differ among themselves explain (a random effect of the
post).

Source: DerSimonian & Laird 1986, Meta-analysis in clinical trials (variance between
posts, moment estimator); Agresti & Coull 1998 (variance of small shares).
"""

from __future__ import annotations

import polars as pl

# A share of fewer accounts tells nothing.
FEWEST_ACCOUNTS = 30
# Smaller differences nobody should act on.
LEAST_EXCESS = 0.1
# So many standard errors: a few honest partners in a thousand exceed them by chance,
# because how much posts differ is told by few of them.
STANDARD_ERRORS = 3.0
# Posts differ by at least this (standard deviation of their shares), however alike the
# few unpaid ones look: what a partner's audience is like is seen nowhere else.
LEAST_SPREAD = 0.07
# And by this where fewer unpaid posts than that can tell.
UNTOLD_SPREAD = 0.1
FEWEST_POSTS = 3


def judge_excess(posts: pl.DataFrame, sets: pl.DataFrame) -> pl.DataFrame:
    """Compare each partner with the unpaid posts of its campaign.

    Args:
        posts: one row a post: campaign_id, partner_id (null: unpaid), accounts that
            engaged with it and how many of them are likely phantoms (`phantoms`).
        sets: one row a partner, and one for all unpaid posts of a campaign: the same
            columns, each account once.

    Returns:
        campaign_id, partner_id, excess (difference of the shares), excess_low (less
        three standard errors), is_beyond (it supports a claim); a row for each
        partner that can be compared, by its key.
    """
    spread = _spread(posts.filter(pl.col("partner_id").is_null()))
    # How unevenly accounts lie on posts: one post speaks for itself alone.
    uneven = posts.group_by("campaign_id", "partner_id").agg(
        uneven=(pl.col("accounts") ** 2).sum() / pl.col("accounts").sum() ** 2
    )
    smooth = (pl.col("phantoms") + 2) / (pl.col("accounts") + 4)
    told = (
        sets.filter(pl.col("accounts") >= FEWEST_ACCOUNTS)
        .join(uneven, on=["campaign_id", "partner_id"], nulls_equal=True)
        .with_columns(
            share=pl.col("phantoms") / pl.col("accounts"),
            variance=smooth * (1 - smooth) / (pl.col("accounts") + 4),
        )
    )
    unpaid = told.filter(pl.col("partner_id").is_null()).select(
        "campaign_id",
        unpaid_share="share",
        unpaid_variance="variance",
        unpaid_uneven="uneven",
    )
    error = (
        pl.col("variance")
        + pl.col("unpaid_variance")
        + pl.col("spread") ** 2 * (pl.col("uneven") + pl.col("unpaid_uneven"))
    ).sqrt()
    return (
        told.filter(pl.col("partner_id").is_not_null())
        .join(unpaid, on="campaign_id")
        .join(spread, on="campaign_id")
        .with_columns(excess=pl.col("share") - pl.col("unpaid_share"))
        .with_columns(excess_low=pl.col("excess") - STANDARD_ERRORS * error)
        .select(
            "campaign_id",
            "partner_id",
            excess=pl.col("excess").round(6),
            excess_low=pl.col("excess_low").round(6),
            is_beyond=(pl.col("excess_low") > 0) & (pl.col("excess") >= LEAST_EXCESS),
        )
        .sort("campaign_id", "partner_id")
    )


def _spread(posts: pl.DataFrame) -> pl.DataFrame:
    """How much unpaid posts of each campaign differ: standard deviation of shares."""
    telling = posts.filter(pl.col("accounts") >= FEWEST_ACCOUNTS // 2)
    of_all = pl.col("phantoms").sum() / pl.col("accounts").sum()
    found = (
        telling.with_columns(
            of_all=of_all.over("campaign_id"),
            share=pl.col("phantoms") / pl.col("accounts"),
        )
        .group_by("campaign_id")
        .agg(
            posts=pl.len(),
            # Of sums of squares in a fixed order, so that they are the same in any.
            squares=(pl.col("accounts") * (pl.col("share") - pl.col("of_all")) ** 2)
            .sort()
            .sum(),
            chance=pl.col("of_all").first() * (1 - pl.col("of_all").first()),
            size=pl.col("accounts").sum()
            - (pl.col("accounts") ** 2).sum() / pl.col("accounts").sum(),
        )
        .with_columns(
            found=(
                (pl.col("squares") - (pl.col("posts") - 1) * pl.col("chance"))
                / pl.col("size")
            )
            .clip(lower_bound=0)
            .sqrt()
        )
    )
    return (
        posts.select("campaign_id")
        .unique()
        .join(found, on="campaign_id", how="left")
        .select(
            "campaign_id",
            spread=pl.when(pl.col("posts") >= FEWEST_POSTS)
            .then(pl.max_horizontal(pl.col("found"), pl.lit(LEAST_SPREAD)))
            .otherwise(UNTOLD_SPREAD),
        )
    )
