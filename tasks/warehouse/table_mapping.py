"""What a table of one's own says, column by column: `[sources.table]`.

Columns stand under the names of the canonical tables. A row of posts may also tell the
post's counters and its author's profile, a row of interactions who acted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Container
from datetime import datetime, timedelta
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

RowsOf = Literal[
    "posts",
    "reposts",
    "comments",
    "likes",
    "interactions",
    "accounts",
    "follows",
    "post_counters",
]
ROWS: tuple[RowsOf, ...] = get_args(RowsOf)
# What rows of these are, where no column says it.
KIND_OF_ROWS: dict[str, str] = {
    "reposts": "repost",
    "comments": "comment",
    "likes": "like",
}
# What rows tell of the account that wrote, acted or follows.
PROFILE = (
    "screen_name",
    "display_name",
    "description",
    "location",
    "gender",
    "avatar_url",
    "is_verified",
    "verified_type",
    "followers_count",
    "following_count",
    "mutual_count",
    "posts_count",
    "level",
    "registered_at",
)
COUNTERS = ("reposts_count", "comments_count", "likes_count", "reads_count")
_POST = (
    "post_id",
    "account_id",
    "posted_at",
    "root_post_id",
    "text",
    "client",
    "region",
    "links",
    "hashtags",
    "mentions",
    "media_count",
    "is_deleted",
)
_ACT = (
    "interaction_id",
    "account_id",
    "root_post_id",
    "parent_id",
    "acted_at",
    "text",
    "likes_count",
)
_EVERYWHERE = ("platform", "observed_at")
COLUMNS: dict[str, tuple[str, ...]] = {
    "posts": (*_POST, *COUNTERS, *PROFILE, *_EVERYWHERE),
    "reposts": (*_ACT, *PROFILE, *_EVERYWHERE),
    "comments": (*_ACT, *PROFILE, *_EVERYWHERE),
    "likes": (*_ACT, *PROFILE, *_EVERYWHERE),
    "interactions": ("kind", *_ACT, *PROFILE, *_EVERYWHERE),
    "accounts": ("account_id", *PROFILE, "likes_count", *_EVERYWHERE),
    "follows": ("account_id", "follower_id", *PROFILE, *_EVERYWHERE),
    "post_counters": ("post_id", *COUNTERS, *_EVERYWHERE),
}
# Without these a row says nothing that has a place.
NEEDED: dict[str, tuple[str, ...]] = {
    "posts": ("post_id", "posted_at"),
    "reposts": ("root_post_id", "acted_at"),
    "comments": ("root_post_id", "acted_at"),
    "likes": ("root_post_id",),
    "interactions": ("kind", "root_post_id", "acted_at"),
    "accounts": ("account_id",),
    "follows": ("account_id", "follower_id"),
    "post_counters": ("post_id",),
}


def lacking_of(rows: str, told: Container[str]) -> list[str]:
    """Columns that rows need and that nothing tells.

    A post without an id, as creators' own downloads have them, is known by its time and
    its words.

    Args:
        rows: what a row is.
        told: canonical names of columns that are told.
    """
    return [
        name
        for name in NEEDED[rows]
        if name not in told
        and not (rows == "posts" and name == "post_id" and "text" in told)
    ]


class TableMapping(BaseModel):
    """How the columns of a table are to be read.

    Attributes:
        rows: what one row is.
        columns: canonical column -> the table's own name of it.
        constants: canonical column -> what it is on every row; the column's value goes
            before where the table has one.
        time_zone: of clocks that tell no zone.
        time_format: of times, as `strptime` has it, where they are written so that
            nobody could tell (03/04/2026); the common forms need none.
        decimal_mark: of counts; the other mark parts thousands.
        sheet: of a spreadsheet, or the table of a database; the only one where it is
            not named.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    rows: RowsOf
    columns: dict[str, str] = Field(min_length=1)
    constants: dict[str, str] = {}
    time_zone: str
    time_format: str | None = Field(default=None, min_length=1)
    decimal_mark: Literal[".", ","] = "."
    sheet: str | None = Field(default=None, min_length=1)

    @property
    def digest(self) -> str:
        """Differs where anything of it does: files are read again then."""
        told = self.model_dump_json()
        return hashlib.sha256(told.encode()).hexdigest()[:16]

    def tells(self, column: str) -> bool:
        """Whether rows say something under a canonical name."""
        return column in self.columns or column in self.constants

    def hours_ahead(self, moment: datetime) -> int:
        """How far the clocks are ahead of UTC at a moment that they tell."""
        ahead = moment.replace(tzinfo=ZoneInfo(self.time_zone)).utcoffset()
        return round((ahead or timedelta()) / timedelta(hours=1))

    @property
    def steady_hours(self) -> int | None:
        """As `hours_ahead`, where it is the same all the year; else None."""
        # Nobody changes clocks oftener than in half a year.
        found = {
            self.hours_ahead(datetime(year, month, 1))  # noqa: DTZ001
            for year in range(2008, 2028)
            for month in (1, 7)
        }
        return found.pop() if len(found) == 1 else None


def is_of_whole_hours(zone: str) -> bool:
    """Whether a time zone is whole hours away from UTC."""
    return not any(
        (datetime(2026, month, 1, tzinfo=ZoneInfo(zone)).utcoffset() or timedelta())
        % timedelta(hours=1)
        for month in (1, 7)
    )
