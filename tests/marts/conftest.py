"""What the tests of marts share: a world with planted truth, and its marts."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.workspaces import Lab, lab_of
from tests.world import World, WorldSpec, generate


@pytest.fixture(scope="session")
def truth() -> World:
    """Two thousand reposts and comments of three campaigns."""
    return generate(WorldSpec(seed=21, interactions=2000, campaigns=3))


@pytest.fixture(scope="session")
def built(
    truth: World,
    made_once: Callable[[str, Callable[[Path], None]], Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Lab:
    """Its marts, from canonical files, so that likes are there; only to look at."""

    def make(folder: Path) -> None:
        lab_of(truth, folder, "canonical").run(publish=False)

    # Two workers can't open one warehouse.
    own = tmp_path_factory.mktemp("truth") / "workspace"
    shutil.copytree(made_once("planted-truth", make), own, symlinks=True)
    return Lab(own)
