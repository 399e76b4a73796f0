"""Commands that answer about accounts which a workspace holds: who, vet, claim."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from flows.command_line.options import (
    DebugOption,
    FormatOption,
    JsonOption,
    LanguageOption,
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
    lang: LanguageOption = None,
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

    written = run(load_workspace(workspace), campaign, partner, out, lang)
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
            " them from standard input, a line each. Or exported files or folders with"
            " their posts and who engaged: no workspace is needed then.",
            metavar="ACCOUNT|PATH...",
        ),
    ],
    account: Annotated[
        list[str] | None,
        typer.Option(
            help="Whom of those who posted in the files, id or @name; may be given"
            " again. Without it all with enough engagers.",
            metavar="ACCOUNT",
        ),
    ] = None,
    record_format: FormatOption = None,
    out: Annotated[
        Path | None,
        typer.Option(help="A table to write, too, .parquet or .csv.", metavar="FILE"),
    ] = None,
    platform: NetworkOption = None,
    as_json: JsonOption = False,
    workspace: WorkspaceOption = Path("data"),
    debug: DebugOption = False,
) -> None:
    """Judge accounts' audiences before signing, by the data that is held, or files."""
    from flows.commands import vet as vetting
    from tasks.warehouse.errors import ConfigurationError
    from tasks.warehouse.workspace import load_workspace

    wanted = _wanted(names)
    mistakes = []
    if out is not None and out.suffix not in (".parquet", ".csv"):
        mistakes.append(f"--out '{out}' must end in .parquet or .csv.")
    if any(vetting.is_file(name) for name in wanted):
        from flows.commands.audit import find_sources

        sources = find_sources([Path(name) for name in wanted], record_format, mistakes)
        # What is said on the way is no part of the answer.
        with redirect_stdout(sys.stderr):
            vetted = vetting.vet_files(sources, account or [], platform)
        _show_vetted(vetted.found, out, as_json=as_json)
        _tell_limits(vetted.unknown, vetted.missing, as_json=as_json)
        return
    for option, value in (("--account", account), ("--format", record_format)):
        if value:
            mistakes.append(f"{option} goes with files, and none is named.")
    if mistakes:
        raise ConfigurationError(mistakes)
    found = vetting.vet(load_workspace(workspace), wanted, platform)
    _show_vetted(found, out, as_json=as_json)
    _tell_unknown(
        wanted,
        {name for one in found for name in one["asked"]},
        platform,
        "land an export with their posts first, or name its files here.",
    )


def _tell_limits(
    unknown: Sequence[str], missing: Sequence[str], *, as_json: bool
) -> None:
    """Say what files can't tell; end with 1 where accounts are not in them."""
    typer.echo("What these files can't tell:", err=as_json)
    for sentence in unknown:
        typer.echo(f"  {sentence}", err=as_json)
    if missing:
        count = len(missing)
        typer.echo(
            f"{count} account{'' if count == 1 else 's'} posted nothing in these files"
            " that others engaged with: see how --account spells them, an id or a"
            " @name.",
            err=True,
        )
        raise typer.Exit(1)


def _show_vetted(
    found: Sequence[dict[str, Any]], out: Path | None, *, as_json: bool
) -> None:
    from flows.commands import vet as vetting

    if as_json:
        typer.echo(vetting.as_json(found))
    elif found:
        for line in vetting.told(found):
            typer.echo(line)
    if out is not None:
        vetting.write_out(found, out)
        typer.echo(f"A row a candidate stands in {out}", err=True)


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
