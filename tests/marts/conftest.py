"""What the tests of marts share: a world with planted truth, and its marts."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.workspaces import FIRST, LAST, Lab, lab_of
from tests.world import World, WorldSpec, generate
from tests.world.sales import Sales, plant_sales


@pytest.fixture(scope="session")
def planted() -> tuple[World, Sales]:
    """The world, and what its campaigns sold."""
    world = generate(WorldSpec(seed=21, interactions=2000, campaigns=3))
    return plant_sales(world, (FIRST, LAST))


@pytest.fixture(scope="session")
def truth(planted: tuple[World, Sales]) -> World:
    """Two thousand reposts and comments of three campaigns."""
    return planted[0]


@pytest.fixture(scope="session")
def sales(planted: tuple[World, Sales]) -> Sales:
    """What came by tracked links of these campaigns."""
    return planted[1]


@pytest.fixture(scope="session")
def built(
    truth: World,
    sales: Sales,
    made_once: Callable[[str, Callable[[Path], None]], Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Lab:
    """Its marts, from canonical files, so that likes are there; only to look at."""

    def make(folder: Path) -> None:
        lab = lab_of(truth, folder, "canonical", below=sales.toml)
        lab.put("seeds/conversions.csv", "\n".join(sales.lines) + "\n")
        lab.run(publish=False)

    # Two workers can't open one warehouse.
    own = tmp_path_factory.mktemp("truth") / "workspace"
    shutil.copytree(made_once("planted-truth", make), own, symlinks=True)
    return Lab(own)
