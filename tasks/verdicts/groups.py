"""Accounts that act together, within the trailing window."""

from __future__ import annotations

import duckdb
import polars as pl

from tasks.accounts.coordination import (
    OBJECT_KINDS,
    significant_edges,
)
from tasks.accounts.groups import coordinated_groups
from tasks.accounts.text_templates import text_templates
from tasks.warehouse import graph
from tasks.warehouse.database import count, store_frame
from tasks.warehouse.models import load_models, run_model
from tasks.warehouse.progress import say
from tasks.warehouse.workspace import Workspace

# From who shared what to how unlikely it is that two did so by chance.
_SHARES = "intermediate.shares"
_CHANCE = "intermediate.coordination_chance"
# How many accounts wrote each sentence: what `text_templates` asks for.
WRITTEN_SENTENCES = """
select
    sentences.sentence,
    count(distinct written.account_no) as accounts
from (
    select words_no, account_no
    from intermediate.window_texts
    group by words_no, account_no
) as written
inner join intermediate.text_sentences as sentences
    on written.words_no = sentences.words_no
group by sentences.sentence
"""
# Edges of coordination that count.
_EDGES = {
    "account": pl.String,
    "account_y": pl.String,
    "signal": pl.String,
    "objects": pl.Int64,
}


def _tell_cut_times(
    connection: duckdb.DuckDBPyConnection, workspace: Workspace
) -> None:
    """Say how many acts are told too roughly to look for who acts together."""
    window = max(workspace.policies.coordination_window, 1)
    acts, rough, sources = connection.execute(
        """
        select
            count(*),
            count(*) filter (is_rough),
            string_agg(distinct case when is_rough then source end, ', '
                order by case when is_rough then source end)
        from (
            select
                source,
                coalesce(precision_seconds, $window + 1) > $window as is_rough
            from staging.interactions
            where kind in ('repost', 'comment') and account_id is not null
            union all
            select
                source,
                coalesce(precision_seconds, $window + 1) > $window as is_rough
            from staging.posts
            where account_id is not null
        )
        """,
        {"window": window},
    ).fetchall()[0]
    if rough:
        say(
            f"  {rough:,} of {acts:,} acts are told no more precisely than {window} s"
            f" (by {sources}): who acts together is looked for without them"
        )


def find_groups(connection: duckdb.DuckDBPyConnection, workspace: Workspace) -> None:
    """Make `coordinated_accounts` and `group_evidence` of the trailing window."""
    models = load_models("intermediate")
    window = workspace.policies.coordination_window
    find_templates(connection, workspace.policies.behaviour_days)
    _tell_cut_times(connection, workspace)
    found = [pl.DataFrame(schema=_EDGES)]
    for kind, rule in OBJECT_KINDS.items():
        params = {
            "object_kind": kind,
            "behaviour_days": workspace.policies.behaviour_days,
            "time_window": window,
            "min_participation": 1,
            "max_burst": rule.max_burst,
            # Pairs are many where everybody who shares an object meets there, and of
            # those who met once only how many they are counts.
            "lists_all": rule.is_timed,
        }
        run_model(connection, models[_SHARES], params)
        if not count(connection, f"select count(*) from {_SHARES}"):
            continue
        for name in graph.between(_SHARES, _CHANCE):
            run_model(connection, models[name], params)
        chance = connection.sql(
            f"""
            with named as (
                select
                    coordination.account_no,
                    accounts.platform || ':' || accounts.account_id as account
                from intermediate.coordination_accounts as coordination
                inner join intermediate.numbered_accounts as accounts
                    on coordination.account_id = accounts.account_no
            )
            select
                named.account,
                named_y.account as account_y,
                $kind as signal,
                chance.*
            from {_CHANCE} as chance
            inner join named on chance.account_no = named.account_no
            inner join named as named_y
                on chance.account_no_y = named_y.account_no
            """,
            params={"kind": kind},
        ).pl()
        if rule.occasions:
            run_model(connection, models[f"intermediate.{rule.occasions}"], {})
            twice = connection.sql(f"from intermediate.{rule.occasions}").pl()
            chance = chance.join(twice, on=["account_no", "account_no_y"], how="semi")
            connection.execute(f"drop table intermediate.{rule.occasions}")
        accounts = count(
            connection, "select count(*) from intermediate.coordination_accounts"
        )
        found.append(
            significant_edges(chance, accounts, is_timed=rule.is_timed)
            .filter("is_significant")
            .select("account", "account_y", "signal", "objects")
        )
    graph.drop_once(connection, graph.between("intermediate.last_landed", _CHANCE))
    first_seen = connection.sql(
        "select platform || ':' || account_id as account, first_seen_at"
        " from intermediate.account_profiles"
    ).pl()
    members, evidence = coordinated_groups(pl.concat(found), first_seen, window)
    parts = pl.col("account").str.splitn(":", 2).struct
    store_frame(
        connection,
        "intermediate.coordinated_accounts",
        members.select(
            "group_id",
            platform=parts.field("field_0"),
            account_id=parts.field("field_1"),
        ),
    )
    store_frame(connection, "intermediate.group_evidence", evidence)


def find_templates(connection: duckdb.DuckDBPyConnection, behaviour_days: int) -> None:
    """Make `text_uses`: who used which text template in which text.

    Args:
        connection: in which `intermediate.acts` stands.
        behaviour_days: the trailing window.
    """
    models = load_models("intermediate")
    params = {"behaviour_days": behaviour_days}
    for name in ("text_sentences", "window_texts"):
        run_model(connection, models[f"intermediate.{name}"], params)
    # A text is written by many: first who wrote which, then what stands in it.
    sentences = connection.sql(WRITTEN_SENTENCES).pl()
    store_frame(connection, "intermediate.text_templates", text_templates(sentences))
    run_model(connection, models["intermediate.text_uses"], params)
