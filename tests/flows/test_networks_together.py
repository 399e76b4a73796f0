"""X, Facebook and WordPress in one workspace, by the real command and over HTTP."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace

import polars as pl
import pytest

from tasks.sources import facebook_api, x_api
from tests.emulators.facebook import PAGE_TOKEN, FacebookEmulator
from tests.emulators.serving import serve
from tests.emulators.wordpress import WordPressEmulator
from tests.emulators.x import BEARER, XEmulator
from tests.flows.networks import PARTS, api_source, backfill, configuration
from tests.oracles.worlds import check_marts, check_staging
from tests.workspaces import Lab
from tests.world import World
from tests.world.wordpress import PREFIX

# The command's own clock says when something was seen.
UNSEEN = {"posts": ("observed_at",), "interactions": ("observed_at",)}


def without_likes(told: World) -> World:
    """Likes happened when they were seen: on the day of the test."""
    return replace(
        told, interactions=told.interactions.filter(pl.col("kind") != "like")
    )


@pytest.fixture(scope="module")
def finished(
    small_world: World, tmp_path_factory: pytest.TempPathFactory
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
                parts=(*PARTS, "search") if is_x else PARTS,
                more="commercial = true\n" if is_x else "",
            )
            prefix = f"{PREFIX}:" if platform == "wordpress" else ""
            texts.append(configuration(emulator.told, platform, source, prefix))
        lab.put("workspace.toml", _joined(texts))
        secrets = {x_api.TOKEN: BEARER, facebook_api.TOKEN: PAGE_TOKEN}
        log = backfill(lab, emulators["x"].told, secrets)
    return lab, {name: emulator.told for name, emulator in emulators.items()}, log


def _joined(texts: list[str]) -> str:
    """One configuration: sources of all, brands and campaigns of their own."""
    joined = texts[0]
    for number, text in enumerate(texts[1:]):
        rest = text.split("\n", 1)[1]
        for name in ("aurora", "borealis", "spring-launch", "campaign-002"):
            rest = rest.replace(f'"{name}"', f'"{name}-{number}"')
        joined += rest
    return joined


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
    number = {"x": "", "facebook": "-0", "wordpress": "-1"}[platform]
    campaigns = seen.campaigns.with_columns(pl.col("campaign_id") + number)
    check_marts(lab, replace(seen, campaigns=campaigns), platform)


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
