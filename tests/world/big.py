"""Worlds too large to hold, written as they are made."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from .canonical import write_table
from .cascades import Block, iter_blocks
from .generator import assemble, make_campaigns, make_posts
from .json_lines import Compression
from .plan import Plan, make_plan
from .spec import WorldSpec
from .weibo_api import Layout, WeiboApiWriter
from .writing import Format


@dataclass(frozen=True)
class BigTotals:
    """The truth about a world that was written and not kept.

    Attributes:
        interactions: rows by kind.
        posts: root posts, mentions included.
        accounts: accounts of all kinds.
        by_campaign: posts, reposts and comments of each campaign
            (`campaign_id`, null for posts of none).
        campaigns: as in `World`.
        truth_accounts: as in `World`.
    """

    interactions: dict[str, int]
    posts: int
    accounts: int
    by_campaign: pl.DataFrame
    campaigns: pl.DataFrame
    truth_accounts: pl.DataFrame


def write_big(
    folder: Path,
    interactions: int,
    campaigns: int,
    seed: int,
    format: Format = "weibo-api",
    days: int = 30,
    *,
    compression: Compression = "none",
    layout: Layout = "lines",
    shards: int = 1,
) -> BigTotals:
    """Write a world of any size in bounded memory.

    The files are those that `write` makes of the same spec; Parquet is alike
    in content, its row groups follow the blocks.

    Args:
        folder: made if need be.
        interactions: reposts and comments together.
        campaigns: how many.
        seed: of every random choice.
        format: `weibo-api` or `canonical`.
        days: length of the window.
        compression: of JSON files.
        layout: of JSON files.
        shards: files of reposts and of comments.

    Returns:
        What the files truly hold.
    """
    plan = make_plan(
        WorldSpec(seed=seed, interactions=interactions, campaigns=campaigns, days=days)
    )
    counts: dict[str, int] = {}
    if format == "weibo-api":
        _write_json(plan, folder, counts, compression, layout, shards)
    elif format == "canonical":
        _write_parquet(plan, folder, counts)
    else:
        raise ValueError(f"large worlds are not written as {format!r}")
    return BigTotals(
        interactions=counts,
        posts=len(plan.second),
        accounts=len(plan.profiles.ids),
        by_campaign=_by_campaign(plan),
        campaigns=make_campaigns(plan),
        truth_accounts=plan.profiles.truth,
    )


def _count(counts: dict[str, int], block: Block) -> None:
    for kind, rows in sorted(block.interactions["kind"].value_counts().iter_rows()):
        counts[kind] = counts.get(kind, 0) + rows


def _write_json(
    plan: Plan,
    folder: Path,
    counts: dict[str, int],
    compression: Compression,
    layout: Layout,
    shards: int,
) -> None:
    # All reposts and comments of the plan are drawn, so its volumes are the
    # counters; likes lose duplicates and are only nearly so.
    posts = make_posts(plan).with_columns(
        pl.Series("reposts_count", plan.reposts),
        pl.Series("comments_count", plan.comments),
        pl.Series("likes_count", plan.likes),
    )
    with WeiboApiWriter(
        folder,
        plan.profiles.accounts,
        posts,
        compression=compression,
        layout=layout,
        shards=shards,
    ) as writer:
        for block in iter_blocks(plan):
            _count(counts, block)
            writer.write_interactions(block.interactions)


def _write_parquet(plan: Plan, folder: Path, counts: dict[str, int]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    counters: list[pl.DataFrame] = []
    writer: pq.ParquetWriter | None = None
    last: Block | None = None
    try:
        for block in iter_blocks(plan):
            _count(counts, block)
            counters.append(block.counters)
            table: pa.Table = block.interactions.to_arrow()
            if writer is None:
                writer = pq.ParquetWriter(
                    folder / "interactions.parquet", table.schema, compression="zstd"
                )
            writer.write_table(table)
            last = block
    finally:
        if writer is not None:
            writer.close()
    if last is None:
        return
    world = assemble(plan, [last])
    accounts = pl.concat([world.account_history, world.accounts])
    write_table(accounts, folder, "accounts")
    write_table(world.posts, folder, "posts")
    write_table(pl.concat(counters), folder, "post_counters")
    write_table(world.follows, folder, "follows")


def _by_campaign(plan: Plan) -> pl.DataFrame:
    names = [item.campaign_id for item in plan.campaigns]
    own = ~plan.is_mention
    frame = pl.DataFrame(
        {
            "campaign_id": pl.Series([*names, None], dtype=pl.String).gather(
                np.where(plan.campaign < 0, len(names), plan.campaign)[own]
            ),
            "reposts": plan.reposts[own],
            "comments": plan.comments[own],
        }
    )
    return (
        frame.group_by("campaign_id")
        .agg(
            pl.len().alias("posts"),
            pl.col("reposts").sum(),
            pl.col("comments").sum(),
        )
        .sort("campaign_id")
    )
