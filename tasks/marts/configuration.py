"""What workspace.toml and the seeds say, in the warehouse."""

from __future__ import annotations

import hashlib
import json
from dataclasses import astuple, replace
from pathlib import Path

import duckdb

from tasks.sources.gives import gives_of
from tasks.warehouse import ledger
from tasks.warehouse.code_digest import SHIPPED_MODELS, code_digests
from tasks.warehouse.configuration import Source
from tasks.warehouse.database import store_frame
from tasks.warehouse.networks import ORGANISATIONS, POST_ADDRESSES
from tasks.warehouse.seeds import seed_files
from tasks.warehouse.workspace import Workspace

_TABLES = "tasks.marts.configuration_tables"


def write_configuration(
    connection: duckdb.DuckDBPyConnection, workspace: Workspace
) -> str:
    """Write brands, campaigns and sources as tables where they changed.

    Where what they are made of is as it was, they are not even made: importing what
    makes them takes longer than all else that a run with nothing new does.

    Returns:
        A digest of them, and of all else that the marts are told.
    """
    besides = _told_besides(connection, workspace)
    read = _digest(
        [
            *besides,
            repr(replace(workspace, root=Path())),
            *map(_what_gives, workspace.sources),
            *(
                f"{file.name} {hashlib.sha256(file.read_bytes()).hexdigest()}"
                for file in seed_files(workspace.root)
            ),
            code_digests((_TABLES,))[_TABLES],
        ]
    )
    before = ledger.read_state(connection, "configuration")
    if before and ledger.read_state(connection, "configuration_read") == (
        f"{read} {before}"
    ):
        return before
    from tasks.marts.configuration_tables import configuration_tables

    tables = configuration_tables(workspace)
    digest = _digest([*(frame.write_json() for frame in tables.values()), *besides])
    if before != digest:
        for name, frame in tables.items():
            store_frame(connection, f"meta.{name}", frame)
    ledger.write_state(connection, "configuration_read", f"{read} {digest}")
    return digest


def _told_besides(
    connection: duckdb.DuckDBPyConnection, workspace: Workspace
) -> list[str]:
    """What the marts are told that stands in no table."""
    policies = workspace.policies
    shipped = (
        (SHIPPED_MODELS / name).read_bytes()
        for name in ("sentiment.npz", "planted_rates.json")
    )
    return [
        *map(
            str,
            (
                policies.look_back_days,
                policies.contact_cap_days,
                policies.action_days,
                policies.order_days,
                policies.examples,
                policies.min_cell,
                policies.phantom_share,
                policies.phantom_threshold,
                workspace.report.named,
                ORGANISATIONS,
                POST_ADDRESSES,
                workspace.alarms.phantom_share,
                workspace.alarms.completeness_drop,
            ),
        ),
        *(hashlib.sha256(content).hexdigest() for content in shipped),
        ledger.read_state(connection, "score_rates") or "",
        ledger.read_state(connection, "score_cells") or "",
        hashlib.sha256(b"key id" + workspace.pseudonym_key()).hexdigest(),
    ]


def _what_gives(source: Source) -> str:
    """What a source can give, in one order whatever the hash seed is."""
    gives = astuple(gives_of(source))
    return str([sorted(one) if isinstance(one, frozenset) else one for one in gives])


def _digest(parts: list[str]) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]
