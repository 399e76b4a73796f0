"""YouTube's Data API v3: lists of videos, comments, channels, with its quota.

Objects are those that `tests/world/youtube.py` makes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import orjson

from tests.emulators.serving import Answer, Asked, Emulator
from tests.world import World
from tests.world.youtube import Object, listed, without_video, youtube_world

KEY = "emulated-project-key"
_PACIFIC = ZoneInfo("America/Los_Angeles")


@dataclass(frozen=True)
class YouTubeOptions:
    """The platform's quirks.

    Attributes:
        seed: of every random choice.
        units: a day, one a call, but for searches.
        searches: a day.
        error_share: of calls that end with 503.
        rows: of a page at most, whatever is asked.
        closed: videos whose comments are closed.
        seconds_per_call: how far the world's time moves with each call.
    """

    seed: int = 1
    units: int = 10_000
    searches: int = 100
    error_share: float = 0.0
    rows: int = 100
    closed: frozenset[str] = frozenset()
    seconds_per_call: float = 0.0


class DataError(Exception):  # noqa: N818 - an answer of the platform
    """An error that the API answers."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.body = {
            "error": {
                "code": status,
                "message": message,
                "errors": [{"message": message, "domain": "youtube", "reason": reason}],
            }
        }


class YouTubeEmulator(Emulator):
    """Serves a world as YouTube does.

    Attributes:
        now: the world's time: what came to be later is not there yet.
        told: what YouTube tells of the world, in canonical shape.
        spent: calls by day on the Pacific coast, searches apart.
    """

    def __init__(
        self,
        world: World,
        options: YouTubeOptions | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(clock)
        self.options = options or YouTubeOptions()
        self.now = float(world.spec.observed_second)
        self._objects = youtube_world(world)
        self.told = self._objects.world
        self._gone: set[str] = set()
        self.spent: dict[tuple[str, bool], int] = {}

    # --- what a test does to the world ---------------------------------------

    def delete(self, key: str) -> None:
        """Delete a video or a comment."""
        self._gone.add(key)

    # --- every call -------------------------------------------------------------

    def answer(self, asked: Asked) -> Answer:
        """Answer a request."""
        self.now += self.options.seconds_per_call
        try:
            body = self._dispatch(asked)
        except DataError as error:
            return Answer(orjson.dumps(error.body), error.status, error=error.reason)
        return Answer(orjson.dumps(body), rows=len(body["items"]))

    def _dispatch(self, asked: Asked) -> Object:
        methods: dict[str, Callable[[Asked], Object]] = {
            "videos": self._videos,
            "channels": self._channels,
            "playlistItems": self._uploads,
            "search": self._search,
            "commentThreads": self._threads,
            "comments": self._replies,
        }
        method = asked.path.removeprefix("/youtube/v3/")
        if method not in methods or asked.method != "GET":
            raise DataError(404, "notFound", "Not Found")
        if asked.headers.get("x-goog-api-key") != KEY:
            raise DataError(400, "badRequest", "API key not valid.")
        day = f"{datetime.fromtimestamp(self.clock(), _PACIFIC):%Y-%m-%d}"
        is_search = method == "search"
        used = self.spent.get((day, is_search), 0)
        if used >= (self.options.searches if is_search else self.options.units):
            text = 'you have exceeded your <a href="/youtube/v3/quota">quota</a>.'
            raise DataError(403, "quotaExceeded", text)
        self.spent[day, is_search] = used + 1
        chance = np.random.Generator(np.random.PCG64([self.options.seed, asked.number]))
        if chance.random() < self.options.error_share:
            raise DataError(503, "backendError", "Backend Error")
        if "part" not in asked.params:
            raise DataError(400, "missingRequiredParameter", "No part")
        return methods[method](asked)

    # --- what is there ------------------------------------------------------------

    def _is_there(self, item: Object) -> bool:
        moment = datetime.fromisoformat(item["snippet"]["publishedAt"]).timestamp()
        return item["id"] not in self._gone and moment <= self.now

    def _there(self, items: Sequence[Object]) -> list[Object]:
        return [item for item in items if self._is_there(item)]

    def _video(self, video: Object) -> Object:
        """A video with its counters now."""
        statistics = dict(video["statistics"])
        if video["id"] in self.options.closed:
            del statistics["commentCount"]
        else:
            first = self._there(self._objects.threads.get(video["id"], []))
            below = [
                one
                for comment in first
                for one in self._there(self._objects.replies.get(comment["id"], []))
            ]
            statistics["commentCount"] = str(len(first) + len(below))
        return {**video, "statistics": statistics}

    # --- methods --------------------------------------------------------------------

    def _page(
        self, asked: Asked, rows: Sequence[Any], kind: str, most: int = 50
    ) -> Object:
        size = min(int(asked.params.get("maxResults", "5")), most, self.options.rows)
        token = asked.params.get("pageToken", "p0")
        if not token.startswith("p"):
            raise DataError(400, "invalidPageToken", "invalid token")
        start = int(token[1:])
        more = f"p{start + size}" if start + size < len(rows) else None
        return listed(kind, list(rows[start : start + size]), more)

    def _videos(self, asked: Asked) -> Object:
        keys = asked.params["id"].split(",")
        known = [
            self._objects.videos[key] for key in keys if key in self._objects.videos
        ]
        return listed("video", [self._video(video) for video in self._there(known)])

    def _channels(self, asked: Asked) -> Object:
        keys = asked.params["id"].split(",")
        known = self._objects.channels
        return listed("channel", [known[key] for key in keys if key in known])

    def _uploads(self, asked: Asked) -> Object:
        channel = "UC" + asked.params["playlistId"][2:]
        if channel not in self._objects.channels:
            raise DataError(404, "playlistNotFound", "The playlist cannot be found.")
        rows = [
            {
                "kind": "youtube#playlistItem",
                "id": f"i{video['id']}",
                "snippet": {"channelId": channel, "publishedAt": moment},
                "contentDetails": {"videoId": video["id"], "videoPublishedAt": moment},
            }
            for video in self._there(list(self._objects.videos.values()))
            for moment in [video["snippet"]["publishedAt"]]
            if video["snippet"]["channelId"] == channel
        ]
        return self._page(asked, rows, "playlistItem")

    def _search(self, asked: Asked) -> Object:
        words = asked.params["q"].strip('"')
        after = asked.params.get("publishedAfter", "")
        before = asked.params.get("publishedBefore", "~")
        rows = [
            {
                "kind": "youtube#searchResult",
                "id": {"kind": "youtube#video", "videoId": video["id"]},
                "snippet": {"publishedAt": video["snippet"]["publishedAt"]},
            }
            for video in self._there(list(self._objects.videos.values()))
            if words in video["snippet"]["title"]
            and after <= video["snippet"]["publishedAt"] < before
        ]
        return self._page(asked, rows, "search")

    def _threads(self, asked: Asked) -> Object:
        video = self._objects.videos.get(asked.params["videoId"])
        if video is None or not self._is_there(video):
            raise DataError(404, "videoNotFound", "The video cannot be found.")
        if video["id"] in self.options.closed:
            raise DataError(403, "commentsDisabled", "The video has disabled comments.")
        rows = [
            self._objects.thread(
                one, self._there(self._objects.replies.get(one["id"], []))
            )
            for one in self._there(self._objects.threads.get(video["id"], []))
        ]
        return self._page(asked, rows, "commentThread", 100)

    def _replies(self, asked: Asked) -> Object:
        rows = [
            without_video(one)
            for one in self._there(
                self._objects.replies.get(asked.params["parentId"], [])
            )
        ]
        return self._page(asked, rows, "comment", 100)
