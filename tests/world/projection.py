"""What the writers of other networks share: a world cut to what a network tells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import polars as pl

from .spec import World

# Texts that a platform fills in for people who repost without a word.
EMPTY_REPOSTS = frozenset({"", "转发微博", "轉發微博", "Repost"})
PAGE_ROWS = 100


def project(
    world: World,
    platform: str,
    *,
    accounts: Sequence[Mapping[str, Any]],
    posts: Sequence[Mapping[str, Any]],
    post_counters: Sequence[Mapping[str, Any]],
    interactions: Sequence[Mapping[str, Any]],
    follows: Sequence[Mapping[str, Any]],
    campaign_posts: Mapping[str, str],
) -> World:
    """Put the rows that a network tells into a world of the same shape.

    Rows need not name every column: what is missing is null.

    Args:
        world: where the rows come from.
        platform: of all rows.
        accounts: as `World.accounts`, and so on for the next four.
        posts: the root posts.
        post_counters: snapshots.
        interactions: what the network shows one by one.
        follows: who follows whom.
        campaign_posts: the network's id of each post of the world that it shows.
    """
    known = {row["account_id"] for row in accounts}
    campaigns = world.campaigns.with_columns(
        pl.Series(
            "post_ids",
            [
                [campaign_posts[post] for post in listed if post in campaign_posts]
                for listed in world.campaigns["post_ids"].to_list()
            ],
            pl.List(pl.String),
        )
    )
    return replace(
        world,
        accounts=_frame(world.accounts, accounts, platform),
        account_history=world.account_history.clear(),
        posts=_frame(world.posts, posts, platform),
        post_counters=_frame(world.post_counters, post_counters, platform),
        interactions=_frame(world.interactions, interactions, platform),
        follows=_frame(world.follows, follows, platform),
        truth_accounts=world.truth_accounts.filter(
            pl.col("account_id").is_in(list(known))
        ),
        truth_interactions=world.truth_interactions.clear(),
        campaigns=campaigns,
    )


def newest_counters(world: World) -> dict[str, dict[str, Any]]:
    """The last snapshot of each post's counters."""
    newest = world.post_counters.sort("observed_at").group_by("post_id").last()
    return {row["post_id"]: row for row in newest.iter_rows(named=True)}


def true_parents(world: World) -> dict[str, str]:
    """Who truly reposted or answered whom."""
    return dict(
        world.truth_interactions.select("interaction_id", "true_parent_id").iter_rows()
    )


def pages(rows: Sequence[Any], size: int = PAGE_ROWS) -> list[list[Any]]:
    """Rows as pages; no rows are one empty page."""
    return [list(rows[at : at + size]) for at in range(0, len(rows), size)] or [[]]


def iso(moment: datetime) -> str:
    """A time with milliseconds and `Z`."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _frame(
    like: pl.DataFrame, rows: Sequence[Mapping[str, Any]], platform: str
) -> pl.DataFrame:
    schema = {
        name: pl.String if name == "verified_type" else kind
        for name, kind in like.schema.items()
    }
    full = [{**dict.fromkeys(schema), **row, "platform": platform} for row in rows]
    return pl.DataFrame(full, schema=schema)
