"""Facebook: what its API answers, against the world's truth."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from tasks.sources.crawl.crawler import Wanted
from tasks.sources.crawl.graph import usage
from tasks.sources.crawl.http_client import Answer
from tasks.sources.crawl.state import Stream
from tasks.sources.facebook import api as facebook_api
from tests.emulators.facebook import PAGE_TOKEN, FacebookEmulator, FacebookOptions
from tests.emulators.serving import serve
from tests.flows.networks import (
    ANSWERED,
    StandingClock,
    api_source,
    check,
    collect,
    configuration,
    crawl_and_stage,
)
from tests.workspaces import Lab
from tests.world import World
from tests.world.facebook import PLATFORM


@contextmanager
def served(
    emulator: FacebookEmulator, root: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Lab]:
    """A workspace whose source is the emulator."""
    monkeypatch.setenv(facebook_api.TOKEN, PAGE_TOKEN)
    lab = Lab(root)
    with serve(emulator) as base:
        source = api_source(base, PLATFORM)
        lab.put("workspace.toml", configuration(emulator.told, PLATFORM, source))
        yield lab


def test_api_gives_the_world(
    small_world: World,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Short and empty pages that are not the last; a token in every `next`."""
    monkeypatch.setattr(facebook_api, "ROWS", "5")
    options = FacebookOptions(short_share=0.5, error_share=0.1)
    emulator = FacebookEmulator(small_world, options)
    with served(emulator, tmp_path, monkeypatch) as lab:
        assert not collect(lab, emulator.told, emulator.now)
    check(lab, emulator.told, PLATFORM)
    assert any(call.rows == 0 for call in emulator.calls.of("/comments"))
    # Neither the token nor a place in a list is kept anywhere.
    places = [call.params["after"] for call in emulator.calls if "after" in call.params]
    assert len(places) > 10
    for file in lab.root.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert PAGE_TOKEN.encode() not in content, file
            assert not any(place.encode() in content for place in places), file


def test_what_changes_between_two_visits_is_right_after_the_second(
    small_world: World,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An edit that changes no number, a deletion, a private post, what came late."""
    emulator = FacebookEmulator(small_world)
    last = emulator.now
    emulator.now = last - 2 * 86_400
    told = emulator.told.interactions.filter(pl.col("kind") == "comment")
    with served(emulator, tmp_path, monkeypatch) as lab:
        answered = told["parent_id"].implode()
        parents = told.filter(pl.col("interaction_id").is_in(answered)).sort("acted_at")
        # With what answers it: Facebook shows no reply to what it doesn't show.
        late = parents["interaction_id"].item(0)
        emulator.hide(late)
        crawl_and_stage(lab, emulator.told, emulator.now)
        seen = dict(lab.rows(COMMENTS))
        assert late not in seen
        emulator.show(late)
        recent = told.filter(
            pl.col("interaction_id").is_in(list(seen))
            & ~pl.col("interaction_id").is_in(answered)
        ).sort("acted_at")
        deleted, edited = recent["interaction_id"].to_list()[-2:]
        emulator.delete(deleted)
        emulator.edit(edited, "changed")
        posts = emulator.told.posts.sort("posted_at")["post_id"].to_list()
        kept = dict(told.select("interaction_id", "root_post_id").iter_rows())
        private, changed = [
            post for post in posts if post not in (kept[deleted], kept[edited])
        ][-2:]
        emulator.hide(private)
        emulator.edit(changed, "changed #words")
        emulator.now = last
        crawl_and_stage(lab, emulator.told, emulator.now)
        assert deleted in seen
    found = dict(lab.rows(COMMENTS))
    expected = {
        row["interaction_id"]: row["text"]
        for row in told.iter_rows(named=True)
        if row["interaction_id"] in seen or row["root_post_id"] != private
    }
    assert found == {**expected, edited: "changed"}
    texts = dict(lab.rows("select post_id, text from staging.posts"))
    assert texts[changed] == "changed #words"
    # What is private now stays as it was seen.
    assert set(texts) == set(emulator.told.posts["post_id"])
    parents = dict(lab.rows(COMMENTS.replace("text", "parent_id")))
    assert parents == {
        key: parent
        for key, parent in told.select("interaction_id", "parent_id").iter_rows()
        if key in expected
    }


COMMENTS = (
    "select interaction_id, text from staging.interactions where kind = 'comment'"
)


def test_a_metric_that_is_no_more_costs_only_itself(
    small_world: World,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Each metric is asked for alone, and the run says which one is gone."""
    monkeypatch.setattr(facebook_api, "METRICS", ("page_fans", *facebook_api.METRICS))
    emulator = FacebookEmulator(small_world)
    with served(emulator, tmp_path, monkeypatch) as lab:
        assert not collect(lab, emulator.told, emulator.now)
    check(lab, emulator.told, PLATFORM)
    said = capsys.readouterr().out
    assert "2 × figures that Facebook no longer gives: page_fans" in said
    asked = [call.params.get("metric") for call in emulator.calls.of("/insights")]
    assert sorted(set(asked)) == sorted(facebook_api.METRICS)


DAY = date(2026, 3, 1)
WANTED = Wanted((), (), (), (), DAY, DAY, 0, "UTC", frozenset(("comments",)))


def page_of_comments(address: str) -> tuple[str, str | None]:
    """State and note of a list whose answer names this next page."""
    stream = Stream("comments:1_2", "comments", {"id": "1_2", "total": "9"}, 0)
    body = {"data": [], "paging": {"next": address}}
    answer = Answer(200, {}, json.dumps(body).encode(), ANSWERED)
    page = facebook_api.FacebookApi().read(stream, body, answer, WANTED)
    return page.stream.state, page.stream.note


@pytest.mark.parametrize(
    "address",
    [
        "https://elsewhere.example/v23.0/1_2/comments?after=x",
        "https://graph.facebook.com.elsewhere.example/v23.0/1_2/comments?after=x",
        "https://user@graph.facebook.com/v23.0/1_2/comments?after=x",
        "https://graph.facebook.com/v23.0/me/accounts?after=x",
        "http://graph.facebook.com/v23.0/1_2/comments?after=x",
        "http://169.254.169.254/v23.0/1_2/comments?after=x",
        "https://[::1/v23.0/1_2/comments",
    ],
)
def test_a_next_page_elsewhere_is_left(address: str) -> None:
    state, note = page_of_comments(address)
    assert state == "stuck"
    assert note


def test_a_next_page_gives_its_place_only() -> None:
    """Neither the token nor anything else that the address carries."""
    platform = facebook_api.FacebookApi()
    stream = Stream("comments:1_2", "comments", {"id": "1_2", "total": "9"}, 0)
    address = (
        "https://graph.facebook.com/v24.0/1_2/comments"
        "?access_token=secret&limit=5&after=place&fields=id"
    )
    body = {"data": [], "paging": {"next": address}}
    answer = Answer(200, {}, json.dumps(body).encode(), ANSWERED)
    page = platform.read(stream, body, answer, WANTED)
    assert page.stream.cursor == {"page": 2}
    asked = platform.request(page.stream).params
    assert (asked["after"], asked["limit"]) == ("place", facebook_api.ROWS)
    assert "access_token" not in asked
    # Another process knows no place, and begins anew.
    assert "after" not in facebook_api.FacebookApi().request(page.stream).params


@pytest.mark.parametrize(
    ("status", "code", "minutes", "kind", "until"),
    [
        (400, 4, 0, "rate", 1300.0),
        (400, 17, 0, "rate", 1300.0),
        (400, 613, 0, "rate", 1300.0),
        (400, 32, 0, "rate", 1300.0),
        (400, 80001, 10, "rate", 1600.0),
        (400, 80001, 600, "rate", 37000.0),
        (400, 190, 0, "token", None),
        (400, 100, 0, "absent", None),
        (503, 2, 0, "transient", None),
        (400, 368, 0, "fatal", None),
    ],
)
def test_errors_mean_what_the_platform_says(
    status: int, code: int, minutes: int, kind: str, until: float | None
) -> None:
    use = {"call_count": 100, "estimated_time_to_regain_access": minutes}
    headers = {"x-business-use-case-usage": json.dumps({"9000": [use]})}
    body = json.dumps({"error": {"code": code, "message": "no"}}).encode()
    answer = Answer(status, headers, body, ANSWERED)
    trouble = facebook_api.FacebookApi(clock=StandingClock(1000.0)).judge(answer)
    assert trouble is not None
    assert (trouble.kind, trouble.resets_at) == (kind, until)
    assert usage(answer)[0] == 100


def test_usage_is_the_fullest_of_the_limits() -> None:
    headers = {
        "x-app-usage": '{"call_count":28,"total_time":91,"total_cputime":25}',
        "x-page-usage": "no json",
    }
    answer = Answer(200, headers, b"{}", ANSWERED)
    assert usage(answer) == (91, 0.0)


def test_a_list_waits_for_another_run_when_a_limit_is_nearly_full() -> None:
    platform = facebook_api.FacebookApi()
    stream = Stream("comments:1_2", "comments", {"id": "1_2", "total": "9"}, 0)
    address = "https://graph.facebook.com/v23.0/1_2/comments?after=place"
    body = {"data": [], "paging": {"next": address}}
    for percent, waits in ((94, 0.0), (95, 300.0)):
        headers = {"x-app-usage": json.dumps({"call_count": percent})}
        answer = Answer(200, headers, b"{}", ANSWERED)
        assert platform.read(stream, body, answer, WANTED).wait_seconds == waits
