"""Weibo's interface for assistants: what it answers, against the world's truth."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from tasks.sources.api_landing import check_apis
from tasks.sources.crawl.http_client import Answer
from tasks.sources.weibo_assistant import api as assistant_api
from tasks.warehouse.errors import ConfigurationError
from tests.emulators.serving import serve
from tests.emulators.weibo_assistant import (
    APP_ID,
    APP_SECRET,
    AssistantEmulator,
    AssistantOptions,
)
from tests.flows.networks import ANSWERED, StandingClock, configuration, crawl
from tests.oracles.worlds import KEYS, check_staging
from tests.workspaces import Lab
from tests.world import World
from tests.world.weibo_assistant import PLATFORM

PARTS = ("posts", "comments", "counters", "search", "hot_topics")


def configured(emulator: AssistantEmulator, base: str) -> str:
    """The configuration of a workspace whose source is the emulator."""
    listed = ", ".join(f'"{part}"' for part in PARTS)
    source = (
        f'kind = "api"\nformat = "weibo-assistant"\nbase_url = "{base}"\n'
        f"collect = [{listed}]\nbudget_share = 1.0\n"
    )
    text = configuration(emulator.told, PLATFORM, source)
    for campaign in emulator.told.campaigns.iter_rows(named=True):
        tags = ", ".join(f'"{tag}"' for tag in campaign["hashtags"])
        head = f'id = "{campaign["campaign_id"]}"\n'
        text = text.replace(head, f"{head}hashtags = [{tags}]\n")
    return text


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """The credentials of the app."""
    monkeypatch.setenv(assistant_api.APP_ID, APP_ID)
    monkeypatch.setenv(assistant_api.APP_SECRET, APP_SECRET)


def test_api_gives_the_world(small_world: World, tmp_path: Path, secrets: None) -> None:
    """Small pages, cut branches, a token that ends in between, a budget that does."""
    emulator = AssistantEmulator(
        small_world, AssistantOptions(rows=9, children=1, calls=30)
    )
    emulator.before_call = lambda asked: (
        emulator.expire_tokens() if asked.number in (12, 40) else None
    )
    told = emulator.told
    lab = Lab(tmp_path)
    with serve(emulator) as base:
        lab.put("workspace.toml", configured(emulator, base))
        deferred = crawl(lab, told, emulator.now)
        assert "the app's calls of this day are used up" in deferred[0]
        # The next day; the boards are read again, the rest goes on.
        emulator.now += 86_400
        emulator.options = AssistantOptions(rows=9, children=1)
        assert not crawl(lab, told, emulator.now)
    assert len(emulator.tokens) >= 3
    lab.stage()
    tables = tuple(name for name in KEYS if name not in ("accounts", "post_counters"))
    unseen = {"posts": ("observed_at",), "interactions": ("observed_at",)}
    check_staging(lab, told, PLATFORM, tables, unseen)
    names = "account_id, screen_name, avatar_url"
    assert set(lab.rows(f"select {names} from staging.accounts")) == set(
        told.accounts.select(names.split(", ")).iter_rows()
    )
    counters = "post_id, reposts_count, comments_count, likes_count"
    assert set(lab.rows(f"select {counters} from staging.post_counters")) == set(
        told.post_counters.select(counters.split(", ")).iter_rows()
    )
    check_boards(lab, emulator)
    assert lab.value("select count(*) from meta.quarantine") == 0
    for file in lab.root.rglob("*"):
        for secret in (APP_SECRET, *emulator.tokens):
            assert not file.is_file() or secret.encode() not in file.read_bytes(), file


def check_boards(lab: Lab, emulator: AssistantEmulator) -> None:
    """Each place of each board stands there once a run."""
    found = lab.rows(
        "select board, topic, place, heat, count(distinct date_day)"
        " from staging.hot_topics group by all order by all"
    )
    expected = [
        (board, word, place, heat, 2)
        for board, rows in emulator.boards.items()
        for place, (word, heat) in enumerate(rows, start=1)
    ]
    assert found == sorted(expected)


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (200, 0, None),
        (200, 40100, "token"),
        (200, 42900, "rate"),
        (200, 50000, "transient"),
        (200, 50001, "end"),
        (401, 4002, "fatal"),
        (200, 40001, "fatal"),
        (429, None, "rate"),
        (503, None, "transient"),
        (404, None, "fatal"),
    ],
)
def test_errors_mean_what_the_plug_in_says(
    status: int, code: int | None, kind: str | None
) -> None:
    body = {} if code is None else {"code": code, "message": "?"}
    answer = Answer(status, {}, json.dumps(body).encode(), ANSWERED)
    api = assistant_api.WeiboAssistantApi(clock=StandingClock(0.0))
    trouble = api.judge(answer)
    assert (trouble and trouble.kind) == kind
    # The day ends at midnight in China.
    assert kind != "rate" or (trouble and trouble.resets_at == 16 * 3600.0)


def test_what_is_no_code_is_not_repeated() -> None:
    body = json.dumps({"code": 5000000000000001}).encode()
    api = assistant_api.WeiboAssistantApi(clock=StandingClock(0.0))
    trouble = api.judge(Answer(200, {}, body, ANSWERED))
    assert trouble
    assert trouble.text == "the platform refuses a call (HTTP 200)"


def test_a_wrong_secret_is_told(
    small_world: World,
    tmp_path: Path,
    secrets: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also where tokens are given and refused again and again: nobody is stormed."""
    emulator = AssistantEmulator(small_world)
    lab = Lab(tmp_path)
    with serve(emulator) as base:
        lab.put("workspace.toml", configured(emulator, base))
        monkeypatch.setenv(assistant_api.APP_SECRET, "another-secret")
        with pytest.raises(ConfigurationError, match="check WEIBO_ASSISTANT_APP_ID"):
            crawl(lab, emulator.told, emulator.now)
        assert Counter(call.path for call in emulator.calls) == {
            "/open/auth/ws_token": 1
        }
        monkeypatch.setenv(assistant_api.APP_SECRET, APP_SECRET)
        emulator.options = AssistantOptions(token_seconds=0)
        with pytest.raises(ConfigurationError, match="tokens are refused"):
            crawl(lab, emulator.told, emulator.now)
        assert len(emulator.calls) < 40
    monkeypatch.setenv(assistant_api.APP_SECRET, "pasted…secret")
    with pytest.raises(ConfigurationError, match="APP_SECRET holds a char") as caught:
        check_apis(lab.workspace)
    assert "pasted" not in str(caught.value)
    monkeypatch.delenv(assistant_api.APP_SECRET)
    with pytest.raises(ConfigurationError, match="needs WEIBO_ASSISTANT_APP_SECRET"):
        check_apis(lab.workspace)


def test_the_usual_api_is_read_where_none_is_named(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    head = 'timezone = "Asia/Shanghai"\n[[sources]]\nname = "a"\nplatform = "{}"\n'
    lab.put("workspace.toml", head.format("weibo") + 'kind = "api"\n')
    assert lab.workspace.sources[0].format == "weibo-api"
    for platform, form, what in (
        ("weibo", "x-api", "names no API of weibo: use weibo-api or weibo-assistant"),
        ("x", "x-api", "format means nothing for an API"),
        ("weibo", "weibo-assistant", "weibo-assistant can't give"),
    ):
        text = f'kind = "api"\nformat = "{form}"\ncollect = ["followers"]\n'
        lab.put("workspace.toml", head.format(platform) + text)
        with pytest.raises(ConfigurationError, match=what):
            assert lab.workspace
