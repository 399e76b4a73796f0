"""Instagram's Graph API: a company's own posts, their comments and figures.

Objects are those that `tests/world/instagram.py` makes; only fields that are asked for
are given, as the platform does.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import orjson

from tests.emulators.serving import Answer, Asked, Emulator
from tests.world import World
from tests.world.instagram import Object, figure, instagram_world, with_replies

TOKEN = "IGAAemulated"  # noqa: S105 - of no use anywhere else


@dataclass(frozen=True)
class InstagramOptions:
    """The platform's quirks.

    Attributes:
        rows: of a page at most, whatever is asked.
        replies: that stand in a comment, at most.
        without_views: posts that have no figures, as those from before the account
            was a company's.
        seconds_per_call: how far the world's time moves with each call.
    """

    rows: int = 50
    replies: int = 50
    without_views: frozenset[str] = frozenset()
    seconds_per_call: float = 0.0


class GraphError(Exception):  # noqa: N818 - an answer of the platform
    """An error that the API answers."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        error = {"message": message, "type": "OAuthException", "code": code}
        self.body = {"error": {**error, "fbtrace_id": "A1"}}


class InstagramEmulator(Emulator):
    """Serves a world as Instagram does.

    Attributes:
        now: the world's time: what came to be later is not there yet.
        told: what Instagram tells of the world, in canonical shape.
    """

    def __init__(
        self,
        world: World,
        options: InstagramOptions | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(clock)
        self.options = options or InstagramOptions()
        self.now = float(world.spec.observed_second)
        self._objects = instagram_world(world)
        self.told = self._objects.world

    def answer(self, asked: Asked) -> Answer:
        """Answer a request."""
        self.now += self.options.seconds_per_call
        try:
            if asked.headers.get("authorization") != f"Bearer {TOKEN}":
                raise GraphError(190, "Error validating access token")
            body = self._dispatch(asked)
        except GraphError as error:
            return Answer(orjson.dumps(error.body), 400, error=error.code)
        rows = len(body.get("data", [1]))
        usage = orjson.dumps({"call_count": 1, "total_time": 1, "total_cputime": 1})
        headers = {"x-app-usage": usage.decode()}
        return Answer(orjson.dumps(body), rows=rows, headers=headers)

    def _dispatch(self, asked: Asked) -> Object:
        found = re.fullmatch(r"/v[\d.]+/(\d+)(?:/(\w+))?", asked.path)
        if not found:
            raise GraphError(100, "Unsupported get request")
        key, edge = found[1], found[2]
        objects = self._objects
        if edge is None and key in objects.users:
            return self._shown(asked, objects.users[key])
        if edge is None and key in objects.media and self._is_there(objects.media[key]):
            return self._shown(asked, objects.media[key])
        if edge == "media" and key in objects.users:
            since, until = (float(asked.params[name]) for name in ("since", "until"))
            rows = [
                one
                for one in objects.media.values()
                if one["owner"]["id"] == key
                and since <= _second(one) < until
                and self._is_there(one)
            ]
            return self._page(asked, rows)
        if edge == "tags" and key in objects.users:
            return self._page(asked, [])
        if edge == "comments" and key in objects.media:
            rows = [row for row in objects.comments.get(key, ()) if self._is_there(row)]
            return self._page(asked, [self._with_replies(asked, row) for row in rows])
        if edge == "replies":
            rows = [row for row in objects.replies.get(key, ()) if self._is_there(row)]
            return self._page(asked, rows)
        if edge == "insights" and key in objects.media:
            if asked.params.get("metric") != "views":
                raise GraphError(100, "(#100) metric[0] must be one of the following")
            if key in self.options.without_views:
                raise GraphError(10, "(#10) Not enough viewers for the media")
            return {"data": [figure(key, objects.views[key])]}
        raise GraphError(100, f"Object with ID '{key}' does not exist")

    def _is_there(self, item: Object) -> bool:
        return _second(item) <= self.now

    def _with_replies(self, asked: Asked, comment: Object) -> Object:
        whole = with_replies(self._objects, comment, self.options.replies)
        total = len(self._objects.replies.get(comment["id"], ()))
        if total > self.options.replies:
            address = f"{asked.base_url}/v23.0/{comment['id']}/replies?after=x"
            whole["replies"] = {**whole["replies"], "paging": {"next": address}}
        return whole

    def _page(self, asked: Asked, rows: Sequence[Object]) -> Object:
        size = min(int(asked.params.get("limit", "25")), self.options.rows)
        start = int(asked.params.get("after", "0"))
        body: Object = {
            "data": [self._shown(asked, row) for row in rows[start : start + size]]
        }
        if start + size < len(rows):
            params = {**asked.params, "after": str(start + size), "access_token": TOKEN}
            address = f"{asked.base_url}{asked.path}?{urlencode(params)}"
            body["paging"] = {"cursors": {"after": str(start + size)}, "next": address}
        return body

    def _shown(self, asked: Asked, item: Object) -> Object:
        wanted = {"id", *re.findall(r"\w+", asked.params.get("fields", ""))}
        return {name: value for name, value in item.items() if name in wanted}


def _second(item: dict[str, Any]) -> float:
    return datetime.fromisoformat(item["timestamp"]).timestamp()
