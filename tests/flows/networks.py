"""Worlds of other networks through the product: what must come out of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from tasks.sources.api_landing import collect_source
from tasks.warehouse.networks import API_PARTS
from tests.flows.clock import StandingClock
from tests.oracles.worlds import CHECKED_MARTS, KEYS, check_marts, check_staging
from tests.workspaces import Lab
from tests.world import BRANDS, World
from tests.world.spec import utc_moment


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


def joined(texts: Sequence[str]) -> str:
    """One configuration: sources of all, brands and campaigns of their own."""
    whole = texts[0]
    for number, text in enumerate(texts[1:]):
        rest = text.split("\n", 1)[1]
        for name in ("aurora", "borealis", "spring-launch", "campaign-002"):
            rest = rest.replace(f'"{name}"', f'"{name}-{number}"')
        whole += rest
    return whole


def without_hashtags(text: str) -> str:
    """A configuration whose campaigns are told by their posts alone."""
    return re.sub(r"(?m)^hashtags = .*\n", "", text)


def renamed(told: World, place: int) -> World:
    """A world whose campaigns are called as in the joined configuration.

    Args:
        told: what a network tells.
        place: of its text among the joined ones.
    """
    tail = f"-{place - 1}" if place else ""
    return replace(
        told, campaigns=told.campaigns.with_columns(pl.col("campaign_id") + tail)
    )


def backfill(
    lab: Lab, told: World, environment: Mapping[str, str] | None = None
) -> str:
    """Run the real command over the world's days; what it said.

    Where variables are given in a process of its own, which alone knows them.
    """
    last = told.spec.start + timedelta(days=told.spec.days)
    words = ("--from", str(told.spec.start), "--to", str(last))
    words = ("backfill", *words, "--reason", "all that there is")
    if environment is None:
        done = lab.call(*words)
    else:
        done = lab.command(*words, environment=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


# When an answer came, as answers tell it: UTC without a zone.
ANSWERED = datetime(2026, 3, 1, tzinfo=UTC).replace(tzinfo=None)


PARTS = ("posts", "reposts", "comments", "likes", "counters", "profiles", "followers")


def api_source(
    base: str,
    platform: str,
    *,
    parts: Sequence[str] = PARTS,
    more: str = "",
) -> str:
    """The keys of an API source, asked for what its platform can give."""
    listed = ", ".join(f'"{part}"' for part in parts if part in API_PARTS[platform])
    return f'kind = "api"\nbase_url = "{base}"\ncollect = [{listed}]\n{more}'


def crawl(lab: Lab, told: World, now: float) -> list[str]:
    """Crawl the API sources over the world's days, and land what they answer.

    Returns:
        why a source was not read to its end.
    """
    clock = StandingClock(now)
    first, last = told.spec.start, told.spec.start + timedelta(days=told.spec.days)
    deferred = []
    for source in lab.workspace.sources:
        done = collect_source(lab.workspace, source, first, last, clock)
        if done.deferred:
            deferred.append(done.deferred)
    return deferred


def crawl_and_stage(lab: Lab, told: World, now: float) -> list[str]:
    """What `collect` does, as far as staging: for tests that look no further.

    Returns:
        why a source was not read to its end.
    """
    deferred = crawl(lab, told, now)
    lab.stage()
    return deferred


def collect(lab: Lab, told: World, now: float) -> list[str]:
    """Crawl the API sources over the world's days, then run what `check` looks at.

    Returns:
        why a source was not read to its end.
    """
    deferred = crawl_and_stage(lab, told, now)
    first = told.spec.start
    lab.judge()
    lab.build(first, first + timedelta(days=told.spec.days), tables=CHECKED_MARTS)
    return deferred


def check(lab: Lab, told: World, platform: str) -> None:
    """Every staging row and every raw figure is the world's, and no other is there."""
    check_staging(lab, told, platform, tuple(KEYS))
    check_marts(lab, told, platform)
    assert lab.value("select count(*) from meta.quarantine") == 0
