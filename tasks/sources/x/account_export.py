"""X's account export ("download your data"): what one account wrote, liked and follows.

A folder of JavaScript files, each `window.YTD.<name>.part<n> = [...]`. Tweets name no
author: `account.js` or `manifest.js` beside them does, and the latter says when all was
read. What the export holds besides (messages, addresses, advertising) nobody reads.

Keys after github.com/TheExGenesis/community-archive, docs/archive_data.md (2024).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa

from tasks.sources.answers import with_context
from tasks.sources.documents import (
    WHOLE_DOCUMENT_BYTES,
    Notes,
    Rejected,
    UnreadableFileError,
    open_text,
    split_document,
)
from tasks.sources.table_rows import as_batches
from tasks.sources.x.classic import as_flattened, is_classic

_PARTS = re.compile(r"-part\d+$")
_BEGINS = re.compile(r"\s*(?:window\.)?[\w.$]+\s*=\s*")
_TWEETS = ("tweets", "tweet", "community-tweet")
_LISTS = {"follower": "follower", "following": "following", "like": "like"}
# A retweet shows the words of another tweet, and not which one it is.
_RETWEET = "RT @"


@dataclass(frozen=True)
class _Owner:
    """Whose export it is; None where no file beside says it.

    Attributes:
        account: id.
        observed_at: when the export was made, as it says itself.
    """

    account: str | None = None
    observed_at: str | None = None


def read_account_export(
    path: Path, notes: Notes, _split: object
) -> Iterator[pa.RecordBatch]:
    """Yield the records of one file of an export as batches of `SCHEMA`.

    Raises:
        UnreadableFileError: the file is damaged, or nothing says whose it is.
    """
    name = _name_of(path)
    if name not in (*_TWEETS, *_LISTS, "account"):
        return
    owner = _owner_of(path.parent)
    if owner.account is None:
        raise UnreadableFileError(
            "nothing says whose it is: put account.js of the export beside it"
        )
    yield from as_batches(_records(path, notes, name, owner))


def _records(
    path: Path, notes: Notes, name: str, owner: _Owner
) -> Iterator[tuple[int, int, Any]]:
    told = {"observed_at": owner.observed_at} if owner.observed_at else {}
    long = _long_texts(path.parent) if name in _TWEETS else {}
    for number, entry in enumerate(_entries(path, notes)):
        inner = next(iter(entry.values())) if len(entry) == 1 else None
        if not isinstance(inner, dict):
            text = orjson.dumps(entry).decode()
            notes.rejected.append(
                Rejected(1, f"no entry of {name}.js as X writes it", text)
            )
            continue
        if name in _TWEETS:
            yield from (
                (1, number, record) for record in _tweet(inner, owner, told, long)
            )
        elif name == "account":
            yield 1, number, _profile(path.parent, inner, owner, told)
        else:
            target = inner.get("tweetId") if name == "like" else owner.account
            who = owner.account if name == "like" else inner.get("accountId")
            # A profile of which nothing is told: an erasure knows it as one.
            person = {"id": who, "username": None}
            yield (
                1,
                number,
                with_context(person, kind=_LISTS[name], target=target, **told),
            )


def _tweet(
    item: dict[str, Any],
    owner: _Owner,
    told_of_file: Mapping[str, str],
    long: Mapping[str, str],
) -> Iterator[Any]:
    if not is_classic(item):
        yield item
        return
    told = {**as_flattened(item), "author_id": owner.account}
    if whole := long.get(told["id"]):
        told["note_tweet"] = {"text": whole}
    if str(told["text"]).startswith(_RETWEET):
        yield with_context(told, kind="rootless", **told_of_file)
    else:
        yield with_context(told, kind="tweet", root=told["id"], **told_of_file)


def _profile(
    folder: Path, item: Mapping[str, Any], owner: _Owner, told: Mapping[str, str]
) -> dict[str, Any]:
    """The account with its profile; addresses of mail stay where they are."""
    entries = _entries_beside(folder, "profile")
    profile = entries[0].get("profile") if entries else None
    shown = profile if isinstance(profile, dict) else {}
    words = shown.get("description")
    described = words if isinstance(words, dict) else {}
    return with_context(
        {
            "id": owner.account,
            "username": item.get("username"),
            "name": item.get("accountDisplayName"),
            "created_at": item.get("createdAt"),
            "description": described.get("bio"),
            "location": described.get("location"),
            "profile_image_url": shown.get("avatarMediaUrl"),
        },
        kind="user",
        **told,
    )


def _entries(path: Path, notes: Notes) -> Iterator[dict[str, Any]]:
    """The objects of a file's list.

    Raises:
        UnreadableFileError: it holds no JSON, or is too large.
    """
    with open_text(path, notes) as (head, stream):
        data = head
        while part := stream.read(1 << 20):
            data += part
            if len(data) > WHOLE_DOCUMENT_BYTES:
                raise UnreadableFileError(
                    f"it has more than {WHOLE_DOCUMENT_BYTES >> 20} MB: split it"
                )
    text = _BEGINS.sub("", data.decode(errors="replace"), count=1).rstrip(" \r\n;")
    if not text:
        return
    try:
        records = split_document(text)
    except ValueError as error:
        raise UnreadableFileError(f"not JSON after its =: {error}") from None
    for record in records:
        entry = orjson.loads(record)
        yield entry if isinstance(entry, dict) else {"": None}


def _entries_beside(folder: Path, name: str) -> list[dict[str, Any]]:
    """The objects of another file of the export; none where it can't be read."""
    found: list[dict[str, Any]] = []
    for file in sorted(folder.glob(f"{name}*.js")):
        if _name_of(file) == name and file.is_file():
            try:
                found += _entries(file, Notes())
            except UnreadableFileError:
                continue
    return found


def told_beside(path: Path) -> str | None:
    """What an export's other files say of one: whose it is, when, words, a profile."""
    name = _name_of(path)
    if name not in (*_TWEETS, *_LISTS, "account"):
        return None
    owner = _owner_of(path.parent)
    told: list[object] = [owner.account, owner.observed_at]
    if name in _TWEETS:
        told.append(_long_texts(path.parent))
    elif name == "account":
        told.append(_entries_beside(path.parent, "profile"))
    return None if owner.account is None else orjson.dumps(told).decode()


def _name_of(path: Path) -> str:
    return _PARTS.sub("", path.name.split(".")[0].lower())


def _owner_of(folder: Path) -> _Owner:
    looks = tuple(
        (look.st_size, look.st_mtime_ns)
        for name in ("account.js", "manifest.js")
        if (file := folder / name).is_file()
        for look in [file.stat()]
    )
    return _read_owner(folder, looks)


@lru_cache(maxsize=16)
def _read_owner(folder: Path, _looks: object) -> _Owner:
    account, moment = None, None
    for entry in _entries_beside(folder, "manifest"):
        user, export = entry.get("userInfo"), entry.get("archiveInfo")
        if isinstance(user, dict):
            account = user.get("accountId")
        if isinstance(export, dict):
            moment = export.get("generationDate")
    for entry in _entries_beside(folder, "account"):
        inner = entry.get("account")
        if isinstance(inner, dict):
            account = inner.get("accountId") or account
    return _Owner(str(account) if account else None, str(moment) if moment else None)


def _long_texts(folder: Path) -> dict[str, str]:
    """By id of a tweet its whole text, where `tweets.js` has the beginning only."""
    found = {}
    for entry in _entries_beside(folder, "note-tweet"):
        note = entry.get("noteTweet")
        told = note.get("noteTweetResults") or note.get("core") if note else None
        if isinstance(told, dict) and isinstance(note, dict) and note.get("tweetId"):
            found[str(note["tweetId"])] = str(told.get("text") or "")
    return found
