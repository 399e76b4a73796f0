"""WordPress: what a site's REST API answers.

Ids count from 1 on every site, so the product names an object `site:id`; the
site is its address without the marks: `tea_example_com:12`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from tasks.sources.answers import CONTEXT, AnsweredRequest, split_answers, with_context
from tasks.sources.file_format import FileFormat, gives
from tasks.sources.wordpress.site_keys import site_key as site_key
from tasks.warehouse.raw_tables import FLAG, TEXT, RawTable


def _records(answer: Any, request: AnsweredRequest) -> Iterator[Any]:
    """Records of an answer, each with its kind and its site."""
    if not isinstance(answer, list):
        yield from _object(answer, request)
        return
    for item in answer:
        yield from _object(item, request)
    # Later pages may count the rest only.
    is_whole = "after" not in request.params and "offset" not in request.params
    total = request.headers.get("x-wp-total")
    post = request.params.get("post", "")
    if total and is_whole and request.path[-1:] == ("comments",) and post.isdigit():
        sites = [_site(item, request) for item in answer] or [_site({}, request)]
        told = {**request.told, "site": sites[0]}
        yield with_context({"post": post, "total": total}, kind="total", **told)


def _object(item: Any, request: AnsweredRequest) -> Iterator[Any]:
    kind = _kind_of(item)
    if kind is None:
        yield item
        return
    site = _site(item, request)
    told = {**request.told, "site": site}
    yield with_context(item, kind=kind, **told)
    embedded = item.get("_embedded")
    authors = embedded.get("author") if isinstance(embedded, dict) else None
    for author in authors if isinstance(authors, list) else ():
        if _kind_of(author) == "user":
            yield with_context(author, kind="user", **told)


def _kind_of(item: Any) -> str | None:
    if not isinstance(item, dict) or "id" not in item or CONTEXT in item:
        return None
    if "taxonomy" in item:
        return "term"
    if item.get("type") == "attachment":
        return "media"
    if "title" in item:
        return "post"
    if "post" in item and "content" in item:
        return "comment"
    if "slug" in item and "name" in item:
        return "user"
    return None


def _site(item: Any, request: AnsweredRequest) -> str | None:
    if not isinstance(item, dict):
        return None
    for address in (_self_link(item), item.get("link"), request.url):
        if address is request.url and "site" in request.told:
            return request.told["site"]
        if isinstance(address, str) and (key := site_key(address)):
            return key
    return None


def _self_link(item: Mapping[str, Any]) -> str | None:
    """The object's own address in the API; a proxy's says nothing of the site."""
    links = item.get("_links")
    own = links.get("self") if isinstance(links, dict) else None
    first = own[0] if isinstance(own, list) and own else None
    address = first.get("href") if isinstance(first, dict) else None
    is_own = isinstance(address, str) and "/wp-json/" in address
    return address if is_own else None


split = split_answers(_records)

WORDPRESS_REST = FileFormat(
    name="wordpress-rest",
    suffixes=(".json", ".jsonl", ".ndjson"),
    paths=("$._request.kind", "$.date_gmt", "$._request.observed_at"),
    kept_kinds=("media", "term"),
    kind_sql="parts[1]",
    gives=gives("comment mention", "comment", nameless="mention"),
    # `date_gmt` says by its name what its form leaves out.
    time_sql=(
        "try_cast(coalesce(parts[2] || 'Z', parts[3]) as timestamp with time zone)"
    ),
    split=split,
)


def _read_export_file(*values: Any) -> Iterator[Any]:
    """As `read_export_file`, which is loaded where a file is read."""
    from tasks.sources.wordpress.export_file import read_export_file

    return read_export_file(*values)


WORDPRESS_EXPORT = replace(
    WORDPRESS_REST,
    name="wordpress-export",
    suffixes=(".xml",),
    split=None,
    read=_read_export_file,
)

_CONTEXT: dict[str, Any] = {"kind": TEXT, "site": TEXT, "observed_at": TEXT}
_RENDERED: dict[str, Any] = {"rendered": TEXT}

WORDPRESS_POST: dict[str, Any] = {
    "id": TEXT,
    "date_gmt": TEXT,
    "status": TEXT,
    "title": _RENDERED,
    "content": {**_RENDERED, "protected": FLAG},
    "author": TEXT,
    "featured_media": TEXT,
    "_embedded": {"wp:term": [[{"name": TEXT, "taxonomy": TEXT}]]},
    CONTEXT: _CONTEXT,
}

WORDPRESS_COMMENT: dict[str, Any] = {
    "id": TEXT,
    "post": TEXT,
    "parent": TEXT,
    "author": TEXT,
    "author_name": TEXT,
    "date_gmt": TEXT,
    "content": _RENDERED,
    "status": TEXT,
    "type": TEXT,
    CONTEXT: _CONTEXT,
}

WORDPRESS_USER: dict[str, Any] = {
    "id": TEXT,
    "name": TEXT,
    "slug": TEXT,
    "description": TEXT,
    "avatar_urls": {"96": TEXT, "48": TEXT, "24": TEXT},
    CONTEXT: _CONTEXT,
}

WORDPRESS_TOTAL: dict[str, Any] = {"post": TEXT, "total": TEXT, CONTEXT: _CONTEXT}

FORMATS = (WORDPRESS_REST, WORDPRESS_EXPORT)

_NAMES = tuple(form.name for form in FORMATS)
RAW_TABLES = {
    "wordpress_posts": RawTable(_NAMES, ("post",), WORDPRESS_POST),
    "wordpress_comments": RawTable(_NAMES, ("comment",), WORDPRESS_COMMENT),
    "wordpress_users": RawTable(_NAMES, ("user",), WORDPRESS_USER),
    "wordpress_totals": RawTable(_NAMES, ("total",), WORDPRESS_TOTAL),
}
