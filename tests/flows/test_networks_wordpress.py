"""WordPress: an archive of its answers, and its API, against the world's truth."""

from __future__ import annotations

from pathlib import Path

from tests.flows.networks import archive_lab, backfill, check
from tests.world import World
from tests.world.wordpress import PLATFORM, PREFIX, write_wordpress


def test_backfill_of_an_archive_gives_the_world(
    small_world: World, tmp_path: Path
) -> None:
    lab, told = archive_lab(
        small_world,
        tmp_path,
        platform=PLATFORM,
        format="wordpress-rest",
        write=write_wordpress,
        account_prefix=f"{PREFIX}:",
    )
    backfill(lab, told)
    check(lab, told, PLATFORM)
