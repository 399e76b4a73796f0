"""What `doctor` hears from the owner of a thing, and what `recover` has it repair.

Each file of a workspace has an owner, the module that writes it. It says whether the
file is as it should be (`examine_...`) and sets aside what can't be read, for a run to
make again (`mend_...`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Condition:
    """How one thing is.

    Attributes:
        about: what was looked at.
        says: what was found, with the repair.
        is_fine: whether nothing is to be done.
        is_broken: whether runs fail, or do harm, until it is repaired.
    """

    about: str
    says: str
    is_fine: bool = True
    is_broken: bool = False


def broken(about: str, says: str) -> Condition:
    """Runs fail, or do harm, until it is repaired."""
    return Condition(about, says, is_fine=False, is_broken=True)


def worth_a_look(about: str, says: str) -> Condition:
    """Something is to be done, which hinders no run."""
    return Condition(about, says, is_fine=False)


def repair_with_recover(root: Path) -> str:
    """The end of a sentence on something that `recover` repairs."""
    return f"run `python -m flows recover --workspace {root}`"


@dataclass
class Repairs:
    """What `recover` did, as its owners tell it.

    Attributes:
        aside: where what can't be read goes; made when the first thing goes there.
        accept_loss: whether runs go on without landed records that are lost and that
            no backup brings back.
        done: what was damaged, and what was done about it.
        lost: what only a backup brings back.
    """

    aside: Path
    accept_loss: bool = False
    done: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    def set_aside(self, file: Path, *place: str) -> None:
        """Move a file or folder, nothing is deleted.

        Args:
            file: what can't be read.
            place: folders below `aside`, and the name there; its own without it.
        """
        target = self.aside.joinpath(*(place or (file.name,)))
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(file, target)


def new_place_aside(quarantine: Path) -> Path:
    """A folder of quarantine that isn't there yet."""
    number = 1
    while (folder := quarantine / f"damaged-{number}").exists():
        number += 1
    return folder


def examine_aside(quarantine: Path) -> Iterator[Condition]:
    """What was set aside and takes room for good."""
    for folder in sorted(quarantine.glob("damaged-*")):
        size = sum(one.stat().st_size for one in folder.rglob("*") if one.is_file())
        yield worth_a_look(
            "quarantine",
            f"{folder} holds {size / 1e6:,.1f} MB that `recover` set aside: delete it"
            " when nobody needs to look at it any more",
        )
