"""Marts, Parquet, manifest and report, swapped as a whole."""

from __future__ import annotations

import hashlib
import shutil
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from tasks.publication.changes import note_changes, read_made_of, write_changes
from tasks.warehouse import graph, ledger
from tasks.warehouse.claim_files import forget_old_claims
from tasks.warehouse.code_digest import code_digest
from tasks.warehouse.database import connect, failpoint, transaction
from tasks.warehouse.errors import ConfigurationError, DamagedError
from tasks.warehouse.keys import keys_to_remember
from tasks.warehouse.models import load_models
from tasks.warehouse.networks import spelled_out
from tasks.warehouse.progress import say, step
from tasks.warehouse.publication import (
    NAME_LISTS,
    NAMED_PAGE,
    PEOPLE,
    SCHEMA_VERSION,
    Published,
    altered_files,
    build_publication,
    describe_others,
    page_names,
    publication_id,
    put_restricted,
    read_manifest,
    swap,
    write_manifest,
    write_restricted,
)
from tasks.warehouse.workspace import Workspace


def publish_marts(workspace: Workspace, run_id: str) -> Published:
    """Publish what the warehouse's marts hold.

    Equal content is the same publication: nothing is written again.
    """
    kept_days = workspace.policies.retention_days.get("restricted")
    with step("publish"):
        with connect(workspace.database) as connection:
            if kept_days is not None:
                _forget_old_claims(connection, workspace, kept_days)
            page = f"{page_digest()} {workspace.report.language}"
            state = f"{ledger.read_state(connection, 'marts')} {page}"
            if kept_days is not None:
                state += f" people of {kept_days} days"
            covered = sorted(ledger.covered_days(connection))
            # The file is opened read-only next; nothing may be left in the WAL.
            connection.execute("checkpoint")
            ledger.require(connection, "marts", "campaigns")
            _refuse_stale(connection)
            made_of = read_made_of(connection, workspace)
        before, altered = _published(workspace)
        restricted = workspace.published / "restricted"
        # One that was gone back to has nothing of persons beside it any more.
        pages = page_names(NAMED_PAGE, workspace.report.language).values()
        is_whole = all(
            (restricted / name).exists() for name in (PEOPLE, *NAME_LISTS, *pages)
        )
        if altered:
            say(
                f"  warning: the publication was not as it was written"
                f" ({', '.join(altered)}): it is made again from the warehouse"
            )
        elif before and before["marts_state"] == state and is_whole:
            _mark(workspace, run_id)
            say(f"  publication {before['publication']} stands")
            return _summary(before, is_new=False)

        drawn = None if altered else workspace.published
        folder = workspace.root / "publications" / ".building"
        shutil.rmtree(folder, ignore_errors=True)
        marts = list(load_models("marts").values())
        described = build_publication(workspace.database, folder, marts)
        window = {
            "first_day": covered[0].isoformat(),
            "last_day": covered[-1].isoformat(),
            "days": len(covered),
        }
        people = write_restricted(
            workspace.database,
            folder,
            list(load_models("restricted").values()),
            kept_days,
        )
        name = publication_id(described, f"{window} {page} {people}")
        manifest: dict[str, Any] = {
            "publication": name,
            "schema_version": SCHEMA_VERSION,
            "run": run_id,
            "marts_state": state,
            "window": window,
            "keys": keys_to_remember(workspace),
            "made_of": made_of,
            "files": described,
        }
        is_new = bool(altered) or (before or {}).get("publication") != name
        if is_new:
            from tasks.publication.semantic_models import write_semantic_models
            from tasks.report.page import write_reports

            described.append(write_changes(folder, workspace.published, manifest))
            write_semantic_models(folder)
            write_reports(folder, workspace.report.language, drawn)
            manifest["others"] = describe_others(folder)
            write_manifest(folder, manifest)
            failpoint("publish:swap")
            swap(workspace.root, folder, name)
            failpoint("publish:ledger")
        else:
            # The same content from another run: only the manifest learns of it.
            present = workspace.published.resolve()
            before = before or {}
            for part in ("others", "files", "made_of", "changes"):
                manifest[part] = before.get(part, {})
            write_manifest(present, manifest)
            if not is_whole:
                from tasks.report.page import write_named_reports

                write_named_reports(folder, workspace.report.language, drawn)
                put_restricted(
                    workspace.root, folder / "restricted", present, present.name
                )
            shutil.rmtree(folder)
        _mark(workspace, run_id)
        result = _summary(manifest, is_new=is_new)
        verb = "is" if is_new else "stands, unchanged:"
        say(f"  publication {name} {verb} at {workspace.published}")
        return result


def _refuse_stale(connection: duckdb.DuckDBPyConnection) -> None:
    """Stop where a part of the marts only was made, or other code made them."""
    behind = graph.tables_behind_verdicts()
    if stale := graph.stale_tables(connection, behind):
        raise ConfigurationError(
            [
                f"{len(stale)} of {len(behind)} tables, {stale[0]} among them, are"
                " older than what has landed or what makes them: run all steps,"
                " without --only; what was published stands."
            ]
        )


def _forget_old_claims(
    connection: duckdb.DuckDBPyConnection, workspace: Workspace, kept_days: int
) -> None:
    rows = connection.execute(
        "select last_act_day from intermediate.last_landed"
    ).fetchall()
    gone = forget_old_claims(workspace.root, rows[0][0] if rows else None, kept_days)
    if gone:
        say(f"  {gone} old claims against partners deleted: retention_days.restricted")


def _published(workspace: Workspace) -> tuple[dict[str, Any] | None, list[str]]:
    """The manifest of what readers see, and what is not as it says."""
    if not workspace.published.exists():
        return None, []
    altered = altered_files(workspace.published)
    try:
        return read_manifest(workspace.published), altered
    except DamagedError:
        return None, altered


@cache
def page_digest() -> str:
    """A digest of what draws and writes: a new page or list is a new publication."""
    writers = (
        *("tasks.report.page", "tasks.publication.semantic_models"),
        "tasks.warehouse.publication",
    )
    digest = hashlib.sha256(code_digest(writers).encode())
    room = Path(__file__).parents[1] / "report"
    for path in sorted([*room.glob("templates/*"), *room.glob("catalogues/*")]):
        digest.update(path.read_bytes())
    for layer in ("marts", "restricted"):
        for model in load_models(layer).values():
            digest.update(model.words.encode())
    for layer in ("lists", "publication"):
        for model in load_models(layer).values():
            digest.update((model.code + model.words).encode())
    digest.update(spelled_out().encode())
    return digest.hexdigest()[:8]


def _mark(workspace: Workspace, run_id: str) -> None:
    with connect(workspace.database) as connection:
        with transaction(connection):
            note_changes(connection, workspace.published)
            ledger.mark(
                connection,
                "publish",
                run_id,
                "select platform, date_day, rows_out as rows_in, rows_out,"
                " 0 as rows_quarantined from meta.intervals where step = 'aggregate'",
            )
        ledger.write_copy(connection, workspace)


def _summary(manifest: dict[str, Any], *, is_new: bool) -> Published:
    files = manifest["files"]
    return Published(
        publication_id=str(manifest["publication"]),
        is_new=is_new,
        files=len(files),
        rows=sum(file["rows"] for file in files),
    )
