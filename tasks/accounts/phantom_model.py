"""The learned part of the phantom score: two boosters and their calibration.

One booster looks at the profile, one at the timeline (features.py), so that an
account with only one of them is scored by that one and what is missing adds
nothing. Their raw log-odds are brought together by a logistic regression for each
case of what is known (Platt scaling), fitted out of fold on labelled accounts, on
the case's own truncated timelines where those are short.

Trees have a single split, so a booster is a sum of step functions, one a feature:
what a feature adds is exact (equal to its SHAP value), and scoring is a look-up.

The weights are LightGBM's text format inside one JSON document, so that reading
them runs no code; the step functions stand beside them, so that scoring doesn't load
LightGBM.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tasks.accounts.features import FEWEST_ACTS, Block, build_features, of_block

if TYPE_CHECKING:
    import lightgbm as lgb

FloatArray = NDArray[np.float64]

BLOCKS: tuple[Block, ...] = ("profile", "timeline")
SHIPPED = Path(__file__).resolve().parents[2] / "data" / "models" / "phantom.json"

# From this many acts on a timeline counts as long.
LONG_ACTS = 15
CASES = (
    "profile",
    "profile+short",
    "profile+long",
    "short",
    "long",
)
# What a score rests on (`kind_of_score`).
SCORE_KINDS = (*CASES, "profile+reposts", "reposts")
# What an account shows, most first: counts of its profile, acts, both, or hardly more
# than a name. A score errs by that.
SHOWN = ("profile and acts", "profile", "acts", "name")
# Probabilities at which the next bin of the score begins.
BINS = (0.5, 0.8, 0.95)
# Finer ones of equal width, of which shares of phantoms are estimated.
CELLS = 20
# Any platform that has no calibration of its own.
ANY = "*"


@dataclass(frozen=True)
class Curve:
    """What one feature adds to the log-odds: a step function.

    Attributes:
        edges: sorted; a value belongs to the step that ends with the first edge
            not below it.
        steps: one more than edges.
        unknown: where the feature is missing.
    """

    edges: FloatArray
    steps: FloatArray
    unknown: float

    def __call__(self, values: FloatArray) -> FloatArray:
        """What each value adds."""
        found: FloatArray = self.steps[np.searchsorted(self.edges, values)]
        return np.where(np.isnan(values), self.unknown, found)


@dataclass(frozen=True)
class Curves:
    """A booster as a sum.

    Attributes:
        average: raw log-odds of the average account it was trained on.
        by_feature: what each feature adds to that.
    """

    average: float
    by_feature: Mapping[str, Curve]

    def log_odds(self, features: pl.DataFrame) -> FloatArray:
        """Raw log-odds of each row."""
        total = np.full(len(features), self.average)
        for name, curve in self.by_feature.items():
            total += curve(features[name].to_numpy())
        return total


def read_curves(booster: lgb.Booster) -> Curves:
    """The step functions of a booster.

    Raises:
        ValueError: it has trees of more than one split.
    """
    model = booster.dump_model()
    names: list[str] = model["feature_names"]
    splits: dict[str, list[tuple[float, float, float, float]]] = {}
    average = 0.0
    for tree in model["tree_info"]:
        root = tree["tree_structure"]
        if "split_feature" not in root:
            average += root["leaf_value"]
            continue
        left, right = root["left_child"], root["right_child"]
        if "leaf_value" not in left or "leaf_value" not in right:
            raise ValueError("a tree has more than one split: train the model again")
        counts = left["leaf_count"], right["leaf_count"]
        mean = (left["leaf_value"] * counts[0] + right["leaf_value"] * counts[1]) / sum(
            counts
        )
        average += mean
        goes_left = (
            root["default_left"]
            if root["missing_type"] == "NaN"
            else root["threshold"] >= 0  # LightGBM then takes unknown for zero
        )
        splits.setdefault(names[root["split_feature"]], []).append(
            (
                root["threshold"],
                left["leaf_value"] - mean,
                right["leaf_value"] - mean,
                (left if goes_left else right)["leaf_value"] - mean,
            )
        )
    return Curves(
        average,
        {name: _curve(np.array(splits[name])) for name in names if name in splits},
    )


def _curve(splits: FloatArray) -> Curve:
    """Add up splits, each a row of edge, value up to it, value above, unknown."""
    edges = np.unique(splits[:, 0])
    up_to = splits[None, :, 0] >= np.append(edges, np.inf)[:, None]
    steps = np.where(up_to, splits[None, :, 1], splits[None, :, 2]).sum(axis=1)
    return Curve(edges, steps, float(splits[:, 3].sum()))


@dataclass(frozen=True)
class Calibration:
    """log-odds = intercept + profile * raw profile + timeline * raw timeline."""

    intercept: float
    profile: float
    timeline: float


@dataclass(frozen=True)
class Rates:
    """How scores of accounts with known truth lie: accounts by bin of the score.

    Attributes:
        genuine: of genuine ones, one more than BINS; or one of each of CELLS.
        phantoms: of phantoms.
    """

    genuine: tuple[float, ...]
    phantoms: tuple[float, ...]


@dataclass(frozen=True)
class PhantomModel:
    """Weights that are ready to score.

    Attributes:
        version: a digest of the weights and calibrations.
        curves: of each block.
        calibrations: by platform, then by case of what is known.
        prior: share of phantoms among the accounts it was calibrated on.
        rates: of the labelled accounts, out of fold, by what they show
            (`shown_of`); one for each way in which they were shown. Empty in a model
            that was trained before there were any.
        usual: by feature, of each step of its curve the share of genuine labelled
            accounts on which the feature weighs as much or more; empty in a model
            that was trained before there were any.
        fewest_posts: that a genuine labelled account has written; None where unknown.
    """

    version: str
    curves: Mapping[Block, Curves]
    calibrations: Mapping[str, Mapping[str, Calibration]]
    prior: float
    rates: Mapping[str, tuple[Rates, ...]]
    usual: Mapping[str, FloatArray]
    scores: Mapping[str, tuple[Rates, ...]] = field(default_factory=dict)
    platforms: tuple[str, ...] | None = None
    fewest_posts: int | None = None

    def log_odds(self, frame: pl.DataFrame) -> FloatArray:
        """Calibrated log-odds of each account.

        Args:
            frame: one row an account, as `intermediate.account_features` has it.

        Returns:
            Natural log-odds at the training prior; an account of which nothing is
            known stands at that prior.
        """
        weights = self._weights(frame)
        total = weights["intercept"]
        for block in BLOCKS:
            used = np.flatnonzero(weights[block])
            if len(used):
                rows = frame if len(used) == len(frame) else frame[used]
                raw = self.curves[block].log_odds(self._inputs(rows, block))
                total[used] += weights[block][used] * raw
        return total

    def contributions(self, frame: pl.DataFrame) -> dict[str, FloatArray]:
        """What each feature adds to the log-odds of each account, by name.

        Measured from the average labelled account.
        """
        weights = self._weights(frame)
        found: dict[str, FloatArray] = {}
        for block in BLOCKS:
            if not weights[block].any():
                continue
            inputs = self._inputs(frame, block)
            for name, curve in self.curves[block].by_feature.items():
                found[name] = weights[block] * curve(inputs[name].to_numpy())
        return found

    def shares_of_genuine(self, frame: pl.DataFrame) -> dict[str, FloatArray]:
        """How usual what speaks against an account is, by feature.

        Returns:
            The share of genuine labelled accounts on which the feature weighs as much
            as on each account, or more; not a number where it is unknown.
        """
        found: dict[str, FloatArray] = {}
        for block in BLOCKS:
            inputs = self._inputs(frame, block)
            for name, curve in self.curves[block].by_feature.items():
                if name not in self.usual:
                    continue
                values = inputs[name].to_numpy()
                found[name] = np.where(
                    np.isnan(values),
                    np.nan,
                    self.usual[name][np.searchsorted(curve.edges, values)],
                )
        return found

    def _inputs(self, frame: pl.DataFrame, block: Block) -> pl.DataFrame:
        """Features; local ones unknown on networks that no labelled account is of."""
        inputs = build_features(frame, block)
        local = [one.name for one in of_block(block) if one.is_local]
        if self.platforms is None or not local:
            return inputs
        is_known = frame["platform"].is_in(list(self.platforms))
        return inputs.with_columns(
            pl.when(is_known).then(pl.col(name)).alias(name) for name in local
        )

    def _calibration(self, platform: str, case: str) -> Calibration | None:
        """A platform's own; else that of any; else that of the profile alone."""
        either = [self.calibrations[platform], self.calibrations.get(ANY, {})]
        wanted = [case, "profile"] if case.startswith("profile") else [case]
        return next(
            (cases[name] for name in wanted for cases in either if name in cases), None
        )

    def _weights(self, frame: pl.DataFrame) -> dict[str, FloatArray]:
        """Intercept and slopes of each account's platform and case."""
        rows = [
            {"platform": platform, "case": case, **vars(calibration)}
            for platform in self.calibrations
            for case in CASES
            if (calibration := self._calibration(platform, case))
        ]
        table = pl.DataFrame(rows)
        known = [name for name in self.calibrations if name != ANY]
        found = (
            frame.select(
                platform=pl.when(pl.col("platform").is_in(known))
                .then("platform")
                .otherwise(pl.lit(ANY)),
                case=case_of(frame),
            )
            .join(table, on=["platform", "case"], how="left", maintain_order="left")
            .with_columns(
                pl.col("intercept").fill_null(_logit(self.prior)),
                pl.col("profile", "timeline").fill_null(0.0),
            )
        )
        return {
            name: found[name].to_numpy().copy()
            for name in ("intercept", "profile", "timeline")
        }


def case_of(frame: pl.DataFrame) -> pl.Expr:
    """What is known of an account: one of CASES, or null."""
    acts = (
        pl.col("timeline_acts")
        if "timeline_acts" in frame.columns
        else pl.lit(None, pl.Int64)
    )
    counts = [
        pl.col(name)
        for name in ("followers_count", "following_count", "posts_count")
        if name in frame.columns
    ]
    has_profile = (
        pl.any_horizontal(count.is_not_null() for count in counts)
        if counts
        else pl.lit(value=False)
    )
    length = (
        pl.when(acts >= LONG_ACTS)
        .then(pl.lit("long"))
        .when(acts >= FEWEST_ACTS)
        .then(pl.lit("short"))
    )
    return (
        pl.when(has_profile & length.is_not_null())
        .then(pl.format("profile+{}", length))
        .when(has_profile)
        .then(pl.lit("profile"))
        .otherwise(length)
    )


def kind_of_score(frame: pl.DataFrame) -> pl.Expr:
    """What a score rests on: one of SCORE_KINDS, or null where it is a name.

    As `case_of`, but acts that are all on others' posts (a campaign's export has no
    others) are a kind of their own, however many they are: they tell far less.
    """
    case = case_of(frame)
    if "timeline_posts" not in frame.columns:
        return case
    has_acts = case.str.contains("short|long")
    return (
        pl.when(has_acts & (pl.col("timeline_posts").fill_null(0) == 0))
        .then(case.str.replace("short|long", "reposts"))
        .otherwise(case)
    )


def shown_of(frame: pl.DataFrame) -> pl.Series:
    """What an account shows: one of SHOWN."""
    case = case_of(frame)
    return frame.select(
        shown=pl.when(case.str.contains("+", literal=True))
        .then(pl.lit("profile and acts"))
        .when(case == "profile")
        .then(pl.lit("profile"))
        .when(case.is_not_null())
        .then(pl.lit("acts"))
        .otherwise(pl.lit("name"))
    )["shown"]


def bin_of(probability: pl.Expr) -> pl.Expr:
    """The bin of a score: 0 to the number of BINS."""
    return pl.sum_horizontal((probability >= edge).cast(pl.Int64) for edge in BINS)


def cell_of(probability: pl.Expr) -> pl.Expr:
    """The cell of a score: 0 to CELLS - 1."""
    # Scores have four decimals: 0.8 stands in the cell that begins there.
    return ((probability * CELLS + 1e-6).floor().cast(pl.Int64)).clip(0, CELLS - 1)


def with_scores(text: str, scores: Mapping[str, Sequence[Rates]]) -> str:
    """A model's document with these scores; they change no score, nor its version."""
    content = json.loads(text)
    content["scores"] = {
        kind: [{name: list(counts) for name, counts in vars(one).items()} for one in of]
        for kind, of in sorted(scores.items())
    }
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def with_rates(text: str, rates: Mapping[str, Sequence[Rates]]) -> str:
    """A model's document with its rates; they change no score, nor its version."""
    content = json.loads(text)
    content["rates"] = json.loads(write_rates(rates))
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def usual_shares(
    curves: Mapping[Block, Curves], genuine: pl.DataFrame
) -> dict[str, list[float]]:
    """How many genuine accounts each step of each curve, or one above, holds for.

    Args:
        curves: of each block.
        genuine: rows of `intermediate.account_features`, an account once.

    Returns:
        By feature a share a step, four decimals; features that no account shows are
        left out.
    """
    found = {}
    for block in BLOCKS:
        inputs = build_features(genuine, block)
        for name, curve in curves[block].by_feature.items():
            values = inputs[name].drop_nulls().drop_nans().to_numpy()
            if not len(values):
                continue
            weighs = np.sort(curve(values))
            below = np.searchsorted(weighs, curve.steps - 1e-9)
            found[name] = [float(n) for n in np.round(1 - below / len(weighs), 4)]
    return found


def with_usual(
    text: str, usual: Mapping[str, Sequence[float]], genuine: pl.DataFrame
) -> str:
    """A model's document with these shares, and the fewest posts of whom they are of.

    They change no score, nor its version.
    """
    content = json.loads(text)
    content["usual"] = {name: list(shares) for name, shares in sorted(usual.items())}
    content["fewest_posts"] = genuine["posts_count"].min()
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def _logit(share: float) -> float:
    return float(np.log(share / (1 - share)))


def write_model(
    boosters: Mapping[Block, lgb.Booster],
    calibrations: Mapping[str, Mapping[str, Calibration]],
    prior: float,
    platforms: Iterable[str],
) -> str:
    """A model as one JSON document; equal models give equal bytes."""
    content: dict[str, Any] = {
        "prior": round(prior, 6),
        "platforms": sorted(platforms),
        "features": {
            block: [feature.name for feature in of_block(block)] for block in BLOCKS
        },
        "calibrations": {
            platform: {
                case: {name: round(value, 6) for name, value in vars(one).items()}
                for case, one in sorted(cases.items())
            }
            for platform, cases in sorted(calibrations.items())
        },
        "boosters": {
            block: boosters[block].model_to_string().splitlines() for block in BLOCKS
        },
    }
    version = _digest(content)
    curves = {block: read_curves(boosters[block]) for block in BLOCKS}
    return with_curves(
        json.dumps({"version": version, **content}, ensure_ascii=False), curves
    )


def with_curves(text: str, curves: Mapping[Block, Curves]) -> str:
    """A model's document with its boosters' step functions; its version stays."""
    content = json.loads(text)
    written: dict[str, Any] = {
        block: {
            "average": curves[block].average,
            "by_feature": {
                name: {
                    "edges": curve.edges.tolist(),
                    "steps": curve.steps.tolist(),
                    "unknown": curve.unknown,
                }
                for name, curve in curves[block].by_feature.items()
            },
        }
        for block in BLOCKS
    }
    digest = _digest({"version": content["version"], **written})
    content["curves"] = {"digest": digest, **written}
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def _written_curves(version: str, written: dict[str, Any]) -> dict[Block, Curves]:
    """The step functions that `with_curves` wrote.

    Raises:
        ValueError: they are not those of this version.
    """
    digest = written.pop("digest")
    if digest != _digest({"version": version, **written}):
        raise ValueError(f"the curves are not those of {version}: train it again")
    return {
        block: Curves(
            written[block]["average"],
            {
                name: Curve(
                    np.array(curve["edges"]), np.array(curve["steps"]), curve["unknown"]
                )
                for name, curve in written[block]["by_feature"].items()
            },
        )
        for block in BLOCKS
    }


def _curves_of_boosters(texts: Mapping[str, Sequence[str]]) -> dict[Block, Curves]:
    """The step functions of boosters, for a model that was trained before them."""
    import lightgbm as lgb

    return {
        block: read_curves(lgb.Booster(model_str="\n".join(texts[block]) + "\n"))
        for block in BLOCKS
    }


def _digest(content: Mapping[str, Any]) -> str:
    text = json.dumps(content, ensure_ascii=False, sort_keys=True)
    return "learned-" + hashlib.sha256(text.encode()).hexdigest()[:8]


def read_model(text: str) -> PhantomModel:
    """A model from its JSON document.

    Raises:
        ValueError: it is no such document, was changed by hand, or was trained on
            other features than this version of the code has.
    """
    content = json.loads(text)
    version = content.pop("version")
    rates = content.pop("rates", {})
    usual = content.pop("usual", {})
    fewest_posts = content.pop("fewest_posts", None)
    scores = content.pop("scores", {})
    curves = content.pop("curves", None)
    if version != _digest(content):
        raise ValueError(f"the weights are not those of {version}: train them again")
    for block in BLOCKS:
        names = [feature.name for feature in of_block(block)]
        if content["features"][block] != names:
            raise ValueError(f"{version} knows other {block} features: train it again")
    return PhantomModel(
        version=version,
        curves=_written_curves(version, curves)
        if curves
        else _curves_of_boosters(content["boosters"]),
        calibrations={
            platform: {case: Calibration(**values) for case, values in cases.items()}
            for platform, cases in content["calibrations"].items()
        },
        prior=content["prior"],
        rates=read_rates(json.dumps(rates)),
        usual={name: np.array(shares) for name, shares in usual.items()},
        scores=read_scores(json.dumps(scores)),
        platforms=tuple(content["platforms"]) if "platforms" in content else None,
        fewest_posts=fewest_posts,
    )


def write_rates(rates: Mapping[str, Sequence[Rates]]) -> str:
    """Rates as JSON."""
    return json.dumps(
        {shown: [vars(one) for one in views] for shown, views in sorted(rates.items())}
    )


def read_rates(text: str) -> dict[str, tuple[Rates, ...]]:
    """Rates from JSON; those of an older version's model count as none."""
    return _read_rates(text, SHOWN)


def read_scores(text: str) -> dict[str, tuple[Rates, ...]]:
    """Scores by what they rest on, from JSON."""
    return _read_rates(text, SCORE_KINDS)


def _read_rates(text: str, known: Sequence[str]) -> dict[str, tuple[Rates, ...]]:
    return {
        name: tuple(
            Rates(tuple(one["genuine"]), tuple(one["phantoms"])) for one in views
        )
        for name, views in json.loads(text).items()
        if name in known
    }


@cache
def shipped_model() -> PhantomModel:
    """The model that comes with the code; read once."""
    return read_model(SHIPPED.read_text(encoding="utf-8"))
