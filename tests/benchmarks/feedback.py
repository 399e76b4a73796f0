"""Do the marts tell the truth of planted worlds?

`python -m tests.benchmarks.feedback [--worlds 100] [--seed 1000] [--out FILE]` prints

of so many worlds, how often the interval of genuine engagements holds the truth, and
how wide it is; how many of the ten largest amplifiers are right; how much more often
than elsewhere planted buyers stand in the top decile of contacts. What actions changed
is measured by `tests.benchmarks.effects`.

No world was used to set a number in the product.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from tests.workspaces import FIRST, LAST, Lab, lab_of
from tests.world import World, WorldSpec, generate
from tests.world.buyers import plant_buyers

PHANTOMS = ("fresh", "cultivated", "vendor_batch", "camouflaged")
_TOP = 10


def true_engagements(world: World) -> dict[str, tuple[int, int]]:
    """All and genuine engagements of each campaign in its window."""
    genuine = world.truth_accounts.filter(~pl.col("kind").is_in(PHANTOMS))
    acts = world.interactions.filter(pl.col("kind") != "mention").with_columns(
        day=pl.col("acted_at").dt.convert_time_zone(world.spec.timezone).dt.date()
    )
    found = {}
    for campaign in world.campaigns.iter_rows(named=True):
        own = acts.filter(
            pl.col("root_post_id").is_in(campaign["post_ids"])
            & pl.col("day").is_between(campaign["start"], campaign["end"])
        )
        true = own.join(genuine, on="account_id", how="semi")
        found[campaign["campaign_id"]] = own.height, true.height
    return found


def true_amplifiers(world: World) -> dict[str, dict[str, int]]:
    """Genuine reposts below each account's own, by campaign, from the true parents."""
    genuine = set(
        world.truth_accounts.filter(~pl.col("kind").is_in(PHANTOMS))["account_id"]
    )
    reposts = world.interactions.filter(pl.col("kind") == "repost").join(
        world.truth_interactions, on="interaction_id"
    )
    found: dict[str, dict[str, int]] = {}
    for campaign in world.campaigns.iter_rows(named=True):
        own = reposts.filter(pl.col("root_post_id").is_in(campaign["post_ids"]))
        rows = {
            row["interaction_id"]: (row["account_id"], row["true_parent_id"])
            for row in own.iter_rows(named=True)
        }
        below: dict[str, int] = {}
        for account, parent in rows.values():
            if account not in genuine:
                continue
            above = set()
            while parent in rows:
                above.add(rows[parent][0])
                parent = rows[parent][1]
            for name in above - {account}:
                below[name] = below.get(name, 0) + 1
        found[campaign["campaign_id"]] = below
    return found


def judge_world(seed: int, folder: Path) -> dict[str, Any]:
    """One world's marts against its truth."""
    random = np.random.default_rng(seed)
    spec = WorldSpec(
        seed=seed,
        interactions=2000,
        phantom_share=float(random.uniform(0.02, 0.4)),
        camouflaged_share=float(random.uniform(0, 0.3)),
        phantom_activity=float(random.uniform(0.02, 0.4)),
    )
    world, buyers = plant_buyers(generate(spec), seed=seed)
    lab = lab_of(world, folder / "tables", "canonical")
    lab.run(FIRST, LAST, publish=False)
    (row,) = lab.dicts("from marts.campaigns")
    total, genuine = true_engagements(world)[row["campaign_id"]]
    ids = {
        key: account
        for key, account in lab.rows(
            "select account_key, account_id from intermediate.accounts"
        )
    }
    return {
        "engagements_equal": row["engagements"] == total,
        "true": genuine / total,
        "counted": row["genuine_engagements"] / total,
        "held": row["genuine_engagements_low"]
        <= genuine
        <= row["genuine_engagements_high"],
        "width": (row["genuine_engagements_high"] - row["genuine_engagements_low"])
        / total,
        "amplifiers": amplifiers_right(world, row["campaign_id"], folder / "answers"),
        **buyers_found(lab, ids, buyers),
    }


def amplifiers_right(world: World, campaign: str, folder: Path) -> int:
    """How many of the ten largest are, from the platform's answers.

    These name less than half of the parents that are reposts; tables in the project's
    own form would state what the world found of the others.
    """
    lab = lab_of(world, folder)
    lab.run(FIRST, LAST, publish=False)
    below = true_amplifiers(world)[campaign]
    ranked = sorted(below.values(), reverse=True)
    least = ranked[_TOP - 1] if len(ranked) >= _TOP else 1
    top = lab.rows(
        "select account_id from restricted.amplifiers"
        " inner join intermediate.accounts using (platform, account_key)"
        f" order by rank limit {_TOP}"
    )
    return sum(below.get(account, 0) >= max(least, 1) for (account,) in top)


def buyers_found(
    lab: Lab, ids: dict[str, str], buyers: frozenset[str]
) -> dict[str, float]:
    """Share of buyers in the top decile of those to contact, and among all."""
    ranking = [
        ids[key] in buyers
        for (key,) in lab.rows(
            "select account_key from restricted.contacts where brand_id = 'aurora'"
            " and is_contactable order by contact_rank"
        )
    ]
    top = ranking[: max(1, len(ranking) // 10)]
    base = sum(ranking) / len(ranking)
    return {"base": base, "lift": sum(top) / len(top) / base}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1000)
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args()
    warnings.simplefilter("ignore")
    result: dict[str, Any] = {"seed": chosen.seed, "worlds": chosen.worlds}
    began = time.perf_counter()
    rows = []
    for seed in range(chosen.seed, chosen.seed + chosen.worlds):
        with tempfile.TemporaryDirectory() as folder:
            rows.append({"seed": seed, **judge_world(seed, Path(folder))})
    told = pl.DataFrame(rows)
    result["worlds_table"] = rows
    print(
        f"{told.height} worlds of 2,000 interactions,"
        f" {time.perf_counter() - began:.0f} s:"
    )
    print(f"  engagements equal: {told['engagements_equal'].sum()}")
    print(
        f"  genuine engagements in their interval: {told['held'].sum()},"
        f" mean width {told['width'].mean():.3f} of all,"
        f" true share {told['true'].min():.2f} to {told['true'].max():.2f},"
        f" mean error {(told['counted'] - told['true']).abs().mean():.3f}"
    )
    print(
        f"  top {_TOP} amplifiers right: mean {told['amplifiers'].mean():.2f},"
        f" {_TOP - 1} or more in {(told['amplifiers'] >= _TOP - 1).sum()}"
    )
    print(
        f"  buyers in the top decile: mean {told['lift'].mean():.1f} x,"
        f" 5 x or more in {(told['lift'] >= 5).sum()},"
        f" base rate {told['base'].mean():.3f}"
    )
    if chosen.out:
        chosen.out.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
