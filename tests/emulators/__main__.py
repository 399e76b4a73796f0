"""`python -m tests.emulators NETWORK`: serve a synthetic world until interrupted.

Prints the address, what to put into the environment, and a workspace.toml that
reads from the address.
"""

from __future__ import annotations

import argparse
import signal
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.emulators import (
    bluesky,
    instagram,
    mastodon,
    threads,
    weibo_assistant,
    youtube,
)
from tests.emulators.facebook import PAGE_TOKEN, FacebookEmulator, FacebookOptions
from tests.emulators.serving import Asked, Emulator, serve
from tests.emulators.weibo import (
    APP_SECRET,
    ROUGH,
    TOKEN,
    WeiboEmulator,
    WeiboLimits,
    WeiboOptions,
)
from tests.emulators.wordpress import WordPressEmulator, WordPressOptions
from tests.emulators.x import BEARER, XEmulator, XOptions
from tests.world import BRANDS, World, WorldSpec, generate, workspace_toml
from tests.world.bluesky import did_of
from tests.world.threads import id_of as threads_id_of
from tests.world.wordpress import PREFIX
from tests.world.youtube import channel_of

# What a demo sets in the environment; these open nothing elsewhere.
SECRETS = {
    "weibo": {"WEIBO_ACCESS_TOKEN": TOKEN, "WEIBO_APP_SECRET": APP_SECRET},
    "x": {"X_BEARER_TOKEN": BEARER},
    "facebook": {"FACEBOOK_ACCESS_TOKEN": PAGE_TOKEN},
    "bluesky": {"BLUESKY_ACCESS_TOKEN": bluesky.TOKEN},
    "instagram": {"INSTAGRAM_ACCESS_TOKEN": instagram.TOKEN},
    "mastodon": {"MASTODON_ACCESS_TOKEN": mastodon.TOKEN},
    "threads": {"THREADS_ACCESS_TOKEN": threads.TOKEN},
    "weibo_assistant": {
        "WEIBO_ASSISTANT_APP_ID": weibo_assistant.APP_ID,
        "WEIBO_ASSISTANT_APP_SECRET": weibo_assistant.APP_SECRET,
    },
    "wordpress": {},
    "youtube": {"YOUTUBE_API_KEY": youtube.KEY},
}
# Other APIs of a network: its name, and how a source chooses them and all they have.
OTHERS = {
    "weibo_assistant": (
        "weibo",
        'format = "weibo-assistant"\n'
        'collect = ["posts", "comments", "counters", "search", "hot_topics"]',
    )
}
# What the product calls a brand's account there, by the world's own id.
ACCOUNTS: dict[str, Callable[[str], str]] = {
    "bluesky": did_of,
    "mastodon": lambda key: f"{mastodon.PREFIX}:{key}",
    # An id alone is any site's.
    "wordpress": lambda key: f"{PREFIX}:{key}",
    "threads": threads_id_of,
    "youtube": channel_of,
}


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.emulators", description=__doc__
    )
    parser.add_argument("network", choices=sorted(SECRETS))
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--interactions", type=int, default=2000)
    parser.add_argument("--days", type=int, default=14)
    parser.add_argument("--campaigns", type=int, default=1)
    parser.add_argument(
        "--rough", action="store_true", help="short pages, lies, drift, errors"
    )
    parser.add_argument(
        "--limits",
        default="",
        metavar="NAME=CALLS,...",
        help="weibo: user_hour, user_day, ip_hour; x: an endpoint's name or"
        " month_posts; facebook: app_calls, page_calls; wordpress, bluesky, mastodon:"
        " calls; weibo_assistant: calls; threads: searches; youtube: units, searches",
    )
    parser.add_argument(
        "--scale",
        type=float,
        default=1.0,
        help="how many times faster the windows of the limits run",
    )
    parser.add_argument(
        "--seconds-per-call",
        type=float,
        default=0.0,
        help="how far the world's time moves with each call",
    )
    parser.add_argument(
        "--begin-day",
        type=int,
        default=None,
        help="day of the world that is now at the first call; the end by default",
    )
    parser.add_argument("--quiet", action="store_true", help="print no calls")
    return parser.parse_args(arguments)


def make(options: argparse.Namespace, world: World) -> Emulator:
    """The emulator that the options describe."""
    pairs = [item.split("=") for item in options.limits.split(",") if item]
    limits: dict[str, Any] = {name: int(value) for name, value in pairs}
    common: dict[str, Any] = {"seconds_per_call": options.seconds_per_call}
    share = 0.02 if options.rough else 0.0
    if options.network == "weibo":
        chosen = ROUGH if options.rough else WeiboOptions()
        counted = WeiboLimits(**limits, hour_seconds=3600 / options.scale)
        emulator: Any = WeiboEmulator(world, replace(chosen, limits=counted, **common))
    elif options.network == "x":
        month = limits.pop("month_posts", None)
        emulator = XEmulator(
            world,
            XOptions(
                limits=limits,
                month_posts=month,
                window_seconds=900 / options.scale,
                error_share=share,
                **common,
            ),
        )
    elif options.network == "facebook":
        emulator = FacebookEmulator(
            world,
            FacebookOptions(
                **limits,
                hour_seconds=3600 / options.scale,
                short_share=3 * share,
                error_share=share,
                **common,
            ),
        )
    elif options.network == "bluesky":
        emulator = bluesky.BlueskyEmulator(
            world, bluesky.BlueskyOptions(**limits, error_share=share, **common)
        )
    elif options.network == "mastodon":
        emulator = mastodon.MastodonEmulator(
            world, mastodon.MastodonOptions(**limits, error_share=share, **common)
        )
    elif options.network == "threads":
        emulator = threads.ThreadsEmulator(
            world, threads.ThreadsOptions(**limits, **common)
        )
    elif options.network == "weibo_assistant":
        emulator = weibo_assistant.AssistantEmulator(
            world, weibo_assistant.AssistantOptions(**limits, **common)
        )
    elif options.network == "youtube":
        emulator = youtube.YouTubeEmulator(
            world, youtube.YouTubeOptions(**limits, error_share=share, **common)
        )
    elif options.network == "instagram":
        emulator = instagram.InstagramEmulator(
            world, instagram.InstagramOptions(**limits, **common)
        )
    else:
        emulator = WordPressEmulator(
            world,
            WordPressOptions(
                **limits,
                minute_seconds=60 / options.scale,
                error_share=share,
                **common,
            ),
        )
    if options.begin_day is not None:
        emulator.now = float(world.spec.start_second + options.begin_day * 86_400)
    made: Emulator = emulator
    return made


def main(arguments: list[str] | None = None) -> None:
    """Serve until interrupted."""
    options = parse(arguments)
    spec = WorldSpec(
        seed=options.seed,
        interactions=options.interactions,
        days=options.days,
        campaigns=options.campaigns,
    )
    world = generate(spec)
    emulator = make(options, world)
    if not options.quiet:
        emulator.before_call = _show
    told: World = getattr(emulator, "told", world)
    with serve(emulator, options.port) as base:
        print(f"# {options.network} answers at {base}")
        for name, value in SECRETS[options.network].items():
            print(f"# export {name}={value}")
        print("# workspace.toml:")
        print(workspace_lines(options.network, base, told), flush=True)
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        stop.wait()
    print(f"# {len(emulator.calls)} calls, {emulator.calls.rows} rows")


def workspace_lines(network: str, base: str, told: World) -> str:
    """A workspace.toml that reads from an emulator."""
    more = "commercial = true" if network == "weibo" else ""
    platform, more = OTHERS.get(network, (network, more))
    source = f"""
[[sources]]
name = "{network}-api"
platform = "{platform}"
kind = "api"
base_url = "{base}"
{more}
"""
    rest = workspace_toml(told, []).replace('"weibo"', f'"{platform}"')
    for brand in BRANDS:
        own = str(brand.account_id)
        rest = rest.replace(f'"{own}"', f'"{ACCOUNTS.get(network, str)(own)}"')
    zone, _, others = rest.partition("\n")
    return f"{zone}\n{source}{others}"


def _show(asked: Asked) -> None:
    print(f"# {asked.number} {asked.method} {asked.path}", flush=True)


if __name__ == "__main__":
    main()
