"""Files of every kind that a workspace holds, torn or flipped."""

from __future__ import annotations

import collections
import os
import random
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from flows.commands.privacy import erase_all
from tasks.sources.crawl.state import CrawlState
from tasks.sources.erasure_marker import finish
from tasks.sources.erasure_watch import keep_out
from tasks.warehouse import ledger
from tests.benchmarks.faults.harness import (
    ANN,
    DAYS,
    Killed,
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

# What people write: a run can't know what they meant.
_INPUTS = ("export", "seeds", "workspace.toml")
# Made anew by the next run, whatever stands there.
_LOOKS = (("doctor",), ("status",), ("who", "31"))
_NEW_SHARE = 0.3
# Words that name no file and no repair.
_SPEECHLESS = ("Traceback", "Failed: ")


def _prepare(lab: Lab) -> None:
    """Three days, an erasure, rejected rows, seeds, a crawl's state, a key."""
    for number in (1, 2):
        put_day(lab, number)
        lab.run(DAYS[0], DAYS[number - 1], run_id=f"2026030{number}")
    lab.override("genuine,weibo,32,,,a friend,me,2026-03-01")
    lab.put(
        "seeds/suppressions.csv",
        "platform,account_id,reason,date\nweibo,33,asked,2026-03-02\n",
    )
    with CrawlState(lab.workspace.landing / ".crawl" / "api.sqlite"):
        pass
    erase_all(lab.workspace, [ANN])
    put_day(lab, 3)
    for _ in range(2):
        with ledger.open_run(
            lab.workspace, "backfill", (DAYS[0], DAYS[2]), prepare=keep_out
        ):
            lab.run(DAYS[0], DAYS[2], run_id="20260303")
            finish(lab.workspace)


def _kind(relative: Path) -> str:
    """What a file is, whatever its name tells of days and batches."""
    first, *rest = relative.parts
    if first == "landing" and rest and not rest[0].startswith("."):
        return "landed Parquet"
    if first == "landing" and rest and rest[0] in (".log", ".crawl"):
        return f"landing/{rest[0]}"
    if first in ("publications", "quarantine"):
        name = relative.name
        kind = relative.suffix if name.startswith("landing-") else name
        is_table = relative.parent.name == "parquet"
        return f"{first}: {'table of Parquet' if is_table else kind}"
    if first == "restricted":
        return "restricted/contacts.csv"
    return "export" if first == "export" else str(relative)


def _damage(file: Path, rng: random.Random) -> str:
    data = bytearray(file.read_bytes())
    how = rng.choice(("empty", "torn", "zeroed tail", "flipped", "garbage"))
    if len(data) < 2:
        how = "garbage"
    at = rng.randrange(1, len(data)) if len(data) > 1 else 0
    if how == "empty":
        data = bytearray()
    elif how == "torn":
        data = data[:at]
    elif how == "zeroed tail":
        data[at:] = bytes(len(data) - at)
    elif how == "flipped":
        data[at] ^= 1 << rng.randrange(8)
    else:
        data = bytearray(rng.randbytes(max(len(data), 64)))
    mode = file.stat().st_mode
    file.chmod(mode | 0o200)
    file.write_bytes(data)
    return f"{how}{f' at {at:,}' if how != 'empty' else ''}"


def run(folder: Path, files: int, seed: int) -> Iterator[Row]:
    """So many damaged files, kinds in turn."""
    log = folder / "torn.log"
    rng = random.Random(seed)
    os.environ.pop("WM_PSEUDONYM_KEY", None)  # its file is to be damaged, too
    whole = new_lab(folder / "whole", "quarantine_threshold = 0.5")
    forked(lambda: _prepare(whole), log)
    # With nothing new a run only looks; with a new file it reads and makes all.
    expected = {}
    for is_new in (False, True):
        calm = copy(whole.root, folder / "calm")
        if is_new:
            put_day(calm, 4)
        code, said = forked(partial(_daily, calm), log)
        assert code == 0, said
        expected[is_new] = forked(partial(state_of, calm), log)
    kinds = collections.defaultdict(list)
    for file in files_of(whole.root):
        kinds[_kind(file.relative_to(whole.root))].append(file.relative_to(whole.root))
    kinds.pop(".lock", None)
    found: dict[str, list[str]] = {kind: [] for kind in sorted(kinds)}
    tried: collections.Counter[str] = collections.Counter()
    for number in range(files):
        kind = sorted(kinds)[number % len(kinds)]
        relative = rng.choice(kinds[kind])
        one = copy(whole.root, folder / "torn")
        how = _damage(one.root / relative, rng)
        is_new = rng.random() < _NEW_SHARE
        if is_new:
            put_day(one, 4)
        if kind == "landed Parquet":  # else nobody reads it again
            (one.root / "warehouse.duckdb").unlink()
        tried[kind] += 1
        try:
            problems = _try(one, kind, relative, expected[is_new], log)
        except (RuntimeError, Killed) as error:
            problems = [str(error).strip().splitlines()[-1]]
        told = [f"{relative} {how}: {problem}" for problem in problems]
        found[kind] += told
        for line in told:
            print(f"  {number}: {line}", file=sys.stderr, flush=True)
    for kind, problems in found.items():
        yield Row(
            f"{kind}: torn, emptied, zeroed, flipped, garbage",
            "named with the repair, or mended; never other marts",
            f"{tried[kind]} files, {len(problems)} wrong"
            f"{': ' if problems else ''}{'; '.join(problems[:3])}",
            not problems,
        )


def _daily(lab: Lab) -> tuple[int, str]:
    return _command(lab, "daily", "--date", str(DAYS[3]))


def _command(lab: Lab, *arguments: str) -> tuple[int, str]:
    return command(*arguments, "--workspace", str(lab.root))


def _look(lab: Lab) -> dict[str, tuple[int, str]]:
    return {look[0]: _command(lab, *look) for look in _LOOKS}


def _try(
    lab: Lab, kind: str, relative: Path, expected: dict[str, Any], log: Path
) -> list[str]:
    problems = []
    for look, (_, said) in forked(partial(_look, lab), log).items():
        if any(words in said for words in _SPEECHLESS):
            problems.append(f"{look} says {said.strip().splitlines()[-1][:150]}")
    code, said = forked(lambda: _daily(lab), log)
    if any(words in said for words in _SPEECHLESS):
        problems.append(f"daily says {said.strip().splitlines()[-1][:150]}")
    code_first = code
    if code:
        told = said
        code, said = forked(lambda: _command(lab, "recover"), log)
        if any(words in said for words in _SPEECHLESS):
            problems.append(f"recover says {said.strip().splitlines()[-1][:150]}")
        again, words = forked(lambda: _daily(lab), log)
        if again:
            # Told what only a person can bring back: by its name.
            name = relative.name
            if not any(name in text for text in (told, said, words)):
                problems.append(f"nothing names it: {words.strip()[-200:]}")
            return problems
    if kind.startswith(_INPUTS):
        return problems
    seen = forked(lambda: state_of(lab), log)
    different = differences(seen, expected)
    # What lands once more from the export may stand there twice, in staging once.
    if code_first and "landing" in different:
        different.remove("landing")
    if different:
        problems.append(f"silently other {', '.join(different)[:150]}")
    return problems
