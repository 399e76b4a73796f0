"""The `workspace.toml` that belongs to a world."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from pathlib import Path

from .spec import BRANDS, PLATFORM, World, utc_moment
from .writing import Format


def workspace_toml(
    world: World,
    sources: list[tuple[str, Format, Path]],
    below: Mapping[str, str] | None = None,
) -> str:
    """Configuration of a workspace that reads a world's files.

    Args:
        world: whose brands and campaigns to name.
        sources: name, format and folder of each source.
        below: by campaign, sections that stand below it.
    """
    observed = utc_moment(world.spec.observed_second).astimezone(UTC)
    lines = [f'timezone = "{world.spec.timezone}"']
    for name, format, path in sources:
        lines += [
            "",
            "[[sources]]",
            f'name = "{name}"',
            f'platform = "{PLATFORM}"',
            'kind = "files"',
            f'format = "{format}"',
            f'path = "{path.as_posix()}"',
        ]
        if format != "canonical":
            lines.append(f"observed_at = {observed:%Y-%m-%dT%H:%M:%SZ}")
    for brand in BRANDS:
        rivals = [other.brand_id for other in BRANDS if other is not brand]
        lines += [
            "",
            "[[brands]]",
            f'id = "{brand.brand_id}"',
            f'name = "{brand.name}"',
            "accounts = [{ "
            f'platform = "{PLATFORM}", account_id = "{brand.account_id}" }}]',
        ]
        if brand is BRANDS[0]:
            lines.append(f"competitors = {_strings(rivals)}")
    for campaign in world.campaigns.iter_rows(named=True):
        lines += [
            "",
            "[[campaigns]]",
            f'id = "{campaign["campaign_id"]}"',
            f'name = "{campaign["name"]}"',
            f'brand = "{campaign["brand_id"]}"',
            f"start = {campaign['start']}",
            f"end = {campaign['end']}",
            f"hashtags = {_strings(campaign['hashtags'])}",
            "post_ids = [",
            *(
                f'    {{ platform = "{PLATFORM}", post_id = "{post}" }},'
                for post in campaign["post_ids"]
            ),
            "]",
            (below or {}).get(campaign["campaign_id"], ""),
        ]
    return "\n".join(lines) + "\n"


def _strings(values: list[str]) -> str:
    return "[" + ", ".join(f'"{value}"' for value in values) + "]"
