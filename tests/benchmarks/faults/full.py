"""A disk that is full at some moment: small disks in memory, or a limit of sizes."""

from __future__ import annotations

import os
import random
import resource
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from tasks.warehouse import disk
from tests.benchmarks.faults.harness import (
    DAYS,
    Row,
    command,
    copy,
    differences,
    files_of,
    forked,
    new_lab,
    put_day,
    state_of,
)
from tests.workspaces import Lab

_SIZE = "512m"


@contextmanager
def _small_disk(place: Path) -> Iterator[Callable[[int | None], None]]:
    """A disk of its own; yields what makes so many bytes of it free, or all."""
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={_SIZE}", "tmpfs", str(place)]
    subprocess.run(mount, check=True)

    def leave(free: int | None) -> None:
        size = _SIZE
        if free is not None:
            used = shutil.disk_usage(place).used
            size = str(used + free)
        subprocess.run(["mount", "-o", f"remount,size={size}", str(place)], check=True)

    try:
        yield leave
    finally:
        subprocess.run(["umount", str(place)], check=True)


@contextmanager
def _limited_files(place: Path) -> Iterator[Callable[[int | None], None]]:
    """Without root: no file of a process grows past a size."""
    place.mkdir()
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    limit: list[int] = []

    def leave(free: int | None) -> None:
        limit[:] = [] if free is None else [free]
        resource.setrlimit(resource.RLIMIT_FSIZE, (free if free else hard, hard))

    try:
        yield leave
    finally:
        leave(None)


def _run(lab: Lab, number: int) -> tuple[int, str]:
    # What a run asks first would refuse it before anything is tried.
    disk.free_bytes = lambda _: 10**12
    if number == len(DAYS):
        span = ("--from", str(DAYS[0]), "--to", str(DAYS[-1]))
        return command(
            "backfill", *span, "--reason", "trial", "--workspace", str(lab.root)
        )
    day = str(DAYS[number - 1])
    return command("daily", "--date", day, "--workspace", str(lab.root))


def run(folder: Path, points: int, seed: int) -> Iterator[Row]:
    """So many sizes of what is left, over runs of all days."""
    log = folder / "full.log"
    rng = random.Random(seed)
    disk_of = _small_disk if os.geteuid() == 0 else _limited_files
    with disk_of(folder / "disk") as leave:
        lab = new_lab(folder / "calm", "quarantine_threshold = 0.5")
        full, passed, wrong = 0, 0, []
        for number in range(1, len(DAYS) + 1):
            put_day(lab, number)
            before = copy(lab.root, folder / "before").root
            size = _bytes(before)
            forked(partial(_run, lab, number), log)
            expected = forked(partial(state_of, lab), log)
            # A run needs more than what it leaves: the build, the database's log.
            grown = 2 * max(_bytes(lab.root) - size, 1 << 20) + (2 << 20)
            for point in range(points // len(DAYS)):
                free = int(grown * (point + rng.random()) / (points // len(DAYS)))
                leave(None)
                one = copy(before, folder / "disk" / "workspace")
                was = _published(one)
                leave(free)
                code, said = forked(partial(_run, one, number), log)
                problems = []
                if code:
                    full += 1
                    if "No space left" not in said or "Traceback" in said:
                        problems.append(said.strip().splitlines()[-1][:200])
                else:
                    passed += 1
                if code and _published(one) != was:
                    problems.append("something else is published")
                leave(None)
                code, said = forked(partial(_run, one, number), log)
                seen = forked(partial(state_of, one), log)
                if found := differences(seen, expected):
                    problems.append(f"then {', '.join(found)} ({said[-200:]})")
                if problems:
                    wrong.append(f"day {number}, {free:,} bytes: {problems}")
    how = "small disk" if disk_of is _small_disk else "limit of a file's size"
    yield Row(
        f"disk full, {how}, {full + passed} sizes of what is left",
        "'No space left', what was published stands, the same bytes with room",
        f"{full} runs stopped, {passed} had room, {len(wrong)} wrong"
        f"{': ' if wrong else ''}{'; '.join(wrong[:4])}",
        not wrong and full > 0,
    )


def _published(lab: Lab) -> str:
    return str((lab.root / "published").resolve().name)


def _bytes(root: Path) -> int:
    return sum(path.stat().st_size for path in files_of(root))
