"""What Weibo tells of a world at a moment: the rows that a whole crawl must find."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace

import polars as pl

from tests.emulators.weibo import WeiboEmulator
from tests.world import World
from tests.world.cascades import find_parents
from tests.world.spec import UTC_TIME, utc_moment


def told(emulator: WeiboEmulator, roots: Collection[str]) -> World:
    """The posts and interactions of some threads, as they can be read now.

    Deleted and private rows are not told; texts are the newest. The parent of a
    repost is the one that a reader finds among what is told.
    """
    world, now = emulator.world, utc_moment(int(emulator.now))
    shown = world.posts.filter(
        pl.col("post_id").is_in(list(roots))
        & (pl.col("posted_at") <= now)
        & ~pl.col("post_id").is_in(list(emulator.absent("posts")))
    )
    keys = shown["post_id"].to_list()
    rows = world.interactions.filter(
        pl.col("root_post_id").is_in(keys)
        & pl.col("kind").is_in(["repost", "comment"])
        & (pl.col("acted_at") <= now)
        & ~pl.col("interaction_id").is_in(
            [*emulator.absent("reposts"), *emulator.absent("comments")]
        )
    )
    rows = _edited(rows, "interaction_id", emulator.edits)
    posts = _marked(_edited(shown, "post_id", emulator.edits)).with_columns(
        pl.col("post_id").is_in(list(emulator.deleted_posts)).alias("is_deleted")
    )
    return replace(
        world,
        posts=_remains(posts),
        interactions=_with_parents(
            rows, world, names_parents=emulator.options.names_parents
        ),
        post_counters=_counters(emulator, keys),
    )


def remembered(earlier: World, later: World, *, names_parents: bool = True) -> World:
    """What a reader knows who read twice.

    Rows that vanished stay as they were; of a post that is gone by now its author and
    words are known from before.
    """
    rows = pl.concat(
        [
            later.interactions,
            earlier.interactions.join(
                later.interactions, on="interaction_id", how="anti"
            ),
        ]
    )
    gone = earlier.posts.join(
        later.posts.filter("is_deleted"), on="post_id", how="semi"
    ).with_columns(is_deleted=pl.lit(value=True))
    newest = pl.concat([gone, later.posts]).unique(
        "post_id", keep="first", maintain_order=True
    )
    posts = pl.concat(
        [newest, earlier.posts.join(later.posts, on="post_id", how="anti")]
    )
    return replace(
        later,
        posts=posts,
        interactions=_with_parents(rows, later, names_parents=names_parents),
    )


def _edited(rows: pl.DataFrame, key: str, edits: dict[str, str]) -> pl.DataFrame:
    if not edits:
        return rows
    return rows.with_columns(
        pl.col(key)
        .replace_strict(edits, default=None, return_dtype=pl.String)
        .fill_null(pl.col("text"))
        .alias("text")
    )


def _marked(posts: pl.DataFrame) -> pl.DataFrame:
    """Posts with the marks of their texts as they now stand."""
    marks = {
        "hashtags": r"#([^#\n]+)#",
        "mentions": r"@([^\s@:：,，]+)",
        "links": r"https?://[A-Za-z0-9_./]+",
    }
    return posts.with_columns(
        pl.Series(
            name,
            [sorted(set(re.findall(mark, text))) for text in posts["text"]],
            pl.List(pl.String),
        )
        for name, mark in marks.items()
    )


def _remains(posts: pl.DataFrame) -> pl.DataFrame:
    """Of a deleted post the platform leaves its time and a notice, which is no text."""
    gone = pl.col("is_deleted")
    empty = pl.lit([], pl.List(pl.String))
    nothing = pl.lit(None)
    return posts.with_columns(
        pl.when(gone).then(nothing).otherwise("text").alias("text"),
        *(
            pl.when(gone).then(nothing).otherwise(name).alias(name)
            for name in ("account_id", "region", "media_count")
        ),
        *(
            pl.when(gone).then(empty).otherwise(name).alias(name)
            for name in ("links", "hashtags", "mentions")
        ),
        pl.col("client").replace("", None),
    )


def _with_parents(
    rows: pl.DataFrame, world: World, *, names_parents: bool
) -> pl.DataFrame:
    reposts = rows.filter(pl.col("kind") == "repost")
    others = rows.filter(pl.col("kind") != "repost")
    names = world.accounts.select("account_id", pl.col("screen_name").alias("name"))
    by_platform = pl.col("parent_method") == "platform"
    asked = (
        reposts.join(names, on="account_id", how="left", maintain_order="left")
        .with_columns(
            pl.col("parent_id").alias("true_parent_id"),
            (by_platform if names_parents else pl.lit(False)).alias("has_pid"),
        )
        .drop("parent_id", "parent_method")
    )
    return pl.concat([find_parents(asked).select(rows.columns), others])


def _counters(emulator: WeiboEmulator, keys: list[str]) -> pl.DataFrame:
    standing = [key for key in keys if key not in emulator.deleted_posts]
    return pl.DataFrame(
        [
            (emulator.world.posts["platform"].item(0), key, *emulator.counts(key))
            for key in standing
        ],
        schema={
            "platform": pl.String,
            "post_id": pl.String,
            "reposts_count": pl.Int64,
            "comments_count": pl.Int64,
            "likes_count": pl.Int64,
        },
        orient="row",
    ).with_columns(pl.lit(utc_moment(int(emulator.now)), UTC_TIME).alias("observed_at"))
