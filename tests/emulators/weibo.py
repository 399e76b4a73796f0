"""Sina Weibo's open API, version 2, and its commercial endpoints, with their quirks.

What is emulated is what the platform's documentation and recordings of its answers
say. All of it is switched by `WeiboOptions`; without any the platform is at its best.
"""

from __future__ import annotations

import hashlib
import io
import math
import re
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import orjson

from tests.emulators.sealed_zip import sealed_zip
from tests.emulators.serving import Answer, Asked, Emulator
from tests.emulators.shelves import Shelf
from tests.emulators.weibo_options import (
    APP_SECRET,
    OWNER,
    ROUGH,
    TEXTS,
    TOKEN,
    WeiboLimits,
    WeiboOptions,
)
from tests.emulators.weibo_rows import (
    Accounts,
    Answers,
    Posts,
    Rows,
    answers_of,
    like_seconds,
)
from tests.world import World
from tests.world import weibo_objects as objects

__all__ = [
    "APP_SECRET",
    "OWNER",
    "ROUGH",
    "TOKEN",
    "WeiboEmulator",
    "WeiboLimits",
    "WeiboOptions",
]

CHINA = timedelta(hours=8)
# What is answered for a limit that is none.
NO_LIMIT = 1_000_000
_COUNT = re.compile(rb'("(?:\w+_count|comments|reposts|attitudes|reads)":)(-?\d+)')
_PATH = re.compile(r"^/(?:C/)?2/(.+)\.json$")


class Refused(Exception):  # noqa: N818 - an answer of the platform, no error of ours
    """An error that the platform answers."""

    def __init__(self, code: int, *values: str) -> None:
        super().__init__(code)
        self.code = code
        self.values = values


@dataclass
class _Token:
    uid: str
    left: int | None


@dataclass
class _Task:
    asked: Mapping[str, str]
    checks_left: int
    places: list[int]
    expires_at: float


class WeiboEmulator(Emulator):
    """Serves a world as Weibo does.

    Attributes:
        now: the world's time: what came to be later is not there yet.
        world: what is served.
        edits: text of each row that was edited.
        error_calls: number of a call -> code of its error.
    """

    content_type = "application/json;charset=UTF-8"

    def __init__(
        self,
        world: World,
        options: WeiboOptions | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(clock)
        self.options = options or WeiboOptions()
        self.now = float(world.spec.observed_second)
        self.world = world
        self._random = np.random.Generator(np.random.PCG64(self.options.seed))
        self._accounts = Accounts(world)
        self._posts = Posts(world, shows_deleted=self.options.deleted == "stub")
        self._reposts = answers_of(world, "repost", names=self.options.names_parents)
        self._comments = answers_of(world, "comment", names=False)
        self._likes = like_seconds(world)
        for shelf in (self._reposts.shelf, self._comments.shelf):
            shelf.leave_gaps(self.options.short_share, self._random)
        self._tokens: dict[str, _Token] = {}
        self.renew_token()
        self._used: Counter[tuple[str, str, str, int]] = Counter()
        self._tasks: dict[str, _Task] = {}
        self.edits: dict[str, str] = {}
        self.error_calls = dict(self.options.error_calls)
        self._endpoints: dict[str, Callable[[Asked, str], Answer]] = {
            "statuses/user_timeline": self._user_timeline,
            "statuses/user_timeline/other": self._other_timeline,
            "statuses/show": self._show_status,
            "statuses/count": self._count_statuses,
            "media_statuses/count_sp/biz": self._count_reads,
            "statuses/repost_timeline": self._repost_timeline,
            "statuses/repost_timeline/ids": self._repost_ids,
            "comments/show": self._show_comments,
            "users/show": self._show_user,
            "users/show_batch": self._show_users,
            "users/show_batch/other": self._show_users,
            "users/counts": self._count_users,
            "friendships/followers": self._followers,
            "friendships/followers/ids": self._follower_ids,
            "search/topics": self._search_topics,
            "search/statuses/limited": self._search_limited,
            "search/statuses/historical/create": self._create_task,
            "search/statuses/historical/check": self._check_task,
            "search/statuses/historical/download": self._download_task,
            "account/rate_limit_status": self._rate_limit_status,
            "account/get_uid": self._get_uid,
        }

    # --- what a test does to the world ---------------------------------------

    def renew_token(self, token: str = TOKEN) -> str:
        """Make a token valid, for as many calls as the options say."""
        self._tokens[token] = _Token(self.options.owner, self.options.token_calls)
        return token

    def expire_token(self, token: str = TOKEN) -> None:
        """Let a token expire at once."""
        self._tokens[token].left = 0

    def revoke_token(self, token: str = TOKEN) -> None:
        """Make a token unknown."""
        del self._tokens[token]

    def delete(self, key: str) -> None:
        """Delete a post, repost or comment."""
        self._change(key).delete(int(key))

    def hide(self, key: str) -> None:
        """Make a post, repost or comment private: it counts, nobody sees it."""
        self._change(key).hide(int(key))

    def show(self, key: str) -> None:
        """Take `delete` or `hide` back."""
        self._change(key).restore(int(key))

    def edit(self, key: str, text: str) -> None:
        """Change the text of a post, repost or comment."""
        self._change(key).edit(int(key), text)
        self.edits[key] = text

    @property
    def deleted_posts(self) -> set[str]:
        """Posts of which what is left is shown."""
        return {str(self._posts.shelf.ids[place]) for place in self._posts.deleted}

    def absent(self, kind: str) -> set[str]:
        """Ids of `posts`, `reposts` or `comments` that nobody is shown."""
        rows: dict[str, Rows] = {
            "posts": self._posts,
            "reposts": self._reposts,
            "comments": self._comments,
        }
        shelf = rows[kind].shelf
        return {str(shelf.ids[place]) for place in shelf.absent}

    def _change(self, key: str) -> Rows:
        for rows in (self._posts, self._reposts, self._comments):
            if int(key) in rows.shelf.place:
                return rows
        raise KeyError(key)

    # --- every call -------------------------------------------------------------

    def answer(self, asked: Asked) -> Answer:
        """Answer a request."""
        self.now += self.options.seconds_per_call
        try:
            return self._answer(asked)
        except Refused as refused:
            return self._refusal(asked, refused)

    def _answer(self, asked: Asked) -> Answer:
        if asked.path == "/oauth2/get_token_info":
            return self._token_info(asked)
        if asked.path == "/oauth2/access_token":
            return self._new_token(asked)
        if asked.path.startswith("/historical/"):
            return self._archive(asked.path.split("/")[2].removesuffix(".zip"))
        found = _PATH.match(asked.path)
        endpoint = self._endpoints.get(found[1]) if found else None
        if found is None or endpoint is None:
            raise Refused(10020)
        if (asked.method == "POST") != found[1].endswith("/create"):
            raise Refused(10021)
        uid = self._uid(asked)
        if found[1] != "account/rate_limit_status":
            self._spend(asked, uid, found[1])
            self._fail(asked)
        answer = endpoint(asked, uid)
        every = self.options.string_counts
        if every and asked.number % every == 0:
            body = _COUNT.sub(rb'\1"\2"', answer.body)
            answer = replace(answer, body=body)
        headers = {
            "server": "nginx/1.6.1",
            "api-server-ip": "10.0.0.1",
            "sina-lb": "emulated",
            "sina-ts": "emulated",
            **answer.headers,
        }
        return replace(answer, headers=headers)

    def _refusal(self, asked: Asked, refused: Refused) -> Answer:
        code = refused.code
        body: dict[str, Any] = {
            "error": TEXTS[code].format(*refused.values),
            "error_code": str(code) if self.options.string_codes else code,
        }
        # The service itself leaves it out now and then.
        if asked.number % 4:
            body["request"] = asked.path
        status = self.options.http_status.get(code, 400)
        return Answer(orjson.dumps(body), status, error=code)

    def _uid(self, asked: Asked) -> str:
        name, _, value = asked.headers.get("authorization", "").partition(" ")
        token = value if name == "OAuth2" else asked.params.get("access_token", "")
        if not token:
            raise Refused(10006)
        known = self._tokens.get(token)
        if known is None:
            raise Refused(21332)
        if known.left is not None:
            if known.left <= 0:
                raise Refused(21327)
            known.left -= 1
        return known.uid

    def _windows(
        self, asked: Asked, uid: str, api: str
    ) -> list[tuple[int, tuple[str, str, str, int], int]]:
        """Code above the limit, what is counted, and the limit."""
        limits = self.options.limits
        hour = int(self.clock() // limits.hour_seconds)
        day = (hour + 8) // 24
        return [
            (code, key, limit)
            for code, key, limit in (
                (10022, ("ip", asked.ip, "", hour), limits.ip_hour),
                (10023, ("user", uid, "", hour), limits.user_hour),
                (10023, ("day", uid, "", day), limits.user_day),
                (10024, ("api", uid, api, hour), limits.api_hour.get(api)),
            )
            if limit is not None
        ]

    def _spend(self, asked: Asked, uid: str, api: str) -> None:
        windows = self._windows(asked, uid, api)
        for code, key, limit in windows:
            if self._used[key] >= limit:
                raise Refused(code, f"/{api}")
        for _, key, _ in windows:
            self._used[key] += 1

    def _fail(self, asked: Asked) -> None:
        code = self.error_calls.get(asked.number)
        if code is not None:
            raise Refused(code, asked.path)
        if self.options.error_share:
            chance = np.random.Generator(
                np.random.PCG64([self.options.seed, asked.number])
            )
            if chance.random() < self.options.error_share:
                codes = (10001, 10002, 10003, 10009, 10010, 10011)
                raise Refused(codes[asked.number % len(codes)])

    # --- lists ------------------------------------------------------------------

    def _bounds(self, shelf: Shelf, span: tuple[int, int], asked: Asked) -> Any:
        start, end = span
        since, upto = _number(asked, "since_id", 0), _number(asked, "max_id", 0)
        if since:
            start = max(start, shelf.newer_than(start, end, since))
        if upto:
            end = min(end, shelf.newer_than(start, end, upto))
        return start, end

    def _page(
        self,
        shelf: Shelf,
        span: tuple[int, int],
        asked: Asked,
        *,
        default: int,
        most: int,
        cap: int | None = None,
    ) -> tuple[list[int], int]:
        """Places of the page that is asked for, and the cursor of the next one."""
        if cap is not None:
            span = max(span[0], span[1] - cap), span[1]
        start, end = self._bounds(shelf, span, asked)
        count = min(max(_number(asked, "count", default), 1), most)
        places = shelf.page(start, end, count, max(_number(asked, "page", 1), 1))
        last = places[-1] if places else start
        return places, int(shelf.ids[last - 1]) if last > start else 0

    def _list(
        self,
        asked: Asked,
        name: str,
        texts: list[str],
        total: int,
        *,
        more: str = "",
    ) -> Answer:
        if not texts and self.options.bare_empty:
            return Answer(b"[]")
        if self.options.total_lies:
            total += (asked.number * 7919) % 13 - 3 + total // 10
        body = f'{{"{name}":[{",".join(texts)}]{more},"total_number":{max(total, 0)}}}'
        return Answer(body.encode(), rows=len(texts))

    def _status(self, place: int, *, full: bool = True) -> str:
        """A post as an object; `full` with its author."""
        posts = self._posts
        key = str(posts.shelf.ids[place])
        author = posts.writers[place]
        if place in posts.deleted:
            user = ""
            if self.options.deleted_user:
                user = f',"user":{self._accounts.text(author, key, self.now)}'
            return f"{posts.remains[place]}{user}}}"
        visible = 1 if place in posts.hidden else 0
        user = ""
        if full:
            user = f'"user":{self._accounts.text(author, key, self.now)},'
        reposts, comments, likes = self.counts(key)
        return (
            f'{posts.texts[place]}{user}"visible":{{"type":{visible},"list_id":0}},'
            f'"reposts_count":{reposts},"comments_count":{comments},'
            f'"attitudes_count":{likes}}}'
        )

    def counts(self, key: str) -> tuple[int, int, int]:
        """What a post's counters say now: reposts, comments, likes."""
        given = self._likes.get(key, ())
        likes = int(np.searchsorted(given, self.now, side="right"))
        return (
            self._reposts.count(key, self.now),
            self._comments.count(key, self.now),
            likes,
        )

    def _root(self, asked: Asked) -> tuple[str, int]:
        key = _required(asked, "id")
        place = self._posts.shelf.place.get(int(key) if key.isdecimal() else -1)
        if place is None or self._posts.shelf.seconds[place] > self.now:
            raise Refused(20101)
        if place in self._posts.shelf.absent - self._posts.hidden:
            raise Refused(20101)
        if place in self._posts.hidden:
            raise Refused(20112)
        return key, place

    # --- posts ------------------------------------------------------------------

    def _user_timeline(self, asked: Asked, uid: str) -> Answer:
        wanted = self._asked_user(asked, uid)
        if wanted != uid:
            raise Refused(21335)
        return self._timeline(
            asked, wanted, most=100, cap=self.options.own_timeline_cap
        )

    def _other_timeline(self, asked: Asked, uid: str) -> Answer:
        wanted = _required(asked, "uid")
        if wanted not in self._accounts.place:
            raise Refused(20003)
        first = _number(asked, "start_time", 0)
        last = _number(asked, "end_time", 0)
        return self._timeline(asked, wanted, most=25, first=first, last=last)

    def _timeline(
        self,
        asked: Asked,
        uid: str,
        *,
        most: int,
        cap: int | None = None,
        first: int = 0,
        last: int = 0,
    ) -> Answer:
        shelf = self._posts.shelf
        start, end = shelf.span(uid, self.now)
        if first:
            start += int(np.searchsorted(shelf.seconds[start:end], first))
        if last:
            end = start + int(
                np.searchsorted(shelf.seconds[start:end], last, side="right")
            )
        places, cursor = self._page(
            shelf, (start, end), asked, default=20, most=most, cap=cap
        )
        return self._list(
            asked,
            "statuses",
            [self._status(place) for place in places],
            end - start,
            more=f',"hasvisible":false,"previous_cursor":0,"next_cursor":{cursor},'
            f'"ad":[],"advertises":[],"since_id":0,"max_id":0',
        )

    def _show_status(self, asked: Asked, uid: str) -> Answer:
        _, place = self._root(asked)
        return Answer(self._status(place).encode(), rows=1)

    def _count_statuses(self, asked: Asked, uid: str) -> Answer:
        rows = []
        for key in _listed(asked, "ids", 100):
            place = self._posts.shelf.place.get(int(key))
            # The platform leaves out what is not there, without a word.
            if place is None or place in self._posts.shelf.absent:
                continue
            if place in self._posts.deleted:
                continue
            if self._posts.shelf.seconds[place] > self.now:
                continue
            reposts, comments, likes = self.counts(key)
            rows.append(
                {
                    "id": int(key),
                    "comments": comments,
                    "reposts": reposts,
                    "attitudes": likes,
                }
            )
        return Answer(orjson.dumps(rows), rows=len(rows))

    def reads(self, key: str) -> int:
        """How often a post was read by now; invented, and growing with its threads."""
        reposts, comments, likes = self.counts(key)
        return 100 + int(key) % 97 + 40 * (reposts + comments + likes)

    def _count_reads(self, asked: Asked, uid: str) -> Answer:
        """Counters with reads, of the owner's posts and of the contract's media."""
        if not self.options.tells_reads:
            raise Refused(10014)
        allowed = {uid, *self.options.media}
        rows = []
        for row in orjson.loads(self._count_statuses(asked, uid).body):
            key = str(row["id"])
            place = self._posts.shelf.place[int(key)]
            if self._posts.authors[place] in allowed:
                rows.append({**row, "reads": self.reads(key)})
        return Answer(orjson.dumps(rows), rows=len(rows))

    # --- reposts and comments ---------------------------------------------------

    def _repost_timeline(self, asked: Asked, uid: str) -> Answer:
        key, root = self._root(asked)
        rows = self._reposts
        places, cursor = self._page(
            rows.shelf,
            rows.shelf.span(key, self.now),
            asked,
            default=20,
            most=200,
            cap=self.options.repost_cap,
        )
        end = f',"retweeted_status":{self._status(root)}}}'
        texts = [
            f"{own},{objects.REPOST_EXTRAS[:-1]}{user}{end}"
            for own, user in self._with_users(rows, places)
        ]
        return self._list(
            asked,
            "reposts",
            texts,
            rows.count(key, self.now),
            more=f',"hasvisible":false,"previous_cursor":0,"next_cursor":{cursor}',
        )

    def _repost_ids(self, asked: Asked, uid: str) -> Answer:
        key, _ = self._root(asked)
        shelf = self._reposts.shelf
        places, cursor = self._page(
            shelf,
            shelf.span(key, self.now),
            asked,
            default=50,
            most=200,
            cap=self.options.repost_cap,
        )
        return self._list(
            asked,
            "statuses",
            [f'"{shelf.ids[place]}"' for place in places],
            self._reposts.count(key, self.now),
            more=f',"previous_cursor":0,"next_cursor":{cursor}',
        )

    def _show_comments(self, asked: Asked, uid: str) -> Answer:
        key, root = self._root(asked)
        rows = self._comments
        places, cursor = self._page(
            rows.shelf,
            rows.shelf.span(key, self.now),
            asked,
            default=50,
            most=200,
            cap=self.options.comment_cap,
        )
        end = f',"status":{self._status(root)}}}'
        texts = []
        for place, (own, user) in zip(
            places, self._with_users(rows, places), strict=True
        ):
            reply = self._answered(place)
            texts.append(f"{own}{user}{reply}{end}")
        return self._list(
            asked,
            "comments",
            texts,
            rows.count(key, self.now),
            more=',"marks":[],"hasvisible":false,"previous_cursor":0,'
            f'"next_cursor":{cursor}',
        )

    def _answered(self, place: int) -> str:
        """What a reply names besides itself."""
        rows = self._comments
        parent = rows.parents[place]
        if parent == rows.roots[place]:
            return f',"rootid":{rows.shelf.ids[place]}'
        at = rows.shelf.place[int(parent)]
        if at in rows.shelf.absent:
            return f',"rootid":{parent}'
        ((own, user),) = self._with_users(rows, [at])
        return f',"rootid":{parent},"reply_comment":{own}{user}}}'

    def _with_users(self, rows: Answers, places: list[int]) -> list[tuple[str, str]]:
        """Texts of rows, unfinished objects, each with that of its author."""
        if not places:
            return []
        low, high = places[-1], places[0] + 1
        texts = rows.series.slice(low, high - low).to_list()
        found = []
        for place in places:
            own = rows.edited.get(place) or texts[place - low]
            author = rows.authors[place]
            user = ""
            if author is not None:
                key = str(rows.shelf.ids[place])
                user = f',"user":{self._accounts.text(author, key, self.now)}'
            found.append((own, user))
        return found

    # --- users ------------------------------------------------------------------

    def _asked_user(self, asked: Asked, uid: str) -> str:
        if "uid" in asked.params and "screen_name" in asked.params:
            raise Refused(10008)
        if "screen_name" in asked.params:
            found = self._accounts.named.get(asked.params["screen_name"])
            if found is None:
                raise Refused(20003)
            return found
        wanted = asked.params.get("uid", uid)
        if wanted not in self._accounts.place:
            raise Refused(20003)
        return wanted

    def _show_user(self, asked: Asked, uid: str) -> Answer:
        if not {"uid", "screen_name"} & set(asked.params):
            raise Refused(10016, "uid")
        wanted = self._asked_user(asked, uid)
        text = self._accounts.text(wanted, wanted, self.now)
        shelf = self._posts.shelf
        start, end = shelf.span(wanted, self.now)
        newest = shelf.page(start, end, 1)
        if newest:
            text = f'{text[:-1]},"status":{self._status(newest[0], full=False)}}}'
        return Answer(text.encode(), rows=1)

    def _show_users(self, asked: Asked, uid: str) -> Answer:
        most = 50 if "/other" in asked.path else 20
        keys = _listed(asked, "uids", most)
        texts = [
            self._accounts.text(key, key, self.now)
            for key in keys
            if key in self._accounts.place
        ]
        return Answer(f'{{"users":[{",".join(texts)}]}}'.encode(), rows=len(texts))

    def _count_users(self, asked: Asked, uid: str) -> Answer:
        rows = [
            {
                "id": int(key),
                "followers_count": followers,
                "friends_count": friends,
                "statuses_count": statuses,
                "private_friends_count": 0,
                "pagefriends_count": 0,
            }
            for key in _listed(asked, "uids", 100)
            if key in self._accounts.place
            for followers, friends, statuses in (self._accounts.counts(key, self.now),)
        ]
        return Answer(orjson.dumps(rows), rows=len(rows))

    def _follower_page(
        self, asked: Asked, uid: str, default: int, most: int
    ) -> tuple[list[str], str, int]:
        if self._asked_user(asked, uid) != uid:
            raise Refused(21335)
        followers = self._accounts.followers.get(uid, [])
        given = followers[: self.options.follower_cap]
        count = min(max(_number(asked, "count", default), 1), most)
        cursor = max(_number(asked, "cursor", 0), 0)
        page = given[cursor : cursor + count]
        following = cursor + count if cursor + count < len(given) else 0
        before = max(cursor - count, 0)
        return (
            page,
            f',"next_cursor":{following},"previous_cursor":{before}',
            len(followers),
        )

    def _followers(self, asked: Asked, uid: str) -> Answer:
        keys, more, total = self._follower_page(asked, uid, 50, 200)
        texts = [self._accounts.text(key, key, self.now) for key in keys]
        more += f',"display_total_number":{total}'
        return self._list(asked, "users", texts, total, more=more)

    def _follower_ids(self, asked: Asked, uid: str) -> Answer:
        keys, more, total = self._follower_page(asked, uid, 500, 5000)
        return self._list(asked, "ids", keys, total, more=more)

    # --- search -----------------------------------------------------------------

    def _found(self, words: list[str]) -> list[int]:
        """Places of the posts that hold any of the words, newest first."""
        posts = self._posts
        return [
            place
            for place in posts.by_time
            if posts.shelf.seconds[place] <= self.now
            and place not in posts.deleted
            and place not in posts.shelf.absent
            and any(word in posts.plain[place] for word in words)
        ]

    def _search_topics(self, asked: Asked, uid: str) -> Answer:
        word = _required(asked, "q").strip("#")
        count = min(max(_number(asked, "count", 10), 1), 50)
        page = max(_number(asked, "page", 1), 1)
        if page * count > self.options.search_cap:
            raise Refused(21411)
        places = self._found([f"#{word}#"])
        shown = places[(page - 1) * count : page * count]
        texts = [self._status(place)[:-1] + ',"appid":2202481}' for place in shown]
        return self._list(asked, "statuses", texts, len(places))

    def _matching(self, asked: Asked) -> list[int]:
        words = [word for word in asked.params.get("q", "").split(",") if word]
        users = {key for key in asked.params.get("ids", "").split("~") if key}
        if not words and not users:
            raise Refused(10016, "q")
        first = _number(asked, "starttime", 0)
        last = _number(asked, "endtime", 0) or math.inf
        posts = self._posts
        return [
            place
            for place in self._found(words or [""])
            if (not users or posts.authors[place] in users)
            and first <= posts.shelf.seconds[place] <= last
        ]

    def _search_limited(self, asked: Asked, uid: str) -> Answer:
        places = self._matching(asked)
        count = min(max(_number(asked, "count", 10), 1), 50)
        page = max(_number(asked, "page", 1), 1)
        shown = places[(page - 1) * count : page * count]
        texts = [self._status(place) for place in shown]
        return self._list(asked, "statuses", texts, len(places))

    def _create_task(self, asked: Asked, uid: str) -> Answer:
        _required(asked, "starttime")
        end = _number(asked, "endtime", 0)
        # At most the last second of yesterday.
        midnight = (int(self.now) + 8 * 3600) // 86_400 * 86_400 - 8 * 3600
        if not end or end >= midnight:
            raise Refused(10008)
        key = str(100 + len(self._tasks))
        self._tasks[key] = _Task(
            asked={name: value for name, value in asked.params.items()},
            checks_left=self.options.historical_checks,
            places=self._matching(asked),
            expires_at=self.now + self.options.historical_days * 86_400,
        )
        body = {"task_id": key, "id": uid, "secret_key": APP_SECRET}
        return Answer(orjson.dumps(body))

    def _task(self, asked: Asked, uid: str) -> tuple[str, _Task]:
        key = _required(asked, "task_id")
        stamp = _required(asked, "timestamp")
        signed = hashlib.md5(  # noqa: S324 - the platform's
            f"{uid}{APP_SECRET}{stamp}".encode()
        ).hexdigest()
        if _required(asked, "signature") != signed:
            raise Refused(21309)
        if key not in self._tasks or self.now >= self._tasks[key].expires_at:
            raise Refused(10010)
        return key, self._tasks[key]

    def _check_task(self, asked: Asked, uid: str) -> Answer:
        key, task = self._task(asked, uid)
        task.checks_left -= 1
        done = task.checks_left <= 0
        body = {
            "id": uid,
            "q": task.asked.get("q", ""),
            "ids": task.asked.get("ids", ""),
            "province": task.asked.get("province", ""),
            "city": task.asked.get("city", ""),
            "starttime": task.asked["starttime"],
            "endtime": task.asked["endtime"],
            "type": _number(asked, "type", 0),
            "hasv": _number(asked, "hasv", 0),
            "onlynum": _number(asked, "onlynum", 0),
            "task_id": key,
            "status": done,
            "count": len(task.places) if done else 0,
        }
        return Answer(orjson.dumps(body))

    def _download_task(self, asked: Asked, uid: str) -> Answer:
        key, task = self._task(asked, uid)
        if task.checks_left > 0:
            raise Refused(10009)
        if self.options.historical_sealed:
            # The address itself is open to whoever knows it.
            host = self.options.historical_host or asked.base_url
            address = f"{host}/historical/{key}.zip"
            return Answer(b"", 302, headers={"location": address})
        return self._archive(key)

    def _archive(self, key: str) -> Answer:
        """The result of a task, a post a line."""
        task = self._tasks.get(key)
        if task is None or task.checks_left > 0:
            raise Refused(10010)
        lines = "".join(self._status(place) + "\n" for place in task.places).encode()
        name = f"{key}.json"
        if self.options.historical_sealed:
            content = sealed_zip(name, lines, key + APP_SECRET)
        else:
            packed = io.BytesIO()
            with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr(zipfile.ZipInfo(name), lines)
            content = packed.getvalue()
        return Answer(
            content, rows=len(task.places), headers={"content-type": "application/zip"}
        )

    # --- account ----------------------------------------------------------------

    def _rate_limit_status(self, asked: Asked, uid: str) -> Answer:
        limits = self.options.limits
        left = {
            key[0]: max(limit - self._used[key], 0)
            for _, key, limit in self._windows(asked, uid, "")
        }
        clock = self.clock()
        hour = limits.hour_seconds
        reset = (clock // hour + 1) * hour
        counted = int(clock // hour)
        rates = [
            {
                "api": f"/{api}",
                "limit": limit,
                "limit_time_unit": "HOURS",
                "remaining_hits": max(limit - self._used["api", uid, api, counted], 0),
            }
            for api, limit in limits.api_hour.items()
        ]
        if limits.user_day is not None:
            rates.append(
                {
                    "api": "*",
                    "limit": limits.user_day,
                    "limit_time_unit": "DAYS",
                    "remaining_hits": left["day"],
                }
            )
        body = {
            "api_rate_limits": rates,
            "ip_limit": limits.ip_hour or NO_LIMIT,
            "limit_time_unit": "HOURS",
            "remaining_ip_hits": left.get("ip", NO_LIMIT),
            "remaining_user_hits": left.get("user", NO_LIMIT),
            "reset_time": f"{datetime.fromtimestamp(reset, UTC) + CHINA:%F %T}",
            "reset_time_in_seconds": math.ceil(reset - clock),
            "user_limit": limits.user_hour or NO_LIMIT,
        }
        return Answer(orjson.dumps(body))

    def _get_uid(self, asked: Asked, uid: str) -> Answer:
        return Answer(orjson.dumps({"uid": uid}))

    def _token_info(self, asked: Asked) -> Answer:
        known = self._tokens.get(asked.params.get("access_token", ""))
        if known is None:
            raise Refused(21332)
        if known.left is not None and known.left <= 0:
            raise Refused(21327)
        body = {
            "uid": int(known.uid),
            "appkey": 1_000_000_001,
            "scope": None,
            "create_at": int(self.clock()) - 60,
            "expire_in": 157_679_471 if known.left is None else known.left * 60,
        }
        return Answer(orjson.dumps(body))

    def _new_token(self, asked: Asked) -> Answer:
        if asked.method != "POST":
            raise Refused(10021)
        if asked.params.get("client_secret") != APP_SECRET:
            raise Refused(21325)
        token = self.renew_token(f"{TOKEN}{asked.number}")
        body = {
            "access_token": token,
            "expires_in": "7200",
            "remind_in": "7200",
            "uid": self.options.owner,
        }
        return Answer(orjson.dumps(body))


# --- parameters ---------------------------------------------------------------


def _number(asked: Asked, name: str, default: int) -> int:
    text = asked.params.get(name, "")
    if not text:
        return default
    try:
        return int(text)
    except ValueError:
        raise Refused(10008) from None


def _required(asked: Asked, name: str) -> str:
    text = asked.params.get(name, "")
    if not text:
        raise Refused(10016, name)
    return text


def _listed(asked: Asked, name: str, most: int) -> list[str]:
    keys = [key for key in _required(asked, name).split(",") if key.isdecimal()]
    if len(keys) > most:
        raise Refused(20009)
    return keys
