"""WordPress' emulator: what it tells, its pages and filters, its errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import polars as pl
import pytest

from tests.emulators.serving import serve
from tests.emulators.wordpress import ROOT, WordPressEmulator, WordPressOptions
from tests.workspaces import PATIENCE_SECONDS
from tests.world import World, WorldSpec, generate
from tests.world.wordpress import PREFIX


@pytest.fixture(scope="module")
def world() -> World:
    return generate(WorldSpec(seed=14, interactions=700))


@dataclass
class Client:
    """Calls an emulator."""

    emulator: WordPressEmulator
    http: httpx.Client

    def ask(self, path: str, **params: Any) -> httpx.Response:
        """One GET."""
        return self.http.get(f"{ROOT}/{path}", params=params)

    def get(self, path: str, **params: Any) -> Any:
        """The body of an answer that is no error."""
        answer = self.ask(path, **params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def code(self, path: str, **params: Any) -> tuple[int, str]:
        """HTTP status and code of an error."""
        answer = self.ask(path, **params)
        return answer.status_code, answer.json()["code"]

    def walk(self, path: str, **params: Any) -> list[Any]:
        """All rows, page by page."""
        rows, page = [], 1
        while True:
            answer = self.ask(path, page=page, **params)
            rows += answer.json()
            if page >= int(answer.headers["x-wp-totalpages"]):
                return rows
            page += 1


@contextmanager
def client(
    world: World, clock: Callable[[], float] | None = None, **options: Any
) -> Iterator[Client]:
    """A running emulator and a client of it."""
    made = WordPressOptions(**options)
    emulator = (
        WordPressEmulator(world, made, clock)
        if clock
        else WordPressEmulator(world, made)
    )
    with (
        serve(emulator) as base,
        httpx.Client(base_url=base, timeout=PATIENCE_SECONDS) as http,
    ):
        yield Client(emulator, http)


@pytest.fixture(scope="module")
def plain(world: World) -> Iterator[Client]:
    with client(world) as running:
        yield running


def key(row: dict[str, Any]) -> str:
    """An object's id as the product names it."""
    return f"{PREFIX}:{row['id']}"


def test_articles_comments_and_authors_are_the_whole_truth(plain: Client) -> None:
    told = plain.emulator.told
    posts = plain.walk("posts", per_page=7)
    assert {key(row) for row in posts} == set(told.posts["post_id"])
    comments = plain.walk("comments", per_page=100)
    truth = told.interactions.filter(pl.col("kind") == "comment")
    assert {key(row) for row in comments} == set(truth["interaction_id"])
    parents = {key(row): f"{PREFIX}:{row['parent'] or row['post']}" for row in comments}
    assert parents == dict(truth.select("interaction_id", "parent_id").iter_rows())
    guests = [row for row in comments if row["author"] == 0]
    assert len(guests) == truth["account_id"].null_count() > 0
    users = plain.walk("users", per_page=3)
    assert {key(row) for row in users} == set(told.accounts["account_id"])
    # A time in GMT carries no zone.
    assert not posts[0]["date_gmt"].endswith("Z")
    assert posts[0]["content"]["rendered"].startswith("<p>")


def test_totals_and_links_stand_in_headers(plain: Client) -> None:
    total = len(plain.emulator.told.posts)
    answer = plain.ask("posts", per_page=5, page=2)
    assert int(answer.headers["x-wp-total"]) == total
    assert int(answer.headers["x-wp-totalpages"]) == -(-total // 5)
    links = {link["rel"]: link["url"] for link in answer.links.values()}
    assert set(links) == {"prev", "next"}
    third = plain.http.get(links["next"]).json()
    assert third == plain.get("posts", per_page=5, page=3)


def test_an_offset_wins_over_the_page(plain: Client) -> None:
    rows = plain.get("posts", per_page=10)
    found = plain.get("posts", per_page=3, page=1, offset=4)
    assert found == rows[4:7]
    assert plain.get("posts", per_page=3, page=999, offset=4) == found
    assert plain.get("posts", offset=9999) == []


def test_bad_pages_are_errors(plain: Client) -> None:
    assert plain.code("posts", per_page=101) == (400, "rest_invalid_param")
    assert plain.code("posts", per_page=0) == (400, "rest_invalid_param")
    assert plain.code("posts", page="x") == (400, "rest_invalid_param")
    assert plain.code("posts", page=999) == (400, "rest_post_invalid_page_number")
    # The other collections just end.
    assert plain.get("comments", page=999) == []
    assert plain.code("posts/17") == (404, "rest_post_invalid_id")
    assert plain.code("comments/17") == (404, "rest_comment_invalid_id")
    assert plain.code("pages") == (404, "rest_no_route")
    assert plain.code("comments", context="edit") == (401, "rest_forbidden_context")
    assert plain.code("posts", after="yesterday") == (400, "rest_invalid_param")


def test_filters_by_time_post_and_word(plain: Client, world: World) -> None:
    told = plain.emulator.told
    middle = sorted(told.posts["posted_at"].to_list())[len(told.posts) // 2]
    # Without a zone a time is the site's own, eight hours ahead.
    local = middle.timestamp() + 8 * 3600
    border = pl.from_epoch(pl.Series([int(local)]), "s").dt.to_string("%FT%T").item()
    after = plain.walk("posts", per_page=100, after=border)
    before = plain.walk("posts", per_page=100, before=f"{middle:%FT%T}Z")
    assert len(after) == (told.posts["posted_at"] > middle).sum()
    assert len(before) == (told.posts["posted_at"] < middle).sum()
    rows = told.interactions.filter(pl.col("kind") == "comment")
    post = rows["root_post_id"].mode().sort().item(0).partition(":")[2]
    mine = plain.walk("comments", per_page=100, post=post)
    assert len(mine) == (rows["root_post_id"] == f"{PREFIX}:{post}").sum()
    oldest = plain.get("comments", order="asc", per_page=1)
    assert key(oldest[0]) == rows.sort("acted_at")["interaction_id"].item(0)
    tag = world.campaigns["hashtags"][0][0]
    found = plain.walk("posts", per_page=100, search=f"#{tag}#")
    assert len(found) == told.posts["text"].str.contains(f"#{tag}#", literal=True).sum()


def test_embedded_and_chosen_fields(plain: Client) -> None:
    (bare,) = plain.get("posts", per_page=1)
    (whole,) = plain.get("posts", per_page=1, _embed="1")
    assert "_embedded" not in bare
    assert whole["_embedded"]["author"][0]["id"] == whole["author"]
    (few,) = plain.get("posts", per_page=1, _fields="id,content.rendered")
    assert set(few) == {"id", "content"}


def test_changes_show_at_once(world: World) -> None:
    with client(world) as running:
        emulator = running.emulator
        first, second = running.get("posts", per_page=2)
        stamp = second["modified_gmt"]
        emulator.edit("posts", second["id"], 'new & "words"')
        emulator.delete("posts", first["id"])
        changed = running.get("posts", modified_after=f"{stamp}Z", per_page=100)
        assert second["id"] in {row["id"] for row in changed}
        (shown,) = [row for row in changed if row["id"] == second["id"]]
        assert "new &amp; " in shown["content"]["rendered"]
        assert running.code(f"posts/{first['id']}") == (404, "rest_post_invalid_id")
        assert running.get("comments", post=first["id"]) == []
        comment = running.get("comments", per_page=1)[0]
        emulator.hide("comments", comment["id"])
        assert running.get("comments", per_page=1)[0]["id"] != comment["id"]
        emulator.show("comments", comment["id"])
        assert running.get("comments", per_page=1)[0]["id"] == comment["id"]


def test_page_numbers_move_when_comments_arrive(world: World) -> None:
    with client(world, seconds_per_call=40_000.0) as running:
        running.emulator.now = world.spec.start_second + 4 * 86_400
        seen = [
            row["id"]
            for page in range(1, 6)
            for row in running.get("comments", per_page=20, page=page)
        ]
        assert len(seen) > len(set(seen))


def test_the_host_limits_calls(world: World) -> None:
    clock = [60.0 * 1000 + 10]
    with client(world, clock=lambda: clock[0], calls=2) as running:
        running.get("posts")
        running.get("posts")
        refused = running.ask("posts")
        assert refused.status_code == 429
        assert refused.headers["retry-after"] == "50"
        assert "html" in refused.headers["content-type"]
        clock[0] += 50
        running.get("posts")
    with client(world, error_share=0.5) as running:
        assert {running.ask("posts").status_code for _ in range(20)} == {200, 503}
    with client(world, hides_users=True) as running:
        assert running.code("users") == (401, "rest_user_cannot_view")
        site = running.http.get("/wp-json").json()
        assert site["timezone_string"] == "Asia/Shanghai"
