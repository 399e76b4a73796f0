"""What differs from the publication before: the table `changes`, and its summary.

A publication notes what it was made of: digests of the code, of people's decisions, of
policies, of what the configuration says of each campaign. The next one is compared with
it. One that is made again, because it was damaged, finds the same one before it, so it
says the same. After an erasure nothing is compared: what was before holds who is gone.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb

from tasks.warehouse import ledger, tombstones
from tasks.warehouse.database import read_published, tune
from tasks.warehouse.models import load_models
from tasks.warehouse.publication import (
    altered_files,
    lineage,
    publication_of,
    read_manifest,
    sql_text,
    write_tables,
)
from tasks.warehouse.workspace import Workspace

Manifest = dict[str, Any]

_MODEL = "publication.changes"

# Its Parquet: `parquet/` holds what is the same whatever road led there.
_HISTORY = "history"

# What a publication is made of besides its rows; the first ones are no secrets.
_PLAIN, _KEYED = ("code", "model", "time_zone"), ("overrides", "policies")

# Of a change, what the ledger keeps.
_KEPT = (
    "publication",
    "publication_before",
    "mart",
    "key",
    "metric",
    "before",
    "before_low",
    "before_high",
    "after",
    "after_low",
    "after_high",
    "why",
)

# What workspace.toml says of a campaign, besides its name and what it cost.
_TOLD_OF_CAMPAIGNS = """
with settings as (
    select campaign_id, brand_id, window_start, window_end
    from meta.campaigns
)
select campaign_id, 'campaign ' || cast(settings as varchar) as told
from settings
union all
select campaign_id, 'selector ' || cast(selectors as varchar) as told
from meta.campaign_selectors as selectors
union all
select campaign_id, 'partner ' || cast(partners as varchar) as told
from meta.partners as partners
union all
select campaign_id, 'account of a partner ' || cast(accounts as varchar) as told
from meta.partner_accounts as accounts
union all
select campaign_id, 'post ' || cast(posts as varchar) as told
from meta.partner_posts as posts
union all
select settings.campaign_id, 'account ' || cast(accounts as varchar) as told
from meta.brand_accounts as accounts
inner join settings on accounts.brand_id = settings.brand_id
order by all
"""


def read_made_of(
    connection: duckdb.DuckDBPyConnection, workspace: Workspace
) -> dict[str, Any]:
    """What the marts of the warehouse were made of, for the next publication.

    The digest of a decision or of a campaign is keyed: it could be guessed from.
    """
    key = workspace.pseudonym_key()

    def digest(content: object) -> str:
        text = json.dumps(content, default=str).encode()
        return hmac.new(key, b"made of" + text, hashlib.sha256).hexdigest()[:16]

    campaigns: dict[str, list[str]] = {}
    for campaign_id, told in connection.execute(_TOLD_OF_CAMPAIGNS).fetchall():
        campaigns.setdefault(campaign_id, []).append(told)
    policies = workspace.policies
    return {
        "code": ledger.read_state(connection, "code"),
        "model": ledger.read_state(connection, "model_version"),
        "time_zone": ledger.read_state(connection, "time_zone"),
        "overrides": digest(
            connection.execute("from meta.account_overrides order by all").fetchall()
        ),
        "policies": digest(
            [
                policies.behaviour_days,
                policies.coordination_window,
                policies.phantom_threshold,
                policies.suspected_threshold,
            ]
        ),
        "campaigns": {name: digest(told) for name, told in campaigns.items()},
        "tombstones": tombstones.state(workspace.root),
    }


def write_changes(folder: Path, published: Path, manifest: Manifest) -> dict[str, Any]:
    """Add the table `changes` to a publication that is being built.

    Args:
        folder: of the new one, its marts written.
        published: the link to what readers see now.
        manifest: of the new one; it learns what is told in a line.

    Returns:
        The description of its Parquet file.
    """
    name = str(manifest["publication"])
    before = _comparable(published, manifest)
    told_before = (before and read_manifest(before)) or {}
    model = load_models("publication")[_MODEL]
    with duckdb.connect() as connection:
        tune(connection, folder / ".spill")
        files = {"marts": folder, **({"before": before} if before else {})}
        for schema, where in files.items():
            file = sql_text(where / "marts.duckdb")
            connection.execute(f"attach {file} as {schema}_file (read_only)")
        _show_tables(connection, model.reads)
        connection.execute("attach ':memory:' as warehouse")
        connection.execute("create schema warehouse.publication")
        connection.execute(
            f"create table warehouse.{model.name} as {model.sql}",
            {
                "publication": name,
                "publication_before": before and publication_of(before),
                "changed_causes": _changed_causes(told_before, manifest),
                "reconfigured_campaigns": _reconfigured(told_before, manifest),
            },
        )
        manifest["changes"] = {
            "run": manifest["run"],
            "publication_before": before and publication_of(before),
            **_in_short(connection),
        }
        for schema in ("before", "marts"):
            connection.execute(f"drop schema {schema} cascade")
        for schema in files:
            connection.execute(f"detach {schema}_file")
        (folder / _HISTORY).mkdir()
        (described,) = write_tables(
            connection, folder / "marts.duckdb", [model], parquet=_HISTORY
        )
    return described


def note_changes(connection: duckdb.DuckDBPyConnection, published: Path) -> None:
    """Keep in the ledger what a run changed; the caller owns the transaction.

    Once, under the run that made the publication, whichever run comes to note it.
    After an erasure older ones go, too.
    """
    told = (read_manifest(published) or {}).get("changes")
    if not told:  # of an older version
        return
    run_id, before = told["run"], told["publication_before"]
    state = f"{publication_of(published.resolve())} after {before}"
    if ledger.read_state(connection, "changes") == state:
        return
    ledger.write_state(connection, "changes", state)
    if not before:
        connection.execute("delete from meta.changes")
        return
    listed = ", ".join(_KEPT)
    with read_published(published / "marts.duckdb") as marts:
        rows = marts.execute(
            f"select {listed} from changes order by mart, key, metric"
        ).fetchall()
    connection.execute("delete from meta.changes where run_id = $run", {"run": run_id})
    if rows:
        holes = ", ".join("?" for _ in _KEPT)
        connection.executemany(
            f"insert into meta.changes (run_id, {listed}) values (?, {holes})",
            [[run_id, *row] for row in rows],
        )


def _comparable(published: Path, manifest: Manifest) -> Path | None:
    """The publication before, unless an erasure lies between."""
    for folder in lineage(published):
        if publication_of(folder) != manifest["publication"] and not altered_files(
            folder
        ):
            made_of = (read_manifest(folder) or {}).get("made_of", {})
            is_same = made_of.get("tombstones") == manifest["made_of"]["tombstones"]
            return folder if is_same else None
    return None


def _changed_causes(before: Manifest, now: Manifest) -> list[str]:
    """What differs of what both were made of; of keyed digests under the same key."""
    if not before:
        return []
    comparable = (*_PLAIN, *(_KEYED if before.get("keys") == now["keys"] else ()))
    told = before["made_of"]
    # What an older version did not tell may have been the same: `code` says it.
    return [
        cause
        for cause in comparable
        if cause in told and told[cause] != now["made_of"][cause]
    ]


def _reconfigured(before: Manifest, now: Manifest) -> list[str]:
    """Campaigns of which the configuration says something else than before."""
    if not before or before.get("keys") != now["keys"]:
        return []
    known = before["made_of"].get("campaigns", {})
    return [
        name
        for name, digest in now["made_of"]["campaigns"].items()
        if name in known and known[name] != digest
    ]


def _show_tables(connection: duckdb.DuckDBPyConnection, reads: Iterable[str]) -> None:
    """Name the tables that the model reads; what was not there before is empty."""
    there = {
        f"{file.removesuffix('_file')}.{table}"
        for file, table in connection.execute(
            "select database_name, table_name from duckdb_tables()"
        ).fetchall()
    }
    for schema in ("marts", "before"):
        connection.execute(f"create schema {schema}")
    for name in sorted(reads):
        _, table = name.split(".")
        source = (
            f"{name.replace('.', '_file.main.')}"
            if name in there
            else f"marts_file.main.{table} limit 0"
        )
        connection.execute(f"create view {name} as from {source}")


def _in_short(connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """What `status` says of the changes in a line."""
    rows = connection.execute(
        f"""
        select
            count(*) as numbers,
            count(distinct campaign_id) as campaigns,
            list_sort(list_distinct(flatten(list(string_split(why, '; '))))) as why
        from warehouse.{_MODEL}
        """
    ).fetchall()
    numbers, campaigns, why = rows[0]
    return {"numbers": numbers, "campaigns": campaigns, "why": why or []}
