"""X: what its API answers, against the world's truth."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from tasks.sources.crawl.http_client import Answer
from tasks.sources.crawl.spending import Spending, spending_files
from tasks.sources.x import api as x_api
from tests.emulators.serving import serve
from tests.emulators.x import BEARER, XEmulator, XOptions
from tests.flows.networks import (
    ANSWERED,
    PARTS,
    StandingClock,
    api_source,
    check,
    collect,
    configuration,
    crawl_and_stage,
)
from tests.workspaces import Lab
from tests.world import BRANDS, World
from tests.world.x import PLATFORM


@contextmanager
def served(
    emulator: XEmulator,
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    more: str = "commercial = true\n",
) -> Iterator[Lab]:
    """A workspace whose source is the emulator."""
    monkeypatch.setenv(x_api.TOKEN, BEARER)
    lab = Lab(root)
    with serve(emulator) as base:
        source = api_source(base, PLATFORM, parts=(*PARTS, "search"), more=more)
        lab.put("workspace.toml", configuration(emulator.told, PLATFORM, source))
        yield lab


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
    small_world: World,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Empty pages that are not the last, forgotten places, a busy server."""
    options = XOptions(empty_page=True, error_share=0.1)
    emulator = XEmulator(small_world, options)
    with served(emulator, tmp_path, monkeypatch) as lab:
        assert not collect(lab, emulator.told, emulator.now)
    check(lab, reachable(emulator.told), PLATFORM)
    queries = [call.params.get("query", "") for call in emulator.calls]
    assert max(map(len, queries)) <= 1024


def test_months_posts_are_counted_as_the_platform_counts_them(
    small_world: World,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By rows that were asked for, not by what comes along with them."""
    emulator = XEmulator(small_world)
    with served(emulator, tmp_path, monkeypatch) as lab:
        crawl_and_stage(lab, emulator.told, emulator.now)
    start = datetime(2026, 3, 1, tzinfo=UTC).timestamp()
    (file,) = spending_files(lab.root / "landing")
    with Spending(file) as spending:
        assert spending.spent("posts-month", start) == emulator._month_used > 300


def test_a_spent_month_defers_and_the_next_one_ends_the_work(
    small_world: World,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    emulator = XEmulator(small_world)
    limits = "commercial = true\nlimits = { posts-month = 250 }\n"
    with served(emulator, tmp_path, monkeypatch, limits) as lab:
        (why,) = crawl_and_stage(lab, emulator.told, emulator.now)
        assert "2026-04-01" in why
        # Pages become smaller, and none goes over what may be spent.
        assert 250 * 0.9 * 0.9 - 10 < emulator._month_used <= 250 * 0.9
        april = datetime(2026, 4, 1, 12, tzinfo=UTC).timestamp()
        for day in range(20):
            if not crawl_and_stage(lab, emulator.told, april + 31 * 86_400 * day):
                break
    expected = {
        (row["interaction_id"], row["kind"], row["root_post_id"], row["parent_id"])
        for row in emulator.told.interactions.iter_rows(named=True)
    }
    found = lab.rows(
        "select interaction_id, kind, root_post_id, parent_id from staging.interactions"
    )
    assert set(found) == expected


def test_without_the_whole_archive_retweets_are_known_by_who_made_them(
    small_world: World,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Those of posts at least: quotes older than a week can't be searched."""
    emulator = XEmulator(small_world)
    with served(emulator, tmp_path, monkeypatch, "") as lab:
        assert not crawl_and_stage(lab, emulator.told, emulator.now)
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


def test_a_second_visit_reads_what_is_new_only(
    small_world: World,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A deleted post is marked, an edit known, late replies are there."""
    emulator = XEmulator(small_world)
    last = emulator.now
    emulator.now = float(small_world.spec.start_second + 8 * 86_400)
    with served(emulator, tmp_path, monkeypatch) as lab:
        crawl_and_stage(lab, emulator.told, emulator.now)
        earlier = emulator._month_used
        emulator.now = last
        listed = emulator.told.campaigns["post_ids"].explode().to_list()
        standing = [key for key in listed if key in emulator._objects.tweets]
        emulator.delete(standing[0])
        emulator.edit(standing[1], "changed #words")
        crawl_and_stage(lab, emulator.told, emulator.now)
        second = emulator._month_used - earlier
    expected = {
        (row["interaction_id"], row["root_post_id"])
        for row in emulator.told.interactions.iter_rows(named=True)
        if row["kind"] == "comment" and row["root_post_id"] != standing[0]
    }
    found = lab.rows(
        "select interaction_id, root_post_id from staging.interactions"
        f" where kind = 'comment' and root_post_id <> '{standing[0]}'"
    )
    assert set(found) == expected
    state = dict(
        lab.rows(
            "select post_id, case when is_deleted then 'gone' else text end"
            " from staging.posts"
        )
    )
    assert state[standing[0]] == "gone"
    assert state[standing[1]] == "changed #words"
    assert second < emulator._month_used / 1.5


def test_replies_that_change_between_two_visits_are_right_after_the_second(
    small_world: World,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One is edited, one deleted, one withheld, an author protected; one came late."""
    emulator = XEmulator(small_world)
    last = emulator.now
    emulator.now = last - 3 * 86_400
    first = datetime.fromtimestamp(emulator.now, UTC)
    # Of posts that pass the third day between the visits: read whole again then.
    recent = emulator.told.posts.filter(
        pl.col("posted_at").is_between(first - timedelta(days=3), first)
        & pl.col("post_id").is_in(
            emulator.told.campaigns["post_ids"].explode().implode()
        )
    )["post_id"].to_list()
    replies = emulator.told.interactions.filter(
        (pl.col("kind") == "comment") & pl.col("root_post_id").is_in(recent)
    ).sort("acted_at", "interaction_id")
    # One of each author.
    early = replies.filter(pl.col("acted_at") < first).unique(
        "account_id", keep="first", maintain_order=True
    )
    late, edited, deleted, withheld, shy = early["interaction_id"].to_list()[:5]
    author = early["account_id"].item(4)
    text = (
        "select interaction_id, text from staging.interactions where kind = 'comment'"
    )
    with served(emulator, tmp_path, monkeypatch) as lab:
        emulator.hide(late)
        crawl_and_stage(lab, emulator.told, emulator.now)
        seen = dict(lab.rows(text))
        assert late not in seen
        assert {edited, deleted, withheld, shy} <= set(seen)
        emulator._hidden.discard(late)
        emulator.edit(edited, "changed")
        emulator.delete(deleted)
        emulator.hide(withheld)
        emulator.protect(author)
        emulator.now = last
        crawl_and_stage(lab, emulator.told, emulator.now)
    found = dict(lab.rows(text))
    expected = {
        row["interaction_id"]: row["text"]
        for row in replies.iter_rows(named=True)
        if row["account_id"] != author or row["interaction_id"] in seen
    }
    assert {key: found.get(key) for key in expected} == {**expected, edited: "changed"}
    parents = dict(lab.rows(text.replace("text", "parent_id")))
    for key, parent in replies.select("interaction_id", "parent_id").iter_rows():
        assert key not in expected or parents[key] == parent


@pytest.mark.parametrize(
    ("status", "body", "left", "kind", "until"),
    [
        (200, {"data": []}, "5", None, None),
        (200, {"errors": [{"resource_id": "1"}]}, "5", None, None),
        (200, {"errors": [{"code": 88}]}, "0", "rate", 1_700_000_000.0),
        (429, {"type": "problems/rate-limit-exceeded"}, "0", "rate", 1_700_000_000.0),
        (429, {"type": "problems/rate-limit-exceeded"}, "7", "transient", None),
        (429, {"type": "problems/usage-capped"}, "7", "rate", None),
        (429, None, "", "rate", 1_700_000_000.0),
        (401, {"title": "Unauthorized"}, "0", "token", None),
        (403, {"type": "problems/client-forbidden"}, "0", "fatal", None),
        (404, {"type": "problems/resource-not-found"}, "0", "absent", None),
        (400, {"errors": [{"message": "next_token is not valid"}]}, "0", "end", None),
        (400, {"errors": [{"message": "max_results"}]}, "0", "fatal", None),
        (503, None, "0", "transient", None),
    ],
)
def test_errors_mean_what_the_platform_says(
    status: int, body: object, left: str, kind: str | None, until: float | None
) -> None:
    headers = {
        "x-rate-limit-remaining": left,
        "x-rate-limit-reset": "1700000000",
    }
    answer = Answer(status, headers, json.dumps(body).encode(), ANSWERED)
    trouble = x_api.XApi(clock=StandingClock(0.0)).judge(answer)
    assert (trouble and trouble.kind, trouble and trouble.resets_at) == (kind, until)
