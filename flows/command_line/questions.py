"""Commands that answer about accounts which a workspace holds: who, vet, claim."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from flows.command_line.options import (
    DebugOption,
    JsonOption,
    NetworkOption,
    WorkspaceOption,
)


def who(
    names: Annotated[
        list[str],
        typer.Argument(
            help="Pseudonyms (eight digits or more), ids, @names, keys of operators or"
            " groups; - reads them from standard input, a line each.",
            metavar="KEY|ID|@NAME...",
        ),
    ],
    platform: NetworkOption = None,
    as_json: JsonOption = False,
    workspace: WorkspaceOption = Path("data"),
    debug: DebugOption = False,
) -> None:
    """Say which account stands behind a pseudonym, and why it is judged as it is."""
    from flows.commands import who as lookup
    from tasks.warehouse.workspace import load_workspace

    wanted = _wanted(names)
    found = lookup.who(load_workspace(workspace), wanted, platform)
    if as_json:
        typer.echo(lookup.as_json(found))
    else:
        for account in found:
            for line in lookup.told(account, date.today()):  # noqa: DTZ011
                typer.echo(line)
    _tell_unknown(
        wanted,
        {account.asked for account in found},
        platform,
        "keys change with the workspace's .key, and ids are a network's own.",
    )


def claim(
    campaign: Annotated[str, typer.Option(help="Its id.", metavar="ID")],
    partner: Annotated[str, typer.Option(help="The partner's id.", metavar="ID")],
    out: Annotated[
        Path | None,
        typer.Option(
            help="A folder to write, in place of published/restricted/claims.",
            metavar="DIR",
        ),
    ] = None,
    check: Annotated[
        bool,
        typer.Option("--check", help="Exit code 1 where nothing supports a claim."),
    ] = False,
    as_json: JsonOption = False,
    workspace: WorkspaceOption = Path("data"),
    debug: DebugOption = False,
) -> None:
    """Write what a paid partner delivered, with evidence and what speaks against it."""
    from flows.commands.claim import claim as run
    from tasks.warehouse.workspace import load_workspace

    written = run(load_workspace(workspace), campaign, partner, out)
    about = written.claim.about
    if as_json:
        told = {**about, "folder": str(written.folder), "pdf": written.pdf}
        typer.echo(json.dumps(told, ensure_ascii=False, indent=1))
    else:
        for sentence in about["verdict"]:
            typer.echo(sentence)
        typer.echo(f"{written.folder / 'index.html'}: {written.pdf}")
        if out is not None:
            typer.echo("It names accounts: no erasure reaches it there.")
    if check and not about["supported"]:
        raise typer.Exit(1)


def vet(
    names: Annotated[
        list[str],
        typer.Argument(
            help="Candidates: pseudonyms (eight digits or more), ids, @names; - reads"
            " them from standard input, a line each.",
            metavar="ACCOUNT...",
        ),
    ],
    platform: NetworkOption = None,
    as_json: JsonOption = False,
    workspace: WorkspaceOption = Path("data"),
    debug: DebugOption = False,
) -> None:
    """Judge accounts' audiences before signing, by the data that is held."""
    from flows.commands import vet as vetting
    from tasks.warehouse.workspace import load_workspace

    wanted = _wanted(names)
    found = vetting.vet(load_workspace(workspace), wanted, platform)
    if as_json:
        typer.echo(vetting.as_json(found))
    elif found:
        for line in vetting.told(found):
            typer.echo(line)
    _tell_unknown(
        wanted,
        {name for one in found for name in one["asked"]},
        platform,
        "land an export with their posts first.",
    )


def _wanted(names: Sequence[str]) -> list[str]:
    """The names that are asked for, as arguments or on standard input."""
    if [*names] == ["-"]:
        names = [line.strip() for line in sys.stdin]
    return [name for name in names if name]


def _tell_unknown(
    wanted: Sequence[str], known: set[str], platform: str | None, hint: str
) -> None:
    """Say how many names are of no account, and end with 1 where some are."""
    missing = {*wanted} - known
    if missing:
        typer.echo(
            f"{len(missing)} of {len({*wanted})} names are of no account that is held"
            + (f" on {platform}" if platform else "")
            + f": {hint}",
            err=True,
        )
        raise typer.Exit(1)
