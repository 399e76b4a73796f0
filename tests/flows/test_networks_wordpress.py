"""WordPress: what its API answers, against the world's truth."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest

from tasks.sources.crawl.crawler import Wanted
from tasks.sources.crawl.http_client import Answer
from tasks.sources.crawl.state import Stream
from tasks.sources.wordpress import api as wordpress_api
from tests.emulators.serving import Asked, serve
from tests.emulators.wordpress import WordPressEmulator, WordPressOptions
from tests.flows.networks import (
    ANSWERED,
    api_source,
    check,
    collect,
    configuration,
    crawl_and_stage,
)
from tests.workspaces import Lab
from tests.world import World
from tests.world.wordpress import PLATFORM, PREFIX


@contextmanager
def served(emulator: WordPressEmulator, root: Path) -> Iterator[Lab]:
    """A workspace whose source is the emulator."""
    lab = Lab(root)
    with serve(emulator) as base:
        text = configuration(
            emulator.told, PLATFORM, api_source(base, PLATFORM), f"{PREFIX}:"
        )
        lab.put("workspace.toml", text)
        yield lab


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five rows a page, so that the small world's lists have several."""
    monkeypatch.setattr(wordpress_api, "ROWS", 5)


def test_api_gives_the_world(
    small_world: World, tmp_path: Path, small_pages: None
) -> None:
    """The list of users is forbidden: articles tell their authors. A busy host."""
    options = WordPressOptions(hides_users=True, error_share=0.1)
    emulator = WordPressEmulator(small_world, options)
    with served(emulator, tmp_path) as lab:
        assert not collect(lab, emulator.told, emulator.now)
    check(lab, emulator.told, PLATFORM)
    assert max(call.rows for call in emulator.calls) == 5


def test_deletions_between_pages_lose_no_comment(
    small_world: World, tmp_path: Path, small_pages: None
) -> None:
    """Page numbers shift when an earlier comment goes; times don't."""
    emulator = WordPressEmulator(small_world)
    by_post: dict[int, list[int]] = {}
    for comment in emulator._objects.comments[::-1]:
        by_post.setdefault(comment["post"], []).append(comment["id"])
    longest = max(by_post.values(), key=len)
    assert len(longest) > 15
    gone: list[int] = []

    def delete_the_first(asked: Asked) -> None:
        if asked.path.endswith("/comments") and "after" in asked.params and not gone:
            for key in longest[:3]:
                emulator.delete("comments", key)
                gone.append(key)

    emulator.before_call = delete_the_first
    with served(emulator, tmp_path) as lab:
        crawl_and_stage(lab, emulator.told, emulator.now)
    assert gone
    everything = {f"{PREFIX}:{key}" for keys in by_post.values() for key in keys}
    found = {
        key for (key,) in lab.rows("select interaction_id from staging.interactions")
    }
    assert everything - found <= {f"{PREFIX}:{key}" for key in gone}


def test_second_visit_sees_what_has_changed(small_world: World, tmp_path: Path) -> None:
    """Edits, what is new, a comment held back before, what is gone or private now."""
    emulator = WordPressEmulator(small_world)
    last = emulator.now
    emulator.now = float(small_world.spec.start_second + 8 * 86_400)
    # Oldest first.
    comments = sorted(emulator._objects.comments, key=lambda row: row["date_gmt"])
    posts = sorted(emulator._objects.posts, key=lambda row: row["date_gmt"])
    parents = {comment["parent"] for comment in comments}
    late = next(comment for comment in comments if comment["id"] in parents)
    emulator.hide("comments", late["id"])
    with served(emulator, tmp_path) as lab:
        crawl_and_stage(lab, emulator.told, emulator.now)
        found = lab.rows("select interaction_id from staging.interactions")
        seen = {key for (key,) in found}
        assert f"{PREFIX}:{late['id']}" not in seen
        emulator.now = last
        emulator.show("comments", late["id"])
        post, private = posts[0], posts[1]
        standing = [comment for comment in comments if comment["post"] != private["id"]]
        edited, gone = standing[1], standing[2]
        assert f"{PREFIX}:{gone['id']}" in seen
        emulator.edit("posts", post["id"], "changed #words")
        emulator.edit("comments", edited["id"], "changed")
        emulator.delete("comments", gone["id"])
        emulator.hide("posts", private["id"])
        crawl_and_stage(lab, emulator.told, emulator.now)
    texts = dict(lab.rows("select post_id, text from staging.posts"))
    assert texts[f"{PREFIX}:{post['id']}"] == "changed #words"
    assert f"{PREFIX}:{private['id']}" in texts
    unseen = {
        f"{PREFIX}:{comment['id']}"
        for comment in comments
        if comment["post"] == private["id"]
    } - seen
    expected = {
        row["interaction_id"]: (row["parent_id"], row["text"])
        for row in emulator.told.interactions.iter_rows(named=True)
        if row["interaction_id"] not in unseen
    }
    key = f"{PREFIX}:{edited['id']}"
    expected[key] = expected[key][0], "changed"
    found = lab.rows("select interaction_id, parent_id, text from staging.interactions")
    assert {key: rest for key, *rest in found} == {
        key: list(rest) for key, rest in expected.items()
    }


DAY = date(2026, 3, 1)
WANTED = Wanted((), (), (), (), DAY, DAY, 0, "UTC", frozenset())


@pytest.mark.parametrize(
    ("headers", "rows", "cursor"),
    [
        ({"x-wp-totalpages": "1"}, 100, None),
        ({"x-wp-totalpages": "2"}, 100, {"page": 2}),
        ({"x-wp-totalpages": "0"}, 0, None),
        ({}, 100, {"page": 2}),
        ({}, 99, None),
    ],
)
def test_lists_end_where_the_header_says(
    headers: dict[str, str], rows: int, cursor: dict[str, int] | None
) -> None:
    """Or at the first page that is not full, where a host strips the header."""
    content = [{"id": n, "name": "a", "slug": "a"} for n in range(rows)]
    answer = Answer(200, headers, b"", ANSWERED)
    platform = wordpress_api.WordPressApi("https://tea.example")
    page = platform.read(Stream("users", "users", {}, 0), content, answer, WANTED)
    assert page.stream.cursor == cursor
    assert page.stream.state == ("done" if cursor is None else "open")


def test_a_second_full_of_rows_does_not_hold_a_list_up() -> None:
    """More comments of one second than a page has: the page number goes on."""
    row = {"id": 1, "post": 2, "content": {}, "date_gmt": "2026-03-01T00:00:00"}
    answer = Answer(200, {"x-wp-totalpages": "9"}, b"", ANSWERED)
    platform = wordpress_api.WordPressApi("https://tea.example")
    stream = Stream("comments:2", "comments", {"post": "2"}, 0)
    places = []
    for _ in range(3):
        stream = platform.read(stream, [row] * 100, answer, WANTED).stream
        places.append(stream.cursor)
    after = {"after": "2026-02-28T23:59:59Z"}
    assert places == [after, {**after, "page": 2}, {**after, "page": 3}]


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, [], None),
        (400, {"code": "rest_post_invalid_page_number"}, "end"),
        (400, {"code": "rest_invalid_param"}, "fatal"),
        (401, {"code": "rest_user_cannot_view"}, "end"),
        (404, {"code": "rest_post_invalid_id"}, "absent"),
        (404, {"code": "rest_no_route"}, "fatal"),
        (404, None, "fatal"),
        (429, None, "transient"),
        (503, None, "transient"),
    ],
)
def test_errors_mean_what_the_site_says(
    status: int, body: object, kind: str | None
) -> None:
    answer = Answer(status, {}, json.dumps(body).encode(), ANSWERED)
    trouble = wordpress_api.WordPressApi("https://tea.example").judge(answer)
    assert (trouble and trouble.kind) == kind
