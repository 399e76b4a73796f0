"""Facebook: an archive of its answers, and its API, against the world's truth."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tasks.sources import facebook_api
from tasks.sources.listings import Listing, Reply, Verdict
from tests.emulators.facebook import PAGE_TOKEN, FacebookEmulator, FacebookOptions
from tests.emulators.serving import serve
from tests.flows.crawling import Page, read_all
from tests.flows.networks import (
    archive_lab,
    backfill,
    check,
    lab_of_pages,
    scope_of,
)
from tests.world import World
from tests.world.facebook import PLATFORM, write_facebook


def test_backfill_of_an_archive_gives_the_world(
    small_world: World, tmp_path: Path
) -> None:
    lab, told = archive_lab(
        small_world,
        tmp_path,
        platform=PLATFORM,
        format="facebook-graph",
        write=write_facebook,
    )
    backfill(lab, told)
    check(lab, told, PLATFORM)


def read(
    emulator: FacebookEmulator,
) -> tuple[list[Page], list[tuple[Listing, Verdict]]]:
    """Read everything of the brands' pages."""
    scope = scope_of(emulator.told)
    with serve(emulator) as base:
        host = base.removeprefix("http://")
        return read_all(
            base,
            facebook_api.first_listings(scope),
            lambda listing, body: facebook_api.further_listings(listing, body, scope),
            lambda listing, params, reply: facebook_api.next_params(
                listing, params, reply, host
            ),
            lambda reply, listing: facebook_api.judge(reply, 0.0, listing),
            token=PAGE_TOKEN,
            now=emulator.now,
        )


def test_api_gives_the_world(
    small_world: World, tmp_path: Path, quick_rules: None
) -> None:
    """Short and empty pages that are not the last; the token in every `next`."""
    emulator = FacebookEmulator(small_world, FacebookOptions(short_share=0.5))
    pages, failed = read(emulator)
    assert not failed
    assert all("after" not in page["request"]["params"] for page in pages)
    lab = lab_of_pages(emulator.told, tmp_path, pages, format="facebook-graph")
    check(lab, emulator.told, PLATFORM)
    for file in tmp_path.rglob("workspace.toml"):
        assert PAGE_TOKEN.encode() not in file.read_bytes()


def test_a_metric_that_is_no_more_costs_only_itself(
    small_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each metric is asked for alone, and the removed one is named."""
    monkeypatch.setattr(
        facebook_api, "PAGE_METRICS", ("page_fans", *facebook_api.PAGE_METRICS)
    )
    pages, failed = read(FacebookEmulator(small_world))
    assert {verdict.why for _, verdict in failed} == {"the metric page_fans is no more"}
    told = {
        row["name"]
        for page in pages
        if page["request"]["path"].endswith("/insights")
        for row in page["answer"]["data"]
    }
    assert told == set(facebook_api.PAGE_METRICS) - {"page_fans"}


@pytest.mark.parametrize(
    "address",
    [
        "https://elsewhere.example/v23.0/1_2/comments?after=x",
        "https://graph.facebook.com.elsewhere.example/v23.0/1_2/comments?after=x",
        "https://user@graph.facebook.com/v23.0/1_2/comments?after=x",
        "https://graph.facebook.com/v23.0/me/accounts?after=x",
        "http://169.254.169.254/v23.0/1_2/comments?after=x",
    ],
)
def test_a_next_page_elsewhere_is_refused(address: str) -> None:
    listing = Listing("comments", "/v23.0/1_2/comments", {"limit": "100"})
    reply = Reply(200, {}, {"data": [], "paging": {"next": address}})
    with pytest.raises(ValueError, match="elsewhere"):
        facebook_api.next_params(listing, listing.params, reply)


def test_a_next_page_gives_its_place_only() -> None:
    """Neither the token nor anything else that the address carries."""
    listing = Listing("comments", "/v23.0/1_2/comments", {"limit": "100"})
    address = (
        "https://graph.facebook.com/v24.0/1_2/comments"
        "?access_token=secret&limit=5&after=place&fields=id"
    )
    reply = Reply(200, {}, {"data": [], "paging": {"next": address}})
    assert facebook_api.next_params(listing, listing.params, reply) == {
        "limit": "100",
        "after": "place",
    }


@pytest.mark.parametrize(
    ("status", "code", "headers", "meaning", "until"),
    [
        (400, 4, {}, "wait", 1300.0),
        (400, 17, {}, "wait", 1300.0),
        (400, 613, {}, "wait", 1300.0),
        (400, 32, {}, "spent", None),
        (400, 80001, {"minutes": 10}, "wait", 1600.0),
        (400, 80001, {"minutes": 600}, "spent", 37000.0),
        (400, 190, {}, "login", None),
        (400, 100, {}, "gone", None),
        (503, 2, {}, "again", None),
        (400, 368, {}, "refused", None),
    ],
)
def test_errors_mean_what_the_platform_says(
    status: int, code: int, headers: dict[str, Any], meaning: str, until: float | None
) -> None:
    use = {
        "call_count": 100,
        "estimated_time_to_regain_access": headers.get("minutes", 0),
    }
    told = {"x-business-use-case-usage": json.dumps({"9000": [use]})}
    reply = Reply(status, told, {"error": {"code": code, "message": "no"}})
    verdict = facebook_api.judge(reply, 1000.0)
    assert (verdict.meaning, verdict.until) == (meaning, until)
    assert facebook_api.usage(reply)[0] == 100


def test_usage_is_the_fullest_of_the_limits() -> None:
    headers = {
        "x-app-usage": '{"call_count":28,"total_time":91,"total_cputime":25}',
        "x-page-usage": "no json",
    }
    assert facebook_api.usage(Reply(200, headers, {})) == (91, 0.0)
