"""Aggregate: campaign marts for the covered days, in one transaction.

`campaign_daily` is replaced for the days that something touched; the marts of
one row per campaign, post or account are small and made anew. Checks run before
the commit: marts that don't add up are never seen.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl
from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.accounts.genuine_share import bound_sets, draw_audiences, planted_rates
from tasks.accounts.phantom_model import read_rates, read_scores
from tasks.accounts.prevalence import (
    estimate_shares,
    measure_prevalence,
    resample_labelled,
)
from tasks.accounts.reason_classes import REASON_CLASSES, SPEAKING_FOR
from tasks.campaigns.action_effects import judge_episodes
from tasks.campaigns.calendar_days import calendar_days
from tasks.campaigns.cascades import below_own, sum_subtrees, walk_trees
from tasks.campaigns.partner_excess import judge_excess
from tasks.campaigns.usual_posts import judge_posts
from tasks.sources.gives import KINDS, gives_of, lacks_of
from tasks.text.character_ngrams import plain_words
from tasks.text.sentiment import BALANCE_ERROR, LABELS, score, shipped_digest
from tasks.text.spellings import (
    any_spelling,
    fold_all,
    folded_hashtag,
    folded_keyword,
)
from tasks.text.topics import find_topics, rising
from tasks.warehouse import ledger
from tasks.warehouse.database import connect, count, table_exists, transaction
from tasks.warehouse.errors import (
    CheckFailedError,
    ConfigurationError,
    without_values,
)
from tasks.warehouse.metric_headers import metric_headers
from tasks.warehouse.models import Model, check_rows, in_order, load_models, run_model
from tasks.warehouse.progress import say, step
from tasks.warehouse.pseudonyms import padded_keys
from tasks.warehouse.rhythm import Rhythm, tell_silence
from tasks.warehouse.seeds import (
    read_brand_actions,
    read_contact_history,
    read_cpm,
    read_suppressions,
)
from tasks.warehouse.workspace import (
    Brand,
    Campaign,
    Policies,
    Workspace,
    load_workspace,
)

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
)
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
            if uncovers:
                gone = _uncover(connection, first, last)
                window: tuple[date, date] | None = gone
                if found := _window(connection, workspace, []):
                    window = _around(gone, found)
            else:
                window = _window(
                    connection,
                    workspace,
                    _days_to_cover(
                        connection,
                        workspace,
                        rhythms,
                        (first, last),
                        catches_up,
                        forces,
                    ),
                )
            if window is None:
                _tell_silence(connection, rhythms, first, last)
                say("  the marts are up to date")
                return Aggregated(None, {})
            _store_rhythms(connection, rhythms)
            result = _build(connection, workspace, window)
            window = result.window or window
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
            connection.execute("delete from meta.touched_days")
            ledger.write_state(connection, "marts", run_id)
        ledger.write_copy(connection, workspace)
        if not uncovers:
            _tell_silence(connection, rhythms, first, last)
        listed = ", ".join(f"{name} {rows:,}" for name, rows in result.rows.items())
        say(f"  days {window[0]} to {window[1]} made anew; rows: {listed}")
        return result


def _tell_silence(
    connection: duckdb.DuckDBPyConnection,
    rhythms: list[Rhythm],
    first: date,
    last: date,
) -> None:
    """An empty result is a finding, not a success: say what gave nothing, and when."""
    for line in tell_silence(rhythms, first, last):
        say(f"  warning: {line}")
    if any(first <= day <= last for one in rhythms for day in one.days):
        return
    rows = connection.execute(
        """
        select min(date_day), max(date_day)
        from (
            select date_day from staging.interactions
            union
            select date_day from staging.posts
        )
        where date_day not in (select date_day from meta.covered_days)
        """
    ).fetchall()
    if rows[0][0]:
        say(
            f"  activity has landed from {rows[0][0]} to {rows[0][1]} that is not"
            f" covered: run `backfill --from {rows[0][0]} --to {rows[0][1]}"
            " --reason ...` to cover it"
        )


def _store_rhythms(
    connection: duckdb.DuckDBPyConnection, rhythms: list[Rhythm]
) -> None:
    """What is expected of each source, and the days that lack it, for the marts."""
    _store(
        connection,
        "source_rhythms",
        pl.DataFrame(
            [
                (
                    one.source,
                    one.platform,
                    one.last_record_day,
                    one.last_activity_day,
                    one.expected_every_days,
                    one.origin,
                    one.due_day,
                )
                for one in rhythms
            ],
            schema={
                "source": pl.String,
                "platform": pl.String,
                "last_record_day": pl.Date,
                "last_activity_day": pl.Date,
                "expected_every_days": pl.Int64,
                "origin": pl.String,
                "due_day": pl.Date,
            },
            orient="row",
        ),
        schema="meta",
    )


def _days_to_cover(
    connection: duckdb.DuckDBPyConnection,
    workspace: Workspace,
    rhythms: list[Rhythm],
    window: tuple[date, date],
    catches_up: bool,
    forces: bool,
) -> list[date]:
    """The days of a run that marts can speak of.

    A day that is not over for anybody is none of them; when days are caught up, none
    that no source has told of: marts would claim that nothing happened. A workspace
    that covers nothing yet covers what is asked, so that its marts stand.
    """
    first, last = window
    told = [found.days[-1] for found in rhythms if found.days]
    ends = [] if catches_up else [last if forces else workspace.today()]
    end = min(last, max([*told, *ends], default=last))
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [day for day in days if day <= end] or (
        [] if ledger.covered_days(connection) else days
    )


def _uncover(
    connection: duckdb.DuckDBPyConnection, first: date, last: date
) -> tuple[date, date]:
    """Take days from those that the marts cover.

    Returns:
        First and last of the days that were covered.

    Raises:
        ConfigurationError: none of them is covered, or the others would be none or in
            two pieces, which the next `daily` would join again.
    """
    covered = ledger.covered_days(connection)
    gone = sorted(day for day in covered if first <= day <= last)
    left = sorted(covered.difference(gone))
    if not gone:
        raise ConfigurationError(
            [f"No day from {first} to {last} is covered: see `status`."]
        )
    if not left:
        raise ConfigurationError(
            [
                f"All covered days lie between {first} and {last}: marts need a day."
                " Run `backfill` over the days that they are to cover first."
            ]
        )
    if left[0] < gone[0] and gone[-1] < left[-1]:
        raise ConfigurationError(
            [
                f"The days from {first} to {last} lie between others that are covered,"
                " and `daily` covers such gaps again: uncover from a day to the last"
                f" one, {left[-1]}, or from the first one, {left[0]}, to a day."
            ]
        )
    connection.execute(
        "delete from meta.covered_days where date_day between $first and $last",
        {"first": first, "last": last},
    )
    connection.execute(
        "delete from meta.intervals where date_day between $first and $last"
        " and step in ('aggregate', 'publish')",
        {"first": first, "last": last},
    )
    return gone[0], gone[-1]


def _around(one: tuple[date, date], other: tuple[date, date]) -> tuple[date, date]:
    return min(one[0], other[0]), max(one[1], other[1])


def _window(
    connection: duckdb.DuckDBPyConnection, workspace: Workspace, asked: list[date]
) -> tuple[date, date] | None:
    """Write the configuration's tables and say which days to make anew."""
    digest = _write_configuration(connection, workspace)
    covered = ledger.covered_days(connection)
    fresh = set(asked) - covered
    if fresh:
        connection.register("fresh", pl.DataFrame({"date_day": sorted(fresh)}))
        connection.execute("insert into meta.covered_days select date_day from fresh")
        connection.unregister("fresh")
    covered |= fresh
    if ledger.read_state(connection, "configuration") != digest:
        touched = covered
    else:
        rows = connection.execute("select distinct date_day from meta.touched_days")
        touched = fresh | ({row[0] for row in rows.fetchall()} & covered)
    ledger.write_state(connection, "configuration", digest)
    inputs = _input_hash(connection)
    is_new = ledger.read_state(connection, "mart_inputs") != inputs
    ledger.write_state(connection, "mart_inputs", inputs)
    if touched:
        return min(touched), max(touched)
    # No covered day was touched, but marts without a day (accounts, counters,
    # coverage) may have news all the same.
    days = asked or sorted(covered)
    return (days[0], days[-1]) if is_new else None


def _input_hash(connection: duckdb.DuckDBPyConnection) -> str:
    """A digest of what is staged and how accounts were judged."""
    batches = connection.execute(
        "select batch_id from meta.staged_batches order by batch_id"
    ).fetchall()
    verdicts = ledger.read_state(connection, "accounts")
    return hashlib.sha256(json.dumps([batches, verdicts]).encode()).hexdigest()[:16]


def _build(
    connection: duckdb.DuckDBPyConnection,
    workspace: Workspace,
    window: tuple[date, date],
) -> Aggregated:
    params: dict[str, Any] = {
        "start_date": window[0],
        "end_date": window[1],
        "time_zone": workspace.timezone,
        "look_back_days": workspace.policies.look_back_days,
        "contact_cap_days": workspace.policies.contact_cap_days,
        "action_days": workspace.policies.action_days,
        "min_cell": workspace.policies.min_cell,
        "alarm_phantom_share": workspace.alarms.phantom_share,
        "alarm_completeness_drop": workspace.alarms.completeness_drop,
        **padded_keys(workspace.pseudonym_key()),
    }
    intermediate = load_models("intermediate")
    _fold_named_texts(connection, intermediate["intermediate.named_texts"])
    kept = _set_aside(connection)
    for name in CAMPAIGN_MODELS:
        run_model(connection, intermediate[f"intermediate.{name}"], params)
    window = _widen(connection, window, kept)
    window = _with_days_of_new_mentions(connection, window)
    params |= {"start_date": window[0], "end_date": window[1]}
    _bound_genuine(connection)
    _compare_partners(connection)
    _estimate_phantoms(connection, workspace.policies)
    _build_cascade_nodes(connection)
    _judge_comments(connection, workspace.policies)
    for name in BRAND_MODELS:
        run_model(connection, intermediate[f"intermediate.{name}"], params)
    _judge_actions(connection, workspace.timezone)
    for model in in_order(load_models("restricted")):
        run_model(connection, model, params)
    marts = load_models("marts")
    _store(connection, "metric_headers", metric_headers(marts), schema="meta")
    _store(connection, "reason_classes", _reason_classes(), schema="meta")
    calendar = marts["marts.days"]
    others = [model for model in in_order(marts) if model != calendar]
    for model in others:
        run_model(connection, model, params)
    _write_calendar(connection, others)
    run_model(connection, calendar, params)
    _check(connection, list(load_models("checks").values()), params)
    rows: dict[str, int] = {}
    for model in marts.values():
        rows[model.table] = count(connection, f"select count(*) from {model.name}")
    return Aggregated(window, rows)


def _fold_named_texts(connection: duckdb.DuckDBPyConnection, model: Model) -> None:
    """Texts that may hold a name of a brand or campaign, and their one form."""
    forms = connection.execute("select owner, kind, form from meta.names").fetchall()
    run_model(
        connection,
        model,
        {
            "post_names": any_spelling(form for _, _, form in forms),
            "interaction_names": any_spelling(
                form for owner, _, form in forms if owner == "brand"
            ),
        },
    )
    written = connection.sql(
        """
        select words as text from intermediate.named_texts
        union
        select unnest(hashtags) as text from intermediate.named_texts
        """
    ).pl()
    _store(connection, "folded_texts", fold_all(written.get_column("text")))


def _with_days_of_new_mentions(
    connection: duckdb.DuckDBPyConnection, window: tuple[date, date]
) -> tuple[date, date]:
    """Widen the window to all days whose mentions changed.

    A brand's new name makes mentions of texts that landed long ago.
    """
    connection.execute(
        """
        create or replace temp table mentions_now as
        select
            brand_id,
            platform,
            activity_day,
            count(*) as mentions,
            count(*) filter (where is_genuine) as genuine_mentions
        from intermediate.brand_mentions
        group by all
        """
    )
    connection.execute(
        "create table if not exists meta.mentions as from mentions_now limit 0"
    )
    rows = connection.execute(
        """
        select min(activity_day), max(activity_day) from (
            (from mentions_now except from meta.mentions)
            union all
            (from meta.mentions except from mentions_now)
        )
        """
    ).fetchall()
    connection.execute("create or replace table meta.mentions as from mentions_now")
    connection.execute("drop table mentions_now")
    days = [day for day in (*window, *rows[0]) if day is not None]
    return min(days), max(days)


# Small tables whose news change days on which no row may have landed, and which days:
# a counter read late tells of its own; one more author, another reading of an author's
# profile, or a source that tells one more kind, of all days of the campaign.
_WIDENING = {
    "campaign_counter_days": "select activity_day from changed",
    **dict.fromkeys(
        ("campaign_authors", "campaign_kinds"),
        """
        select interactions.activity_day
        from intermediate.campaign_interactions as interactions
        semi join changed using (campaign_id)
        union all
        select posts.post_day
        from intermediate.campaign_posts as posts
        semi join changed using (campaign_id)
        union all
        select counters.activity_day
        from intermediate.campaign_counter_days as counters
        semi join changed using (campaign_id)
        """,
    ),
}


def _set_aside(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Keep those of these tables that the marts were made of; their names."""
    known = [
        name for name in _WIDENING if table_exists(connection, "intermediate", name)
    ]
    for name in known:
        connection.execute(
            f"create or replace temp table {name}_before as from intermediate.{name}"
        )
    return known


def _widen(
    connection: duckdb.DuckDBPyConnection, window: tuple[date, date], kept: list[str]
) -> tuple[date, date]:
    """Widen the window to days that are known otherwise than before."""
    days = list(window)
    for name in kept:
        rows = connection.execute(
            f"""
            with changed as (
                (from intermediate.{name} except from {name}_before)
                union all
                (from {name}_before except from intermediate.{name})
            )
            select min(activity_day), max(activity_day) from ({_WIDENING[name]})
            """
        ).fetchall()
        connection.execute(f"drop table {name}_before")
        days += [day for day in rows[0] if day is not None]
    return min(days), max(days)


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


def _judge_comments(connection: duckdb.DuckDBPyConnection, policies: Policies) -> None:
    """How comments of campaigns sound, what they are about, and what rises."""
    models = load_models("intermediate")
    words = connection.sql(
        """
        select distinct own_words(comments.text) as words
        from staging.interactions as comments
        inner join meta.covered_days using (date_day)
        where
            comments.kind = 'comment'
            and length(trim(comments.text)) > 0
            and (platform, root_post_id) in (
                select (platform, root_post_id) from intermediate.campaign_interactions
                union
                select (posts.platform, posts.post_id)
                from staging.posts as posts
                inner join meta.brand_accounts using (platform, account_id)
            )
        """
    ).pl()
    scores = score(words.get_column("words"))
    best = pl.concat_list(LABELS).list.arg_max()
    sentiment = pl.concat([words, scores], how="horizontal").select(
        "words",
        sentiment=best.replace_strict(
            dict(enumerate(LABELS)), return_dtype=pl.String, default=None
        ),
    )
    # Names, links and the platform's phrases are no words.
    judged = plain_words(sentiment.get_column("words")).str.len_chars() > 0
    _store(connection, "words_sentiment", sentiment.filter(judged))
    run_model(connection, models["intermediate.campaign_comments"], {})
    run_model(
        connection,
        models["intermediate.sentiment_days"],
        {"balance_error": BALANCE_ERROR},
    )
    days = connection.sql(
        "select campaign_id, activity_day as date_day, negative,"
        " positive + neutral + negative as judged from intermediate.sentiment_days"
    ).pl()
    _store(
        connection,
        "negative_rises",
        rising(days, ["campaign_id"], "negative", "judged").select(
            "campaign_id", activity_day="date_day", is_rise="is_rising"
        ),
    )
    comments = connection.sql(
        """
        select
            comments.platform, comments.interaction_id, comments.campaign_id,
            comments.activity_day as date_day, comments.words as text,
            comments.is_genuine, comments.sentiment, accounts.operator_key as person
        from intermediate.campaign_comments as comments
        left join intermediate.accounts as accounts using (platform, account_id)
        where comments.is_in_window
        """
    ).pl()
    # The same count as in the other marts: a comment is on one side or on none.
    sides = comments.with_columns(
        pl.col("sentiment").eq(name).cast(pl.Float64).alias(name) for name in LABELS
    ).drop("sentiment")
    names = _names_of_commenters(connection) if policies.examples else []
    topics = find_topics(sides, names, policies.min_cell)
    if not policies.examples:
        topics = topics.with_columns(examples=pl.lit([], dtype=pl.List(pl.String)))
    _store(connection, "topics", topics)


def _bound_genuine(connection: duckdb.DuckDBPyConnection) -> None:
    """How much of campaigns, days, posts and audiences is genuine, as intervals."""
    rates = read_rates(ledger.read_state(connection, "score_rates") or "{}")
    audiences = draw_audiences(planted_rates(), rates)
    unseen = {
        "campaign_bounds": connection.sql("from intermediate.campaign_unseen").pl(),
        "partner_bounds": connection.sql("from intermediate.partner_unseen").pl(),
    }
    for table, scores, keys in (
        (
            "campaign_bounds",
            connection.sql("from intermediate.campaign_scores").pl(),
            ["scope", "campaign_id", "platform", "activity_day", "post_id"],
        ),
        (
            "partner_bounds",
            connection.sql("from intermediate.partner_scores").pl(),
            ["campaign_id", "post_set", "partner_id"],
        ),
        (
            "audience_bounds",
            connection.sql(
                "select *, accounts as acts, accounts as squares,"
                " genuine_accounts as genuine_acts from intermediate.audience_scores"
            ).pl(),
            ["brand_id", "audience", "day"],
        ),
    ):
        found = bound_sets(scores, keys, audiences, unseen.get(table))
        _store(connection, table, found)


def _compare_partners(connection: duckdb.DuckDBPyConnection) -> None:
    """Likely phantoms among partners' engagers against those of unpaid posts."""
    counts = """
        count(*) as accounts,
        count(*) filter (where phantom_level = 'phantom') as phantoms
    """
    posts = connection.sql(
        f"select campaign_id, partner_id, {counts} from intermediate.partner_engagers"
        " where post_set in ('paid', 'unpaid')"
        " group by campaign_id, partner_id, platform, post_id"
    ).pl()
    sets = connection.sql(
        f"select campaign_id, partner_id, {counts} from ("
        " select distinct campaign_id, partner_id, platform, account_id, phantom_level"
        " from intermediate.partner_engagers where post_set in ('paid', 'unpaid'))"
        # Of accounts that nobody knows none is a likely phantom.
        " where (campaign_id, coalesce(partner_id, '')) in ("
        " select (campaign_id, coalesce(partner_id, ''))"
        " from intermediate.partner_bounds"
        " where post_set in ('paid', 'unpaid') and is_told)"
        " group by campaign_id, partner_id"
    ).pl()
    _store(connection, "partner_excess", judge_excess(posts, sets))


def _estimate_phantoms(
    connection: duckdb.DuckDBPyConnection, policies: Policies
) -> None:
    """How many accounts are phantoms if they hide like the labelled ones.

    Of each campaign, and of each network with how many likely phantoms are phantoms.
    """
    labelled = resample_labelled(
        read_scores(ledger.read_state(connection, "score_cells") or "{}")
    )
    campaigns = connection.sql(
        """
        select acts.campaign_id as set, scores.score_kind, scores.score_cell,
            count(*) as accounts
        from (
            select distinct campaign_id, platform, account_id
            from intermediate.campaign_interactions
            where is_in_window and kind <> 'mention'
        ) as acts
        inner join intermediate.account_scores as scores using (platform, account_id)
        group by all
        """
    ).pl()
    _store(
        connection,
        "campaign_prevalence",
        estimate_shares(campaigns, labelled).rename({"set": "campaign_id"}),
    )
    rows = []
    every = connection.sql(
        """
        select
            platform,
            score_kind,
            score_cell,
            count(*) as accounts,
            count(*) filter (phantom_level = 'phantom') as likely
        from intermediate.account_scores
        group by all
        order by all
        """
    ).pl()
    for (platform,), scores in every.group_by("platform", maintain_order=True):
        stated = policies.stated_share(str(platform))
        found = measure_prevalence(scores, labelled, policies.phantom_threshold, stated)
        row: dict[str, object] = {
            "platform": platform,
            "accounts": int(scores["accounts"].sum()),
            "known_accounts": found.accounts,
            "likely_accounts": int(scores["likely"].sum()),
            "stated": stated,
        }
        for name, told in (
            ("estimated", found.estimated),
            ("precision", found.precision),
            ("usual_precision", found.usual_precision),
        ):
            row |= {
                f"{name}{end}": None if told is None else value
                for end, value in zip(
                    ("", "_low", "_high"),
                    (told.value, told.low, told.high) if told else (None,) * 3,
                    strict=True,
                )
            }
        rows.append(row)
    counts = ("accounts", "known_accounts", "likely_accounts")
    shares = ("stated",) + tuple(
        f"{name}{end}"
        for name in ("estimated", "precision", "usual_precision")
        for end in ("", "_low", "_high")
    )
    _store(
        connection,
        "network_prevalence",
        pl.DataFrame(
            rows,
            schema={
                "platform": pl.String,
                **dict.fromkeys(counts, pl.Int64),
                **dict.fromkeys(shares, pl.Float64),
            },
        ),
    )


def _judge_actions(connection: duckdb.DuckDBPyConnection, timezone: str) -> None:
    """What brands' posts drew against their usual ones, and what actions changed."""
    days = connection.sql("from intermediate.brand_days").pl()
    episodes = connection.sql(
        """
        select
            brand_id,
            episode,
            class,
            min(first_day) as first_day,
            max(effect_until) as last_day
        from intermediate.brand_actions
        where class <> 'post' or is_alone
        group by brand_id, episode, class
        """
    ).pl()
    controls = connection.sql(
        """
        select brands.brand_id, others.brand_id as control_id
        from meta.brands as brands
        inner join meta.brands as others on brands.brand_id <> others.brand_id
        """
    ).pl()
    _store(connection, "action_effects", judge_episodes(days, episodes, controls))
    # Days after the last landed one are not known yet, covered or not.
    known_days = connection.sql(
        """
        select landed.platform, days.date_day
        from intermediate.landed_days as landed
        inner join meta.covered_days as days
            on days.date_day between landed.first_day and landed.last_day
        """
    ).pl()
    posts = connection.sql("from intermediate.brand_posts").pl()
    acts = connection.sql(
        "select brand_id, action_id, age_seconds, is_genuine"
        " from intermediate.brand_post_acts"
    ).pl()
    _store(connection, "post_effects", judge_posts(posts, acts, known_days, timezone))


def _names_of_commenters(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Names to take out of examples."""
    rows = connection.execute(
        """
        select distinct profiles.screen_name
        from intermediate.campaign_comments as comments
        inner join intermediate.account_profiles as profiles
            using (platform, account_id)
        where profiles.screen_name is not null
        order by profiles.screen_name
        """
    ).fetchall()
    return [row[0] for row in rows]


def _store(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    frame: pl.DataFrame,
    schema: str = "intermediate",
) -> None:
    connection.register("frame", frame)
    connection.execute(f"create or replace table {schema}.{table} as from frame")
    connection.unregister("frame")


def _reason_classes() -> pl.DataFrame:
    """Codes of classes of reasons that speak against an account, with their words."""
    return pl.DataFrame(
        [row for row in REASON_CLASSES.items() if row[0] not in SPEAKING_FOR],
        schema={"reason_class": pl.String, "words": pl.String},
        orient="row",
    )


def _write_calendar(
    connection: duckdb.DuckDBPyConnection, marts: Iterable[Model]
) -> None:
    """The days from the first to the last one that a mart names, as `meta.calendar`."""
    named = [
        f"select min({column.name}) as first_day, max({column.name}) as last_day"
        f" from {model.name}"
        for model in marts
        for column in model.columns
        if column.unit == "day"
    ]
    rows = connection.execute(
        "select min(first_day), max(last_day) from ("
        " select date_day as first_day, date_day as last_day from meta.covered_days"
        f" union all {' union all '.join(named)})"
    ).fetchall()
    _store(connection, "calendar", calendar_days(*rows[0]), schema="meta")


def _build_cascade_nodes(connection: duckdb.DuckDBPyConnection) -> None:
    """What hangs on every repost, from `cascade_edges`."""
    # Roots first, then reposts in order of time: a cycle's earliest node is the
    # one with the lowest index.
    edges = connection.sql(
        """
        select
            row_number() over (
                order by acted_at, length(interaction_id), interaction_id,
                platform, root_post_id
            ) - 1 as node,
            dense_rank() over (order by platform, root_post_id) - 1 as tree,
            coalesce(
                case when account_id is not null then
                    dense_rank() over (order by platform, root_post_id, account_id)
                end,
                -1
            ) as owner,
            *
        from intermediate.cascade_edges
        order by node
        """
    ).pl()
    trees = edges.get_column("tree").max()
    root_count = 0 if trees is None else int(trees) + 1
    parents = edges.join(
        edges.select(
            "platform",
            "root_post_id",
            pl.col("interaction_id").alias("parent_interaction_id"),
            pl.col("node").alias("parent_node"),
        ),
        on=["platform", "root_post_id", "parent_interaction_id"],
        how="left",
        maintain_order="left",
    )
    tree = parents.get_column("tree").to_numpy()
    own = parents.get_column("parent_node").fill_null(-1).to_numpy()
    roots = np.arange(root_count)
    parent = np.concatenate(
        [np.full(root_count, -1), np.where(own < 0, tree, own + root_count)]
    )
    walked = walk_trees(
        parent.astype(np.int64), np.concatenate([roots, tree]).astype(np.int64)
    )
    no_root = np.zeros(root_count, dtype=np.int64)
    genuine = np.concatenate([no_root, parents.get_column("is_genuine").to_numpy()])
    owner = np.concatenate([no_root - 1, parents.get_column("owner").to_numpy()])
    children = np.bincount(walked.parent[root_count:], minlength=len(walked.parent))
    nodes = parents.select(
        "platform",
        "root_post_id",
        "interaction_id",
        "account_id",
        "is_genuine",
        "parent_method",
        "is_parent_missing",
        "acted_at",
        level=pl.Series(walked.level[root_count:]),
        subtree_size=pl.Series(walked.subtree_size[root_count:]),
        tree_size=pl.Series(walked.subtree_size[tree]),
        children=pl.Series(children[root_count:]),
        genuine_subtree_size=pl.Series(sum_subtrees(walked, genuine)[root_count:]),
        is_below_own=pl.Series(below_own(walked, owner)[root_count:]),
    )
    _store(connection, "cascade_nodes", nodes)


def _write_configuration(
    connection: duckdb.DuckDBPyConnection, workspace: Workspace
) -> str:
    """Write brands, campaigns and sources as tables; return their digest."""
    tables = _configuration_tables(workspace)
    for name, frame in tables.items():
        _store(connection, name, frame, schema="meta")
    content = [frame.write_json() for frame in tables.values()]
    content.append(str(workspace.policies.look_back_days))
    content.append(str(workspace.policies.contact_cap_days))
    content.append(str(workspace.policies.action_days))
    content.append(str(workspace.policies.examples))
    content.append(str(workspace.policies.min_cell))
    content.append(str(workspace.alarms.phantom_share))
    content.append(str(workspace.alarms.completeness_drop))
    content.append(shipped_digest())
    content.append(str(sorted(planted_rates().items())))
    content.append(ledger.read_state(connection, "score_rates") or "")
    content.append(ledger.read_state(connection, "score_cells") or "")
    content.append(str(workspace.policies.phantom_share))
    content.append(str(workspace.policies.phantom_threshold))
    key_id = hashlib.sha256(b"key id" + workspace.pseudonym_key()).hexdigest()
    return hashlib.sha256(json.dumps([*content, key_id]).encode()).hexdigest()[:16]


def _configuration_tables(workspace: Workspace) -> dict[str, pl.DataFrame]:
    selectors = [
        (campaign.id, kind, platform, value)
        for campaign in workspace.campaigns
        for kind, platform, value in [
            *(("post_id", ref.platform, ref.post_id) for ref in campaign.post_ids),
            *(("hashtag", None, text) for text in campaign.hashtags),
            *(("keyword", None, text) for text in campaign.keywords),
            *(("link", None, text) for text in campaign.links),
        ]
    ]
    markets = workspace.markets()
    return {
        "suppressions": read_suppressions(workspace.root),
        "contact_history": read_contact_history(workspace.root),
        "cpm": read_cpm(workspace.root),
        "brand_actions": read_brand_actions(workspace.root, workspace.timezone),
        "sources": pl.DataFrame(
            [
                (
                    source.name,
                    source.platform,
                    source.format,
                    gives_of(source).followers,
                    gives_of(source).follower_lists,
                    lacks_of(gives_of(source)),
                )
                for source in workspace.sources
            ],
            schema={
                "source": pl.String,
                "platform": pl.String,
                "format": pl.String,
                "gives_followers": pl.Boolean,
                "gives_follower_lists": pl.Boolean,
                "lacks": pl.String,
            },
            orient="row",
        ),
        "source_gives": pl.DataFrame(
            [
                (
                    source.name,
                    kind,
                    place,
                    kind in gives_of(source).rows,
                    kind in gives_of(source).accounts,
                    kind in gives_of(source).times,
                    kind in gives_of(source).counters,
                )
                for source in workspace.sources
                for place, kind in enumerate(KINDS)
            ],
            schema={
                "source": pl.String,
                "kind": pl.String,
                "place": pl.Int64,
                "gives_rows": pl.Boolean,
                "gives_accounts": pl.Boolean,
                "gives_times": pl.Boolean,
                "gives_counters": pl.Boolean,
            },
            orient="row",
        ),
        "brands": pl.DataFrame(
            [(brand.id, brand.name) for brand in workspace.brands],
            schema={"brand_id": pl.String, "brand_name": pl.String},
            orient="row",
        ),
        "brand_accounts": pl.DataFrame(
            [
                (brand.id, account.platform, account.account_id)
                for brand in workspace.brands
                for account in brand.accounts
            ],
            schema={
                "brand_id": pl.String,
                "platform": pl.String,
                "account_id": pl.String,
            },
            orient="row",
        ),
        "competitors": pl.DataFrame(
            [
                (brand, rival)
                for brand, members in sorted(markets.items())
                for rival in members
                if rival != brand
            ],
            schema={"brand_id": pl.String, "competitor_id": pl.String},
            orient="row",
        ),
        "markets": pl.DataFrame(
            [(brand, members[0]) for brand, members in sorted(markets.items())],
            schema={"brand_id": pl.String, "market": pl.String},
            orient="row",
        ),
        "names": _names(workspace),
        "campaigns": pl.DataFrame(
            [
                (
                    campaign.id,
                    campaign.name or campaign.id,
                    campaign.brand,
                    campaign.start,
                    campaign.end,
                    campaign.budget and campaign.budget.amount,
                    campaign.budget and campaign.budget.currency,
                )
                for campaign in workspace.campaigns
            ],
            schema={
                "campaign_id": pl.String,
                "campaign_name": pl.String,
                "brand_id": pl.String,
                "window_start": pl.Date,
                "window_end": pl.Date,
                "budget_amount": pl.Float64,
                "budget_currency": pl.String,
            },
            orient="row",
        ),
        **_partner_tables(workspace),
        "campaign_selectors": pl.DataFrame(
            sorted(set(selectors), key=str),
            schema={
                "campaign_id": pl.String,
                "kind": pl.String,
                "platform": pl.String,
                "value": pl.String,
            },
            orient="row",
        ),
    }


def _partner_tables(workspace: Workspace) -> dict[str, pl.DataFrame]:
    """Partners of campaigns, and the posts that they list."""
    partners = [
        (campaign, partner)
        for campaign in workspace.campaigns
        for partner in campaign.partners
    ]
    return {
        "partners": pl.DataFrame(
            [
                (
                    campaign.id,
                    partner.id,
                    partner.name or partner.id,
                    partner.account.platform,
                    partner.account.account_id,
                    partner.fee and partner.fee.amount,
                    partner.fee and partner.fee.currency,
                    partner.promised.engagements,
                    partner.promised.reach,
                    partner.start,
                    partner.end,
                    bool(partner.listed_posts),
                )
                for campaign, partner in partners
            ],
            schema={
                "campaign_id": pl.String,
                "partner_id": pl.String,
                "partner_name": pl.String,
                "platform": pl.String,
                "account_id": pl.String,
                "fee_amount": pl.Float64,
                "fee_currency": pl.String,
                "promised_engagements": pl.Int64,
                "promised_reach": pl.Int64,
                "first_day": pl.Date,
                "last_day": pl.Date,
                "lists_posts": pl.Boolean,
            },
            orient="row",
        ),
        "partner_posts": pl.DataFrame(
            [
                (campaign.id, partner.id, post.platform, post.post_id)
                for campaign, partner in partners
                for post in partner.listed_posts
            ],
            schema={
                "campaign_id": pl.String,
                "partner_id": pl.String,
                "platform": pl.String,
                "post_id": pl.String,
            },
            orient="row",
        ),
    }


def _names(workspace: Workspace) -> pl.DataFrame:
    """Keywords and hashtags of brands and campaigns in all their forms."""
    owners: list[tuple[str, Brand | Campaign]] = [
        *(("brand", brand) for brand in workspace.brands),
        *(("campaign", campaign) for campaign in workspace.campaigns),
    ]
    rows = {
        (owner, section.id, kind, form)
        for owner, section in owners
        for kind, form in (
            *(("hashtag", folded_hashtag(text)) for text in section.hashtags),
            *(
                ("call", text.strip()[1:].strip().lower())
                for text in section.keywords
                if text.strip().startswith(("@", "＠"))
            ),
            *(
                ("keyword", form)
                for text in section.keywords
                if not text.strip().startswith(("@", "＠"))
                for form in folded_keyword(text)
            ),
        )
        if form
    }
    return pl.DataFrame(
        sorted(rows),
        schema={
            "owner": pl.String,
            "owner_id": pl.String,
            "kind": pl.String,
            "form": pl.String,
        },
        orient="row",
    )


@task(name="aggregate", cache_policy=NO_CACHE)
def aggregate(
    root: Path,
    run_id: str,
    first: date,
    last: date,
    *,
    catches_up: bool = False,
    forces: bool = False,
) -> Aggregated:
    """Cover a window of days with marts."""
    with without_values("aggregate"):
        return build_marts(
            load_workspace(root),
            run_id,
            first,
            last,
            catches_up=catches_up,
            forces=forces,
        )
