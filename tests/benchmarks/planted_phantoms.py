"""Recall by kind of phantom on planted worlds, scored by the shipped model.

`python -m tests.benchmarks.planted_phantoms [--seeds 1 2 3] [--interactions 20000]
[--camouflaged 0.25] [--out FILE]` makes worlds that no weight was trained on, scores
their accounts with all signs of company (tasks/accounts/neighbourhood.py), without
them and without one sort each, and prints a table: how many of each kind are above the
score that one genuine account in a hundred exceeds, and above the shipped thresholds;
"likely" are those that `audit` calls likely phantoms, which takes more than a ratio.
In brackets 95 % of 1,000 resamples of the accounts. Accounts that never acted in the
world stand in the rows "all" only: they can be judged by nothing but their profile.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from flows.commands.audit import find_sources, staged
from tasks.accounts import phantom_score
from tasks.accounts.evidence import JUDGED
from tasks.accounts.neighbourhood import NEIGHBOURHOOD
from tasks.accounts.phantom_model import shipped_model
from tasks.verdicts.judge import look_at
from tasks.warehouse.seed_tables import read_overrides
from tests.world import World, WorldSpec, generate, write

KINDS = ("fresh", "vendor_batch", "cultivated", "camouflaged")
GENUINE = ("genuine", "inactive")
# Suspected, likely phantom: as a workspace has them by default.
THRESHOLDS = (0.5, 0.8)
TARGETS = {
    "fresh": 0.99,
    "vendor_batch": 0.97,
    "cultivated": 0.85,
    "camouflaged": 0.70,
}
# Which signs of company each part of the table does without.
LEFT_OUT: dict[str, tuple[str, ...]] = {
    "": (),
    ", no second pass": ("cowriters", "coactors"),
    ", no targets": ("synchronous_",),
    ", no follow bursts": ("follow_",),
    ", none of these three": ("cowriters", "coactors", "synchronous_", "follow_"),
    ", no signs of company": tuple(sign.name for sign in NEIGHBOURHOOD),
    ", no templates": ("template_", "cowriters"),
    ", no clock": ("one_minute_",),
    ", no maker": ("made_in_a_batch",),
    ", no batches": ("batch_", "made_"),
    ", no batches, no follow bursts": ("batch_", "made_", "follow_"),
    ", no companions": ("company", "group", "coactors"),
}
_RESAMPLES = 1000


def features_of(world: World) -> pl.DataFrame:
    """What the score sees of a world: features with those of the second pass."""
    with tempfile.TemporaryDirectory() as folder:
        write(world, Path(folder), format="canonical")
        sources = find_sources([Path(folder)], "canonical", [])
        with staged(sources) as (connection, workspace, _):
            nobody = read_overrides(workspace.root)
            seen = look_at(
                connection, workspace, nobody, shipped_model(), code="benchmark"
            )
            features: pl.DataFrame = connection.sql(f"from {seen.features}").pl()
            return features


def scored(
    world: World,
    features: pl.DataFrame | None = None,
    left_out: tuple[str, ...] = (),
) -> pl.DataFrame:
    """The world's accounts with kind, number of acts, probability and level.

    Args:
        world: with its planted truth.
        features: what `features_of` gave, if it was asked before.
        left_out: beginnings of the names of signs of company that shall not count.
    """
    features = features_of(world) if features is None else features
    shipped = phantom_score.EVIDENCE
    phantom_score.EVIDENCE = tuple(
        sign
        for sign in shipped
        if sign in JUDGED or not any(map(sign.name.startswith, left_out))
    )
    try:
        judged = phantom_score.score(features, *THRESHOLDS, shipped_model())
    finally:
        phantom_score.EVIDENCE = shipped
    acts = world.interactions.group_by("account_id").agg(seen=pl.len())
    return (
        judged.select(
            "account_id",
            probability="phantom_probability",
            is_likely=pl.col("phantom_level") == "phantom",
        )
        .join(world.truth_accounts.select("account_id", "kind"), on="account_id")
        .join(acts, on="account_id", how="left")
        .with_columns(pl.col("seen").fill_null(0))
        .sort("account_id")
    )


def recalls(accounts: pl.DataFrame, seed: int = 1) -> dict[str, dict[str, Any]]:
    """Recall of each kind at one percent false positives, with its interval."""
    people = accounts.filter(pl.col("kind").is_in(GENUINE))
    genuine = people["probability"].to_numpy()
    random = np.random.Generator(np.random.PCG64(seed))
    found: dict[str, dict[str, Any]] = {}
    for kind in KINDS:
        rows = accounts.filter(pl.col("kind") == kind)
        mine = rows["probability"].to_numpy()
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
            "likely": float(rows["is_likely"].to_numpy().mean()),
            "target": TARGETS[kind],
        }
    found["genuine"] = {
        "accounts": len(genuine),
        "from_0.5": float((genuine >= 0.5).mean()),
        "from_0.8": float((genuine >= 0.8).mean()),
        "likely": float(people["is_likely"].to_numpy().mean()),
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
    parts: dict[str, list[pl.DataFrame]] = {label: [] for label in LEFT_OUT}
    for seed in chosen.seeds:
        world = generate(
            WorldSpec(
                seed=seed,
                interactions=chosen.interactions,
                camouflaged_share=chosen.camouflaged,
            )
        )
        features = features_of(world)
        for label, signs in LEFT_OUT.items():
            parts[label].append(scored(world, features, signs))
    result: dict[str, Any] = {"seeds": chosen.seeds, "rows": {}}
    print(f"seeds {chosen.seeds}, {chosen.interactions:,} interactions each")
    print(f"{'accounts':44}{'kind':14}{'number':>8}  recall at 1 % false positives")
    for left_out, found in parts.items():
        every = pl.concat(found)
        for name, least in (("all", 0), ("with an act", 1), ("with 5 acts", 5)):
            rows = recalls(every.filter(pl.col("seen") >= least))
            label = name + left_out
            result["rows"][label] = rows
            for kind, row in rows.items():
                recall = (
                    f"{row['recall']:.3f} ({row['low']:.3f} to {row['high']:.3f})"
                    f"; to reach {row['target']:.2f}"
                    if "recall" in row
                    else ""
                )
                print(
                    f"{label:44}{kind:14}{row['accounts']:>8,}  {recall:40}"
                    f" >= .5: {row['from_0.5']:.3f}  >= .8: {row['from_0.8']:.3f}"
                    f"  likely: {row['likely']:.4f}"
                )
    if chosen.out:
        chosen.out.write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
