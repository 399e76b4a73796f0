"""Bluesky: what its AppView answers, against the world's truth."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from tasks.sources.bluesky import api as bluesky_api
from tasks.sources.bluesky.records import split
from tasks.sources.crawl.crawler import Wanted
from tasks.sources.crawl.http_client import Answer
from tasks.sources.crawl.state import Stream
from tasks.warehouse.configuration import Source
from tests.emulators.bluesky import TOKEN, BlueskyEmulator
from tests.emulators.serving import serve
from tests.flows.networks import (
    ANSWERED,
    PARTS,
    StandingClock,
    api_source,
    configuration,
    crawl,
    crawl_and_stage,
)
from tests.workspaces import Lab
from tests.world import BRANDS, World
from tests.world.bluesky import PLATFORM, did_of, post_id

DAY = date(2026, 3, 1)
WANTED = Wanted((), (), (), (), DAY, DAY, 0, "UTC", frozenset())


@contextmanager
def served(
    emulator: BlueskyEmulator, root: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Lab]:
    """A workspace whose source is the emulator."""
    monkeypatch.setenv(bluesky_api.TOKEN, TOKEN)
    lab = Lab(root)
    with serve(emulator) as base:
        text = configured(emulator, base, ("posts", "comments", "likes"))
        lab.put("workspace.toml", text)
        yield lab


def configured(
    emulator: BlueskyEmulator,
    base: str,
    parts: Sequence[str] = (*PARTS, "search"),
) -> str:
    """The configuration of a workspace whose source is the emulator."""
    source = api_source(base, PLATFORM, parts=parts)
    text = configuration(emulator.told, PLATFORM, source)
    for brand in BRANDS:
        own = str(brand.account_id)
        text = text.replace(f'"{own}"', f'"{did_of(own)}"')
    return text


def reachable(told: World) -> World:
    """What the AppView tells where followers of brands alone are asked for.

    Of who only follows nothing is looked up: such profiles have no counters. The
    thread of a post that is gone is gone, too.
    """
    gone = told.posts.filter("is_deleted")["post_id"].to_list()
    interactions = told.interactions.filter(
        (pl.col("kind") != "comment") | ~pl.col("root_post_id").is_in(gone)
    )
    brands = [did_of(str(brand.account_id)) for brand in BRANDS]
    follows = told.follows.filter(pl.col("account_id").is_in(brands))
    acted = {*brands, *told.posts["account_id"], *interactions["account_id"]}
    seen = {*acted, *follows["follower_id"]}
    counted = pl.col("account_id").is_in(list(acted))
    accounts = told.accounts.filter(
        pl.col("account_id").is_in(list(seen))
    ).with_columns(
        pl.when(counted).then(name).alias(name)
        for name in ("followers_count", "following_count", "posts_count")
    )
    return replace(told, follows=follows, accounts=accounts, interactions=interactions)


def test_a_second_visit_sees_what_is_new_and_what_is_gone(
    small_world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Late answers to answers change no counter of their post: they come, too."""
    emulator = BlueskyEmulator(small_world)
    last = emulator.now
    emulator.now = float(small_world.spec.start_second + 8 * 86_400)
    with served(emulator, tmp_path, monkeypatch) as lab:
        crawl(lab, emulator.told, emulator.now)
        first = len(emulator.calls)
        emulator.now = last
        listed = emulator.told.campaigns["post_ids"].explode().to_list()
        shown = {post_id(uri): uri for uri in emulator._views.posts}
        (gone, *_) = [key for key in listed if key in shown]
        emulator.delete(shown[gone])
        crawl_and_stage(lab, emulator.told, emulator.now)
    found = lab.rows(
        "select interaction_id from staging.interactions where kind = 'comment'"
        f" and root_post_id <> '{gone}'"
    )
    left = reachable(emulator.told).interactions.filter(
        (pl.col("kind") == "comment") & (pl.col("root_post_id") != gone)
    )
    assert {key for (key,) in found} == set(left["interaction_id"])
    (is_deleted,) = lab.rows(
        f"select is_deleted, text is null from staging.posts where post_id = '{gone}'"
    )
    assert is_deleted == (True, False)
    # Likes and reposts whose counters stand still are not read again.
    likes = [call for call in emulator.calls[first:] if "getLikes" in call.path]
    assert 0 < len(likes) < len(emulator.calls.of("getLikes")) - len(likes)


@pytest.mark.parametrize(
    ("status", "body", "kind", "until"),
    [
        (200, {"posts": []}, None, None),
        (429, {"error": "RateLimitExceeded"}, "rate", 1_700_000_000.0),
        (400, {"error": "ExpiredToken", "message": "Token has expired"}, "token", None),
        (401, {"error": "AuthMissing"}, "token", None),
        (403, None, "fatal", None),
        (
            400,
            {"error": "NotFound", "message": "Post not found: x"},
            "absent",
            None,
        ),
        (
            400,
            {"error": "InvalidRequest", "message": "Profile not found"},
            "absent",
            None,
        ),
        (400, {"error": "AccountTakedown"}, "absent", None),
        (400, {"error": "BlockedActor"}, "end", None),
        (400, {"error": "InvalidRequest", "message": "Malformed cursor"}, "end", None),
        (400, {"error": "InvalidRequest", "message": "Error: limit"}, "fatal", None),
        (502, {"error": "UpstreamFailure"}, "transient", None),
    ],
)
def test_errors_mean_what_the_platform_says(
    status: int, body: object, kind: str | None, until: float | None
) -> None:
    headers = {"ratelimit-reset": "1700000000"}
    answer = Answer(status, headers, json.dumps(body).encode(), ANSWERED)
    trouble = bluesky_api.BlueskyApi().judge(answer)
    assert (trouble and trouble.kind, trouble and trouble.resets_at) == (kind, until)


def test_a_session_asks_its_home_and_none_is_needed_without_the_search() -> None:
    told = {"name": "b", "platform": PLATFORM, "kind": "api", "path": "-"}
    source = Source(**told, format="bluesky-xrpc")
    stream = Stream("likes:1", "likes", {"uri": "at://a/app.bsky.feed.post/b"}, 0)
    for parts, home in (
        (["posts"], "xrpc/"),
        (["search"], "https://bsky.social/xrpc/"),
    ):
        asking = source.model_copy(update={"collect": parts})
        platform = bluesky_api.API.make(asking, StandingClock(0.0))
        assert platform.request(stream).path == f"{home}app.bsky.feed.getLikes"
        assert bool(platform.headers()) == (parts == ["search"])
        assert bool(bluesky_api.API.secrets(asking)) == (parts == ["search"])


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ({}, ()),
        ({"ratelimit-limit": "10", "ratelimit-remaining": "4"}, ((10, 4),)),
        (
            {
                "ratelimit-limit": "10",
                "ratelimit-remaining": "4",
                "ratelimit-policy": "10;w=300",
            },
            ((10, 4),),
        ),
        (
            {
                "ratelimit-limit": "10",
                "ratelimit-remaining": "4",
                "ratelimit-policy": "10;w=86400",
            },
            (),
        ),
    ],
)
def test_a_limit_is_believed_where_it_is_the_same(
    headers: dict[str, str], told: tuple[tuple[int, int], ...]
) -> None:
    answer = Answer(200, headers, b"{}", ANSWERED)
    stream = Stream("likes:1", "likes", {"uri": "at://a/app.bsky.feed.post/b"}, 0)
    page = bluesky_api.BlueskyApi().read(stream, {"likes": []}, answer, WANTED)
    assert tuple(rest for _, *rest in page.told_limits) == tuple(map(list, told))


def test_a_facet_that_cuts_a_letter_calls_what_is_whole_of_it() -> None:
    """Places count bytes: some clients count letters, and cut into one."""
    text = "茶 @tea.bsky.social"
    record = {
        "text": text,
        "facets": [
            {"index": index, "features": [{"did": "did:plc:a"}]}
            for index in (
                {"byteStart": 4, "byteEnd": 20},
                {"byteStart": 2, "byteEnd": 8},
                {"byteStart": 1, "byteEnd": 2},
                {"byteStart": "4", "byteEnd": 9},
                {"byteStart": 9, "byteEnd": 4},
                None,
            )
        ],
    }
    view = {
        "uri": "at://did:plc:a/app.bsky.feed.post/b",
        "author": {},
        "record": record,
    }
    (told,) = split(view)
    assert told["_request"]["called"] == ["tea.bsky.social", " @tea"]
