"""For the report: what kind of accounts an audience is made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

import duckdb

from tasks.report.feedback import Row, fetch
from tasks.report.languages import join_list, mark, tell

MOST_AUDIENCES = 6
MOST_VALUES = 8
MOST_HOURS = 3

# What is told of profiles, in this order; hours are told in a sentence.
DIMENSIONS = {
    "platform": mark("Network"),
    "region": mark("Region"),
    "gender": mark("Gender"),
    "influence_level": mark("Influence"),
    "verification": mark("Verification"),
    "registered_year": mark("Registered"),
    "client": mark("App"),
}
_LAST = {"other": 1, "unknown": 2}


def read_kinds(
    connection: duckdb.DuckDBPyConnection,
    brands: Sequence[str],
    campaign_id: str | None,
) -> list[Row]:
    """Audiences by what their profiles say, the largest first.

    Args:
        connection: the published marts.
        brands: whose audiences, without a campaign.
        campaign_id: only those who engaged in it.

    Returns:
        Of each audience `brand_name`, `audience`, `audience_accounts`, `tables` (name,
        rows, told_accounts) and `hours` (the busiest ones, in words).
    """
    found = fetch(
        connection,
        """
        from audience_breakdown
        where
            campaign_id is not distinct from $campaign_id
            and (campaign_id is not null or list_contains($brands, brand_id))
        order by audience_accounts desc, brand_id, audience, dimension,
            accounts desc, value
        """,
        {"campaign_id": campaign_id, "brands": sorted(set(brands))},
    )
    audiences = groupby(found, key=lambda row: (row["brand_id"], row["audience"]))
    return [_audience(list(rows)) for _, rows in audiences][:MOST_AUDIENCES]


def _audience(rows: list[Row]) -> Row:
    by_dimension = {
        name: list(cells)
        for name, cells in groupby(rows, key=lambda row: row["dimension"])
    }
    busiest = by_dimension.get("hour", [])[:MOST_HOURS]
    first = rows[0]
    return {
        "brand_name": first["brand_name"],
        "audience": first["audience"],
        "audience_accounts": first["audience_accounts"],
        "tables": [
            {
                "name": name,
                "told_accounts": by_dimension[dimension][0]["told_accounts"],
                "rows": _shown(by_dimension[dimension]),
            }
            for dimension, name in DIMENSIONS.items()
            if _tells(by_dimension.get(dimension, []))
        ],
        "hours": join_list(
            tell(
                "{first} to {last} o’clock",
                first=int(cell["value"]),
                last=int(cell["value"]) + 1,
            )
            for cell in sorted(busiest, key=lambda cell: str(cell["value"]))
        ),
    }


def _tells(cells: Iterable[Row]) -> bool:
    """Whether a dimension parts the audience: more than one thing is known of it."""
    return len([cell for cell in cells if cell["value"] != "unknown"]) > 1


def _shown(cells: list[Row]) -> list[Row]:
    """The largest values; what is no value comes last."""
    values = sorted(cells, key=lambda cell: _LAST.get(cell["value"], 0))
    kept = [cell for cell in values if cell["value"] not in _LAST][:MOST_VALUES]
    return kept + [cell for cell in values if cell["value"] in _LAST]
