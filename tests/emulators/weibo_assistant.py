"""Weibo's interface for assistants: tokens of two hours, boards, topics, trees.

Objects are those that `tests/world/weibo_assistant.py` makes. Errors come as the
plug-in's documents have them: a code in the body, mostly with HTTP status 200.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from tests.emulators.serving import Answer, Asked, Emulator
from tests.world import World
from tests.world.weibo_assistant import OWNER, Object, assistant_world

APP_ID = "5288000000000001"
APP_SECRET = "emulated-assistant-secret"  # noqa: S105 - of no use anywhere else
_CHINA = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True)
class AssistantOptions:
    """The interface's quirks.

    Attributes:
        rows: of a page at most, whatever is asked.
        children: comments that stand in one, at most.
        calls: a day in China.
        token_seconds: that a token lives.
        names_uid: whether a token says whose it is.
        seconds_per_call: how far the world's time moves with each call.
    """

    rows: int = 200
    children: int = 200
    calls: int = 1000
    token_seconds: int = 7200
    names_uid: bool = True
    seconds_per_call: float = 0.0


class CodeError(Exception):  # noqa: N818 - an answer of the platform
    """An error that the interface answers."""

    def __init__(self, code: int, message: str, status: int = 200) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.body = {"code": code, "message": message}


class AssistantEmulator(Emulator):
    """Serves a world as Weibo's interface for assistants does.

    Attributes:
        now: the world's time: what came to be later is not there yet.
        told: what the interface tells of the world, in canonical shape.
        boards: (words, heat) of each board, the hottest first.
        tokens: that were given.
    """

    def __init__(
        self,
        world: World,
        options: AssistantOptions | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(clock)
        self.options = options or AssistantOptions()
        self.now = float(world.spec.observed_second)
        self._objects = assistant_world(world)
        self.told = self._objects.world
        self.boards = self._objects.boards
        self.tokens: list[str] = []
        self._ends_at: dict[str, float] = {}
        self._spent: dict[str, int] = {}

    def expire_tokens(self) -> None:
        """End all tokens."""
        self._ends_at.clear()

    # --- every call -------------------------------------------------------------

    def answer(self, asked: Asked) -> Answer:
        """Answer a request."""
        self.now += self.options.seconds_per_call
        try:
            data = self._dispatch(asked)
        except CodeError as error:
            return Answer(orjson.dumps(error.body), error.status, error=error.code)
        body = orjson.dumps({"code": 0, "message": "success", "data": data})
        listed = data if isinstance(data, list) else next(iter(data.values()), ())
        return Answer(body, rows=len(listed) if isinstance(listed, list) else 1)

    def _dispatch(self, asked: Asked) -> Any:
        path = asked.path.removeprefix("/open/")
        if path == "auth/ws_token" and asked.method == "POST":
            return self._token(asked)
        methods: Mapping[str, Callable[[Asked], Any]] = {
            "weibo/hot_search": self._hot_search,
            "weibo/user_status": self._own,
            "weibo/status_show": self._show,
            "crowd/topic_names": lambda asked: list(self._objects.topics),
            "crowd/timeline": self._timeline,
            "crowd/comment/tree/root_child": self._tree,
            "crowd/comment/tree/child": self._branch,
        }
        if path not in methods or asked.method != "GET":
            raise CodeError(40400, "not found", 404)
        token = asked.params.get("token", "")
        if self._ends_at.get(token, 0.0) <= self.now:
            raise CodeError(40100, "Token 无效或已过期")
        day = datetime.fromtimestamp(self.now, UTC).astimezone(_CHINA)
        spent = self._spent.get(f"{day:%F}", 0)
        if spent >= self.options.calls:
            raise CodeError(42900, "频率限制：超过每日调用次数上限")
        self._spent[f"{day:%F}"] = spent + 1
        return methods[path](asked)

    def _token(self, asked: Asked) -> Object:
        if (asked.params.get("app_id"), asked.params.get("app_secret")) != (
            APP_ID,
            APP_SECRET,
        ):
            raise CodeError(4002, "invalid credentials", 401)
        self.tokens.append(f"emulated-token-{len(self.tokens) + 1:08d}")
        self._ends_at[self.tokens[-1]] = self.now + self.options.token_seconds
        told: Object = {
            "token": self.tokens[-1],
            "expire_in": self.options.token_seconds,
        }
        return told | ({"uid": int(OWNER)} if self.options.names_uid else {})

    # --- what is there ------------------------------------------------------------

    def _hot_search(self, asked: Asked) -> Object:
        board = self.boards.get(asked.params.get("category", ""))
        if board is None:
            raise CodeError(40001, "category")
        count = _whole(asked, "count", 50)
        called = datetime.fromtimestamp(self.now, UTC).astimezone(_CHINA)
        rows = [
            {
                "cat": "hot",
                "id": place,
                "word": word,
                "num": heat,
                "flag": 0,
                "app_query_link": f"sinaweibo://searchall?q={word}",
                "h5_query_link": f"https://s.weibo.com/weibo?q={word}",
                "flag_link": "",
            }
            for place, (word, heat) in enumerate(board[:count], start=1)
        ]
        return {
            "data": rows,
            "callTime": f"{called:%F %H:%M}",
            "source": "来自于微博热搜",
        }

    def _there(self, rows: Sequence[Object]) -> list[Object]:
        return [row for row in rows if _second(row) <= self.now]

    def _own(self, asked: Asked) -> Object:
        rows = self._there(
            [
                post
                for post in self._objects.posts.values()
                if post["user"]["id"] == int(OWNER)
            ]
        )
        page = [
            {**post, "user": {"screen_name": post["user"]["screen_name"]}}
            for post in self._page(asked, rows, 100)
        ]
        return {"statuses": page, "total_number": len(rows)}

    def _show(self, asked: Asked) -> Object:
        post = self._objects.posts.get(asked.params.get("id", ""))
        if post is None or _second(post) > self.now:
            raise CodeError(50001, "查询失败")
        return post

    def _timeline(self, asked: Asked) -> Object:
        keys = self._objects.topics.get(asked.params.get("topic_name", ""))
        if keys is None:
            raise CodeError(40001, "topic_name")
        rows = self._there([self._objects.posts[key] for key in keys])
        total = len(rows)
        if most := asked.params.get("max_id"):
            rows = [row for row in rows if row["id"] <= int(most)]
        page = self._page(asked, rows, 200)
        without = ("images", "has_image")
        shown = [
            {name: value for name, value in post.items() if name not in without}
            for post in page
        ]
        return {
            "statuses": shown,
            "next_cursor": page[-1]["id"] - 1 if page else 0,
            "previous_cursor": 0,
            "total_number": total,
        }

    def _tree(self, asked: Asked) -> Object:
        rows = self._there(self._objects.comments.get(asked.params.get("id", ""), ()))
        most = min(_whole(asked, "child_count", 5), self.options.children)
        page = []
        for row in self._page(asked, rows, 200):
            below = self._there(self._objects.branches.get(str(row["id"]), ()))
            page.append({**row, "comments": below[:most], "total_number": len(below)})
        return {"comments": page, "total_number": len(rows), "next_cursor": 0}

    def _branch(self, asked: Asked) -> Object:
        rows = self._there(self._objects.branches.get(asked.params.get("id", ""), ()))
        page = self._page(asked, rows, 200)
        return {"comments": page, "total_number": len(rows), "next_cursor": 0}

    def _page(self, asked: Asked, rows: Sequence[Object], most: int) -> list[Object]:
        size = _whole(asked, "count", 20)
        if not 1 <= size <= most:
            raise CodeError(40002, "count")
        size = min(size, self.options.rows)
        start = (_whole(asked, "page", 1) - 1) * size
        return list(rows[start : start + size])


def _whole(asked: Asked, name: str, default: int) -> int:
    text = asked.params.get(name, str(default))
    if not text.isdecimal():
        raise CodeError(40005, name)
    return int(text)


def _second(row: Object) -> float:
    moment = datetime.strptime(row["created_at"], "%a %b %d %H:%M:%S %z %Y")
    return moment.timestamp()
