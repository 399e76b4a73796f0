"""weibo-crawler: its CSV, JSON and SQLite files against the world's truth."""

from __future__ import annotations

from pathlib import Path

from tests.flows.networks import archive_lab
from tests.oracles.worlds import KEYS, Options, reconcile
from tests.world import World
from tests.world.dataabc import write_dataabc


def test_files_give_the_worlds_rows(small_world: World, tmp_path: Path) -> None:
    lab, told = archive_lab(
        small_world,
        tmp_path,
        platform="weibo",
        format="weibo-crawler",
        write=lambda world, folder: write_dataabc(world, folder, compression="gz"),
    )
    lab.put("export/other.db", b"no database")
    lab.put("export/other.csv", "a,b\n1,2\n")
    lab.run(publish=False)
    assert set(told.interactions["kind"]) == {"repost", "comment"}
    reconcile(lab, told, "weibo", Options(tables=tuple(KEYS)))
    assert lab.quarantined() == [
        ("export/other.csv", None, "its header is none of weibo-crawler's: a,b"),
        (
            "export/other.db",
            None,
            "no readable SQLite database: file is not a database",
        ),
    ]
