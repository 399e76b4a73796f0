"""Objects of Weibo's open API as its answers were recorded: keys and their types."""

from __future__ import annotations

from typing import Any

TEXT, INT, FLAG, LIST = str, int, bool, list


def _all(kind: type, names: str) -> dict[str, Any]:
    return dict.fromkeys(names.split(), kind)


USER = {
    **_all(
        TEXT,
        "idstr screen_name name province city location description url"
        " profile_image_url cover_image_phone profile_url domain weihao gender"
        " created_at remark avatar_large avatar_hd verified_reason verified_trade"
        " verified_reason_url verified_source verified_source_url lang",
    ),
    **_all(
        INT,
        "id class followers_count friends_count pagefriends_count statuses_count"
        " favourites_count verified_type ptype online_status bi_followers_count"
        " star mbtype mbrank block_word block_app credit_score user_ability urank",
    ),
    **_all(
        FLAG,
        "following allow_all_act_msg geo_enabled verified allow_all_comment follow_me",
    ),
}

STATUS: dict[str, Any] = {
    **_all(
        TEXT,
        "created_at mid idstr text source in_reply_to_status_id"
        " in_reply_to_user_id in_reply_to_screen_name",
    ),
    **_all(
        INT,
        "id source_allowclick source_type reposts_count comments_count"
        " attitudes_count mlevel biz_feature userType",
    ),
    **_all(FLAG, "favorited truncated isLongText"),
    **_all(LIST, "pic_urls darwin_tags hot_weibo_tags"),
    "geo": None,
    "visible": {"type": INT, "list_id": INT},
    "user": USER,
}
# What only some posts carry.
STATUS_MORE = {
    **_all(TEXT, "thumbnail_pic bmiddle_pic original_pic region_name rid"),
    "annotations": LIST,
    "appid": INT,
    "pid": INT,
}

REPOST = {
    **STATUS,
    "annotations": LIST,
    "rid": TEXT,
    "retweeted_status": STATUS,
}

DELETED = {
    **_all(
        TEXT,
        "created_at text source mid deleted in_reply_to_status_id"
        " in_reply_to_user_id in_reply_to_screen_name",
    ),
    "id": INT,
    "favorited": FLAG,
    "truncated": FLAG,
    "geo": None,
}

COMMENT: dict[str, Any] = {
    **_all(TEXT, "created_at text source mid idstr"),
    "id": INT,
    "user": USER,
    "status": STATUS,
}
# Of later years; a reply also names what it answers.
COMMENT_MORE: dict[str, Any] = {
    **_all(INT, "rootid floor_number like_count disable_reply"),
    "reply_comment": dict,
}

COUNTS = _all(INT, "id comments reposts attitudes")
READS = _all(INT, "id comments reposts attitudes reads")
USER_COUNTS = _all(
    INT,
    "id followers_count friends_count statuses_count private_friends_count"
    " pagefriends_count",
)
RATE_LIMITS = {
    "api_rate_limits": LIST,
    "limit_time_unit": TEXT,
    "reset_time": TEXT,
    **_all(
        INT,
        "ip_limit remaining_ip_hits remaining_user_hits reset_time_in_seconds"
        " user_limit",
    ),
}
RATE_LIMIT = {
    "api": TEXT,
    "limit": INT,
    "limit_time_unit": TEXT,
    "remaining_hits": INT,
}
TASK = {
    **_all(TEXT, "id q ids province city starttime endtime task_id"),
    **_all(INT, "type hasv onlynum count"),
    "status": FLAG,
}
TOKEN_INFO = {
    **_all(INT, "uid appkey create_at expire_in"),
    "scope": None,
}
NEW_TOKEN = _all(TEXT, "access_token expires_in remind_in uid")


def envelope(name: str, **more: Any) -> dict[str, Any]:
    """An answer that lists something."""
    return {
        name: LIST,
        "previous_cursor": INT,
        "next_cursor": INT,
        "total_number": INT,
        **more,
    }


def differences(
    found: Any, shape: Any, more: dict[str, Any] | None = None, place: str = ""
) -> list[str]:
    """Where a value is not of a shape: keys that lack, are too many, other types."""
    if shape is None:
        return [] if found is None else [f"{place}: not null"]
    if not isinstance(shape, dict):
        return [] if type(found) is shape else [f"{place}: {type(found).__name__}"]
    if not isinstance(found, dict):
        return [f"{place}: no object"]
    more = more or {}
    wrong = [f"{place}.{key}: lacks" for key in shape if key not in found]
    for key, value in found.items():
        if key not in shape and key not in more:
            wrong.append(f"{place}.{key}: unknown")
        else:
            inner = STATUS_MORE if key in ("status", "retweeted_status") else None
            kind = shape.get(key, more.get(key))
            wrong += differences(value, kind, inner, f"{place}.{key}")
    return wrong
