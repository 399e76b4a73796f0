"""tencent-weibo: an archive of a closed network against the world's truth."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.flows.networks import archive_lab, backfill
from tests.oracles.worlds import KEYS, Options, reconcile
from tests.workspaces import Lab
from tests.world import World
from tests.world.tencent_weibo import PLATFORM, PREFIX, write_tencent_weibo

EVERYTHING = Options(tables=tuple(KEYS))


@pytest.fixture(scope="module")
def archived(
    small_world: World,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Lab, World]:
    """A backfill by the command line over an archive, and what it tells."""
    lab, told = archive_lab(
        small_world,
        tmp_path_factory.mktemp("archive"),
        platform=PLATFORM,
        format="tencent-weibo",
        write=lambda world, folder: write_tencent_weibo(
            world, folder, compression="gz"
        ),
        account_prefix=PREFIX,
    )
    lab.put(
        "export/denied.json",
        {"ret": 3, "errcode": 4, "msg": "access token timeout", "data": None},
    )
    # The smallest: a source that loses most of its rows is refused.
    cut = min((lab.root / "export").glob("*.gz"), key=lambda file: file.stat().st_size)
    Path(cut.with_name("damaged.jsonl.gz")).write_bytes(cut.read_bytes()[:-200])
    backfill(lab, told)
    return lab, told


def test_archive_gives_the_worlds_rows(archived: tuple[Lab, World]) -> None:
    lab, told = archived
    assert len(told.interactions) > 250
    assert set(told.interactions["parent_method"]) == {"root", "chain"}
    reconcile(lab, told, PLATFORM, EVERYTHING)


def test_answers_that_are_errors_are_quarantined(archived: tuple[Lab, World]) -> None:
    lab, _ = archived
    (damaged, denied) = lab.quarantined()
    assert damaged[:2] == ("export/damaged.jsonl.gz", None)
    assert denied[2] == (
        "an error answer of Tencent Weibo: ret 3 (not authorised), errcode 4"
        " (the token ran out) access token timeout"
    )
    assert lab.value("select count(*) from meta.quarantine") == 2
