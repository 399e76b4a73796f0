"""Archived answers: what was asked beside what came back.

An answer alone does not always say what it is about: the accounts that liked a
post, a post's comments. An archive therefore keeps, a line or a file each,

    {"request": {"path": "...", "params": {...}}, "headers": {...}, "answer": ...}

and a crawl lands its pages in the same form. `request` may also tell `root`, the
post whose thread is being read, `site`, where ids count, and `observed_at`, when
the answer came. A bare answer is good where its records tell enough by themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tasks.sources.file_format import Splitter
from tasks.sources.json_text import dump_bytes, parse_json
from tasks.warehouse.raw_tables import CONTEXT as CONTEXT

if TYPE_CHECKING:
    from tasks.sources.crawl.http_client import Answer
    from tasks.sources.crawl.state import Record


@dataclass(frozen=True)
class AnsweredRequest:
    """What an answer answers; all empty where the archive doesn't say.

    Attributes:
        url: path or whole address that was asked.
        params: the query, values as text.
        headers: of the answer, names in lower case.
        told: what goes into each record unchanged: `root`, `site`, `observed_at`.
    """

    url: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    told: Mapping[str, str] = field(default_factory=dict)

    @property
    def path(self) -> tuple[str, ...]:
        """The parts of the path, without host and query."""
        return tuple(part for part in path_of(self.url).split("/") if part)


NO_REQUEST = AnsweredRequest()


def path_of(address: str) -> str:
    """The path of an address; empty where it is none."""
    try:
        return urlsplit(address).path
    except ValueError:
        return ""


def split_answers(
    records_of: Callable[[Any, AnsweredRequest], Iterator[Any]],
) -> Splitter:
    """A splitter of documents that may be answers with their requests.

    Args:
        records_of: yields the records of one answer, given its request.
    """

    def split(document: Any) -> list[Any]:
        return [
            record
            for answer, request in _answers(document)
            for record in records_of(answer, request)
        ]

    return split


def with_context(record: Mapping[str, Any], **context: Any) -> dict[str, Any]:
    """A record with what its request told; empty values are left out."""
    told = {name: value for name, value in context.items() if value is not None}
    return {**record, CONTEXT: told}


def records_of_page(
    split: Splitter,
    path: str,
    params: Mapping[str, str],
    content: Any,
    answer: Answer,
    **told: str | None,
) -> tuple[Record, ...]:
    """The records of a page that a crawl read, as an archive of it gives them.

    Args:
        split: of the platform's format.
        path: that was asked.
        params: that say what the page shows; no place in a list.
        content: of the answer, parsed.
        answer: as it came.
        told: what the records don't say themselves: `root`, `site`.
    """
    from tasks.sources.crawl.state import Record

    page = {
        "request": {
            **{name: value for name, value in told.items() if value is not None},
            "path": path,
            "params": dict(params),
            "observed_at": f"{answer.observed_at.isoformat()}Z",
        },
        "headers": dict(answer.headers),
        "answer": content,
    }
    return tuple(Record(dump_bytes(record)) for record in split(page))


def parsed(answer: Answer) -> Any:
    """The JSON of an answer, None where it is none."""
    try:
        return parse_json(answer.body)
    except (ValueError, RecursionError):
        return None


def _answers(document: Any) -> Iterator[tuple[Any, AnsweredRequest]]:
    if isinstance(document, list) and any(_is_archived(item) for item in document):
        for item in document:
            yield from _answers(item)
    elif _is_archived(document):
        yield document["answer"], _request(document)
    else:
        yield document, NO_REQUEST


def _is_archived(document: Any) -> bool:
    return (
        isinstance(document, dict)
        and "answer" in document
        and isinstance(document.get("request"), dict)
    )


def _request(document: Mapping[str, Any]) -> AnsweredRequest:
    request = document["request"]
    told = {**document, **request}
    return AnsweredRequest(
        url=str(request.get("path") or request.get("url") or ""),
        params=_texts(request.get("params")),
        headers={
            name.lower(): value
            for name, value in _texts(document.get("headers")).items()
        },
        told={
            name: str(told[name])
            for name in ("root", "site", "observed_at")
            if told.get(name) is not None
        },
    )


def _texts(values: Any) -> dict[str, str]:
    if not isinstance(values, dict):
        return {}
    return {str(name): str(value) for name, value in values.items()}
