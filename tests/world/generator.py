"""A whole world, or its parts in an order that needs little memory."""

from __future__ import annotations

import re

import numpy as np
import polars as pl

from .cascades import Block, iter_blocks
from .plan import Plan, make_plan
from .profiles import KINDS, Profiles
from .spec import (
    BRANDS,
    PLATFORM,
    UTC_TIME,
    World,
    WorldSpec,
    utc_moment,
    utc_series,
)

_CLIENTS = ("iPhone客户端", "Android客户端", "微博网页版", "HUAWEI Mate 60", "")
_REGIONS = ("上海", "北京", "浙江", "广东", "四川", "福建", "海外")


def generate(spec: WorldSpec) -> World:
    """Make a whole world in memory; for large ones see `write_big`."""
    plan = make_plan(spec)
    return assemble(plan, list(iter_blocks(plan)))


def assemble(plan: Plan, blocks: list[Block]) -> World:
    """Put a world together from a plan and its interactions, or some of them."""
    return World(
        spec=plan.spec,
        accounts=plan.profiles.accounts,
        account_history=_account_history(plan),
        posts=make_posts(plan),
        post_counters=pl.concat([block.counters for block in blocks]),
        interactions=pl.concat([block.interactions for block in blocks]),
        follows=make_follows(plan.spec, plan.profiles),
        truth_accounts=plan.profiles.truth,
        truth_interactions=pl.concat([block.truth for block in blocks]),
        campaigns=make_campaigns(plan),
    )


def make_posts(plan: Plan) -> pl.DataFrame:
    """The root posts in canonical shape."""
    random = plan.spec.random(4)
    rows = len(plan.second)
    texts = plan.text.to_list()
    media = random.integers(0, 10, rows)
    return pl.DataFrame(
        {
            "platform": pl.repeat(PLATFORM, rows, eager=True),
            "post_id": pl.Series(plan.post_id).cast(pl.String),
            "account_id": plan.profiles.accounts["account_id"].gather(plan.author),
            "posted_at": utc_series("posted_at", plan.second),
            "text": plan.text,
            "client": pl.Series(_CLIENTS).gather(
                random.integers(0, len(_CLIENTS), rows)
            ),
            "region": pl.Series(_REGIONS).gather(
                random.integers(0, len(_REGIONS), rows)
            ),
            "links": _lists(texts, r"https?://[\w./]+"),
            "hashtags": _lists(texts, r"#([^#\n]+)#"),
            "mentions": _lists(texts, r"@([^\s@:：,，]+)"),
            "media_count": np.where(plan.is_mention, 0, media),
            "is_deleted": plan.is_deleted,
            "observed_at": utc_series(
                "observed_at", np.full(rows, plan.spec.observed_second)
            ),
        }
    )


def _lists(texts: list[str], pattern: str) -> pl.Series:
    found = [sorted(set(re.findall(pattern, text, re.ASCII))) for text in texts]
    return pl.Series(found, dtype=pl.List(pl.String))


def make_campaigns(plan: Plan) -> pl.DataFrame:
    """Campaigns with their posts."""
    ids = plan.post_id.astype(str)
    return pl.DataFrame(
        {
            "campaign_id": [item.campaign_id for item in plan.campaigns],
            "name": [item.name for item in plan.campaigns],
            "brand_id": [BRANDS[0].brand_id for _ in plan.campaigns],
            "start": [item.start for item in plan.campaigns],
            "end": [item.end for item in plan.campaigns],
            "hashtags": [[item.hashtag] for item in plan.campaigns],
            "post_ids": [
                ids[plan.campaign == number].tolist()
                for number in range(len(plan.campaigns))
            ],
        }
    )


def make_follows(spec: WorldSpec, profiles: Profiles) -> pl.DataFrame:
    """Who follows the brands, and the accounts of one person each other."""
    random = spec.random(5)
    rows = len(profiles.kind)
    # Share of each kind that follows the brand: bought followers are mostly
    # fresh or of a batch.
    shares = {
        0: np.array([0, 0.1, 0.25, 0.1, 0.7, 0.4, 0.6, 0.35]),
        1: np.array([0, 0.1, 0.15, 0.1, 0.05, 0.1, 0.05, 0.15]),
    }
    followed: list[np.ndarray] = []
    follower: list[np.ndarray] = []
    for brand, share in shares.items():
        chosen = np.flatnonzero(random.random(rows) < share[profiles.kind])
        followed.append(np.full(len(chosen), brand))
        follower.append(chosen)
    leader = KINDS.index("opinion_leader")
    fans = rows // 4
    followed.append(
        profiles.first[leader] + random.integers(0, profiles.count[leader], fans)
    )
    follower.append(random.integers(len(BRANDS), rows, fans))
    for members in profiles.operators:
        ring = np.roll(members, 1)
        followed.append(members)
        follower.append(ring)
    edges = np.column_stack([np.concatenate(followed), np.concatenate(follower)])
    edges = np.unique(edges[edges[:, 0] != edges[:, 1]], axis=0)
    ids = profiles.accounts["account_id"]
    return pl.DataFrame(
        {
            "platform": pl.repeat(PLATFORM, len(edges), eager=True),
            "account_id": ids.gather(edges[:, 0]),
            "follower_id": ids.gather(edges[:, 1]),
            "observed_at": utc_series(
                "observed_at", np.full(len(edges), spec.observed_second)
            ),
        }
    )


def _account_history(plan: Plan) -> pl.DataFrame:
    """The brands' accounts as seen on each morning of the window, growing."""
    spec = plan.spec
    random = spec.random(6)
    brands = plan.profiles.accounts.head(len(BRANDS))
    frames = []
    for day in range(spec.days):
        left = spec.days - day
        growth = random.integers(200, 900, len(BRANDS)) * left
        moment = utc_moment(spec.start_second + day * 86_400 + 10 * 3600)
        frames.append(
            brands.with_columns(
                pl.col("followers_count") - pl.Series(growth),
                pl.col("posts_count") - left,
                pl.lit(moment, UTC_TIME).alias("observed_at"),
            )
        )
    return pl.concat(frames)
