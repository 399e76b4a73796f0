"""How much of a set of acts is genuine: an interval that knows what it doesn't know.

Score and truth differ: some phantoms hide, some people look like phantoms, of some
accounts nothing is known, some acts were never collected. Audiences are drawn, each
with a share of phantoms and with error rates of the score; those count that look like
the audience at hand, by what its accounts show and how they are scored. What they say
of its accounts is the interval: 2.5 % of them lie below it, 2.5 % above.

- Error rates are those of audiences with known truth (`Rates`): by what an account
  shows, how scores of people and of phantoms lie. Planted worlds tell most; the
  labelled accounts, whose phantoms hide better, a stated part. They vary from audience
  to audience, so each draw has rates of its own (Dirichlet-multinomial).
- An account weighs as many acts as it has: thousands of acts of ten accounts are ten
  accounts' worth of evidence (Kish's effective size).
- Accounts that are hidden, acts that were not collected and kinds that never are have
  a share of their own, around that of the others: the less is known, the further.

Draws are made once, with a fixed seed; equal inputs give equal intervals, in whatever
order rows come. Cost: sets x draws x bins, sets of equal histograms once.

Sources: Forman 2008, Quantifying counts and costs via classification (adjusted classify
and count); Miller & Dunson 2019, Robust Bayesian inference via coarsening; Kish 1965.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from tasks.accounts.phantom_model import BINS, SHOWN, Rates

FloatArray = NDArray[np.float64]

PLANTED = Path(__file__).resolve().parents[2] / "data" / "models" / "planted_rates.json"

# What else a histogram may say an account shows: that a person decided (bin 0 genuine,
# bin 3 phantom), and that nobody knows whose act it is.
DECIDED, HIDDEN = "decided", "hidden"

DRAWS, SEED = 4000, 1
INTERVAL = (0.025, 0.975)
# The share of phantoms before anything is seen: half of all audiences have less than
# 29 %, one in forty less than 1 %, one in forty more than 84 % (a beta distribution).
_PRIOR = (1.0, 2.0)
# Draws with error rates of the labelled accounts.
_LABELLED_SHARE = 0.15
# Error rates of another audience are known no better than from so many accounts.
_LABELLED_SIZE = 40.0
# An audience tells as much as so many accounts: more of them are no better evidence,
# because none is just like those that the rates were learned of.
_MOST_EVIDENCE = 200.0
# An interval rests on so many draws at least (Kish); an audience unlike any that was
# drawn is judged by those that are least unlike it.
_FEWEST_DRAWS = 150.0
# How much the shares of phantoms go together (correlation of normal scores) among
# accounts that show different things: those who act often may be one seller's batch and
# those who act once people, or the other way round. The log-odds of two such groups
# differ by 1.7 (standard deviation) in planted worlds.
_TOGETHER = 0.35
# How far the log-odds of phantoms lie apart (standard deviations): of accounts whose
# acts nobody knows, of acts that were not collected of kinds that were, and of kinds
# that never are.
_OF_HIDDEN, _OF_UNSEEN, _OF_UNCOLLECTED = 0.8, 0.5, 1.0
# Where counts of profiles miss, phantoms are found by their company alone, which some
# networks show and others don't: so much of it as a draw says.
_WITHOUT_COUNTS = ("acts", "name")
# What a draw weighs that says nothing beside the likeliest one, which weighs 1: all
# such draws together less than a sum of floats is off by.
_NO_WEIGHT = 1e-18
_CHUNK = 256


@dataclass(frozen=True)
class Audiences:
    """Draws; each a possible audience. Columns of `q` and `mixture`: shown x bin.

    Attributes:
        share: of phantoms, by what accounts show; one column each.
        mixture: log of the chance that an account stands in a bin.
        phantom: chance that an account of a bin is a phantom.
        hidden: share of phantoms among hidden accounts.
        unseen: what unseen acts add to the log-odds, of kinds seen.
        uncollected: the same of kinds that are never collected.
        noise: standard normal draws for the accounts of the set itself.
    """

    share: FloatArray
    mixture: FloatArray
    phantom: FloatArray
    hidden: FloatArray
    unseen: FloatArray
    uncollected: FloatArray
    noise: FloatArray


@cache
def planted_rates() -> dict[str, Rates]:
    """Pseudo-counts of planted worlds by what is shown: the parameters of Dirichlets.

    Made by `python -m tests.benchmarks.planted_rates`.
    """
    content = json.loads(PLANTED.read_text(encoding="utf-8"))
    return {
        shown: Rates(tuple(of["genuine"]), tuple(of["phantoms"]))
        for shown, of in content["rates"].items()
    }


def draw_audiences(
    planted: Mapping[str, Rates], labelled: Mapping[str, Sequence[Rates]]
) -> Audiences:
    """Possible audiences.

    Args:
        planted: parameters of Dirichlets, by what is shown.
        labelled: counts of labelled accounts, by what is shown: one for each way in
            which they were shown; empty where there are none.
    """
    random = np.random.default_rng(SEED)
    ranks = (random.permutation(DRAWS) + 0.5) / DRAWS
    total = _log_odds(_prior_share(ranks))
    scores = ndtri(ranks)
    is_labelled = random.random(DRAWS) < _LABELLED_SHARE
    view = random.random(DRAWS)
    telling = np.sqrt(random.random(DRAWS))
    share, mixture, phantom = [], [], []
    for shown in SHOWN:
        # Each group's share is of the prior, whatever the others' are.
        apart = random.standard_normal(DRAWS)
        own = _prior_share(
            ndtr(np.sqrt(_TOGETHER) * scores + np.sqrt(1 - _TOGETHER) * apart)
        )
        genuine_bins = random.dirichlet(planted[shown].genuine, DRAWS)
        phantom_bins = random.dirichlet(planted[shown].phantoms, DRAWS)
        views = labelled.get(shown, ())
        for number, rates in enumerate(views):
            rows = is_labelled & ((view * len(views)).astype(int) == number)
            for bins, counts in (
                (genuine_bins, rates.genuine),
                (phantom_bins, rates.phantoms),
            ):
                size = sum(counts)
                known = np.array(counts) * min(1, _LABELLED_SIZE / size) + 0.25
                bins[rows] = random.dirichlet(known, int(rows.sum()))
        if shown in _WITHOUT_COUNTS:
            phantom_bins = (
                telling[:, None] * phantom_bins + (1 - telling[:, None]) * genuine_bins
            )
        phantoms = own[:, None] * np.maximum(phantom_bins, 1e-9)
        people = (1 - own[:, None]) * np.maximum(genuine_bins, 1e-9)
        share.append(own)
        mixture.append(np.log(phantoms + people))
        phantom.append(phantoms / (phantoms + people))
    return Audiences(
        share=np.column_stack(share),
        mixture=np.hstack(mixture),
        phantom=np.hstack(phantom),
        hidden=_share(total + _OF_HIDDEN * random.standard_normal(DRAWS)),
        unseen=_OF_UNSEEN * random.standard_normal(DRAWS),
        uncollected=_OF_UNCOLLECTED * random.standard_normal(DRAWS),
        noise=random.standard_normal(DRAWS),
    )


def bound_genuine(
    histograms: pl.DataFrame,
    audiences: Audiences,
    unseen: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Intervals of the genuine part of sets of acts, or of accounts.

    Args:
        histograms: rows of `set` (any whole number), `shown` (one of `SHOWN`, `DECIDED`
            or `HIDDEN`), `bin` (0 to 3), `weight` (acts) and `squares` (the sum of
            squares of accounts' acts; of hidden ones equal to weight).
        audiences: of `draw_audiences`.
        unseen: rows of `set`, `seen`, `unseen` and `uncollected`: of the acts that the
            platform counts those that were collected, those that were not of kinds
            that were, and those of other kinds.

    Returns:
        set, low, high: of the acts in the histogram, whole numbers; whole_low, whole,
        whole_high: of the acts that the platform counts, whole numbers. By set.
    """
    table = _as_arrays(histograms, unseen)
    found = np.empty((len(table), 5))
    values = table.drop("set").to_numpy().astype(np.float64)
    distinct, place = np.unique(values, axis=0, return_inverse=True)
    told = np.empty((len(distinct), 5))
    for start in range(0, len(distinct), _CHUNK):
        told[start : start + _CHUNK] = _bounds(
            distinct[start : start + _CHUNK], audiences
        )
    found = told[place.reshape(-1)]
    names = ("low", "high", "whole_low", "whole", "whole_high")
    return table.select("set").with_columns(
        pl.Series(name, found[:, number]).cast(pl.Int64)
        for number, name in enumerate(names)
    )


def bound_sets(
    scores: pl.DataFrame,
    keys: Sequence[str],
    audiences: Audiences,
    unseen: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Acts and accounts of sets, how many are known and genuine, and the intervals.

    An account is known that shows more than a name, whose company tells something, or
    that a person decided on.

    Args:
        scores: histograms: `keys`, `shown`, `score_bin`, `acts`, `squares`,
            `genuine_acts`, `accounts`, `genuine_accounts`.
        keys: columns that name a set; may be null.
        audiences: of `draw_audiences`.
        unseen: `seen`, `unseen` and `uncollected` by those of the keys that it has.

    Returns:
        keys; acts, known_acts, accounts, known_accounts; is_told (half of the acts or
        more are of known accounts); acts_low, acts_high, accounts_low, accounts_high:
        with what counts as genuine by the levels inside, null where no account is
        known; whole_low, whole, whole_high: null where the platform counts nothing or
        no account is known, `whole` where not `is_told`, too.
    """
    sets = _numbered_sets(scores, keys, unseen)
    rows = scores.join(sets, on=list(keys), nulls_equal=True).rename(
        {"score_bin": "bin"}
    )
    beyond = None
    if unseen is not None:
        beyond = unseen.join(
            sets, on=[name for name in keys if name in unseen.columns], nulls_equal=True
        )
    of_acts = bound_genuine(
        rows.select("set", "shown", "bin", "squares", weight="acts"), audiences, beyond
    )
    of_accounts = bound_genuine(
        rows.filter(pl.col("shown") != HIDDEN).select(
            "set", "shown", "bin", weight="accounts", squares="accounts"
        ),
        audiences,
    )
    counted = (
        pl.DataFrame(schema={"set": pl.Int64, "counted": pl.Int64})
        if beyond is None
        else beyond.select(
            "set", counted=pl.sum_horizontal("seen", "unseen", "uncollected")
        )
    )
    found = (
        sets.join(_totals_of(rows), on="set", how="left")
        .with_columns(pl.exclude("set", *keys).fill_null(0))
        .join(
            of_acts.rename({"low": "acts_low", "high": "acts_high"}),
            on="set",
            how="left",
        )
        .join(
            of_accounts.select("set", accounts_low="low", accounts_high="high"),
            on="set",
            how="left",
        )
        .with_columns(pl.col("accounts_low", "accounts_high").fill_null(0))
        .join(counted, on="set", how="left")
    )
    return _as_known(found, keys).sort(keys)


def _numbered_sets(
    scores: pl.DataFrame, keys: Sequence[str], unseen: pl.DataFrame | None
) -> pl.DataFrame:
    """Each set once, also those of unseen acts alone: `keys` and its number, `set`."""
    named = [scores.select(keys)]
    if unseen is not None:
        named.append(unseen.select(name for name in keys if name in unseen.columns))
    return (
        pl.concat(named, how="diagonal")
        .unique()
        .sort(keys)
        .with_row_index("set")
        .with_columns(pl.col("set").cast(pl.Int64))
    )


def _totals_of(rows: pl.DataFrame) -> pl.DataFrame:
    """Acts and accounts by set: all, genuine by their levels, known."""
    is_known = (pl.col("shown") != HIDDEN) & (
        (pl.col("shown") != "name") | (pl.col("bin") > 0)
    )
    return rows.group_by("set").agg(
        pl.col("acts", "genuine_acts", "accounts", "genuine_accounts").sum(),
        known_acts=pl.col("acts").filter(is_known).sum(),
        known_accounts=pl.col("accounts").filter(is_known).sum(),
    )


def _as_known(found: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """Intervals, with what counts as genuine by the levels inside; null: not known."""
    is_bounded = (pl.col("known_acts") > 0) | (pl.col("acts") == 0)
    is_estimated = (pl.col("known_acts") > 0) & pl.col("counted").is_not_null()
    is_told = pl.col("known_acts") * 2 >= pl.col("acts")
    # By the levels alone: inside, as the number of the collected ones is.
    at_level = (
        (
            pl.col("genuine_acts")
            * pl.col("counted")
            / pl.col("acts").clip(lower_bound=1)
        )
        .round()
        .cast(pl.Int64)
    )

    def bounds(name: str, level: str | pl.Expr, is_there: pl.Expr) -> list[pl.Expr]:
        low, high = f"{name}_low", f"{name}_high"
        return [
            pl.when(is_there).then(pl.min_horizontal(low, level)).alias(low),
            pl.when(is_there).then(pl.max_horizontal(high, level)).alias(high),
        ]

    whole_low, whole_high = bounds("whole", at_level, is_estimated)
    return found.select(
        *keys,
        "acts",
        "known_acts",
        "accounts",
        "known_accounts",
        is_told.alias("is_told"),
        *bounds("acts", "genuine_acts", is_bounded),
        *bounds("accounts", "genuine_accounts", is_bounded),
        whole_low,
        pl.when(is_estimated & is_told).then("whole").alias("whole"),
        whole_high,
    )


_CELLS = [(shown, number) for shown in SHOWN for number in range(len(BINS) + 1)]


def _as_arrays(histograms: pl.DataFrame, unseen: pl.DataFrame | None) -> pl.DataFrame:
    """One row a set: weights and squares of each cell, decided, hidden, unseen."""

    def total(column: str, shown: str, number: int | None = None) -> pl.Expr:
        chosen = pl.col("shown") == shown
        if number is not None:
            chosen &= pl.col("bin") == number
        return pl.col(column).filter(chosen).sum()

    table = histograms.group_by("set").agg(
        *(
            total(column, shown, number).alias(f"{column} {shown} {number}")
            for column in ("weight", "squares")
            for shown, number in _CELLS
        ),
        decided=total("weight", DECIDED, 0),
        condemned=total("weight", DECIDED, len(BINS)),
        hidden=total("weight", HIDDEN),
    )
    if unseen is None:
        unseen = pl.DataFrame(
            schema={
                "set": table.schema["set"],
                **dict.fromkeys(("seen", "unseen", "uncollected"), pl.Int64),
            }
        )
    # A set of unseen acts alone has an empty histogram.
    return (
        table.join(
            unseen.select("set", "seen", "unseen", "uncollected"),
            on="set",
            how="full",
            coalesce=True,
        )
        .fill_null(0)
        .sort("set")
    )


def _bounds(rows: FloatArray, audiences: Audiences) -> FloatArray:
    """Low, high, and the same with the middle of the whole; a row a set."""
    cells = len(_CELLS)
    weight, squares = rows[:, :cells], rows[:, cells : 2 * cells]
    decided, condemned, hidden, counted, unseen, uncollected = rows[:, 2 * cells :].T
    known = weight.sum(axis=1)
    # Evidence, in accounts: Kish's effective size, capped.
    effective = known**2 / np.maximum(squares.sum(axis=1), 1)
    scale = np.minimum(effective, _MOST_EVIDENCE) / np.maximum(known, 1)
    fit = np.zeros((len(rows), DRAWS))
    phantoms = np.zeros_like(fit)
    variance = np.zeros_like(fit)
    # Cell by cell in one order, so that sums never depend on threads.
    for cell in np.flatnonzero(weight.any(axis=0)):
        doubt = audiences.phantom[:, cell]
        fit += (weight[:, cell] * scale)[:, None] * audiences.mixture[:, cell]
        phantoms += weight[:, cell, None] * doubt
        variance += squares[:, cell, None] * (doubt * (1 - doubt))
    hidden_share = audiences.hidden
    variance += hidden[:, None] * (hidden_share * (1 - hidden_share))
    phantoms += hidden[:, None] * hidden_share
    likely = _likely(fit)
    seen = known + hidden
    genuine = seen[:, None] - phantoms + np.sqrt(variance) * audiences.noise
    genuine = np.clip(genuine, 0, seen[:, None]) + decided[:, None]
    low, high = INTERVAL
    found = np.zeros((len(rows), 5))
    found[:, :2] = _quantiles(genuine, likely, (low, high))
    # The others are no part of anything that a platform counts.
    beyond = np.flatnonzero(counted + unseen + uncollected)
    if len(beyond):
        whole = _whole(rows[beyond], genuine[beyond], audiences)
        found[beyond, 2:] = _quantiles(whole, likely[beyond], (low, 0.5, high))
    return np.column_stack(
        [
            np.floor(found[:, 0]),
            np.ceil(found[:, 1]),
            np.floor(found[:, 2]),
            np.round(found[:, 3]),
            np.ceil(found[:, 4]),
        ]
    )


def _whole(rows: FloatArray, genuine: FloatArray, audiences: Audiences) -> FloatArray:
    """Genuine acts of all that the platform counts, by set and draw."""
    cells = len(_CELLS)
    weight = rows[:, :cells]
    decided, condemned, hidden, counted, unseen, uncollected = rows[:, 2 * cells :].T
    # What lies behind unseen acts is the audience, not these accounts.
    by_shown = weight.reshape(len(rows), len(SHOWN), -1).sum(axis=2)
    audience = hidden[:, None] * audiences.hidden + condemned[:, None]
    for number in range(len(SHOWN)):
        audience += by_shown[:, number, None] * audiences.share[:, number]
    collected = weight.sum(axis=1) + hidden + decided + condemned
    audience = np.where(
        collected[:, None] > 0,
        audience / np.maximum(collected, 1)[:, None],
        audiences.hidden,
    )
    whole: FloatArray = genuine * (counted / np.maximum(collected, 1))[:, None]
    if unseen.any() or uncollected.any():
        odds = _log_odds(np.clip(audience, 1e-4, 1 - 1e-4))
        for acts, more in (
            (unseen, audiences.unseen),
            (uncollected, audiences.uncollected),
        ):
            some = np.flatnonzero(acts)
            whole[some] += acts[some, None] * (1 - _share(odds[some] + more))
    return whole


def _likely(fit: FloatArray) -> FloatArray:
    """Weights of the draws; evidence counts as far as enough draws agree with it."""
    fit = fit - fit.max(axis=1, keepdims=True)
    likely = np.exp(fit)
    part = 1.0
    for _ in range(12):
        agreeing = likely.sum(axis=1) ** 2 / (likely**2).sum(axis=1)
        few = np.flatnonzero(agreeing < _FEWEST_DRAWS)
        if not len(few):
            break
        part *= 0.7
        likely[few] = np.exp(part * fit[few])
    return likely


def _quantiles(
    values: FloatArray, weights: FloatArray, parts: Sequence[float]
) -> FloatArray:
    """Weighted quantiles of each row: the first value whose share reaches each part."""
    found = np.empty((len(values), len(parts)))
    for number, (value, weight) in enumerate(zip(values, weights, strict=True)):
        telling = np.flatnonzero(weight > _NO_WEIGHT)
        order = telling[np.argsort(value[telling], kind="stable")]
        reached = np.cumsum(weight[order])
        place = np.searchsorted(reached, np.multiply(parts, reached[-1]))
        found[number] = value[order[place]]
    # To a millionth: what follows rounds to whole numbers.
    return np.round(found, 6)


def _prior_share(ranks: FloatArray) -> FloatArray:
    """Quantiles of the prior, a beta distribution whose first parameter is 1."""
    found: FloatArray = np.clip(1 - (1 - ranks) ** (1 / _PRIOR[1]), 1e-6, 1 - 1e-6)
    return found


def _log_odds(share: FloatArray) -> FloatArray:
    found: FloatArray = np.log(share / (1 - share))
    return found


def _share(log_odds: FloatArray) -> FloatArray:
    found: FloatArray = 1 / (1 + np.exp(-log_odds))
    return found
