"""A world's posts, answers and profiles as Weibo's emulator holds them.

Texts of objects are made once, without what differs from answer to answer: the
author's profile, the root post, counters. A page puts the pieces together.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tests.emulators.shelves import Shelf
from tests.world import World
from tests.world import weibo_objects as objects


def like_seconds(world: World) -> dict[str, NDArray[np.int64]]:
    """When each post was liked, in order: likes have no list of their own."""
    likes = world.interactions.filter(pl.col("kind") == "like")
    moments = likes.group_by("root_post_id").agg(
        pl.col("acted_at").dt.epoch("s").sort()
    )
    return {key: np.asarray(found) for key, found in moments.iter_rows()}


class Rows:
    """Posts, reposts or comments, and what became of some of them."""

    def __init__(self, shelf: Shelf, author: str) -> None:
        self.shelf = shelf
        self.authors: list[str | None] = shelf.rows[author].to_list()
        self.deleted: set[int] = set()
        self.hidden: set[int] = set()
        self.edited: dict[int, str] = {}

    def delete(self, key: int) -> None:
        """Take a row away for everybody."""
        self.deleted.add(self.shelf.place[key])
        self.shelf.absent.add(self.shelf.place[key])

    def hide(self, key: int) -> None:
        """Keep a row for its author alone."""
        self.hidden.add(self.shelf.place[key])
        self.shelf.absent.add(self.shelf.place[key])

    def restore(self, key: int) -> None:
        """Take `delete` and `hide` back."""
        for places in (self.deleted, self.hidden, self.shelf.absent):
            places.discard(self.shelf.place[key])

    def edit(self, key: int, text: str) -> None:
        """Change a row's text."""
        raise NotImplementedError


class Answers(Rows):
    """Reposts or comments: texts of unfinished objects, without user and root."""

    def __init__(self, shelf: Shelf, parts: list[pl.Expr]) -> None:
        super().__init__(shelf, "account_id")
        self.parents: list[str] = shelf.rows["parent_id"].to_list()
        self.roots: list[str] = shelf.rows["root_post_id"].to_list()
        self._parts = parts
        self.series = shelf.rows.select(pl.concat_str(parts)).to_series()

    def count(self, key: str, now: float) -> int:
        """What the post's counter says: private rows count, deleted ones don't."""
        return self.shelf.count(key, now, self.deleted)

    def edit(self, key: int, text: str) -> None:
        """Change the text."""
        place = self.shelf.place[key]
        row = self.shelf.rows[place].with_columns(pl.lit(text).alias("text"))
        self.edited[place] = row.select(pl.concat_str(self._parts)).item()


def answers_of(world: World, kind: str, *, names: bool) -> Answers:
    rows = world.interactions.filter(pl.col("kind") == kind)
    shelf = Shelf(rows, "root_post_id", "interaction_id", "acted_at")
    if kind == "repost":
        parts = [
            *objects.answer_head(),
            *([objects.platform_parent()] if names else []),
            *objects.repost_counts(),
        ]
    else:
        parts = [
            *objects.answer_head(),
            pl.lit('"like_count":'),
            pl.col("likes_count"),
            pl.lit(',"disable_reply":0,"floor_number":0'),
        ]
    return Answers(shelf, parts)


class Posts(Rows):
    """Posts by author: texts of unfinished objects, without user and counters."""

    def __init__(self, world: World, *, shows_deleted: bool) -> None:
        shelf = Shelf(world.posts, "account_id", "post_id", "posted_at")
        super().__init__(shelf, "account_id")
        self._shows_deleted = shows_deleted
        self._posts = shelf.rows.drop("_id")
        self.writers: list[str] = self._posts["account_id"].to_list()
        whole = objects.whole_posts(self._posts)
        self.texts: list[str] = whole["kept"].to_list()
        self.remains: list[str] = whole["gone"].to_list()
        self.plain: list[str] = self._posts["text"].to_list()
        self.by_time: list[int] = np.argsort(-shelf.ids, kind="stable").tolist()
        for key in self._posts.filter("is_deleted")["post_id"]:
            self.delete(int(key))

    def delete(self, key: int) -> None:
        """Leave of a post what is shown of a deleted one, or nothing."""
        if self._shows_deleted:
            self.deleted.add(self.shelf.place[key])
        else:
            super().delete(key)

    def edit(self, key: int, text: str) -> None:
        """Change the text."""
        place = self.shelf.place[key]
        row = self._posts[place].with_columns(pl.lit(text).alias("text"))
        self.texts[place] = objects.whole_posts(row)["kept"].item()
        self.plain[place] = text


class Accounts:
    """Profiles as they were seen at a time."""

    def __init__(self, world: World) -> None:
        frame = pl.concat([world.account_history, world.accounts]).with_columns(
            pl.col("observed_at").dt.epoch("s").alias("second")
        )
        parts = frame.select(
            "account_id",
            "second",
            "screen_name",
            "followers_count",
            "following_count",
            "posts_count",
            *objects.user_columns(whole=True),
        )
        self._heads = parts["user_head"]
        self._bases = parts["avatar_base"]
        self._signed = parts["avatar_signed"].to_list()
        self._counts = parts.select(
            "followers_count", "following_count", "posts_count"
        ).rows()
        self.place: dict[str, list[tuple[int, int]]] = {}
        for place, (key, second) in enumerate(
            parts.select("account_id", "second").iter_rows()
        ):
            self.place.setdefault(key, []).append((second, place))
        self.named: dict[str, str] = dict(
            parts.select("screen_name", "account_id").iter_rows()
        )
        self.followers: dict[str, list[str]] = dict(
            world.follows.group_by("account_id")
            .agg(pl.col("follower_id").sort())
            .iter_rows()
        )

    def _at(self, key: str, now: float) -> int:
        seen = self.place[key]
        place = seen[0][1]
        for second, later in seen:
            if second <= now:
                place = later
        return place

    def counts(self, key: str, now: float) -> tuple[int, int, int]:
        """Followers, friends and posts of an account."""
        found: tuple[int, int, int] = self._counts[self._at(key, now)]
        return found

    def text(self, key: str, signed_by: str, now: float) -> str:
        """A profile as an object, inside the object with the id `signed_by`."""
        place = self._at(key, now)
        address = self._bases[place]
        if self._signed[place]:
            address += objects.signature_of(signed_by)
        large, hd, end = objects.PICTURE_KEYS
        return f"{self._heads[place]}{address}{large}{address}{hd}{address}{end}"
