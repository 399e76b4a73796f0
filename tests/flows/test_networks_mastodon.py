"""Mastodon: what an instance answers, against the world's truth."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from tasks.sources.crawl.crawler import Wanted
from tasks.sources.crawl.http_client import Answer
from tasks.sources.crawl.state import Stream
from tasks.sources.mastodon import api as mastodon_api
from tests.emulators.mastodon import PREFIX, MastodonEmulator, MastodonOptions
from tests.emulators.serving import serve
from tests.flows.networks import (
    ANSWERED,
    PARTS,
    api_source,
    configuration,
    crawl,
    crawl_and_stage,
)
from tests.workspaces import Lab
from tests.world import BRANDS, World
from tests.world.mastodon import PLATFORM

DAY = date(2026, 3, 1)
WANTED = Wanted((), (), (), (), DAY, DAY, 0, "UTC", frozenset({"reposts"}))


@contextmanager
def served(emulator: MastodonEmulator, root: Path) -> Iterator[Lab]:
    """A workspace whose source is the emulator."""
    lab = Lab(root)
    with serve(emulator) as base:
        text = configured(emulator, base, ("posts", "comments", "likes"))
        lab.put("workspace.toml", text)
        yield lab


def configured(
    emulator: MastodonEmulator,
    base: str,
    parts: Sequence[str] = (*PARTS, "search"),
) -> str:
    """The configuration of a workspace whose source is the emulator."""
    more = "limits = { calls-5-minutes = 3000 }\n"
    source = api_source(base, PLATFORM, parts=parts, more=more)
    return configuration(emulator.told, PLATFORM, source, f"{PREFIX}:")


def reachable(told: World, *, with_quotes: bool = True) -> World:
    """What an instance tells where followers of brands alone are asked for.

    The thread of a status that is gone is gone, too; who quoted what, members see. Of
    others' statuses those are found that a campaign lists.
    """
    brands = [f"{PREFIX}:{brand.account_id}" for brand in BRANDS]
    listed = told.campaigns["post_ids"].explode().to_list()
    posts = told.posts.filter(
        pl.col("account_id").is_in(brands) | pl.col("post_id").is_in(listed)
    )
    gone = told.posts.filter("is_deleted")["post_id"].to_list()
    rows = told.interactions.filter(~pl.col("root_post_id").is_in(gone))
    if not with_quotes:
        rows = rows.filter((pl.col("kind") != "repost") | pl.col("text").is_null())
    follows = told.follows.filter(pl.col("account_id").is_in(brands))
    seen = {
        *brands,
        *posts["account_id"],
        *rows["account_id"],
        *follows["follower_id"],
    }
    accounts = told.accounts.filter(pl.col("account_id").is_in(list(seen)))
    counters = told.post_counters.filter(
        pl.col("post_id").is_in(posts["post_id"].to_list())
    )
    return replace(
        told,
        accounts=accounts,
        posts=posts,
        post_counters=counters,
        interactions=rows,
        follows=follows,
    )


def test_a_reader_without_a_token_reads_long_threads_in_parts(
    small_world: World, tmp_path: Path
) -> None:
    """Levels that are cut off are asked for; edits and deletions are seen later."""
    emulator = MastodonEmulator(small_world, MastodonOptions(calls=3000, depth=1))
    last = emulator.now
    emulator.now = float(small_world.spec.start_second + 8 * 86_400)
    with served(emulator, tmp_path) as lab:
        crawl(lab, emulator.told, emulator.now)
        emulator.now = last
        listed = emulator.told.campaigns["post_ids"].explode().to_list()
        gone, edited = [
            key for key in listed if key.split(":")[1] in emulator._objects.statuses
        ][:2]
        emulator.delete(gone.split(":")[1])
        emulator.edit(edited.split(":")[1], "<p>changed &amp; <b>new</b></p>")
        crawl_and_stage(lab, emulator.told, emulator.now)
    told = reachable(emulator.told, with_quotes=False)
    left = told.interactions.filter(
        (pl.col("kind") == "comment") & (pl.col("root_post_id") != gone)
    )
    found = lab.rows(
        "select interaction_id, parent_id from staging.interactions"
        f" where kind = 'comment' and root_post_id <> '{gone}'"
    )
    assert set(found) == set(left.select("interaction_id", "parent_id").iter_rows())
    state = dict(
        lab.rows(
            "select post_id, case when is_deleted then 'gone' else text end"
            " from staging.posts"
        )
    )
    assert (state[gone], state[edited]) == ("gone", "changed & new")


@pytest.mark.parametrize(
    ("status", "token", "kind", "until"),
    [
        (200, "", None, None),
        (429, "", "rate", 1_700_000_000.0),
        (401, "", "fatal", None),
        (401, "t", "token", None),
        (403, "", "fatal", None),
        (403, "t", "end", None),
        (404, "", "absent", None),
        (410, "", "absent", None),
        (422, "t", "fatal", None),
        (503, "", "transient", None),
    ],
)
def test_errors_mean_what_the_instance_says(
    status: int,
    token: str,
    kind: str | None,
    until: float | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(mastodon_api.TOKEN, token)
    headers = {"x-ratelimit-reset": "2023-11-14T22:13:20.000000Z"}
    answer = Answer(status, headers, json.dumps({"error": "x"}).encode(), ANSWERED)
    trouble = mastodon_api.MastodonApi("https://tea.example").judge(answer)
    assert (trouble and trouble.kind, trouble and trouble.resets_at) == (kind, until)


@pytest.mark.parametrize(
    ("link", "place"),
    [
        (
            '<https://a.b/x?limit=2&max_id=7>; rel="next", <https://a.b/x>; rel="prev"',
            7,
        ),
        ('<https://a.b/x?min_id=9>; rel="prev"', None),
        ("", None),
    ],
)
def test_lists_go_on_where_the_header_says(link: str, place: int | None) -> None:
    answer = Answer(200, {"link": link}, b"", ANSWERED)
    stream = Stream("likes:1", "likes", {"id": "1"}, 0)
    platform = mastodon_api.MastodonApi("https://tea.example")
    page = platform.read(stream, [], answer, WANTED)
    assert page.stream.cursor == (place and {"max_id": str(place)})
    assert page.stream.state == ("open" if place else "done")


@pytest.mark.parametrize(
    ("reset", "told"),
    [
        ("2026-03-01T00:04:00.000Z", [("calls-5-minutes", 30, 4)]),
        ("2026-03-01T00:30:00.000Z", []),
        ("soon", []),
    ],
)
def test_a_limit_is_believed_where_it_is_the_same(
    reset: str, told: list[tuple[str, int, int]]
) -> None:
    headers = {
        "x-ratelimit-limit": "30",
        "x-ratelimit-remaining": "4",
        "x-ratelimit-reset": reset,
    }
    answer = Answer(200, headers, b"", ANSWERED)
    stream = Stream("likes:1", "likes", {"id": "1"}, 0)
    page = mastodon_api.MastodonApi("https://tea.example").read(
        stream, [], answer, WANTED
    )
    assert list(page.told_limits) == told
