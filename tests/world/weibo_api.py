"""Worlds as objects of Weibo's open API, version 2, as JSON.

The texts of many objects are put together column by column, which is what
makes millions of them affordable.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO, Literal

import polars as pl

from . import weibo_objects as weibo
from .json_lines import Compression, escaped, open_packed, write_column
from .spec import World

Layout = Literal["lines", "arrays", "envelopes"]

CHUNK_ROWS = 50_000
PAGE_ROWS = 50


class WeiboApiWriter:
    """Writes interactions to files, a block of whole threads at a time."""

    def __init__(
        self,
        folder: Path,
        accounts: pl.DataFrame,
        posts: pl.DataFrame,
        *,
        compression: Compression = "none",
        layout: Layout = "lines",
        shards: int = 1,
    ) -> None:
        """Open the files.

        Args:
            folder: made if need be.
            accounts: all accounts.
            posts: all posts, with their counts (see `with_counts`).
            compression: of the files.
            layout: JSON lines, a JSON array per file, or answer pages.
            shards: number of files for reposts and for comments.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._compression = compression
        self._layout = layout
        self._accounts = accounts
        self._posts = weibo.posts(posts, accounts)
        self._stack = ExitStack()
        self._begun: set[int] = set()
        self._turn = 0
        self._streams = {
            name: [
                self._open(name if shards == 1 else f"{name}-{shard:03d}")
                for shard in range(shards)
            ]
            for name in ("reposts", "comments")
        }

    def __enter__(self) -> WeiboApiWriter:
        """Return the writer."""
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Write posts and users and end the files."""
        with self._stack:
            if error is None:
                self._finish()

    def write_interactions(self, interactions: pl.DataFrame) -> None:
        """Write the reposts and comments of whole threads.

        Likes and mentions have no objects of their own in the API.
        """
        for kind, name in (("repost", "reposts"), ("comment", "comments")):
            rows = interactions.filter(pl.col("kind") == kind)
            texts = rows.select(
                pl.col("interaction_id").alias("parent_id"),
                escaped("text").alias("parent_text"),
            )
            parts = weibo.repost() if kind == "repost" else weibo.comment()
            if self._layout == "envelopes":
                self._put(name, _pages(rows, self._objects(rows, texts, parts), name))
                continue
            for chunk in rows.iter_slices(CHUNK_ROWS):
                self._put(name, self._objects(chunk, texts, parts))

    def _open(self, stem: str) -> IO[bytes]:
        suffix = "json" if self._layout == "arrays" else "jsonl"
        path = self._folder / f"{stem}.{suffix}"
        stream = self._stack.enter_context(open_packed(path, self._compression))
        if self._layout == "arrays":
            stream.write(b"[\n")
        return stream

    def _objects(
        self, chunk: pl.DataFrame, texts: pl.DataFrame, parts: list[pl.Expr]
    ) -> pl.Series:
        users = self._accounts.join(
            chunk.select("account_id").unique(), on="account_id", how="semi"
        ).select("account_id", *weibo.user_columns())
        return (
            chunk.join(users, on="account_id", how="left", maintain_order="left")
            .join(self._posts, on="root_post_id", how="left", maintain_order="left")
            .join(texts, on="parent_id", how="left", maintain_order="left")
            .select(pl.concat_str(parts))
            .to_series()
        )

    def _put(self, name: str, objects: pl.Series) -> None:
        streams = self._streams[name]
        size = -(-len(objects) // len(streams)) or 1
        for offset in range(0, len(objects), size):
            self._write(streams[self._turn % len(streams)], objects.slice(offset, size))
            self._turn += 1

    def _write(self, stream: IO[bytes], objects: pl.Series) -> None:
        if self._layout != "arrays":
            write_column(stream, objects)
        elif len(objects):
            if id(stream) in self._begun:
                stream.write(b",\n")
            self._begun.add(id(stream))
            write_column(stream, objects.head(-1) + ",")
            write_column(stream, objects.tail(1))

    def _finish(self) -> None:
        stream = self._open("statuses")
        self._streams["statuses"] = [stream]
        self._write(stream, self._listed(self._posts["status"], "statuses"))
        stream = self._open("users")
        self._streams["users"] = [stream]
        for chunk in self._accounts.iter_slices(CHUNK_ROWS):
            users = chunk.select("account_id", *weibo.user_columns()).select(
                pl.concat_str(weibo.user(pl.col("account_id")))
            )
            self._write(stream, self._listed(users.to_series(), "users"))
        if self._layout == "arrays":
            for streams in self._streams.values():
                for stream in streams:
                    stream.write(b"\n]\n" if id(stream) not in self._begun else b"]\n")

    def _listed(self, objects: pl.Series, name: str) -> pl.Series:
        if self._layout != "envelopes":
            return objects
        pages = [
            f'{{"{name}":[{",".join(objects.slice(place, PAGE_ROWS))}],'
            f'"total_number":{len(objects)}}}'
            for place in range(0, len(objects), PAGE_ROWS)
        ]
        return pl.Series(pages, dtype=pl.String)


def write_weibo_api(
    world: World,
    folder: Path,
    *,
    compression: Compression = "none",
    layout: Layout = "lines",
    shards: int = 1,
) -> None:
    """Write a world as `statuses`, `reposts`, `comments` and `users` files."""
    with WeiboApiWriter(
        folder,
        world.accounts,
        with_counts(world.posts, world.post_counters),
        compression=compression,
        layout=layout,
        shards=shards,
    ) as writer:
        writer.write_interactions(world.interactions)


def with_counts(posts: pl.DataFrame, counters: pl.DataFrame) -> pl.DataFrame:
    """Posts with their newest counters."""
    newest = counters.sort("observed_at").group_by("post_id").last()
    return posts.join(
        newest.select("post_id", "reposts_count", "comments_count", "likes_count"),
        on="post_id",
        how="left",
        maintain_order="left",
    )


def _pages(rows: pl.DataFrame, objects: pl.Series, name: str) -> pl.Series:
    """Answers of the API: a thread's newest first, 50 to a page."""
    frame = pl.DataFrame(
        {
            "root": rows["root_post_id"],
            "key": rows["interaction_id"],
            "object": objects,
        }
    ).sort("root", pl.col("key").cast(pl.Int64), descending=[False, True])
    pages = (
        frame.with_columns(
            page=pl.int_range(pl.len()).over("root") // PAGE_ROWS,
            total=pl.len().over("root"),
        )
        .group_by("root", "page", maintain_order=True)
        .agg(
            pl.col("object").str.join(","),
            pl.col("total").first(),
            pl.col("key").last(),
        )
        .with_columns(
            cursor=pl.when((pl.col("page") + 1) * PAGE_ROWS < pl.col("total"))
            .then("key")
            .otherwise(pl.lit("0"))
        )
    )
    return pages.select(
        pl.concat_str(
            pl.lit(f'{{"{name}":['),
            "object",
            pl.lit('],"hasvisible":false,"previous_cursor":0,"next_cursor":'),
            "cursor",
            pl.lit(',"total_number":'),
            "total",
            pl.lit("}"),
        )
    ).to_series()
