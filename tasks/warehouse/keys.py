"""The two keys of a workspace, against what the ledger and the manifest remember.

A lost or changed key harms silently: with another key of pseudonyms every account gets
a new one, without the erasures' key nobody who was erased is known any more. So both
stop a run, in words.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from typing import Any

from tasks.warehouse import tombstones
from tasks.warehouse.condition import Condition, broken
from tasks.warehouse.errors import ConfigurationError
from tasks.warehouse.landing_store import store_of
from tasks.warehouse.pseudonyms import (
    VARIABLE,
    fingerprint,
    given_key,
    make_key,
    read_key,
)
from tasks.warehouse.whole_files import write_atomically
from tasks.warehouse.workspace import Workspace


def in_use(workspace: Workspace) -> dict[str, Any]:
    """Fingerprints of the keys that are there, and the number of tombstones.

    Raises:
        ConfigurationError: a key or the list can't be used.
    """
    found: dict[str, Any] = {}
    if given := given_key():
        found["pseudonyms"] = fingerprint(given)
    elif os.path.lexists(file := workspace.root / ".key"):
        found["pseudonyms"] = fingerprint(read_key(file))
    if os.path.lexists(file := workspace.root / tombstones.KEY):
        found["erasures"] = fingerprint(read_key(file))
    if stones := tombstones.count_tombstones(workspace.root):
        found["tombstones"] = stones
    return found


def remembered(workspace: Workspace) -> dict[str, Any]:
    """What the newest of ledger and manifest says of the keys; empty where neither."""
    for file in (
        workspace.root / "ledger.json",
        workspace.published / "manifest.json",
    ):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            known = dict(json.loads(file.read_text(encoding="utf-8"))["keys"])
            if "tombstones" in known:
                known["tombstones"] = int(known["tombstones"])
            if known:
                return known
    return {}


def check_keys(workspace: Workspace) -> dict[str, Any]:
    """Stop where a key is not the one that was used before.

    Returns:
        What is to be remembered.

    Raises:
        ConfigurationError: names every mistake with its repair.
    """
    now, before = in_use(workspace), remembered(workspace)
    where = workspace.root / ".key"
    told = []
    anew = (
        "put it back from a backup, or give every account a new pseudonym with"
        " `python -m flows keys rotate`"
    )
    if "pseudonyms" not in now:
        if "pseudonyms" in before or workspace.published.exists():
            told.append(f"{where} is gone and {VARIABLE} is not set: {anew}.")
    elif before.get("pseudonyms", now["pseudonyms"]) != now["pseudonyms"]:
        place = VARIABLE if os.environ.get(VARIABLE) else str(where)
        told.append(
            f"The key in {place} is another one than before: {anew}. Where ledger.json"
            " came from another workspace, take that file away instead."
        )
    key, stones = (workspace.root / name for name in (tombstones.KEY, tombstones.LIST))
    lost = before.get("tombstones", 0) > now.get("tombstones", 0)
    if lost:
        told.append(
            f"{stones} is gone or older than the last run: it tells who was erased."
            " Put it back from a backup; where there is none, `python -m flows keys"
            " rotate --erasures` begins a new one: then erase again whoever asked."
        )
    if "erasures" not in now:
        if "tombstones" in now or ("erasures" in before and not lost):
            told.append(
                f"{key} is gone: put it back from a backup. Without it nobody who was"
                " erased can be kept out; `python -m flows keys rotate --erasures`"
                " begins anew: then erase again whoever asked."
            )
    elif before.get("erasures", now["erasures"]) != now["erasures"]:
        told.append(
            f"{key} is another key than before: put the right one back from a backup."
        )
    if told:
        raise ConfigurationError(told)
    return {**before, **now}


def examine_keys(workspace: Workspace) -> Iterator[Condition]:
    """Whether the keys are those that the last run used."""
    try:
        found = check_keys(workspace)
    except ConfigurationError as error:
        yield from (broken("keys", one) for one in error.mistakes)
    else:
        if os.environ.get(VARIABLE):
            yield Condition("keys", f"that of pseudonyms is in {VARIABLE}")
        elif found:
            yield Condition(
                "keys", f"as before: keep backups of {workspace.root}/.*key"
            )


def keys_to_remember(workspace: Workspace) -> dict[str, Any]:
    """What the ledger and the manifest keep; nothing changes it but `rotate`."""
    before = remembered(workspace)
    try:
        now = in_use(workspace)
    except ConfigurationError:
        return before
    more = max(before.get("tombstones", 0), now.get("tombstones", 0))
    return {**now, **before, **({"tombstones": more} if more else {})}


def rotate(workspace: Workspace, *, erasures: bool = False) -> str:
    """Begin a new key; what is remembered follows. The caller holds the workspace.

    Args:
        workspace: which one.
        erasures: the erasures' key, where it or the list is lost for good; who was
            erased must be erased again.

    Returns:
        What is to be done next.

    Raises:
        ConfigurationError: the erasures' key and list are whole.
    """
    root = workspace.root
    if erasures:
        try:
            whole = check_keys(workspace).get("tombstones")
        except ConfigurationError:
            whole = None
        if whole:
            raise ConfigurationError(
                [
                    f"{root / tombstones.KEY} and its list are whole: a new one would"
                    " forget who was erased, so it is never rotated."
                ]
            )
        for folder in (root, root / "landing"):
            store_of(folder).forget(tombstones.LIST)
        make_key(root / tombstones.KEY)
        said = "Now erase again whoever asked: `python -m flows privacy erase`."
    elif os.environ.get(VARIABLE):
        said = f"The key in {VARIABLE} is the workspace's now."
    else:
        make_key(root / ".key")
        said = f"{root / '.key'} holds a new key."
    if not erasures:
        said += (
            " The next run gives every account a new pseudonym; older publications have"
            " the old ones until two more are made."
        )
    _remember(workspace, "erasures" if erasures else "pseudonyms")
    return said


def _remember(workspace: Workspace, changed: str) -> None:
    copy = workspace.root / "ledger.json"
    if not copy.exists():
        return
    try:
        ledger = json.loads(copy.read_text(encoding="utf-8"))
    except ValueError:
        raise ConfigurationError(
            [f"{copy} is damaged: run `python -m flows recover` first."]
        ) from None
    known = {**remembered(workspace), changed: in_use(workspace)[changed]}
    if changed == "erasures":
        known.pop("tombstones", None)
    write_atomically(copy, json.dumps({**ledger, "keys": known}, ensure_ascii=False))
