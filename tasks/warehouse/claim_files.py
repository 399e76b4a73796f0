"""Where claims against partners lie, and how long: `restricted/claims/`.

A claim is evidence of one day, so publications come and go without it. It tells of
people, so an erasure deletes all claims (they are made again by one command), and
`retention_days.restricted` counts for them from the last day that they tell of.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from tasks.warehouse.errors import ConfigurationError

FOLDER = "claims"
ABOUT = "claim.json"
PAGE = "index.html"
PDF = "claim.pdf"
TABLES = ("numbers", "posts", "reasons", "groups", "timing", "accounts")
# All that a claim's folder holds.
FILES = frozenset({ABOUT, PAGE, PDF, *(f"{name}.csv" for name in TABLES)})


def claims_folder(root: Path) -> Path:
    """Where claims lie, whether or not there are any."""
    return root / "restricted" / FOLDER


def claim_folder(root: Path, campaign_id: str, partner_id: str) -> Path:
    """Where the claim against a partner lies.

    Raises:
        ConfigurationError: another campaign's partner has the same folder.
    """
    target = claims_folder(root) / f"{campaign_id}-{partner_id}"
    about = _about(target)
    if about and (about["campaign"], about["partner"]) != (campaign_id, partner_id):
        raise ConfigurationError(
            [
                f"{target} holds the claim against {about['partner']} of campaign"
                f" {about['campaign']}: give one of them another id in workspace.toml,"
                " or write this one elsewhere with --out."
            ]
        )
    return target


def refuse_what_is_no_claim(folder: Path) -> None:
    """Stop where a folder that would be replaced holds anything but a claim.

    Raises:
        ConfigurationError: with the repair.
    """
    if not folder.exists():
        return
    files = {path.name for path in folder.iterdir()} if folder.is_dir() else None
    if files is None or (files and (not _about(folder) or files - FILES)):
        raise ConfigurationError(
            [f"--out '{folder}' holds something else: name a folder of its own."]
        )


@contextmanager
def replaced(target: Path) -> Iterator[Path]:
    """A folder to write into, for its owner alone, that then stands in a place.

    What stood there before goes when the new one is whole.
    """
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    building = target.with_name(f".{target.name}.building")
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(mode=0o700)
    yield building
    for path in building.iterdir():
        path.chmod(0o600)
    if target.exists():
        shutil.rmtree(target)
    os.replace(building, target)


def link_claims(root: Path) -> None:
    """Let `published/restricted/claims` lead to the claims, where there are some."""
    restricted = root / "published" / "restricted"
    if not claims_folder(root).is_dir() or not restricted.is_dir():
        return
    with contextlib.suppress(FileExistsError):
        (restricted / FOLDER).symlink_to(Path("..") / FOLDER)


def forget_claims(root: Path) -> int:
    """Delete all claims; how many there were."""
    return _delete(root, _claims(root))


def forget_old_claims(root: Path, last_day: date | None, kept_days: int) -> int:
    """Delete claims that tell of no day of the last ones; how many.

    Args:
        root: the workspace's folder.
        last_day: the last landed day.
        kept_days: so many days before it claims are kept.
    """
    old = []
    for path in _claims(root):
        told = (_about(path) or {}).get("last_day")
        if last_day and told and (last_day - date.fromisoformat(told)).days > kept_days:
            old.append(path)
    return _delete(root, old)


def _claims(root: Path) -> list[Path]:
    folder = claims_folder(root)
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _delete(root: Path, folders: list[Path]) -> int:
    for path in folders:
        shutil.rmtree(path)
    with contextlib.suppress(OSError):  # others are left, or there is none
        claims_folder(root).rmdir()
        (root / "published" / "restricted" / FOLDER).unlink(missing_ok=True)
    return len(folders)


def _about(folder: Path) -> dict[str, str] | None:
    """What a claim says of itself; None where none stands there."""
    try:
        found = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
