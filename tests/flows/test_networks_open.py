"""Six networks with APIs in one workspace: one backfill against the world's truth.

Crawled once by the command, at the world's moment, and every row and figure held
against what each of them tells. Instagram, Threads and Weibo's interface for assistants
have tests of their own for their rows.
"""

from __future__ import annotations

from contextlib import ExitStack
from datetime import datetime, timedelta

import pytest

from tasks.sources import api_landing
from tasks.sources.bluesky import api as bluesky_api
from tasks.sources.crawl.spending import Spending, spending_files
from tasks.sources.instagram import api as instagram_api
from tasks.sources.mastodon import api as mastodon_api
from tasks.sources.threads import api as threads_api
from tasks.sources.weibo_assistant import api as assistant_api
from tasks.sources.youtube import api as youtube_api
from tests.emulators import bluesky as bluesky_emulator
from tests.emulators import instagram as instagram_emulator
from tests.emulators import mastodon as mastodon_emulator
from tests.emulators import threads as threads_emulator
from tests.emulators import weibo_assistant as assistant_emulator
from tests.emulators import youtube as youtube_emulator
from tests.emulators.bluesky import BlueskyEmulator, BlueskyOptions
from tests.emulators.instagram import InstagramEmulator
from tests.emulators.mastodon import MastodonEmulator, MastodonOptions
from tests.emulators.serving import serve
from tests.emulators.threads import ThreadsEmulator
from tests.emulators.weibo_assistant import AssistantEmulator
from tests.emulators.youtube import YouTubeEmulator, YouTubeOptions
from tests.flows import (
    test_networks_bluesky as bluesky,
)
from tests.flows import (
    test_networks_instagram as instagram,
)
from tests.flows import (
    test_networks_mastodon as mastodon,
)
from tests.flows import (
    test_networks_threads as threads,
)
from tests.flows import (
    test_networks_weibo_assistant as assistant,
)
from tests.flows import (
    test_networks_youtube as youtube,
)
from tests.flows.clock import StandingClock
from tests.flows.networks import joined, renamed, without_hashtags
from tests.oracles.worlds import KEYS, check_marts, check_staging
from tests.workspaces import Lab
from tests.world import World, WorldSpec, generate

NETWORKS = ("bluesky", "mastodon", "youtube", "instagram", "threads", "weibo")
CREDENTIALS = {
    bluesky_api.TOKEN: bluesky_emulator.TOKEN,
    mastodon_api.TOKEN: mastodon_emulator.TOKEN,
    youtube_api.KEY: youtube_emulator.KEY,
    instagram_api.TOKEN: instagram_emulator.TOKEN,
    threads_api.TOKEN: threads_emulator.TOKEN,
    assistant_api.APP_ID: assistant_emulator.APP_ID,
    assistant_api.APP_SECRET: assistant_emulator.APP_SECRET,
}


@pytest.fixture(scope="module")
def crawled(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Lab, dict[str, World], YouTubeEmulator]:
    """One backfill of the six: small pages, cut threads, busy servers."""
    world = generate(WorldSpec(seed=3, interactions=120))
    now = float(world.spec.observed_second)
    sky = BlueskyEmulator(
        world,
        BlueskyOptions(rows=60, depth=2, ends_late=True, error_share=0.05),
    )
    toots = MastodonEmulator(
        world, MastodonOptions(rows=30, calls=3000, error_share=0.05)
    )
    tube = YouTubeEmulator(
        world, YouTubeOptions(rows=10, error_share=0.05), lambda: now
    )
    gram = InstagramEmulator(world)
    thread = ThreadsEmulator(world)
    claw = AssistantEmulator(world)
    lab = Lab(tmp_path_factory.mktemp("open"))
    first = world.spec.start
    last = first + timedelta(days=world.spec.days)
    with pytest.MonkeyPatch.context() as patch, ExitStack() as stack:
        for name, secret in CREDENTIALS.items():
            patch.setenv(name, secret)
        patch.setattr(api_landing, "SystemClock", lambda *_: StandingClock(now))
        texts = [
            part.configured(emulator, stack.enter_context(serve(emulator)))
            for part, emulator in (
                (bluesky, sky),
                (mastodon, toots),
                (youtube, tube),
                (instagram, gram),
                (threads, thread),
                (assistant, claw),
            )
        ]
        # A hashtag counts on every network; here each has campaigns of its own.
        lab.put("workspace.toml", joined([without_hashtags(text) for text in texts]))
        days = ("--from", str(first), "--to", str(last))
        done = lab.call("backfill", *days, "--reason", "all that there is")
    assert done.returncode == 0, done.stdout + done.stderr
    told = {
        "bluesky": bluesky.reachable(sky.told),
        "mastodon": mastodon.reachable(toots.told),
        "youtube": youtube.reachable(tube.told),
        "instagram": gram.told,
        "threads": thread.told,
        "weibo": claw.told,
    }
    return lab, told, tube


@pytest.mark.parametrize("platform", NETWORKS)
def test_each_networks_rows_and_figures_are_the_worlds(
    platform: str, crawled: tuple[Lab, dict[str, World], YouTubeEmulator]
) -> None:
    lab, told, _ = crawled
    if platform in ("bluesky", "mastodon", "youtube"):
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
    for secret in CREDENTIALS.values():
        for file in lab.root.rglob("*"):
            if file.is_file():
                assert secret.encode() not in file.read_bytes(), file
