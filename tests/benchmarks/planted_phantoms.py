"""Recall by kind of phantom on planted worlds, scored by the shipped model.

`python -m tests.benchmarks.planted_phantoms [--seeds 1 2 3] [--interactions 20000]
[--camouflaged 0.25] [--out FILE]` makes worlds that no weight was trained on, scores
their accounts with and without the signs of company (tasks/accounts/neighbourhood.py)
and prints a table: how many of each kind are above the score that one genuine account
in a hundred exceeds, and above the shipped thresholds. In brackets 95 % of 1,000
resamples of the accounts. Accounts that never acted in the world stand in the rows
"all"; a fifth of them can only be judged by their profile.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from flows.audit import find_sources, staged
from tasks.accounts import phantom_score
from tasks.accounts.evidence import JUDGED
from tasks.accounts.features import FEATURE_MODELS, TIMELINE_ACTS
from tasks.accounts.phantom_model import shipped_model
from tasks.warehouse.models import load_models, run_model
from tests.world import World, WorldSpec, generate, write

KINDS = ("fresh", "vendor_batch", "cultivated", "camouflaged")
GENUINE = ("genuine", "inactive")
TARGETS = {
    "fresh": 0.99,
    "vendor_batch": 0.97,
    "cultivated": 0.85,
    "camouflaged": 0.70,
}
_RESAMPLES = 1000


def features_of(world: World) -> pl.DataFrame:
    """What the score sees of a world: `intermediate.account_features`."""
    with tempfile.TemporaryDirectory() as folder:
        write(world, Path(folder), format="canonical")
        sources = find_sources([Path(folder)], "canonical", [])
        with staged(sources) as (connection, workspace, _):
            models = load_models("intermediate")
            params = {
                "behaviour_days": workspace.policies.behaviour_days,
                "time_zone": workspace.timezone,
                "timeline_acts": TIMELINE_ACTS,
            }
            for name in FEATURE_MODELS:
                run_model(connection, models[f"intermediate.{name}"], params)
            return connection.sql("from intermediate.account_features").pl()


def scored(world: World, *, company: bool = True) -> pl.DataFrame:
    """The world's accounts with kind, number of acts and probability."""
    features = features_of(world)
    shipped = phantom_score.EVIDENCE
    phantom_score.EVIDENCE = shipped if company else JUDGED
    try:
        probability = phantom_score.phantom_probability(features, shipped_model())
    finally:
        phantom_score.EVIDENCE = shipped
    acts = world.interactions.group_by("account_id").agg(seen=pl.len())
    return (
        features.select("account_id")
        .with_columns(probability=probability)
        .join(world.truth_accounts.select("account_id", "kind"), on="account_id")
        .join(acts, on="account_id", how="left")
        .with_columns(pl.col("seen").fill_null(0))
        .sort("account_id")
    )


def recalls(accounts: pl.DataFrame, seed: int = 1) -> dict[str, dict[str, Any]]:
    """Recall of each kind at one percent false positives, with its interval."""
    genuine = accounts.filter(pl.col("kind").is_in(GENUINE))["probability"].to_numpy()
    random = np.random.Generator(np.random.PCG64(seed))
    found: dict[str, dict[str, Any]] = {}
    for kind in KINDS:
        mine = accounts.filter(pl.col("kind") == kind)["probability"].to_numpy()
        if not len(mine):
            continue
        drawn = []
        for _ in range(_RESAMPLES):
            bound = np.quantile(random.choice(genuine, len(genuine)), 0.99)
            drawn.append(float((random.choice(mine, len(mine)) > bound).mean()))
        low, high = np.quantile(drawn, [0.025, 0.975])
        found[kind] = {
            "accounts": len(mine),
            "recall": float((mine > np.quantile(genuine, 0.99)).mean()),
            "low": float(low),
            "high": float(high),
            "from_0.5": float((mine >= 0.5).mean()),
            "from_0.8": float((mine >= 0.8).mean()),
            "target": TARGETS[kind],
        }
    found["genuine"] = {
        "accounts": len(genuine),
        "from_0.5": float((genuine >= 0.5).mean()),
        "from_0.8": float((genuine >= 0.8).mean()),
    }
    return found


def main() -> None:
    """Make worlds, score, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--interactions", type=int, default=20_000)
    parser.add_argument("--camouflaged", type=float, default=0.25)
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args()
    parts: dict[bool, list[pl.DataFrame]] = {True: [], False: []}
    for seed in chosen.seeds:
        world = generate(
            WorldSpec(
                seed=seed,
                interactions=chosen.interactions,
                camouflaged_share=chosen.camouflaged,
            )
        )
        for company, found in parts.items():
            found.append(scored(world, company=company))
    result: dict[str, Any] = {"seeds": chosen.seeds, "rows": {}}
    print(f"seeds {chosen.seeds}, {chosen.interactions:,} interactions each")
    print(f"{'accounts':22}{'kind':14}{'number':>8}  recall at 1 % false positives")
    for company, found in parts.items():
        every = pl.concat(found)
        for name, least in (("all", 0), ("with an act", 1), ("with 5 acts", 5)):
            rows = recalls(every.filter(pl.col("seen") >= least))
            label = name if company else f"{name}, alone"
            result["rows"][label] = rows
            for kind, row in rows.items():
                recall = (
                    f"{row['recall']:.3f} ({row['low']:.3f} to {row['high']:.3f})"
                    f"; to reach {row['target']:.2f}"
                    if "recall" in row
                    else ""
                )
                print(
                    f"{label:22}{kind:14}{row['accounts']:>8,}  {recall:40}"
                    f" >= .5: {row['from_0.5']:.3f}  >= .8: {row['from_0.8']:.3f}"
                )
    if chosen.out:
        chosen.out.write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
