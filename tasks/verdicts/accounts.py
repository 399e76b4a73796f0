"""One verdict per account over all its observations, in the warehouse.

A pure function of all that is landed, the overrides and the policies; never of
the run's window. Cost: linear in staged rows.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb

from tasks.verdicts.own_models import digest_of_models, load_model
from tasks.warehouse import graph, ledger
from tasks.warehouse.database import (
    connect,
    count,
    store_frame,
    table_exists,
    transaction,
)
from tasks.warehouse.models import Model, load_models, run_model
from tasks.warehouse.progress import say, step
from tasks.warehouse.pseudonyms import padded_keys
from tasks.warehouse.seeds import Row, override_rows
from tasks.warehouse.workspace import Workspace

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Deduplicated:
    """What a run decided on accounts."""

    accounts: int
    operators: int
    suspected: int
    phantoms: int
    changed: int


def judge_accounts(workspace: Workspace, run_id: str) -> Deduplicated:
    """Score accounts, find operators, apply a person's decisions."""
    decisions = override_rows(workspace.root)
    with connect(workspace.database) as connection, step("deduplicate"):
        ledger.require(connection, "staging", "interactions")
        digest = _input_hash(connection, workspace, decisions)
        if ledger.read_state(connection, "accounts") == digest:
            say("  no account is to be judged anew")
            return _summary(connection, changed=0)
        with transaction(connection):
            changed = _write_verdicts(connection, workspace, decisions)
            ledger.write_state(connection, "accounts", digest)
            ledger.mark(
                connection,
                "deduplicate",
                run_id,
                "select platform, date_day, count(*) as rows_in,"
                " count(*) as rows_out, 0 as rows_quarantined"
                " from staging.interactions group by all",
                input_hash=digest,
            )
        ledger.write_copy(connection, workspace)
        result = _summary(connection, changed)
        say(
            f"  {result.accounts:,} accounts of {result.operators:,} operators:"
            f" {result.phantoms:,} likely phantoms, {result.suspected:,} suspected"
            f" ({changed:,} verdicts new or changed)"
        )
        return result


def _write_verdicts(
    connection: duckdb.DuckDBPyConnection,
    workspace: Workspace,
    decisions: list[Row],
) -> int:
    """Judge the accounts, write all tables of verdicts; how many are new or changed."""
    from tasks.accounts.phantom_model import write_rates
    from tasks.verdicts.groups import find_groups
    from tasks.verdicts.history import keep_history, watch_drift
    from tasks.verdicts.judge import judge
    from tasks.verdicts.kept_rows import REPLACED
    from tasks.warehouse.seed_tables import as_overrides

    overrides = as_overrides(decisions)
    model = load_model(workspace)
    store_frame(connection, "meta.account_overrides", overrides)
    ledger.write_state(connection, "score_rates", write_rates(model.rates))
    ledger.write_state(connection, "score_cells", write_rates(model.scores))
    # What was made before in a window of as many days, by this code, still holds.
    code = graph.fingerprints()[graph.VERDICTS]
    days = f"{workspace.policies.behaviour_days} {code}"
    seen = judge(
        connection,
        workspace,
        overrides,
        model,
        code=f"{code} {digest_of_models(workspace)}",
        since_last=ledger.read_state(connection, "behaviour_days") == days,
    )
    ledger.write_state(connection, "behaviour_days", days)
    _tell_skipped(seen.links.blocking)
    store_frame(connection, "intermediate.account_links", seen.links.pairs)
    keep_history(connection, REPLACED)
    watch_drift(connection, seen.features)

    find_groups(connection, workspace)
    connection.execute("delete from meta.touched_accounts")
    models = load_models("intermediate")
    keys = padded_keys(workspace.pseudonym_key())
    run_model(connection, models["intermediate.account_groups"], keys)

    changed = _verdicts(connection, models["intermediate.accounts"], keys)
    graph.drop_once(connection, graph.verdict_tables())
    _touch_days(connection)
    connection.execute("drop table changed_accounts")
    return changed


def _verdicts(
    connection: duckdb.DuckDBPyConnection, model: Model, keys: dict[str, Any]
) -> int:
    """Make `accounts`, and `changed_accounts` of those that are new or changed.

    Returns:
        How many these are.
    """
    columns = (
        "platform, account_id, account_key, operator_key, coordinated_group_key,"
        " phantom_level,"
        " shown, score_bin, is_confirmed, followers_count"
    )
    had_verdicts = table_exists(connection, "intermediate", "accounts")
    if had_verdicts:
        connection.execute(
            f"create or replace temp table verdicts_before as"
            f" select {columns} from intermediate.accounts"
        )
    run_model(connection, model, keys)
    before = "select * from verdicts_before"
    if not had_verdicts:
        before = f"select {columns} from intermediate.accounts where false"
    after = f"select {columns} from intermediate.accounts"
    connection.execute(
        "create or replace temp table changed_accounts as"
        " select distinct platform, account_id"
        f" from (({after} except {before}) union all ({before} except {after}))"
    )
    connection.execute("drop table if exists verdicts_before")
    return count(connection, "select count(*) from changed_accounts")


def _touch_days(connection: duckdb.DuckDBPyConnection) -> None:
    """Note the days whose marts are to be made anew, however old.

    On them a changed account acted, or somebody acted on its posts.
    """
    connection.execute(
        """
        insert into meta.touched_days
        select distinct interactions.date_day
        from staging.interactions as interactions
        semi join changed_accounts using (platform, account_id)
        union
        select distinct interactions.date_day
        from staging.interactions as interactions
        semi join (
            select posts.platform, posts.post_id
            from staging.posts as posts
            semi join changed_accounts using (platform, account_id)
        ) as their_posts
            on interactions.platform = their_posts.platform
            and interactions.root_post_id = their_posts.post_id
        union
        select distinct posts.date_day
        from staging.posts as posts
        semi join changed_accounts using (platform, account_id)
        """
    )


def _tell_skipped(blocking: pl.DataFrame) -> None:
    """Say which signs too many accounts share to be one person's."""
    for row in blocking.iter_rows(named=True):
        if not row["skipped_keys"]:
            continue
        say(
            f"  {row['skipped_keys']:,} values of {row['rule'].replace('_', ' ')} that"
            f" too many share link nobody ({row['skipped_accounts']:,} accounts)"
        )


def _input_hash(
    connection: duckdb.DuckDBPyConnection,
    workspace: Workspace,
    decisions: list[Row],
) -> str:
    batches = connection.execute(
        "select batch_id from meta.staged_batches order by batch_id"
    ).fetchall()
    policies = workspace.policies
    parts = [
        [row[0] for row in batches],
        [[str(value) for value in row] for row in decisions],
        [
            policies.behaviour_days,
            policies.suspected_threshold,
            policies.phantom_threshold,
            policies.coordination_window,
        ],
        digest_of_models(workspace),
        graph.fingerprints()[graph.VERDICTS],
        hashlib.sha256(b"key id" + workspace.pseudonym_key()).hexdigest(),
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def _summary(connection: duckdb.DuckDBPyConnection, changed: int) -> Deduplicated:
    rows = connection.execute(
        "select count(*), count(distinct operator_key),"
        " count(*) filter (where phantom_level = 'suspected'),"
        " count(*) filter (where phantom_level = 'phantom')"
        " from intermediate.accounts"
    ).fetchall()
    accounts, operators, suspected, phantoms = rows[0]
    return Deduplicated(accounts, operators, suspected, phantoms, changed)
