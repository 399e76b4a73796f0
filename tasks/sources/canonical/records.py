"""The canonical tables as files, and tables of one's own that become such records."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tasks.sources.file_format import FileFormat, gives
from tasks.warehouse.raw_tables import COUNT, FLAG, TABLE_CONTEXT, TEXT, RawTable

SCHEMAS: dict[str, dict[str, Any]] = {
    "accounts": {
        "platform": TEXT,
        "account_id": TEXT,
        "screen_name": TEXT,
        "display_name": TEXT,
        "description": TEXT,
        "location": TEXT,
        "gender": TEXT,
        "avatar_url": TEXT,
        "is_verified": FLAG,
        "verified_type": TEXT,
        "followers_count": TEXT,
        "following_count": TEXT,
        "mutual_count": TEXT,
        "posts_count": TEXT,
        "likes_count": TEXT,
        "level": TEXT,
        "registered_at": TEXT,
        "observed_at": TEXT,
    },
    "posts": {
        "platform": TEXT,
        "post_id": TEXT,
        "account_id": TEXT,
        "posted_at": TEXT,
        "text": TEXT,
        "client": TEXT,
        "region": TEXT,
        "links": TEXT,
        "hashtags": TEXT,
        "mentions": TEXT,
        "media_count": TEXT,
        "media_kind": TEXT,
        "is_deleted": FLAG,
        "observed_at": TEXT,
    },
    "post_counters": {
        "platform": TEXT,
        "post_id": TEXT,
        "observed_at": TEXT,
        "reposts_count": TEXT,
        "comments_count": TEXT,
        "likes_count": TEXT,
        "reads_count": TEXT,
    },
    "interactions": {
        "platform": TEXT,
        "interaction_id": TEXT,
        "kind": TEXT,
        "account_id": TEXT,
        "author_name": TEXT,
        "root_post_id": TEXT,
        "parent_id": TEXT,
        "parent_method": TEXT,
        "acted_at": TEXT,
        "text": TEXT,
        "likes_count": TEXT,
        "observed_at": TEXT,
    },
    "follows": {
        "platform": TEXT,
        "account_id": TEXT,
        "follower_id": TEXT,
        "observed_at": TEXT,
    },
    "hot_topics": {
        "platform": TEXT,
        "board": TEXT,
        "topic": TEXT,
        "observed_at": TEXT,
        "place": TEXT,
        "heat": TEXT,
        "category": TEXT,
    },
}

CANONICAL = FileFormat(
    name="canonical",
    suffixes=(".parquet", ".csv"),
    paths=("$.acted_at", "$.posted_at", "$.observed_at"),
    kind_sql="file_kind",
    gives=gives(
        "repost comment like mention",
        "repost comment like read",
        followers=True,
        follower_lists=True,
    ),
    time_sql=(
        "try_cast(coalesce(parts[1], parts[2], parts[3]) as timestamp with time zone)"
    ),
    file_kinds={table: table for table in SCHEMAS},
    names_networks=True,
)


def _read(*values: Any) -> Iterator[Any]:
    """As `read_mapped`, which is loaded where a file is read."""
    from tasks.sources.canonical.mapped import read_mapped

    return read_mapped(*values)


TABLE = FileFormat(
    name="table",
    suffixes=(
        ".csv",
        ".tsv",
        ".xlsx",
        ".xlsm",
        ".parquet",
        ".db",
        ".sqlite",
        ".sqlite3",
    ),
    paths=(f"$.{TABLE_CONTEXT}.table", *CANONICAL.paths),
    kind_sql="parts[1]",
    # What it can tell at best; what a source's columns tell: `tasks.sources.gives`.
    gives=CANONICAL.gives,
    time_sql=(
        "try_cast(coalesce(parts[2], parts[3], parts[4]) as timestamp with time zone)"
    ),
    names_networks=True,
    read=_read,
)

FORMATS = (CANONICAL, TABLE)

RAW_TABLES = {
    f"canonical_{table}": RawTable(
        tuple(form.name for form in FORMATS),
        (table,),
        # How far ahead of UTC the clocks are; canonical tables write UTC.
        {**schema, TABLE_CONTEXT: {"zone_hours": COUNT}},
    )
    for table, schema in SCHEMAS.items()
}
