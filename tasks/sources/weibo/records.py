"""Sina Weibo: what the open API v2 and m.weibo.cn write."""

from __future__ import annotations

from typing import Any

from tasks.sources.file_format import FileFormat, gives
from tasks.warehouse.raw_tables import COUNT, FLAG, TEXT, RawTable

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
    # Reads only of the token's own accounts and of media, from a commercial endpoint.
    gives=gives(
        "repost comment",
        "repost comment like read",
        commercial_counters="read",
        followers=True,
        follower_lists=True,
    ),
    # What an API's request says of its answer goes before the shape.
    kind_sql="""case
        when file_kind is not null then file_kind
        when parts[2] is not null then 'user'
        when parts[3] is not null then 'repost'
        when coalesce(parts[4], parts[6], parts[7]) is not null then 'comment'
        when parts[5] is not null then 'status'
    end""",
    # A profile's own time is its registration, years ago: no day of ours.
    time_sql=f"case when parts[2] is null then {WEIBO_TIME.format('parts[1]')} end",
)

MWEIBO = FileFormat(
    name="mweibo",
    suffixes=(".json", ".jsonl", ".ndjson"),
    paths=("$.created_at", "$.id", "$.idstr"),
    kind_sql=("case when coalesce(parts[2], parts[3]) is not null then file_kind end"),
    time_sql=WEIBO_TIME.format("parts[1]"),
    file_kinds={"detail": "status", "reposts": "repost", "comments": "comment"},
    folder_is_root=True,
    gives=gives("repost comment", "repost comment like", followers=True),
    speaker="m.weibo.cn",
)

# Weibo Open API v2 and m.weibo.cn differ in names (friends_count,
# follow_count) and types, not in structure: one schema reads both.
WEIBO_USER: dict[str, Any] = {
    "id": TEXT,
    "idstr": TEXT,
    "screen_name": TEXT,
    "name": TEXT,
    "location": TEXT,
    "description": TEXT,
    "gender": TEXT,
    "profile_image_url": TEXT,
    "avatar_large": TEXT,
    "avatar_hd": TEXT,
    "followers_count": TEXT,
    "friends_count": TEXT,
    "follow_count": TEXT,
    "bi_followers_count": TEXT,
    "statuses_count": TEXT,
    "favourites_count": TEXT,
    "urank": COUNT,
    "verified": FLAG,
    "verified_type": COUNT,
    "created_at": TEXT,
}

_STATUS_BASE: dict[str, Any] = {
    "id": TEXT,
    "idstr": TEXT,
    "created_at": TEXT,
    "text": TEXT,
    "raw_text": TEXT,
    "source": TEXT,
    "region_name": TEXT,
    "deleted": TEXT,
    "pic_num": COUNT,
    "pic_ids": [TEXT],
    "pic_urls": [{"thumbnail_pic": TEXT}],
    "page_info": {"type": TEXT},
    "reposts_count": TEXT,
    "comments_count": TEXT,
    "attitudes_count": TEXT,
    "reads": TEXT,
    "user": WEIBO_USER,
}

WEIBO_STATUS: dict[str, Any] = {
    **_STATUS_BASE,
    "pid": TEXT,
    "pidstr": TEXT,
}

_COMMENT_BASE: dict[str, Any] = {
    "id": TEXT,
    "idstr": TEXT,
    "created_at": TEXT,
    "text": TEXT,
    "like_count": TEXT,
    "deleted": TEXT,
    "user": WEIBO_USER,
    "rootid": TEXT,
    "reply_comment": {"id": TEXT, "idstr": TEXT},
}

WEIBO_COMMENT: dict[str, Any] = {
    **_COMMENT_BASE,
    "comments": [_COMMENT_BASE],
}

FORMATS = (WEIBO_API, MWEIBO)

_NAMES = tuple(form.name for form in FORMATS)
RAW_TABLES = {
    # A root post stands in thousands of reposts and comments.
    "weibo_statuses": RawTable(
        _NAMES,
        ("status", "repost"),
        WEIBO_STATUS,
        time_field="created_at",
        embedded={"retweeted_status": _STATUS_BASE},
    ),
    "weibo_comments": RawTable(
        _NAMES,
        ("comment",),
        WEIBO_COMMENT,
        time_field="created_at",
        embedded={"status": _STATUS_BASE},
    ),
    "weibo_followers": RawTable(_NAMES, ("follower",), WEIBO_USER, is_profile=True),
    "weibo_counts": RawTable(
        _NAMES,
        ("count",),
        {
            "id": TEXT,
            "reposts": TEXT,
            "comments": TEXT,
            "attitudes": TEXT,
            "reads": TEXT,
        },
    ),
    # A profile's `created_at` is its registration, which is no time of the record.
    "weibo_users": RawTable(_NAMES, ("user",), WEIBO_USER, is_profile=True),
}
