"""Campaign marts for the covered days, in one transaction.

`campaign_daily` is replaced for the days that something touched; the marts of
one row per campaign, post or account are small and made anew. Checks run before
the commit: marts that don't add up are never seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb

from tasks.marts.rhythms import say_silence, store_rhythms
from tasks.marts.window import (
    around,
    days_to_cover,
    days_to_make,
    set_aside,
    take_out,
    with_changed_days,
    with_days_of_new_mentions,
)
from tasks.warehouse import ledger
from tasks.warehouse.database import connect, count, store_frame, transaction
from tasks.warehouse.errors import (
    CheckFailedError,
)
from tasks.warehouse.models import Model, check_rows, in_order, load_models, run_model
from tasks.warehouse.networks import ORGANISATIONS
from tasks.warehouse.progress import say, step
from tasks.warehouse.pseudonyms import padded_keys
from tasks.warehouse.workspace import Workspace

# Models of this step; the others belong to `deduplicate`.
CAMPAIGN_MODELS = (
    "text_names",
    "brand_mentions",
    "campaign_posts",
    "campaign_authors",
    "campaign_interactions",
    "campaign_audiences",
    "campaign_kinds",
    "campaign_counters",
    "campaign_counter_days",
    "campaign_media_value",
    "campaign_scores",
    "campaign_unseen",
    "campaign_post_classes",
    "partner_acts",
    "partner_scores",
    "partner_unseen",
    "partner_engagers",
    "partner_timing",
    "partner_groups",
    "cascade_edges",
    "brand_interactions",
    "audience_members",
    "audience_scores",
    "account_traits",
)
# These need to know which tracked links are meant.
SALES_MODELS = ("campaign_links", "sales", "sales_sums")
# These need to know how comments sound.
BRAND_MODELS = (
    "brand_comments",
    "brand_actions",
    "brand_post_acts",
    "brand_posts",
    "landed_days",
    "brand_days",
    "contact_moments",
    "brand_contacts",
)


@dataclass(frozen=True)
class Aggregated:
    """What a run made anew."""

    window: tuple[date, date] | None
    rows: dict[str, int]


def build_marts(
    workspace: Workspace,
    run_id: str,
    first: date,
    last: date,
    *,
    catches_up: bool = False,
    forces: bool = False,
    uncovers: bool = False,
) -> Aggregated:
    """Cover the days from `first` to `last` and bring the marts up to date.

    Args:
        workspace: whose marts.
        run_id: for the ledger.
        first: first day to cover.
        last: last day to cover.
        catches_up: whether days are left out that no source has told of yet: they
            come when one does.
        forces: whether days after today are covered, too: the clock is wrong.
        uncovers: whether the marts are to tell nothing of these days any more; they
            are then as if the days had never been run.

    Raises:
        CheckFailedError: the marts contradict staging; nothing changed.
        ConfigurationError: these days can't be uncovered.
    """
    with connect(workspace.database) as connection, step("aggregate"):
        ledger.require(connection, "intermediate", "accounts")
        with transaction(connection):
            rhythms = ledger.source_rhythms(connection, workspace)
            window: tuple[date, date] | None
            if uncovers:
                window = _uncover(connection, workspace, first, last)
            else:
                days = days_to_cover(
                    connection, workspace, rhythms, (first, last), catches_up, forces
                )
                window = days_to_make(connection, workspace, days)
            if window is None:
                say_silence(connection, rhythms, first, last)
                say("  the marts are up to date")
                return Aggregated(None, {})
            store_rhythms(connection, rhythms)
            result = _make_tables(connection, workspace, window)
            window = result.window or window
            _mark(connection, run_id, window)
            connection.execute("delete from meta.touched_days")
            ledger.write_state(connection, "marts", run_id)
        ledger.write_copy(connection, workspace)
        if not uncovers:
            say_silence(connection, rhythms, first, last)
        listed = ", ".join(f"{name} {rows:,}" for name, rows in result.rows.items())
        say(f"  days {window[0]} to {window[1]} made anew; rows: {listed}")
        return result


def _uncover(
    connection: duckdb.DuckDBPyConnection, workspace: Workspace, first: date, last: date
) -> tuple[date, date]:
    """Take days out; give the window of what is to be made anew for it."""
    gone = take_out(connection, first, last)
    found = days_to_make(connection, workspace, [])
    return around(gone, found) if found else gone


def _make_tables(
    connection: duckdb.DuckDBPyConnection,
    workspace: Workspace,
    window: tuple[date, date],
) -> Aggregated:
    """Make every table from mentions to marts, in the order of what reads what."""
    from tasks.marts.actions import judge_actions
    from tasks.marts.cascade_nodes import build_cascade_nodes
    from tasks.marts.genuine_parts import (
        bound_genuine,
        compare_partners,
        estimate_phantoms,
    )
    from tasks.marts.metric_headers import metric_headers
    from tasks.marts.references import reason_classes, write_calendar
    from tasks.marts.sales import name_links, say_sales
    from tasks.marts.texts import fold_named_texts, judge_comments

    params: dict[str, Any] = {
        "start_date": window[0],
        "end_date": window[1],
        "time_zone": workspace.timezone,
        "look_back_days": workspace.policies.look_back_days,
        "contact_cap_days": workspace.policies.contact_cap_days,
        "action_days": workspace.policies.action_days,
        "order_days": workspace.policies.order_days,
        "min_cell": workspace.policies.min_cell,
        "named_authors": list(workspace.report.named),
        "organisations": list(ORGANISATIONS),
        "alarm_phantom_share": workspace.alarms.phantom_share,
        "alarm_completeness_drop": workspace.alarms.completeness_drop,
        **padded_keys(workspace.pseudonym_key()),
    }
    intermediate = load_models("intermediate")
    fold_named_texts(connection, intermediate["intermediate.named_texts"])
    kept = set_aside(connection)
    for name in CAMPAIGN_MODELS:
        run_model(connection, intermediate[f"intermediate.{name}"], params)
    window = with_changed_days(connection, window, kept)
    window = with_days_of_new_mentions(connection, window)
    params |= {"start_date": window[0], "end_date": window[1]}
    name_links(connection)
    for name in SALES_MODELS:
        run_model(connection, intermediate[f"intermediate.{name}"], params)
    say_sales(connection)
    bound_genuine(connection)
    compare_partners(connection)
    estimate_phantoms(connection, workspace.policies)
    build_cascade_nodes(connection)
    judge_comments(connection, workspace.policies)
    for name in BRAND_MODELS:
        run_model(connection, intermediate[f"intermediate.{name}"], params)
    judge_actions(connection, workspace.timezone)
    for model in in_order(load_models("restricted")):
        run_model(connection, model, params)
    marts = load_models("marts")
    headers = metric_headers(marts | load_models("publication"))
    store_frame(connection, "meta.metric_headers", headers)
    store_frame(connection, "meta.reason_classes", reason_classes())
    calendar = marts["marts.days"]
    others = [model for model in in_order(marts) if model != calendar]
    for model in others:
        run_model(connection, model, params)
    write_calendar(connection, others)
    run_model(connection, calendar, params)
    _check(connection, list(load_models("checks").values()), params)
    rows: dict[str, int] = {}
    for model in marts.values():
        rows[model.table] = count(connection, f"select count(*) from {model.name}")
    return Aggregated(window, rows)


def _mark(
    connection: duckdb.DuckDBPyConnection, run_id: str, window: tuple[date, date]
) -> None:
    """Note in the ledger what acts the days of the window hold."""
    ledger.mark(
        connection,
        "aggregate",
        run_id,
        """
        select
            platforms.platform,
            days.date_day,
            coalesce(sum(counts.rows), 0)::bigint as rows_in,
            coalesce(sum(counts.rows), 0)::bigint as rows_out,
            0 as rows_quarantined
        from meta.covered_days as days
        cross join (select distinct platform from meta.sources) as platforms
        left join (
            select platform, activity_day, count(*) as rows
            from intermediate.campaign_interactions group by all
        ) as counts
            on platforms.platform = counts.platform
            and days.date_day = counts.activity_day
        where days.date_day between $first and $last
        group by all
        """,
        {"first": window[0], "last": window[1]},
    )


def _check(
    connection: duckdb.DuckDBPyConnection, checks: list[Model], params: dict[str, Any]
) -> None:
    counts = check_rows(connection, checks, params)
    failed = {
        name.split("__", 1)[1]: bad_rows
        for name, bad_rows in counts.items()
        if bad_rows and ".fail__" in name
    }
    for name, bad_rows in counts.items():
        if bad_rows and ".warn__" in name:
            words = name.split("__", 1)[1].replace("_", " ")
            say(f"  warning: {words}: {bad_rows:,} rows")
    if failed:
        listed = "; ".join(
            f"{name} ({bad_rows:,} rows)" for name, bad_rows in failed.items()
        )
        raise CheckFailedError(
            f"The marts contradict what is staged, so nothing was published: {listed}."
            " Look at the rows with the select in sql/checks, and report this as a"
            " fault; deleting warehouse.duckdb and running again rebuilds everything"
            " from landing."
        )
