"""Validate: landed records to staging; what fails a rule goes to quarantine.

Rows in = rows staged + rows quarantined, at every table. Cost: one typed parse
and a few aggregates over the new records, a rewrite of the rows that they touch.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from tasks.report.validation import write_validation_page
from tasks.sources.networks import RAW_TABLES
from tasks.verdicts.account_features import touch_all_accounts
from tasks.warehouse import file_evidence, landing, ledger
from tasks.warehouse.database import connect, count, table_exists, transaction
from tasks.warehouse.errors import ValidationFailedError, without_values
from tasks.warehouse.landing import replacing
from tasks.warehouse.models import (
    Model,
    create_table,
    load_models,
    run_model,
)
from tasks.warehouse.progress import say, step
from tasks.warehouse.raw_tables import MARK
from tasks.warehouse.rejected import read_rejected
from tasks.warehouse.rules import Outcome, Rule, judge_rules
from tasks.warehouse.staging import (
    LANDED_AT,
    SUITES,
    leave_out,
    observe,
    why_unread,
)
from tasks.warehouse.workspace import Workspace, load_workspace

# The day that a row counts for; null where the record tells none.
_DAY_SQL = {
    "accounts": "observed_at",
    "posts": "posted_at",
    "post_counters": "observed_at",
    "interactions": "acted_at",
    "follows": "observed_at",
}


@dataclass(frozen=True)
class Validated:
    """What a run staged; rows are observations."""

    batches: int
    rows_in: int
    rows_out: int
    rows_quarantined: int


@dataclass(frozen=True)
class Lost:
    """What a source lost while landing: rows of all its rows, and whole files."""

    rows: int
    rows_in: int
    files: int


def stage_batches(workspace: Workspace, run_id: str) -> Validated:
    """Bring staging up to everything that is landed.

    Raises:
        LandingDamagedError: landed files and their log don't fit together, or a file
            is not as it was written.
        ValidationFailedError: a rule of level "error" failed; staging stays as
            it was.
    """
    with step("validate"):
        log = landing.read_log(workspace.landing)
        landing.check(workspace.landing, log)
        with connect(workspace.database) as connection:
            if ledger.reset_when_changed(
                connection, workspace.timezone, [repr(RAW_TABLES)]
            ):
                say("  the models changed: everything is made anew from landing")
            staged = {
                row[0]
                for row in connection.execute("from meta.staged_batches").fetchall()
            }
            batches = [batch for batch in log if batch.batch_id not in staged]
            if not batches and staged:
                say("  nothing new to stage")
                return Validated(0, 0, 0, 0)
            landing.verify(workspace.landing, batches)
            counts = observe(connection, workspace.landing, batches, RAW_TABLES)
            if files := file_evidence.count_misjudged(connection):
                say(
                    f"  {files:,} files show by their new rows that older ones were"
                    " rounded, or cut, or not: everything is made anew from landing"
                )
                with transaction(connection):
                    ledger.forget_tables(connection)
                batches = log
                landing.verify(workspace.landing, batches)
                counts = observe(connection, workspace.landing, batches, RAW_TABLES)
            outcomes = judge_rules(
                connection,
                "raw",
                {
                    f"observed_{table}": SUITES[table]
                    for table in SUITES
                    if counts[table]
                },
                workspace.policies.quarantine_threshold,
            )
            outcomes = [_judged(connection, outcome) for outcome in outcomes]
            try:
                result = _stage(
                    connection, workspace, batches, run_id, outcomes, counts
                )
            except ValidationFailedError:
                # What stays landed would be refused for ever; the file lands
                # again with the next run, corrected or accepted by then.
                withdrawn = _refused_batches(connection, workspace, batches, outcomes)
                landing.withdraw(workspace.landing, withdrawn)
                for batch in withdrawn:  # their rows stand in refused.parquet
                    _landing_quarantine(workspace, batch).unlink(missing_ok=True)
                raise
            ledger.write_copy(connection, workspace)
        return result


def _stage(
    connection: duckdb.DuckDBPyConnection,
    workspace: Workspace,
    batches: list[landing.Batch],
    run_id: str,
    outcomes: list[Outcome],
    counts: dict[str, int],
) -> Validated:
    models = load_models("staging")
    params = {"time_zone": workspace.timezone}
    with transaction(connection):
        bad = {
            table: _quarantine(connection, table, params, outcomes) for table in SUITES
        }
        unread = [
            outcome
            for table in SUITES
            for outcome in _tell_unread(
                connection, table, params, workspace.policies.quarantine_threshold
            )
        ]
        _take_landing_quarantine(connection, workspace, batches)
        had_rows = {
            table: _has_rows(connection, models[f"staging.{table}"]) for table in SUITES
        }
        if any(had_rows.values()):
            _touch_days(connection)  # where the rows stood before
            _touch_accounts(connection)
        for table, old_rows in had_rows.items():
            run_model(connection, models[f"staging.{table}"], params, old_rows=old_rows)
        if any(had_rows.values()):
            _touch_days(connection)  # and where they stand now
            _touch_accounts(connection)
        else:
            touch_all_accounts(connection)
            connection.execute(
                "insert into meta.touched_days"
                " select distinct date_day from staging.interactions"
                " union select distinct date_day from staging.posts"
            )
        _note_source_days(connection, params)
        _mark(connection, run_id, params)
        if batches:
            connection.executemany(
                "insert into meta.staged_batches values (?)",
                [[batch.batch_id] for batch in batches],
            )
        file_evidence.remember(connection)
        _record(connection, [*outcomes, *unread])
        refused = _refused_rules(outcomes)
        lost = lost_while_landing(workspace, batches)
        if refused or lost:
            _export_quarantine(connection, workspace, "refused.parquet")
            write_validation_page(workspace.validation, [*outcomes, *unread])
            raise ValidationFailedError(
                _refusal(
                    workspace,
                    refused,
                    _timeless(connection),
                    lost,
                    _first_reasons(connection, lost),
                )
            )
    for table in SUITES:
        connection.execute(f"drop view staging.valid_{table}")
    (workspace.quarantine / "refused.parquet").unlink(missing_ok=True)
    _export_quarantine(connection, workspace, "quarantine.parquet")
    _export_quarantine(connection, workspace, "unread.parquet", "unread_values")
    write_validation_page(workspace.validation, [*outcomes, *unread])
    rows_in, rows_bad = sum(counts.values()), sum(bad.values())
    say(
        f"  {rows_in:,} observations = {rows_in - rows_bad:,} staged"
        f" + {rows_bad:,} quarantined"
    )
    if unread:
        say(
            f"  {sum(outcome.rows_failed for outcome in unread):,} values of rows that"
            " stand can't be read and count as unknown:"
            f" {workspace.quarantine / 'unread.parquet'}"
        )
    return Validated(len(batches), rows_in, rows_in - rows_bad, rows_bad)


def _has_rows(connection: duckdb.DuckDBPyConnection, model: Model) -> bool:
    create_table(connection, model, {})
    return count(connection, f"select count(*) from {model.name}") > 0


def _quarantine(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    params: dict[str, str],
    outcomes: list[Outcome],
) -> int:
    """Copy failing rows to quarantine, leave the others in `staging.valid_*`.

    Great Expectations says which rules have failing rows; the rows themselves
    are fetched with the rule's own condition, so that no value passes through
    its results.
    """
    failing = [
        outcome.rule
        for outcome in outcomes
        if outcome.table == f"observed_{table}" and outcome.rows_failed
    ]
    condition = leave_out(connection, table, failing)
    if not failing:
        return 0
    reason = " ".join(f"when {rule.bad_row_sql} then {_why(rule)}" for rule in failing)
    before = _quarantined(connection)
    connection.execute(
        f"""
        insert into meta.quarantine
        select
            'validate', source, platform, '{table}',
            case
                when not ({_is_doubtful(table)})
                    then cast(
                        {_DAY_SQL[table]} at time zone 'UTC' at time zone $time_zone
                        as date
                    )
            end,
            case {reason} end, path, position, item, 1,
            cast(to_json(observed) as varchar)
        from raw.observed_{table} as observed
        where {condition}
        """,
        params,
    )
    return _quarantined(connection) - before


def _is_doubtful(table: str) -> str:
    """SQL for whether a row's own day is wrong, so that it is of no day."""
    day = _DAY_SQL[table]
    rules = (
        *(rule for rule in SUITES[table] if rule.column == day),
        Rule(day, "not_later", after=LANDED_AT),
    )
    return " or ".join(rule.bad_row_sql for rule in rules)


def _why(rule: Rule) -> str:
    """SQL for a rule in words and the value that breaks it."""
    name = "'" + rule.name.replace("'", "''") + "'"
    if rule.kind == "not_null":
        return f"{name} || ': ' || {why_unread(rule.column)}"
    return f"{name} || ': it is ' || cast({rule.column} as varchar)"


def _tell_unread(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    params: dict[str, str],
    tolerance: float,
) -> list[Outcome]:
    """Note the values of staged rows that could not be read; an outcome a column.

    The rows stand, with nothing in place of these values: such a count is unknown, not
    zero. They are noted like quarantined rows, but apart: no row went away.
    """
    found = connection.execute(
        f"""
        select split_part(part, '=', 1) as name, count(*)
        from (
            select unnest(string_split(unread, {MARK})) as part
            from staging.valid_{table}
            where unread is not null
        ) as parts
        group by name
        order by name
        """
    ).fetchall()
    if not found:
        return []
    connection.execute(
        f"""
        insert into meta.unread_values
        select
            'validate', source, platform, '{table}',
            cast({_DAY_SQL[table]} at time zone 'UTC' at time zone $time_zone as date),
            split_part(part, '=', 1) || ' is unknown: ' || problem_of(
                split_part(part, '=', 1), substr(part, strpos(part, '=') + 1)
            ),
            path, position, item, count(*), null
        from (
            select *, unnest(string_split(unread, {MARK})) as part
            from staging.valid_{table}
            where unread is not null
        ) as parts
        group by all
        """,
        params,
    )
    outcomes = []
    for name, failed in found:
        read = count(connection, f"select count({name}) from staging.valid_{table}")
        outcomes.append(
            Outcome(
                table=f"observed_{table}",
                rule=Rule(name, "readable", "warning"),
                rows_checked=read + failed,
                rows_failed=failed,
                tolerance=tolerance,
                success=failed <= tolerance * (read + failed),
            )
        )
    return outcomes


def _timeless(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Examples of times that only a source's `observed_at` can complete.

    They are digits and words for time, nothing that could tell a person.
    """
    rows = connection.execute(
        "select distinct split_part(reason, ': ', 2) || ': state observed_at'"
        " from meta.quarantine where stage = 'validate'"
        " and ends_with(reason, ': state observed_at') order by all limit 2"
    ).fetchall()
    return [str(row[0]) for row in rows]


def _quarantined(connection: duckdb.DuckDBPyConnection) -> int:
    return count(connection, "select count(*) from meta.quarantine")


def _take_landing_quarantine(
    connection: duckdb.DuckDBPyConnection,
    workspace: Workspace,
    batches: list[landing.Batch],
) -> None:
    for batch in batches:
        file = _landing_quarantine(workspace, batch)
        if file.exists():
            read_rejected(file)  # in words where it is damaged
            connection.execute(
                "insert into meta.quarantine select 'landing', source, platform, null,"
                " null, reason, path, position, item, 1, record"
                " from read_parquet($file)",
                {"file": landing.as_patterns([file])},
            )


def _landing_quarantine(workspace: Workspace, batch: landing.Batch) -> Path:
    return workspace.quarantine / f"landing-{batch.batch_id}.parquet"


# Fewer new rows are no picture of a source: one bad row a day would stop every run.
_ENOUGH_NEW_ROWS = 20


def _judged(connection: duckdb.DuckDBPyConnection, outcome: Outcome) -> Outcome:
    """An outcome whose success is told with the rows before, where few are new."""
    table = outcome.table.removeprefix("observed_")
    if (
        outcome.success
        or outcome.rows_checked >= _ENOUGH_NEW_ROWS
        or not table_exists(connection, "staging", table)
    ):
        return outcome
    stood = count(connection, f"select count(*) from staging.{table}")
    failed = count(
        connection,
        "select count(*) from meta.quarantine where stage = 'validate'"
        " and kind = $kind and split_part(reason, ': ', 1) = $rule",
        {"kind": table, "rule": outcome.rule.name},
    )
    bad = outcome.rows_failed + failed
    checked = outcome.rows_checked + failed + stood
    return replace(outcome, success=bad <= outcome.tolerance * checked)


def lost_while_landing(
    workspace: Workspace, batches: list[landing.Batch]
) -> dict[str, Lost]:
    """Sources of files that lost more than the threshold allows while landing.

    A file that was lost whole counts as many rows as its bytes hold in the source's
    other files, at least one. Few new rows of files that grew tell nothing by
    themselves: they are judged together with what these files gave before.
    """
    files: dict[str, list[landing.LandedFile]] = {
        source.name: [] for source in workspace.sources if source.kind == "files"
    }
    for batch in batches:
        for file in batch.inputs:
            if file.source in files:
                files[file.source].append(file)
    lost = {}
    for name, found in files.items():
        landed = sum(file.records for file in found)
        rejected = sum(file.quarantined for file in found if not file.error)
        whole = [file for file in found if file.error]
        size = sum(file.size for file in found if not file.error)
        held = sum(file.known for file in found if not file.error)
        density = (landed + rejected + held) / size if size else 0.0
        rows = rejected + sum(max(round(file.size * density), 1) for file in whole)
        total = rows + landed
        if total < _ENOUGH_NEW_ROWS:
            total += held
        if rows and rows / total > workspace.policies.quarantine_threshold:
            lost[name] = Lost(rows, total, len(whole))
    return lost


def _first_reasons(
    connection: duckdb.DuckDBPyConnection, sources: Iterable[str]
) -> dict[str, list[str]]:
    """The most frequent reasons of each source, each with a place, without values."""
    return {
        source: [
            f"{path}{f', line {line}' if line else ''}: {reason}"
            for path, line, reason in connection.execute(
                "select arg_min(path, (path, position)),"
                " arg_min(position, (path, position)),"
                f" {ledger.REASON_WITHOUT_VALUE} as reason"
                " from meta.quarantine where stage = 'landing' and source = $source"
                " group by all order by count(*) desc, 1, 2, 3 limit 3",
                {"source": source},
            ).fetchall()
        ]
        for source in sources
    }


def _touch_accounts(connection: duckdb.DuckDBPyConnection) -> None:
    """Note whose own acts, or what is counted of their posts, the new rows change."""
    connection.execute(
        """
        insert into meta.touched_accounts
        select interactions.platform, interactions.account_id
        from staging.interactions as interactions
        semi join staging.valid_interactions as observed
            on interactions.platform = observed.platform
            and interactions.interaction_id = observed.interaction_id
        where interactions.account_id is not null
        union
        select posts.platform, posts.account_id
        from staging.posts as posts
        semi join (
            select platform, post_id from staging.valid_posts
            union all
            select platform, post_id from staging.valid_post_counters
        ) as observed
            on posts.platform = observed.platform
            and posts.post_id = observed.post_id
        where posts.account_id is not null
        """
    )


def _touch_days(connection: duckdb.DuckDBPyConnection) -> None:
    """Note the days whose marts the new rows change.

    Besides their own days these are the days on which a newly observed account
    acted: its followers there may be known better now.
    """
    connection.execute(
        """
        insert into meta.touched_days
        select distinct interactions.date_day
        from staging.interactions as interactions
        semi join (
            select distinct platform, root_post_id from staging.valid_interactions
        ) as roots
            on interactions.platform = roots.platform
            and interactions.root_post_id = roots.root_post_id
        union
        select distinct interactions.date_day
        from staging.interactions as interactions
        semi join (
            select distinct platform, account_id from staging.valid_accounts
        ) as observed
            on interactions.platform = observed.platform
            and interactions.account_id = observed.account_id
        union
        select distinct interactions.date_day
        from staging.interactions as interactions
        semi join (
            select distinct platform, post_id from staging.valid_posts
        ) as observed
            on interactions.platform = observed.platform
            and interactions.root_post_id = observed.post_id
        union
        select distinct posts.date_day
        from staging.posts as posts
        semi join (
            select distinct platform, post_id from staging.valid_posts
        ) as observed
            on posts.platform = observed.platform and posts.post_id = observed.post_id
        """
    )


def _note_source_days(
    connection: duckdb.DuckDBPyConnection, params: dict[str, str]
) -> None:
    """Note of which days each source gave something.

    Of observations, not of what staging keeps of them: two sources that give the same
    comment are both alive.
    """
    given = " union all ".join(
        f"select source, platform, {moment} as happened_at,"
        f" {str(table in ('posts', 'interactions')).lower()} as is_activity"
        f" from staging.valid_{table}"
        for table, moment in _DAY_SQL.items()
    )
    connection.execute(
        f"""
        insert into meta.source_days
        select distinct
            source,
            platform,
            cast(happened_at at time zone 'UTC' at time zone $time_zone as date),
            is_activity
        from ({given})
        where happened_at is not null
        except
        from meta.source_days
        """,
        params,
    )


def _mark(
    connection: duckdb.DuckDBPyConnection, run_id: str, params: dict[str, str]
) -> None:
    """Write what was landed and staged per platform and day."""
    days = " union all ".join(
        f"select platform, {_DAY_SQL[table]} as happened_at from staging.valid_{table}"
        for table in ("posts", "interactions")
    )
    connection.execute(
        f"""
        create or replace temp table staged_days as
        select
            staged.platform,
            staged.date_day,
            staged.rows_out + coalesce(rejected.rows, 0) as rows_in,
            staged.rows_out,
            coalesce(rejected.rows, 0) as rows_quarantined
        from (
            select
                platform,
                cast(happened_at at time zone 'UTC' at time zone $time_zone as date)
                    as date_day,
                count(*) as rows_out
            from ({days})
            group by all
        ) as staged
        left join (
            select platform, date_day, cast(sum(rows) as bigint) as rows
            from meta.quarantine
            where stage = 'validate' and kind in ('posts', 'interactions')
            group by all
        ) as rejected using (platform, date_day)
        """,
        params,
    )
    for name in ("extract", "validate"):
        ledger.mark(connection, name, run_id, "from staged_days")
    connection.execute("drop table staged_days")


def _refused_batches(
    connection: duckdb.DuckDBPyConnection,
    workspace: Workspace,
    batches: list[landing.Batch],
    outcomes: list[Outcome],
) -> list[landing.Batch]:
    """Batches of the sources that refused rows came from; the others stay landed."""
    sources = set(lost_while_landing(workspace, batches))
    if _refused_rules(outcomes):
        rows = connection.execute(
            "select distinct source from read_parquet($files)",
            {"files": landing.as_patterns([workspace.quarantine / "refused.parquet"])},
        ).fetchall()
        sources |= {row[0] for row in rows}
    return [batch for batch in batches if batch.inputs[0].source in sources]


def _record(connection: duckdb.DuckDBPyConnection, outcomes: list[Outcome]) -> None:
    connection.execute("delete from meta.validation_results")
    if outcomes:
        connection.executemany(
            "insert into meta.validation_results values (?, ?, ?, ?, ?, ?, ?)",
            [
                [
                    o.table,
                    o.rule.name,
                    o.rule.level,
                    o.rows_checked,
                    o.rows_failed,
                    o.tolerance,
                    o.success,
                ]
                for o in outcomes
            ],
        )


def _refused_rules(outcomes: list[Outcome]) -> list[Outcome]:
    return [o for o in outcomes if not o.success and o.rule.level == "error"]


def _refusal(
    workspace: Workspace,
    refused: list[Outcome],
    timeless: list[str],
    lost: Mapping[str, Lost],
    reasons: Mapping[str, list[str]],
) -> str:
    parts = [
        f"{o.rows_failed:,} of {o.rows_checked:,} rows of"
        f" {o.table.removeprefix('observed_')} fail the rule '{o.rule.name}'"
        for o in refused
    ]
    for source, found in lost.items():
        share = 100 * found.rows / found.rows_in
        files = "file" if found.files == 1 else "files"
        whole = f", {found.files:,} {files} whole" if found.files else ""
        parts.append(
            f"source '{source}' lost {share:.0f} % of its rows while landing"
            f" ({found.rows:,} of {found.rows_in:,}{whole}):"
            f" {'; '.join(reasons[source])}"
        )
    hint = (
        f" {'; '.join(timeless)} for the source in workspace.toml." if timeless else ""
    )
    return (
        f"Nothing was published: {'; '.join(parts)}.{hint} Look at"
        f" {workspace.quarantine / 'refused.parquet'}, correct the export and"
        " replace its file; or, if these rows may be left out, raise"
        " policies.quarantine_threshold in workspace.toml (now"
        f" {workspace.policies.quarantine_threshold})."
    )


def _export_quarantine(
    connection: duckdb.DuckDBPyConnection,
    workspace: Workspace,
    name: str,
    table: str = "quarantine",
) -> None:
    workspace.quarantine.mkdir(exist_ok=True)
    target = workspace.quarantine / name
    if not count(connection, f"select count(*) from meta.{table}"):
        target.unlink(missing_ok=True)
        return
    with replacing(target) as beside:
        connection.execute(
            f"copy (from meta.{table} order by stage, source, path, position, item,"
            f" kind, reason, record) to '{str(beside).replace(chr(39), chr(39) * 2)}'"
            " (format parquet, compression zstd)"
        )


def validate(root: Path, run_id: str) -> Validated:
    """Stage what is landed."""
    with without_values("validate"):
        return stage_batches(load_workspace(root), run_id)
