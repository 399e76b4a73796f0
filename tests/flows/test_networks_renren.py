"""renren: an archive of a closed network against the world's truth."""

from __future__ import annotations

from pathlib import Path

from tests.flows.networks import archive_lab
from tests.oracles.worlds import CHECKED_MARTS, KEYS, Options, reconcile
from tests.world import World
from tests.world.renren import PLATFORM, write_renren


def test_archive_gives_the_worlds_rows(small_world: World, tmp_path: Path) -> None:
    lab, told = archive_lab(
        small_world,
        tmp_path,
        platform=PLATFORM,
        format="renren",
        write=lambda world, folder: write_renren(world, folder, compression="zst"),
    )
    lab.put(
        "export/errors.jsonl",
        [
            {"error": {"code": "invalid_authorization.EXPIRED-TOKEN", "message": "x"}},
            {"error_code": 10600, "error_msg": "not found"},
        ],
    )
    lab.put("export/cut.json", b'{"response": [{"id": 5')
    lab.run(tables=CHECKED_MARTS)
    assert set(told.interactions["kind"]) == {"repost", "comment", "like"}
    reconcile(lab, told, PLATFORM, Options(tables=tuple(KEYS)))
    assert [reason.partition(":")[2][:16] for _, _, reason in lab.quarantined()] == [
        " Expecting ',' d",
        " invalid_authori",
        " 10600 not found",
    ]
