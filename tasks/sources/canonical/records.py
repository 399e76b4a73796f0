"""The canonical tables as files: Parquet or CSV, whatever the platform."""

from __future__ import annotations

from typing import Any

from tasks.sources.file_format import FileFormat, gives
from tasks.warehouse.raw_tables import FLAG, TEXT, RawTable

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
)

FORMATS = (CANONICAL,)

RAW_TABLES = {
    f"canonical_{table}": RawTable((CANONICAL.name,), (table,), schema)
    for table, schema in SCHEMAS.items()
}
