"""A Mastodon instance's REST API: statuses, threads, boosts, hashtags, with its quirks.

Objects are those that `tests/world/mastodon.py` makes.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote, urlencode

import numpy as np
import orjson

from tests.emulators.limits import Windows
from tests.emulators.serving import Answer, Asked, Emulator
from tests.world import World
from tests.world.mastodon import Object, mastodon_world, quoted_by, thread

TOKEN = "emulated-application"
WINDOW_SECONDS = 300.0
# What the product calls an instance on this machine.
PREFIX = "127_0_0_1"


@dataclass(frozen=True)
class MastodonOptions:
    """The instance's quirks.

    Attributes:
        seed: of every random choice.
        calls: per five minutes; 429 above it.
        error_share: of calls that end with 503.
        depth: levels of a thread that readers without a token see.
        thread_rows: the like for its answers.
        rows: of a page at most, whatever is asked.
        is_closed: nothing is shown without a token.
        seconds_per_call: how far the world's time moves with each call.
    """

    seed: int = 1
    calls: int = 300
    error_share: float = 0.0
    depth: int = 20
    thread_rows: int = 60
    rows: int = 80
    is_closed: bool = False
    seconds_per_call: float = 0.0


class ApiError(Exception):  # noqa: N818 - an answer of the instance
    """An error that the instance answers."""

    def __init__(self, error: str, status: int) -> None:
        super().__init__(error)
        self.error = error
        self.status = status


class MastodonEmulator(Emulator):
    """Serves a world as an instance does.

    Attributes:
        now: the world's time: what came to be later is not there yet.
        told: what the instance tells of the world, in canonical shape.
    """

    def __init__(
        self,
        world: World,
        options: MastodonOptions | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(clock)
        self.options = options or MastodonOptions()
        self.now = float(world.spec.observed_second)
        self._objects = mastodon_world(world, prefix=PREFIX)
        self.told = self._objects.world
        self._windows = Windows(clock, WINDOW_SECONDS)
        self._gone = set(self._objects.gone)
        self._replies = self._objects.replies()
        self._quotes = self._objects.quotes()
        self._texts: dict[str, str] = {}

    # --- what a test does to the world ---------------------------------------

    def delete(self, key: str) -> None:
        """Delete a status."""
        self._gone.add(key)

    def edit(self, key: str, content: str) -> None:
        """Change a status' text."""
        self._texts[key] = content

    # --- every call -------------------------------------------------------------

    def answer(self, asked: Asked) -> Answer:
        """Answer a request."""
        self.now += self.options.seconds_per_call
        used = self._windows.used("calls")
        reset = datetime.fromtimestamp(self._windows.reset(), UTC)
        headers = {
            "x-ratelimit-limit": str(self.options.calls),
            "x-ratelimit-remaining": str(max(self.options.calls - used - 1, 0)),
            "x-ratelimit-reset": f"{reset:%Y-%m-%dT%H:%M:%S.%fZ}",
        }
        try:
            if used >= self.options.calls:
                raise ApiError("Too many requests", 429)
            self._windows.add("calls")
            chance = np.random.Generator(
                np.random.PCG64([self.options.seed, asked.number])
            )
            if chance.random() < self.options.error_share:
                raise ApiError("Service Unavailable", 503)
            body, more = self._dispatch(asked)
        except ApiError as error:
            return Answer(
                orjson.dumps({"error": error.error}),
                error.status,
                error=error.error,
                headers=headers,
            )
        rows = len(body) if isinstance(body, list) else 1
        return Answer(orjson.dumps(body), rows=rows, headers={**headers, **more})

    def _dispatch(self, asked: Asked) -> tuple[Any, dict[str, str]]:
        token = asked.headers.get("authorization", "").removeprefix("Bearer ")
        if token not in ("", TOKEN):
            raise ApiError("The access token is invalid", 401)
        if self.options.is_closed and not token:
            raise ApiError("This method requires an authenticated user", 422)
        if asked.path == "/api/v1/statuses":
            keys = asked.lists.get("id[]", [])
            return [self._status(key) for key in keys if self._is_there(key)], {}
        for pattern, method in (
            (r"/api/v1/accounts/(\d+)", self._account),
            (r"/api/v1/accounts/(\d+)/statuses", self._timeline),
            (r"/api/v1/accounts/(\d+)/followers", self._followers),
            (r"/api/v1/timelines/tag/(.+)", self._hashtag),
            (r"/api/v1/statuses/(\d+)/context", self._context),
            (r"/api/v1/statuses/(\d+)/reblogged_by", self._boosters),
            (r"/api/v1/statuses/(\d+)/favourited_by", self._likers),
        ):
            if found := re.fullmatch(pattern, asked.path):
                return method(asked, unquote(found[1]))
        if found := re.fullmatch(r"/api/v1/statuses/(\d+)/quotes", asked.path):
            if not token:
                raise ApiError("This action is not allowed", 403)
            keys = self._shown(self._quotes.get(self._known(found[1]), []))
            return self._statuses(asked, keys)
        raise ApiError("Not Found", 404)

    # --- what is there ------------------------------------------------------------

    def _is_there(self, key: str) -> bool:
        status = self._objects.statuses.get(key)
        return (
            status is not None
            and key not in self._gone
            and _second(status["created_at"]) <= self.now
        )

    def _known(self, key: str) -> str:
        if not self._is_there(key):
            raise ApiError("Record not found", 404)
        return key

    def _shown(self, keys: Sequence[str]) -> list[str]:
        return [key for key in keys if self._is_there(key)]

    def _boosted(self, key: str) -> list[str]:
        return [
            person
            for person in self._objects.boosts.get(key, ())
            if _second(self._objects.boosted_at[key, person]) <= self.now
        ]

    def _status(self, key: str) -> Object:
        """A status with its counters now: the world's, less what is not there."""
        status = dict(self._objects.statuses[key])
        for name, rows, shown in (
            ("quotes_count", self._quotes.get(key, []), None),
            ("replies_count", self._replies.get(key, []), None),
            ("reblogs_count", self._objects.boosts.get(key, []), self._boosted(key)),
        ):
            there = self._shown(rows) if shown is None else shown
            status[name] = max(status[name] - (len(rows) - len(there)), 0)
        if key in self._texts:
            status["content"] = self._texts[key]
        shown_id = quoted_by(status)
        if shown_id and self._is_there(shown_id):
            quoted = {**self._objects.statuses[shown_id], "quote": None}
            status["quote"] = {"state": "accepted", "quoted_status": quoted}
        return status

    # --- methods --------------------------------------------------------------------

    def _page(
        self, asked: Asked, rows: Sequence[Any], places: Sequence[str], most: int
    ) -> tuple[list[Any], dict[str, str]]:
        """Rows below a place, newest first, and the header that leads on."""
        size = min(int(asked.params.get("limit", "20")), most, self.options.rows)
        start = 0
        if below := asked.params.get("max_id"):
            start = next(
                (at for at, one in enumerate(places) if int(one) < int(below)),
                len(rows),
            )
        page = list(rows[start : start + size])
        if not page or start + size >= len(rows):
            return page, {}
        params = {**asked.params, "max_id": places[start + size - 1]}
        before = {**asked.params, "min_id": places[start]}
        address = f"{asked.base_url}{asked.path}"
        link = (
            f'<{address}?{urlencode(params)}>; rel="next",'
            f' <{address}?{urlencode(before)}>; rel="prev"'
        )
        return page, {"link": link}

    def _statuses(
        self, asked: Asked, keys: Sequence[str]
    ) -> tuple[list[Object], dict[str, str]]:
        page, more = self._page(asked, keys, keys, 40)
        return [self._status(key) for key in page], more

    def _people(
        self, asked: Asked, people: Sequence[str]
    ) -> tuple[list[Object], dict[str, str]]:
        # Places are ids of the acts, which the list doesn't show.
        places = [str(1_000_000 - at) for at in range(len(people))]
        page, more = self._page(asked, people, places, 80)
        return [self._objects.accounts[one] for one in page], more

    def _account(self, asked: Asked, key: str) -> tuple[Object, dict[str, str]]:
        if key not in self._objects.accounts:
            raise ApiError("Record not found", 404)
        return self._objects.accounts[key], {}

    def _timeline(self, asked: Asked, key: str) -> tuple[list[Object], dict[str, str]]:
        self._account(asked, key)
        keys = [
            one
            for one in sorted(self._objects.statuses, key=int, reverse=True)
            if self._is_there(one)
            and self._objects.statuses[one]["account"]["id"] == key
            and not (
                asked.params.get("exclude_replies") == "true"
                and self._objects.statuses[one]["in_reply_to_id"]
            )
        ]
        return self._statuses(asked, keys)

    def _hashtag(self, asked: Asked, tag: str) -> tuple[list[Object], dict[str, str]]:
        keys = [
            one
            for one in sorted(self._objects.statuses, key=int, reverse=True)
            if self._is_there(one)
            and tag in [named["name"] for named in self._objects.statuses[one]["tags"]]
        ]
        return self._statuses(asked, keys)

    def _context(self, asked: Asked, key: str) -> tuple[Object, dict[str, str]]:
        depth, rows = self.options.depth, self.options.thread_rows
        if asked.headers.get("authorization"):
            depth = rows = 4096
        shown = {above: self._shown(keys) for above, keys in self._replies.items()}
        found = thread(self._objects, shown, self._known(key), depth, rows)
        return {
            name: [self._status(status["id"]) for status in statuses]
            for name, statuses in found.items()
        }, {}

    def _boosters(self, asked: Asked, key: str) -> tuple[list[Object], dict[str, str]]:
        return self._people(asked, self._boosted(self._known(key)))

    def _likers(self, asked: Asked, key: str) -> tuple[list[Object], dict[str, str]]:
        return self._people(asked, self._objects.likes.get(self._known(key), []))

    def _followers(self, asked: Asked, key: str) -> tuple[list[Object], dict[str, str]]:
        self._account(asked, key)
        return self._people(asked, self._objects.followers.get(key, []))


def _second(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
