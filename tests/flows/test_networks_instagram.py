"""Instagram: what its Graph API answers of own accounts, against the world's truth."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tasks.sources.crawl.http_client import Answer
from tasks.sources.instagram import api as instagram_api
from tests.emulators.instagram import TOKEN, InstagramEmulator, InstagramOptions
from tests.emulators.serving import serve
from tests.flows.networks import (
    ANSWERED,
    PARTS,
    StandingClock,
    api_source,
    configuration,
    crawl_and_stage,
)
from tests.oracles.worlds import KEYS, check_staging
from tests.workspaces import Lab
from tests.world import World
from tests.world.instagram import PLATFORM


def configured(emulator: InstagramEmulator, base: str) -> str:
    """The configuration of a workspace whose source is the emulator."""
    source = api_source(base, PLATFORM, parts=(*PARTS, "search"))
    return configuration(emulator.told, PLATFORM, source)


def test_api_gives_the_world(
    small_world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Small pages; answers that a comment leaves out; a post without figures."""
    monkeypatch.setenv(instagram_api.TOKEN, TOKEN)
    emulator = InstagramEmulator(small_world)
    unseen = emulator.told.posts["post_id"][0]
    emulator.options = InstagramOptions(
        rows=7, replies=1, without_views=frozenset({unseen})
    )
    lab = Lab(tmp_path)
    with serve(emulator) as base:
        lab.put("workspace.toml", configured(emulator, base))
        assert not crawl_and_stage(lab, emulator.told, emulator.now)
    tables = tuple(name for name in KEYS if name != "post_counters")
    check_staging(lab, emulator.told, PLATFORM, tables)
    found = lab.rows(
        "select post_id, comments_count, likes_count, reads_count"
        " from staging.post_counters"
    )
    told = emulator.told.post_counters.select(
        "post_id", "comments_count", "likes_count", "reads_count"
    )
    assert set(found) == {
        (key, comments, likes, None if key == unseen else reads)
        for key, comments, likes, reads in told.iter_rows()
    }
    assert lab.value("select count(*) from meta.quarantine") == 0
    for file in lab.root.rglob("*"):
        assert not file.is_file() or TOKEN.encode() not in file.read_bytes(), file


@pytest.mark.parametrize(
    ("status", "code", "message", "kind"),
    [
        (200, None, "", None),
        (400, 4, "limit", "rate"),
        (400, 80002, "limit", "rate"),
        (400, 190, "token", "token"),
        (400, 10, "Not enough viewers", "absent"),
        (400, 24, "not found", "absent"),
        (400, 100, "metric[0] must be one of", "end"),
        (400, 2, "later", "transient"),
        (400, 3, "capability", "fatal"),
        (502, None, "", "transient"),
    ],
)
def test_errors_mean_what_the_platform_says(
    status: int, code: int | None, message: str, kind: str | None
) -> None:
    body = {"error": {"code": code, "message": message}} if code else None
    answer = Answer(status, {}, json.dumps(body).encode(), ANSWERED)
    trouble = instagram_api.InstagramApi(clock=StandingClock(0.0)).judge(answer)
    assert (trouble and trouble.kind) == kind
    assert trouble is None or "Facebook" not in trouble.text
