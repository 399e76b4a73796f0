"""WordPress' export files (WXR): articles with comments, as the REST API tells them.

XML that a site's own Tools > Export writes, versions 1.0 to 1.2. An item is read at a
time. What isn't an article (pages, menus, pictures, revisions) is passed over; mail and
network addresses of people, which readers never saw, stay in the file.

A document that declares entities or names others is refused: WordPress writes none, and
whoever declares some wants a reader to expand or to fetch them. Without declarations
expat knows the five of XML alone, so nothing grows that is read.

Elements after github.com/WordPress/WordPress, wp-admin/includes/export.php.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, NoReturn
from xml.parsers import expat

import pyarrow as pa

from tasks.sources.answers import with_context
from tasks.sources.documents import (
    LONGEST_LINE_BYTES,
    Notes,
    UnreadableFileError,
    open_text,
)
from tasks.sources.table_rows import as_batches
from tasks.sources.wordpress.site_keys import site_key

_ARTICLE = "post"
_NO_TIME = "0000-00-00 00:00:00"
# What marks of the editor stand around each paragraph.
_BLOCK_MARKS = re.compile(r"<!-- /?wp:.*?-->\n?", re.DOTALL)
# XML allows none of these, and WordPress escapes none: comments bring them.
_FORBIDDEN = bytes(code for code in range(32) if code not in b"\t\n\r")
_BLOCK_BYTES = 1 << 20
_DEEPEST = 64
# What an element without a word costs.
_ELEMENT_BYTES = 100
_APPROVED = {"1": "approved", "0": "hold"}


@dataclass
class _Element:
    """An element with all below it.

    Attributes:
        name: with its prefix, which WordPress keeps the same.
        line: where it begins.
        attributes: by name.
        parts: its texts.
        below: elements inside.
    """

    name: str
    line: int
    attributes: dict[str, str] = field(default_factory=dict)
    parts: list[str] = field(default_factory=list)
    below: list[_Element] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Its own text."""
        return "".join(self.parts).strip()

    def of(self, name: str) -> str:
        """The text of the first element inside with a name; empty without one."""
        return next((one.text for one in self.below if one.name == name), "")

    def all_of(self, name: str) -> Iterator[_Element]:
        """The elements inside with a name."""
        return (one for one in self.below if one.name == name)


def read_export_file(
    path: Path, notes: Notes, _split: object
) -> Iterator[pa.RecordBatch]:
    """Yield the records of an export as batches of `SCHEMA`.

    Raises:
        UnreadableFileError: no well-formed XML, no export of WordPress, or one that
            declares entities.
    """
    yield from as_batches(_records(path, notes))


def _records(path: Path, notes: Notes) -> Iterator[tuple[int, int, Any]]:
    told: dict[str, str] = {}
    authors: dict[str, str] = {}
    others: Counter[str] = Counter()
    found = False
    for one in _elements(path, notes):
        if one.name == "pubDate":
            told |= _made_at(one.text)
        elif one.name in ("link", "wp:base_blog_url"):
            # The site's own address goes before what the network shows it under.
            found |= one.name == "wp:base_blog_url"
            if key := site_key(f"{one.text.rstrip('/')}/wp-json/"):
                told["site"] = key
        elif one.name == "wp:author":
            login, key = one.of("wp:author_login"), one.of("wp:author_id")
            authors[login] = key
            person = {
                "id": key,
                "name": one.of("wp:author_display_name") or login,
                "slug": login,
            }
            yield one.line, 0, with_context(person, kind="user", **told)
        elif one.name == "item":
            kind = one.of("wp:post_type")
            if kind != _ARTICLE:
                others[kind] += 1
                continue
            for number, record in enumerate(_article(one, authors, told)):
                yield one.line, number, record
    if not found:
        raise UnreadableFileError(
            "no export of WordPress: it has no wp:base_blog_url (Tools > Export writes"
            " one)"
        )
    if others:
        kinds = ", ".join(
            f"{count:,} {kind or '?'}" for kind, count in sorted(others.items())
        )
        notes.told.append(f"what is no article is not read: {kinds}")


def _made_at(text: str) -> dict[str, str]:
    """When the export was made, as it says itself."""
    try:
        return {"observed_at": parsedate_to_datetime(text).isoformat()}
    except (TypeError, ValueError):
        return {}


def _article(
    item: _Element, authors: dict[str, str], told: dict[str, str]
) -> Iterator[dict[str, Any]]:
    key = item.of("wp:post_id")
    meta = {
        one.of("wp:meta_key"): one.of("wp:meta_value")
        for one in item.all_of("wp:postmeta")
    }
    terms = [
        {"name": one.text, "taxonomy": one.attributes.get("domain", "")}
        for one in item.all_of("category")
    ]
    text = item.of("content:encoded")
    yield with_context(
        {
            "id": key,
            "date_gmt": _time(item.of("wp:post_date_gmt")),
            "link": item.of("link"),
            "status": item.of("wp:status"),
            "title": {"rendered": item.of("title")},
            "content": {
                "rendered": _BLOCK_MARKS.sub("", text),
                "protected": bool(item.of("wp:post_password")),
            },
            "author": authors.get(item.of("dc:creator"), "0"),
            "featured_media": meta.get("_thumbnail_id", "0"),
            "_embedded": {"wp:term": [terms]},
        },
        kind="post",
        **told,
    )
    shown = 0
    for one in item.all_of("wp:comment"):
        status = one.of("wp:comment_approved")
        kind = one.of("wp:comment_type") or "comment"
        shown += status == "1" and kind == "comment"
        yield with_context(
            {
                "id": one.of("wp:comment_id"),
                "post": key,
                "parent": one.of("wp:comment_parent") or "0",
                "author": one.of("wp:comment_user_id") or "0",
                "author_name": one.of("wp:comment_author"),
                "date_gmt": _time(one.of("wp:comment_date_gmt")),
                "content": {"rendered": one.of("wp:comment_content")},
                "status": _APPROVED.get(status, status),
                "type": kind,
            },
            kind="comment",
            **told,
        )
    if "observed_at" in told:
        yield with_context({"post": key, "total": str(shown)}, kind="total", **told)


def _time(text: str) -> str | None:
    return None if text in ("", _NO_TIME) else text.replace(" ", "T")


def _elements(path: Path, notes: Notes) -> Iterator[_Element]:
    """The elements below the channel, each whole, in the file's order.

    Raises:
        UnreadableFileError: see `read_export_file`.
    """
    builder = _Builder()
    with open_text(path, notes) as (head, stream):
        block = head
        while True:
            builder.feed(block.translate(None, _FORBIDDEN), is_last=not block)
            yield from builder.done
            builder.done.clear()
            if not block:
                return
            block = stream.read(_BLOCK_BYTES)


class _Builder:
    """Elements below the channel, from what a parser finds."""

    def __init__(self) -> None:
        self.done: list[_Element] = []
        self._open: list[_Element] = []
        self._held = 0
        # The text is UTF-8 by now, whatever its first line says.
        self._parser = expat.ParserCreate("utf-8")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.StartDoctypeDeclHandler = self._refuse
        self._parser.EntityDeclHandler = self._refuse
        self._parser.ExternalEntityRefHandler = self._refuse

    def feed(self, block: bytes, *, is_last: bool) -> None:
        """Take the next bytes.

        Raises:
            UnreadableFileError: they are not well-formed, or declare entities.
        """
        try:
            self._parser.Parse(block, is_last)
        except expat.ExpatError as error:
            raise UnreadableFileError(
                f"no well-formed XML: {expat.ErrorString(error.code)}, line"
                f" {error.lineno}"
            ) from None

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if not self._open and name != "rss":
            raise UnreadableFileError(
                f"no export of WordPress: it begins with <{name[:40]}>"
            )
        if len(self._open) >= _DEEPEST:
            raise UnreadableFileError(f"elements stand more than {_DEEPEST} deep")
        one = _Element(name, self._parser.CurrentLineNumber, attributes)
        if len(self._open) > _IN_CHANNEL:
            self._open[-1].below.append(one)
            self._hold(_ELEMENT_BYTES)
        self._open.append(one)

    def _end(self, _name: str) -> None:
        one = self._open.pop()
        if len(self._open) == _IN_CHANNEL:
            self.done.append(one)
            self._held = 0

    def _text(self, text: str) -> None:
        if len(self._open) > _IN_CHANNEL:
            self._hold(len(text))
            self._open[-1].parts.append(text)

    def _hold(self, size: int) -> None:
        self._held += size
        if self._held > LONGEST_LINE_BYTES:
            raise UnreadableFileError(
                f"an item holds more than {LONGEST_LINE_BYTES >> 20} MB, line"
                f" {self._open[_IN_CHANNEL].line}"
            )

    def _refuse(self, *_declared: object) -> NoReturn:
        raise UnreadableFileError(
            "it declares a document type or entities, which WordPress never does:"
            " export it again from the site"
        )


# Elements that are open around those below the channel: rss and channel.
_IN_CHANNEL = 2
