"""qzone: an archive of feeds and profiles against the world's truth."""

from __future__ import annotations

from pathlib import Path

from tests.flows.networks import archive_lab
from tests.oracles.worlds import CHECKED_MARTS, KEYS, Options, reconcile
from tests.world import World
from tests.world.qzone import write_qzone


def test_archive_gives_the_worlds_rows(small_world: World, tmp_path: Path) -> None:
    lab, told = archive_lab(
        small_world,
        tmp_path,
        platform="qzone",
        format="qzone",
        write=lambda world, folder: write_qzone(world, folder, compression="gz"),
    )
    lab.put(
        "export/errors.jsonl",
        [
            {"ret": 1002, "msg": "not login", "is_lost": 0},
            {"code": -3000, "message": "please log in"},
            {"ret": 0, "is_lost": 0, "nickname": "nobody's"},
        ],
    )
    lab.run(tables=CHECKED_MARTS)
    assert set(told.interactions["kind"]) == {"repost", "comment", "like"}
    reconcile(lab, told, "qzone", Options(tables=tuple(KEYS)))
    assert [reason for _, _, reason in lab.quarantined()] == [
        "an error answer of Qzone: 1002 (the user is not logged in) not login",
        "an error answer of Qzone: -3000 (not logged in) please log in",
        "it tells a profile without its openid: archive it with its request",
    ]
