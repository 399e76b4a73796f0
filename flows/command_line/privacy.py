"""The commands of `privacy`: export, suppress, erase."""

from __future__ import annotations

import difflib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.command_line.options import DebugOption, WorkspaceOption
from flows.command_line.quiet_orchestrator import prepare_prefect
from tasks.warehouse.errors import ConfigurationError
from tasks.warehouse.steps import STEPS

if TYPE_CHECKING:
    from tasks.warehouse.workspace import Workspace

RequestsOption = Annotated[
    str | None,
    typer.Option(
        "--requests",
        help="CSV with the columns platform and account_id, a line a person; - reads"
        " it from standard input.",
        metavar="FILE",
    ),
]
PlatformOption = Annotated[
    str | None, typer.Option(help="The account's network, as weibo.", metavar="P")
]
AccountOption = Annotated[
    str | None,
    typer.Option(
        "--account",
        help="Its id at the network, where the machine's list of processes and the"
        " shell's history may tell it.",
        metavar="ID",
    ),
]


def export(
    out: Annotated[
        Path, typer.Option(help="The file to write, .json; new.", metavar="FILE")
    ],
    requests: RequestsOption = None,
    platform: PlatformOption = None,
    account: AccountOption = None,
    workspace: WorkspaceOption = Path("data"),
    debug: DebugOption = False,
) -> None:
    """Write all that is held of accounts: records, judgements, marts, seeds."""
    from flows.commands.privacy import write_export

    configuration, asked = _requested(workspace, requests, platform, account)
    typer.echo(write_export(configuration, asked, out))


def suppress(
    requests: RequestsOption = None,
    platform: PlatformOption = None,
    account: AccountOption = None,
    reason: Annotated[str, typer.Option(help="Why.")] = "asked not to be contacted",
    workspace: WorkspaceOption = Path("data"),
    debug: DebugOption = False,
) -> None:
    """Never contact accounts, nor the others of their owners."""
    from flows.commands.privacy import suppress as run
    from tasks.warehouse.seeds import check_seeds

    configuration, asked = _requested(workspace, requests, platform, account)
    # A line under wrong columns would be lost.
    check_seeds(workspace)
    new = sum(run(configuration, *one, reason) for one in asked)
    typer.echo(
        f"{'Added to' if new else 'Stood already in'}"
        f" {workspace / 'seeds/suppressions.csv'}; taken off the list of contacts. The"
        " marts follow with the next run."
    )


def erase(
    requests: RequestsOption = None,
    platform: PlatformOption = None,
    account: AccountOption = None,
    workspace: WorkspaceOption = Path("data"),
    debug: DebugOption = False,
) -> None:
    """Take people out of everything for good, and make the marts anew."""
    from flows.commands.privacy import erase_all
    from tasks.warehouse.seeds import check_seeds

    configuration, asked = _requested(workspace, requests, platform, account)
    check_seeds(workspace)
    gone = erase_all(configuration, asked)
    if not (gone.landed.removed or gone.landed.changed):
        typer.echo(
            "No landed record shows"
            f" {'the person' if len(asked) == 1 else 'any of them'}: see whether"
            " network and id are right."
        )
    typer.echo(
        f"Removed {gone.landed.removed:,} records; took"
        f" {'the person' if len(asked) == 1 else f'{len(asked):,} people'} out of"
        f" {gone.landed.changed:,} records of others. What arrives later is held"
        " against a tombstone."
    )
    if gone.days:
        prepare_prefect(debug=debug)
        from flows.backfill import backfill as flow
        from flows.orchestration import run_flow

        run_flow(
            flow,
            first=gone.days[0],
            last=gone.days[1],
            reason="erasure",
            only=[step for step in STEPS if step != "extract"],
            workspace=str(workspace),
        )
        typer.echo("The marts are made anew; older publications are deleted.")
    for path in gone.exports:
        typer.echo(f"Still in your export {path}: delete it there, and in backups.")
    for path in gone.set_aside:
        typer.echo(f"May still be in {path}, which `recover` set aside: delete it.")


def _requested(
    workspace: Path, requests: str | None, platform: str | None, account: str | None
) -> tuple[Workspace, list[tuple[str, str]]]:
    """The workspace, and whom a command is about: network and id of each.

    Raises:
        ConfigurationError: names all mistakes.
    """
    from flows.commands.privacy import read_request_file, read_requests
    from tasks.warehouse.networks import PLATFORMS
    from tasks.warehouse.workspace import load_workspace

    if requests is not None:
        if platform or account:
            raise ConfigurationError(
                ["--requests names them all: leave --platform and --account out."]
            )
        text = read_request_file(
            requests,
            f"--requests {requests}",
            sys.stdin.buffer if requests == "-" else None,
        )
        return load_workspace(workspace), read_requests(text, requests)
    mistakes = []
    if platform is None or account is None:
        mistakes.append(
            "Whom is it about? Write platform,account_id into a CSV file and name it"
            " with --requests."
        )
    elif platform not in PLATFORMS:
        near = difflib.get_close_matches(platform, PLATFORMS, 1)
        known = f"did you mean '{near[0]}'?" if near else f"use {', '.join(PLATFORMS)}."
        mistakes.append(f"--platform '{platform}' is no network: {known}")
    if account is not None and (not account.strip() or account != account.strip()):
        mistakes.append("--account is no id: write it without blanks.")
    if mistakes or platform is None or account is None:
        raise ConfigurationError(mistakes)
    return load_workspace(workspace), [(platform, account)]
