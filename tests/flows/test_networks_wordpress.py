"""WordPress: an archive of its answers, and its API, against the world's truth."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from tasks.sources import wordpress_api
from tasks.sources.listings import Listing, Reply, Verdict
from tests.emulators.serving import Asked, serve
from tests.emulators.wordpress import WordPressEmulator, WordPressOptions
from tests.flows.crawling import Page, read_all
from tests.flows.networks import (
    archive_lab,
    backfill,
    check,
    lab_of_pages,
    scope_of,
)
from tests.world import World
from tests.world.spec import utc_moment
from tests.world.wordpress import PLATFORM, PREFIX, write_wordpress


def test_backfill_of_an_archive_gives_the_world(
    small_world: World, tmp_path: Path
) -> None:
    lab, told = archive_lab(
        small_world,
        tmp_path,
        platform=PLATFORM,
        format="wordpress-rest",
        write=write_wordpress,
        account_prefix=f"{PREFIX}:",
    )
    backfill(lab, told)
    check(lab, told, PLATFORM)


def read(
    emulator: WordPressEmulator, edited_since: datetime | None = None
) -> tuple[list[Page], list[tuple[Listing, Verdict]]]:
    """Read the site."""
    scope = scope_of(emulator.told)
    with serve(emulator) as base:
        return read_all(
            base,
            wordpress_api.first_listings(scope, base, edited_since=edited_since),
            lambda listing, body: wordpress_api.further_listings(listing, body, scope),
            wordpress_api.next_params,
            lambda reply, listing: wordpress_api.judge(reply, 0.0),
            now=emulator.now,
        )


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five rows a page, so that the small world's lists have several."""
    monkeypatch.setattr(wordpress_api, "PER_PAGE", "5")


def test_api_gives_the_world(
    small_world: World, tmp_path: Path, quick_rules: None, small_pages: None
) -> None:
    """The list of users is forbidden: articles tell their authors. Busy hosts."""
    emulator = WordPressEmulator(
        small_world, WordPressOptions(hides_users=True, error_share=0.1)
    )
    pages, failed = read(emulator)
    assert [verdict.why for _, verdict in failed] == ["rest_user_cannot_view"]
    assert max(len(page["answer"]) for page in pages) == 5
    lab = lab_of_pages(
        emulator.told,
        tmp_path,
        pages,
        format="wordpress-rest",
        account_prefix=f"{PREFIX}:",
    )
    check(lab, emulator.told, PLATFORM)


def test_deletions_between_pages_lose_no_comment(
    small_world: World, small_pages: None
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
        is_later = "after" in asked.params or "page" in asked.params
        if asked.path.endswith("/comments") and is_later and not gone:
            for key in longest[:3]:
                emulator.delete("comments", key)
                gone.append(key)

    emulator.before_call = delete_the_first
    pages, _ = read(emulator)
    assert gone
    seen = {
        row["id"]
        for page in pages
        if page["request"]["path"].endswith("/comments")
        for row in page["answer"]
    }
    assert {key for keys in by_post.values() for key in keys} - seen <= set(gone)


def test_edits_of_older_articles_are_asked_for(small_world: World) -> None:
    emulator = WordPressEmulator(small_world)
    scope = scope_of(emulator.told)
    listed = list(
        wordpress_api.first_listings(
            scope, "https://tea.example/blog/", edited_since=utc_moment(1_773_000_000)
        )
    )
    edits = [item for item in listed if "modified_after" in item.params]
    assert [item.path for item in edits] == [
        "https://tea.example/blog/wp-json/wp/v2/posts"
    ]
    assert edits[0].params["modified_after"] == "2026-03-08T20:00:00Z"
    assert edits[0].params["before"] == "2026-02-28T16:00:00Z"


@pytest.mark.parametrize(
    ("headers", "rows", "expected"),
    [
        ({"x-wp-totalpages": "1"}, 100, None),
        ({"x-wp-totalpages": "2"}, 100, {"page": "2"}),
        ({"x-wp-totalpages": "0"}, 0, None),
        ({}, 100, {"page": "2"}),
        ({}, 99, None),
    ],
)
def test_lists_end_where_the_header_says(
    headers: dict[str, str], rows: int, expected: dict[str, str] | None
) -> None:
    """Or at the first page that is not full, where a host strips the header."""
    listing = Listing("users", "/users")
    reply = Reply(200, headers, [{"id": n} for n in range(rows)])
    assert wordpress_api.next_params(listing, {}, reply) == expected


@pytest.mark.parametrize(
    ("status", "body", "meaning"),
    [
        (200, [], "rows"),
        (400, {"code": "rest_post_invalid_page_number"}, "end"),
        (400, {"code": "rest_invalid_param"}, "refused"),
        (401, {"code": "rest_user_cannot_view"}, "refused"),
        (404, {"code": "rest_post_invalid_id"}, "gone"),
        (429, None, "wait"),
        (503, None, "again"),
        (200, None, "again"),
    ],
)
def test_answers_mean_what_the_site_says(
    status: int, body: object, meaning: str
) -> None:
    verdict = wordpress_api.judge(Reply(status, {"retry-after": "30"}, body), 1000.0)
    assert verdict.meaning == meaning
    assert verdict.until == (1030.0 if meaning == "wait" else None)
