"""Two threads of Weibo that a test changes as it likes, served over HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from tests.emulators.serving import Answer, Asked, Emulator, Fault

CHINA = timezone(timedelta(hours=8))
NAMES = {"statuses/repost_timeline": "reposts", "comments/show": "comments"}


class TinyClock:
    """Time that passes only where somebody waits."""

    def __init__(self, moment: datetime) -> None:
        """Begin at a moment."""
        self.moment = moment.timestamp()

    def now(self) -> float:
        """Seconds since 1970."""
        return self.moment

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.moment += seconds


@dataclass
class Row:
    """A repost or comment."""

    text: str
    created: float
    is_hidden: bool = False


@dataclass
class TinyWeibo(Emulator):
    """The server.

    Attributes:
        time: of rows and of the log.
        rows: (list, root) -> id -> row.
        page_rows: rows of a page, whatever was asked for.
        served: texts in which each row was ever shown.
        token: that is valid; None where all have expired.
    """

    time: TinyClock
    roots: tuple[str, ...] = ("100", "200")
    rows: dict[tuple[str, str], dict[int, Row]] = field(default_factory=dict)
    page_rows: int = 5
    served: dict[int, set[str]] = field(default_factory=dict)
    token: str | None = "first"
    _last_id: int = 1000

    def __post_init__(self) -> None:
        """Begin without rows."""
        super().__init__(self.time.now)
        self.begun = self.time.now()
        self.rows = {(name, root): {} for name in NAMES.values() for root in self.roots}

    def add(self, name: str, root: str, count: int) -> None:
        """Let new rows appear."""
        for _ in range(count):
            self._last_id += 3
            self.rows[name, root][self._last_id] = Row("new", self.time.now())

    def add_late(self, name: str, root: str) -> None:
        """Let a row appear whose id is below others that were shown before."""
        rows = self.rows[name, root]
        if rows:
            key = min(rows) - 1
            rows[key] = Row("late", rows[min(rows)].created)

    def pick(self, place: int) -> tuple[dict[int, Row], int] | None:
        """One of all rows, by a number of any size."""
        found = [(rows, key) for rows in self.rows.values() for key in sorted(rows)]
        return found[place % len(found)] if found else None

    def visible(self) -> dict[int, str]:
        """What a crawl must have in the end."""
        return {
            key: row.text
            for rows in self.rows.values()
            for key, row in rows.items()
            if not row.is_hidden
        }

    def go_wrong(self, after: int, fault: Fault) -> None:
        """Let a later call go wrong."""
        self.faults[self.number + 1 + after] = fault

    def at_call(self, after: int, change: Callable[[], None]) -> None:
        """Change something while pages are read."""
        number = self.number + 1 + after

        def hook(asked: Asked) -> None:
            if asked.number == number:
                change()

        self.before_call = hook

    def answer(self, asked: Asked) -> Answer:
        """Answer a request."""
        if self.token is None:
            return _refusal(21327)
        if asked.headers.get("authorization") != f"OAuth2 {self.token}":
            return _refusal(21332)
        name = asked.path.removeprefix("/2/").removesuffix(".json")
        if name == "statuses/show":
            return _json(self._post(asked.params["id"]))
        if name == "statuses/count":
            return _json([self._counts(key) for key in asked.params["ids"].split(",")])
        if name not in NAMES:
            return _refusal(10020)
        return self._page(NAMES[name], asked.params)

    def _counts(self, root: str) -> dict[str, Any]:
        counts = {name: len(self.rows[name, root]) for name in NAMES.values()}
        return {"id": int(root), **counts, "attitudes": 0}

    def _post(self, root: str) -> dict[str, Any]:
        return {
            "id": int(root),
            "idstr": root,
            "created_at": _weibo_time(self.begun),
            "text": "tea",
            "reposts_count": len(self.rows["reposts", root]),
            "comments_count": len(self.rows["comments", root]),
        }

    def _page(self, name: str, params: dict[str, str]) -> Answer:
        rows = self.rows[name, params["id"]]
        upto = int(params.get("max_id") or 10**18)
        keys = [
            key
            for key in sorted(rows, reverse=True)
            if int(params.get("since_id") or 0) < key <= upto
            and not rows[key].is_hidden
        ][: self.page_rows]
        for key in keys:
            self.served.setdefault(key, set()).add(rows[key].text)
        shown = [
            {
                "id": key,
                "idstr": str(key),
                "created_at": _weibo_time(rows[key].created),
                "text": rows[key].text,
            }
            for key in keys
        ]
        if not shown and upto % 2:
            return Answer(b"[]")
        return _json({name: shown, "total_number": len(rows) + 3}, len(shown))


def _weibo_time(moment: float) -> str:
    return (
        datetime.fromtimestamp(moment, UTC)
        .astimezone(CHINA)
        .strftime("%a %b %d %H:%M:%S %z %Y")
    )


def _json(content: object, rows: int = 0) -> Answer:
    return Answer(json.dumps(content).encode(), rows=rows)


def _refusal(code: int) -> Answer:
    body = json.dumps({"error": "refused", "error_code": code}).encode()
    return Answer(body, 400, error=code)
