"""Who stands behind a pseudonym, and under which pseudonym an account stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasks.warehouse.database import connect, read
from tasks.warehouse.networks import PROFILE_ADDRESSES

# The page and BI tools show a pseudonym's beginning.
SHORTEST_KEY = 8

_FOUND = """
with

wanted as (
    select unnest($wanted) as name, unnest(range(len($wanted))) as number
)

select
    wanted.name as asked,
    accounts.platform,
    accounts.account_id,
    profiles.screen_name,
    accounts.account_key,
    accounts.operator_key,
    accounts.coordinated_group_key,
    accounts.phantom_level,
    accounts.is_confirmed,
    accounts.phantom_probability,
    accounts.model_version,
    accounts.reasons,
    accounts.first_seen_day,
    accounts.last_seen_day
from intermediate.accounts as accounts
inner join intermediate.account_profiles as profiles
    on
        accounts.platform = profiles.platform
        and accounts.account_id = profiles.account_id
inner join wanted
    on
        wanted.name in (
            accounts.account_id,
            accounts.account_key,
            accounts.operator_key,
            accounts.coordinated_group_key,
            '@' || profiles.screen_name
        )
        or (
            length(wanted.name) >= $shortest_key
            and starts_with(accounts.account_key, wanted.name)
        )
where $platform is null or accounts.platform = $platform
order by wanted.number, accounts.platform, accounts.account_id
"""

_CAMPAIGNS = """
select
    platform,
    account_key,
    campaign_id,
    reposts,
    comments,
    likes,
    mentions,
    first_acted_day,
    last_acted_day
from restricted.campaign_accounts
where account_key in (select unnest($keys))
order by platform, account_key, campaign_id
"""


@dataclass(frozen=True)
class KnownAccount:
    """An account from both sides.

    Attributes:
        asked: what was looked for.
        about: the columns of `_FOUND` but that, by name.
        profile_url: where the network shows it; None where it has no such place.
        campaigns: what it did in which campaign, a row each.
    """

    asked: str
    about: dict[str, object]
    profile_url: str | None
    campaigns: list[dict[str, object]]


def find_accounts(
    database: Path, wanted: Sequence[str], platform: str | None = None
) -> list[KnownAccount]:
    """Look accounts up by pseudonym, id, `@name`, or what they belong to.

    Args:
        database: the warehouse; it is only read. Costs one pass over the accounts.
        wanted: account keys (also their first eight digits or more), ids of a network,
            names with an `@` before, keys of operators and coordinated groups.
        platform: the only network to look at; all without it.

    Returns:
        An entry for each account found, in the order asked.

    Raises:
        DamagedError: the warehouse can't be read.
    """
    with read(database) as connection:
        found = connection.sql(
            _FOUND,
            params={
                "wanted": list(dict.fromkeys(wanted)),
                "platform": platform,
                "shortest_key": SHORTEST_KEY,
            },
        ).pl()
        acts = connection.sql(
            _CAMPAIGNS,
            params={"keys": found["account_key"].unique(maintain_order=True).to_list()},
        ).pl()
    of_account: dict[tuple[str, str], list[dict[str, object]]] = {}
    for act in acts.iter_rows(named=True):
        key = (act.pop("platform"), act.pop("account_key"))
        of_account.setdefault(key, []).append(act)
    return [
        KnownAccount(
            asked=row.pop("asked"),
            about=row,
            profile_url=profile_address(row["platform"], row["account_id"]),
            campaigns=of_account.get((row["platform"], row["account_key"]), []),
        )
        for row in found.iter_rows(named=True)
    ]


def profile_address(platform: str, account_id: str) -> str | None:
    """Where a network shows an account; None where it has no address by id."""
    prefix = PROFILE_ADDRESSES.get(platform)
    return None if prefix is None else prefix + account_id


def rows_about(
    database: Path, platform: str, account_id: str
) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """Rows of every table of the warehouse that tells of an account."""
    found: dict[str, dict[str, list[dict[str, Any]]]] = {"warehouse": {}, "marts": {}}
    if not database.exists():
        return found
    with connect(database) as connection:
        tables = connection.execute(
            "select schema_name, table_name, list(column_name)"
            " from duckdb_columns()"
            " join duckdb_tables() using (schema_name, table_name)"
            " where schema_name in ('staging', 'intermediate', 'restricted', 'marts',"
            " 'meta')"
            " group by all order by all"
        ).fetchall()
        keys = []
        if any(row[:2] == ("intermediate", "accounts") for row in tables):
            keys = connection.execute(
                "select account_key from intermediate.accounts"
                " where platform = $platform and account_id = $account_id",
                {"platform": platform, "account_id": account_id},
            ).fetchall()
        for schema, table, columns in tables:
            conditions = [
                f"(platform = $platform and {column} = $account_id)"
                for column in ("account_id", "follower_id", "account_id_y")
                if {column, "platform"} <= set(columns)
            ]
            params: dict[str, Any] = {"platform": platform, "account_id": account_id}
            if schema in ("marts", "restricted"):
                if "account_key" not in columns:
                    continue
                conditions = ["list_contains($keys, account_key)"]
                params = {"keys": [row[0] for row in keys]}
            if not conditions:
                continue
            # Names of tables are the models' own.
            rows = connection.sql(
                f'from "{schema}"."{table}" where {" or ".join(conditions)}'
                " order by all",
                params=params,
            ).pl()
            if len(rows):
                kind = "marts" if schema in ("marts", "restricted") else "warehouse"
                found[kind][f"{schema}.{table}"] = rows.to_dicts()
    return found
