"""Commands that look after a workspace: init, status, doctor and repairs."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from flows.command_line.endings import find_known, sentence
from flows.command_line.options import DebugOption, WorkspaceOption
from tasks.warehouse.errors import ConfigurationError


def init(
    folder: Annotated[Path, typer.Argument(help="The new workspace.", metavar="DIR")],
    debug: DebugOption = False,
) -> None:
    """Make a workspace: a configuration to adapt, and examples of the seeds."""
    from flows.commands.init import init as run

    run(folder)
    typer.echo(
        f"Made {folder}. Adapt {folder / 'workspace.toml'}, put exports into"
        f" {folder / 'exports'}, then:\n"
        f"  python -m flows doctor --workspace {folder}\n"
        "  python -m flows backfill --from DAY --to DAY --reason 'first run'"
        f" --workspace {folder}"
    )


def status(
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, all days.")] = False,
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="For monitors: exit code 1 when a source is late or never gave"
            " anything, the last run failed or was stopped, or nothing is published.",
        ),
    ] = False,
    workspace: WorkspaceOption = Path("data"),
    debug: DebugOption = False,
) -> None:
    """Show which days are extracted, validated, published, late or failed."""
    from flows.commands.status import describe, show
    from tasks.warehouse.workspace import load_workspace

    try:
        found = describe(load_workspace(workspace))
    except Exception as error:
        if not as_json or debug:
            raise
        # Machines get JSON, whatever is wrong.
        known = find_known(error)
        code = known.exit_code if known else 1
        told = str(known) if known else sentence(error)
        found = {
            "workspace": str(workspace),
            "exit_code": code,
            "problems": told.splitlines(),
        }
        typer.echo(json.dumps(found, ensure_ascii=False, indent=1))
        raise typer.Exit(code) from None
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=1))
    else:
        show(found, Console(highlight=False, soft_wrap=True))
    if check and found["exit_code"]:
        raise typer.Exit(found["exit_code"])


def doctor(
    workspace: WorkspaceOption = Path("data"),
    debug: DebugOption = False,
) -> None:
    """Look whether installation, machine and workspace are fit for a run."""
    from flows.commands.doctor import examine, show

    found = examine(workspace)
    show(found, Console(highlight=False, soft_wrap=True))
    if any(one.is_broken for one in found):
        raise typer.Exit(1)


def networks(debug: DebugOption = False) -> None:
    """What each network and format of files can tell, as a table."""
    from tasks.sources.capabilities import as_markdown

    typer.echo(as_markdown())


def data_docs(
    workspace: WorkspaceOption = Path("data"), debug: DebugOption = False
) -> None:
    """Let Great Expectations judge all that is staged; print where its page is."""
    from flows.commands.data_docs import write_data_docs
    from tasks.warehouse.workspace import load_workspace

    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    typer.echo(write_data_docs(load_workspace(workspace)))


def recover(
    accept_loss: Annotated[
        bool,
        typer.Option(
            "--accept-loss",
            help="Go on without landed records that are lost and in no backup.",
        ),
    ] = False,
    workspace: WorkspaceOption = Path("data"),
    debug: DebugOption = False,
) -> None:
    """After a damaged disk: set aside what can't be read, for a run to make again."""
    from flows.commands.recover import recover as run
    from tasks.warehouse.workspace import load_workspace

    found = run(load_workspace(workspace), accept_loss=accept_loss)
    for line in [*found.done, *found.lost]:
        typer.echo(line)
    if found.lost:
        raise typer.Exit(1)
    typer.echo(
        "Now run `python -m flows daily`, or a backfill."
        if found.done
        else "Nothing is damaged."
    )


def rollback(
    to: Annotated[
        str | None,
        typer.Option(
            help="The publication's id; without it the one before.", metavar="ID"
        ),
    ] = None,
    workspace: WorkspaceOption = Path("data"),
    debug: DebugOption = False,
) -> None:
    """Let readers see an older publication, until the next run publishes."""
    from tasks.publication.elsewhere import show_elsewhere
    from tasks.sources.erasure_marker import is_pending
    from tasks.warehouse.lock import hold_workspace
    from tasks.warehouse.publication import roll_back
    from tasks.warehouse.workspace import load_workspace

    configuration = load_workspace(workspace)
    with hold_workspace(configuration.lock, "rollback"):
        if is_pending(configuration.root):
            raise ConfigurationError(
                [
                    "An erasure waits for its run, older publications go with it: run"
                    " `python -m flows daily` first."
                ]
            )
        name = roll_back(configuration.root, to)
        show_elsewhere(configuration)
    typer.echo(
        f"Published is {name} now, until the next run publishes what the warehouse"
        " holds: repair the cause (overrides, policies, exports) first. The list of"
        " contacts comes back with that run."
    )
