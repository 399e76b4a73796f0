"""Killed at random moments: the steps without Prefect, and real commands."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from functools import partial
from pathlib import Path

from flows.backfill import backfill
from flows.daily import daily
from tests.benchmarks.faults.harness import (
    DAYS,
    Killed,
    Row,
    differences,
    forked,
    new_lab,
    put_day,
    state_of,
)
from tests.workspaces import REPOSITORY, Lab

_KILLS_A_RUN = 6


def _flow(lab: Lab, number: int) -> None:
    """The flow of a day, from 1; the last one is a backfill over all of them."""
    root = str(lab.root)
    if number == len(DAYS):
        backfill(DAYS[0], DAYS[-1], "trial", workspace=root)
    else:
        daily(DAYS[number - 1], workspace=root)


def _arguments(number: int, day: date) -> list[str]:
    if number == len(DAYS):
        span = ["--from", str(DAYS[0]), "--to", str(DAYS[-1])]
        return ["backfill", *span, "--reason", "trial"]
    return ["daily", "--date", str(day)]


def run(folder: Path, kills: int, commands: int, seed: int) -> Iterator[Row]:
    """Four days each, killed several times a day, then left alone."""
    log = folder / "kills.log"
    rng = random.Random(seed)
    calm = new_lab(folder / "calm", "quarantine_threshold = 0.5")
    lengths, states = {}, {}
    for number in range(1, len(DAYS) + 1):
        put_day(calm, number)
        began = time.monotonic()
        forked(partial(_flow, calm, number), log)
        lengths[number] = time.monotonic() - began
        states[number] = forked(partial(state_of, calm), log)

    killed, chains, wrong = 0, 0, []
    while killed < kills:
        chains += 1
        lab = new_lab(folder / f"killed-{chains}", "quarantine_threshold = 0.5")
        for number in range(1, len(DAYS) + 1):
            put_day(lab, number)
            for _ in range(rng.randint(1, _KILLS_A_RUN)):
                after = rng.random() * lengths[number] * 0.7
                try:
                    forked(partial(_flow, lab, number), log, after=after)
                except Killed:
                    killed += 1
                else:
                    break
            try:
                forked(partial(_flow, lab, number), log)
                seen = forked(partial(state_of, lab), log)
            except (RuntimeError, Killed) as error:
                wrong.append(f"{chains}.{number}: {str(error).splitlines()[-1]}")
                break
            if found := differences(seen, states[number]):
                wrong.append(f"{chains}.{number}: {', '.join(found)}")
                break
        _remove(lab)
    if kills:
        yield Row(
            "kill -9 of the steps at a random moment",
            "the same run again: the same bytes",
            f"{killed:,} kills in {chains:,} times four days, {len(wrong)} differ"
            f"{': ' if wrong else ''}{'; '.join(wrong[:3])}",
            not wrong,
        )
    if commands:
        yield _kill_commands(folder, commands, rng, states, log)


def _remove(lab: Lab) -> None:
    subprocess.run(["rm", "-rf", str(lab.root)], check=True)


def _kill_commands(
    folder: Path,
    commands: int,
    rng: random.Random,
    states: dict[int, dict[str, object]],
    log: Path,
) -> Row:
    killed, chains, wrong = 0, 0, []
    while killed < commands:
        chains += 1
        lab = new_lab(folder / f"commands-{chains}", "quarantine_threshold = 0.5")
        for number in range(1, len(DAYS) + 1):
            put_day(lab, number)
            arguments = _arguments(number, DAYS[number - 1])
            length = 0.0
            for _ in range(_KILLS_A_RUN):
                began = time.monotonic()
                with _start(lab, arguments, log) as process:
                    _wait_for_lock(process, lab)
                    # Most into the work, some into the imports before it.
                    length = length or time.monotonic() - began
                    try:
                        process.wait(rng.random() * 2 * length)
                    except subprocess.TimeoutExpired:
                        os.killpg(process.pid, signal.SIGKILL)
                        killed += 1
                    process.wait()
                if killed >= commands:
                    break
            with _start(lab, arguments, log) as process:
                code = process.wait()
            seen = forked(partial(state_of, lab), log)
            if found := differences(seen, states[number]):
                wrong.append(f"{chains}.{number}: exit {code}, {', '.join(found)}")
                break
        _remove(lab)
    return Row(
        "kill -9 of real commands at a random moment",
        "the same command again: the same bytes",
        f"{killed} kills in {chains} times four days, {len(wrong)} differ"
        f"{': ' if wrong else ''}{'; '.join(wrong[:3])}",
        not wrong,
    )


def _start(lab: Lab, arguments: list[str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as out:
        return subprocess.Popen(
            [
                sys.executable,
                "-m",
                "flows",
                *arguments,
                "--workspace",
                str(lab.root),
            ],
            cwd=REPOSITORY,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )


def _wait_for_lock(process: subprocess.Popen[bytes], lab: Lab) -> None:
    lock = lab.root / ".lock"
    while process.poll() is None:
        if lock.exists() and f'"pid": {process.pid},' in lock.read_text():
            return
        time.sleep(0.02)
