"""X: an archive of its answers, and its API, against the world's truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from tasks.sources import x_api
from tasks.sources.listings import Listing, Reply, Verdict
from tests.emulators.serving import serve
from tests.emulators.x import BEARER, XEmulator, XOptions
from tests.flows.crawling import Page, read_all
from tests.flows.networks import (
    archive_lab,
    backfill,
    check,
    lab_of_pages,
    scope_of,
)
from tests.world import BRANDS, World
from tests.world.x import PLATFORM, write_x


def test_backfill_of_an_archive_gives_the_world(
    small_world: World, tmp_path: Path
) -> None:
    lab, told = archive_lab(
        small_world,
        tmp_path,
        platform=PLATFORM,
        format="x-api",
        write=write_x,
    )
    backfill(lab, told)
    check(lab, told, PLATFORM)


def read(
    emulator: XEmulator, *, full_search: bool = True
) -> tuple[list[Page], list[tuple[Listing, Verdict]]]:
    """Read everything that the brands' campaigns need."""
    scope = scope_of(emulator.told)
    with serve(emulator) as base:
        return read_all(
            base,
            x_api.first_listings(scope),
            lambda listing, body: x_api.further_listings(
                listing, body, scope, full_search=full_search
            ),
            lambda listing, params, reply: x_api.next_params(params, reply),
            lambda reply, listing: x_api.judge(reply),
            token=BEARER,
            now=emulator.now,
        )


def reachable(told: World) -> World:
    """What the API tells without asking for every account's followers."""
    brands = [str(brand.account_id) for brand in BRANDS]
    follows = told.follows.filter(pl.col("account_id").is_in(brands))
    seen = {
        *brands,
        *told.posts["account_id"],
        *told.interactions["account_id"],
        *follows["follower_id"],
    }
    accounts = told.accounts.filter(pl.col("account_id").is_in(list(seen)))
    return replace(told, follows=follows, accounts=accounts)


def test_api_gives_the_world(
    small_world: World, tmp_path: Path, quick_rules: None
) -> None:
    """Empty pages that are not the last, busy servers; each list is read once."""
    emulator = XEmulator(small_world, XOptions(empty_page=True, error_share=0.1))
    pages, failed = read(emulator)
    assert not failed
    lab = lab_of_pages(emulator.told, tmp_path, pages, format="x-api")
    check(lab, reachable(emulator.told), PLATFORM)


def test_api_without_the_full_search_knows_retweets_by_who_did_them(
    small_world: World, tmp_path: Path, quick_rules: None
) -> None:
    """Older threads stay unknown, but for retweets of posts, which have no time."""
    emulator = XEmulator(small_world)
    pages, failed = read(emulator, full_search=False)
    assert not failed
    lab = lab_of_pages(emulator.told, tmp_path, pages, format="x-api")
    posts = set(emulator.told.posts["post_id"])
    expected = {
        row["interaction_id"]: row["account_id"]
        for row in emulator.told.interactions.iter_rows(named=True)
        if row["interaction_id"].startswith("retweet-") and row["parent_id"] in posts
    }
    found = dict(
        lab.rows(
            "select interaction_id, account_id from staging.interactions"
            " where interaction_id like 'retweet-%' and parent_id = root_post_id"
        )
    )
    assert len(expected) > 5
    assert found == expected


def test_posts_are_counted_as_the_platform_counts_them(small_world: World) -> None:
    """The month's cap is spent by rows, not by calls."""
    emulator = XEmulator(small_world)
    spent = 0
    scope = scope_of(emulator.told)

    def turn(
        listing: Listing, params: Mapping[str, str], reply: Reply
    ) -> Mapping[str, str] | None:
        nonlocal spent
        spent += x_api.posts_read(listing, reply)
        return x_api.next_params(params, reply)

    with serve(emulator) as base:
        read_all(
            base,
            x_api.first_listings(scope),
            lambda listing, body: x_api.further_listings(listing, body, scope),
            turn,
            lambda reply, listing: x_api.judge(reply),
            token=BEARER,
            now=emulator.now,
        )
    assert spent == emulator._month_used > 300
    assert max(len(call.params.get("query", "")) for call in emulator.calls) <= 1024


@pytest.mark.parametrize(
    ("status", "body", "meaning"),
    [
        (200, {"data": []}, "rows"),
        (200, {"errors": [{"resource_id": "1"}]}, "rows"),
        (200, {"errors": [{"code": 88}]}, "wait"),
        (429, {"type": "https://api.x.com/2/problems/rate-limit-exceeded"}, "wait"),
        (429, {"type": "https://api.x.com/2/problems/usage-capped"}, "spent"),
        (429, None, "wait"),
        (401, {"title": "Unauthorized"}, "login"),
        (403, {"type": "https://api.x.com/2/problems/client-forbidden"}, "refused"),
        (404, {"type": "https://api.x.com/2/problems/resource-not-found"}, "gone"),
        (400, {"type": "https://api.x.com/2/problems/invalid-request"}, "refused"),
        (503, None, "again"),
        (200, None, "again"),
    ],
)
def test_answers_mean_what_the_platform_says(
    status: int, body: object, meaning: str
) -> None:
    headers = {"x-rate-limit-remaining": "0", "x-rate-limit-reset": "1700000000"}
    verdict = x_api.judge(Reply(status, headers, body))
    assert verdict.meaning == meaning
    assert verdict.until == (1_700_000_000 if meaning == "wait" else None)
