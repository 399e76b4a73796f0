"""Files of dataabc's programs: weibo-crawler, weibo-search and weiboSpider.

weibo-crawler tells posts, users, comments and reposts. Its counts are those of
m.weibo.cn: 1000000 stands for any number from there on. Its
times are Chinese clocks without a zone. Its table of reposts cuts every text at the
first `//`, so that no chain can be read from it; what a crawled user reposted stands
whole among the user's posts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from tasks.sources.file_format import FileFormat, gives
from tasks.sources.weibo.dataabc.file_tag import FILE, tagged
from tasks.sources.weibo.records import WEIBO_TIME
from tasks.warehouse.raw_tables import TEXT, RawTable


def split_dataabc(document: Any) -> list[Any]:
    """The user and the posts of `<uid>.json`."""
    if (
        not isinstance(document, dict)
        or FILE in document
        or not isinstance(document.get("weibo"), list)
    ):
        return [document]
    user, posts = document.get("user"), document["weibo"]
    found, uid = [], None
    if isinstance(user, dict) and user:
        found, uid = [tagged(user, "user", "json")], str(user.get("id") or "") or None
    return found + [
        tagged(post, "post", "json", uid) if isinstance(post, dict) else post
        for post in posts
    ]


def _read(*values: Any) -> Iterator[Any]:
    """As `read_dataabc`, which is loaded where a file is read."""
    from tasks.sources.weibo.dataabc.tables import read_dataabc

    return read_dataabc(*values)


def _owners_beside(path: Path) -> str | None:
    from tasks.sources.weibo.dataabc.tables import owners_beside

    return owners_beside(path)


DATAABC = FileFormat(
    name="weibo-crawler",
    suffixes=(".csv", ".json", ".db"),
    paths=("$._file.kind", "$.full_created_at", "$.created_at"),
    kind_sql="parts[1]",
    # Comments have an account in its JSON and database, none in its CSV files.
    gives=gives("repost comment", "repost comment like", followers=True),
    speaker="m.weibo.cn",
    time_sql=(
        f"coalesce({WEIBO_TIME.format('parts[3]')},"
        " try_cast(coalesce(nullif(parts[2], ''), parts[3]) as timestamp)"
        " at time zone 'Asia/Shanghai')"
    ),
    split=split_dataabc,
    read=_read,
    told_beside=_owners_beside,
)

_FILE: dict[str, Any] = {"kind": TEXT, "form": TEXT, "uid": TEXT}

_POST: dict[str, Any] = {
    name: TEXT
    for name in (
        "id",
        "bid",
        "user_id",
        "screen_name",
        "text",
        "article_url",
        "pics",
        "video_url",
        "live_photo_url",
        "location",
        "created_at",
        "full_created_at",
        "source",
        "attitudes_count",
        "comments_count",
        "reposts_count",
        "topics",
        "at_users",
        "edited",
        "edit_count",
    )
}

DATAABC_POST: dict[str, Any] = {
    **_POST,
    "retweet_id": TEXT,
    "retweet": _POST,
    FILE: _FILE,
}

DATAABC_USER: dict[str, Any] = {
    **{
        name: TEXT
        for name in (
            "id",
            "screen_name",
            "nick_name",
            "gender",
            "location",
            "registration_time",
            "reg_date",
            "statuses_count",
            "followers_count",
            "follower_count",
            "follow_count",
            "description",
            "bio",
            "profile_image_url",
            "avatar_hd",
            "avatar_url",
            "urank",
            "verified",
            "verified_type",
        )
    },
    FILE: _FILE,
}

DATAABC_ANSWER: dict[str, Any] = {
    **{
        name: TEXT
        for name in (
            "id",
            "weibo_id",
            "root_id",
            "user_id",
            "user_screen_name",
            "user_avatar_url",
            "created_at",
            "text",
            "like_count",
        )
    },
    FILE: _FILE,
}


def _read_search(*values: Any) -> Iterator[Any]:
    """As `read_search`, which is loaded where a file is read."""
    from tasks.sources.weibo.dataabc.search import read_search

    return read_search(*values)


def _read_spider(*values: Any) -> Iterator[Any]:
    """As `read_spider`, which is loaded where a file is read."""
    from tasks.sources.weibo.dataabc.spider import read_spider

    return read_spider(*values)


def _split_spider(document: Any) -> list[Any]:
    """As `split_spider`, the like."""
    from tasks.sources.weibo.dataabc.spider import split_spider

    return split_spider(document)


SEARCH = replace(
    DATAABC,
    name="weibo-search",
    suffixes=(".csv", ".db"),
    # A search finds reposts among other posts, each with its own counts.
    gives=gives("repost", "repost comment like"),
    speaker="s.weibo.com",
    split=None,
    read=_read_search,
    told_beside=None,
)
SPIDER = replace(
    DATAABC,
    name="weibo-spider",
    suffixes=(".csv", ".json", ".db"),
    gives=gives("", "repost comment like", followers=True),
    # What a post reposts has no id there.
    kept_kinds=("rootless",),
    speaker="weibo.cn",
    split=_split_spider,
    read=_read_spider,
    told_beside=None,
)

FORMATS = (DATAABC, SEARCH, SPIDER)

_NAMES = tuple(form.name for form in FORMATS)
RAW_TABLES = {
    "weibo_dataabc_posts": RawTable(_NAMES, ("post",), DATAABC_POST),
    "weibo_dataabc_users": RawTable(_NAMES, ("user",), DATAABC_USER),
    "weibo_dataabc_answers": RawTable(_NAMES, ("comment", "repost"), DATAABC_ANSWER),
}
