"""Facebook's emulator: what it tells, its pages, its use headers, its errors."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import polars as pl
import pytest

from tests.emulators.facebook import (
    PAGE_TOKEN,
    REMOVED_METRICS,
    FacebookEmulator,
    FacebookOptions,
)
from tests.emulators.serving import serve
from tests.workspaces import PATIENCE_SECONDS
from tests.world import BRANDS, World, WorldSpec, generate
from tests.world.facebook import VERSION

PAGE = str(BRANDS[0].account_id)
POST_FIELDS = (
    "id,created_time,updated_time,message,from{id,name},shares,"
    "comments.limit(0).summary(true),reactions.limit(0).summary(total_count)"
)


@pytest.fixture(scope="module")
def world() -> World:
    return generate(WorldSpec(seed=13, interactions=700))


@dataclass
class Client:
    """Calls an emulator."""

    emulator: FacebookEmulator
    http: httpx.Client

    def ask(self, path: str, **params: Any) -> httpx.Response:
        """One GET."""
        return self.http.get(f"/{VERSION}/{path}", params=params)

    def get(self, path: str, **params: Any) -> Any:
        """The body of an answer that is no error."""
        answer = self.ask(path, **params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def code(self, path: str, **params: Any) -> tuple[int, int]:
        """HTTP status and code of an error."""
        answer = self.ask(path, **params)
        return answer.status_code, answer.json()["error"]["code"]

    def walk(self, path: str, **params: Any) -> tuple[list[Any], list[int]]:
        """All rows by `paging.next`, and the pages' sizes."""
        body = self.get(path, **params)
        rows, sizes = list(body["data"]), [len(body["data"])]
        while "next" in body.get("paging", {}):
            body = self.http.get(body["paging"]["next"]).json()
            rows += body["data"]
            sizes.append(len(body["data"]))
        return rows, sizes


@contextmanager
def client(
    world: World, clock: Callable[[], float] | None = None, **options: Any
) -> Iterator[Client]:
    """A running emulator and a client of it."""
    made = FacebookOptions(**options)
    emulator = (
        FacebookEmulator(world, made, clock) if clock else FacebookEmulator(world, made)
    )
    with (
        serve(emulator) as base,
        httpx.Client(
            base_url=base,
            timeout=PATIENCE_SECONDS,
            headers={"Authorization": f"Bearer {PAGE_TOKEN}"},
        ) as http,
    ):
        yield Client(emulator, http)


@pytest.fixture(scope="module")
def plain(world: World) -> Iterator[Client]:
    with client(world) as running:
        yield running


def told(running: Client, kind: str) -> pl.DataFrame:
    """What Facebook tells of comments or likes."""
    rows = running.emulator.told.interactions
    return rows.filter(pl.col("kind") == kind)


def busiest(running: Client) -> str:
    """The page's post with the most comments."""
    counted = (
        told(running, "comment")
        .filter(pl.col("root_post_id").str.starts_with(PAGE))
        .group_by("root_post_id")
        .len()
    )
    return str(counted.sort("len", "root_post_id")["root_post_id"].item(-1))


def test_posts_comments_and_reactions_are_the_whole_truth(plain: Client) -> None:
    posts, _ = plain.walk(f"{PAGE}/posts", limit=7, fields=POST_FIELDS)
    truth = plain.emulator.told.posts.filter(pl.col("account_id") == PAGE)
    assert {row["id"] for row in posts} == set(truth["post_id"])
    assert posts[0]["created_time"].endswith("+0000")
    counters = plain.emulator.told.post_counters
    for post in posts:
        (counts,) = counters.filter(pl.col("post_id") == post["id"]).to_dicts()
        assert post.get("shares", {"count": 0})["count"] == counts["reposts_count"]
        assert post["comments"]["summary"]["total_count"] == counts["comments_count"]
        comments, _ = plain.walk(
            f"{post['id']}/comments", filter="stream", fields="id,message,parent,from"
        )
        rows = told(plain, "comment").filter(pl.col("root_post_id") == post["id"])
        parents = {
            row["id"]: row.get("parent", {"id": post["id"]})["id"] for row in comments
        }
        assert parents == dict(rows.select("interaction_id", "parent_id").iter_rows())
        people, _ = plain.walk(f"{post['id']}/reactions", limit=3)
        liked = told(plain, "like").filter(pl.col("root_post_id") == post["id"])
        assert {row["id"] for row in people} == set(liked["account_id"])


def test_fields_come_when_asked_for(plain: Client) -> None:
    post = busiest(plain)
    assert set(plain.get(post)) == {"id", "created_time", "message"}
    assert set(plain.get(PAGE)) == {"id", "name"}
    page = plain.get(PAGE, fields="name,followers_count,fan_count")
    (account,) = plain.emulator.told.accounts.filter(
        pl.col("account_id") == PAGE
    ).to_dicts()
    assert page["followers_count"] == account["followers_count"]
    first = plain.get(f"{post}/comments", summary="true")
    assert set(first["data"][0]) <= {"id", "created_time", "from", "message"}
    assert first["summary"]["total_count"] >= len(first["data"])
    # Replies are not of the top level.
    stream, _ = plain.walk(f"{post}/comments", filter="stream", limit=100)
    top, _ = plain.walk(f"{post}/comments", limit=100)
    assert 0 < len(top) < len(stream)
    (reply,) = [row for row in stream if row not in top][:1]
    parent = plain.get(reply["id"], fields="parent")["parent"]["id"]
    replies, _ = plain.walk(f"{parent}/comments")
    assert reply["id"] in {row["id"] for row in replies}


def test_a_short_or_empty_page_is_not_the_last(world: World) -> None:
    with client(world, short_share=0.6) as running:
        post = busiest(running)
        rows, sizes = running.walk(f"{post}/comments", filter="stream", limit=3)
        truth = told(running, "comment").filter(pl.col("root_post_id") == post)
        assert [row["id"] for row in rows] == truth["interaction_id"].to_list()
        assert 0 in sizes
        assert max(sizes) == 3


def test_a_cursor_dies_with_its_row(world: World) -> None:
    with client(world) as running:
        post = busiest(running)
        first = running.get(f"{post}/comments", filter="stream", limit=5)
        running.emulator.delete(first["data"][-1]["id"])
        answer = running.http.get(first["paging"]["next"])
        assert answer.status_code == 400
        assert answer.json()["error"]["code"] == 100
        rest, _ = running.walk(f"{post}/comments", filter="stream", limit=5)
        assert first["data"][-1]["id"] not in {row["id"] for row in rest}


def test_the_next_address_carries_the_token_and_may_lead_elsewhere(
    world: World,
) -> None:
    with client(world, next_base="http://elsewhere.invalid") as running:
        body = running.get(f"{busiest(running)}/comments", filter="stream", limit=1)
        assert body["paging"]["next"].startswith("http://elsewhere.invalid/")
        assert f"access_token={PAGE_TOKEN}" in body["paging"]["next"]
        assert PAGE_TOKEN not in repr(running.emulator.calls)


def test_changes_show_at_once(world: World) -> None:
    with client(world) as running:
        emulator = running.emulator
        post = busiest(running)
        comments, _ = running.walk(f"{post}/comments", filter="stream", limit=100)
        before = running.get(post, fields=POST_FIELDS)
        emulator.edit(post, "new words")
        emulator.edit(comments[1]["id"], "other words")
        emulator.delete(comments[0]["id"])
        after = running.get(post, fields=POST_FIELDS)
        assert after["message"] == "new words"
        assert after["updated_time"] > before["updated_time"]
        lost = (
            before["comments"]["summary"]["total_count"]
            - after["comments"]["summary"]["total_count"]
        )
        left, _ = running.walk(f"{post}/comments", filter="stream", limit=100)
        assert len(comments) - len(left) == lost >= 1
        words = {row["id"]: row["message"] for row in left}
        assert words[comments[1]["id"]] == "other words"
        emulator.hide(post)
        assert running.code(post) == (400, 100)
        assert running.ask(post).json()["error"]["error_subcode"] == 33
        posts, _ = running.walk(f"{PAGE}/posts")
        assert post not in {row["id"] for row in posts}


def test_rows_arrive_with_time(world: World) -> None:
    with client(world) as running:
        post = busiest(running)
        truth = told(running, "comment").filter(pl.col("root_post_id") == post)
        moments = truth["acted_at"].dt.epoch("s").sort()
        running.emulator.now = float(moments[len(moments) // 2])
        rows, _ = running.walk(f"{post}/comments", filter="stream")
        assert len(rows) == (moments <= running.emulator.now).sum()
        later = int(moments[len(moments) // 4])
        rows, _ = running.walk(f"{post}/comments", filter="stream", since=later)
        assert (
            len(rows) == ((moments <= running.emulator.now) & (moments >= later)).sum()
        )


def test_one_removed_metric_fails_the_whole_call(plain: Client, world: World) -> None:
    start = world.spec.start_second
    asked = {"period": "day", "since": start, "until": start + 3 * 86_400}
    body = plain.get(
        f"{PAGE}/insights", metric="page_follows,page_post_engagements", **asked
    )
    assert [item["name"] for item in body["data"]] == [
        "page_follows",
        "page_post_engagements",
    ]
    assert len(body["data"][0]["values"]) == 3
    for removed in REMOVED_METRICS:
        answer = plain.ask(
            f"{PAGE}/insights", metric=f"page_follows,{removed}", **asked
        )
        assert answer.status_code == 400
        assert "valid insights metric" in answer.json()["error"]["message"]


def test_use_is_told_in_percent_and_ends_in_errors(world: World) -> None:
    clock = [3600.0 * 24 * 20_000]
    with client(world, clock=lambda: clock[0], app_calls=4) as running:
        answer = running.ask(PAGE)
        assert json.loads(answer.headers["x-app-usage"])["call_count"] == 25
        for _ in range(3):
            running.get(PAGE)
        assert running.code(PAGE) == (400, 4)
        clock[0] += 3600
        running.get(PAGE)
    with client(world, clock=lambda: clock[0], page_calls=1) as running:
        running.get(f"{PAGE}/posts")
        refused = running.ask(f"{PAGE}/posts")
        assert refused.json()["error"]["code"] == 32
        assert json.loads(refused.headers["x-page-usage"])["call_count"] == 100
    with client(
        world, clock=lambda: clock[0], page_calls=1, page_code=80001
    ) as running:
        running.get(f"{PAGE}/posts")
        refused = running.ask(f"{PAGE}/posts")
        assert refused.json()["error"]["code"] == 80001
        (use,) = json.loads(refused.headers["x-business-use-case-usage"])[PAGE]
        assert use["estimated_time_to_regain_access"] == 23 * 60


def test_tokens_and_errors(world: World) -> None:
    with client(
        world, token_calls=2, error_calls={1: 17, 2: 613}, error_share=0.0
    ) as running:
        assert running.code(PAGE) == (400, 17)
        assert running.code(PAGE) == (400, 613)
        assert running.code(PAGE) == (400, 190)
        running.emulator.renew_token()
        del running.http.headers["Authorization"]
        assert running.get(PAGE, access_token=PAGE_TOKEN)["id"] == PAGE
        assert running.code(PAGE) == (400, 190)
    with client(world, error_share=0.5) as running:
        assert {running.ask(PAGE).status_code for _ in range(20)} == {200, 503}
