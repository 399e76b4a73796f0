"""A plain loop over a platform's lists, for tests of what its module asks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import httpx

from tasks.sources.listings import Listing, Reply, Verdict, archived

Page = dict[str, Any]


def read_all(
    base: str,
    first: Iterable[Listing],
    further: Callable[[Listing, Any], Iterable[Listing]],
    turn: Callable[[Listing, Mapping[str, str], Reply], Mapping[str, str] | None],
    judge: Callable[[Reply, Listing], Verdict],
    *,
    token: str = "",
    now: float,
) -> tuple[list[Page], list[tuple[Listing, Verdict]]]:
    """Read lists to their ends and what they lead to, each once.

    Args:
        base: address of the server; a listing may have an address of its own.
        first: lists to begin with.
        further: lists that a page leads to.
        turn: parameters of the next page, None after the last.
        judge: what an answer means.
        token: bearer token.
        now: when the answers come, by the platform's own clock.

    Returns:
        pages as archives hold them; the lists that gave none, and why.
    """
    waiting = list(first)
    seen: set[str] = set()
    pages: list[Page] = []
    failed: list[tuple[Listing, Verdict]] = []
    headers = {"authorization": f"Bearer {token}"} if token else {}
    moment = datetime.fromtimestamp(now, UTC)
    with httpx.Client(base_url=base, headers=headers) as client:
        while waiting:
            listing = waiting.pop(0)
            key = f"{listing.path} {sorted(listing.params.items())}"
            if key in seen:
                continue
            seen.add(key)
            params: Mapping[str, str] | None = listing.params
            while params is not None:
                answer = client.get(listing.path, params=dict(params))
                reply = Reply(answer.status_code, answer.headers, _json(answer))
                verdict = judge(reply, listing)
                if verdict.meaning == "again":
                    continue
                if verdict.meaning != "rows":
                    failed.append((listing, verdict))
                    break
                pages.append(archived(listing, params, reply, moment))
                waiting += further(listing, reply.body)
                params = turn(listing, params, reply)
    return pages, failed


def _json(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return None
