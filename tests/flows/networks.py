"""Worlds of other networks through the product: what must come out of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from tasks.sources.budget import Budget
from tasks.sources.crawl import Crawled, Crawler, Platform, Wanted
from tasks.sources.crawl_state import CrawlState
from tasks.sources.http_client import Client
from tests.oracles.worlds import KEYS, check_marts, check_staging
from tests.workspaces import Lab
from tests.world import BRANDS, World
from tests.world.spec import utc_moment

Row = dict[str, Any]


def archive_lab(
    world: World,
    root: Path,
    *,
    platform: str,
    format: str,
    write: Callable[[World, Path], World],
    account_prefix: str = "",
) -> tuple[Lab, World]:
    """A workspace whose one source is an archive of a world.

    Returns:
        the workspace; what the network tells of the world.
    """
    lab = Lab(root)
    told = write(world, root / "export")
    observed = utc_moment(world.spec.observed_second)
    lab.put(
        "workspace.toml",
        configuration(
            told,
            platform,
            f'kind = "files"\nformat = "{format}"\npath = "export"\n'
            f"observed_at = {observed:%Y-%m-%dT%H:%M:%SZ}\n",
            account_prefix,
        ),
    )
    return lab, told


def configuration(
    told: World, platform: str, source: str, account_prefix: str = ""
) -> str:
    """A `workspace.toml` with one source, the brands and their campaigns."""
    brands = "".join(
        f'[[brands]]\nid = "{brand.brand_id}"\nname = "{brand.name}"\n'
        f'accounts = [{{ platform = "{platform}",'
        f' account_id = "{account_prefix}{brand.account_id}" }}]\n'
        for brand in BRANDS
    )
    campaigns = "".join(
        f'[[campaigns]]\nid = "{row["campaign_id"]}"\nbrand = "{row["brand_id"]}"\n'
        f"start = {row['start']}\nend = {row['end']}\npost_ids = ["
        + ", ".join(
            f'{{ platform = "{platform}", post_id = "{post}" }}'
            for post in row["post_ids"]
        )
        + "]\n"
        for row in told.campaigns.iter_rows(named=True)
    )
    return (
        f'timezone = "{told.spec.timezone}"\n[[sources]]\nname = "{platform}"\n'
        f'platform = "{platform}"\n{source}{brands}{campaigns}'
    )


def backfill(lab: Lab, told: World) -> None:
    """Run the real command over the world's days."""
    last = told.spec.start + timedelta(days=told.spec.days)
    done = lab.command(
        "backfill",
        "--from",
        str(told.spec.start),
        "--to",
        str(last),
        "--reason",
        "the archive",
    )
    assert done.returncode == 0, done.stdout + done.stderr


class StandingClock:
    """A clock that shows one moment; waiting takes no time."""

    def __init__(self, moment: float) -> None:
        """Stand at a Unix time."""
        self._moment = moment

    def now(self) -> float:
        """The moment."""
        return self._moment

    def sleep(self, seconds: float) -> None:
        """Return at once."""


PARTS = frozenset(
    ("posts", "reposts", "comments", "likes", "counters", "profiles", "followers")
)


def wanted_of(told: World, collect: frozenset[str] = PARTS) -> Wanted:
    """What a run over the whole world needs."""
    last = told.spec.start + timedelta(days=told.spec.days)
    return Wanted(
        accounts=tuple(str(brand.account_id) for brand in BRANDS),
        posts=tuple(
            post for listed in told.campaigns["post_ids"].to_list() for post in listed
        ),
        searches=(),
        windows=((told.spec.start, last),),
        first=told.spec.start,
        last=last,
        look_back_days=0,
        timezone=told.spec.timezone,
        collect=collect,
    )


def crawl(
    platform: Platform, base: str, wanted: Wanted, file: Path, now: float
) -> tuple[Crawled, list[Row]]:
    """Read everything; what was done and the records."""
    clock = StandingClock(now)
    with (
        CrawlState(file) as state,
        Client(base, platform.headers(), clock=clock) as client,
    ):
        budget = Budget(state, platform.limits, share=1.0, reserve=0.0)
        done = Crawler(platform, client, state, budget, wanted, clock).run()
        waiting = state.waiting(1_000_000)
        if waiting:
            state.forget(waiting[-1].number)
        assert not state.streams("open")
        return done, [json.loads(record.body) for record in waiting]


def lab_of_records(
    told: World,
    root: Path,
    records: list[Row],
    *,
    format: str,
    account_prefix: str = "",
) -> Lab:
    """A workspace that was run over records read from an API."""
    platform = told.posts["platform"][0]
    lab = Lab(root)
    lab.put("export/records.jsonl", records)
    source = f'kind = "files"\nformat = "{format}"\npath = "export"\n'
    lab.put("workspace.toml", configuration(told, platform, source, account_prefix))
    last = told.spec.start + timedelta(days=told.spec.days)
    lab.run(told.spec.start, last, publish=False)
    return lab


def check(lab: Lab, told: World, platform: str) -> None:
    """Every staging row and every raw figure is the world's, and no other is there."""
    check_staging(lab, told, platform, tuple(KEYS))
    check_marts(lab, told, platform)
    assert lab.value("select count(*) from meta.quarantine") == 0
