"""Killed at each moment at which three days, and what follows them, reach the disk."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from flows.commands.privacy import erase_all
from flows.commands.recover import recover
from flows.commands.uncover import uncover
from tasks.sources.erasure_marker import MARKER, finish
from tasks.sources.erasure_watch import keep_out
from tasks.warehouse import ledger
from tasks.warehouse.errors import ConfigurationError
from tasks.warehouse.publication import kept_publications, roll_back
from tests.benchmarks.faults.harness import (
    ANN,
    DAYS,
    WORDS,
    Killed,
    Row,
    copy,
    differences,
    forked,
    new_lab,
    passed,
    put_day,
    state_of,
)
from tests.flows.commands.test_privacy import places
from tests.workspaces import Lab

Work = Callable[[Lab], Any]


def _days(first: int, last: int) -> list[tuple[str, Work]]:
    window = (DAYS[first - 1], DAYS[last - 1])
    run_id = f"2026030{last}"  # later runs have later ids
    return [
        ("extract", lambda lab: lab.land()),
        ("validate", lambda lab: lab.stage(run_id)),
        ("deduplicate", lambda lab: lab.judge(run_id)),
        ("aggregate", lambda lab: lab.build(*window, run_id)),
        ("publish", lambda lab: lab.publish(run_id)),
    ]


def _begin(lab: Lab) -> None:
    with ledger.open_run(
        lab.workspace, "backfill", (DAYS[0], DAYS[-1]), prepare=keep_out
    ):
        finish(lab.workspace)


def _erase(lab: Lab) -> None:
    erase_all(lab.workspace, [ANN])


def _roll_back(lab: Lab) -> None:
    roll_back(lab.root, kept_publications(lab.root)[-1])


def _uncover(lab: Lab) -> None:
    with suppress(ConfigurationError):  # it was done whole
        uncover(lab.workspace, DAYS[-1], DAYS[-1], "trial")


def _whole(lab: Lab) -> None:
    with ledger.open_run(
        lab.workspace, "backfill", (DAYS[0], DAYS[-1]), prepare=keep_out
    ):
        lab.run(DAYS[0], DAYS[-1], run_id="20260305")
        finish(lab.workspace)


def _units(lab: Lab) -> Iterator[tuple[str, Work, Work | None]]:
    """Name, what is done, and what is done afterwards to look at it."""
    names = ("first day", "second day", "third day", "backfill")
    for number, name in enumerate(names, start=1):
        put_day(lab, number)
        for step, work in _days(1 if name == "backfill" else number, number):
            yield f"{name}: {step}", work, None
    yield "begin and end of a run", _begin, None
    yield "rollback", _roll_back, None
    yield "uncover", _uncover, None
    yield "run after uncover", _whole, None
    # Damage that recover mends: a landed file of which the export still lies there.
    for broken in sorted((lab.root / "landing").glob("[!.]*/*/*/*.parquet"))[:1]:
        broken.write_bytes(broken.read_bytes()[:50])
    (lab.root / "warehouse.duckdb").write_bytes(b"garbage")
    yield "recover", lambda one: recover(one.workspace), _whole
    # What was set aside nobody can read through: an erasure asks to delete it.
    for folder in (lab.root / "quarantine").glob("damaged-*"):
        shutil.rmtree(folder)
    yield "erase", _erase, _begin


def _look(lab: Lab, then: Work | None) -> dict[str, Any]:
    if then is not None:
        then(lab)
    return state_of(lab)


def run(
    folder: Path, every: int = 1, names: Sequence[str] | None = None
) -> Iterator[Row]:
    """Kill each unit at each n-th moment, repeat it, and compare.

    Args:
        folder: for workspaces.
        every: only each of so many moments.
        names: the units to kill, by how their names begin; the others are only done.
    """
    log = folder / "failpoints.log"
    lab = new_lab(folder / "failpoints", "quarantine_threshold = 0.5")
    for name, work, then in _units(lab):
        if names and not name.startswith(tuple(names)):
            forked(partial(work, lab), log)
            continue
        before, trial = folder / "before", folder / "trial"
        copy(lab.root, before)

        def counted(work: Work = work) -> int:
            work(lab)
            return passed[0]

        forked(lambda: None, log)
        moments = forked(counted, log, at=10**9)
        is_erasure = name == "erase"
        expected = None
        if not is_erasure:
            looked = copy(lab.root, folder / "looked")
            expected = forked(partial(_look, looked, then), log)
        wrong: list[str] = []
        killed = 0
        for moment in range(1, moments + 1, every):
            one = copy(before, trial)
            try:
                forked(partial(work, one), log, at=moment)
            except Killed:
                killed += 1
            if is_erasure:
                wrong += _left_of_her(one, moment, log)
                continue
            try:
                forked(partial(work, one), log)
                seen = forked(partial(_look, one, then), log)
            except (RuntimeError, Killed) as error:
                wrong.append(f"{moment}: {str(error).strip().splitlines()[-1]}")
                continue
            if found := differences(seen, expected or {}):
                wrong.append(f"{moment}: {', '.join(found)}")
        yield Row(
            f"{name}, killed at each of {moments} moments",
            "done again: the same bytes" if not is_erasure else "the next run ends it",
            f"{killed} kills, {len(wrong)} differ{': ' if wrong else ''}"
            + "; ".join(wrong[:3]),
            not wrong,
        )


def _left_of_her(lab: Lab, moment: int, log: Path) -> list[str]:
    """The next run finishes what was begun; where nothing had, it is asked again."""

    def finished() -> list[str]:
        if not (lab.root / ".erasures.json").exists():
            _erase(lab)
        _begin(lab)
        found = [] if not (lab.root / MARKER).exists() else [MARKER]
        kept = places(lab.root, set(WORDS))
        return found + [one for one in kept if not one.startswith("export/")]

    try:
        left = forked(finished, log)
    except RuntimeError as error:
        return [f"{moment}: {str(error).strip().splitlines()[-1]}"]
    return [f"{moment}: {', '.join(left)}"] if left else []
