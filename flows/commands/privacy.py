"""Privacy: what is held of a person, its erasure, and no more contact."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

from tasks.sources.erased_people import (
    Gone,
    erase_people,
    landed_by_network,
    with_all_ids,
)
from tasks.sources.erasure import is_own, own_records, with_names
from tasks.warehouse import landing
from tasks.warehouse.account_lookup import rows_about
from tasks.warehouse.errors import ConfigurationError
from tasks.warehouse.keys import check_keys
from tasks.warehouse.lock import hold_workspace
from tasks.warehouse.networks import PLATFORMS
from tasks.warehouse.people import Person
from tasks.warehouse.publication import take_off_lists
from tasks.warehouse.rejected import held_of
from tasks.warehouse.seeds import add_suppression, lines_about
from tasks.warehouse.tombstones import canonical_id, is_rounded
from tasks.warehouse.workspace import Workspace


def read_requests(text: str, name: str) -> list[tuple[str, str]]:
    """Network and id of each person of a list of requests.

    Args:
        text: CSV with the columns platform and account_id.
        name: of the list, for mistakes.

    Raises:
        ConfigurationError: every mistake with its line; none of them tells an id.
    """
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    columns = [name.strip() for name in reader.fieldnames or []]
    missing = [one for one in ("platform", "account_id") if one not in columns]
    if missing:
        raise ConfigurationError(
            [
                f"{name}:1: the column {' and '.join(missing)} is missing: the first"
                " line is platform,account_id"
            ]
        )
    reader.fieldnames = columns
    asked, mistakes = [], []
    for line in reader:
        platform = (line["platform"] or "").strip()
        account = canonical_id(platform, line["account_id"] or "")
        if platform not in PLATFORMS:
            mistakes.append(
                f"{name}:{reader.line_num}: there is no network of that name: use"
                f" {', '.join(PLATFORMS)}"
            )
        elif not account:
            mistakes.append(f"{name}:{reader.line_num}: account_id is empty")
        elif is_rounded(line["account_id"]):
            mistakes.append(
                f"{name}:{reader.line_num}: a spreadsheet rounded account_id, so it is"
                " nobody's: write all of its digits"
            )
        else:
            asked.append((platform, account))
    if not asked and not mistakes:
        mistakes = [f"{name}: no request stands in it"]
    if mistakes:
        raise ConfigurationError(mistakes)
    return asked


def read_request_file(file: str, told_as: str, instead: BinaryIO | None = None) -> str:
    """The text of a list of requests.

    Args:
        file: as it is named.
        told_as: how a mistake names it.
        instead: an open stream, as standard input, that is read in its place.

    Raises:
        ConfigurationError: it can't be read.
    """
    try:
        if instead is not None:
            # As bytes: as text it would come in the terminal's encoding.
            return instead.read().decode("utf-8-sig")
        return Path(file).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8"
        raise ConfigurationError([f"{told_as}: {why}."]) from None


def export(workspace: Workspace, platform: str, account_id: str) -> dict[str, Any]:
    """All that is held of an account: records, judgements, marts, seeds.

    Returns:
        `landed` (records as they came), `quarantine` (rejected ones, with reasons),
        `warehouse` and `marts` (rows by table), `seeds` (lines by file).

    Raises:
        WorkspaceLockedError: a run holds the workspace.
    """
    account_id = canonical_id(platform, account_id)
    person = Person(platform, account_id)
    with (
        hold_workspace(workspace.lock, "privacy export"),
        landing.at_hand(workspace.landing, landing.read_log(workspace.landing)),
    ):
        everything = [
            landed
            for network, landed in landed_by_network(workspace)
            if landed.network or network == platform
        ]
        records = [
            record for landed in everything for record in own_records(landed, person)
        ]
        for landed in everything:
            person = with_names(landed, person)
        rejected = held_of(workspace.quarantine, person, is_own)
        warehouse = rows_about(workspace.database, platform, account_id)
    return {
        "platform": platform,
        "account_id": account_id,
        "landed": records,
        "quarantine": rejected,
        **warehouse,
        "seeds": lines_about(workspace.root, platform, account_id),
    }


def write_export(
    workspace: Workspace, asked: Sequence[tuple[str, str]], out: Path
) -> str:
    """Write what is held of people as JSON, for the user alone; say how much it is.

    Args:
        workspace: which one.
        asked: network and id of each.
        out: a new file.

    Raises:
        ConfigurationError: the file is there already.
    """
    if out.exists():
        raise ConfigurationError([f"{out} is there already: name a new file."])
    with (
        hold_workspace(workspace.lock, "privacy export"),
        landing.at_hand(workspace.landing, landing.read_log(workspace.landing)),
    ):
        everyone = with_all_ids(landed_by_network(workspace), asked)
    people = [export(workspace, *one) for one in everyone]
    out.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as f:
        told = people[0] if len(people) == 1 else {"people": people}
        json.dump(told, f, ensure_ascii=False, indent=1, default=str)
    rows = sum(
        len(table)
        for found in people
        for part in ("warehouse", "marts")
        for table in found[part].values()
    )
    landed = sum(len(found["landed"]) for found in people)
    rejected = sum(len(found["quarantine"]) for found in people)
    return (
        f"Wrote {out}, readable by you alone: {landed:,} records as they came,"
        f" {rejected:,} rejected ones, {rows:,} rows made of them."
    )


def suppress(workspace: Workspace, platform: str, account_id: str, reason: str) -> bool:
    """Never contact an account again; whether it was news.

    It goes from the list of contacts at once, from the marts with the next run.
    """
    account_id = canonical_id(platform, account_id)
    with hold_workspace(workspace.lock, "privacy suppress"):
        take_off_lists(workspace.root, platform, account_id)
        return add_suppression(
            workspace.root, platform, account_id, reason, workspace.today()
        )


def erase(workspace: Workspace, platform: str, account_id: str) -> Gone:
    """Take a person out of everything; see `erase_all`."""
    return erase_all(workspace, [(platform, account_id)])


def erase_all(workspace: Workspace, asked: Sequence[tuple[str, str]]) -> Gone:
    """Take people out of everything; the marts are to be made anew afterwards.

    Landing, quarantine, seeds and what the crawl remembers are written anew; the
    warehouse, which is made from them, is deleted. A tombstone keeps them out of what
    arrives later. Every run finishes what a kill left. Cost: reading landing twice for
    each of them.

    Raises:
        ConfigurationError: an account is a brand's, or the erasures' key is lost.
        WorkspaceLockedError: a run holds the workspace.
    """
    with hold_workspace(workspace.lock, "privacy erase"):
        check_keys(workspace)
        return erase_people(workspace, asked)
