"""Threads' Graph API: an account's posts, conversations, figures, searches.

Objects are those that `tests/world/threads.py` makes; only fields that are asked for
are given, as the platform does. Pages lead on by the account's number, at the
platform's other host.
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

from tests.emulators.instagram import GraphError
from tests.emulators.serving import Answer, Asked, Emulator
from tests.world import World
from tests.world.threads import OWNER, Object, figure, threads_world

TOKEN = "THAAemulated"  # noqa: S105 - of no use anywhere else
TOKEN_SECONDS = 60 * 86_400


@dataclass(frozen=True)
class ThreadsOptions:
    """The platform's quirks.

    Attributes:
        rows: of a page at most, whatever is asked.
        followers_told: how many follow; below a hundred that is refused.
        other_host: pages lead on there.
        searches: a day.
        seconds_per_call: how far the world's time moves with each call.
    """

    rows: int = 100
    followers_told: bool = True
    other_host: str = "https://graph.threads.com"
    searches: int = 2200
    seconds_per_call: float = 0.0


class ThreadsEmulator(Emulator):
    """Serves a world as Threads does.

    Attributes:
        now: the world's time: what came to be later is not there yet.
        told: what Threads tells of the world, in canonical shape.
    """

    def __init__(
        self,
        world: World,
        options: ThreadsOptions | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(clock)
        self.options = options or ThreadsOptions()
        self.now = float(world.spec.observed_second)
        self._objects = threads_world(world)
        self.told = self._objects.world
        self._searched = 0

    def answer(self, asked: Asked) -> Answer:
        """Answer a request."""
        self.now += self.options.seconds_per_call
        try:
            if asked.headers.get("authorization") != f"Bearer {TOKEN}":
                raise GraphError(190, "Error validating access token")
            body = self._dispatch(asked)
        except GraphError as error:
            return Answer(orjson.dumps(error.body), 400, error=error.code)
        rows = body.get("data", [1])
        return Answer(orjson.dumps(body), rows=len(rows))

    def _dispatch(self, asked: Asked) -> Object:
        found = re.fullmatch(r"/v1\.0/(\w+)(?:/(\w+))?", asked.path)
        if not found:
            raise GraphError(100, "Unsupported get request")
        key, edge = found[1], found[2]
        objects = self._objects
        if key == "debug_token" and asked.params.get("input_token") == TOKEN:
            # In a world that is over the token is still good: it answers.
            ends = int(max(self.now, self.clock())) + TOKEN_SECONDS
            return {"data": {"type": "USER", "is_valid": True, "expires_at": ends}}
        if key == "keyword_search":
            return self._search(asked)
        if key in ("me", OWNER):
            if edge is None:
                return self._shown(asked, objects.user)
            if edge == "threads":
                return self._page(asked, self._within(asked, objects.posts.values()))
            if edge == "mentions":
                return self._page(asked, [])
            if edge == "threads_insights" and self.options.followers_told:
                told = {"value": objects.followers}
                name = asked.params["metric"]
                one = {"name": name, "period": "day", "total_value": told}
                return {"data": [{**one, "id": f"{OWNER}/insights/{name}/day"}]}
        post = objects.posts.get(key)
        if post is None or not self._is_there(post):
            raise GraphError(100, f"Object with ID '{key}' does not exist")
        if edge is None:
            return self._shown(asked, post)
        if edge == "conversation":
            rows = [row for row in objects.replies.get(key, ()) if self._is_there(row)]
            return self._page(asked, rows)
        if edge == "insights":
            names = asked.params.get("metric", "").split(",")
            figures = objects.figures[key]
            if not set(names) <= figures.keys():
                raise GraphError(100, "(#100) metric[0] must be one of the following")
            return {"data": [figure(key, name, figures[name]) for name in names]}
        raise GraphError(100, "Unsupported get request")

    def _search(self, asked: Asked) -> Object:
        self._searched += 1
        if self._searched > self.options.searches:
            raise GraphError(4, "(#4) Application request limit reached")
        words = asked.params.get("q", "")
        if asked.params.get("search_mode") == "TAG":
            rows = self._objects.tagged.get(words, [])
        else:
            rows = []
        return self._page(asked, self._within(asked, rows))

    def _within(self, asked: Asked, rows: Any) -> list[Object]:
        since, until = (float(asked.params[name]) for name in ("since", "until"))
        return [
            row for row in rows if since <= _second(row) < until and self._is_there(row)
        ]

    def _is_there(self, item: Object) -> bool:
        return _second(item) <= self.now

    def _page(self, asked: Asked, rows: Sequence[Object]) -> Object:
        size = min(int(asked.params.get("limit", "25")), self.options.rows)
        start = int(asked.params.get("after", "0"))
        body: Object = {
            "data": [self._shown(asked, row) for row in rows[start : start + size]]
        }
        if start + size < len(rows):
            params = {**asked.params, "after": str(start + size), "access_token": TOKEN}
            path = asked.path.replace("/me/", f"/{OWNER}/")
            address = f"{self.options.other_host}{path}?{urlencode(params)}"
            body["paging"] = {"cursors": {"after": str(start + size)}, "next": address}
        return body

    def _shown(self, asked: Asked, item: Object) -> Object:
        wanted = {"id", *re.findall(r"\w+", asked.params.get("fields", ""))}
        return {name: value for name, value in item.items() if name in wanted}


def _second(item: dict[str, Any]) -> float:
    return datetime.fromisoformat(item["timestamp"]).timestamp()
