"""The privacy flow: what people asked for, from a file on the worker's disk."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from flows.backfill import backfill
from flows.commands.privacy import (
    erase_all,
    read_request_file,
    read_requests,
    suppress,
    write_export,
)
from flows.orchestration import as_part, reported, workspace_of
from tasks.sources.erased_people import Gone
from tasks.warehouse import tombstones
from tasks.warehouse.errors import ConfigurationError
from tasks.warehouse.networks import PLATFORMS
from tasks.warehouse.progress import say
from tasks.warehouse.seeds import check_seeds
from tasks.warehouse.steps import STEPS, Step
from tasks.warehouse.workspace import Workspace, load_workspace

Action = Literal["erase", "suppress", "export"]


def privacy(
    requests: str,
    action: Action = "erase",
    out: str | None = None,
    reason: str = "asked not to be contacted",
    workspace: str | None = None,
) -> None:
    """Erase people, stop contact with them, or export what is held of them.

    Prefect keeps parameters and logs in clear: neither tells an id.

    Args:
        requests: the CSV file on the worker's disk that says whom, a line each, with
            the columns platform and account_id. Its name should tell nobody.
        action: what they asked for: erase, suppress or export.
        out: where export writes, a new .json file.
        reason: of suppress, for the seed.
        workspace: the workspace's folder; without it the Prefect variable
            `weibo_manager_workspace`, else `data`.

    Raises:
        ConfigurationError: the file can't be read, or has mistakes; with their lines.
    """
    root = workspace_of(workspace)
    configuration = load_workspace(root)
    check_seeds(root)
    asked = read_requests(read_request_file(requests, requests), requests)
    if action == "export" and not out:
        raise ConfigurationError(["export writes a file: name it as out."])
    gone = None
    with reported(root):
        if action == "export":
            say(f"  {write_export(configuration, asked, Path(out or ''))}")
        elif action == "suppress":
            new = sum(suppress(configuration, *one, reason) for one in asked)
            say(f"  {new:,} of {len(asked):,} are new in seeds/suppressions.csv")
        else:
            gone = erase_all(configuration, asked)
            _tell(configuration, gone, len(asked))
    if gone and gone.days:
        steps: list[Step] = [step for step in STEPS if step != "extract"]
        as_part(backfill)(*gone.days, "erasure", only=steps, workspace=str(root))


def _tell(workspace: Workspace, gone: Gone, people: int) -> None:
    """Say what was done, and where they still stand; a file's name may tell an id."""
    say(f"  {gone.landed.removed:,} records removed, of {people:,} people")
    mask = tombstones.path_mask(workspace.root, PLATFORMS)
    for path in sorted({mask(path) for path in gone.exports}):
        say(f"  warning: still in the export {path}: delete it there and in backups")
    for path in gone.set_aside:
        say(f"  warning: may still be in {path}, which `recover` set aside: delete it")
