"""pengyou: an archive in Qzone's form against the world's truth, beside Qzone."""

from __future__ import annotations

from pathlib import Path

from tests.flows.networks import archive_lab, configuration
from tests.oracles.worlds import (
    FIGURES,
    KEYS,
    Options,
    campaign_figures,
    reconcile,
)
from tests.world import World
from tests.world.qzone import write_qzone


def test_archive_gives_the_worlds_rows(small_world: World, tmp_path: Path) -> None:
    """The same ids on two platforms never mix."""
    lab, told = archive_lab(
        small_world,
        tmp_path,
        platform="pengyou",
        format="qzone",
        write=lambda world, folder: write_qzone(world, folder, platform="pengyou"),
    )
    beside = write_qzone(small_world, lab.root / "other", compression="zst")
    source = configuration(told, "qzone", "").partition("[[brands]]")[0]
    text = (lab.root / "workspace.toml").read_text()
    ids = 'platform = "pengyou", post_id'
    campaigns = text.replace(ids, 'platform = "qzone", post_id')
    lists = [line for line in campaigns.splitlines() if line.startswith("post_ids")]
    for mine, other in zip(
        [line for line in text.splitlines() if line.startswith("post_ids")],
        lists,
        strict=True,
    ):
        text = text.replace(mine, f"{mine[:-1]}, {other.partition('[')[2]}")
    observed = text.partition("observed_at = ")[2].partition("\n")[0]
    extra = source.partition("\n")[2] + (
        f'kind = "files"\nformat = "qzone"\npath = "other"\nobserved_at = {observed}\n'
    )
    lab.put("workspace.toml", text + extra)
    lab.run(publish=False)
    for platform, world in (("pengyou", told), ("qzone", beside)):
        reconcile(lab, world, platform, Options(tables=tuple(KEYS)))
    assert lab.value("select count(*) from meta.quarantine") == 0
    for campaign, row in campaign_figures(told).items():
        other = campaign_figures(beside)[campaign]
        (found,) = lab.dicts(f"from marts.campaigns where campaign_id = '{campaign}'")
        assert {name: found[name] for name in FIGURES} == {
            name: row[name] + other[name] for name in FIGURES
        }
