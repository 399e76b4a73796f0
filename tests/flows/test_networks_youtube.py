"""YouTube: what its Data API answers, against the world's truth."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from tasks.sources.crawl.crawler import Wanted
from tasks.sources.crawl.http_client import Answer
from tasks.sources.crawl.state import Stream
from tasks.sources.youtube import api as youtube_api
from tasks.warehouse.configuration import post_at
from tests.emulators.serving import serve
from tests.emulators.youtube import KEY, YouTubeEmulator, YouTubeOptions
from tests.flows.networks import (
    ANSWERED,
    PARTS,
    StandingClock,
    api_source,
    configuration,
    crawl,
)
from tests.workspaces import Lab
from tests.world import BRANDS, World
from tests.world.youtube import PLATFORM, channel_of


@contextmanager
def served(
    emulator: YouTubeEmulator,
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Lab]:
    """A workspace whose source is the emulator."""
    monkeypatch.setenv(youtube_api.KEY, KEY)
    lab = Lab(root)
    with serve(emulator) as base:
        lab.put("workspace.toml", configured(emulator, base))
        yield lab


def configured(emulator: YouTubeEmulator, base: str) -> str:
    """The configuration of a workspace whose source is the emulator."""
    source = api_source(base, PLATFORM, parts=(*PARTS, "search"))
    text = configuration(emulator.told, PLATFORM, source)
    for brand in BRANDS:
        own = str(brand.account_id)
        text = text.replace(f'"{own}"', f'"{channel_of(own)}"')
    return text


def reachable(told: World) -> World:
    """What is told of brands' and listed videos; a search finds no callers."""
    brands = [channel_of(str(brand.account_id)) for brand in BRANDS]
    listed = told.campaigns["post_ids"].explode().to_list()
    posts = told.posts.filter(
        pl.col("account_id").is_in(brands) | pl.col("post_id").is_in(listed)
    )
    keys = posts["post_id"].to_list()
    rows = told.interactions.filter(pl.col("root_post_id").is_in(keys))
    seen = {*brands, *rows["account_id"]}
    return replace(
        told,
        accounts=told.accounts.filter(pl.col("account_id").is_in(list(seen))),
        posts=posts,
        post_counters=told.post_counters.filter(pl.col("post_id").is_in(keys)),
        interactions=rows,
    )


def test_a_spent_day_defers_and_the_next_one_ends_the_work(
    small_world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The quota is smaller than we think; of a video the comments are closed."""
    emulator = YouTubeEmulator(small_world)
    listed = reachable(emulator.told).posts.sort("posted_at")["post_id"].to_list()
    closed = max(listed, key=lambda key: len(emulator._objects.threads.get(key, [])))
    emulator.options = YouTubeOptions(rows=5, units=30, closed=frozenset({closed}))
    moment = emulator.now
    emulator.clock = lambda: moment
    with served(emulator, tmp_path, monkeypatch) as lab:
        (why,) = crawl(lab, emulator.told, moment)
        # Midnight on the Pacific coast, in summer time.
        assert "2026-03-15 15:00" in why
        for _ in range(20):
            moment += 86_400
            if not crawl(lab, emulator.told, moment):
                break
        lab.stage()
    expected = reachable(emulator.told).interactions.filter(
        pl.col("root_post_id") != closed
    )
    found = lab.rows("select interaction_id from staging.interactions")
    assert {key for (key,) in found} == set(expected["interaction_id"])
    unknown = lab.value(
        "select bool_and(comments_count is null and likes_count is not null)"
        f" from staging.post_counters where post_id = '{closed}'"
    )
    assert unknown


@pytest.mark.parametrize(
    ("status", "reason", "message", "kind"),
    [
        (200, "", "", None),
        (403, "quotaExceeded", "", "rate"),
        (403, "dailyLimitExceeded", "", "rate"),
        (403, "rateLimitExceeded", "", "transient"),
        (429, "", "", "transient"),
        (400, "processingFailure", "", "transient"),
        (403, "commentsDisabled", "", "end"),
        (403, "forbidden", "", "end"),
        (404, "videoNotFound", "", "absent"),
        (400, "invalidPageToken", "", "end"),
        (400, "badRequest", "API key not valid.", "token"),
        (400, "keyInvalid", "", "token"),
        (400, "invalidFilters", "", "fatal"),
        (403, "accessNotConfigured", "enable the API key", "fatal"),
        (503, "backendError", "", "transient"),
    ],
)
def test_errors_mean_what_the_platform_says(
    status: int, reason: str, message: str, kind: str | None
) -> None:
    error = {"code": status, "message": message, "errors": [{"reason": reason}]}
    body = json.dumps({"error": error}).encode()
    # Winter: the Pacific day ends at 8 o'clock UTC.
    clock = StandingClock(datetime(2026, 1, 5, 12, tzinfo=UTC).timestamp())
    trouble = youtube_api.YouTubeApi(clock=clock).judge(
        Answer(status, {}, body, ANSWERED)
    )
    assert (trouble and trouble.kind) == kind
    if kind == "rate":
        end = datetime(2026, 1, 6, 8, tzinfo=UTC).timestamp()
        assert trouble is not None
        assert trouble.resets_at == end


@pytest.mark.parametrize(
    ("moment", "start", "end"),
    [
        ("2026-01-05T07:59:00", "2026-01-04T08:00:00", "2026-01-05T08:00:00"),
        ("2026-07-05T07:00:00", "2026-07-05T07:00:00", "2026-07-06T07:00:00"),
        # Of a day of 23 and of one of 25 hours.
        ("2026-03-08T12:00:00", "2026-03-08T08:00:00", "2026-03-09T07:00:00"),
        ("2026-11-01T12:00:00", "2026-11-01T07:00:00", "2026-11-02T08:00:00"),
    ],
)
def test_a_quota_is_of_days_of_the_pacific_coast(
    moment: str, start: str, end: str
) -> None:
    now, first, later = (
        datetime.fromisoformat(f"{text}+00:00").timestamp()
        for text in (moment, start, end)
    )
    limit = youtube_api.LIMITS[0]
    assert limit.window(now) == (first, later)
    assert limit.start_of_later_window(now, 10**9) == float("inf")


DAY = date(2026, 3, 1)
WANTED = Wanted((), (), (), (), DAY, DAY, 0, "UTC", frozenset({"posts"}))


@pytest.mark.parametrize(
    ("published", "cursor"),
    [("2026-03-01T00:00:00Z", {"pageToken": "n"}), ("2026-02-01T00:00:00Z", None)],
)
def test_uploads_are_read_down_to_the_first_day(
    published: str, cursor: dict[str, str] | None
) -> None:
    item = {
        "kind": "youtube#playlistItem",
        "contentDetails": {"videoId": "v", "videoPublishedAt": published},
    }
    content = {"nextPageToken": "n", "items": [item]}
    params = {"playlistId": "UU1", "start": "2026-02-15T00:00:00Z"}
    answer = Answer(200, {}, b"", ANSWERED)
    page = youtube_api.YouTubeApi().read(
        Stream("uploads:1", "uploads", params, 0), content, answer, WANTED
    )
    assert page.stream.cursor == cursor
    assert [stream.params["id"] for stream in page.found] == ["v"]


@pytest.mark.parametrize(
    "address",
    [
        "https://www.youtube.com/watch?v=dQw4w9WgX-_",
        "https://m.youtube.com/watch?list=a&v=dQw4w9WgX-_&t=10s",
        "https://youtu.be/dQw4w9WgX-_?si=abc",
        "https://youtube.com/shorts/dQw4w9WgX-_",
    ],
)
def test_videos_are_listed_by_address(address: str) -> None:
    assert post_at(address).post_id == "dQw4w9WgX-_"
