"""X's API v2: posts, search, profiles, who reposted and liked, with its quirks.

Objects are those that `tests/world/x.py` makes; only fields and expansions that are
asked for are given, as the platform does.
"""

from __future__ import annotations

import base64
import math
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import orjson

from tests.emulators.limits import Windows
from tests.emulators.serving import Answer, Asked, Emulator
from tests.world import World
from tests.world.x import Object, x_world

BEARER = "emulated-bearer"
PROBLEMS = "https://api.x.com/2/problems/"
# Per app and 15 minutes, as documented.
DOCUMENTED_LIMITS = {
    "search/recent": 450,
    "search/all": 300,
    "tweets": 3500,
    "tweet": 450,
    "user_tweets": 10_000,
    "mentions": 450,
    "liking_users": 75,
    "retweeted_by": 75,
    "quote_tweets": 75,
    "followers": 15,
    "users": 300,
}
_TWEET_DEFAULT = ("id", "text", "edit_history_tweet_ids")
_USER_DEFAULT = ("id", "name", "username")
_RECENT_SECONDS = 7 * 86_400
_TIMELINE_CAP = 3200
_MENTIONS_CAP = 800


@dataclass(frozen=True)
class XOptions:
    """The platform's quirks.

    Attributes:
        seed: of every random choice.
        limits: endpoint -> calls per window; see `DOCUMENTED_LIMITS`.
        window_seconds: length of a window, 15 minutes in truth.
        month_posts: posts that may be read in a billing month; None is no cap.
        legacy_errors: a call over the limit gets the old body with code 88.
        empty_page: the first page of a list is empty, and yet not the last.
        token_calls: number of a call -> it forgets all page tokens given before.
        error_share: of calls that end with 503.
        seconds_per_call: how far the world's time moves with each call.
    """

    seed: int = 1
    limits: Mapping[str, int] = field(default_factory=dict)
    window_seconds: float = 900.0
    month_posts: int | None = None
    legacy_errors: bool = False
    empty_page: bool = False
    token_calls: frozenset[int] = frozenset()
    error_share: float = 0.0
    seconds_per_call: float = 0.0


class Problem(Exception):  # noqa: N818 - an answer of the platform, no error of ours
    """A problem that the platform answers."""

    def __init__(
        self, status: int, kind: str, title: str, detail: str, **more: Any
    ) -> None:
        super().__init__(kind)
        self.status = status
        self.body: dict[str, Any] = {
            "title": title,
            "detail": detail,
            "type": "about:blank" if not kind else PROBLEMS + kind,
            "status": status,
            **more,
        }


class XEmulator(Emulator):
    """Serves a world as X does.

    Attributes:
        now: the world's time: what came to be later is not there yet.
        told: what X tells of the world, in canonical shape.
    """

    def __init__(
        self,
        world: World,
        options: XOptions | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(clock)
        self.options = options or XOptions()
        self.now = float(world.spec.observed_second)
        self._objects = x_world(world)
        self.told = self._objects.world
        self._tokens = {BEARER}
        self._windows = Windows(clock, self.options.window_seconds)
        self._month_used = 0
        self._page_tokens: set[str] = set()
        self._gone = set(self._objects.gone)
        self._hidden: set[str] = set()
        self._protected: set[str] = set()
        self._texts: dict[str, str] = {}
        self._seconds = {
            key: datetime.fromisoformat(tweet["created_at"]).timestamp()
            for key, tweet in self._objects.tweets.items()
        }
        self._roots = set(self._objects.roots.values())
        self._newest = sorted(self._objects.tweets, key=int, reverse=True)
        self._names = {
            user["username"].lower(): key for key, user in self._objects.users.items()
        }
        # Reference type -> post -> posts that refer to it, newest first.
        self._referring: dict[str, dict[str, list[str]]] = {
            kind: defaultdict(list) for kind in ("retweeted", "quoted", "replied_to")
        }
        self._conversations: dict[str, list[str]] = defaultdict(list)
        self._by_author: dict[str, list[str]] = defaultdict(list)
        for key in self._newest:
            tweet = self._objects.tweets[key]
            self._by_author[tweet["author_id"]].append(key)
            self._conversations[tweet["conversation_id"]].append(key)
            for reference in tweet.get("referenced_tweets", ()):
                self._referring[reference["type"]][reference["id"]].append(key)

    # --- what a test does to the world ---------------------------------------

    def delete(self, key: str) -> None:
        """Delete a post; its retweets go with it."""
        self._gone |= {key, *self._referring["retweeted"].get(key, ())}

    def hide(self, key: str) -> None:
        """Keep a post from this reader, as a withheld one."""
        self._hidden.add(key)

    def protect(self, user: str) -> None:
        """Let a user's posts be read by followers only."""
        self._protected.add(user)

    def edit(self, key: str, text: str) -> None:
        """Change a post's text."""
        self._texts[key] = text

    def expire_token(self) -> None:
        """Make the bearer token invalid."""
        self._tokens.clear()

    def renew_token(self) -> str:
        """Make the bearer token valid again."""
        self._tokens.add(BEARER)
        return BEARER

    # --- every call -------------------------------------------------------------

    def answer(self, asked: Asked) -> Answer:
        """Answer a request."""
        self.now += self.options.seconds_per_call
        if asked.number in self.options.token_calls:
            self._page_tokens.clear()
        headers: dict[str, str] = {"server": "envoy"}
        try:
            name, endpoint = self._endpoint(asked)
            self._authorize(asked)
            headers |= self._count(name)
            if self._fails(asked):
                return Answer(b"", 503, error=503, headers=headers)
            if (
                self.options.month_posts is not None
                and self._month_used >= self.options.month_posts
            ):
                raise Problem(
                    429,
                    "usage-capped",
                    "UsageCapExceeded",
                    "Usage cap exceeded: Monthly product cap",
                    period="Monthly",
                    scope="Product",
                    account_id=1,
                )
            body = endpoint(asked)
        except _TooMany as refused:
            return self._too_many(refused)
        except Problem as problem:
            return Answer(
                orjson.dumps(problem.body),
                problem.status,
                error=problem.body["type"].rpartition("/")[2],
                headers=headers,
            )
        rows = body.get("data", ())
        count = len(rows) if isinstance(rows, list) else 1
        if rows and "text" in (rows[0] if isinstance(rows, list) else rows):
            self._month_used += count
        return Answer(orjson.dumps(body), rows=count, headers=headers)

    def _endpoint(self, asked: Asked) -> tuple[str, Callable[[Asked], Object]]:
        path = asked.path
        plain: dict[str, tuple[str, Callable[[Asked], Object]]] = {
            "/2/tweets": ("tweets", self._lookup),
            "/2/tweets/search/recent": ("search/recent", self._search_recent),
            "/2/tweets/search/all": ("search/all", self._search_all),
            "/2/tweets/counts/recent": ("search/recent", self._counts_recent),
            "/2/users": ("users", self._users),
            "/2/users/by": ("users", self._users_by),
        }
        if path in plain and asked.method == "GET":
            return plain[path]
        for pattern, name, endpoint in (
            (r"/2/tweets/(\d+)", "tweet", self._tweet),
            (r"/2/tweets/(\d+)/retweeted_by", "retweeted_by", self._retweeted_by),
            (r"/2/tweets/(\d+)/quote_tweets", "quote_tweets", self._quote_tweets),
            (r"/2/tweets/(\d+)/liking_users", "liking_users", self._liking_users),
            (r"/2/users/by/username/(.+)", "users", self._user_by_name),
            (r"/2/users/(\d+)", "users", self._user),
            (r"/2/users/(\d+)/tweets", "user_tweets", self._user_tweets),
            (r"/2/users/(\d+)/mentions", "mentions", self._mentions),
            (r"/2/users/(\d+)/followers", "followers", self._followers),
        ):
            found = re.fullmatch(pattern, path)
            if found and asked.method == "GET":
                key = found[1]
                return name, lambda asked, call=endpoint, key=key: call(asked, key)
        raise Problem(404, "", "Not Found", "Not Found")

    def _authorize(self, asked: Asked) -> None:
        kind, _, token = asked.headers.get("authorization", "").partition(" ")
        if kind != "Bearer" or token not in self._tokens:
            raise Problem(401, "", "Unauthorized", "Unauthorized")

    def _count(self, name: str) -> dict[str, str]:
        limit = self.options.limits.get(name, DOCUMENTED_LIMITS[name])
        used = self._windows.used(name)
        headers = {
            "x-rate-limit-limit": str(limit),
            "x-rate-limit-remaining": str(max(limit - used - 1, 0)),
            "x-rate-limit-reset": str(math.ceil(self._windows.reset())),
        }
        if used >= limit:
            raise _TooMany(headers)
        self._windows.add(name)
        return headers

    def _too_many(self, refused: _TooMany) -> Answer:
        body: dict[str, Any] = {
            "title": "Too Many Requests",
            "detail": "Too Many Requests",
            "type": PROBLEMS + "rate-limit-exceeded",
            "status": 429,
        }
        if self.options.legacy_errors:
            body = {"errors": [{"code": 88, "message": "Rate limit exceeded"}]}
        code: int | str = 88 if self.options.legacy_errors else "rate-limit-exceeded"
        return Answer(orjson.dumps(body), 429, error=code, headers=refused.headers)

    def _fails(self, asked: Asked) -> bool:
        if not self.options.error_share:
            return False
        chance = np.random.Generator(np.random.PCG64([self.options.seed, asked.number]))
        return bool(chance.random() < self.options.error_share)

    # --- what is there ----------------------------------------------------------

    def _is_there(self, key: str) -> bool:
        tweet = self._objects.tweets.get(key)
        return (
            tweet is not None
            and key not in self._gone
            and self._seconds[key] <= self.now
        )

    def _is_shown(self, key: str) -> bool:
        return (
            self._is_there(key)
            and key not in self._hidden
            and self._objects.tweets[key]["author_id"] not in self._protected
        )

    def _shown(self, keys: Iterable[str]) -> list[str]:
        return [key for key in keys if self._is_shown(key)]

    def _metrics(self, key: str) -> Object:
        """Counters now: what the world says, without what is not there."""
        metrics: Object = dict(self._objects.tweets[key]["public_metrics"])
        for name, kind in (
            ("retweet_count", "retweeted"),
            ("quote_count", "quoted"),
            ("reply_count", "replied_to"),
        ):
            referring = self._referring[kind].get(key, ())
            if kind == "replied_to" and key in self._roots:
                # A thread's first post counts all its replies.
                referring = [
                    other for other in self._conversations[key] if other != key
                ]
            absent = sum(1 for other in referring if not self._is_there(other))
            metrics[name] = max(metrics[name] - absent, 0)
        return metrics

    # --- objects as asked for -----------------------------------------------------

    def _tweet_object(self, key: str, asked: Asked) -> Object:
        tweet = dict(self._objects.tweets[key])
        tweet["public_metrics"] = self._metrics(key)
        if key in self._texts:
            tweet["text"] = self._texts[key]
        wanted = {*_TWEET_DEFAULT, *_names(asked, "tweet.fields")}
        # An expansion brings the field that it expands.
        expansions = _names(asked, "expansions")
        wanted |= {name.partition(".")[0] for name in expansions}
        return {name: value for name, value in tweet.items() if name in wanted}

    def _user_object(self, key: str, asked: Asked) -> Object:
        wanted = {*_USER_DEFAULT, *_names(asked, "user.fields")}
        user = {**self._objects.users[key], "protected": key in self._protected}
        return {name: value for name, value in user.items() if name in wanted}

    def _tweets_body(
        self,
        asked: Asked,
        keys: list[str],
        *,
        missing: Iterable[str] = (),
        next_token: str | None = None,
        with_meta: bool = True,
    ) -> Object:
        expansions = _names(asked, "expansions")
        problems = [self._absence(key, "ids") for key in missing]
        referenced: list[str] = []
        if "referenced_tweets.id" in expansions:
            for key in keys:
                tweet = self._objects.tweets[key]
                for reference in tweet.get("referenced_tweets", ()):
                    other = reference["id"]
                    if self._is_shown(other):
                        referenced.append(other)
                    else:
                        problems.append(self._absence(other, "referenced_tweets.id"))
        referenced = sorted(set(referenced), key=int)
        authors = set()
        if "author_id" in expansions:
            authors |= {self._objects.tweets[key]["author_id"] for key in keys}
        if "referenced_tweets.id.author_id" in expansions:
            authors |= {self._objects.tweets[key]["author_id"] for key in referenced}
        body: Object = {}
        if keys:
            body["data"] = [self._tweet_object(key, asked) for key in keys]
        includes: Object = {}
        if authors:
            includes["users"] = [
                self._user_object(key, asked) for key in sorted(authors)
            ]
        if referenced:
            includes["tweets"] = [self._tweet_object(key, asked) for key in referenced]
        if includes:
            body["includes"] = includes
        if problems:
            unique = {(item["value"], item["parameter"]): item for item in problems}
            body["errors"] = list(unique.values())
        if with_meta:
            meta: Object = {"result_count": len(keys)}
            if keys:
                meta |= {
                    "newest_id": max(keys, key=int),
                    "oldest_id": min(keys, key=int),
                }
            if next_token:
                meta["next_token"] = next_token
            body["meta"] = meta
        return body

    def _absence(self, key: str, parameter: str) -> Object:
        """Why a post is not shown; part of an answer that is no error."""
        problem = {
            "value": key,
            "resource_id": key,
            "parameter": parameter,
            "resource_type": "tweet",
        }
        if self._is_there(key):
            return {
                **problem,
                "title": "Authorization Error",
                "section": "data",
                "detail": f"Sorry, you are not authorized to see the Tweet with"
                f" {parameter}: [{key}].",
                "type": PROBLEMS + "not-authorized-for-resource",
            }
        return {
            **problem,
            "title": "Not Found Error",
            "detail": f"Could not find tweet with {parameter}: [{key}].",
            "type": PROBLEMS + "resource-not-found",
        }

    # --- pages ------------------------------------------------------------------

    def _page_size(self, asked: Asked, least: int, most: int, default: int) -> int:
        text = asked.params.get("max_results", str(default))
        if not text.isdecimal() or not least <= int(text) <= most:
            raise _invalid("max_results", text, f"must be between {least} and {most}")
        return int(text)

    def _token(self, asked: Asked) -> str | None:
        """What a page token says; None on a first page."""
        text = asked.params.get("pagination_token") or asked.params.get("next_token")
        if text is None:
            return None
        if text not in self._page_tokens:
            raise _invalid("next_token", text, "is not valid")
        return base64.b32decode(text.upper() + "=" * (-len(text) % 8)).decode()

    def _new_token(self, text: str) -> str:
        token = base64.b32encode(text.encode()).decode().rstrip("=").lower()
        self._page_tokens.add(token)
        return token

    def _tweet_page(self, asked: Asked, keys: list[str], size: int) -> Object:
        """A page of posts, newest first; a token names the last one seen."""
        after = self._token(asked)
        keys = [key for key in keys if self._is_between(key, asked)]
        if after is None and self.options.empty_page and keys:
            return self._tweets_body(
                asked, [], next_token=self._new_token(str(int(keys[0]) + 1))
            )
        if after is not None:
            keys = [key for key in keys if int(key) < int(after)]
        page = keys[:size]
        token = self._new_token(page[-1]) if len(keys) > size else None
        # What is withheld from this reader takes a place in the page.
        return self._tweets_body(asked, self._shown(page), next_token=token)

    def _is_between(self, key: str, asked: Asked) -> bool:
        params, second = asked.params, self._seconds[key]
        return (
            int(key) > int(params.get("since_id") or 0)
            and ("until_id" not in params or int(key) < int(params["until_id"]))
            and ("start_time" not in params or second >= _second(params["start_time"]))
            and ("end_time" not in params or second < _second(params["end_time"]))
        )

    def _user_page(self, asked: Asked, keys: list[str], size: int) -> Object:
        """A page of users; a token is the place in the list."""
        start = int(self._token(asked) or 0)
        page = keys[start : start + size]
        body: Object = {}
        if page:
            body["data"] = [self._user_object(key, asked) for key in page]
        body["meta"] = {"result_count": len(page)}
        if start + size < len(keys):
            body["meta"]["next_token"] = self._new_token(str(start + size))
        return body

    # --- posts ------------------------------------------------------------------

    def _lookup(self, asked: Asked) -> Object:
        keys = _ids(asked, "ids")
        shown = self._shown(keys)
        return self._tweets_body(
            asked,
            shown,
            missing=[key for key in keys if key not in set(shown)],
            with_meta=False,
        )

    def _tweet(self, asked: Asked, key: str) -> Object:
        if not self._is_shown(key):
            return {"errors": [self._absence(key, "id")]}
        body = self._tweets_body(asked, [key], with_meta=False)
        return {**body, "data": body["data"][0]}

    def _user_tweets(self, asked: Asked, user: str) -> Object:
        self._known_user(user)
        size = self._page_size(asked, 5, 100, 10)
        keys = self._existing(self._by_author.get(user, ()))[:_TIMELINE_CAP]
        without = _names(asked, "exclude")
        if "replies" in without:
            keys = [key for key in keys if self._refers(key) != "replied_to"]
        if "retweets" in without:
            keys = [key for key in keys if self._refers(key) != "retweeted"]
        return self._tweet_page(asked, keys, size)

    def _mentions(self, asked: Asked, user: str) -> Object:
        name = "@" + self._known_user(user)["username"]
        size = self._page_size(asked, 5, 100, 10)
        keys = [
            key
            for key in self._existing(self._newest)
            if name in self._objects.tweets[key]["text"]
        ]
        return self._tweet_page(asked, keys[:_MENTIONS_CAP], size)

    def _quote_tweets(self, asked: Asked, key: str) -> Object:
        self._known_tweet(key)
        size = self._page_size(asked, 10, 100, 10)
        keys = self._existing(self._referring["quoted"].get(key, ()))
        return self._tweet_page(asked, keys, size)

    def _existing(self, keys: Iterable[str]) -> list[str]:
        return [key for key in keys if self._is_there(key)]

    def _refers(self, key: str) -> str | None:
        references = self._objects.tweets[key].get("referenced_tweets")
        return references[0]["type"] if references else None

    def _known_tweet(self, key: str) -> None:
        if not self._is_shown(key):
            problem = self._absence(key, "id")
            kind = problem.pop("type").removeprefix(PROBLEMS)
            raise Problem(404, kind, problem.pop("title"), problem.pop("detail"))

    def _known_user(self, key: str) -> Object:
        if key not in self._objects.users:
            raise Problem(
                404,
                "resource-not-found",
                "Not Found Error",
                f"Could not find user with id: [{key}].",
            )
        return self._objects.users[key]

    # --- search -----------------------------------------------------------------

    def _search_recent(self, asked: Asked) -> Object:
        keys = self._matching(asked, 512)
        recent = [
            key for key in keys if self._seconds[key] > self.now - _RECENT_SECONDS
        ]
        return self._tweet_page(asked, recent, self._page_size(asked, 10, 100, 10))

    def _search_all(self, asked: Asked) -> Object:
        keys = self._matching(asked, 1024)
        return self._tweet_page(asked, keys, self._page_size(asked, 10, 500, 10))

    def _counts_recent(self, asked: Asked) -> Object:
        keys = [
            key
            for key in self._matching(asked, 512)
            if self._seconds[key] > self.now - _RECENT_SECONDS
        ]
        by_day: dict[int, int] = defaultdict(int)
        for key in keys:
            by_day[int(self._seconds[key] // 86_400)] += 1
        return {
            "data": [
                {
                    "start": _iso(day * 86_400),
                    "end": _iso((day + 1) * 86_400),
                    "tweet_count": count,
                }
                for day, count in sorted(by_day.items())
            ],
            "meta": {"total_tweet_count": len(keys)},
        }

    def _matching(self, asked: Asked, longest: int) -> list[str]:
        query = asked.params.get("query", "")
        if not query or len(query) > longest:
            raise _invalid("query", query[:20], f"must have 1 to {longest} characters")
        keys = set()
        for branch in re.split(r"\s+OR\s+", query.strip("() ")):
            tests = [self._test(word) for word in re.findall(r'"[^"]*"|\S+', branch)]
            keys |= {
                key
                for key in self._candidates(branch)
                if self._is_there(key) and all(test(key) for test in tests)
            }
        return sorted(keys, key=int, reverse=True)

    def _candidates(self, branch: str) -> Iterable[str]:
        found = re.search(r"\bconversation_id:(\d+)", branch)
        return self._conversations.get(found[1], ()) if found else self._newest

    def _test(self, word: str) -> Callable[[str], bool]:
        if word.startswith("-"):
            inner = self._test(word[1:])
            return lambda key: not inner(key)
        name, _, value = word.partition(":")
        tweets = self._objects.tweets
        kinds = {"retweet": "retweeted", "quote": "quoted", "reply": "replied_to"}
        edges = {
            "quotes_of_tweet_id": "quoted",
            "retweets_of_tweet_id": "retweeted",
            "in_reply_to_tweet_id": "replied_to",
        }
        if name == "conversation_id":
            return lambda key: tweets[key]["conversation_id"] == value
        if name == "is" and value in kinds:
            return lambda key: self._refers(key) == kinds[value]
        if name in edges:
            edge = edges[name]
            return lambda key: (
                {"type": edge, "id": value} in tweets[key].get("referenced_tweets", ())
            )
        if name == "from":
            user = self._names.get(value.lower(), value)
            return lambda key: tweets[key]["author_id"] == user
        text = word.strip('"').lower()
        return lambda key: text in tweets[key]["text"].lower()

    # --- users ------------------------------------------------------------------

    def _users_body(self, asked: Asked, keys: list[str], parameter: str) -> Object:
        known = [key for key in keys if key in self._objects.users]
        body: Object = {}
        if known:
            body["data"] = [self._user_object(key, asked) for key in known]
        problems = [
            {
                "value": key,
                "resource_id": key,
                "parameter": parameter,
                "resource_type": "user",
                "title": "Not Found Error",
                "detail": f"Could not find user with {parameter}: [{key}].",
                "type": PROBLEMS + "resource-not-found",
            }
            for key in keys
            if key not in self._objects.users
        ]
        if problems:
            body["errors"] = problems
        return body

    def _users(self, asked: Asked) -> Object:
        return self._users_body(asked, _ids(asked, "ids"), "ids")

    def _users_by(self, asked: Asked) -> Object:
        names = _names(asked, "usernames")
        keys = [self._names.get(name.lower(), name) for name in names]
        return self._users_body(asked, keys, "usernames")

    def _user(self, asked: Asked, key: str) -> Object:
        body = self._users_body(asked, [key], "id")
        return {**body, "data": body["data"][0]} if "data" in body else body

    def _user_by_name(self, asked: Asked, name: str) -> Object:
        key = self._names.get(name.lower(), name)
        body = self._users_body(asked, [key], "username")
        return {**body, "data": body["data"][0]} if "data" in body else body

    def _followers(self, asked: Asked, key: str) -> Object:
        self._known_user(key)
        size = self._page_size(asked, 1, 1000, 100)
        return self._user_page(asked, self._objects.followers.get(key, []), size)

    def _liking_users(self, asked: Asked, key: str) -> Object:
        self._known_tweet(key)
        size = self._page_size(asked, 1, 100, 100)
        return self._user_page(asked, self._objects.likers.get(key, []), size)

    def _retweeted_by(self, asked: Asked, key: str) -> Object:
        self._known_tweet(key)
        size = self._page_size(asked, 1, 100, 100)
        keys = self._shown(self._referring["retweeted"].get(key, ()))
        users = [self._objects.tweets[other]["author_id"] for other in keys]
        return self._user_page(asked, users, size)


class _TooMany(Exception):  # noqa: N818 - an answer of the platform
    def __init__(self, headers: dict[str, str]) -> None:
        super().__init__("too many requests")
        self.headers = headers


def _names(asked: Asked, name: str) -> list[str]:
    return [item for item in asked.params.get(name, "").split(",") if item]


def _ids(asked: Asked, name: str) -> list[str]:
    keys = _names(asked, name)
    if not 1 <= len(keys) <= 100 or not all(key.isdecimal() for key in keys):
        raise _invalid(name, ",".join(keys)[:40], "must have 1 to 100 ids")
    return keys


def _invalid(name: str, value: str, why: str) -> Problem:
    return Problem(
        400,
        "invalid-request",
        "Invalid Request",
        "One or more parameters to your request was invalid.",
        errors=[
            {
                "parameters": {name: [value]},
                "message": f"The `{name}` query parameter value [{value}] {why}",
            }
        ],
    )


def _second(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _iso(second: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(second))
