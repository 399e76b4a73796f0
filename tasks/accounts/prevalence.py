"""How many accounts are phantoms if phantoms here hide like the labelled ones.

Beside the bound of genuine_share.py, which holds whatever kind of phantom came, stands
a narrower interval under one assumption: scores of phantoms here lie as those of
labelled phantoms, scores of people as those of labelled people, whatever the share of
either (prior probability shift). The mean odds of a set then lie between the means of
both, and where they lie is the share (probabilistic adjusted classify and count, PACC).
The interval comes from resampling both sides: the accounts of the set, and the labelled
ones that the means come from. What the labelled ones never showed (another seller's
phantoms that hide better) it does not carry.

The same labelled scores tell how many of the accounts that are marked as likely
phantoms are phantoms at a given share of phantoms: few where phantoms are rare.

Draws have a fixed seed; equal sets give equal intervals, in whatever order rows come.
Cost: draws x cells of the score for each set.

Sources: Bella, Ferri, Hernandez-Orallo, Ramirez-Quintana 2010, Quantification via
probability estimators; Forman 2008; Hopkins & King 2010 (bootstrap of both sides);
Rubin 1981 (Bayesian bootstrap).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tasks.accounts.phantom_model import CELLS, Rates

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

DRAWS, SEED = 1000, 1
INTERVAL = (0.025, 0.975)
# Fewer known accounts than this tell no share.
FEWEST = 30
# Phantoms and people here are another sample of their kind than the labelled ones are;
# the means of both samples err, so labelled accounts count by half.
_LABELLED_PART = 0.5
# Kinds of scores that tell labelled phantoms from labelled people by less than this
# (standard deviations) tell no share: a profile alone, reposts alone.
_LEAST_SEPARATION = 0.75
# Labelled phantoms that are likely ones by a kind of score, at least, to tell what a
# mark is worth.
_FEWEST_LIKELY = 10
# Where nobody states a share of phantoms and none can be estimated.
USUAL_SHARE = 0.1

_MIDDLES = (np.arange(CELLS) + 0.5) / CELLS
# What is averaged: odds, which tell small shares better than probabilities do (their
# ratio is that of how often phantoms and people have such a score), cut where few
# accounts would rule the mean.
_VALUES = np.minimum(_MIDDLES / (1 - _MIDDLES), 4.0)
# An estimate of one group of accounts may be as far from a share as this before all
# are added up; cut at 0 and 1, small shares would come out too large.
_LEAST, _MOST = -1.0, 2.0
# Shares of groups of accounts that show different things differ by so much (standard
# deviation), a judgement: those who act often may be one seller's, those who act once
# people.
_APART = 0.2


@dataclass(frozen=True)
class Share:
    """A share with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Prevalence:
    """What is said of the phantoms of one set of accounts.

    Attributes:
        accounts: those whose scores tell enough for it; the others (known by a name, a
            profile or by what they repost only) are not judged.
        estimated: share of phantoms, if they hide like the labelled ones; None for
            fewer accounts than `FEWEST`.
        stated: share of phantoms that a person stated; None where nobody did.
        precision: share of phantoms among the likely ones, at the stated share, else at
            the estimated one, else at `USUAL_SHARE`; None where no labelled account
            tells.
        usual_precision: the same at `USUAL_SHARE`.
    """

    accounts: int
    estimated: Share | None
    stated: float | None
    precision: Share | None
    usual_precision: Share | None


@dataclass(frozen=True)
class Resampled:
    """Labelled accounts with scores of one kind: a row a draw, a column a cell.

    Attributes:
        genuine: share of people by cell of the score.
        phantoms: share of phantoms by cell.
        tells_share: the two lie far enough apart.
        known: labelled phantoms by cell, once each.
    """

    genuine: FloatArray
    phantoms: FloatArray
    tells_share: bool
    known: FloatArray


def resample_labelled(
    labelled: Mapping[str, Sequence[Rates]],
) -> dict[str, Resampled]:
    """Draws of how scores of labelled accounts lie; made once for many sets.

    Args:
        labelled: by what scores rest on (`PhantomModel.scores`).
    """
    random = np.random.default_rng(SEED)
    # One way in which labelled accounts were shown (how many acts, which) a draw.
    view = random.random(DRAWS)
    found = {}
    for kind, views in sorted(labelled.items()):
        genuine, phantoms = np.empty((DRAWS, CELLS)), np.empty((DRAWS, CELLS))
        for number, rates in enumerate(views):
            rows = (view * len(views)).astype(int) == number
            for cells, counts in (
                (genuine, rates.genuine),
                (phantoms, rates.phantoms),
            ):
                cells[rows] = random.dirichlet(
                    _LABELLED_PART * np.array(counts) + 1 / CELLS, int(rows.sum())
                )
        if views:
            tells = _separation(views) >= _LEAST_SEPARATION
            known = np.mean([rates.phantoms for rates in views], axis=0)
            found[kind] = Resampled(genuine, phantoms, tells, known)
    return found


def _separation(views: Sequence[Rates]) -> float:
    """Distance of the means of phantoms and people, in standard deviations of all."""
    genuine = np.sum([rates.genuine for rates in views], axis=0)
    phantoms = np.sum([rates.phantoms for rates in views], axis=0)
    every = (genuine + phantoms) / (genuine + phantoms).sum()
    mean = every @ _VALUES
    spread = np.sqrt(every @ (_VALUES - mean) ** 2)
    apart = (phantoms @ _VALUES) / phantoms.sum() - (genuine @ _VALUES) / genuine.sum()
    return float(apart / max(spread, 1e-9))


def measure_prevalence(
    histogram: pl.DataFrame,
    labelled: Mapping[str, Resampled],
    threshold: float,
    stated: float | None = None,
) -> Prevalence:
    """Share of phantoms in a set of accounts, and precision of its likely phantoms.

    Args:
        histogram: rows of `score_kind`, `score_cell` and `accounts`.
        labelled: of `resample_labelled`.
        threshold: from which scores accounts are likely phantoms.
        stated: share of phantoms that a person states, 0 to 1.
    """
    sets = _by_kind(histogram.filter(pl.col("score_kind").is_in(list(labelled))))
    if not sets:
        return Prevalence(0, None, stated, None, None)
    telling = {kind: of for kind, of in sets.items() if labelled[kind].tells_share}
    accounts = sum(int(counts.sum()) for counts in telling.values())
    drawn = _draw(telling, labelled) if accounts >= FEWEST else None
    usual = _precision(sets, labelled, threshold, np.full(DRAWS, USUAL_SHARE))
    precision = usual
    if stated is not None:
        precision = _precision(sets, labelled, threshold, np.full(DRAWS, stated))
    elif drawn is not None:
        precision = _precision(sets, labelled, threshold, drawn)
    return Prevalence(
        accounts,
        None if drawn is None else _interval(drawn),
        stated,
        precision,
        usual,
    )


def estimate_shares(
    histograms: pl.DataFrame, labelled: Mapping[str, Resampled]
) -> pl.DataFrame:
    """Share of phantoms in each of many sets of accounts.

    Args:
        histograms: rows of `set`, `score_kind`, `score_cell` and `accounts`.
        labelled: of `resample_labelled`.

    Returns:
        set, accounts (whose scores tell enough), share, low, high (null for
        fewer accounts than `FEWEST`); by set.
    """
    telling = [kind for kind, of in labelled.items() if of.tells_share]
    known = histograms.filter(pl.col("score_kind").is_in(telling))
    rows: list[tuple[object, int, float | None, float | None, float | None]] = []
    for (name,), part in known.sort("set").group_by("set", maintain_order=True):
        accounts = int(part["accounts"].sum())
        if accounts >= FEWEST:
            told = _interval(_draw(_by_kind(part), labelled))
            rows.append((name, accounts, told.value, told.low, told.high))
        else:
            rows.append((name, accounts, None, None, None))
    return pl.DataFrame(
        rows,
        schema={
            "set": histograms.schema["set"],
            "accounts": pl.Int64,
            **dict.fromkeys(("share", "low", "high"), pl.Float64),
        },
        orient="row",
    )


def _by_kind(rows: pl.DataFrame) -> dict[str, IntArray]:
    """Accounts by cell of their score, by what it rests on."""
    found: dict[str, IntArray] = {}
    for kind, cell, number in (
        rows.group_by("score_kind", "score_cell")
        .agg(pl.col("accounts").sum())
        .sort("score_kind", "score_cell")
        .iter_rows()
    ):
        found.setdefault(kind, np.zeros(CELLS, dtype=np.int64))[cell] = number
    return found


def _draw(
    sets: Mapping[str, IntArray], labelled: Mapping[str, Resampled]
) -> FloatArray:
    """The share of phantoms, of each resample of the set and of labelled accounts."""
    random = np.random.default_rng(SEED)
    sizes = np.array([int(counts.sum()) for counts in sets.values()])
    own = np.empty((len(sets), DRAWS))
    for place, (kind, counts) in enumerate(sets.items()):
        size = sizes[place]
        seen = random.multinomial(size, counts / size, DRAWS) @ _VALUES / size
        low = labelled[kind].genuine @ _VALUES
        apart = labelled[kind].phantoms @ _VALUES - low
        own[place] = np.clip((seen - low) / np.maximum(apart, 1e-3), _LEAST, _MOST)
    # Random effects: a group that tells little has the share of the others, give or
    # take what groups differ by.
    doubt = own.var(axis=1, keepdims=True)
    weight = 1 / (doubt + _APART**2)
    common = (weight * own).sum(axis=0) / weight.sum()
    trust = _APART**2 * weight
    spread = _APART * (1 - trust) * random.standard_normal(own.shape)
    if len(sets) > 1:
        own = common + trust * (own - common) + spread
    share: FloatArray = np.clip((sizes / sizes.sum()) @ own, 0, 1)
    return share


def _precision(
    sets: Mapping[str, IntArray],
    labelled: Mapping[str, Resampled],
    threshold: float,
    share: FloatArray,
) -> Share | None:
    """Share of phantoms among likely ones, at a share of phantoms for each draw.

    None where of most likely ones hardly any labelled phantom has such a score on such
    evidence: what marks accounts then are signs that no labelled account shows.
    """
    # A cell counts as above where all of it is.
    first = int(np.ceil(round(threshold * CELLS, 6)))
    right, wrong = np.zeros(DRAWS), np.zeros(DRAWS)
    judged = [
        kind for kind in sets if labelled[kind].known[first:].sum() >= _FEWEST_LIKELY
    ]
    marked = {kind: int(counts[first:].sum()) for kind, counts in sets.items()}
    if not judged or 2 * sum(marked[kind] for kind in judged) < sum(marked.values()):
        return None
    for kind in judged:
        size = int(sets[kind].sum())
        right += size * share * labelled[kind].phantoms[:, first:].sum(axis=1)
        wrong += size * (1 - share) * labelled[kind].genuine[:, first:].sum(axis=1)
    every = right + wrong
    return _interval(np.divide(right, every, out=np.zeros(DRAWS), where=every > 0))


def _interval(values: FloatArray) -> Share:
    low, middle, high = np.quantile(values, (INTERVAL[0], 0.5, INTERVAL[1]))
    return Share(*(float(np.round(one, 4)) for one in (middle, low, high)))
