"""X, Facebook and WordPress in one workspace, by the real command.

Once from archives of their answers, once from their APIs over HTTP.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from tasks.sources.facebook import api as facebook_api
from tasks.sources.x import api as x_api
from tests.emulators.facebook import PAGE_TOKEN, FacebookEmulator
from tests.emulators.serving import serve
from tests.emulators.wordpress import WordPressEmulator
from tests.emulators.x import BEARER, XEmulator
from tests.flows.networks import (
    PARTS,
    api_source,
    backfill,
    configuration,
    joined,
    renamed,
)
from tests.oracles.worlds import KEYS, check_marts, check_staging
from tests.workspaces import Lab
from tests.world import World
from tests.world.facebook import write_facebook
from tests.world.spec import utc_moment
from tests.world.wordpress import PREFIX, write_wordpress
from tests.world.x import write_x

# Platform -> writer of its archive, its format, what its accounts' ids begin with.
ARCHIVES = {
    "x": (write_x, "x-api", ""),
    "facebook": (write_facebook, "facebook-graph", ""),
    "wordpress": (write_wordpress, "wordpress-rest", f"{PREFIX}:"),
}

# The command's own clock says when something was seen.
UNSEEN = {"posts": ("observed_at",), "interactions": ("observed_at",)}


def without_likes(told: World) -> World:
    """Likes happened when they were seen: on the day of the test."""
    return replace(
        told, interactions=told.interactions.filter(pl.col("kind") != "like")
    )


def test_backfill_of_archives_gives_the_world(
    small_world: World, tmp_path: Path
) -> None:
    lab = Lab(tmp_path)
    observed = utc_moment(small_world.spec.observed_second)
    told, texts = {}, []
    for platform, (write, form, prefix) in ARCHIVES.items():
        told[platform] = write(small_world, tmp_path / platform)
        source = (
            f'kind = "files"\nformat = "{form}"\npath = "{platform}"\n'
            f"observed_at = {observed:%Y-%m-%dT%H:%M:%SZ}\n"
        )
        texts.append(configuration(told[platform], platform, source, prefix))
    lab.put("workspace.toml", joined(texts))
    backfill(lab, small_world)
    for platform, world in told.items():
        check_staging(lab, world, platform, tuple(KEYS))
        check_marts(lab, _renamed(world, platform), platform)
    assert lab.value("select count(*) from meta.quarantine") == 0


@pytest.fixture(scope="module")
def finished(
    small_world: World,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Lab, dict[str, World], str]:
    """One backfill over three networks: the workspace, what each told, the log."""
    emulators = {
        "x": XEmulator(small_world),
        "facebook": FacebookEmulator(small_world),
        "wordpress": WordPressEmulator(small_world),
    }
    lab = Lab(tmp_path_factory.mktemp("together"))
    with ExitStack() as stack:
        texts = []
        for platform, emulator in emulators.items():
            base = stack.enter_context(serve(emulator))
            is_x = platform == "x"
            source = api_source(
                base,
                platform,
                parts=(*PARTS, "search") if is_x else PARTS,
                more="commercial = true\n" if is_x else "",
            )
            prefix = f"{PREFIX}:" if platform == "wordpress" else ""
            texts.append(configuration(emulator.told, platform, source, prefix))
        lab.put("workspace.toml", joined(texts))
        secrets = {x_api.TOKEN: BEARER, facebook_api.TOKEN: PAGE_TOKEN}
        log = backfill(lab, emulators["x"].told, secrets)
    return lab, {name: emulator.told for name, emulator in emulators.items()}, log


def _renamed(told: World, platform: str) -> World:
    """A world whose campaigns are called as in the joined configuration."""
    return renamed(told, ["x", "facebook", "wordpress"].index(platform))


@pytest.mark.parametrize("platform", ["x", "facebook", "wordpress"])
def test_each_networks_rows_are_the_worlds(
    platform: str, finished: tuple[Lab, dict[str, World], str]
) -> None:
    lab, told, _ = finished
    seen = without_likes(told[platform])
    found = lab.rows(
        "select distinct interaction_id from staging.interactions"
        f" where kind = 'like' and platform = '{platform}'"
    )
    likes = told[platform].interactions.filter(pl.col("kind") == "like")
    assert {key for (key,) in found} == set(likes["interaction_id"])
    with_likes_left = Without(lab)
    check_staging(with_likes_left, seen, platform, ("posts", "interactions"), UNSEEN)
    check_marts(lab, _renamed(seen, platform), platform)


class Without:
    """A warehouse whose interactions are told without likes."""

    def __init__(self, lab: Lab) -> None:
        """Read from a workspace."""
        self._lab = lab

    def dicts(self, query: str) -> list[dict[str, object]]:
        """Rows of a query by name."""
        if "staging.interactions" in query:
            query += " and kind <> 'like'"
        return self._lab.dicts(query)


def test_no_token_is_anywhere(finished: tuple[Lab, dict[str, World], str]) -> None:
    lab, _, log = finished
    for token in (BEARER, PAGE_TOKEN):
        assert token not in log
        for file in lab.root.rglob("*"):
            if file.is_file():
                assert token.encode() not in file.read_bytes(), file
