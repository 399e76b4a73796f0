"""dataabc's programs: their CSV, JSON and SQLite files against the world's truth."""

from __future__ import annotations

from pathlib import Path

from tests.flows.networks import archive_lab
from tests.oracles.worlds import KEYS, Options, check_staging, reconcile
from tests.world import World
from tests.world.dataabc import write_dataabc
from tests.world.dataabc_others import write_search, write_spider


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


def test_searches_give_the_worlds_rows(small_world: World, tmp_path: Path) -> None:
    """CSV with rows of four versions under the first one's header, and SQLite."""
    lab, told = archive_lab(
        small_world,
        tmp_path,
        platform="weibo",
        format="weibo-search",
        write=write_search,
    )
    lab.put("export/other.csv", "a,b\n1,2\n")
    lab.put("export/short.csv", "id,user_id,微博正文\n4990000000000001,7\n")
    lab.run(publish=False)
    # The chain in a repost's words tells its parent, as other files' chains do.
    unseen = {"interactions": ["parent_id", "parent_method"], "posts": OF_TEXT}
    reconcile(lab, told, "weibo", Options(tables=tuple(KEYS), unseen=unseen))
    chains = "select count(*) from staging.interactions where parent_method = 'chain'"
    assert lab.value(chains) > 0
    assert lab.quarantined() == [
        ("export/other.csv", None, "its header is none of weibo-search's: a, b"),
        (
            "export/short.csv",
            2,
            "the row has 2 cells, the header names 3, and no known version writes that:"
            " '4990000000000001'",
        ),
    ]


def test_weibospiders_files_give_the_worlds_rows(
    small_world: World, tmp_path: Path
) -> None:
    """CSV of three versions under each other, JSON and SQLite."""
    lab, told = archive_lab(
        small_world,
        tmp_path,
        platform="weibo",
        format="weibo-spider",
        write=write_spider,
    )
    lab.run(publish=False)
    unseen = {"posts": OF_TEXT, "accounts": ["description"]}
    check_staging(lab, told, "weibo", tuple(KEYS), unseen)
    # Of posts alone: the platform's counts, and nothing on who engaged.
    assert lab.rows(
        "select distinct platform_engagements > 0, engagements, genuine_engagements"
        " from marts.campaigns"
    ) == [(True, None, None)]
    # A repost without its root's id is kept, and counted nowhere.
    kept = [one for one in lab.land_records() if '"kind":"rootless"' in one]
    assert len(kept) == 1
    assert lab.quarantined() == []


# Read out of the text, or left out where there is nothing to tell.
OF_TEXT = ("client", "media_count", "links", "region")
