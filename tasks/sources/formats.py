"""File formats as data: what a record is, its kind, its day, its wire schema.

`kind_sql` and `time_sql` are DuckDB expressions over `parts`, the list of texts
at `paths` in a record (one parse for all of them), and `file_kind`, what the
file's own name says. A record whose kind is null has a shape nobody knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath

COMPRESSIONS = ("", ".gz", ".zst")


@dataclass(frozen=True)
class FileFormat:
    """How files of one format are read."""

    name: str
    suffixes: tuple[str, ...]
    paths: tuple[str, ...]
    kind_sql: str
    time_sql: str
    # Stem -> kind where the file's name tells it; empty where the shape does.
    file_kinds: Mapping[str, str]
    # The folder that holds a file names the root post of its records.
    folder_is_root: bool = False


# Weibo writes times as `Wed Mar 04 10:30:00 +0800 2026`; a leap second is
# counted as the second before it.
WEIBO_TIME = (
    "try_strptime(replace(replace({0}, ':60 +', ':59 +'), ':60 -', ':59 -'),"
    " '%a %b %d %H:%M:%S %z %Y')"
)

WEIBO_API = FileFormat(
    name="weibo-api",
    suffixes=(".json", ".jsonl", ".ndjson"),
    paths=(
        "$.created_at",
        "$.screen_name",
        "$.retweeted_status.id",
        "$.status.id",
        "$.text",
        "$.rootid",
        "$.reply_comment.id",
    ),
    kind_sql="""case
        when parts[2] is not null then 'user'
        when parts[3] is not null then 'repost'
        when coalesce(parts[4], parts[6], parts[7]) is not null then 'comment'
        when parts[5] is not null then 'status'
    end""",
    # A profile's own time is its registration, years ago: no day of ours.
    time_sql=f"case when parts[2] is null then {WEIBO_TIME.format('parts[1]')} end",
    file_kinds={},
)

MWEIBO = FileFormat(
    name="mweibo",
    suffixes=(".json", ".jsonl", ".ndjson"),
    paths=("$.created_at", "$.id", "$.idstr"),
    kind_sql=("case when coalesce(parts[2], parts[3]) is not null then file_kind end"),
    time_sql=WEIBO_TIME.format("parts[1]"),
    file_kinds={"detail": "status", "reposts": "repost", "comments": "comment"},
    folder_is_root=True,
)

CANONICAL_TABLES = ("accounts", "posts", "post_counters", "interactions", "follows")

CANONICAL = FileFormat(
    name="canonical",
    suffixes=(".parquet", ".csv"),
    paths=("$.acted_at", "$.posted_at", "$.observed_at"),
    kind_sql="file_kind",
    time_sql=(
        "try_cast(coalesce(parts[1], parts[2], parts[3]) as timestamp with time zone)"
    ),
    file_kinds={table: table for table in CANONICAL_TABLES},
)

FORMATS = {format.name: format for format in (WEIBO_API, MWEIBO, CANONICAL)}


def data_suffix(path: PurePath) -> str:
    """The suffix without a compression's: `reposts.json.gz` -> `.json`."""
    name = path.name.lower().removesuffix(".gz").removesuffix(".zst")
    return PurePath(name).suffix


def data_stem(path: PurePath) -> str:
    """The name without suffixes: `reposts.json.gz` -> `reposts`."""
    return path.name.split(".")[0].lower()
