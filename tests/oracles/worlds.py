"""What a run must find of a world: rows and raw figures, counted with polars.

Nothing of the product is imported here, so that agreement with it means
something. A world is what `tests.world` made, whole or cut by a network's writer
to what the network tells; `Options` cuts it further.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any, Literal, Protocol

import polars as pl

from tests.world.cascades import HIDDEN_TEXT
from tests.world.plan import DELETED_TEXT
from tests.world.spec import UTC_TIME, World, utc_moment

KEYS = {
    "accounts": ("account_id", "observed_at"),
    "posts": ("post_id",),
    "post_counters": ("post_id", "observed_at"),
    "interactions": ("kind", "root_post_id", "interaction_id"),
    "follows": ("account_id", "follower_id"),
}
# Raw figures of the marts that follow from a world alone; the genuine ones take
# a judgement.
# Mentions are of brands, wherever they are made: tests/marts/test_marts.py recounts
# them.
FIGURES = ("posts", "reposts", "comments", "likes", "engagements", "engaged_accounts")
ENGAGEMENTS = ("repost", "comment", "like")
SHOWN_DIFFERENCES = 10

Row = dict[str, Any]
Key = tuple[Any, ...]


class Warehouse(Protocol):
    """Where rows are read from: `tests.workspaces.Lab`."""

    def dicts(self, query: str) -> list[Row]:
        """Rows of a query by name."""


@dataclass(frozen=True)
class Options:
    """What a platform can express of a world.

    Attributes:
        kinds: of interactions that it shows one by one.
        parents: whose repost or comment it was: as the world's reader finds it,
            or the root for everything.
        texts: whether words of interactions arrive.
        like_times: whether likes have a time of their own, else the
            observation's.
        hashtags: whether campaigns take posts by hashtag besides those listed.
        unseen: columns, by table, that the platform doesn't have.
        tables: staging tables to compare.
    """

    kinds: Sequence[str] = (*ENGAGEMENTS, "mention")
    parents: Literal["told", "root"] = "told"
    texts: bool = True
    like_times: bool = True
    hashtags: bool = False
    unseen: Mapping[str, Iterable[str]] = field(default_factory=dict)
    tables: Sequence[str] = ("posts", "interactions")


def restrict(world: World, options: Options) -> World:
    """A world with the interactions that a platform can express."""
    rows = world.interactions.filter(pl.col("kind").is_in(list(options.kinds)))
    if options.parents == "root":
        rows = rows.with_columns(
            pl.when(pl.col("kind") == "mention")
            .then("parent_id")
            .otherwise("root_post_id")
            .alias("parent_id"),
            pl.when(pl.col("kind") == "mention")
            .then("parent_method")
            .otherwise(pl.lit("root"))
            .alias("parent_method"),
        )
    if not options.texts:
        rows = rows.with_columns(pl.lit(None, pl.String).alias("text"))
    if not options.like_times:
        observed = pl.lit(utc_moment(world.spec.observed_second), UTC_TIME)
        rows = rows.with_columns(
            pl.when(pl.col("kind") == "like")
            .then(observed)
            .otherwise("acted_at")
            .alias("acted_at")
        )
    rows = rows.with_columns(pl.col("acted_at").dt.truncate("1s"))
    return replace(world, interactions=rows)


def daily_figures(
    world: World, *, hashtags: bool = False
) -> dict[tuple[str, date], Row]:
    """Raw figures by campaign and activity day; a day without any has no row."""
    actions = _campaign_actions(world, hashtags=hashtags)
    posted = (
        campaign_posts(world, hashtags=hashtags)
        .filter(pl.col("post_day").is_between("start", "end"))
        .group_by("campaign_id", pl.col("post_day").alias("day"))
        .agg(pl.len().cast(pl.Int64).alias("posts"))
    )
    figures = _figures(actions, "campaign_id", "day").join(
        posted, on=["campaign_id", "day"], how="full", coalesce=True
    )
    return {(row["campaign_id"], row["day"]): _closed(row) for row in _rows(figures)}


def campaign_figures(world: World, *, hashtags: bool = False) -> dict[str, Row]:
    """Raw figures by campaign; one without anything has zeros."""
    actions = _campaign_actions(world, hashtags=hashtags)
    posts = (
        campaign_posts(world, hashtags=hashtags)
        .group_by("campaign_id")
        .agg(pl.len().cast(pl.Int64).alias("posts"))
    )
    figures = (
        world.campaigns.select("campaign_id")
        .join(_figures(actions, "campaign_id"), on="campaign_id", how="left")
        .join(posts, on="campaign_id", how="left")
    )
    return {row["campaign_id"]: _closed(row) for row in _rows(figures)}


def reconcile(
    lab: Warehouse, world: World, platform: str, options: Options | None = None
) -> None:
    """Assert that staging and the campaign marts hold the world, and no more.

    The run must cover all days of the world. Other platforms may stand in the
    same workspace, and campaigns' totals are compared only where no other does.

    Raises:
        AssertionError: names the rows that are missing, in excess or different.
    """
    options = options or Options()
    told = restrict(world, options)
    check_staging(lab, told, platform, options.tables, options.unseen)
    check_marts(lab, told, platform, hashtags=options.hashtags)


def without_notices(frame: pl.DataFrame) -> pl.DataFrame:
    """Rows as they are understood: a platform's notice is nobody's words.

    What it quotes of those before stays; likes beside it are no reading.
    """
    rest = pl.col("text").str.strip_chars()
    for notice in (DELETED_TEXT, HIDDEN_TEXT):
        rest = rest.str.strip_prefix(notice.strip())
    is_notice = pl.any_horizontal(
        pl.col("text").str.starts_with(notice.strip())
        for notice in (DELETED_TEXT, HIDDEN_TEXT)
    ).fill_null(value=False) & (
        pl.col("is_deleted")
        if "is_deleted" in frame.columns
        else pl.col("account_id").is_null()
    )
    rest = rest.str.strip_chars()
    columns = [
        pl.when(is_notice & (rest == ""))
        .then(None)
        .when(is_notice)
        .then(rest)
        .otherwise("text")
        .alias("text")
    ]
    if "likes_count" in frame.columns:
        likes = pl.when(is_notice).then(None).otherwise("likes_count")
        columns.append(likes.alias("likes_count"))
    return frame.with_columns(columns)


def check_staging(
    lab: Warehouse,
    told: World,
    platform: str,
    tables: Sequence[str] = tuple(KEYS),
    unseen: Mapping[str, Iterable[str]] | None = None,
) -> None:
    """Assert that staging tables hold the world's rows, value by value."""
    for table in tables:
        keys = KEYS[table]
        frame: pl.DataFrame = getattr(told, table)
        if table == "accounts" and len(told.account_history):
            frame = pl.concat([told.account_history, frame], how="vertical_relaxed")
        hidden = set((unseen or {}).get(table, ()))
        names = [name for name in frame.columns if name not in hidden]
        found = lab.dicts(
            f"select {', '.join(names)} from staging.{table}"
            f" where platform = '{platform}'"
        )
        if table in ("posts", "interactions"):
            frame = without_notices(frame)
        expected = frame.with_columns(platform=pl.lit(platform)).select(names)
        compare(
            f"staging.{table}",
            _by_key(table, _rows(expected), keys),
            _by_key(table, map(_plain, found), keys),
        )


# The marts that `check_marts` asks: of the others golden cases tell.
CHECKED_MARTS = ("campaigns", "campaign_daily")


def check_marts(
    lab: Warehouse, told: World, platform: str, *, hashtags: bool = False
) -> None:
    """Assert that the campaign marts' raw figures are the world's.

    A kind of which the world tells nothing at all may be unknown (null): whether it
    must be, golden cases say. So may be who acted where no row says it.
    """
    told_kinds = set(told.interactions["kind"].unique())
    unknown = {
        name for kind, name in (("repost", "reposts"), ("comment", "comments"),
                                ("like", "likes")) if kind not in told_kinds
    } | {"engaged_accounts"}  # fmt: skip

    def figures(row: Row) -> Row:
        return {
            name: 0 if row[name] is None and name in unknown else row[name]
            for name in FIGURES
        }

    days = lab.dicts("from marts.campaign_daily where posts > 0 or engagements > 0")
    mine = [row for row in days if row["platform"] == platform]
    compare(
        "marts.campaign_daily",
        daily_figures(told, hashtags=hashtags),
        {(row["campaign_id"], row["activity_day"]): figures(row) for row in mine},
    )
    if len(mine) < len(days):
        return
    compare(
        "marts.campaigns",
        campaign_figures(told, hashtags=hashtags),
        {row["campaign_id"]: figures(row) for row in lab.dicts("from marts.campaigns")},
    )


def compare(what: str, expected: Mapping[Any, Row], found: Mapping[Any, Row]) -> None:
    """Assert that two tables are equal, key by key.

    Raises:
        AssertionError: a line per difference, of the first ones.
    """
    lines = [f"missing: {key} {row}" for key, row in expected.items()
             if key not in found]  # fmt: skip
    lines += [f"in excess: {key} {row}" for key, row in found.items()
              if key not in expected]  # fmt: skip
    for key, row in expected.items():
        other = found.get(key, row)
        lines += [
            f"{key} {name}: expected {row[name]!r}, found {other[name]!r}"
            for name in row
            if row[name] != other[name]
        ]
    if lines:
        shown = "\n  ".join(lines[:SHOWN_DIFFERENCES])
        more = len(lines) - SHOWN_DIFFERENCES
        tail = f"\n  and {more} more" if more > 0 else ""
        raise AssertionError(
            f"{what}: {len(expected)} rows expected, {len(found)} found"
            f"\n  {shown}{tail}"
        )


def campaign_posts(world: World, *, hashtags: bool) -> pl.DataFrame:
    """One row per campaign and post of it, with the post's day where known."""
    posts = world.posts.select(
        "post_id", "hashtags", _day("posted_at", world).alias("post_day")
    )
    frame = world.campaigns.select("campaign_id", "start", "end", "post_ids")
    listed = (
        frame.explode("post_ids")
        .rename({"post_ids": "post_id"})
        .drop_nulls("post_id")
        .join(posts.drop("hashtags"), on="post_id", how="left")
    )
    if not hashtags:
        return listed
    tags = world.campaigns.select(
        "campaign_id", "start", "end", pl.col("hashtags").alias("hashtag")
    ).explode("hashtag")
    tagged = (
        posts.explode("hashtags")
        .rename({"hashtags": "hashtag"})
        .join(tags, on="hashtag")
        .filter(pl.col("post_day").is_between("start", "end"))
        .select(listed.columns)
    )
    return pl.concat([listed, tagged]).unique(["campaign_id", "post_id"])


def _campaign_actions(world: World, *, hashtags: bool) -> pl.DataFrame:
    """One row per campaign and engagement with it in its window."""
    return (
        campaign_posts(world, hashtags=hashtags)
        .join(world.interactions, left_on="post_id", right_on="root_post_id")
        .with_columns(_day("acted_at", world).alias("day"))
        .filter(
            pl.col("day").is_between("start", "end"),
            pl.col("kind").is_in(list(ENGAGEMENTS)),
        )
    )


def _figures(actions: pl.DataFrame, *by: str) -> pl.DataFrame:
    return actions.group_by(*by).agg(
        *(
            (pl.col("kind") == kind).sum().cast(pl.Int64).alias(f"{kind}s")
            for kind in ENGAGEMENTS
        ),
        pl.len().cast(pl.Int64).alias("engagements"),
        pl.col("account_id")
        .drop_nulls()
        .n_unique()
        .cast(pl.Int64)
        .alias("engaged_accounts"),
    )


def _day(column: str, world: World) -> pl.Expr:
    return pl.col(column).dt.convert_time_zone(world.spec.timezone).dt.date()


def _closed(row: Row) -> Row:
    return {name: row[name] or 0 for name in FIGURES}


def _by_key(table: str, rows: Iterable[Row], keys: Sequence[str]) -> dict[Key, Row]:
    found: dict[Key, Row] = {}
    for row in rows:
        key = tuple(row[name] for name in keys)
        assert key not in found, f"{table}: {key} twice"
        found[key] = row
    return found


def _rows(frame: pl.DataFrame) -> Iterable[Row]:
    return map(_plain, frame.iter_rows(named=True))


def _plain(row: Row) -> Row:
    """A row whose times are naive UTC, as the warehouse keeps them."""
    return {
        name: value.astimezone(UTC).replace(tzinfo=None)
        if isinstance(value, datetime) and value.tzinfo
        else value
        for name, value in row.items()
    }
