"""Weibo's API through the product: an emulator, a workspace that reads it, truth."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

from tasks.sources.api_landing import Collected, collect_source
from tests.emulators.serving import serve
from tests.emulators.weibo import TOKEN, WeiboEmulator, WeiboOptions
from tests.emulators.weibo_truth import told
from tests.flows.networks import configuration
from tests.oracles.worlds import CHECKED_MARTS, check_marts, check_staging
from tests.workspaces import Lab
from tests.world import BRANDS, World

PLATFORM = "weibo"
# When something was seen is the crawl's own; likes are only counted.
UNSEEN = {"posts": ("observed_at",), "interactions": ("observed_at",)}
ACCOUNTS = tuple(str(brand.account_id) for brand in BRANDS)


class KilledError(BaseException):
    """The process is gone."""


@dataclass
class WorldClock:
    """The crawl lives in the emulator's time; waiting moves it.

    Attributes:
        emulator: whose time it is.
        dies_after: looks at the clock until the process is killed; None never.
    """

    emulator: WeiboEmulator
    dies_after: int | None = None

    def now(self) -> float:
        """Seconds since 1970."""
        if self.dies_after is not None:
            self.dies_after -= 1
            if self.dies_after < 0:
                raise KilledError
        return self.emulator.now

    def sleep(self, seconds: float) -> None:
        """Wait."""
        self.emulator.now += seconds


@dataclass(frozen=True)
class Site:
    """An emulator that runs and a workspace that reads from it.

    Attributes:
        world: what is served.
        emulator: serves it.
        lab: the workspace.
        base: the emulator's address.
    """

    world: World
    emulator: WeiboEmulator
    lab: Lab
    base: str

    @property
    def first(self) -> date:
        """The world's first day."""
        return self.world.spec.start

    @property
    def last(self) -> date:
        """The day after its last."""
        return self.first + timedelta(days=self.world.spec.days)

    def configure(self, more: str = "") -> None:
        """Write the workspace's configuration.

        Args:
            more: lines of the source.
        """
        self.lab.put("workspace.toml", reading(self.world, self.base, more))

    def collect(self, dies_after: int | None = None) -> Collected:
        """Crawl and land, as extract does."""
        workspace = self.lab.workspace
        (source,) = workspace.sources
        clock = WorldClock(self.emulator, dies_after)
        return collect_source(workspace, source, self.first, self.last, clock)

    def build(self, tables: Sequence[str] = CHECKED_MARTS) -> None:
        """Run what follows extract, for these marts; all where none is named."""
        self.lab.stage()
        self.lab.judge()
        self.lab.build(self.first, self.last, tables=tables)

    def check_rows(self, truth: World) -> None:
        """Staging holds the truth, row by row, and no more: for tests of the crawl.

        Marts are made of staging alone; that they are then the truth's, too, is
        shown where `check` asks for them.
        """
        self.lab.stage()
        check_staging(self.lab, truth, PLATFORM, ("posts", "interactions"), UNSEEN)
        assert self.lab.value("select count(*) from meta.quarantine") == 0

    def told(self) -> World:
        """What a crawl finds now: posts and threads of accounts and campaigns.

        That is, the posts of the brands' accounts, those that a campaign lists, and
        those under a campaign's hashtag within its days.
        """
        return told(self.emulator, roots(self.world, self.emulator.deleted_posts))

    def check(self, truth: World) -> None:
        """Staging and marts hold the truth, row by row, and no more."""
        check_staging(self.lab, truth, PLATFORM, ("posts", "interactions"), UNSEEN)
        check_marts(self.lab, truth, PLATFORM, hashtags=True)
        assert self.lab.value("select count(*) from meta.quarantine") == 0


def reading(world: World, base: str, more: str = "") -> str:
    """A `workspace.toml` that reads a world's campaigns from an address.

    Args:
        world: whose brands and campaigns.
        base: address of the API.
        more: lines of the source.
    """
    source = f'kind = "api"\nbase_url = "{base}"\n{more}\n'
    text = configuration(world, PLATFORM, source)
    for campaign in world.campaigns.iter_rows(named=True):
        tags = ", ".join(f'"{tag}"' for tag in campaign["hashtags"])
        head = f'id = "{campaign["campaign_id"]}"\n'
        text = text.replace(head, f"{head}hashtags = [{tags}]\n")
    return text


def roots(world: World, deleted: Collection[str] = ()) -> list[str]:
    """The posts whose threads a crawl must find.

    Args:
        world: that is crawled.
        deleted: posts that no search finds.
    """
    posts = world.posts.with_columns(
        pl.col("posted_at")
        .dt.convert_time_zone(world.spec.timezone)
        .dt.date()
        .alias("day")
    )
    tagged = pl.lit(False)
    for campaign in world.campaigns.iter_rows(named=True):
        window = pl.col("day").is_between(campaign["start"], campaign["end"])
        for tag in campaign["hashtags"]:
            tagged |= window & pl.col("hashtags").list.contains(tag)
    tagged &= ~pl.col("post_id").is_in(list(deleted))
    listed = pl.col("post_id").is_in(world.campaigns["post_ids"].explode().implode())
    own = pl.col("account_id").is_in(list(ACCOUNTS))
    found: list[str] = posts.filter(listed | own | tagged)["post_id"].to_list()
    return found


@contextmanager
def site(
    world: World, root: Path, options: WeiboOptions | None = None, more: str = ""
) -> Iterator[Site]:
    """Serve a world and make a workspace that reads it.

    The token must stand in the environment (`TOKEN`).

    Args:
        world: to serve.
        root: of the workspace.
        options: of the emulator; its limits follow the world's time.
        more: lines of the source's configuration.
    """
    # The clock is the emulator's own, which doesn't exist yet.
    made: list[WeiboEmulator] = []
    emulator = WeiboEmulator(world, options, clock=lambda: made[0].now)
    made.append(emulator)
    with serve(emulator) as base:
        found = Site(world, emulator, Lab(root), base)
        found.configure(more)
        yield found


def at(world: World, day: int, hour: int = 12) -> float:
    """An hour of a day of a world, as a Unix time."""
    moment = datetime.combine(
        world.spec.start, datetime.min.time(), ZoneInfo(world.spec.timezone)
    )
    return (moment + timedelta(days=day, hours=hour)).timestamp()


__all__ = ["TOKEN", "KilledError", "Site", "WorldClock", "at", "site"]
