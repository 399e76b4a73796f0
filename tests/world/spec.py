"""What a synthetic world is asked to be, and what it consists of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

PLATFORM = "weibo"

# Weibo's ids are the second of creation, shifted, plus a sequence.
ID_EPOCH = 515_483_463
ID_SHIFT = 22
HUGE_ID_OFFSET = 1 << 60

UTC_TIME = pl.Datetime("us", "UTC")


@dataclass(frozen=True)
class Brand:
    """A brand with one official account."""

    brand_id: str
    name: str
    screen_name: str
    account_id: int


BRANDS = (
    Brand("aurora", "Aurora Tea", "晨曦茶AuroraTea", 1_000_000_001),
    Brand("borealis", "Borealis Tea", "北境茶BorealisTea", 1_000_000_002),
)


@dataclass(frozen=True)
class CampaignSpec:
    """One campaign of the first brand."""

    campaign_id: str
    name: str
    hashtag: str
    start: date
    end: date


@dataclass(frozen=True)
class WorldSpec:
    """What to generate; equal specs give equal worlds, to the byte.

    Attributes:
        seed: of every random choice.
        start: first day, in `timezone`.
        days: length of the window.
        interactions: reposts and comments together, exactly. Likes and
            mentions come on top.
        campaigns: how many, when `campaign_specs` is empty.
        campaign_specs: campaigns with names and windows of their own.
        posts: root posts; by default grows with the root of `interactions`.
        accounts: by default grows slower than `interactions`.
        repost_share: of reposts among `interactions`.
        likes_share: likes per interaction.
        mentions_share: posts of others that name the brand, per interaction.
        phantom_share: of phantoms among accounts.
        camouflaged_share: of camouflaged ones among phantoms: aged accounts with
            profiles as people have them, one in eight with a bought verification,
            that a person works by hand half of the time.
        inactive_share: of inactive people among accounts.
        phantom_activity: share of interactions that phantoms make, on average
            over posts; a campaign's own share varies around it.
        coordinated_share: of coordinated reposts among reposts.
        pid_share: of reposts of reposts that the platform names the parent of.
        sockpuppet_share: of accounts among the genuine ones that are second to
            fifth accounts of one person, whose profiles show it or not.
        household_share: of accounts among the genuine ones that name the same
            telephone as another person's.
        together_share: of persons with several accounts that take these to the same
            threads, one after the other; half as many households do, but seldom.
        remade_batches: whether vendors' batches get names of several templates and
            bursts of an hour to four days.
        huge_ids: adds 2**60 to ids of posts and interactions, so that they
            don't fit a double.
        timezone: of days and of the daily rhythm.
    """

    seed: int = 7
    start: date = date(2026, 3, 1)
    days: int = 14
    interactions: int = 2000
    campaigns: int = 1
    campaign_specs: tuple[CampaignSpec, ...] = ()
    posts: int | None = None
    accounts: int | None = None
    repost_share: float = 0.55
    likes_share: float = 0.1
    mentions_share: float = 0.01
    phantom_share: float = 0.18
    camouflaged_share: float = 0.0
    inactive_share: float = 0.15
    phantom_activity: float = 0.2
    coordinated_share: float = 0.03
    pid_share: float = 0.42
    sockpuppet_share: float = 0.0
    household_share: float = 0.0
    together_share: float = 0.0
    remade_batches: bool = False
    huge_ids: bool = False
    timezone: str = "Asia/Shanghai"

    @property
    def post_total(self) -> int:
        """Root posts, mentions not counted."""
        return self.posts or max(12, int(0.9 * self.interactions**0.5))

    @property
    def account_total(self) -> int:
        """Accounts of all kinds."""
        return self.accounts or max(80, int(1.6 * self.interactions**0.87))

    @property
    def start_second(self) -> int:
        """The first day's midnight as a Unix time."""
        return local_second(self.start, self.timezone)

    @property
    def end_second(self) -> int:
        """The midnight after the last day as a Unix time."""
        return local_second(self.start + timedelta(days=self.days), self.timezone)

    @property
    def observed_second(self) -> int:
        """When the export was made: the morning after the last day."""
        return self.end_second + 10 * 3600

    @property
    def has_identities(self) -> bool:
        """Whether who is behind a profile is planted as `identities` does it."""
        return bool(
            self.sockpuppet_share or self.household_share or self.remade_batches
        )

    def random(self, *stream: int) -> np.random.Generator:
        """The generator of one independent stream of random numbers."""
        return np.random.Generator(np.random.PCG64([self.seed, *stream]))


@dataclass(frozen=True)
class World:
    """A synthetic world in canonical shape, with its truth.

    Attributes:
        spec: what was asked for.
        accounts: one row per account.
        account_history: earlier observations of the brands' accounts.
        posts: root posts, those that merely mention the brand included.
        post_counters: snapshots of the posts' counters.
        interactions: reposts, comments, likes and mentions. Parents are those
            that a reader can find (the platform's id, the chain, the root).
        follows: who follows whom.
        truth_accounts: kind, operator, coordinated group of each account.
        truth_interactions: true parent, depth and opinion of each repost and
            comment.
        campaigns: campaigns with the ids of their posts.
    """

    spec: WorldSpec
    accounts: pl.DataFrame
    account_history: pl.DataFrame
    posts: pl.DataFrame
    post_counters: pl.DataFrame
    interactions: pl.DataFrame
    follows: pl.DataFrame
    truth_accounts: pl.DataFrame
    truth_interactions: pl.DataFrame
    campaigns: pl.DataFrame


def local_second(day: date, timezone: str) -> int:
    """The midnight a day begins with in a time zone, as a Unix time."""
    return int(datetime.combine(day, time(), ZoneInfo(timezone)).timestamp())


def utc_series(name: str, seconds: IntArray) -> pl.Series:
    """Unix times as a column of UTC timestamps."""
    return (
        pl.Series(name, seconds * 1_000_000)
        .cast(pl.Datetime("us"))
        .dt.replace_time_zone("UTC")
    )


def utc_moment(second: int) -> datetime:
    """A Unix time as a UTC timestamp."""
    return datetime.fromtimestamp(second, UTC)


def post_ids(seconds: IntArray, sequence: IntArray, *, huge: bool) -> IntArray:
    """Weibo-like ids, increasing with time.

    Args:
        seconds: Unix times.
        sequence: running number of each row in the world. Two rows of one
            second collide only when these are a multiple of 2**22 apart.
        huge: whether to leave the range of doubles.
    """
    # An odd factor permutes the low bits, so that ids look arbitrary.
    low = (sequence * 2_654_435) & ((1 << ID_SHIFT) - 1)
    ids = ((seconds - ID_EPOCH) << ID_SHIFT) | low
    return ids + HUGE_ID_OFFSET if huge else ids
