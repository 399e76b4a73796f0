"""The crawl that anybody would write first: the measure of calls per useful row.

It reads page after page by number with the endpoint's own page size, until a page
is empty, asks for each author's profile by itself, and starts anew every time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import httpx
import orjson

from tests.workspaces import PATIENCE_SECONDS

LISTS = {
    "statuses/repost_timeline": "reposts",
    "comments/show": "comments",
    "statuses/user_timeline/other": "statuses",
}
_TRIES = 20


def crawl_weibo(
    base: str,
    token: str,
    accounts: Sequence[str],
    posts: Sequence[str],
    *,
    with_profiles: bool = False,
) -> Iterator[bytes]:
    """Answers about accounts' timelines, and posts with reposts and comments.

    Args:
        base: address of the API.
        token: to ask with.
        accounts: whose timelines to read.
        posts: whose reposts and comments to read.
        with_profiles: also ask for the profile of each author that is seen.
    """
    authors: set[str] = set()
    with httpx.Client(
        base_url=base,
        timeout=PATIENCE_SECONDS,
        headers={"Authorization": f"OAuth2 {token}"},
    ) as client:
        for account in accounts:
            for body in _pages(
                client, "statuses/user_timeline/other", {"uid": account}
            ):
                yield body
        for post in posts:
            shown = _get(client, "statuses/show", {"id": post})
            if shown is not None:
                yield shown
            for path in ("statuses/repost_timeline", "comments/show"):
                for body in _pages(client, path, {"id": post}):
                    for row in orjson.loads(body)[LISTS[path]]:
                        if "user" in row:
                            authors.add(row["user"]["idstr"])
                    yield body
        if with_profiles:
            for author in sorted(authors):
                profile = _get(client, "users/show", {"uid": author})
                if profile is not None:
                    yield profile


def _pages(client: httpx.Client, path: str, params: dict[str, str]) -> Iterator[bytes]:
    page = 1
    while True:
        body = _get(client, path, {**params, "page": str(page)})
        found = orjson.loads(body) if body else []
        rows = found[LISTS[path]] if isinstance(found, dict) else found
        if not rows or body is None:
            return
        yield body
        page += 1


def _get(client: httpx.Client, path: str, params: dict[str, str]) -> bytes | None:
    """A body; None where the platform says that something is not there."""
    for _ in range(_TRIES):
        answer = client.get(f"/2/{path}.json", params=params)
        if answer.status_code == 200:
            return answer.content
        if answer.status_code < 500:
            return None
    raise RuntimeError(f"{path} fails again and again")
