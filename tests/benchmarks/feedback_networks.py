"""Do intervals hold the truth on each network and format?

`python -m tests.benchmarks.feedback_networks [--worlds 40] [--seed 20000]
[--collected all random newest] [--whole 0] [--keep FILE] [--kept FILE ...]` writes
planted worlds as each network and format tells them, runs the steps of the command on
the files and prints how often

- the interval of genuine engagements holds what is genuine of the collected ones,
- that of estimated genuine engagements what is genuine of those that the platform
  counts, when all were collected, or 10 to 100 % of a thread, at random or the newest.

Of the marts only what intervals of campaigns read is built, and nobody searches for
operators, so that no batch of one maker is suspected as such. `--whole N` runs N worlds
by all steps and by the command itself, too, and says whether the numbers are equal.
`--keep` writes what intervals are made of, with the truth, and `--kept` judges such
files anew, without a run: a method can be chosen after worlds are run and before
anybody looks at them.

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
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import duckdb
import numpy as np
import polars as pl

import tasks.marts.build
import tasks.verdicts.judge
from tasks.accounts.genuine_share import (
    HIDDEN,
    bound_sets,
    draw_audiences,
    planted_rates,
)
from tasks.accounts.identity import Links, link_signs
from tasks.accounts.phantom_model import read_rates
from tasks.warehouse import ledger
from tests.flows.networks import backfill, configuration
from tests.workspaces import FIRST, LAST, Lab
from tests.world import World, WorldSpec, generate
from tests.world.dataabc import write_dataabc
from tests.world.facebook import write_facebook
from tests.world.mweibo import write_mweibo
from tests.world.profiles import PHANTOM_KINDS
from tests.world.qzone import write_qzone
from tests.world.renren import write_renren
from tests.world.spec import utc_moment
from tests.world.tencent_weibo import write_tencent_weibo
from tests.world.weibo_api import write_weibo_api
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
    told = write_dataabc(world, folder)
    (folder / "weibodata.db").unlink()
    return told


# What truly happened is counted among these, act by act.
_ACTS = "intermediate.campaign_interactions"


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
    "crawler, with accounts": Network("weibo", "weibo-crawler", write_dataabc),
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


@dataclass(frozen=True)
class Case:
    """A campaign, what was said of it, what intervals are made of, and the truth.

    Attributes:
        network: its name in `NETWORKS`.
        seed: of the world.
        collected: what was.
        said: its row in `intermediate.campaign_bounds`.
        scores: its rows in `intermediate.campaign_scores`.
        unseen: its row in `intermediate.campaign_unseen`; empty where nothing counts.
        rates: of labelled accounts, as the warehouse keeps them.
        true: genuine engagements that were collected.
        platform: what the platform counts.
        true_whole: how much of that is genuine.
        parts: for each kind that the platform counts its count, what was collected and
            what is genuine of both.
        told: acts by kind, by what their accounts show, bin of the score and truth.
    """

    network: str
    seed: int
    collected: str
    said: dict[str, Any]
    scores: list[dict[str, Any]]
    unseen: dict[str, int]
    rates: str
    true: int
    platform: int | None
    true_whole: int
    parts: dict[str, list[int]]
    told: list[list[Any]]


def read_case(
    connection: duckdb.DuckDBPyConnection,
    number: int,
    name: str,
    seed: int,
    how: str,
    world: World,
    told: World,
) -> Case:
    """What a workspace says of a network's campaign, and the truth."""
    network, campaign = NETWORKS[name], f"spring-launch-{number}"
    (row,) = _dicts(
        connection,
        "select acts, known_acts, is_told, acts_low, acts_high, whole_low, whole,"
        " whole_high from intermediate.campaign_bounds"
        f" where scope = 'campaign' and campaign_id = '{campaign}'",
    )
    scores = _dicts(
        connection,
        "select shown, score_bin, acts, squares, genuine_acts, accounts,"
        " genuine_accounts from intermediate.campaign_scores"
        f" where scope = 'campaign' and campaign_id = '{campaign}' order by all",
    )
    unseen = _dicts(
        connection,
        "select seen, unseen, uncollected from intermediate.campaign_unseen"
        f" where scope = 'campaign' and campaign_id = '{campaign}'",
    )
    rates = ledger.read_state(connection, "score_rates")
    counters = {
        kind: (count, collected)
        for kind, count, collected in connection.execute(
            "select kind, cast(sum(window_count) as bigint),"
            " cast(sum(window_collected) as bigint) from intermediate.campaign_counters"
            f" where kind <> 'read' and campaign_id = '{campaign}' group by kind"
            " order by kind"
        ).fetchall()
    }
    genuine = set(
        world.truth_accounts.filter(~pl.col("kind").is_in(PHANTOM_KINDS))["account_id"]
    )
    # Who truly did what nobody is named for.
    owners = dict(world.interactions.select("interaction_id", "account_id").iter_rows())
    acts = connection.execute(
        "select root_post_id, kind, account_id, interaction_id, shown, score_bin"
        " from intermediate.campaign_interactions"
        f" where campaign_id = '{campaign}' and is_in_window and kind <> 'mention'"
    ).fetchall()
    # A deleted post has acts, but no counter: what the platform counts lacks it.
    counted = {
        post
        for (post,) in connection.execute(
            "select distinct post_id from intermediate.campaign_counters"
            f" where kind <> 'read' and campaign_id = '{campaign}'"
        ).fetchall()
    }
    true = 0
    true_of_kind: Counter[str] = Counter()
    told_acts: Counter[tuple[Any, ...]] = Counter()
    for post, kind, account, key, shows, place in acts:
        owner = (
            account.removeprefix(network.prefix)
            if account
            else owners.get(key.split(":")[-1].split("_")[-1])
        )
        true += owner in genuine
        true_of_kind[kind] += owner in genuine and post in counted
        told_acts[kind, shows or HIDDEN, place or 0, owner in genuine] += 1
    shown = told.posts.filter(pl.col("post_id").is_in(list(counted)))
    posts = world.posts.filter(
        (
            pl.col("posted_at").is_in(shown["posted_at"].to_list())
            | pl.col("post_id").is_in(shown["post_id"].to_list())
        )
        & pl.col("post_id").is_in(world.campaigns["post_ids"].explode().to_list())
    )["post_id"]
    if len(posts) != len(counted):
        raise AssertionError(f"{len(counted)} counted posts, {len(posts)} in the world")
    there = world.interactions.filter(
        pl.col("root_post_id").is_in(posts.to_list())
    ).with_columns(is_genuine=pl.col("account_id").is_in(list(genuine)))
    parts: dict[str, list[int]] = {}
    for kind, (count, collected) in counters.items():
        of_kind = there.filter(pl.col("kind") == kind)["is_genuine"]
        of_whole = 0
        if collected >= count:
            of_whole = true_of_kind[kind]
        elif len(of_kind):
            # Some networks count a few less than there are.
            of_whole = round(float(of_kind.mean() or 0) * count)
        parts[kind] = [count, collected, of_whole, true_of_kind[kind]]
    return Case(
        network=name,
        seed=seed,
        collected=how,
        said=row,
        scores=scores,
        unseen=unseen[0] if unseen else {},
        rates=rates or "{}",
        true=true,
        platform=sum(part[0] for part in parts.values()) if parts else None,
        true_whole=sum(part[2] for part in parts.values()),
        parts=parts,
        told=sorted([*key, acts] for key, acts in told_acts.items()),
    )


def _dicts(connection: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    return connection.sql(query).pl().to_dicts()


def say_again(cases: Sequence[Case]) -> Iterator[Case]:
    """The same cases with what this code says of them."""
    for rates in sorted({case.rates for case in cases}):
        audiences = draw_audiences(planted_rates(), read_rates(rates))
        chosen = [case for case in cases if case.rates == rates]
        scores = pl.DataFrame(
            [
                {"case": number, **row}
                for number, case in enumerate(chosen)
                for row in case.scores
            ]
        )
        unseen = pl.DataFrame(
            [
                {"case": number, **case.unseen}
                for number, case in enumerate(chosen)
                if case.unseen
            ]
        )
        bounds = bound_sets(scores, ["case"], audiences, unseen)
        for row in bounds.iter_rows(named=True):
            case = chosen[row["case"]]
            yield replace(case, said={name: row[name] for name in case.said})


def judge_case(case: Case) -> dict[str, Any]:
    """What is said of the campaign against the truth."""
    row = case.said
    low, high, acts = row["acts_low"], row["acts_high"], row["acts"]
    found: dict[str, Any] = {
        "network": case.network,
        "seed": case.seed,
        "collected": case.collected,
        "engagements": acts,
        "true": case.true,
        "known": row["known_acts"],
        "low": low,
        "high": high,
        "is_told": row["is_told"],
        "platform": case.platform,
        "true_whole": case.true_whole,
        "whole": row["whole"],
        "whole_low": row["whole_low"],
        "whole_high": row["whole_high"],
        "held": None,
        "width": None,
        "whole_held": None,
        "whole_width": None,
    }
    if low is not None:
        found["held"] = low <= case.true <= high
        found["width"] = (high - low) / acts
    if row["whole_low"] is not None and case.platform:
        found["whole_held"] = row["whole_low"] <= case.true_whole <= row["whole_high"]
        found["whole_width"] = (row["whole_high"] - row["whole_low"]) / case.platform
    return found


def run_as_far_as_intervals(lab: Lab) -> None:
    """All steps, but of the marts what campaigns' intervals read, and no operators."""
    lab.land()
    lab.stage()
    with patch.object(tasks.verdicts.judge, "link_signs", _link_nobody):
        lab.judge()
    lab.build(tables=["intermediate.campaign_bounds", _ACTS])


@cache
def _first_links() -> list[Links]:
    return []


def _link_nobody(*signs: Any, **more: Any) -> Links:
    """Links as they are where nobody is linked; the first time truly, for the shape."""
    kept = _first_links()
    if not kept:
        kept.append(link_signs(*signs, **more))
    return Links(pairs=kept[0].pairs.clear(), blocking=kept[0].blocking.clear())


def judge_workspace(
    names: Sequence[str], seed: int, how: str, way: str = "quick"
) -> list[Case]:
    """One workspace's campaigns.

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
        if way != "quick":
            lab.build(tables=[_ACTS])  # gone with its step unless it is asked for
        with duckdb.connect(str(lab.root / "warehouse.duckdb")) as connection:
            return [
                read_case(connection, number, name, seed, how, *worlds[name])
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
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--kept", type=Path, nargs="+")
    chosen = parser.parse_args()
    warnings.simplefilter("ignore")
    if chosen.kept:
        kept = [
            Case(**json.loads(line))
            for path in chosen.kept
            for line in path.read_text(encoding="utf-8").splitlines()
        ]
        print(f"{len(kept)} kept cases")
        _print(list(say_again(kept)))
        return
    cases: list[Case] = []
    began = time.perf_counter()
    for seed in range(chosen.seed, chosen.seed + chosen.worlds):
        for names in WORKSPACES:
            for how in chosen.collected:
                found = judge_workspace(names, seed, how)
                cases += found
                for way in ("steps", "command")[
                    : 2 * (seed < chosen.seed + chosen.whole)
                ]:
                    again = judge_workspace(names, seed, how, way)
                    print(f"{seed}, {names[0]}, {how}: {way} equal: {found == again}")
                if chosen.keep:
                    with chosen.keep.open("a", encoding="utf-8") as stream:
                        for case in found:
                            stream.write(json.dumps(asdict(case)) + "\n")
    print(
        f"seeds {chosen.seed} to {chosen.seed + chosen.worlds - 1},"
        f" {time.perf_counter() - began:.0f} s"
    )
    _print(cases)


def _print(cases: Sequence[Case]) -> None:
    with pl.Config(
        tbl_rows=-1, tbl_cols=-1, tbl_hide_dataframe_shape=True, tbl_width_chars=140
    ):
        print(summarize([judge_case(case) for case in cases]))


if __name__ == "__main__":
    main()
