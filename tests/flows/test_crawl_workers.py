"""Workers of Prefect that each read a network, side by side; a run lands it all."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from tasks.sources.api_landing import describe_apis
from tasks.sources.facebook import api as facebook_api
from tasks.sources.x import api as x_api
from tests.emulators.facebook import PAGE_TOKEN, FacebookEmulator
from tests.emulators.serving import serve
from tests.emulators.wordpress import WordPressEmulator
from tests.emulators.x import BEARER, XEmulator
from tests.flows.networks import PARTS, api_source, backfill, configuration, joined
from tests.flows.test_deployment import (
    CHECKOUT,
    Orchestra,
    end,
    start,
    wait_for_end,
)
from tests.flows.test_deployment import orchestra as orchestra  # noqa: PLC0414
from tests.flows.test_networks_together import (
    UNSEEN,
    Without,
    renamed,
    without_likes,
)
from tests.oracles.worlds import check_marts, check_staging
from tests.workspaces import Lab, end_with_parent
from tests.world import World
from tests.world.wordpress import PREFIX

pytestmark = pytest.mark.workers
NETWORKS = ("x", "facebook", "wordpress")


def test_two_workers_read_three_networks_and_one_run_lands_them(
    small_world: World, tmp_path: Path, orchestra: Orchestra
) -> None:
    """What is spent is what was asked, nothing is asked twice, the marts are right."""
    emulators = {
        "x": XEmulator(small_world),
        "facebook": FacebookEmulator(small_world),
        "wordpress": WordPressEmulator(small_world),
    }
    secrets = {x_api.TOKEN: BEARER, facebook_api.TOKEN: PAGE_TOKEN}
    lab = Lab(tmp_path / "workspace")
    with ExitStack() as stack:
        texts = []
        for platform in NETWORKS:
            base = stack.enter_context(serve(emulators[platform]))
            more = "commercial = true\n" if platform == "x" else ""
            parts = (*PARTS, "search") if platform == "x" else PARTS
            source = api_source(base, platform, parts=parts, more=more)
            prefix = f"{PREFIX}:" if platform == "wordpress" else ""
            told = emulators[platform].told
            texts.append(configuration(told, platform, source, prefix))
        lab.put("workspace.toml", joined(texts))
        workers = [
            subprocess.Popen(
                [sys.executable, "-m", "prefect", "worker", "start", "-p", "crawls"],
                cwd=CHECKOUT,
                env={**orchestra.environment, **secrets},
                stdout=(orchestra.home / f"crawls-{number}.log").open("wb"),
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                preexec_fn=end_with_parent,
            )
            for number in range(2)
        ]
        try:
            last = small_world.spec.start + timedelta(days=small_world.spec.days)
            days = {"first": str(small_world.spec.start), "last": str(last)}
            runs = [
                start(orchestra, "crawl", source=name, workspace=str(lab.root), **days)
                for name in NETWORKS
            ]
            ended = [wait_for_end(orchestra, run) for run in runs]
        finally:
            for worker in workers:
                end(worker)
        assert {run["state_type"] for run in ended} == {"COMPLETED"}
        calls = {name: list(one.calls) for name, one in emulators.items()}
        backfill(lab, emulators["x"].told, secrets)
        assert calls == {name: list(one.calls) for name, one in emulators.items()}
    for name, made in calls.items():
        asked = Counter((call.path, *sorted(call.params.items())) for call in made)
        assert max(asked.values()) == 1, name
    limits = [limit for one in describe_apis(lab.workspace) for limit in one["limits"]]
    assert any(limit["spent"] for limit in limits)
    assert all(limit["spent"] <= limit["may_spend"] for limit in limits)
    for place, name in enumerate(NETWORKS):
        seen = without_likes(emulators[name].told)
        check_staging(Without(lab), seen, name, ("posts", "interactions"), UNSEEN)
        check_marts(lab, renamed(seen, place), name)
