"""Buyers planted in a world: genuine people who care for the first brand's goods.

What they do is drawn apart from what ranks them: they speak once to several times,
half of their words are ordinary ones, half ask or tell of a purchase, in phrases of
which only some hold the words that the product looks for. Some follow the brand. One
in twenty of the others asks, too.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from .spec import BRANDS, ID_EPOCH, ID_SHIFT, PLATFORM, World, utc_series

SHOPPING = (
    "请问在哪里买呀",
    "多少钱一盒",
    "求链接[爱你]",
    "刚下单，坐等到货",
    "第三次回购了",
    "已经买了两盒送爸妈",
    "什么时候补货啊",
    "我们这边有门店吗",
    "给个购买方式吧",
    "双十一有优惠吗",
    "这款还能预定吗",
    "礼盒能单独要吗",
    "准备给客户也订一些",
    "上次那款喝完了，再来一份",
)
ORDINARY = (
    "喜欢这个味道",
    "早上来一杯，舒服",
    "颜值好高[心]",
    "支持一下",
    "期待新品",
    "看着就不错",
)


def plant_buyers(
    world: World, share: float = 0.03, seed: int = 1
) -> tuple[World, frozenset[str]]:
    """Add what buyers say and whom they follow.

    Args:
        world: what to add to.
        share: of buyers among genuine accounts.
        seed: of every choice.

    Returns:
        The world with them, and their account ids.
    """
    random = np.random.default_rng([seed, world.spec.seed])
    own = {str(brand.account_id) for brand in BRANDS}
    genuine = sorted(
        set(world.truth_accounts.filter(pl.col("kind") == "genuine")["account_id"])
        - own
    )
    order = random.permutation(len(genuine))
    count = max(1, round(share * len(genuine)))
    buyers = [genuine[place] for place in order[:count]]
    others = [genuine[place] for place in order[count:]]
    posts = world.posts.filter(
        pl.col("account_id") == str(BRANDS[0].account_id)
    ).select("post_id", "posted_at")
    rows = []
    for account in buyers:
        for _ in range(1 + random.poisson(1.5)):
            words = SHOPPING if random.random() < 0.5 else ORDINARY
            rows.append((account, words[random.integers(len(words))]))
    rows += [
        (account, SHOPPING[random.integers(len(SHOPPING))])
        for account in others
        if random.random() < 0.05
    ]
    chosen = posts[random.integers(len(posts), size=len(rows))]
    seconds = chosen.get_column("posted_at").dt.epoch("s").to_numpy()
    latest = world.spec.end_second - 1
    seconds = np.minimum(seconds + random.integers(600, 400_000, len(rows)), latest)
    # Above every id of the world in its own second.
    ids = (
        ((seconds - ID_EPOCH) << ID_SHIFT) + (1 << ID_SHIFT) - 1 - np.arange(len(rows))
    )
    said = pl.DataFrame(
        {
            "interaction_id": [str(number) for number in ids],
            "account_id": [row[0] for row in rows],
            "root_post_id": chosen.get_column("post_id"),
            "text": [row[1] for row in rows],
        }
    ).with_columns(
        utc_series("acted_at", seconds),
        platform=pl.lit(PLATFORM),
        kind=pl.lit("comment"),
        parent_id=pl.col("root_post_id"),
        parent_method=pl.lit("root"),
        likes_count=pl.lit(0, pl.Int64),
        observed_at=pl.lit(
            world.interactions.get_column("observed_at").max(),
            world.interactions.schema["observed_at"],
        ),
    )
    followed = pl.DataFrame(
        {"follower_id": [buyer for buyer in buyers if random.random() < 0.5]},
        schema={"follower_id": pl.String},
    ).with_columns(
        platform=pl.lit(PLATFORM),
        account_id=pl.lit(str(BRANDS[0].account_id)),
        observed_at=pl.lit(
            world.follows.get_column("observed_at").max(),
            world.follows.schema["observed_at"],
        ),
    )
    planted = replace(
        world,
        interactions=pl.concat(
            [
                world.interactions,
                said.select(world.interactions.columns).cast(
                    dict(world.interactions.schema)
                ),
            ]
        ),
        follows=pl.concat(
            [
                world.follows,
                followed.select(world.follows.columns).cast(dict(world.follows.schema)),
            ]
        ).unique(["account_id", "follower_id"], keep="first", maintain_order=True),
    )
    return planted, frozenset(buyers)
