"""Commands that run days: daily, backfill, crawl, uncover."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.command_line.options import (
    DebugOption,
    ForceOption,
    WorkspaceOption,
    parse_day,
)
from flows.command_line.quiet_orchestrator import prepare_prefect
from tasks.warehouse.errors import ConfigurationError
from tasks.warehouse.steps import STEPS, Step

if TYPE_CHECKING:
    from tasks.warehouse.workspace import Workspace


def daily(
    day: Annotated[
        str | None,
        typer.Option("--date", help="The day; yesterday without it.", metavar="DAY"),
    ] = None,
    force: ForceOption = False,
    workspace: WorkspaceOption = Path("data"),
    debug: DebugOption = False,
) -> None:
    """Run one day; without --date also the days before it that are missing."""
    chosen = parse_day(day, "--date") if day else None
    from tasks.warehouse.seeds import check_seeds
    from tasks.warehouse.workspace import load_workspace

    # Mistakes are told before the slow imports.
    configuration = load_workspace(workspace)
    if chosen and not force:
        configuration.refuse_days_to_come(chosen, chosen)
    _check_apis(configuration)
    check_seeds(workspace)
    prepare_prefect(debug=debug)
    from flows.daily import daily as flow
    from flows.orchestration import run_flow

    run_flow(flow, day=chosen, workspace=str(workspace), force=force)


def backfill(
    first: Annotated[str, typer.Option("--from", help="First day.", metavar="DAY")],
    last: Annotated[str, typer.Option("--to", help="Last day.", metavar="DAY")],
    reason: Annotated[str, typer.Option(help="Why, for the ledger.")],
    only: Annotated[
        str | None,
        typer.Option(
            help=f"Only these steps, of {','.join(STEPS)}; or only these tables, as"
            " marts.campaigns, with what they need.",
            metavar="STEPS|TABLES",
        ),
    ] = None,
    campaign: Annotated[
        str | None,
        typer.Option(
            help="Only the days of these campaigns within the range.",
            metavar="IDS",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would run, change nothing.")
    ] = False,
    force: ForceOption = False,
    workspace: WorkspaceOption = Path("data"),
    debug: DebugOption = False,
) -> None:
    """Run a range of days, both inclusive, as one window."""
    mistakes: list[str] = []
    days = _days_of_range(first, last, mistakes)
    if not reason.strip():
        mistakes.append("--reason is empty: say why this range is run again.")
    tables = _tables_of(only, mistakes) if only and "." in only else []
    steps = _steps_of(only, mistakes) if only and not tables else None
    if tables:
        steps = ["validate", "deduplicate", "aggregate"]
    from tasks.warehouse.seeds import check_seeds
    from tasks.warehouse.workspace import days_of_campaigns, load_workspace

    try:
        configuration = load_workspace(workspace)
        check_seeds(workspace)
        if steps is None or "extract" in steps:
            _check_apis(configuration)
        if campaign and len(days) == 2:
            names = [name.strip() for name in campaign.split(",")]
            days = list(days_of_campaigns(configuration, names, days[0], days[1]))
        if len(days) == 2 and not force:
            configuration.refuse_days_to_come(days[0], days[1])
    except ConfigurationError as error:
        mistakes += error.mistakes
    if mistakes:
        raise ConfigurationError(mistakes)
    if dry_run:
        typer.echo(
            f"Would run {', '.join(steps or STEPS)}"
            f"{' of ' + ', '.join(tables) if tables else ''} for"
            f" {(days[1] - days[0]).days + 1} days"
            f" ({days[0]} to {days[1]}) in one window, for"
            f" {len(configuration.sources)} sources and"
            f" {len(configuration.campaigns)} campaigns of {workspace}."
        )
        return
    prepare_prefect(debug=debug)
    from flows.backfill import backfill as flow
    from flows.orchestration import run_flow

    run_flow(
        flow,
        first=days[0],
        last=days[1],
        reason=reason,
        only=steps,
        tables=tables,
        workspace=str(workspace),
        force=force,
    )


def crawl(
    source: Annotated[str, typer.Argument(help="Name of an API source.")],
    first: Annotated[
        str | None,
        typer.Option(
            "--from",
            help="First day; as of `daily` without it.",
            metavar="DAY",
        ),
    ] = None,
    last: Annotated[
        str | None, typer.Option("--to", help="Last day.", metavar="DAY")
    ] = None,
    force: ForceOption = False,
    workspace: WorkspaceOption = Path("data"),
    debug: DebugOption = False,
) -> None:
    """Read an API source ahead of a run, which then lands it."""
    mistakes: list[str] = []
    days: list[date] = []
    if first and last:
        days = _days_of_range(first, last, mistakes)
    elif first or last:
        mistakes.append("--from and --to belong together: name both, or neither.")
    if mistakes:
        raise ConfigurationError(mistakes)
    prepare_prefect(debug=debug)
    from flows.crawl import crawl as flow
    from flows.orchestration import run_flow

    run_flow(
        flow,
        source,
        first=days[0] if days else None,
        last=days[1] if days else None,
        workspace=str(workspace),
        force=force,
    )


def _days_of_range(first: str, last: str, mistakes: list[str]) -> list[date]:
    """First and last day, as far as they are days; what is wrong goes to mistakes."""
    days: list[date] = []
    for value, option in ((first, "--from"), (last, "--to")):
        try:
            days.append(parse_day(value, option))
        except ConfigurationError as error:
            mistakes += error.mistakes
    if len(days) == 2 and days[0] > days[1]:
        mistakes.append(f"--from {first} lies after --to {last}: swap them.")
    return days


def _tables_of(only: str, mistakes: list[str]) -> list[str]:
    """The tables that are named; what is none, or is a step, goes to mistakes."""
    from tasks.warehouse.graph import nearest_table

    asked = [name.strip() for name in only.split(",")]
    for name in asked:
        if name in STEPS:
            mistakes.append(
                f"--only names the step '{name}' beside tables: name one kind."
            )
        elif (nearest := nearest_table(name)) != name:
            hint = f": did you mean {nearest}?" if nearest else "."
            mistakes.append(
                f"--only names '{name}', which is no table that is made"
                f" from staging{hint}"
            )
    return asked


def _steps_of(only: str, mistakes: list[str]) -> list[Step]:
    """The steps that are named, in their order; what is none goes to mistakes."""
    asked = [name.strip() for name in only.split(",")]
    for name in asked:
        if name not in STEPS:
            from tasks.warehouse.graph import tables_called

            meant = " or ".join(tables_called(name))
            hint = f" (or the table {meant})" if meant else ""
            mistakes.append(
                f"--only names '{name}', which is no step:"
                f" use {', '.join(STEPS)}{hint}."
            )
    return [step for step in STEPS if step in asked]


def uncover(
    first: Annotated[str, typer.Option("--from", help="First day.", metavar="DAY")],
    last: Annotated[str, typer.Option("--to", help="Last day.", metavar="DAY")],
    reason: Annotated[str, typer.Option(help="Why, for the ledger.")],
    workspace: WorkspaceOption = Path("data"),
    debug: DebugOption = False,
) -> None:
    """Take days out of the marts that should never have been run."""
    mistakes: list[str] = []
    days = _days_of_range(first, last, mistakes)
    if not reason.strip():
        mistakes.append("--reason is empty: say why these days go.")
    if mistakes:
        raise ConfigurationError(mistakes)
    from tasks.warehouse.seeds import check_seeds
    from tasks.warehouse.workspace import load_workspace

    configuration = load_workspace(workspace)
    check_seeds(workspace)
    prepare_prefect(debug=debug)
    from flows.commands.uncover import uncover as run

    run(configuration, days[0], days[1], reason)


def _check_apis(configuration: Workspace) -> None:
    """Name every mistake of APIs at once; costs imports only where there is one."""
    if any(source.kind == "api" for source in configuration.sources):
        from tasks.sources.api_landing import check_apis

        check_apis(configuration)
