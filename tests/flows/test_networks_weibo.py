"""Weibo: what its API answers, through the product, against the world's truth."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from tests.emulators.naive import crawl_weibo
from tests.emulators.serving import serve
from tests.emulators.weibo import OWNER, ROUGH, TOKEN, WeiboEmulator, WeiboOptions
from tests.emulators.weibo_truth import told
from tests.flows.networks import configuration
from tests.oracles.worlds import check_marts, check_staging
from tests.workspaces import Lab
from tests.world import World
from tests.world.spec import utc_moment

PLATFORM = "weibo"
# Weibo shows neither of these one by one.
UNSEEN = {
    "posts": ("observed_at",),
    "interactions": ("observed_at",),
    "post_counters": ("reads_count", "observed_at"),
}


def threads_of(world: World) -> list[str]:
    """Posts of the brand's account and of its campaigns."""
    own = world.posts.filter(pl.col("account_id") == OWNER)["post_id"]
    listed = world.campaigns["post_ids"].explode()
    return sorted({*own, *listed} - {None})


def check(lab: Lab, truth: World) -> None:
    """Staging and marts hold what the platform told, row by row, and no more."""
    check_staging(lab, truth, PLATFORM, ("posts", "interactions"), UNSEEN)
    check_marts(lab, truth, PLATFORM)
    assert lab.value("select count(*) from meta.quarantine") == 0


@pytest.mark.parametrize("options", [WeiboOptions(), ROUGH], ids=["plain", "rough"])
def test_answers_of_the_api_give_the_world(
    small_world: World, tmp_path: Path, quick_rules: None, options: WeiboOptions
) -> None:
    lab = Lab(tmp_path)
    emulator = WeiboEmulator(small_world, options)
    threads = threads_of(small_world)
    with serve(emulator) as base:
        for number, body in enumerate(crawl_weibo(base, TOKEN, [OWNER], threads)):
            lab.put(f"export/{number:04d}.json", body)
    observed = utc_moment(small_world.spec.observed_second)
    lab.put(
        "workspace.toml",
        configuration(
            small_world,
            PLATFORM,
            'kind = "files"\nformat = "weibo-api"\npath = "export"\n'
            f"observed_at = {observed:%Y-%m-%dT%H:%M:%SZ}\n",
        ),
    )
    first = small_world.spec.start
    lab.run(first, first + timedelta(days=small_world.spec.days), publish=False)
    check(lab, told(emulator, threads))
