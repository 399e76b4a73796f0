"""The emulators started by hand."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import tomllib

import httpx
import pytest

from tests.emulators.__main__ import ACCOUNTS, make, parse, workspace_lines
from tests.emulators.serving import serve
from tests.workspaces import PATIENCE_SECONDS, started
from tests.world import World, WorldSpec, generate


@pytest.fixture(scope="module")
def world() -> World:
    return generate(WorldSpec(interactions=200))


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        (["weibo", "--limits", "user_hour=0"], "/2/account/rate_limit_status.json"),
        (["x", "--limits", "users=1,month_posts=5"], "/2/users/1000000001"),
        (["facebook", "--limits", "app_calls=9"], "/1000000001"),
        (["wordpress", "--limits", "calls=9"], "/wp-json/wp/v2/posts"),
        (["bluesky", "--limits", "calls=9"], "/xrpc/app.bsky.feed.getLikes"),
        (["mastodon", "--limits", "calls=9"], "/api/v1/accounts/1000000001"),
        (["youtube", "--limits", "units=9"], "/youtube/v3/videos"),
        (["instagram"], "/v23.0/1000000001"),
        (["threads", "--limits", "searches=9"], "/v1.0/me"),
        (["weibo_assistant", "--limits", "calls=9"], "/open/weibo/user_status"),
    ],
)
def test_each_network_starts_from_a_line(
    arguments: list[str], path: str, world: World
) -> None:
    options = parse([*arguments, "--rough", "--scale", "1000", "--begin-day", "5"])
    emulator = make(options, world)
    with serve(emulator) as base:
        answer = httpx.get(base + path, timeout=PATIENCE_SECONDS)
        settings = tomllib.loads(
            workspace_lines(options.network, base, getattr(emulator, "told", world))
        )
    # Without a token only the open network answers.
    assert answer.status_code in (200, 400, 401)
    (source,) = settings["sources"]
    assert source["base_url"] == base
    assert options.network.startswith(source["platform"])
    assert (options.network == "weibo_assistant") == (
        "hot_topics" in source.get("collect", [])
    )
    assert settings["campaigns"][0]["post_ids"]
    account = settings["brands"][0]["accounts"][0]["account_id"]
    assert account == ACCOUNTS.get(options.network, str)("1000000001")


def test_a_process_serves_until_it_is_interrupted() -> None:
    words = ("-m", "tests.emulators", "weibo", "--interactions", "200")
    with started(
        *(sys.executable, *words), stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        lines = []
        while "post_ids = [" not in (line := process.stdout.readline()):
            assert line, "the emulator ended"
            lines.append(line)
        said = "".join(lines)
        base = re.search(r"http://127\.0\.0\.1:\d+", said)[0]  # type: ignore[index]
        token = re.search(r"WEIBO_ACCESS_TOKEN=(\S+)", said)[1]  # type: ignore[index]
        answer = httpx.get(
            f"{base}/2/account/get_uid.json",
            headers={"Authorization": f"OAuth2 {token}"},
            timeout=PATIENCE_SECONDS,
        )
        assert answer.json() == {"uid": "1000000001"}
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=PATIENCE_SECONDS)
    assert "1 calls, 0 rows" in rest
    assert token not in rest
