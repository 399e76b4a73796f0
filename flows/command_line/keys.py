"""The commands of `keys`: check, rotate."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.command_line.options import DebugOption, WorkspaceOption


def check(
    workspace: WorkspaceOption = Path("data"),
    debug: DebugOption = False,
) -> None:
    """Tell whether the keys are those that the last run used."""
    from tasks.warehouse.keys import check_keys
    from tasks.warehouse.workspace import load_workspace

    found = check_keys(load_workspace(workspace))
    for name in ("pseudonyms", "erasures"):
        typer.echo(f"Key of {name}: {found.get(name, 'none yet')}")
    typer.echo(f"Tombstones: {found.get('tombstones', 0):,}")


def rotate(
    erasures: Annotated[
        bool,
        typer.Option(
            "--erasures",
            help="The erasures' key, where it or its list is lost for good.",
        ),
    ] = False,
    workspace: WorkspaceOption = Path("data"),
    debug: DebugOption = False,
) -> None:
    """Begin a new key; the next run gives every account a new pseudonym."""
    from tasks.warehouse.keys import rotate as run
    from tasks.warehouse.lock import hold_workspace
    from tasks.warehouse.workspace import load_workspace

    configuration = load_workspace(workspace)
    with hold_workspace(configuration.lock, "keys rotate"):
        typer.echo(run(configuration, erasures=erasures))
