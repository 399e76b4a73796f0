"""Threads: what its Graph API answers of an own account, against the world's truth."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from tasks.sources.api_landing import describe_spending
from tasks.sources.threads import api as threads_api
from tests.emulators.serving import serve
from tests.emulators.threads import (
    TOKEN,
    TOKEN_SECONDS,
    ThreadsEmulator,
    ThreadsOptions,
)
from tests.flows.networks import (
    PARTS,
    api_source,
    configuration,
    crawl,
    crawl_and_stage,
)
from tests.oracles.worlds import check_staging
from tests.workspaces import Lab
from tests.world import BRANDS, World
from tests.world.threads import PLATFORM, id_of


def configured(emulator: ThreadsEmulator, base: str) -> str:
    """The configuration of a workspace whose source is the emulator."""
    source = api_source(base, PLATFORM, parts=(*PARTS, "search"))
    text = configuration(emulator.told, PLATFORM, source)
    for brand in BRANDS:
        own = str(brand.account_id)
        text = text.replace(f'"{own}"', f'"{id_of(own)}"')
    for campaign in emulator.told.campaigns.iter_rows(named=True):
        tags = ", ".join(f'"{tag}"' for tag in campaign["hashtags"])
        head = f'id = "{campaign["campaign_id"]}"\n'
        text = text.replace(head, f"{head}hashtags = [{tags}]\n")
    return text


def test_api_gives_the_world(
    small_world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages that lead on at the other host, by the account's number; no search left."""
    monkeypatch.setenv(threads_api.TOKEN, TOKEN)
    options = ThreadsOptions(rows=7, searches=0)
    emulator = ThreadsEmulator(small_world, options, clock=lambda: 0.0)
    told = emulator.told
    lab = Lab(tmp_path)
    with serve(emulator) as base:
        lab.put("workspace.toml", configured(emulator, base))
        (deferred,) = crawl(lab, told, emulator.now)
        assert "calls of this hour are used up" in deferred
        emulator.now += 86_400
        emulator.options = ThreadsOptions(rows=7)
        assert not crawl_and_stage(lab, told, emulator.now)
    unseen = {"posts": ("observed_at",), "interactions": ("observed_at",)}
    check_staging(lab, told, PLATFORM, ("posts", "interactions"), unseen)
    # Read on both days.
    for table in ("accounts", "post_counters"):
        frame = getattr(told, table).drop("observed_at")
        names = ", ".join(frame.columns)
        found = lab.rows(f"select distinct {names} from staging.{table}")
        assert sorted(found, key=str) == sorted(frame.iter_rows(), key=str)
    assert lab.value("select count(*) from meta.quarantine") == 0
    (source,) = lab.workspace.sources
    spending = describe_spending(lab.workspace, source)
    assert spending is not None
    assert not spending["given_up"]
    ends = datetime.fromisoformat(spending["token_ends_at"]).timestamp()
    assert ends == int(emulator.now) + TOKEN_SECONDS
    for file in lab.root.rglob("*"):
        assert not file.is_file() or TOKEN.encode() not in file.read_bytes(), file
