"""Do the stated intervals of the share of phantoms hold the truth on real accounts?

`python -m tests.benchmarks.phantom_share --data DIR [--seed 1]` mixes labelled real
accounts that are no part of the project, at known shares. Each account is judged by
a model that never saw it. In each draw a half of the Weibo accounts gives the rates of
labelled accounts and the other half the audience; Instagram's take no part in rates.
Printed: share of draws whose 95 % interval holds the true share, and its mean width;
of the bound (genuine_share.py) and, where labelled accounts give rates, of the estimate
beside it (prevalence.py) in the same audiences, for the accounts that it speaks of.
"""

from __future__ import annotations

import argparse
from itertools import product
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tasks.accounts.evaluation import BoolArray
from tasks.accounts.genuine_share import (
    bound_genuine,
    draw_audiences,
    planted_rates,
)
from tasks.accounts.model_card import FEWEST_OF_A_KIND
from tasks.accounts.phantom_model import (
    BINS,
    CELLS,
    Rates,
    bin_of,
    cell_of,
    kind_of_score,
)
from tasks.accounts.phantom_score import phantom_probability
from tasks.accounts.prevalence import measure_prevalence, resample_labelled
from tasks.accounts.training import Settings, cross_validate
from tests.benchmarks.detection import load

SHARES = (0.0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.45, 0.6)
SIZES = (200, 2000)
_DRAWS, _SPLITS = 200, 20


def out_of_fold(data: Path, seed: int) -> pl.DataFrame:
    """Scores of labelled accounts, each by a model without it.

    The view `profile` has no acts.
    """
    found = []
    for model, apart in cross_validate(load(data), Settings(seed=seed)):
        bare = apart.filter(pl.col("view") == "full").with_columns(
            timeline_acts=pl.lit(None, apart.schema["timeline_acts"]),
            view=pl.lit("profile"),
        )
        found += [
            rows.select(
                "platform",
                "account_id",
                "view",
                "is_phantom",
                score_kind=kind_of_score(rows),
            ).with_columns(probability=phantom_probability(rows, model))
            for rows in (apart, bare)
        ]
    return (
        pl.concat(found)
        .with_columns(
            bin=bin_of(pl.col("probability")), cell=cell_of(pl.col("probability"))
        )
        .sort("platform", "view", "account_id")
    )


def coverage(
    every: pl.DataFrame, view: str, share: float, audience: int, seed: int
) -> dict[str, tuple[float, float]]:
    """Share of draws whose interval holds the truth, and the mean width.

    Args:
        every: accounts of one platform in all views, with `is_phantom`, `score_kind`,
            `bin` and `cell`.
        view: in which the audience is shown.
        share: of phantoms in each audience.
        audience: accounts in each.
        seed: of the draws.

    Returns:
        Of the bound and, where labelled accounts give rates, of the estimate.
    """
    random = np.random.default_rng(seed)
    rows = every.filter(pl.col("view") == view)
    truth = rows["is_phantom"].to_numpy().astype(bool)
    bins = rows["bin"].to_numpy()
    is_weibo = rows["platform"][0] == "weibo"
    shown = "profile and acts" if is_weibo else "profile"
    phantoms = round(share * audience)
    genuine = audience - phantoms
    held, width, estimates = np.zeros(2), np.zeros(2), 0
    for _ in range(_SPLITS):
        known = random.random(len(truth)) < 0.5 * is_weibo
        rates, scores = {}, {}
        if is_weibo:
            rates[shown] = (_rates(bins[known], truth[known], len(BINS) + 1),)
            scores = _scores(
                every.join(rows[np.flatnonzero(known)], on="account_id", how="semi")
            )
        labelled = resample_labelled(scores)
        telling = [kind for kind, of in labelled.items() if of.tells_share]
        histograms = []
        for number in range(_DRAWS // _SPLITS):
            places = np.concatenate(
                [
                    random.choice(np.flatnonzero(~known & truth), phantoms),
                    random.choice(np.flatnonzero(~known & ~truth), genuine),
                ]
            )
            counts = np.bincount(bins[places], minlength=len(BINS) + 1)
            histograms.append(
                pl.DataFrame(
                    {
                        "set": [number] * len(counts),
                        "shown": [shown] * len(counts),
                        "bin": range(len(counts)),
                        "weight": counts,
                        "squares": counts,
                    }
                )
            )
            if is_weibo:
                drawn = rows[places].filter(pl.col("score_kind").is_in(telling))
                told = measure_prevalence(
                    drawn.group_by("score_kind", score_cell="cell").agg(
                        accounts=pl.len()
                    ),
                    labelled,
                    0.8,
                ).estimated
                if told is None:
                    continue
                estimates += 1
                held[1] += told.low <= drawn["is_phantom"].mean() <= told.high
                width[1] += told.high - told.low
        found = bound_genuine(
            pl.concat(histograms), draw_audiences(planted_rates(), rates)
        )
        held[0] += int(((found["low"] <= genuine) & (genuine <= found["high"])).sum())
        width[0] += float((found["high"] - found["low"]).sum()) / audience
    found_by = {"bound": (float(held[0]) / _DRAWS, float(width[0]) / _DRAWS)}
    if estimates:
        found_by["estimate"] = float(held[1]) / estimates, float(width[1]) / estimates
    return found_by


def _scores(known: pl.DataFrame) -> dict[str, tuple[Rates, ...]]:
    """Labelled accounts by what the score rests on and its cell, once for each view."""
    found: dict[str, tuple[Rates, ...]] = {}
    for (kind, _), one in known.sort("score_kind", "view").group_by(
        "score_kind", "view", maintain_order=True
    ):
        truth = one["is_phantom"].to_numpy().astype(bool)
        if min(truth.sum(), (~truth).sum()) >= FEWEST_OF_A_KIND / 2:
            told = _rates(one["cell"].to_numpy(), truth, CELLS)
            found[str(kind)] = (*found.get(str(kind), ()), told)
    return found


def _rates(places: NDArray[np.int64], truth: BoolArray, size: int) -> Rates:
    """Labelled accounts by bin or cell."""
    return Rates(
        tuple(np.bincount(places[~truth], minlength=size)),
        tuple(np.bincount(places[truth], minlength=size)),
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", metavar="VIEW", help="full, last-12, ...")
    chosen = parser.parse_args()
    if not (chosen.data / "weibo_accounts").exists():
        raise SystemExit(f"{chosen.data}/weibo_accounts does not exist: give --data")
    judged = out_of_fold(chosen.data, chosen.seed)
    shown = judged.filter((pl.col("platform") == "weibo") | (pl.col("view") == "full"))
    if chosen.only:
        shown = judged.filter(pl.col("view") == chosen.only)
    print(f"seed {chosen.seed}, {_DRAWS} draws each")
    for platform, view in (
        shown.select("platform", "view").unique(maintain_order=True).iter_rows()
    ):
        rows = judged.filter(pl.col("platform") == platform)
        for audience, share in product(SIZES, SHARES):
            found = coverage(rows, view, share, audience, chosen.seed)
            told = "; ".join(
                f"{name} holds {held:6.1%}, width {width:.3f}"
                for name, (held, width) in found.items()
            )
            print(
                f"{platform:10} {view:8} {audience:5} accounts, phantoms {share:4.0%}:"
                f" {told}",
                flush=True,
            )


if __name__ == "__main__":
    main()
