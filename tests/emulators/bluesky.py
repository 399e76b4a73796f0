"""Bluesky's AppView by XRPC: feeds, threads, quotes, likes, search, with its quirks.

Views are those that `tests/world/bluesky.py` makes.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import orjson

from tests.emulators.limits import Windows
from tests.emulators.serving import Answer, Asked, Emulator
from tests.world import World
from tests.world.bluesky import Object, bluesky_world, like_of, quoted_by

TOKEN = "emulated-session"
WINDOW_SECONDS = 300.0


@dataclass(frozen=True)
class BlueskyOptions:
    """The AppView's quirks.

    Attributes:
        seed: of every random choice.
        calls: per five minutes; 429 above it.
        error_share: of calls that end with 502.
        depth: levels of a thread that are shown at once, whatever is asked.
        rows: of a page at most, whatever is asked.
        ends_late: a list's last page still names a place to go on at.
        is_public: no session; the search is refused then.
        seconds_per_call: how far the world's time moves with each call.
    """

    seed: int = 1
    calls: int = 3000
    error_share: float = 0.0
    depth: int = 1000
    rows: int = 100
    ends_late: bool = False
    is_public: bool = False
    seconds_per_call: float = 0.0


class XrpcError(Exception):  # noqa: N818 - an answer of the platform
    """An error that the AppView answers."""

    def __init__(self, error: str, message: str, status: int = 400) -> None:
        super().__init__(error)
        self.status = status
        self.body = {"error": error, "message": message}


class BlueskyEmulator(Emulator):
    """Serves a world as Bluesky's AppView does.

    Attributes:
        now: the world's time: what came to be later is not there yet.
        told: what Bluesky tells of the world, in canonical shape.
    """

    def __init__(
        self,
        world: World,
        options: BlueskyOptions | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(clock)
        self.options = options or BlueskyOptions()
        self.now = float(world.spec.observed_second)
        self._views = bluesky_world(world)
        self.told = self._views.world
        self._windows = Windows(clock, WINDOW_SECONDS)
        self._gone = set(self._views.gone)
        self._replies = self._views.replies()
        self._quotes = self._views.quotes()
        self._tokens = {TOKEN}
        self._newest = sorted(
            self._views.posts,
            key=lambda uri: (self._views.posts[uri]["record"]["createdAt"], uri),
            reverse=True,
        )

    # --- what a test does to the world ---------------------------------------

    def delete(self, uri: str) -> None:
        """Delete a post."""
        self._gone.add(uri)

    def expire_token(self) -> None:
        """End the session."""
        self._tokens.clear()

    # --- every call -------------------------------------------------------------

    def answer(self, asked: Asked) -> Answer:
        """Answer a request."""
        self.now += self.options.seconds_per_call
        used = self._windows.used("calls")
        headers = {
            "ratelimit-limit": str(self.options.calls),
            "ratelimit-remaining": str(max(self.options.calls - used - 1, 0)),
            "ratelimit-reset": str(math.ceil(self._windows.reset())),
            "ratelimit-policy": f"{self.options.calls};w={int(WINDOW_SECONDS)}",
        }
        try:
            if used >= self.options.calls:
                raise XrpcError("RateLimitExceeded", "Rate Limit Exceeded", 429)
            self._windows.add("calls")
            chance = np.random.Generator(
                np.random.PCG64([self.options.seed, asked.number])
            )
            if chance.random() < self.options.error_share:
                raise XrpcError("UpstreamFailure", "Upstream service unreachable", 502)
            body = self._dispatch(asked)
        except XrpcError as error:
            return Answer(
                orjson.dumps(error.body),
                error.status,
                error=error.body["error"],
                headers=headers,
            )
        rows = sum(len(rows) for rows in body.values() if isinstance(rows, list))
        return Answer(orjson.dumps(body), rows=rows, headers=headers)

    def _dispatch(self, asked: Asked) -> Object:
        methods: Mapping[str, Callable[[Asked], Object]] = {
            "app.bsky.actor.getProfiles": self._get_profiles,
            "app.bsky.feed.getPosts": self._get_posts,
            "app.bsky.feed.getAuthorFeed": self._author_feed,
            "app.bsky.feed.getPostThread": self._post_thread,
            "app.bsky.feed.getQuotes": self._get_quotes,
            "app.bsky.feed.getRepostedBy": self._reposted_by,
            "app.bsky.feed.getLikes": self._get_likes,
            "app.bsky.feed.searchPosts": self._search_posts,
            "app.bsky.graph.getFollowers": self._get_followers,
        }
        method = asked.path.removeprefix("/xrpc/")
        if method not in methods or asked.method != "GET":
            raise XrpcError("MethodNotImplemented", "Method Not Implemented", 501)
        token = asked.headers.get("authorization", "").removeprefix("Bearer ")
        if token and token not in self._tokens:
            raise XrpcError("ExpiredToken", "Token has expired")
        if method.endswith("searchPosts") and (self.options.is_public or not token):
            raise XrpcError("Forbidden", "Forbidden", 403)
        return methods[method](asked)

    # --- what is there ------------------------------------------------------------

    def _is_there(self, uri: str) -> bool:
        view = self._views.posts.get(uri)
        return (
            view is not None
            and uri not in self._gone
            and _second(view["record"]["createdAt"]) <= self.now
        )

    def _shown(self, uris: Sequence[str]) -> list[str]:
        return [uri for uri in uris if self._is_there(uri)]

    def _likers(self, uri: str) -> list[tuple[str, str]]:
        likes = self._views.likes.get(uri, ())
        return [like for like in likes if _second(like[0]) <= self.now]

    def _reposters(self, uri: str) -> list[str]:
        return [
            did
            for did in self._views.reposts.get(uri, ())
            if _second(self._views.reposted_at[uri, did]) <= self.now
        ]

    def _view(self, uri: str) -> Object:
        """A post with its counters now: what the world says, less what is not there."""
        view = dict(self._views.posts[uri])
        for name, rows, shown in (
            ("quoteCount", self._quotes.get(uri, ()), None),
            ("replyCount", self._replies.get(uri, ()), None),
            ("repostCount", self._views.reposts.get(uri, ()), self._reposters(uri)),
            ("likeCount", self._views.likes.get(uri, ()), self._likers(uri)),
        ):
            there = self._shown(list(rows)) if shown is None else shown
            view[name] = max(view[name] - (len(rows) - len(there)), 0)
        quoted = quoted_by(view)
        if quoted:
            inner: Object = {"uri": quoted, "notFound": True}
            if self._is_there(quoted):
                post = self._views.posts[quoted]
                kept = ("uri", "cid", "author", "indexedAt")
                inner = {name: post[name] for name in kept}
                inner["value"] = post["record"]
            view["embed"] = {"$type": "app.bsky.embed.record#view", "record": inner}
        return view

    # --- methods --------------------------------------------------------------------

    def _page(
        self, asked: Asked, rows: Sequence[Any], key: Callable[[Any], str]
    ) -> Any:
        """Rows of a page and the place to go on at: the last row that was shown."""
        text = asked.params.get("limit", "50")
        if not text.isdecimal() or not 1 <= int(text) <= 100:
            raise XrpcError("InvalidRequest", "limit must be between 1 and 100")
        size = min(int(text), self.options.rows)
        start = 0
        if cursor := asked.params.get("cursor"):
            keys = [key(row) for row in rows]
            if cursor == "end":
                return [], {}
            # A place stays where it is when its row goes.
            start = next((at for at, one in enumerate(keys) if one < cursor), len(keys))
        page = list(rows[start : start + size])
        more: Object = {}
        if start + size < len(rows):
            more = {"cursor": key(page[-1])}
        elif self.options.ends_late and page:
            more = {"cursor": "end"}
        return page, more

    def _post(self, asked: Asked) -> str:
        uri = asked.params.get("uri", "")
        if not re.fullmatch(r"at://did:[a-z]+:\S+/app\.bsky\.feed\.post/\w+", uri):
            raise XrpcError("InvalidRequest", "uri must be a valid at-uri")
        return uri

    def _get_profiles(self, asked: Asked) -> Object:
        dids = _listed(asked, "actors")
        known = [
            self._views.profiles[did] for did in dids if did in self._views.profiles
        ]
        return {"profiles": known}

    def _get_posts(self, asked: Asked) -> Object:
        uris = _listed(asked, "uris")
        return {"posts": [self._view(uri) for uri in uris if self._is_there(uri)]}

    def _author_feed(self, asked: Asked) -> Object:
        actor = asked.params.get("actor", "")
        if actor not in self._views.profiles:
            raise XrpcError("InvalidRequest", "Profile not found")
        uris = [
            uri
            for uri in self._shown(self._newest)
            if self._views.posts[uri]["author"]["did"] == actor
            and "reply" not in self._views.posts[uri]["record"]
        ]
        page, more = self._page(asked, uris, self._place)
        return {"feed": [{"post": self._view(uri)} for uri in page], **more}

    def _place(self, uri: str) -> str:
        return f"{self._views.posts[uri]['record']['createdAt']}::{uri}"

    def _post_thread(self, asked: Asked) -> Object:
        uri = self._post(asked)
        if not self._is_there(uri):
            raise XrpcError("NotFound", f"Post not found: {uri}")
        depth = min(int(asked.params.get("depth", "6")), self.options.depth)
        return {"thread": self._node(uri, depth)}

    def _node(self, uri: str, depth: int) -> Object:
        node: Object = {"$type": "app.bsky.feed.defs#threadViewPost"}
        node["post"] = self._view(uri)
        if depth:
            node["replies"] = [
                self._node(one, depth - 1)
                for one in self._shown(self._replies.get(uri, []))
            ]
        return node

    def _get_quotes(self, asked: Asked) -> Object:
        uri = self._post(asked)
        page, more = self._page(
            asked, self._shown(self._quotes.get(uri, [])), self._place
        )
        return {"uri": uri, "posts": [self._view(one) for one in page], **more}

    def _reposted_by(self, asked: Asked) -> Object:
        uri = self._post(asked)

        def place(did: str) -> str:
            return f"{self._views.reposted_at[uri, did]}::{did}"

        page, more = self._page(asked, self._reposters(uri), place)
        rows = [self._views.basic(did, "description", "indexedAt") for did in page]
        return {"uri": uri, "repostedBy": rows, **more}

    def _get_likes(self, asked: Asked) -> Object:
        uri = self._post(asked)
        page, more = self._page(asked, self._likers(uri), "::".join)
        return {
            "uri": uri,
            "likes": [like_of(self._views, *one) for one in page],
            **more,
        }

    def _search_posts(self, asked: Asked) -> Object:
        words = asked.params.get("q", "")
        if not words:
            raise XrpcError("BadQueryString", "empty query")
        words = words.strip('"') if words != "*" else ""
        since = asked.params.get("since", "")
        until = asked.params.get("until", "~")
        mentioned = asked.params.get("mentions")
        uris = [
            uri
            for uri in self._shown(self._newest)
            for record in [self._views.posts[uri]["record"]]
            if words in record["text"]
            and since <= record["createdAt"] < until
            and (mentioned is None or mentioned in _mentioned(record))
        ]
        page, more = self._page(asked, uris, self._place)
        return {"posts": [self._view(uri) for uri in page], **more}

    def _get_followers(self, asked: Asked) -> Object:
        actor = asked.params.get("actor", "")
        if actor not in self._views.profiles:
            raise XrpcError("InvalidRequest", "Actor not found")
        dids = sorted(self._views.followers.get(actor, ()), reverse=True)
        page, more = self._page(asked, dids, str)
        rows = [self._views.basic(did, "description", "indexedAt") for did in page]
        return {"subject": self._views.basic(actor), "followers": rows, **more}


def _listed(asked: Asked, name: str) -> list[str]:
    """A parameter that is given again and again."""
    values = asked.lists.get(name, [])
    if not 1 <= len(values) <= 25:
        raise XrpcError("InvalidRequest", f"{name} must have 1 to 25 elements")
    return values


def _mentioned(record: Mapping[str, Any]) -> set[str]:
    return {
        feature["did"]
        for facet in record.get("facets", ())
        for feature in facet["features"]
        if "did" in feature
    }


def _second(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
