"""Wire schemas: which fields of a landed record become columns, and their type.

DuckDB's JSON structure syntax as nested dictionaries. A value of another type
than declared (a count as text, `comments: false`) is converted where it can be
and null where it can't; the raw record stays in landing.
"""

from __future__ import annotations

from typing import Any

_TEXT, _COUNT, _FLAG = "VARCHAR", "BIGINT", "BOOLEAN"

# Weibo Open API v2 and m.weibo.cn differ in names (friends_count,
# follow_count) and types, not in structure: one schema reads both.
WEIBO_USER: dict[str, Any] = {
    "id": _TEXT,
    "idstr": _TEXT,
    "screen_name": _TEXT,
    "name": _TEXT,
    "location": _TEXT,
    "description": _TEXT,
    "gender": _TEXT,
    "profile_image_url": _TEXT,
    "avatar_large": _TEXT,
    "avatar_hd": _TEXT,
    "followers_count": _TEXT,
    "friends_count": _TEXT,
    "follow_count": _TEXT,
    "bi_followers_count": _TEXT,
    "statuses_count": _TEXT,
    "favourites_count": _TEXT,
    "urank": _COUNT,
    "verified": _FLAG,
    "verified_type": _COUNT,
    "created_at": _TEXT,
}

_STATUS_BASE: dict[str, Any] = {
    "id": _TEXT,
    "idstr": _TEXT,
    "created_at": _TEXT,
    "text": _TEXT,
    "raw_text": _TEXT,
    "source": _TEXT,
    "region_name": _TEXT,
    "deleted": _TEXT,
    "pic_num": _COUNT,
    "pic_ids": [_TEXT],
    "pic_urls": [{"thumbnail_pic": _TEXT}],
    "reposts_count": _TEXT,
    "comments_count": _TEXT,
    "attitudes_count": _TEXT,
    "reads": _TEXT,
    "user": WEIBO_USER,
}

WEIBO_STATUS: dict[str, Any] = {
    **_STATUS_BASE,
    "pid": _TEXT,
    "pidstr": _TEXT,
    "retweeted_status": _STATUS_BASE,
}

_COMMENT_BASE: dict[str, Any] = {
    "id": _TEXT,
    "idstr": _TEXT,
    "created_at": _TEXT,
    "text": _TEXT,
    "like_count": _TEXT,
    "user": WEIBO_USER,
    "rootid": _TEXT,
    "reply_comment": {"id": _TEXT, "idstr": _TEXT},
}

WEIBO_COMMENT: dict[str, Any] = {
    **_COMMENT_BASE,
    "status": {**_STATUS_BASE},
    "comments": [_COMMENT_BASE],
}

CANONICAL: dict[str, dict[str, Any]] = {
    "accounts": {
        "platform": _TEXT,
        "account_id": _TEXT,
        "screen_name": _TEXT,
        "display_name": _TEXT,
        "description": _TEXT,
        "location": _TEXT,
        "gender": _TEXT,
        "avatar_url": _TEXT,
        "is_verified": _FLAG,
        "verified_type": _TEXT,
        "followers_count": _TEXT,
        "following_count": _TEXT,
        "mutual_count": _TEXT,
        "posts_count": _TEXT,
        "likes_count": _TEXT,
        "level": _TEXT,
        "registered_at": _TEXT,
        "observed_at": _TEXT,
    },
    "posts": {
        "platform": _TEXT,
        "post_id": _TEXT,
        "account_id": _TEXT,
        "posted_at": _TEXT,
        "text": _TEXT,
        "client": _TEXT,
        "region": _TEXT,
        "links": _TEXT,
        "hashtags": _TEXT,
        "mentions": _TEXT,
        "media_count": _TEXT,
        "is_deleted": _FLAG,
        "observed_at": _TEXT,
    },
    "post_counters": {
        "platform": _TEXT,
        "post_id": _TEXT,
        "observed_at": _TEXT,
        "reposts_count": _TEXT,
        "comments_count": _TEXT,
        "likes_count": _TEXT,
        "reads_count": _TEXT,
    },
    "interactions": {
        "platform": _TEXT,
        "interaction_id": _TEXT,
        "kind": _TEXT,
        "account_id": _TEXT,
        "root_post_id": _TEXT,
        "parent_id": _TEXT,
        "parent_method": _TEXT,
        "acted_at": _TEXT,
        "text": _TEXT,
        "likes_count": _TEXT,
        "observed_at": _TEXT,
    },
    "follows": {
        "platform": _TEXT,
        "account_id": _TEXT,
        "follower_id": _TEXT,
        "observed_at": _TEXT,
    },
}

# The raw table of each landed kind, and what of its records becomes columns.
RAW_TABLES: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "weibo_statuses": (("status", "repost"), WEIBO_STATUS),
    "weibo_comments": (("comment",), WEIBO_COMMENT),
    "weibo_users": (("user",), WEIBO_USER),
    **{f"canonical_{table}": ((table,), schema) for table, schema in CANONICAL.items()},
}
