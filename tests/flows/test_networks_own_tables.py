"""Tables of one's own: seven files of five forms, explained by a mapping alone."""

from __future__ import annotations

from pathlib import Path

from tests.flows.networks import configuration
from tests.oracles.worlds import ENGAGEMENTS, KEYS, Options, reconcile
from tests.workspaces import Lab
from tests.world import World
from tests.world.own_tables import write_tables

# A cell can't tell an empty text from none; kinds of verification are texts.
EMPTY_IS_NULL = ("description", "location", "verified_type")


def test_mapped_tables_give_the_worlds_rows(small_world: World, tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    sources = write_tables(small_world, tmp_path / "export")
    # The brands and campaigns of any source of this network.
    text = configuration(small_world, "weibo", "@").replace(
        '[[sources]]\nname = "weibo"\nplatform = "weibo"\n@', sources
    )
    lab.put("workspace.toml", text)
    lab.run(publish=False)
    reconcile(
        lab,
        small_world,
        "weibo",
        Options(
            kinds=ENGAGEMENTS,
            tables=tuple(KEYS),
            unseen={"accounts": EMPTY_IS_NULL, "posts": ["client"]},
        ),
    )
    assert lab.quarantined() == []
    assert lab.value("select count(*) from meta.quarantine") == 0
