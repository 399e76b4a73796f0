"""Facebook's Graph API: a page's posts, comments, reactions and insights.

Objects are those that `tests/world/facebook.py` makes; only fields that are asked
for are given, as the platform does.
"""

from __future__ import annotations

import base64
import math
import re
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import numpy as np
import orjson
import polars as pl

from tests.emulators.limits import Windows
from tests.emulators.serving import Answer, Asked, Emulator
from tests.world import World
from tests.world.facebook import VERSION, Object, facebook_world

PAGE_TOKEN = "EAAemulated"  # noqa: S105 - of no use anywhere else

# Metrics that still stand, and some that were taken away.
METRICS = (
    "page_follows",
    "page_daily_follows",
    "page_media_view",
    "page_total_media_view_unique",
    "page_post_engagements",
)
REMOVED_METRICS = (
    "page_impressions",
    "page_impressions_unique",
    "page_fans",
    "post_impressions_unique",
)
TEXTS = {
    1: ("An unknown error occurred", "OAuthException"),
    2: ("Service temporarily unavailable", "OAuthException"),
    4: ("(#4) Application request limit reached", "OAuthException"),
    17: ("(#17) User request limit reached", "OAuthException"),
    32: ("(#32) Page request limit reached", "OAuthException"),
    100: ("(#100) Invalid parameter", "OAuthException"),
    190: (
        "Error validating access token: Session has expired.",
        "OAuthException",
    ),
    613: ("(#613) Calls to this api have exceeded the rate limit.", "OAuthException"),
    80001: (
        "There have been too many calls to this Page account. Wait a bit and try"
        " again.",
        "OAuthException",
    ),
}
HTTP_STATUS = {1: 500, 2: 503}
_DEFAULT_FIELDS = {
    "posts": ("id", "created_time", "message"),
    "comments": ("id", "created_time", "from", "message"),
    "reactions": ("id", "name", "type"),
    "page": ("id", "name"),
    "post": ("id", "created_time", "message"),
    "comment": ("id", "created_time", "from", "message"),
}
_HOUR = 3600.0


@dataclass(frozen=True)
class FacebookOptions:
    """The platform's quirks.

    Attributes:
        seed: of every random choice.
        app_calls: calls per hour that are 100 % of the app's use; code 4 above it.
        page_calls: the same for a page and a day; `page_code` above it.
        page_code: 32, or 80001 of the newer business limits.
        hour_seconds: length of an hour.
        short_share: of rows that the reader may not see: they take a place in a
            page, which comes short without being the last, empty even.
        token_calls: calls until the token expires; None never.
        error_calls: number of a call -> code of its error.
        error_share: of calls that end with code 2.
        next_base: where `paging.next` leads in place of the caller's own address.
        seconds_per_call: how far the world's time moves with each call.
    """

    seed: int = 1
    app_calls: int | None = None
    page_calls: int | None = None
    page_code: int = 32
    hour_seconds: float = _HOUR
    short_share: float = 0.0
    token_calls: int | None = None
    error_calls: Mapping[int, int] = field(default_factory=dict)
    error_share: float = 0.0
    next_base: str = ""
    seconds_per_call: float = 0.0


class GraphError(Exception):  # noqa: N818 - an answer of the platform
    """An error that the platform answers."""

    def __init__(
        self, code: int, message: str = "", kind: str = "", subcode: int | None = None
    ) -> None:
        super().__init__(code)
        self.code = code
        default, default_kind = TEXTS[code]
        self.body: Object = {
            "message": message or default,
            "type": kind or default_kind,
            "code": code,
            "fbtrace_id": "Aemulated",
        }
        if subcode is not None:
            self.body["error_subcode"] = subcode


class FacebookEmulator(Emulator):
    """Serves a world as Facebook does.

    Attributes:
        now: the world's time: what came to be later is not there yet.
        told: what Facebook tells of the world, in canonical shape.
    """

    content_type = "application/json; charset=UTF-8"

    def __init__(
        self,
        world: World,
        options: FacebookOptions | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(clock)
        self.options = options or FacebookOptions()
        self.now = float(world.spec.observed_second)
        self._world = world
        self._objects = facebook_world(world)
        self.told = self._objects.world
        self._left = self.options.token_calls
        self._is_valid = True
        self._app = Windows(clock, self.options.hour_seconds)
        self._pages = Windows(clock, 24 * self.options.hour_seconds)
        self._gone: set[str] = set()
        self._changed: dict[str, Object] = {}
        self._roots = {
            comment["id"]: root
            for root, comments in self._objects.comments.items()
            for comment in comments
        }
        self._comments = {
            comment["id"]: comment
            for comments in self._objects.comments.values()
            for comment in comments
        }
        random = np.random.Generator(np.random.PCG64(self.options.seed))
        share = self.options.short_share
        keys = [
            *self._objects.posts,
            *self._comments,
            *(
                f"{root}/{person['id']}"
                for root, people in self._objects.reactions.items()
                for person in people
            ),
        ]
        # Places that hold a row nobody may see, before each row.
        self._unseen = {
            key: int(count)
            for key, count in zip(
                keys,
                random.geometric(1 - share, len(keys)) - 1
                if share
                else [0] * len(keys),
                strict=True,
            )
        }

    # --- what a test does to the world ---------------------------------------

    def delete(self, key: str) -> None:
        """Delete a post or comment, for everybody and at once."""
        self._gone.add(key)

    def hide(self, key: str) -> None:
        """Make a post or comment private: this reader sees it no more."""
        self._gone.add(key)

    def show(self, key: str) -> None:
        """Take `delete` or `hide` back."""
        self._gone.discard(key)

    def edit(self, key: str, text: str) -> None:
        """Change the text of a post or comment."""
        stamp = datetime.fromtimestamp(self.now, UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")
        self._changed[key] = {"message": text}
        if key in self._objects.posts:
            self._changed[key]["updated_time"] = stamp

    def expire_token(self) -> None:
        """Make the token invalid."""
        self._is_valid = False

    def renew_token(self) -> str:
        """Make the token valid again."""
        self._is_valid, self._left = True, self.options.token_calls
        return PAGE_TOKEN

    # --- every call -------------------------------------------------------------

    def answer(self, asked: Asked) -> Answer:
        """Answer a request."""
        self.now += self.options.seconds_per_call
        path = re.sub(r"^/v\d+\.\d+", "", asked.path).strip("/")
        node, _, edge = path.partition("/")
        page = node.partition("_")[0]
        page = page if page in self._objects.profiles else self._page_of(node)
        headers = {"facebook-api-version": VERSION}
        try:
            self._authorize(asked)
            headers |= self._count(page)
            self._fail(asked)
            body = self._dispatch(asked, node, edge)
        except GraphError as error:
            headers |= self._usage(page)
            return Answer(
                orjson.dumps({"error": error.body}),
                HTTP_STATUS.get(error.code, 400),
                error=error.code,
                headers=headers,
            )
        rows = body.get("data")
        count = len(rows) if isinstance(rows, list) else 1
        return Answer(orjson.dumps(body), rows=count, headers=headers)

    def _page_of(self, node: str) -> str:
        root = self._roots.get(node, "")
        return root.partition("_")[0]

    def _dispatch(self, asked: Asked, node: str, edge: str) -> Object:
        if asked.method != "GET":
            raise GraphError(100, "Unsupported post request.", "GraphMethodException")
        profiles, posts = self._objects.profiles, self._objects.posts
        if node in profiles and edge in ("posts", "feed", "published_posts"):
            return self._page(
                asked, self._there(self._objects.posts_of(node)), "posts", "id"
            )
        if node in profiles and edge == "insights":
            return self._insights(asked, node)
        if node in profiles and not edge:
            return _cut(profiles[node], asked, "page")
        if node in posts and self._is_there(posts[node]):
            if edge == "comments":
                return self._comment_page(asked, node)
            if edge == "reactions":
                return self._reaction_page(asked, node)
            if not edge:
                return _cut(self._post(posts[node]), asked, "post")
        if node in self._comments and self._is_there(self._comments[node]):
            if not edge:
                return _cut(self._comment(self._comments[node]), asked, "comment")
            if edge == "comments":
                return self._reply_page(asked, node)
        raise GraphError(
            100,
            f"Unsupported get request. Object with ID '{node}' does not exist, cannot"
            " be loaded due to missing permissions, or does not support this operation",
            "GraphMethodException",
            33,
        )

    def _authorize(self, asked: Asked) -> None:
        kind, _, token = asked.headers.get("authorization", "").partition(" ")
        token = token if kind == "Bearer" else asked.params.get("access_token", "")
        if token != PAGE_TOKEN or not self._is_valid:
            raise GraphError(190, subcode=463)
        if self._left is not None:
            if self._left <= 0:
                raise GraphError(190, subcode=463)
            self._left -= 1

    def _usage(self, page: str) -> dict[str, str]:
        """How much of the limits is used, in percent."""
        headers = {}
        if self.options.app_calls is not None:
            percent = 100 * self._app.used("app") // self.options.app_calls
            headers["x-app-usage"] = _percents(percent)
        if self.options.page_calls is not None and page:
            percent = 100 * self._pages.used(page) // self.options.page_calls
            left = 0
            if percent >= 100:
                left = math.ceil((self._pages.reset() - self.clock()) / 60)
            if self.options.page_code == 32:
                headers["x-page-usage"] = _percents(percent)
            else:
                use = {
                    "type": "pages",
                    "call_count": percent,
                    "total_cputime": percent,
                    "total_time": percent,
                    "estimated_time_to_regain_access": left,
                }
                headers["x-business-use-case-usage"] = orjson.dumps(
                    {page: [use]}
                ).decode()
        return headers

    def _count(self, page: str) -> dict[str, str]:
        options = self.options
        if options.app_calls is not None and self._app.used("app") >= options.app_calls:
            raise GraphError(4)
        if (
            options.page_calls is not None
            and page
            and self._pages.used(page) >= options.page_calls
        ):
            raise GraphError(options.page_code)
        self._app.add("app")
        self._pages.add(page)
        return self._usage(page)

    def _fail(self, asked: Asked) -> None:
        code = self.options.error_calls.get(asked.number)
        if code is not None:
            raise GraphError(code)
        if self.options.error_share:
            chance = np.random.Generator(
                np.random.PCG64([self.options.seed, asked.number])
            )
            if chance.random() < self.options.error_share:
                raise GraphError(2)

    # --- what is there ----------------------------------------------------------

    def _is_there(self, item: Object) -> bool:
        created = datetime.fromisoformat(item["created_time"]).timestamp()
        return item["id"] not in self._gone and created <= self.now

    def _there(self, items: Sequence[Object]) -> list[Object]:
        return [item for item in items if self._is_there(item)]

    def _comments_of(self, post: str) -> list[Object]:
        """Comments that stand; a reply goes with what it answers."""
        return [
            comment
            for comment in self._there(self._objects.comments.get(post, ()))
            if comment.get("parent", {}).get("id") not in self._gone
        ]

    def _post(self, post: Object) -> Object:
        """A post with its counts as they are now."""
        key = post["id"]
        lost = len(self._objects.comments.get(key, ())) - len(self._comments_of(key))
        summary = post["comments"]["summary"]
        comments = {
            "data": [],
            "summary": {
                **summary,
                "total_count": max(summary["total_count"] - lost, 0),
            },
        }
        return {**post, "comments": comments, **self._changed.get(key, {})}

    def _comment(self, comment: Object) -> Object:
        replies = [
            other
            for other in self._comments_of(self._roots[comment["id"]])
            if other.get("parent", {}).get("id") == comment["id"]
        ]
        return {
            **comment,
            "comment_count": len(replies),
            **self._changed.get(comment["id"], {}),
        }

    # --- pages ------------------------------------------------------------------

    def _comment_page(self, asked: Asked, post: str) -> Object:
        rows = self._comments_of(post)
        total = self._post(self._objects.posts[post])["comments"]["summary"]
        # Without `filter=stream` the replies stay away.
        if asked.params.get("filter", "toplevel") != "stream":
            rows = [row for row in rows if "parent" not in row]
        if asked.params.get("order") == "reverse_chronological":
            rows = rows[::-1]
        body = self._page(asked, rows, "comments", "id")
        if asked.params.get("summary") in ("true", "1", "total_count"):
            body["summary"] = {
                "order": "chronological",
                "total_count": total["total_count"],
                "can_comment": True,
            }
        return body

    def _reply_page(self, asked: Asked, comment: str) -> Object:
        rows = [
            row
            for row in self._comments_of(self._roots[comment])
            if row.get("parent", {}).get("id") == comment
        ]
        return self._page(asked, rows, "comments", "id")

    def _reaction_page(self, asked: Asked, post: str) -> Object:
        rows = self._objects.reactions.get(post, [])
        body = self._page(asked, rows, "reactions", "id", prefix=f"{post}/")
        if asked.params.get("summary") in ("true", "1", "total_count"):
            body["summary"] = {"total_count": len(rows), "viewer_reaction": "NONE"}
        return body

    def _page(
        self,
        asked: Asked,
        rows: Sequence[Object],
        kind: str,
        key: str,
        *,
        prefix: str = "",
    ) -> Object:
        limit = asked.params.get("limit", "25")
        if not limit.isdecimal() or int(limit) < 1:
            raise GraphError(100, "(#100) limit must be positive")
        size = min(int(limit), 100)
        rows = self._between(rows, asked)
        keys = [row[key] for row in rows]
        start = 0
        after = asked.params.get("after")
        if after is not None:
            # A cursor is a row: without the row it leads nowhere.
            last, skipped = _uncursor(after)
            if last and last not in keys:
                raise GraphError(100, "(#100) Invalid cursors values", subcode=1)
            start = keys.index(last) + 1 if last else 0
        else:
            skipped = 0
        page: list[Object] = []
        places = size
        place = start
        while place < len(rows):
            unseen = self._unseen.get(prefix + keys[place], 0) - skipped
            if unseen >= places:
                skipped, places = skipped + places, 0
                break
            places -= unseen + 1
            skipped = 0
            page.append(rows[place])
            place += 1
        body: Object = {"data": [self._row(row, asked, kind) for row in page]}
        if not rows:
            return body
        before = keys[start] if start < len(keys) else keys[-1]
        cursor = _cursor(keys[place - 1] if place else "", skipped)
        paging: Object = {"cursors": {"before": _cursor(before, 0), "after": cursor}}
        if place < len(rows):
            params = {**asked.params, "after": cursor, "limit": limit}
            # The platform itself writes the token into the address.
            params.setdefault("access_token", PAGE_TOKEN)
            base = self.options.next_base or asked.base_url
            paging["next"] = f"{base}{asked.path}?{urlencode(params)}"
        body["paging"] = paging
        return body

    def _between(self, rows: Sequence[Object], asked: Asked) -> list[Object]:
        since, until = asked.params.get("since"), asked.params.get("until")
        return [
            row
            for row in rows
            if (since is None or _second(row["created_time"]) >= _moment(since))
            and (until is None or _second(row["created_time"]) <= _moment(until))
        ]

    def _row(self, row: Object, asked: Asked, kind: str) -> Object:
        if kind == "posts":
            row = self._post(row)
        elif kind == "comments":
            row = self._comment(row)
        return _cut(row, asked, kind)

    # --- insights ---------------------------------------------------------------

    def _insights(self, asked: Asked, page: str) -> Object:
        names = [name for name in asked.params.get("metric", "").split(",") if name]
        if not names or not set(names) <= set(METRICS):
            # One metric that is no more fails the whole call.
            raise GraphError(100, "(#100) The value must be a valid insights metric")
        if asked.params.get("period", "day") != "day":
            raise GraphError(100, "(#100) The period is not valid for this metric")
        until = _moment(asked.params.get("until", str(int(self.now))))
        since = _moment(asked.params.get("since", str(int(until) - 2 * 86_400)))
        days = [
            day
            for day in range(int(since // 86_400), int(until // 86_400) + 1)
            if since <= day * 86_400 < min(until, self.now)
        ]
        return {
            "data": [
                {
                    "name": name,
                    "period": "day",
                    "values": [
                        {
                            "value": self._value(name, page, day),
                            "end_time": datetime.fromtimestamp(
                                (day + 1) * 86_400, UTC
                            ).strftime("%Y-%m-%dT%H:%M:%S+0000"),
                        }
                        for day in days
                    ],
                    "title": name.replace("_", " "),
                    "description": "Daily: emulated.",
                    "id": f"{page}/insights/{name}/day",
                }
                for name in names
            ],
            "paging": {
                "previous": f"{asked.base_url}{asked.path}?until={int(since)}",
                "next": f"{asked.base_url}{asked.path}?since={int(until)}",
            },
        }

    def _value(self, name: str, page: str, day: int) -> int:
        seen = pl.concat([self._world.account_history, self._world.accounts]).filter(
            (pl.col("account_id") == page)
            & (pl.col("observed_at").dt.epoch("s") < (day + 1) * 86_400)
        )
        followers = seen.sort("observed_at")["followers_count"].to_list()
        comments = Counter(
            int(_second(comment["created_time"]) // 86_400)
            for post in self._objects.posts_of(page)
            for comment in self._comments_of(post["id"])
        )
        return {
            "page_follows": followers[-1] if followers else 0,
            "page_daily_follows": followers[-1] - followers[-2]
            if len(followers) > 1
            else 0,
            "page_media_view": comments[day] * 40,
            "page_total_media_view_unique": comments[day] * 25,
            "page_post_engagements": comments[day],
        }[name]


def _cut(item: Object, asked: Asked, kind: str) -> Object:
    """An object with the fields that are asked for; the id comes always."""
    text = asked.params.get("fields", "")
    names = set(_field_names(text)) if text else set(_DEFAULT_FIELDS[kind])
    return {
        name: value for name, value in item.items() if name in names or name == "id"
    }


def _field_names(text: str) -> list[str]:
    """Names of `a,b.limit(0).summary(true),c{d,e}`."""
    names, depth, name = [], 0, ""
    for sign in text + ",":
        if sign in "({":
            depth += 1
        if sign == "," and depth == 0:
            names.append(re.split(r"[.({]", name)[0].strip())
            name = ""
        else:
            name += sign
        if sign in ")}":
            depth -= 1
    return names


def _cursor(key: str, skipped: int) -> str:
    return base64.urlsafe_b64encode(f"{key}|{skipped}".encode()).decode()


def _uncursor(cursor: str) -> tuple[str, int]:
    try:
        key, _, skipped = base64.urlsafe_b64decode(cursor).decode().partition("|")
        return key, int(skipped)
    except ValueError:
        raise GraphError(100, "(#100) Invalid cursors values", subcode=1) from None


def _percents(percent: int) -> str:
    use: dict[str, Any] = {
        "call_count": percent,
        "total_time": percent // 2,
        "total_cputime": percent // 2,
    }
    return orjson.dumps(use).decode()


def _second(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _moment(text: str) -> float:
    """A Unix time or a date, as `since` and `until` take it."""
    if text.isdecimal():
        return float(text)
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
