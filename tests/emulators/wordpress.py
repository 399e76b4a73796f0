"""A WordPress site's REST API: articles, comments and authors, with its quirks.

Objects are those that `tests/world/wordpress.py` makes.
"""

from __future__ import annotations

import html
import math
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import numpy as np
import orjson

from tests.emulators.limits import Windows
from tests.emulators.serving import Answer, Asked, Emulator
from tests.world import World
from tests.world.wordpress import SITE, Object, wordpress_world

ROOT = "/wp-json/wp/v2"
# The site's own zone: of `date` and of `after` without a zone.
ZONE = timedelta(hours=8)


@dataclass(frozen=True)
class WordPressOptions:
    """The site's quirks.

    Attributes:
        seed: of every random choice.
        site: the address that the site's own links carry.
        calls: per minute and address; 429 above it. WordPress has no limit of its
            own: this is the host's.
        minute_seconds: length of a minute.
        error_share: of calls that end with 503.
        hides_users: `/users` is forbidden, as security plug-ins make it.
        seconds_per_call: how far the world's time moves with each call.
    """

    seed: int = 1
    site: str = SITE
    calls: int | None = None
    minute_seconds: float = 60.0
    error_share: float = 0.0
    hides_users: bool = False
    seconds_per_call: float = 0.0


class RestError(Exception):  # noqa: N818 - an answer of the site
    """An error that the site answers."""

    def __init__(self, code: str, message: str, status: int, **data: Any) -> None:
        super().__init__(code)
        self.code = code
        self.status = status
        self.body = {
            "code": code,
            "message": message,
            "data": {"status": status, **data},
        }


class WordPressEmulator(Emulator):
    """Serves a world as a WordPress site does.

    Attributes:
        now: the world's time: what came to be later is not there yet.
        told: what the site tells of the world, in canonical shape.
    """

    content_type = "application/json; charset=UTF-8"

    def __init__(
        self,
        world: World,
        options: WordPressOptions | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(clock)
        self.options = options or WordPressOptions()
        self.now = float(world.spec.observed_second)
        self._objects = wordpress_world(world, self.options.site)
        self.told = self._objects.world
        self._windows = Windows(clock, self.options.minute_seconds)
        self._gone: set[tuple[str, int]] = set()
        self._changed: dict[tuple[str, int], Object] = {}
        self._rows: dict[str, list[Object]] = {
            "posts": list(self._objects.posts),
            "comments": list(self._objects.comments),
            "users": list(self._objects.users.values()),
            "tags": list(self._objects.tags),
            "categories": [],
        }

    # --- what a test does to the world ---------------------------------------

    def delete(self, kind: str, key: int) -> None:
        """Put an article or comment into the bin."""
        self._gone.add((kind, key))

    def hide(self, kind: str, key: int) -> None:
        """Make an article private, or hold a comment back."""
        self._gone.add((kind, key))

    def show(self, kind: str, key: int) -> None:
        """Take `delete` or `hide` back."""
        self._gone.discard((kind, key))

    def edit(self, kind: str, key: int, text: str) -> None:
        """Change a text; an article's time of change is the world's now."""
        change: Object = {
            "content": {"rendered": f"<p>{html.escape(text, quote=False)}</p>\n"}
        }
        if kind == "posts":
            moment = datetime.fromtimestamp(int(self.now), UTC)
            change["content"]["protected"] = False
            change["modified_gmt"] = f"{moment:%Y-%m-%dT%H:%M:%S}"
            change["modified"] = f"{moment + ZONE:%Y-%m-%dT%H:%M:%S}"
        self._changed[kind, key] = change

    # --- every call -------------------------------------------------------------

    def answer(self, asked: Asked) -> Answer:
        """Answer a request."""
        self.now += self.options.seconds_per_call
        limit = self.options.calls
        if limit is not None:
            if self._windows.used(asked.ip) >= limit:
                left = math.ceil(self._windows.reset() - self.clock())
                return Answer(
                    b"<html><body>Too Many Requests</body></html>",
                    429,
                    error=429,
                    headers={"retry-after": str(left), "content-type": "text/html"},
                )
            self._windows.add(asked.ip)
        if self.options.error_share:
            chance = np.random.Generator(
                np.random.PCG64([self.options.seed, asked.number])
            )
            if chance.random() < self.options.error_share:
                page = b"<html><body>Error establishing a database connection</body>"
                headers = {"content-type": "text/html; charset=UTF-8"}
                return Answer(page, 503, error=503, headers=headers)
        try:
            return self._dispatch(asked)
        except RestError as error:
            return Answer(orjson.dumps(error.body), error.status, error=error.code)

    def _dispatch(self, asked: Asked) -> Answer:
        if asked.path.rstrip("/") == "/wp-json":
            body = {
                "name": "Tea",
                "url": self.options.site,
                "home": self.options.site,
                "gmt_offset": 8,
                "timezone_string": "Asia/Shanghai",
                "namespaces": ["wp/v2"],
            }
            return Answer(orjson.dumps(body), rows=1)
        found = re.fullmatch(ROOT + r"/(\w+)(?:/(\d+))?/?", asked.path)
        if not found or found[1] not in self._rows or asked.method != "GET":
            raise RestError(
                "rest_no_route",
                "No route was found matching the URL and request method.",
                404,
            )
        kind = found[1]
        if kind == "users" and self.options.hides_users:
            raise RestError(
                "rest_user_cannot_view",
                "Sorry, you are not allowed to list users.",
                401,
            )
        if asked.params.get("context", "view") == "edit":
            raise RestError(
                "rest_forbidden_context",
                "Sorry, you are not allowed to edit posts in this post type.",
                401,
            )
        if found[2]:
            return self._single(asked, kind, int(found[2]))
        return self._collection(asked, kind)

    def _single(self, asked: Asked, kind: str, key: int) -> Answer:
        for row in self._there(kind):
            if row["id"] == key:
                return Answer(orjson.dumps(self._shown(row, kind, asked)), rows=1)
        one = kind.removesuffix("s")
        raise RestError(f"rest_{one}_invalid_id", f"Invalid {one} ID.", 404)

    # --- collections --------------------------------------------------------------

    def _there(self, kind: str) -> list[Object]:
        """What is published now; comments go with their article."""
        return [
            row
            for row in self._rows[kind]
            if (kind, row["id"]) not in self._gone
            and ("date_gmt" not in row or _gmt(row["date_gmt"]) <= self.now)
            and (kind != "comments" or ("posts", row["post"]) not in self._gone)
        ]

    def _collection(self, asked: Asked, kind: str) -> Answer:
        size = _whole(asked, "per_page", 10, 1, 100)
        page = _whole(asked, "page", 1, 1, None)
        rows = [self._changed_row(row, kind) for row in self._there(kind)]
        rows = self._ordered(asked, kind, self._filtered(asked, kind, rows))
        pages = math.ceil(len(rows) / size)
        offset = (page - 1) * size
        if "offset" in asked.params:
            # An offset wins over the page.
            offset = _whole(asked, "offset", 0, 0, None)
            page = offset // size + 1
        elif kind == "posts" and page > max(pages, 1):
            raise RestError(
                "rest_post_invalid_page_number",
                "The page number requested is larger than the number of pages"
                " available.",
                400,
            )
        listed = rows[offset : offset + size]
        body = [self._shown(row, kind, asked) for row in listed]
        headers = {"x-wp-total": str(len(rows)), "x-wp-totalpages": str(pages)}
        links = [
            f'<{self._address(asked, number)}>; rel="{name}"'
            for name, number in (("prev", page - 1), ("next", page + 1))
            if 1 <= number <= pages
        ]
        if links:
            headers["link"] = ", ".join(links)
        return Answer(orjson.dumps(body), rows=len(body), headers=headers)

    def _address(self, asked: Asked, page: int) -> str:
        params = {**asked.params, "page": str(page)}
        return f"{asked.base_url}{asked.path}?{urlencode(params)}"

    def _filtered(self, asked: Asked, kind: str, rows: list[Object]) -> list[Object]:
        params = asked.params
        for name, column, sign in (
            ("after", "date", 1),
            ("before", "date", -1),
            ("modified_after", "modified", 1),
            ("modified_before", "modified", -1),
        ):
            if name in params:
                edge = _local(params[name], name)
                rows = [
                    row
                    for row in rows
                    if sign * (_gmt(row[f"{column}_gmt"]) - edge) > 0
                ]
        for name, column in (
            ("post", "post"),
            ("parent", "parent"),
            ("author", "author"),
            ("include", "id"),
        ):
            if name in params:
                wanted = {
                    int(key) for key in params[name].split(",") if key.isdecimal()
                }
                rows = [row for row in rows if row.get(column) in wanted]
        if "search" in params:
            word = params["search"].lower()
            rows = [row for row in rows if word in _words(row).lower()]
        return rows

    def _ordered(self, asked: Asked, kind: str, rows: Sequence[Object]) -> list[Object]:
        by = asked.params.get("orderby", "name" if kind == "users" else "date")
        by = {"date_gmt": "date", "name": "name"}.get(by, by)
        if by not in ("date", "id", "modified", "name"):
            raise _bad_parameter("orderby", f"orderby is not one of date, id: {by}.")
        down = asked.params.get("order", "asc" if by == "name" else "desc") == "desc"
        column = {"date": "date_gmt", "modified": "modified_gmt"}.get(by, by)
        return sorted(
            rows, key=lambda row: (row.get(column, ""), row["id"]), reverse=down
        )

    def _changed_row(self, row: Object, kind: str) -> Object:
        return {**row, **self._changed.get((kind, row["id"]), {})}

    def _shown(self, row: Object, kind: str, asked: Asked) -> Object:
        row = self._changed_row(row, kind)
        if "_embed" not in asked.params:
            row = {name: value for name, value in row.items() if name != "_embedded"}
        fields = asked.params.get("_fields")
        if fields:
            names = {name.partition(".")[0] for name in fields.split(",")}
            row = {name: value for name, value in row.items() if name in names}
        return row


def _words(row: Object) -> str:
    text = row.get("content", {}).get("rendered", "") or row.get("name", "")
    return html.unescape(re.sub(r"<[^>]*>", "", text))


def _bad_parameter(name: str, why: str) -> RestError:
    return RestError(
        "rest_invalid_param",
        f"Invalid parameter(s): {name}",
        400,
        params={name: why},
        details={},
    )


def _whole(asked: Asked, name: str, default: int, least: int, most: int | None) -> int:
    text = asked.params.get(name, str(default))
    if not text.isdecimal():
        raise _bad_parameter(name, f"{name} is not of type integer.")
    if int(text) < least or (most is not None and int(text) > most):
        raise _bad_parameter(
            name, f"{name} must be between {least} (inclusive) and {most} (inclusive)"
        )
    return int(text)


def _gmt(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def _local(text: str, name: str) -> float:
    """A time of a parameter: without a zone it is the site's."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise _bad_parameter(name, "Invalid date.") from None
    if moment.tzinfo is None:
        return (moment - ZONE).replace(tzinfo=UTC).timestamp()
    return moment.timestamp()
