"""wordpress: an archive of its answers, and its API, against the world's truth."""

from __future__ import annotations

import pytest

from tests.flows.networks import archive_lab, backfill, check_marts, check_staging
from tests.workspaces import Lab
from tests.world import World
from tests.world.wordpress import PLATFORM, write_wordpress


@pytest.fixture(scope="module")
def archived(
    small_world: World, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Lab, World]:
    """A backfill over an archive, and what the network tells of the world."""
    lab, told = archive_lab(
        small_world,
        tmp_path_factory.mktemp("archive"),
        platform=PLATFORM,
        format="wordpress-rest",
        write=write_wordpress,
        account_prefix="tea_example_invalid:",
    )
    backfill(lab, told)
    return lab, told


def test_archive_gives_the_worlds_rows(archived: tuple[Lab, World]) -> None:
    check_staging(*archived)


def test_archive_gives_the_worlds_figures(archived: tuple[Lab, World]) -> None:
    check_marts(*archived)
