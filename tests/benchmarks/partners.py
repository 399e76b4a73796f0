"""Are partners of known honesty ranked right, and is no honest one claimed against?

`python -m tests.benchmarks.partners [--worlds 20] [--seed 31000] [--out FILE]` makes
planted worlds of Weibo (as its API tells them) with one campaign, up to eight partners
of one post each and as many unpaid posts. Half of the partners are honest: phantoms
come to their posts as they do to everybody's. The others bought 5 to 80 % of what their
posts drew. All steps of the command run on the files, but of the marts only what
`partner_results` reads is built, and nobody searches for operators, so that no batch of
one maker is suspected as such. Printed are

- of the pairs of a campaign whose true genuine shares differ by 10 points or more those
  that `genuine_share` puts in the right order,
- how often the intervals hold, of genuine and of estimated genuine engagements,
- how many honest partners and how many others get a claim, by what these bought,
- how often `promise_met` is told, and how often wrongly.

Worlds have 2,500 to 5,000 reposts and comments, 5 to 50 % of accounts phantoms, 0 to
50 % of these camouflaged; where nobody bought, phantoms make up to 30 % of the acts.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import polars as pl

import tasks.marts.build
import tasks.verdicts.judge
from tests.benchmarks.feedback_networks import _link_nobody
from tests.workspaces import Lab, lab_of
from tests.world import World, WorldSpec
from tests.world.cascades import iter_blocks
from tests.world.generator import assemble
from tests.world.plan import make_plan
from tests.world.profiles import KINDS, PHANTOM_KINDS

MOST_PARTNERS, FEWEST_ACTS = 8, 60


@dataclass(frozen=True)
class Planted:
    """A partner of a world.

    Attributes:
        partner_id: in the configuration.
        account_id: whose post it is.
        post_id: the paid post.
        bought: share of what its post drew.
    """

    partner_id: str
    account_id: str
    post_id: str
    bought: float


def plant_partners(seed: int) -> tuple[World, list[Planted]]:
    """A world, and the partners in it."""
    random = np.random.default_rng([seed, 8])
    plan = make_plan(
        WorldSpec(
            seed=seed,
            interactions=int(random.integers(2500, 5000)),
            posts=30,
            phantom_share=float(random.uniform(0.05, 0.5)),
            camouflaged_share=float(random.uniform(0, 0.5)),
            phantom_activity=float(random.uniform(0.02, 0.2)),
            likes_share=float(random.uniform(0.05, 0.6)),
        )
    )
    volume = plan.reposts + plan.comments
    opening = int(np.argmax(plan.campaign == 0))
    able = np.flatnonzero(
        (plan.campaign == 0)
        & (volume >= FEWEST_ACTS)
        & ~plan.is_deleted
        & ~plan.is_mention
        & (np.arange(len(volume)) != opening)
    )
    first = int(plan.profiles.first[KINDS.index("opinion_leader")])
    count = int(plan.profiles.count[KINDS.index("opinion_leader")])
    most = min(MOST_PARTNERS, count, len(able) // 2 + 1)
    chosen = random.permutation(able)[:most]
    bought = np.where(
        np.arange(len(chosen)) % 2 == 0, 0, random.uniform(0.05, 0.8, len(chosen))
    )
    author, share = plan.author.copy(), plan.phantom_share.copy()
    author[chosen] = first + np.arange(len(chosen))
    share[chosen] += (1 - share[chosen]) * bought
    world = assemble(
        (changed := replace(plan, author=author, phantom_share=share)),
        list(iter_blocks(changed)),
    )
    accounts = world.posts["account_id"].to_list()
    posts = world.posts["post_id"].to_list()
    return world, [
        Planted(f"partner-{number}", accounts[post], posts[post], float(part))
        for number, (post, part) in enumerate(zip(chosen, bought, strict=True))
    ]


def judge_world(seed: int) -> list[dict[str, Any]]:
    """What is said of each partner of a world, and the truth."""
    world, partners = plant_partners(seed)
    random = np.random.default_rng([seed, 9])
    there = (
        world.interactions.filter(pl.col("kind") != "mention")
        .join(
            world.truth_accounts.select(
                "account_id", is_phantom=pl.col("kind").is_in(PHANTOM_KINDS)
            ),
            on="account_id",
            how="left",
        )
        # Hidden accounts count as none that are genuine.
        .with_columns(pl.col("is_phantom").fill_null(value=True))
    )
    with tempfile.TemporaryDirectory() as folder:
        lab = lab_of(world, Path(folder))
        text = (lab.root / "workspace.toml").read_text()
        promises = []
        for partner in partners:
            drawn = there.filter(pl.col("root_post_id") == partner.post_id)
            promises.append(max(1, round(len(drawn) * random.uniform(0.2, 1))))
            text += f"""[[campaigns.partners]]
id = "{partner.partner_id}"
account = {{ platform = "weibo", account_id = "{partner.account_id}" }}
promised = {{ engagements = {promises[-1]} }}
post_ids = [{{ platform = "weibo", post_id = "{partner.post_id}" }}]
"""
        lab.put("workspace.toml", text)
        told = {row["partner_id"]: row for row in _run(lab)}
    found = []
    for partner, promised in zip(partners, promises, strict=True):
        drawn = there.filter(pl.col("root_post_id") == partner.post_id)
        seen = drawn.filter(pl.col("kind") != "like")
        row = told[partner.partner_id]
        if row["lifetime_engagements"] != len(seen):
            raise AssertionError(f"{seed} {partner}: {len(seen)} acts, told {row}")
        found.append(
            {
                "seed": seed,
                "bought": partner.bought,
                "promised": promised,
                "true": int((~seen["is_phantom"]).sum()),
                "true_whole": int((~drawn["is_phantom"]).sum()),
                **row,
            }
        )
    return found


def _run(lab: Lab) -> list[dict[str, Any]]:
    lab.land()
    lab.stage()
    with patch.object(tasks.verdicts.judge, "link_signs", _link_nobody):
        lab.judge()
    lab.build(tables=["partner_results"])
    return lab.dicts(
        "select partner_id, lifetime_engagements, platform_engagements,"
        " genuine_lifetime_engagements, genuine_lifetime_engagements_low,"
        " genuine_lifetime_engagements_high, genuine_share,"
        " estimated_genuine_engagements_low, estimated_genuine_engagements_high,"
        " phantom_share, unpaid_phantom_share, phantom_excess, phantom_excess_low,"
        " genuine_rank_best, genuine_rank_worst, promise_met, claim_grounds"
        " from marts.partner_results"
    )


def summarize(rows: Sequence[dict[str, Any]]) -> list[str]:
    """The figures in sentences."""
    pairs = [
        (one, other)
        for one, other in combinations(rows, 2)
        if one["seed"] == other["seed"]
        and abs(_true_share(one) - _true_share(other)) >= 0.1
    ]
    right = sum(
        (_true_share(one) > _true_share(other))
        == (one["genuine_share"] > other["genuine_share"])
        and one["genuine_share"] != other["genuine_share"]
        for one, other in pairs
    )
    held, width = _held(
        rows, "genuine_lifetime_engagements", "true", "lifetime_engagements"
    )
    whole_held, whole_width = _held(
        rows, "estimated_genuine_engagements", "true_whole", "platform_engagements"
    )
    lines = [
        f"{len(rows)} partners in {len({row['seed'] for row in rows})} worlds",
        f"pairs that differ by 10 points: {right} of {len(pairs)} in the right order",
        f"interval of genuine engagements holds {held} of {len(rows)},"
        f" {width:.0%} wide",
        f"interval of estimated genuine engagements holds {whole_held} of"
        f" {len(rows)}, {whole_width:.0%} wide",
    ]
    for low, high in ((0, 0), (0.05, 0.2), (0.2, 0.4), (0.4, 0.6), (0.6, 0.8)):
        those = [row for row in rows if low <= row["bought"] <= high]
        claims = sum("phantoms" in (row["claim_grounds"] or "") for row in those)
        what = "honest" if not high else f"bought {low:.0%} to {high:.0%}"
        lines.append(f"{what}: {claims} of {len(those)} with grounds for a claim")
    told = [row for row in rows if row["promise_met"] in ("yes", "no")]
    wrong = sum(
        (row["promise_met"] == "yes") != (row["true_whole"] >= row["promised"])
        for row in told
    )
    lines.append(
        f"genuine promise: told of {len(told)} of {len(rows)}, {wrong} wrongly"
    )
    return lines


def _true_share(row: dict[str, Any]) -> float:
    return float(row["true"] / row["lifetime_engagements"])


def _held(
    rows: Sequence[dict[str, Any]], name: str, truth: str, whole: str
) -> tuple[int, float]:
    """How many intervals hold, and their mean width."""
    held = sum(row[f"{name}_low"] <= row[truth] <= row[f"{name}_high"] for row in rows)
    widths = [(row[f"{name}_high"] - row[f"{name}_low"]) / row[whole] for row in rows]
    return held, float(np.mean(widths))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=31_000)
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args()
    warnings.simplefilter("ignore")
    began, rows = time.perf_counter(), []
    for seed in range(chosen.seed, chosen.seed + chosen.worlds):
        rows += judge_world(seed)
        if chosen.out:
            chosen.out.write_text(json.dumps(rows, indent=1))
    print(
        f"seeds {chosen.seed} to {chosen.seed + chosen.worlds - 1},"
        f" {time.perf_counter() - began:.0f} s"
    )
    for line in summarize(rows):
        print(line)


if __name__ == "__main__":
    main()
