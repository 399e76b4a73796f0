"""The phantom score: how likely an account is no genuine person's.

Interface: `score(features, suspected_threshold, phantom_threshold)` takes the
frame of `intermediate.account_features` and gives a row per account with a
probability, a level and reasons. This first scorer is a transparent sum of
rules; a learned one takes its place behind the same function.

Each rule that holds multiplies the chance of being genuine by (1 - weight)
(noisy-or), a platform's verification halves what the rules say. The weights are
judgements, not estimates: the score ranks, it is not calibrated.

Rules: the zombie rule of 2011 (fewer than 5 followers, fewer than 5 posts;
Marbridge 2011-05-20) as a named baseline, and what sellers of followers leave
behind (ClickZ 2011-09-16): follow lists far longer than follower lists, default
names and pictures, accounts made for the occasion, repeated texts, inhuman
pace. New and quiet real people meet single rules too, so no single rule makes a
phantom.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

MODEL_VERSION = "rules-1"


@dataclass(frozen=True)
class Rule:
    """A sign of a phantom: when it holds, how much it weighs, how it reads."""

    holds: pl.Expr
    weight: float
    reason: pl.Expr


def _count(column: str) -> pl.Expr:
    return pl.col(column).cast(pl.String)


RULES: tuple[Rule, ...] = (
    Rule(
        pl.col("followers_count") < 5,
        0.40,
        pl.format("has {} followers (zombie rule of 2011)", _count("followers_count")),
    ),
    Rule(
        pl.col("posts_count") < 5,
        0.40,
        pl.format("has written {} posts (zombie rule of 2011)", _count("posts_count")),
    ),
    Rule(
        (pl.col("following_count") >= 300)
        & (pl.col("followers_count") * 10 < pl.col("following_count")),
        0.45,
        pl.format(
            "follows {} accounts and is followed by {}",
            _count("following_count"),
            _count("followers_count"),
        ),
    ),
    Rule(
        pl.col("age_days_at_first_act").is_between(0, 29),
        0.35,
        pl.format(
            "was registered {} days before it first appeared",
            _count("age_days_at_first_act"),
        ),
    ),
    Rule(
        pl.col("screen_name").str.contains(r"^用户\d{6,}$|\d{6,}$"),
        0.30,
        pl.lit("has a name as the platform or a script hands it out"),
    ),
    Rule(
        pl.col("has_default_avatar"),
        0.25,
        pl.lit("has no picture of its own"),
    ),
    Rule(
        pl.col("has_empty_description") & (pl.col("posts_count") < 30),
        0.10,
        pl.lit("says nothing about itself"),
    ),
    Rule(
        (pl.col("own_texts") >= 5)
        & (pl.col("distinct_own_texts") * 3 <= pl.col("own_texts")),
        0.55,
        pl.format(
            "wrote {} texts of which only {} differ",
            _count("own_texts"),
            _count("distinct_own_texts"),
        ),
    ),
    Rule(
        pl.col("acts") >= 60 * pl.col("active_days"),
        0.55,
        pl.format("acted {} times on {} days", _count("acts"), _count("active_days")),
    ),
    Rule(
        (pl.col("acts") >= 20) & (pl.col("reposts") == pl.col("acts")),
        0.25,
        pl.format("only reposts ({} times)", _count("reposts")),
    ),
)


def score(
    features: pl.DataFrame, suspected_threshold: float, phantom_threshold: float
) -> pl.DataFrame:
    """Score accounts.

    Args:
        features: one row an account: platform, account_id, observed_at and the
            columns that the rules name; null means unknown, never zero.
        suspected_threshold: probability from which an account is suspected.
        phantom_threshold: probability from which it is a likely phantom.

    Returns:
        platform, account_id, phantom_probability (0 to 1, four decimals),
        phantom_level, reasons (list of sentences, heaviest first),
        model_version, observed_at; sorted by platform and account_id.
    """
    holds = [rule.holds.fill_null(value=False) for rule in RULES]
    genuine = pl.lit(1.0)
    for held, rule in zip(holds, RULES, strict=True):
        genuine = genuine * pl.when(held).then(1 - rule.weight).otherwise(1.0)
    trust = (
        pl.when(pl.col("is_verified").fill_null(value=False)).then(0.5).otherwise(1.0)
    )
    by_weight = sorted(zip(holds, RULES, strict=True), key=lambda pair: -pair[1].weight)
    reasons = pl.concat_list(
        [pl.when(held).then(rule.reason) for held, rule in by_weight]
    ).list.drop_nulls()
    probability = ((1 - genuine) * trust).round(4)
    return (
        features.with_columns(phantom_probability=probability, reasons=reasons)
        .with_columns(
            phantom_level=pl.when(pl.col("phantom_probability") >= phantom_threshold)
            .then(pl.lit("phantom"))
            .when(pl.col("phantom_probability") >= suspected_threshold)
            .then(pl.lit("suspected"))
            .otherwise(pl.lit("genuine")),
            model_version=pl.lit(MODEL_VERSION),
        )
        .select(
            "platform",
            "account_id",
            "phantom_probability",
            "phantom_level",
            "reasons",
            "model_version",
            "observed_at",
        )
        .sort("platform", "account_id")
    )
