"""Train the phantom model on labelled accounts.

Everything is fixed beforehand (the settings below) or estimated out of fold; the
folds decide nothing else. Equal input, seed and library give equal bytes.

Accounts are shown several times, as exports show them: with their last 50, 12 and
5 acts, and with their reposts only, as a campaign's export has them. An account
weighs the same however often it is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import lightgbm as lgb
import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.optimize import minimize

from tasks.accounts.evaluation import BoolArray, FloatArray
from tasks.accounts.features import Block, build_features, of_block
from tasks.accounts.phantom_model import (
    ANY,
    BLOCKS,
    CASES,
    Calibration,
    PhantomModel,
    case_of,
    read_curves,
    read_model,
    write_model,
)

IntArray = NDArray[np.int64]

# Sources differ in what they tell of a profile. Each account is shown once as it is
# and once without each of these, so that a missing column says nothing by itself.
_HIDDEN: tuple[tuple[str, ...], ...] = (
    (),
    ("followers_count",),
    ("following_count",),
    ("posts_count",),
    ("following_count", "posts_count"),
    ("screen_name", "description"),
)

# A platform needs so many accounts of each class for a calibration of its own.
FEWEST_OF_A_CLASS = 100


@dataclass(frozen=True)
class Settings:
    """What is chosen beforehand: much shrinkage, and trees of a single split.

    So a score is a plain sum over features, and each reason is exactly what its
    feature adds. Trees of four leaves were no better (tests/benchmarks/detection).
    """

    seed: int = 1
    folds: int = 5
    rounds: int = 300
    learning_rate: float = 0.03


def train_model(examples: pl.DataFrame, settings: Settings) -> str:
    """Weights from labelled accounts.

    Args:
        examples: rows of `intermediate.account_features`, one an account and view
            of it, with `is_phantom` (bool), `view` (`full` is all that is known)
            and `weight` (of the account's label set).
        settings: seeds and sizes.

    Returns:
        The model as a JSON document.

    Raises:
        ValueError: one of the classes has too few accounts to be split in folds.
    """
    rows = _in_order(examples)
    fold = _folds(rows, settings)
    out_of_fold = {block: _out_of_fold(rows, fold, block, settings) for block in BLOCKS}
    main = _main_platform(rows)
    prior = _prior(rows, main)
    calibrations = {ANY: _calibrate(rows, out_of_fold, main, prior)}
    for platform in rows["platform"].unique().sort().to_list():
        if platform != main and _has_enough(rows, platform):
            calibrations[platform] = _calibrate(rows, out_of_fold, platform, prior)
    boosters = {block: _fit(rows, block, settings) for block in BLOCKS}
    platforms = rows["platform"].unique().to_list()
    return write_model(boosters, calibrations, prior, platforms)


def cross_validate(
    examples: pl.DataFrame, settings: Settings
) -> list[tuple[PhantomModel, pl.DataFrame]]:
    """Models each trained without a fifth of the accounts, and those accounts.

    The calibration, too, is fitted without them.
    """
    rows = _in_order(examples)
    fold = _folds(rows, settings)
    return [
        (
            read_model(train_model(rows.filter(fold != number), settings)),
            rows.filter(fold == number),
        )
        for number in range(settings.folds)
    ]


def _in_order(examples: pl.DataFrame) -> pl.DataFrame:
    return examples.sort("platform", "account_id", "view")


def _folds(rows: pl.DataFrame, settings: Settings) -> IntArray:
    """A fold for each row; an account's rows stand in one, classes are even."""
    accounts = rows.select("platform", "account_id", "is_phantom").unique(
        maintain_order=True
    )
    phantoms = int(accounts["is_phantom"].sum())
    if min(phantoms, len(accounts) - phantoms) < settings.folds:
        raise ValueError(
            f"at least {settings.folds} phantom and {settings.folds} genuine accounts"
            " are needed"
        )
    random = np.random.default_rng(settings.seed)
    accounts = (
        accounts.with_columns(draw=pl.Series(random.random(len(accounts))))
        .with_columns(
            fold=(
                pl.col("draw").rank("ordinal").over("platform", "is_phantom")
                % settings.folds
            ).cast(pl.Int64)
        )
        .select("platform", "account_id", "fold")
    )
    joined = rows.select("platform", "account_id").join(
        accounts, on=["platform", "account_id"], how="left", maintain_order="left"
    )
    return joined["fold"].to_numpy()


def _usable(rows: pl.DataFrame, block: Block) -> BoolArray:
    """Rows that a block can learn from: the profile once, timelines that are one."""
    case = rows.select(case=case_of(rows))["case"].fill_null("")
    if block == "profile":
        return (case.str.starts_with("profile") & (rows["view"] == "full")).to_numpy()
    return case.str.contains("short|long").to_numpy()


def _fit(rows: pl.DataFrame, block: Block, settings: Settings) -> lgb.Booster:
    """A booster on the rows that show its block."""
    chosen = rows.filter(_usable(rows, block))
    if block == "profile":
        chosen = pl.concat(
            chosen.with_columns(
                pl.lit(None, chosen.schema[name]).alias(name)
                for name in hidden
                if name in chosen.columns
            )
            for hidden in _HIDDEN
        )
    weight = chosen.select(
        weight=pl.col("weight") / pl.len().over("platform", "account_id")
    )["weight"].to_numpy()
    features = of_block(block)
    return lgb.train(
        {
            "objective": "binary",
            "learning_rate": settings.learning_rate,
            "num_leaves": 2,
            "min_data_in_leaf": 20,
            "min_sum_hessian_in_leaf": 1.0,
            "feature_fraction": 0.4,
            "bagging_fraction": 0.8,
            "bagging_freq": 1,
            "lambda_l2": 5.0,
            "monotone_constraints": [feature.direction for feature in features],
            "seed": settings.seed,
            "deterministic": True,
            "force_row_wise": True,
            "num_threads": 1,
            "verbose": -1,
        },
        lgb.Dataset(
            build_features(chosen, block).to_numpy(),
            chosen["is_phantom"].cast(pl.Int8).to_numpy(),
            weight=weight,
            feature_name=[feature.name for feature in features],
            free_raw_data=False,
        ),
        settings.rounds,
    )


def _out_of_fold(
    rows: pl.DataFrame, fold: IntArray, block: Block, settings: Settings
) -> FloatArray:
    """Raw log-odds of each row by a booster that never saw its account."""
    found = np.zeros(len(rows))
    for number in range(settings.folds):
        apart = fold == number
        curves = read_curves(_fit(rows.filter(~apart), block, settings))
        found[apart] = curves.log_odds(build_features(rows.filter(apart), block))
    return found


def _main_platform(rows: pl.DataFrame) -> str:
    """The platform that weighs most; ties by name."""
    by_weight = (
        rows.filter(pl.col("view") == "full")
        .group_by("platform")
        .agg(pl.col("weight").sum())
        .sort("weight", "platform", descending=[True, False])
    )
    return str(by_weight["platform"][0])


def genuine_of(examples: pl.DataFrame) -> pl.DataFrame:
    """Genuine accounts of the main platform, with everything known of each."""
    return examples.filter(
        (pl.col("platform") == _main_platform(examples))
        & (pl.col("view") == "full")
        & ~pl.col("is_phantom").cast(pl.Boolean)
    )


def _prior(rows: pl.DataFrame, platform: str) -> float:
    mine = rows.filter((pl.col("platform") == platform) & (pl.col("view") == "full"))
    return float(mine["is_phantom"].cast(pl.Float64).sum()) / len(mine)


def _has_enough(rows: pl.DataFrame, platform: str) -> bool:
    mine = rows.filter((pl.col("platform") == platform) & (pl.col("view") == "full"))
    phantoms = int(mine["is_phantom"].sum())
    return min(phantoms, len(mine) - phantoms) >= FEWEST_OF_A_CLASS


def _calibrate(
    rows: pl.DataFrame,
    out_of_fold: Mapping[Block, FloatArray],
    platform: str,
    prior: float,
) -> dict[str, Calibration]:
    """A logistic regression for each case that a platform's accounts show.

    All stand at one prior: a platform with another share of phantoms among its
    labelled accounts has its intercepts shifted.
    """
    case = rows.select(case=case_of(rows))["case"].fill_null("").to_numpy()
    mine = (rows["platform"] == platform).to_numpy()
    full = (rows["view"] == "full").to_numpy()
    truth = rows["is_phantom"].cast(pl.Float64).to_numpy()
    own = _prior(rows, platform)
    shift = np.log(prior / (1 - prior)) - np.log(own / (1 - own))
    found = {}
    for name in CASES:
        if name == "profile":
            chosen = mine & full & np.char.startswith(case.astype(str), "profile")
            used = (1.0, 0.0)
        elif name.startswith("profile"):
            chosen, used = mine & (case == name), (1.0, 1.0)
        else:
            chosen = mine & np.char.endswith(case.astype(str), name)
            used = (0.0, 1.0)
        labels = truth[chosen]
        if min(labels.sum(), (1 - labels).sum()) < 10:
            continue
        intercept, profile, timeline = _logistic(
            out_of_fold["profile"][chosen] * used[0],
            out_of_fold["timeline"][chosen] * used[1],
            labels,
        )
        found[name] = Calibration(
            intercept + shift, profile * used[0], timeline * used[1]
        )
    return found


def _logistic(
    profile: FloatArray, timeline: FloatArray, truth: FloatArray
) -> tuple[float, float, float]:
    """Logistic regression on two log-odds; slopes can't be negative."""

    def loss(values: FloatArray) -> tuple[float, FloatArray]:
        odds = values[0] + values[1] * profile + values[2] * timeline
        share = 1 / (1 + np.exp(-odds))
        # A little ridge towards slopes of one keeps an unused slope finite.
        ridge = 0.5 * ((values[1] - 1) ** 2 + (values[2] - 1) ** 2)
        value = float(np.sum(np.logaddexp(0, odds) - truth * odds) + ridge)
        error = share - truth
        return value, np.array(
            [
                error.sum(),
                error @ profile + values[1] - 1,
                error @ timeline + values[2] - 1,
            ]
        )

    best = minimize(
        loss,
        np.array([0.0, 1.0, 1.0]),
        jac=True,
        method="L-BFGS-B",
        bounds=[(None, None), (0, None), (0, None)],
    ).x
    return float(best[0]), float(best[1]), float(best[2])
