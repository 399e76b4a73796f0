"""What `doctor` looks at: the installation, the machine and all that a workspace holds.

Each owner says how its own is.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from tasks.engines.choice import examine_engine
from tasks.publication.delta import examine_delta
from tasks.publication.postgres import examine_postgres
from tasks.sources.erasure_marker import examine_erasure, is_taking_out
from tasks.sources.source_files import examine_files, examine_room
from tasks.warehouse.condition import Condition, broken, worth_a_look
from tasks.warehouse.database import examine_warehouse
from tasks.warehouse.errors import ConfigurationError, WorkspaceLockedError
from tasks.warehouse.installation import examine_installation, examine_machine
from tasks.warehouse.keys import examine_keys
from tasks.warehouse.landing_care import examine_landing
from tasks.warehouse.ledger_copy import examine_batches, examine_ledger, examine_rhythms
from tasks.warehouse.lock import describe_holder, examine_modes, hold_workspace
from tasks.warehouse.publication import examine_publication, examine_restricted
from tasks.warehouse.rejected import examine_rejected
from tasks.warehouse.seeds import examine_seeds
from tasks.warehouse.workspace import Workspace, load_workspace


def examine(root: Path) -> list[Condition]:
    """Look at everything that a run needs; changes nothing.

    A warehouse that a killed run left is brought to its last commit, as any run would.
    """
    found = [*examine_installation(), *examine_machine()]
    try:
        workspace = load_workspace(root)
    except ConfigurationError as error:
        return [*found, *(broken("configuration", one) for one in error.mistakes)]
    return [
        *found,
        *_configuration(workspace),
        *examine_seeds(workspace),
        *examine_files(workspace),
        *_apis(workspace),
        *examine_room(workspace),
        *examine_rhythms(workspace),
        *examine_restricted(workspace),
        *examine_postgres(workspace),
        *examine_delta(workspace),
        *examine_engine(workspace),
        *examine_modes(workspace.root),
        *examine_keys(workspace),
        *examine_erasure(workspace.root),
        *_files(workspace),
    ]


def show(found: list[Condition], console: Console) -> None:
    """Print what was found, one a line."""
    for one in found:
        word = "broken" if one.is_broken else "fine" if one.is_fine else "note"
        console.print(f"{word:6}  {one.about}: {one.says}", markup=False)
    number = sum(one.is_broken for one in found)
    console.print(
        f"{number} of {len(found)} things are to be repaired before the next run."
        if number
        else "Nothing hinders the next run."
    )


def _configuration(workspace: Workspace) -> Iterator[Condition]:
    named = f"{len(workspace.sources)} sources, {len(workspace.brands)} brands,"
    yield Condition("configuration", f"{named} {len(workspace.campaigns)} campaigns")


def _apis(workspace: Workspace) -> Iterator[Condition]:
    """What APIs need; loads what crawls need only where there is one."""
    if any(source.kind == "api" for source in workspace.sources):
        from tasks.sources.api_landing import examine_apis

        yield from examine_apis(workspace)


def _files(workspace: Workspace) -> Iterator[Condition]:
    """Whether every file of ours can be read."""
    try:
        # A run that began meanwhile could not open what is looked at here.
        with hold_workspace(workspace.lock, "doctor"):
            waits = is_taking_out(workspace.root)
            yield from examine_ledger(workspace)
            yield from examine_landing(workspace, is_taking_out=waits)
            yield from examine_batches(workspace)
            yield from examine_rejected(workspace)
            yield from examine_warehouse(workspace.database)
            yield from examine_publication(workspace)
    except WorkspaceLockedError:
        yield worth_a_look("lock", f"held by {describe_holder(workspace.lock)}")
    except OSError as error:
        yield broken(
            "disk",
            f"{error.strerror} ({error.filename}): runs need a workspace that they"
            " can write to",
        )
