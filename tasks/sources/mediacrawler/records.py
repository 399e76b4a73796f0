"""Files of the program MediaCrawler: posts, comments and profiles of seven networks.

Both generations: with ids and profiles until June 2026; since July a digest of the id
(`creator_hash`) and a masked name are all that it keeps of people. A digest tells
accounts apart and nothing else of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tasks.sources.file_format import FileFormat, gives
from tasks.warehouse.raw_tables import TABLE_CONTEXT, TEXT, RawTable


def _read(*values: Any) -> Iterator[Any]:
    """As `read_mediacrawler`, which is loaded where a file is read."""
    from tasks.sources.mediacrawler.tables import read_mediacrawler

    return read_mediacrawler(*values)


MEDIACRAWLER = FileFormat(
    name="mediacrawler",
    suffixes=(".csv", ".json", ".jsonl", ".xlsx", ".db", ".sqlite"),
    paths=(
        f"$.{TABLE_CONTEXT}.kind",
        "$.create_date_time",
        "$.create_time",
        "$.time",
        "$.created_time",
        "$.publish_time",
    ),
    kind_sql="parts[1]",
    time_sql="""coalesce(
        try_cast(parts[2] as timestamp with time zone),
        case length(coalesce(parts[3], parts[4], parts[5]))
            when 10
                then to_timestamp(
                    try_cast(coalesce(parts[3], parts[4], parts[5]) as bigint)
                )
            when 13
                then to_timestamp(
                    try_cast(coalesce(parts[3], parts[4], parts[5]) as bigint) // 1000
                )
        end,
        try_cast(parts[6] as timestamp) at time zone 'Asia/Shanghai'
    )""",
    gives=gives("comment", "repost comment like read", followers=True),
    # Lists of whom somebody follows, of one network and one generation.
    kept_kinds=("contact",),
    names_networks=True,
    read=_read,
)

FORMATS = (MEDIACRAWLER,)


def _texts(names: str) -> dict[str, Any]:
    return dict.fromkeys(names.split(), TEXT)


_OF_ALL = (
    "platform user_id creator_hash nickname user_nickname user_name last_modify_ts"
)
_NAMES = (MEDIACRAWLER.name,)
RAW_TABLES = {
    "mediacrawler_posts": RawTable(
        _NAMES,
        ("post",),
        _texts(
            f"{_OF_ALL} note_id aweme_id video_id content_id dynamic_id title desc"
            " content content_text text create_date_time create_time time created_time"
            " publish_time pub_ts liked_count voteup_count total_liked comments_count"
            " comment_count video_comment total_replay_num total_comments shared_count"
            " share_count video_share_count total_forwards video_play_count viewd_count"
            " ip_location tag_list image_list avatar type"
        ),
    ),
    "mediacrawler_comments": RawTable(
        _NAMES,
        ("comment",),
        _texts(
            f"{_OF_ALL} comment_id parent_comment_id note_id aweme_id video_id"
            " content_id content create_date_time create_time publish_time like_count"
            " comment_like_count"
        ),
    ),
    "mediacrawler_creators": RawTable(
        _NAMES,
        ("creator",),
        _texts(
            f"{_OF_ALL} desc sign gender sex ip_location avatar user_avatar fans"
            " total_fans follows videos_count is_official"
        ),
    ),
}
