"""Bluesky, Mastodon and YouTube in one workspace: their APIs against the world's truth.

Crawled once, at the world's moment, and every row and figure held against what each of
them tells.
"""

from __future__ import annotations

from contextlib import ExitStack
from datetime import datetime, timedelta

import pytest

from tasks.sources.bluesky import api as bluesky_api
from tasks.sources.crawl.spending import Spending, spending_files
from tasks.sources.mastodon import api as mastodon_api
from tasks.sources.youtube import api as youtube_api
from tests.emulators import bluesky as bluesky_emulator
from tests.emulators import mastodon as mastodon_emulator
from tests.emulators import youtube as youtube_emulator
from tests.emulators.bluesky import BlueskyEmulator, BlueskyOptions
from tests.emulators.mastodon import MastodonEmulator, MastodonOptions
from tests.emulators.serving import serve
from tests.emulators.youtube import YouTubeEmulator, YouTubeOptions
from tests.flows import (
    test_networks_bluesky as bluesky,
)
from tests.flows import (
    test_networks_mastodon as mastodon,
)
from tests.flows import (
    test_networks_youtube as youtube,
)
from tests.flows.networks import crawl_and_stage, joined, renamed
from tests.oracles.worlds import KEYS, check_marts, check_staging
from tests.workspaces import Lab
from tests.world import World, WorldSpec, generate

NETWORKS = ("bluesky", "mastodon", "youtube")


@pytest.fixture(scope="module")
def crawled(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Lab, dict[str, World], YouTubeEmulator]:
    """One crawl of the three: small pages, cut threads, busy servers."""
    world = generate(WorldSpec(seed=3, interactions=120))
    sky = BlueskyEmulator(
        world,
        BlueskyOptions(rows=60, depth=2, ends_late=True, error_share=0.05),
    )
    toots = MastodonEmulator(
        world, MastodonOptions(rows=30, calls=3000, error_share=0.05)
    )
    tube = YouTubeEmulator(
        world,
        YouTubeOptions(rows=10, error_share=0.05),
        lambda: float(world.spec.observed_second),
    )
    lab = Lab(tmp_path_factory.mktemp("open"))
    with pytest.MonkeyPatch.context() as patch, ExitStack() as stack:
        patch.setenv(bluesky_api.TOKEN, bluesky_emulator.TOKEN)
        patch.setenv(mastodon_api.TOKEN, mastodon_emulator.TOKEN)
        patch.setenv(youtube_api.KEY, youtube_emulator.KEY)
        texts = [
            bluesky.configured(sky, stack.enter_context(serve(sky))),
            mastodon.configured(toots, stack.enter_context(serve(toots))),
            youtube.configured(tube, stack.enter_context(serve(tube))),
        ]
        lab.put("workspace.toml", joined(texts))
        assert not crawl_and_stage(lab, world, sky.now)
    lab.judge()
    first = world.spec.start
    last = first + timedelta(days=world.spec.days)
    lab.build(first, last, tables=["campaigns", "campaign_daily"])
    told = {
        "bluesky": bluesky.reachable(sky.told),
        "mastodon": mastodon.reachable(toots.told),
        "youtube": youtube.reachable(tube.told),
    }
    return lab, told, tube


@pytest.mark.parametrize("platform", NETWORKS)
def test_each_networks_rows_and_figures_are_the_worlds(
    platform: str, crawled: tuple[Lab, dict[str, World], YouTubeEmulator]
) -> None:
    lab, told, _ = crawled
    check_staging(lab, told[platform], platform, tuple(KEYS))
    place = NETWORKS.index(platform)
    check_marts(lab, renamed(told[platform], place), platform)
    assert lab.value("select count(*) from meta.quarantine") == 0


def test_units_are_counted_as_youtube_counts_them(
    crawled: tuple[Lab, dict[str, World], YouTubeEmulator],
) -> None:
    lab, _, tube = crawled
    (day,) = {day for day, _ in tube.spent}
    start = datetime.fromisoformat(f"{day}T07:00:00+00:00").timestamp()
    counted = {}
    for file in spending_files(lab.root / "landing"):
        with Spending(file) as spending:
            for name in ("units-day", "searches-day"):
                if spent := spending.spent(name, start):
                    counted[name] = spent
    assert counted == {
        "searches-day" if is_search else "units-day": count
        for (_, is_search), count in tube.spent.items()
    }


def test_no_credential_is_anywhere(
    crawled: tuple[Lab, dict[str, World], YouTubeEmulator],
) -> None:
    lab, _, _ = crawled
    for secret in (
        bluesky_emulator.TOKEN,
        mastodon_emulator.TOKEN,
        youtube_emulator.KEY,
    ):
        for file in lab.root.rglob("*"):
            if file.is_file():
                assert secret.encode() not in file.read_bytes(), file
