"""The card of a trained model: what it is, how well it works, what it is not for."""

from __future__ import annotations

from dataclasses import dataclass

import lightgbm
import numpy as np
import polars as pl

from tasks.accounts.evaluation import (
    BoolArray,
    FloatArray,
    Measure,
    auc,
    bootstrap,
    brier,
    calibration_bins,
    precision_at,
    recall_at,
)
from tasks.accounts.phantom_model import (
    BINS,
    CELLS,
    SCORE_KINDS,
    PhantomModel,
    Rates,
    bin_of,
    cell_of,
    kind_of_score,
    read_model,
    shown_of,
)
from tasks.accounts.phantom_score import phantom_probability
from tasks.accounts.training import Settings, cross_validate

# What a card says of each view of an account.
_VIEWS = {
    "full": "everything known",
    "last-12": "its last 12 acts",
    "last-5": "its last 5 acts",
    "reposts": "its last 12 reposts only",
}
_THRESHOLDS = (0.5, 0.8)


@dataclass(frozen=True)
class Judged:
    """Accounts of one platform and view with out-of-fold probabilities."""

    platform: str
    view: str
    probability: FloatArray
    truth: BoolArray


@dataclass(frozen=True)
class Card:
    """A card before it is text.

    Attributes:
        calibration: mean probability, share of phantoms and accounts, by bin of
            the out-of-fold probability, of the platform with most accounts.
        summary: one line for people.
        rates: how scores of the main platform's accounts lie, by what is shown of
            them and, where acts are, once for each view.
        scores: the same by what the score rests on and by finer cells of it.
        version: of the weights.
        prior: share of phantoms that its probabilities assume.
        settings: seed and sizes.
        groups: what was judged.
    """

    calibration: list[tuple[float, float, int]]
    summary: str
    rates: dict[str, tuple[Rates, ...]]
    scores: dict[str, tuple[Rates, ...]]
    version: str
    prior: float
    settings: Settings
    groups: tuple[Judged, ...]

    def text(self, plot: str) -> str:
        """The card as Markdown.

        Args:
            plot: name of the calibration plot beside it.
        """
        return "\n".join([*self._head(), *self._figures(), *_tail(plot)]) + "\n"

    def _head(self) -> list[str]:
        full = [group for group in self.groups if group.view == "full"]
        sets = [
            f"- {group.platform}: {len(group.truth):,} accounts,"
            f" {int(group.truth.sum()):,} of them labelled phantoms"
            for group in full
        ]
        return [
            f"# Phantom model {self.version}",
            "",
            "How likely an account is no genuine person's, from its profile and its"
            " last acts: LightGBM boosters with monotone constraints, calibrated"
            " out of fold; signs with judged weights come on top"
            " (tasks/accounts/evidence.py).",
            "",
            "## Trained on",
            "",
            *sets,
            "",
            f"Probabilities assume that {self.prior:.1%} of accounts are phantoms, as"
            " in the labelled set they were calibrated on. How much of another audience"
            " is genuine is told as an interval (tasks/accounts/genuine_share.py), from"
            " how scores of these accounts and of planted worlds lie. Seed"
            f" {self.settings.seed}, {self.settings.folds} folds by account,"
            f" {self.settings.rounds} trees of a single split a"
            f" booster; LightGBM {lightgbm.__version__}.",
            "",
        ]

    def _figures(self) -> list[str]:
        rows = [
            "## Figures",
            "",
            "Each account is judged by a model and a calibration that never saw it."
            " In brackets: 95 % of 1,000 resamples of the accounts. A difference below"
            " .03 is noise.",
            "",
            "| accounts | shown | AUC | Brier | precision / recall from 0.5 |"
            " precision / recall from 0.8 |",
            "|---|---|---|---|---|---|",
        ]
        for group in self.groups:
            cells = [_figure(group, auc), _figure(group, brier)]
            cells += [
                f"{_figure(group, precision_at(threshold))} /"
                f" {_figure(group, recall_at(threshold))}"
                for threshold in _THRESHOLDS
            ]
            shown = _VIEWS.get(group.view, group.view)
            rows.append(
                f"| {group.platform}, {len(group.truth):,} | {shown} |"
                f" {' | '.join(cells)} |"
            )
        return rows


def _figure(group: Judged, measure: Measure) -> str:
    found = bootstrap(measure, group.probability, group.truth, seed=1)
    return "none" if np.isnan(found.value) else str(found)


def _tail(plot: str) -> list[str]:
    return [
        "",
        f"![Share of phantoms by probability]({plot})",
        "",
        "## Not for",
        "",
        "- Proof. It ranks and it suspects; a person confirms. Never publish a named"
        " account as a phantom because of its score.",
        "- Decisions about people: credit, work, prosecution, moderation without"
        " appeal.",
        "- Accounts unlike the labelled ones without a look at its drift (`status`).",
        "",
        "Labels are noisy: nobody says how the accounts were labelled, and some that"
        " are labelled phantoms look like anybody. That bounds what any model can"
        " reach here.",
    ]


def describe_model(text: str, examples: pl.DataFrame, settings: Settings) -> Card:
    """The card of a model, with figures from folds.

    Args:
        text: the model's document.
        examples: what it was trained on, as `train_model` takes it.
        settings: those of its training.
    """
    model = read_model(text)
    folds = cross_validate(examples, settings)
    judged = pl.concat(
        apart.select(
            "platform", "view", "is_phantom", "weight", "timeline_acts"
        ).with_columns(probability=phantom_probability(apart, fold_model))
        for fold_model, apart in folds
    ).with_columns(
        # Without a timeline all views are one.
        has_views=pl.col("timeline_acts").is_not_null().any().over("platform"),
        size=pl.col("weight").sum().over("platform"),
        place=pl.col("view").replace_strict(
            list(_VIEWS), list(range(len(_VIEWS))), default=len(_VIEWS)
        ),
    )
    groups = tuple(
        Judged(
            str(platform),
            str(view),
            rows["probability"].to_numpy(),
            rows["is_phantom"].to_numpy(),
        )
        for (platform, view), rows in judged.filter(
            pl.col("has_views") | (pl.col("view") == "full")
        )
        .sort("size", "platform", "place", descending=[True, False, False])
        .group_by(["platform", "view"], maintain_order=True)
    )
    first = groups[0]
    rates, scores = _rates(folds, first.platform)
    return Card(
        calibration=calibration_bins(first.probability, first.truth),
        summary=f"Out of fold on {first.platform}: AUC {_figure(first, auc)},"
        f" Brier {_figure(first, brier)}",
        rates=rates,
        scores=scores,
        version=model.version,
        prior=model.prior,
        settings=settings,
        groups=groups,
    )


# With fewer phantoms or people a kind of score in one view is left out.
FEWEST_OF_A_KIND = 50

# What is not looked at, so that an account shows no more than this.
_UNSHOWN: dict[str, tuple[str, ...]] = {
    "profile and acts": (),
    "profile": ("timeline_acts",),
    "acts": ("followers_count", "following_count", "posts_count"),
}


def _rates(
    folds: list[tuple[PhantomModel, pl.DataFrame]], platform: str
) -> tuple[dict[str, tuple[Rates, ...]], dict[str, tuple[Rates, ...]]]:
    """How out-of-fold scores of a platform's accounts lie.

    Returns:
        By what is shown and bin of the score; by what it rests on and cell of it.
    """
    by_shown: dict[str, tuple[Rates, ...]] = {}
    by_kind: dict[str, tuple[Rates, ...]] = {}
    for shown, unshown in _UNSHOWN.items():
        judged = []
        for model, apart in folds:
            mine = apart.filter(pl.col("platform") == platform)
            seen = mine.with_columns(
                pl.lit(None, mine.schema[name]).alias(name)
                for name in unshown
                if name in mine.columns
            )
            judged.append(
                seen.with_columns(
                    shown_of(seen),
                    kind=kind_of_score(seen),
                    score=phantom_probability(seen, model),
                ).select(
                    "view",
                    "is_phantom",
                    "shown",
                    "kind",
                    bin=bin_of(pl.col("score")),
                    cell=cell_of(pl.col("score")),
                )
            )
        rows = pl.concat(judged)
        if not (rows["shown"] == shown).any():
            continue
        views = ("full",) if shown == "profile" else tuple(_VIEWS)
        by_shown[shown] = tuple(
            Rates(
                genuine=_counts(one, "bin", len(BINS) + 1, is_phantom=False),
                phantoms=_counts(one, "bin", len(BINS) + 1, is_phantom=True),
            )
            for view in views
            if len(one := rows.filter(pl.col("view") == view))
        )
        for kind in SCORE_KINDS:
            of_views = [
                rows.filter((pl.col("view") == view) & (pl.col("kind") == kind))
                for view in views
            ]
            told = tuple(
                Rates(
                    genuine=_counts(one, "cell", CELLS, is_phantom=False),
                    phantoms=_counts(one, "cell", CELLS, is_phantom=True),
                )
                for one in of_views
                if min(one["is_phantom"].sum(), (~one["is_phantom"]).sum())
                >= FEWEST_OF_A_KIND
            )
            if told:
                by_kind[kind] = (*by_kind.get(kind, ()), *told)
    return by_shown, by_kind


def _counts(
    rows: pl.DataFrame, column: str, size: int, *, is_phantom: bool
) -> tuple[int, ...]:
    """Accounts by bin, or by cell, of the score."""
    places = rows.filter(pl.col("is_phantom") == is_phantom)[column].to_numpy()
    return tuple(int(n) for n in np.bincount(places, minlength=size))
