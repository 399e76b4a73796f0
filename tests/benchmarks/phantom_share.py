"""Does the stated interval of the share of phantoms hold the truth on real accounts?

`python -m tests.benchmarks.phantom_share --data DIR [--seed 1]` mixes labelled real
accounts that are no part of the project, at known shares. Each account is judged by
a model that never saw it. In each draw a half of the Weibo accounts gives the rates of
labelled accounts and the other half the audience; Instagram's take no part in rates.
Printed: share of draws whose 95 % interval holds the true share, and its mean width.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import polars as pl

from tasks.accounts.genuine_share import (
    bound_genuine,
    draw_audiences,
    planted_rates,
)
from tasks.accounts.phantom_model import BINS, Rates, bin_of
from tasks.accounts.phantom_score import phantom_probability
from tasks.accounts.training import Settings, cross_validate
from tests.benchmarks.detection import load

SHARES = (0.0, 0.05, 0.1, 0.2, 0.3, 0.45, 0.6)
_DRAWS, _AUDIENCE, _SPLITS = 200, 200, 10


def out_of_fold(data: Path, seed: int) -> pl.DataFrame:
    """Bins of labelled accounts' scores, each by a model without it."""
    return pl.concat(
        apart.select("platform", "account_id", "view", "is_phantom")
        .with_columns(probability=phantom_probability(apart, model))
        .with_columns(bin=bin_of(pl.col("probability")))
        for model, apart in cross_validate(load(data), Settings(seed=seed))
    ).sort("platform", "view", "account_id")


def coverage(rows: pl.DataFrame, share: float, seed: int) -> tuple[float, float]:
    """Share of draws whose interval holds the truth, and the mean width.

    Args:
        rows: accounts of one platform and view, with `is_phantom` and `bin`.
        share: of phantoms in each audience.
        seed: of the draws.
    """
    random = np.random.default_rng(seed)
    truth = rows["is_phantom"].to_numpy().astype(bool)
    bins = rows["bin"].to_numpy()
    is_weibo = rows["platform"][0] == "weibo"
    shown = "profile and acts" if is_weibo else "profile"
    phantoms = round(share * _AUDIENCE)
    genuine = _AUDIENCE - phantoms
    held, width = 0, 0.0
    for _ in range(_SPLITS):
        known = random.random(len(truth)) < 0.5 * is_weibo
        rates = {}
        if is_weibo:
            rates[shown] = (
                Rates(
                    tuple(np.bincount(bins[known & ~truth], minlength=len(BINS) + 1)),
                    tuple(np.bincount(bins[known & truth], minlength=len(BINS) + 1)),
                ),
            )
        histograms = []
        for number in range(_DRAWS // _SPLITS):
            drawn = np.concatenate(
                [
                    random.choice(bins[~known & truth], phantoms),
                    random.choice(bins[~known & ~truth], genuine),
                ]
            )
            counts = np.bincount(drawn, minlength=len(BINS) + 1)
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
        found = bound_genuine(
            pl.concat(histograms), draw_audiences(planted_rates(), rates)
        )
        held += int(((found["low"] <= genuine) & (genuine <= found["high"])).sum())
        width += float((found["high"] - found["low"]).sum()) / _AUDIENCE
    return held / _DRAWS, width / _DRAWS


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    if not (chosen.data / "weibo_accounts").exists():
        raise SystemExit(f"{chosen.data}/weibo_accounts does not exist: give --data")
    judged = out_of_fold(chosen.data, chosen.seed)
    print(f"seed {chosen.seed}, {_DRAWS} draws of {_AUDIENCE} accounts each")
    for (platform, view), rows in judged.group_by(
        ["platform", "view"], maintain_order=True
    ):
        for share in SHARES:
            held, width = coverage(rows, share, chosen.seed)
            print(
                f"{platform:10} {view:8} phantoms {share:4.0%}:"
                f" holds {held:6.1%}, width {width:.2f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
