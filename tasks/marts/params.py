"""What SQL models of the marts are bound to, by name."""

from __future__ import annotations

from typing import Any

import duckdb

from tasks.text.sentiment import BALANCE_ERROR
from tasks.text.spellings import any_spelling
from tasks.warehouse import ledger
from tasks.warehouse.networks import ORGANISATIONS, POST_ADDRESSES
from tasks.warehouse.pseudonyms import padded_keys
from tasks.warehouse.workspace import Workspace


def mart_params(
    connection: duckdb.DuckDBPyConnection, workspace: Workspace
) -> dict[str, Any]:
    """Values for all models behind verdicts, but the window.

    Args:
        connection: to a warehouse that has the configuration's tables.
        workspace: whose policies count.
    """
    forms = connection.execute("select owner, kind, form from meta.names").fetchall()
    policies, alarms = workspace.policies, workspace.alarms
    return {
        "time_zone": workspace.timezone,
        "look_back_days": policies.look_back_days,
        "contact_cap_days": policies.contact_cap_days,
        "action_days": policies.action_days,
        "order_days": policies.order_days,
        "min_cell": policies.min_cell,
        "examples": policies.examples,
        "score_rates": ledger.read_state(connection, "score_rates") or "{}",
        "named_authors": list(workspace.report.named),
        "organisations": list(ORGANISATIONS),
        "post_networks": list(POST_ADDRESSES),
        "post_addresses": list(POST_ADDRESSES.values()),
        "alarm_phantom_share": alarms.phantom_share,
        "alarm_completeness_drop": alarms.completeness_drop,
        "balance_error": BALANCE_ERROR,
        "post_names": any_spelling(form for _, _, form in forms),
        "interaction_names": any_spelling(
            form for owner, _, form in forms if owner == "brand"
        ),
        **padded_keys(workspace.pseudonym_key()),
    }
