"""How scores of people and of phantoms lie in planted worlds, by what accounts show.

`python -m tests.benchmarks.planted_rates [--worlds 34] [--seed 5000]` makes
`data/models/planted_rates.json` from worlds as `feedback_networks` writes them, of
other seeds than it measures: the parameters of Dirichlet distributions, fitted to each
audience's histogram (accounts weigh as many acts as they have, Kish's effective size).
Audiences of one generator differ less than those of the world do, so the sizes are
capped: an audience is known to have these rates no better than `_MOST` accounts of it
would tell.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import warnings
from collections import defaultdict
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import gammaln

from tasks.accounts.genuine_share import PLANTED
from tasks.accounts.phantom_model import BINS, SHOWN
from tests.benchmarks.feedback_networks import (
    NETWORKS,
    WORKSPACES,
    make_workspace,
    run_as_far_as_intervals,
)
from tests.world.profiles import PHANTOM_KINDS

FloatArray = NDArray[np.float64]

_MOST = {
    "genuine": dict.fromkeys(SHOWN, 40.0),
    "phantoms": {"profile and acts": 16.0, "profile": 16.0, "acts": 6.0, "name": 3.0},
}
# Nothing is impossible in another audience.
_LEAST = 0.05


def audiences_of(seed: int) -> dict[tuple[str, str], list[FloatArray]]:
    """Histograms of one seed's worlds, by what is shown and the truth."""
    found: dict[tuple[str, str], list[FloatArray]] = defaultdict(list)
    for names in WORKSPACES:
        with tempfile.TemporaryDirectory() as folder:
            lab, worlds = make_workspace(names, seed, "all", Path(folder))
            run_as_far_as_intervals(lab)
            rows = pl.DataFrame(
                lab.rows(
                    "select platform, account_id, shown, score_bin, count(*) as acts"
                    " from staging.interactions"
                    " inner join intermediate.accounts using (platform, account_id)"
                    " where kind <> 'mention' group by all order by all"
                ),
                schema=["platform", "account_id", "shown", "bin", "acts"],
                orient="row",
            )
        for name in names:
            network, (world, _) = NETWORKS[name], worlds[name]
            phantoms = [
                network.prefix + key
                for key in world.truth_accounts.filter(
                    pl.col("kind").is_in(PHANTOM_KINDS)
                )["account_id"]
            ]
            own = rows.filter(pl.col("platform") == network.platform).with_columns(
                truth=pl.when(pl.col("account_id").is_in(phantoms))
                .then(pl.lit("phantoms"))
                .otherwise(pl.lit("genuine"))
            )
            for (shown, truth), group in own.group_by(["shown", "truth"]):
                acts = group["acts"].to_numpy().astype(float)
                histogram = np.bincount(
                    group["bin"].to_numpy(), weights=acts, minlength=len(BINS) + 1
                )
                effective = histogram * acts.sum() / (acts**2).sum()
                if effective.sum() >= 3:
                    found[str(shown), str(truth)].append(effective)
    return found


def fit(histograms: list[FloatArray]) -> FloatArray:
    """The Dirichlet distribution from which the histograms' shares come most likely.

    A weak prior holds its size near a dozen.
    """
    table = np.array(histograms)
    totals = table.sum(axis=1)
    mean = (table.sum(axis=0) + 0.5) / (table.sum() + 2)

    def loss(logs: FloatArray) -> float:
        size = np.exp(logs)
        terms = (gammaln(size + table) - gammaln(size)).sum(axis=1)
        total = size.sum()
        likelihood = (gammaln(total) - gammaln(total + totals) + terms).sum()
        return float(0.5 * (np.log(total) - np.log(12)) ** 2 - likelihood)

    start = np.log(mean * 10 + _LEAST)
    best = minimize(loss, start, method="L-BFGS-B", bounds=[(-6, 7)] * len(start))
    return np.exp(best.x)


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=34)
    parser.add_argument("--seed", type=int, default=5000)
    parser.add_argument("--out", type=Path, default=PLANTED)
    chosen = parser.parse_args()
    warnings.simplefilter("ignore")
    found: dict[tuple[str, str], list[FloatArray]] = defaultdict(list)
    for seed in range(chosen.seed, chosen.seed + chosen.worlds):
        for key, histograms in audiences_of(seed).items():
            found[key] += histograms
    rates: dict[str, dict[str, list[float]]] = {shown: {} for shown in SHOWN}
    for shown in SHOWN:
        for truth in ("genuine", "phantoms"):
            fitted = fit(found[shown, truth])
            size = fitted.sum()
            print(f"{shown}, {truth}: {np.round(fitted / size, 3)}, size {size:.1f}")
            most = min(1.0, _MOST[truth][shown] / size)
            rates[shown][truth] = [
                round(max(float(value) * most, _LEAST), 2) for value in fitted
            ]
    content = {
        "made_by": "python -m tests.benchmarks.planted_rates",
        "worlds": chosen.worlds * len(NETWORKS),
        "rates": rates,
    }
    chosen.out.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
