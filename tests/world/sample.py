"""The sample that ships with the product."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl

from .canonical import write_table
from .generator import generate
from .mweibo import write_mweibo
from .spec import CampaignSpec, World, WorldSpec


def sample_spec() -> WorldSpec:
    """The world that the shipped sample shows."""
    return WorldSpec(
        seed=24,
        start=date(2026, 3, 1),
        days=14,
        interactions=380,
        posts=12,
        accounts=220,
        campaign_specs=(
            CampaignSpec(
                "spring-launch",
                "Spring launch",
                "春日新茶",
                date(2026, 3, 1),
                date(2026, 3, 14),
            ),
            CampaignSpec(
                "gift-box",
                "Gift box",
                "节气礼盒",
                date(2026, 3, 6),
                date(2026, 3, 12),
            ),
        ),
    )


def write_sample(folder: Path) -> World:
    """Write the shipped sample.

    `weibo` holds threads as a crawler of m.weibo.cn keeps them; `canonical`
    adds what such files lack: likes, followers, registration, and the brand's
    followers over time.

    Args:
        folder: `data/samples` of the repository.
    """
    world = generate(sample_spec())
    write_mweibo(world, folder / "weibo")
    tables = folder / "canonical"
    accounts = pl.concat([world.account_history, world.accounts])
    likes = world.interactions.filter(pl.col("kind") == "like")
    write_table(accounts, tables, "accounts", "csv")
    write_table(world.follows, tables, "follows", "csv")
    write_table(likes, tables, "interactions", "csv")
    return world
