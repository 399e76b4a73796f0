"""Worlds of other networks through the product: what must come out of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

from tests.oracles.worlds import KEYS, check_marts, check_staging
from tests.workspaces import Lab
from tests.world import BRANDS, World
from tests.world.spec import utc_moment


def archive_lab(
    world: World,
    root: Path,
    *,
    platform: str,
    format: str,
    write: Callable[[World, Path], World],
    account_prefix: str = "",
) -> tuple[Lab, World]:
    """A workspace whose one source is an archive of a world.

    Returns:
        the workspace; what the network tells of the world.
    """
    lab = Lab(root)
    told = write(world, root / "export")
    observed = utc_moment(world.spec.observed_second)
    lab.put(
        "workspace.toml",
        configuration(
            told,
            platform,
            f'kind = "files"\nformat = "{format}"\npath = "export"\n'
            f"observed_at = {observed:%Y-%m-%dT%H:%M:%SZ}\n",
            account_prefix,
        ),
    )
    return lab, told


def configuration(
    told: World, platform: str, source: str, account_prefix: str = ""
) -> str:
    """A `workspace.toml` with one source, the brands and their campaigns."""
    brands = "".join(
        f'[[brands]]\nid = "{brand.brand_id}"\nname = "{brand.name}"\n'
        f'accounts = [{{ platform = "{platform}",'
        f' account_id = "{account_prefix}{brand.account_id}" }}]\n'
        for brand in BRANDS
    )
    campaigns = "".join(
        f'[[campaigns]]\nid = "{row["campaign_id"]}"\nbrand = "{row["brand_id"]}"\n'
        f"start = {row['start']}\nend = {row['end']}\npost_ids = ["
        + ", ".join(
            f'{{ platform = "{platform}", post_id = "{post}" }}'
            for post in row["post_ids"]
        )
        + "]\n"
        for row in told.campaigns.iter_rows(named=True)
    )
    return (
        f'timezone = "{told.spec.timezone}"\n[[sources]]\nname = "{platform}"\n'
        f'platform = "{platform}"\n{source}{brands}{campaigns}'
    )


def backfill(lab: Lab, told: World) -> None:
    """Run the real command over the world's days."""
    last = date.fromordinal(told.spec.start.toordinal() + told.spec.days)
    done = lab.command(
        "backfill",
        "--from",
        str(told.spec.start),
        "--to",
        str(last),
        "--reason",
        "the archive",
    )
    assert done.returncode == 0, done.stdout + done.stderr


def check(lab: Lab, told: World, platform: str) -> None:
    """Every staging row and every raw figure is the world's, and no other is there."""
    check_staging(lab, told, platform, tuple(KEYS))
    check_marts(lab, told, platform)
    assert lab.value("select count(*) from meta.quarantine") == 0
