"""YouTube: what the Data API v3 answers.

Each object names its kind (`youtube#comment`). A thread holds its first comment and at
most five answers; the other answers are a list of their own, which does not say whose
video it is about. Counts are texts, and left out where an owner hides them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tasks.sources.answers import CONTEXT, AnsweredRequest, split_answers, with_context
from tasks.sources.file_format import FileFormat, gives
from tasks.warehouse.raw_tables import FLAG, TEXT, RawTable

# What only leads to a video: it is looked up by itself.
_LEADS = {"youtube#searchResult": "found", "youtube#playlistItem": "listed"}


def _records(answer: Any, request: AnsweredRequest) -> Iterator[Any]:
    """Records of an answer, each with its kind and who made it."""
    if isinstance(answer, list):
        for item in answer:
            yield from _records(item, request)
        return
    if not isinstance(answer, dict) or CONTEXT in answer:
        yield answer
        return
    items = answer.get("items")
    kind = str(answer.get("kind", ""))
    if kind.endswith("ListResponse"):
        for item in items if isinstance(items, list) else ():
            yield from _records(item, request)
        return
    snippet = answer.get("snippet")
    told = snippet if isinstance(snippet, dict) else {}
    if kind == "youtube#commentThread":
        yield from _thread(answer, told, request)
    elif kind == "youtube#comment":
        root = request.told.get("root") or told.get("videoId")
        yield _comment(answer, {**request.told, "root": root})
    elif kind == "youtube#video":
        yield _by(answer, "video", told.get("channelId"), None, request.told)
    elif kind == "youtube#channel":
        name = told.get("customUrl") or told.get("title")
        yield _by(answer, "channel", answer.get("id"), name, request.told)
    elif kind in _LEADS:
        yield with_context(answer, kind=_LEADS[kind], **request.told)
    else:
        yield answer


def _thread(
    answer: Mapping[str, Any], told: Mapping[str, Any], request: AnsweredRequest
) -> Iterator[Any]:
    """The first comment of a thread and the answers that stand there."""
    replies = answer.get("replies")
    listed = replies.get("comments") if isinstance(replies, dict) else None
    root = told.get("videoId")
    for comment in (told.get("topLevelComment"), *(listed or ())):
        yield _comment(comment, {**request.told, "root": root})


def _comment(comment: Any, told: Mapping[str, Any]) -> Any:
    snippet = comment.get("snippet") if isinstance(comment, dict) else None
    if not isinstance(snippet, dict):
        return comment
    channel = snippet.get("authorChannelId")
    who = channel.get("value") if isinstance(channel, dict) else None
    return _by(comment, "comment", who, snippet.get("authorDisplayName"), told)


def _by(
    item: Mapping[str, Any], kind: str, who: Any, name: Any, told: Mapping[str, Any]
) -> Any:
    """A record with who made it: an erasure looks there, and the models do."""
    name = name.removeprefix("@") if isinstance(name, str) else None
    return with_context(item, kind=kind, user=who, author=who, author_name=name, **told)


split = split_answers(_records)

YOUTUBE_DATA = FileFormat(
    name="youtube-data",
    suffixes=(".json", ".jsonl", ".ndjson"),
    paths=("$._request.kind", "$.snippet.publishedAt", "$._request.observed_at"),
    kind_sql="parts[1]",
    gives=gives("comment", "comment like read", followers=True),
    kept_kinds=tuple(_LEADS.values()),
    # A channel's own time is its registration: no day of ours.
    time_sql=(
        "try_cast(case when parts[1] = 'channel' then parts[3] else parts[2] end"
        " as timestamp with time zone)"
    ),
    split=split,
)

_CONTEXT: dict[str, Any] = {
    "kind": TEXT,
    "root": TEXT,
    "user": TEXT,
    "author_name": TEXT,
    "observed_at": TEXT,
}

YOUTUBE_VIDEO: dict[str, Any] = {
    "id": TEXT,
    "snippet": {"publishedAt": TEXT, "title": TEXT, "description": TEXT},
    "statistics": {"viewCount": TEXT, "likeCount": TEXT, "commentCount": TEXT},
    CONTEXT: _CONTEXT,
}

YOUTUBE_COMMENT: dict[str, Any] = {
    "id": TEXT,
    "snippet": {
        "authorProfileImageUrl": TEXT,
        "textDisplay": TEXT,
        "textOriginal": TEXT,
        "parentId": TEXT,
        "likeCount": TEXT,
        "publishedAt": TEXT,
    },
    CONTEXT: _CONTEXT,
}

YOUTUBE_CHANNEL: dict[str, Any] = {
    "id": TEXT,
    "snippet": {
        "title": TEXT,
        "description": TEXT,
        "country": TEXT,
        "publishedAt": TEXT,
        "thumbnails": {"default": {"url": TEXT}},
    },
    "statistics": {
        "subscriberCount": TEXT,
        "hiddenSubscriberCount": FLAG,
        "videoCount": TEXT,
    },
    CONTEXT: _CONTEXT,
}

FORMATS = (YOUTUBE_DATA,)

_NAMES = (YOUTUBE_DATA.name,)
RAW_TABLES = {
    "youtube_videos": RawTable(_NAMES, ("video",), YOUTUBE_VIDEO),
    "youtube_comments": RawTable(_NAMES, ("comment",), YOUTUBE_COMMENT),
    "youtube_channels": RawTable(_NAMES, ("channel",), YOUTUBE_CHANNEL),
}
