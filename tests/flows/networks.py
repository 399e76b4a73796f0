"""Worlds of other networks through the product: what must come out of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from tests.workspaces import Lab
from tests.world import BRANDS, World
from tests.world.spec import utc_moment

ZONE = ZoneInfo("Asia/Shanghai")
Row = dict[str, Any]


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


KEYS = {
    "accounts": ("account_id",),
    "posts": ("post_id",),
    "post_counters": ("post_id", "observed_at"),
    "interactions": ("kind", "root_post_id", "interaction_id"),
    "follows": ("account_id", "follower_id"),
}


def check_staging(
    lab: Lab, told: World, unseen: Mapping[str, Iterable[str]] | None = None
) -> None:
    """Every staging table holds the world's rows and no other, value by value.

    Args:
        lab: the workspace after a run.
        told: what the network tells.
        unseen: columns of a table that are not compared.
    """
    for table, keys in KEYS.items():
        frame: pl.DataFrame = getattr(told, table)
        names = [
            name for name in frame.columns if name not in (unseen or {}).get(table, ())
        ]
        expected = {
            tuple(row[key] for key in keys): row
            for row in _plain(frame.select(names).iter_rows(named=True))
        }
        found = {
            tuple(row[key] for key in keys): row
            for row in _plain(
                lab.dicts(f"select {', '.join(names)} from staging.{table}")
            )
        }
        assert len(expected) == len(frame), table
        assert sorted(map(str, found)) == sorted(map(str, expected)), table
        for key, row in expected.items():
            assert {key: found[key]} == {key: row}, table
    assert lab.value("select count(*) from meta.quarantine") == 0


def check_marts(lab: Lab, told: World) -> None:
    """The marts' raw figures are those counted from the world's rows."""
    expected = count_days(told)
    found = {
        (row["campaign_id"], row["activity_day"]): row
        for row in lab.dicts("from marts.campaign_daily")
    }
    assert found.keys() == expected.keys()
    for key, row in expected.items():
        assert {key: {name: found[key][name] for name in row}} == {key: row}
    totals = {row["campaign_id"]: row for row in lab.dicts("from marts.campaigns")}
    assert totals.keys() == set(told.campaigns["campaign_id"])
    for campaign, row in count_campaigns(told).items():
        assert {name: totals[campaign][name] for name in row} == row, campaign


def count_days(told: World) -> dict[tuple[str, date], Row]:
    """Raw figures by campaign and activity day."""
    posted = _post_days(told)
    rows: dict[tuple[str, date], Row] = {}
    for campaign, action in _campaign_actions(told):
        key = (campaign["campaign_id"], _day(action["acted_at"]))
        _add(rows.setdefault(key, _blank()), action)
    for campaign in told.campaigns.iter_rows(named=True):
        for post in campaign["post_ids"]:
            if campaign["start"] <= posted[post] <= campaign["end"]:
                key = (campaign["campaign_id"], posted[post])
                rows.setdefault(key, _blank())["posts"] += 1
    return {key: _closed(row) for key, row in rows.items()}


def count_campaigns(told: World) -> dict[str, Row]:
    """Raw figures by campaign."""
    rows = {
        row["campaign_id"]: _blank() for row in told.campaigns.iter_rows(named=True)
    }
    for campaign, action in _campaign_actions(told):
        _add(rows[campaign["campaign_id"]], action)
    for campaign in told.campaigns.iter_rows(named=True):
        rows[campaign["campaign_id"]]["posts"] = len(campaign["post_ids"])
    return {key: _closed(row) for key, row in rows.items()}


def _campaign_actions(told: World) -> Iterable[tuple[Row, Row]]:
    by_root: dict[str, list[Row]] = {}
    for row in told.interactions.iter_rows(named=True):
        by_root.setdefault(row["root_post_id"], []).append(row)
    for campaign in told.campaigns.iter_rows(named=True):
        for post in campaign["post_ids"]:
            for action in by_root.get(post, ()):
                if campaign["start"] <= _day(action["acted_at"]) <= campaign["end"]:
                    yield campaign, action


def _blank() -> Row:
    return {"posts": 0, "kinds": Counter(), "people": set()}


def _add(row: Row, action: Row) -> None:
    row["kinds"][action["kind"]] += 1
    if action["account_id"] and action["kind"] != "mention":
        row["people"].add(action["account_id"])


def _closed(row: Row) -> Row:
    kinds = row["kinds"]
    return {
        "posts": row["posts"],
        "reposts": kinds["repost"],
        "comments": kinds["comment"],
        "likes": kinds["like"],
        "engagements": kinds["repost"] + kinds["comment"] + kinds["like"],
        "engaged_accounts": len(row["people"]),
    }


def _post_days(told: World) -> dict[str, date]:
    return {
        row["post_id"]: _day(row["posted_at"])
        for row in told.posts.iter_rows(named=True)
    }


def _day(moment: datetime) -> date:
    return moment.astimezone(ZONE).date()


def _plain(rows: Iterable[Row]) -> Iterable[Row]:
    for row in rows:
        yield {
            name: value.astimezone(UTC).replace(tzinfo=None)
            if isinstance(value, datetime) and value.tzinfo
            else value
            for name, value in row.items()
        }
