"""The phantom score: how likely an account is no genuine person's.

Interface: `score(features, suspected_threshold, phantom_threshold)` takes the
frame of `intermediate.account_features` and gives a row per account with a
probability, a level and reasons.

The log-odds are a sum, so that every part can be told: what the learned model says
of profile and timeline (phantom_model.py), and signs that no labelled set shows,
with stated weights (evidence.py). Reasons are the parts that weigh most, each with
the value that was seen; they are worked out only where an account is suspected.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tasks.accounts.account_kind import account_kind
from tasks.accounts.evidence import JUDGED, Evidence
from tasks.accounts.features import FEATURES, OF_POSTS, percent, with_inputs
from tasks.accounts.neighbourhood import NEIGHBOURHOOD, OF_MOMENTS, OF_WORDS
from tasks.accounts.phantom_model import (
    FloatArray,
    PhantomModel,
    bin_of,
    cell_of,
    kind_of_score,
    shipped_model,
    shown_of,
)
from tasks.accounts.reason_classes import (
    OF_LURKERS,
    RATIOS,
    REASON_CLASSES,
    SAYS_LITTLE,
)

# What makes nobody a likely phantom, however much it weighs; anything else does that
# adds so much.
_NOT_ENOUGH = RATIOS | SAYS_LITTLE
LEAST_SUPPORT = 0.4
# Weibo's own level grows with days of use and can't be bought at once; new accounts and
# most likely phantoms in real threads have 4 or less.
_LIVED_IN = (pl.col("platform") == "weibo") & (pl.col("level") >= 8)

# What is added to the model's log-odds.
EVIDENCE: tuple[Evidence, ...] = (*JUDGED, *NEIGHBOURHOOD)

# At most so many reasons an account; after the first none that adds less than this
# log-odds (a fifth more on the odds).
MOST_REASONS = 4
LEAST_WEIGHT = 0.2
# What more genuine labelled accounts than this share show as well is no reason.
MOST_USUAL = 0.25


# What `score` gives of an account.
_SCORED = (
    "platform",
    "account_id",
    "phantom_probability",
    "phantom_level",
    "account_kind",
    "reasons",
    "reason_classes",
    "shown",
    "score_kind",
    "score_bin",
    "score_cell",
    "model_version",
    "observed_at",
)


def model_version(model: PhantomModel | None = None) -> str:
    """The version that scores carry: that of the weights and of the judged signs."""
    signs = "\n".join(f"{sign.name} {sign.log_odds} {sign.holds}" for sign in EVIDENCE)
    digest = hashlib.sha256(signs.encode()).hexdigest()[:4]
    return f"{(model or shipped_model()).version}-{digest}"


def score(
    features: pl.DataFrame,
    suspected_threshold: float,
    phantom_threshold: float,
    model: PhantomModel | None = None,
) -> pl.DataFrame:
    """Score accounts.

    Args:
        features: one row an account: platform, account_id, observed_at and the
            columns that features and evidence name; null means unknown, never
            zero, and so does a missing column.
        suspected_threshold: probability from which an account is suspected.
        phantom_threshold: probability from which it is a likely phantom.
        model: other weights than the shipped ones.

    Returns:
        platform, account_id, phantom_probability (0 to 1, four decimals, at the
        training prior), phantom_level (a likely phantom only with another
        reason than how many it follows, and one that has been used for long only with
        another than that it is quiet), account_kind (see account_kind.py; null where
        nothing tells), reasons (list of sentences, heaviest first; empty below
        the suspected threshold), reason_classes (list of their classes without
        repetition, see reason_classes.py), shown (what the account shows, one of
        phantom_model.SHOWN), score_kind (what the score rests on, one of
        phantom_model.SCORE_KINDS; null where it is a name), score_bin (0 to
        3, by phantom_model.BINS), score_cell (0 to 19, by CELLS), model_version,
        observed_at; sorted by platform and account_id.
    """
    model = model or shipped_model()
    probability = phantom_probability(features, model)
    suspected = np.flatnonzero(probability >= suspected_threshold)
    reasons = _reasons(features[suspected], model).with_columns(
        row=pl.Series(suspected, dtype=pl.Int64)
    )
    return (
        with_columns_of_signs(features)
        .with_columns(
            shown_of(features),
            score_kind=kind_of_score(features),
            phantom_probability=probability,
        )
        .with_columns(
            account_kind=account_kind(
                pl.col("phantom_probability") >= suspected_threshold
            ),
            row=pl.int_range(pl.len(), dtype=pl.Int64),
        )
        .join(reasons, on="row", how="left")
        .with_columns(
            pl.col("reasons", "reason_classes").fill_null([]),
            phantom_level=_level(suspected_threshold, phantom_threshold),
            score_bin=bin_of(pl.col("phantom_probability")),
            score_cell=cell_of(pl.col("phantom_probability")),
            model_version=pl.lit(model_version(model)),
        )
        .select(_SCORED)
        .sort("platform", "account_id")
    )


def _level(suspected_threshold: float, phantom_threshold: float) -> pl.Expr:
    """The level by `phantom_probability`. A ratio alone suspects; more takes more."""
    probability = pl.col("phantom_probability")
    return (
        pl.when((probability >= phantom_threshold) & pl.col("is_supported"))
        .then(pl.lit("phantom"))
        .when(probability >= suspected_threshold)
        .then(pl.lit("suspected"))
        .otherwise(pl.lit("genuine"))
    )


def first_suspicion(
    features: pl.DataFrame,
    suspected_threshold: float,
    model: PhantomModel | None = None,
) -> pl.DataFrame:
    """The first of two passes: who is suspected for reasons of its own.

    Company is told twice, by shared words and by shared moments. The signs of the same
    sort are left out each time: accounts that share words would otherwise suspect each
    other because they share words.

    Args:
        features: as for `score`, without columns of a second pass.
        suspected_threshold: probability from which an account is suspected.
        model: other weights than the shipped ones.

    Returns:
        platform, account_id, is_suspected_but_for_words and
        is_suspected_but_for_moments of the accounts that acted: only they have company.
    """
    if "acts" not in features.columns:
        features = features.with_columns(acts=pl.lit(None, pl.Int64))
    acted = features.filter(pl.col("acts") > 0)
    log_odds = (model or shipped_model()).log_odds(acted)
    return acted.select(
        "platform",
        "account_id",
        **{
            f"is_suspected_but_for_{name}": pl.Series(
                _probability(
                    log_odds
                    + evidence_log_odds(
                        acted, [sign for sign in EVIDENCE if sign.name not in left_out]
                    )
                )
                >= suspected_threshold
            )
            for name, left_out in (("words", OF_WORDS), ("moments", OF_MOMENTS))
        },
    )


def phantom_probability(features: pl.DataFrame, model: PhantomModel) -> FloatArray:
    """Probabilities at the training prior, four decimals, rows as they came."""
    return _probability(model.log_odds(features) + evidence_log_odds(features))


def _probability(log_odds: FloatArray) -> FloatArray:
    probability: FloatArray = np.round(1 / (1 + np.exp(-log_odds)), 4)
    return probability


def evidence_log_odds(
    features: pl.DataFrame, signs: Iterable[Evidence] | None = None
) -> FloatArray:
    """What the judged signs add, rows as they came; `signs` are all unless given."""
    if not len(features):
        return np.zeros(0)
    total = pl.sum_horizontal(
        pl.when(sign.holds.fill_null(value=False)).then(sign.log_odds).otherwise(0.0)
        for sign in (EVIDENCE if signs is None else signs)
    )
    return with_columns_of_signs(features).select(total.alias("sum"))["sum"].to_numpy()


def with_columns_of_signs(features: pl.DataFrame) -> pl.DataFrame:
    """The frame with a null column for each that a sign names and it lacks."""
    kinds = {
        "screen_name": pl.String,
        "platform": pl.String,
        "has_default_avatar": pl.Boolean,
        "is_verified": pl.Boolean,
        "is_synchronous": pl.Boolean,
    }
    wanted = {
        name
        for sign in EVIDENCE
        for expression in (sign.holds, sign.reason)
        for name in expression.meta.root_names()
    }
    return features.with_columns(
        pl.lit(None, kinds.get(name, pl.Int64)).alias(name)
        for name in sorted(wanted - set(features.columns))
    )


def _with_reference(
    sentence: pl.Expr, shares: FloatArray, fewest_posts: int | None
) -> pl.Expr:
    """A reason with how many genuine accounts show the like, where that is known.

    Labelled accounts may have been chosen by their posts: who has fewer than any of
    them is told so.
    """
    of_genuine = pl.Series(shares)
    is_unlike = (pl.col("posts_count") < (fewest_posts or 0)).fill_null(value=False)
    told = (
        pl.when(pl.lit(of_genuine) < 0.01)
        .then(pl.lit("less than 1 %"))
        .otherwise(percent(pl.lit(of_genuine.fill_nan(0.0))))
    )
    return (
        pl.when(pl.lit(of_genuine.is_nan()))
        .then(sentence)
        .otherwise(
            pl.format(
                "{} (as {} of labelled genuine accounts do, or more so{})",
                sentence,
                told,
                pl.when(is_unlike)
                .then(pl.lit(f"; these have {fewest_posts} posts or more"))
                .otherwise(pl.lit("")),
            )
        )
    )


@dataclass(frozen=True)
class _Part:
    """What one sentence says of each account, rows as they came.

    Attributes:
        sentence: the reason, of the features' columns.
        reason_class: see reason_classes.py.
        weight: what it adds to the log-odds.
        share: of labelled genuine accounts that show the same, or more so; nan where
            that is not known.
    """

    sentence: pl.Expr
    reason_class: str
    weight: FloatArray
    share: FloatArray


def _reasons(features: pl.DataFrame, model: PhantomModel) -> pl.DataFrame:
    """The heaviest parts of each account's log-odds as sentences.

    Returns:
        Columns `reasons`, `reason_classes` and `is_supported` (by more than ratios),
        rows as they came.
    """
    if not len(features):
        lists = ("reasons", "reason_classes")
        return pl.DataFrame(
            schema={
                **dict.fromkeys(lists, pl.List(pl.String)),
                "is_supported": pl.Boolean,
            }
        )
    frame = with_columns_of_signs(with_inputs(features, FEATURES))
    if "level" not in frame.columns:
        frame = frame.with_columns(level=pl.lit(None, pl.Int64))
    parts = _read_alike(
        [*_learned_parts(features, frame, model), *_judged_parts(frame)]
    )
    # What many genuine accounts show as well is no reason, however it weighs.
    weights = np.column_stack(
        [np.where(part.share > MOST_USUAL, -np.inf, part.weight) for part in parts]
    )
    told = _told(frame, parts, weights, model.fewest_posts)
    return (
        pl.DataFrame({"row": np.arange(len(features), dtype=np.int64)})
        .join(told, on="row", how="left", maintain_order="left")
        .select(
            pl.col("reasons").fill_null([REASON_CLASSES["many_small_signs"]]),
            pl.col("reason_classes").fill_null(["many_small_signs"]),
            is_supported=pl.Series(_is_supported(frame, parts, weights)),
        )
    )


def _learned_parts(
    features: pl.DataFrame, frame: pl.DataFrame, model: PhantomModel
) -> list[_Part]:
    """What the learned model says, by feature."""
    learned = model.contributions(features)
    usual = model.shares_of_genuine(features)
    # That none of them has written so little tells how they were chosen.
    is_unlike = frame.select(
        (pl.col("posts_count") < (model.fewest_posts or 0)).fill_null(value=False)
    ).to_series()
    for name in OF_POSTS & usual.keys():
        usual[name] = np.where(is_unlike.to_numpy(), np.nan, usual[name])
    unknown = np.full(len(features), np.nan)
    return [
        _Part(f.reason, f.reason_class, learned[f.name], usual.get(f.name, unknown))
        for f in FEATURES
        if f.name in learned
    ]


def _judged_parts(frame: pl.DataFrame) -> list[_Part]:
    """What the signs say that no labelled set shows."""
    held = frame.select(
        sign.holds.fill_null(value=False).alias(sign.name) for sign in EVIDENCE
    )
    unknown = np.full(len(frame), np.nan)
    return [
        _Part(
            sign.reason,
            sign.reason_class,
            held[sign.name].to_numpy() * sign.log_odds,
            unknown,
        )
        for sign in EVIDENCE
    ]


def _read_alike(parts: Iterable[_Part]) -> list[_Part]:
    """Parts that read the same are one reason, as usual as the heaviest of them."""
    found: dict[str, _Part] = {}
    heaviest: dict[str, FloatArray] = {}
    for part in parts:
        key = str(part.sentence)
        known = heaviest.get(key, np.full(len(part.weight), -np.inf))
        before = found.get(key)
        found[key] = replace(
            part,
            weight=before.weight + part.weight if before else part.weight,
            share=np.where(part.weight > known, part.share, (before or part).share),
        )
        heaviest[key] = np.maximum(part.weight, known)
    return list(found.values())


def _is_supported(
    frame: pl.DataFrame, parts: Sequence[_Part], weights: FloatArray
) -> NDArray[np.bool_]:
    """Whether more than ratios speaks against an account, rows as they came."""
    weighs = weights >= LEAST_SUPPORT
    is_enough = np.array([part.reason_class not in _NOT_ENOUGH for part in parts])
    is_more = np.array([part.reason_class not in OF_LURKERS for part in parts])
    lived_in = frame.select(_LIVED_IN.fill_null(value=False)).to_series().to_numpy()
    supported: NDArray[np.bool_] = np.where(
        lived_in, weighs[:, is_more].any(axis=1), weighs[:, is_enough].any(axis=1)
    )
    return supported


def _told(
    frame: pl.DataFrame,
    parts: Sequence[_Part],
    weights: FloatArray,
    fewest_posts: int | None,
) -> pl.DataFrame:
    """The heaviest parts in words: row, reasons, reason_classes, of rows with any."""
    order = np.argsort(-weights, axis=1, kind="stable")[:, :MOST_REASONS]
    found = []
    for place, part in enumerate(parts):
        rows, rank = np.nonzero(order == place)
        weight = weights[rows, place]
        heavy = (weight >= LEAST_WEIGHT) | ((rank == 0) & (weight > 0))
        rows, rank = rows[heavy], rank[heavy]
        found.append(
            frame[rows].select(
                _with_reference(part.sentence, part.share[rows], fewest_posts).alias(
                    "reason"
                ),
                pl.lit(part.reason_class).alias("reason_class"),
                row=pl.Series(rows, dtype=pl.Int64),
                rank=pl.Series(rank, dtype=pl.Int64),
            )
        )
    told: pl.DataFrame = (
        pl.concat(found)
        .drop_nulls("reason")
        .sort("row", "rank")
        .group_by("row", maintain_order=True)
        .agg(
            # That few follow it stands in how many it follows for that.
            reasons=pl.col("reason").filter(
                (pl.col("reason_class") != "few_followers")
                | (pl.col("reason_class") != "follows_many").all()
            ),
            reason_classes=pl.col("reason_class").unique(maintain_order=True),
        )
    )
    return told
