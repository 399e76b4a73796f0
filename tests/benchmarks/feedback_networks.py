"""Do intervals hold the truth on each network and format?

`python -m tests.benchmarks.feedback_networks [--worlds 40] [--seed 20000]
[--collected all random newest] [--whole 0] [--out FILE]` writes planted worlds as each
network and format tells them, runs the steps of the command on the files, but for the
search for operators, on whom no interval depends (`--whole N` runs N worlds by all
steps and by the command itself, too, and says whether the numbers are equal), and
prints how often

- the interval of genuine engagements holds what is genuine of the collected ones,
- that of estimated genuine engagements what is genuine of those that the platform
  counts, when all were collected, or 10 to 100 % of a thread, at random or the newest.

Each network has a world of its own, seven of them share a workspace. Worlds have 600 to
1,200 reposts and comments, 2 to 60 % of accounts phantoms, 0 to 50 % of these
camouflaged, and phantoms make 2 to 60 % of the acts.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import polars as pl

import tasks.deduplicate
import tasks.validate
from tasks.accounts.identity import Links, link_profiles
from tests.flows.networks import backfill, configuration
from tests.workspaces import FIRST, LAST, Lab, judge_rules_in_sql
from tests.world import World, WorldSpec, generate
from tests.world.facebook import write_facebook
from tests.world.mweibo import write_mweibo
from tests.world.profiles import PHANTOM_KINDS
from tests.world.qzone import write_qzone
from tests.world.renren import write_renren
from tests.world.spec import utc_moment
from tests.world.tencent_weibo import write_tencent_weibo
from tests.world.weibo_api import write_weibo_api
from tests.world.weibo_crawler import write_weibo_crawler
from tests.world.wordpress import PREFIX, write_wordpress
from tests.world.x import write_x

COLLECTED = ("all", "random", "newest")


def _api(world: World, folder: Path) -> World:
    write_weibo_api(world, folder)
    return world


def _mweibo(world: World, folder: Path) -> World:
    write_mweibo(world, folder)
    return world


def _without_accounts(world: World, folder: Path) -> World:
    """Tables alone: comments have no accounts, reposts are those of crawled users."""
    told = write_weibo_crawler(world, folder)
    (folder / "weibodata.db").unlink()
    return told


@dataclass(frozen=True)
class Network:
    """How a world is written.

    Attributes:
        platform: as the product calls it.
        format: of the files.
        write: writes a world and gives what the network tells of it.
        prefix: before the ids of accounts.
    """

    platform: str
    format: str
    write: Callable[[World, Path], World]
    prefix: str = ""


NETWORKS = {
    "Weibo API": Network("weibo", "weibo-api", _api),
    "X": Network("x", "x-api", write_x),
    "Facebook": Network("facebook", "facebook-graph", write_facebook),
    "WordPress": Network("wordpress", "wordpress-rest", write_wordpress, f"{PREFIX}:"),
    "Qzone": Network("qzone", "qzone", write_qzone),
    "RenRen": Network("renren", "renren", write_renren),
    "Tencent Weibo": Network(
        "tencent_weibo", "tencent-weibo", write_tencent_weibo, "t_"
    ),
    "m.weibo.cn": Network("weibo", "mweibo", _mweibo),
    "crawler, with accounts": Network("weibo", "weibo-crawler", write_weibo_crawler),
    "crawler, tables only": Network("weibo", "weibo-crawler", _without_accounts),
}
# One platform is told in one format in a workspace.
WORKSPACES = (
    tuple(NETWORKS)[:7],
    ("m.weibo.cn",),
    ("crawler, with accounts",),
    ("crawler, tables only",),
)


def draw_world(name: str, seed: int) -> World:
    """The world of a network."""
    place = tuple(NETWORKS).index(name)
    random = np.random.default_rng([seed, place])
    return generate(
        WorldSpec(
            seed=16 * seed + place,
            interactions=int(random.integers(600, 1200)),
            phantom_share=float(random.uniform(0.02, 0.6)),
            camouflaged_share=float(random.uniform(0, 0.5)),
            phantom_activity=float(random.uniform(0.02, 0.6)),
            likes_share=float(random.uniform(0.05, 0.6)),
        )
    )


def collect_part(world: World, how: str, seed: int) -> tuple[World, float]:
    """A world of which a part of each thread was collected; its counters stay.

    Returns:
        the world; the share.
    """
    if how == "all":
        return world, 1.0
    random = np.random.default_rng([seed, 77])
    share = float(random.uniform(0.1, 1))
    order = pl.col("acted_at") if how == "newest" else pl.col("chance")
    kept = (
        world.interactions.with_columns(
            chance=pl.Series(random.random(world.interactions.height))
        )
        .with_columns(
            place=order.rank("ordinal", descending=True).over("root_post_id", "kind"),
            most=(pl.len() * share).ceil().over("root_post_id", "kind"),
        )
        .filter(pl.col("place") <= pl.col("most"))
        .drop("chance", "place", "most")
    )
    return replace(world, interactions=kept), share


def make_workspace(
    names: Sequence[str], seed: int, how: str, root: Path
) -> tuple[Lab, dict[str, tuple[World, World]]]:
    """Files and configuration of one workspace.

    Returns:
        the workspace; each network's world, and what the network tells of it.
    """
    lab, worlds, texts = Lab(root), {}, []
    for number, name in enumerate(names):
        network, world = NETWORKS[name], draw_world(name, seed)
        told = network.write(collect_part(world, how, seed)[0], root / str(number))
        observed = utc_moment(world.spec.observed_second)
        text = configuration(
            told,
            network.platform,
            f'kind = "files"\nformat = "{network.format}"\npath = "{number}"\n'
            f"observed_at = {observed:%Y-%m-%dT%H:%M:%SZ}\n",
            network.prefix,
        )
        for word in ("aurora", "borealis", "spring-launch"):
            text = text.replace(f'"{word}"', f'"{word}-{number}"')
        texts.append(text if not number else text.split("\n", 1)[1])
        worlds[name] = (world, told)
    lab.put("workspace.toml", "".join(texts))
    return lab, worlds


def judge_network(
    lab: Lab, number: int, network: Network, world: World, told: World
) -> dict[str, Any]:
    """What is said of the campaign against the truth."""
    campaign = f"spring-launch-{number}"
    (row,) = lab.dicts(
        "from intermediate.campaign_bounds"
        f" where scope = 'campaign' and campaign_id = '{campaign}'"
    )
    counters = {
        kind: (count, collected)
        for kind, count, collected in lab.rows(
            "select kind, cast(sum(window_count) as bigint),"
            " cast(sum(window_collected) as bigint) from intermediate.campaign_counters"
            f" where kind <> 'read' and campaign_id = '{campaign}' group by kind"
        )
    }
    platform = sum(count for count, _ in counters.values()) if counters else None
    genuine = set(
        world.truth_accounts.filter(~pl.col("kind").is_in(PHANTOM_KINDS))["account_id"]
    )
    # Who truly did what nobody is named for.
    owners = dict(world.interactions.select("interaction_id", "account_id").iter_rows())
    acts = lab.rows(
        "select kind, account_id, interaction_id"
        " from intermediate.campaign_interactions"
        f" where campaign_id = '{campaign}' and is_in_window and kind <> 'mention'"
    )
    true: dict[str, int] = {}
    for kind, account, key in acts:
        owner = (
            account.removeprefix(network.prefix)
            if account
            else owners.get(key.split(":")[-1].split("_")[-1])
        )
        true[kind] = true.get(kind, 0) + (owner in genuine)
    shown = told.campaigns["post_ids"].explode().to_list()
    moments = told.posts.filter(pl.col("post_id").is_in(shown))["posted_at"]
    posts = world.posts.filter(
        (pl.col("posted_at").is_in(moments.to_list()) | pl.col("post_id").is_in(shown))
        & pl.col("post_id").is_in(world.campaigns["post_ids"].explode().to_list())
    )["post_id"]
    there = world.interactions.filter(
        pl.col("root_post_id").is_in(posts.to_list())
    ).with_columns(is_genuine=pl.col("account_id").is_in(list(genuine)))
    true_whole = 0
    for kind, (count, collected) in counters.items():
        of_kind = there.filter(pl.col("kind") == kind)["is_genuine"]
        if collected >= count:
            true_whole += true.get(kind, 0)
        elif len(of_kind):
            # Some networks count a few less than there are.
            true_whole += round(float(of_kind.mean() or 0) * count)
    low, high = row["acts_low"], row["acts_high"]
    found: dict[str, Any] = {
        "engagements": row["acts"],
        "true": sum(true.values()),
        "known": row["known_acts"],
        "low": low,
        "high": high,
        "is_told": row["is_told"],
        "platform": platform,
        "true_whole": true_whole,
        "whole": row["whole"],
        "whole_low": row["whole_low"],
        "whole_high": row["whole_high"],
        "held": None,
        "width": None,
        "whole_held": None,
        "whole_width": None,
    }
    if low is not None:
        found["held"] = low <= found["true"] <= high
        found["width"] = (high - low) / row["acts"]
    if found["whole_low"] is not None and platform:
        found["whole_held"] = found["whole_low"] <= true_whole <= found["whole_high"]
        found["whole_width"] = (found["whole_high"] - found["whole_low"]) / platform
    return found


def run_as_far_as_intervals(lab: Lab) -> None:
    """All steps but the search for operators, which no interval reads."""
    lab.land()
    lab.stage()
    with patch.object(tasks.deduplicate, "link_profiles", _link_nobody):
        lab.judge()
    lab.build()


@cache
def _first_links() -> list[Links]:
    return []


def _link_nobody(*profiles: Any, **more: Any) -> Links:
    """Links as they are where nobody is linked; the first time truly, for the shape."""
    kept = _first_links()
    if not kept:
        kept.append(link_profiles(*profiles, **more))
    return Links(pairs=kept[0].pairs.clear(), blocking=kept[0].blocking.clear())


def judge_workspace(
    names: Sequence[str], seed: int, how: str, way: str = "quick"
) -> list[dict[str, Any]]:
    """One workspace's campaigns against the truth.

    Args:
        names: of its networks.
        seed: of their worlds.
        how: what was collected.
        way: `quick`, `steps` (all of them) or `command`.
    """
    with tempfile.TemporaryDirectory() as folder:
        lab, worlds = make_workspace(names, seed, how, Path(folder))
        if way == "command":
            backfill(lab, next(iter(worlds.values()))[0])
        elif way == "steps":
            lab.run(FIRST, LAST, publish=False)
        else:
            run_as_far_as_intervals(lab)
        return [
            {"network": name, "seed": seed, "collected": how}
            | judge_network(lab, number, NETWORKS[name], *worlds[name])
            for number, name in enumerate(names)
        ]


def summarize(rows: Sequence[dict[str, Any]]) -> pl.DataFrame:
    """Coverage and width by network and by what was collected."""
    return (
        pl.DataFrame(rows, infer_schema_length=None)
        .with_columns(
            place=pl.col("network").replace_strict(
                list(NETWORKS), list(range(len(NETWORKS)))
            ),
            how=pl.col("collected").replace_strict(COLLECTED, list(range(3))),
        )
        .group_by("how", "place", "network", "collected")
        .agg(
            worlds=pl.len(),
            known=(pl.col("known") / pl.col("engagements")).mean().round(2),
            held=pl.col("held").mean().round(3),
            width=pl.col("width").mean().round(3),
            counted=pl.col("whole_held").count(),
            whole_held=pl.col("whole_held").mean().round(3),
            whole_width=pl.col("whole_width").mean().round(3),
        )
        .sort("how", "place")
        .drop("how", "place")
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=40)
    parser.add_argument("--seed", type=int, default=20_000)
    parser.add_argument("--collected", nargs="+", choices=COLLECTED, default=COLLECTED)
    parser.add_argument("--whole", type=int, default=0)
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args()
    warnings.simplefilter("ignore")
    tasks.validate.run_suites = judge_rules_in_sql
    rows: list[dict[str, Any]] = []
    began = time.perf_counter()
    for seed in range(chosen.seed, chosen.seed + chosen.worlds):
        for names in WORKSPACES:
            for how in chosen.collected:
                found = judge_workspace(names, seed, how)
                rows += found
                for way in ("steps", "command")[
                    : 2 * (seed < chosen.seed + chosen.whole)
                ]:
                    again = judge_workspace(names, seed, how, way)
                    print(f"{seed}, {names[0]}, {how}: {way} equal: {found == again}")
                if chosen.out:
                    chosen.out.write_text(json.dumps(rows) + "\n")
    print(
        f"seeds {chosen.seed} to {chosen.seed + chosen.worlds - 1},"
        f" {time.perf_counter() - began:.0f} s"
    )
    with pl.Config(tbl_rows=-1, tbl_hide_dataframe_shape=True, tbl_width_chars=140):
        print(summarize(rows))


if __name__ == "__main__":
    main()
