"""When too much is wrong: what stops a run, and what it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import duckdb

from tasks.sources.source_files import has_its_exports, list_files
from tasks.staging.rules import Outcome
from tasks.warehouse import landing
from tasks.warehouse.database import count, table_exists
from tasks.warehouse.ledger_copy import batches_once_staged
from tasks.warehouse.workspace import Workspace


@dataclass(frozen=True)
class Lost:
    """What a source lost while landing: rows of all its rows, and whole files."""

    rows: int
    rows_in: int
    files: int


# Of a source that loses so much another format may be meant.
_NEARLY_ALL = 0.9
# Fewer new rows are no picture of a source: one bad row a day would stop every run.
_ENOUGH_NEW_ROWS = 20


def judged_with_before(
    connection: duckdb.DuckDBPyConnection, outcome: Outcome
) -> Outcome:
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


def refused_batches(
    connection: duckdb.DuckDBPyConnection,
    workspace: Workspace,
    batches: list[landing.Batch],
    outcomes: list[Outcome],
) -> list[landing.Batch]:
    """Batches of the sources that refused rows came from, as far as they land again.

    What was staged once, under another threshold or by other code, stays landed, and so
    does what no export gives again: landing may be all that is left of it.
    """
    sources = set(lost_while_landing(workspace, batches))
    if refused_rules(outcomes):
        sources |= _sources_of_refused(connection, workspace)
    accepted = batches_once_staged(workspace)
    return [
        batch
        for batch in batches
        if batch.inputs[0].source in sources
        and batch.batch_id not in accepted
        and has_its_exports(workspace, batch)
    ]


def _sources_of_refused(
    connection: duckdb.DuckDBPyConnection, workspace: Workspace
) -> set[str]:
    rows = connection.execute(
        "select distinct source from read_parquet($files)",
        {"files": landing.as_patterns([workspace.quarantine / "refused.parquet"])},
    ).fetchall()
    return {source for (source,) in rows}


def meant_formats(
    connection: duckdb.DuckDBPyConnection,
    workspace: Workspace,
    refused: list[Outcome],
    lost: Mapping[str, Lost],
) -> dict[str, str]:
    """By source the format that its files have, where it isn't the one it names."""
    # Its imports take longer than a run that refuses nothing and has nothing new.
    from tasks.sources.format_guess import formats_that_read

    suspects = {
        name for name, found in lost.items() if found.rows > _NEARLY_ALL * found.rows_in
    }
    if any(o.rows_failed > _NEARLY_ALL * o.rows_checked for o in refused):
        suspects |= _sources_of_refused(connection, workspace)
    meant = {}
    for source in workspace.sources:
        if source.kind == "files" and source.name in suspects:
            there = list_files(workspace, source)
            found = formats_that_read(
                [path for path, _ in there.files]
            ) or formats_that_read([path for path, _ in there.skipped])
            if found and found[0] != source.format:
                meant[source.name] = found[0]
    return meant


def refused_rules(outcomes: list[Outcome]) -> list[Outcome]:
    """Outcomes that stop a run."""
    return [o for o in outcomes if not o.success and o.rule.level == "error"]


def tell_refusal(
    workspace: Workspace,
    refused: list[Outcome],
    timeless: list[str],
    lost: Mapping[str, Lost],
    reasons: Mapping[str, list[str]],
    meant: Mapping[str, str],
) -> str:
    """Why nothing was published, with the repair."""
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
    hint += "".join(
        f" The files of source '{source}' look like format {form}: name it as their"
        " format in workspace.toml."
        for source, form in meant.items()
    )
    return (
        f"Nothing was published: {'; '.join(parts)}.{hint} Look at"
        f" {workspace.quarantine / 'refused.parquet'}, correct the export and"
        " replace its file; or, if these rows may be left out, raise"
        " policies.quarantine_threshold in workspace.toml (now"
        f" {workspace.policies.quarantine_threshold})."
    )
