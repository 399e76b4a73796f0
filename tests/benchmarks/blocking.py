"""Many millions of profiles through features, score, blocking and linking.

`python -m tests.benchmarks.blocking [--millions 1 5] [--worlds FOLDER] [--blocks]`
prints for each size the seconds, CPU seconds, memory and bytes on the disk of what
judges accounts in a run, by part; with `--blocks` of the candidate pairs alone, and
those of each blocking rule. Each million is a planted world of its own seed, so names
and batches are no copies of each other; half a minute makes one, and FOLDER keeps
them. Profiles stand where validated ones do, and nobody acts: what acts cost is
measured by `python -m tests.benchmarks`; how right the links are, by `identity`.
"""

from __future__ import annotations

import argparse
import functools
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl

from flows.commands.audit import find_sources, staged
from tasks.accounts.identity import block_profiles, blocking_report
from tasks.accounts.identity_model import shipped_parameters
from tasks.accounts.phantom_model import shipped_model
from tasks.verdicts import judge as judges
from tasks.warehouse.database import scratch, transaction
from tasks.warehouse.seed_tables import read_overrides
from tests.benchmarks.identity import planted
from tests.world.spec import WorldSpec

ACCOUNTS = 1_000_000


def make_world(seed: int, file: Path) -> None:
    """Write a million planted profiles; their ids begin with the seed."""
    profiles, _ = planted(
        WorldSpec(
            seed=seed,
            accounts=ACCOUNTS,
            sockpuppet_share=0.06,
            household_share=0.02,
            remade_batches=True,
        )
    )
    beside = file.with_suffix(".tmp")
    profiles.with_columns(
        account_id=pl.format("{}-{}", pl.lit(seed), "account_id")
    ).write_parquet(beside)
    beside.rename(file)


class Spilled:
    """The most bytes that stood in a folder, looked at every half second."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.most = 0
        self._ended = threading.Event()
        self._watch = threading.Thread(target=self._look, daemon=True)
        self._watch.start()

    def _look(self) -> None:
        while not self._ended.wait(0.5):
            sizes = 0
            for file in self.folder.rglob("*"):
                try:
                    sizes += file.stat().st_size if file.is_file() else 0
                except FileNotFoundError:
                    continue
            self.most = max(self.most, sizes)

    def end(self) -> int:
        """Stop looking."""
        self._ended.set()
        self._watch.join()
        return self.most


def block(files: list[Path], folder: Path) -> None:
    """Find the candidate pairs among the profiles of these files, and print figures."""
    spill = folder / "spill"
    spill.mkdir()
    spilled = Spilled(spill)
    with scratch(spill / "links") as connection:
        connection.read_parquet([str(file) for file in files]).create_view("profiles")
        started = time.perf_counter()
        block_profiles(connection, "profiles", shipped_parameters())
        seconds = time.perf_counter() - started
        report = blocking_report(connection)
        ((pairs,),) = connection.execute(
            "select count(*) from identity_pairs"
        ).fetchall()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"{len(files)} million: {seconds:.1f} s, {time.process_time():.0f} CPU s, "
        f"{peak:.2f} GB, {spilled.end() / 1e9:.1f} GB spilled, {pairs:,} pairs"
    )
    print(report)


# Parts of `judge` that are told by themselves.
_PARTS = ("make_tables", "_link", "_find_operators", "_suspect", "add_second_pass")
# Validated profiles are one observation each, and a small export makes the tables.
_PROFILES = """
insert into staging.accounts by name
select
    profiles.* exclude (observed_at),
    timestamp '2026-04-01' as observed_at,
    false as is_moment_told,
    date '2026-04-01' as date_day
from profiles
"""


def judge_all(files: list[Path], folder: Path) -> None:
    """Judge the profiles of these files as a run does, and print figures."""
    few = folder / "few"
    few.mkdir()
    pl.scan_parquet(files[0]).head(5).with_columns(
        observed_at=pl.lit("2026-04-01T00:00:00Z")
    ).collect().write_parquet(few / "accounts.parquet")
    spent: Counter[str] = Counter()
    for name in _PARTS:
        setattr(judges, name, _timed(getattr(judges, name), name, spent))
    with staged(find_sources([few], "canonical", [])) as (connection, workspace, _):
        connection.execute("delete from staging.accounts")
        connection.read_parquet([str(file) for file in files]).create_view("profiles")
        connection.execute(_PROFILES)
        spilled = Spilled(workspace.root)
        started, before = time.perf_counter(), time.process_time()
        with transaction(connection):
            judges.judge(
                connection,
                workspace,
                read_overrides(workspace.root),
                shipped_model(),
                code="benchmark",
            )
        seconds, cpu = time.perf_counter() - started, time.process_time() - before
        ((accounts, phantoms, operators),) = connection.execute(
            "select count(*), count(*) filter (where phantom_level = 'phantom'),"
            f" (select count(distinct operator_id) from {judges.OPERATORS})"
            f" from {judges.SCORES}"
        ).fetchall()
        most = spilled.end()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"{len(files)} million: {seconds:.1f} s, {cpu:.0f} CPU s, {peak:.2f} GB, "
        f"{most / 1e9:.1f} GB on the disk; {accounts:,} accounts, "
        f"{phantoms:,} likely phantoms, {operators:,} operators"
    )
    spent["score, commit"] = cpu - sum(spent.values())
    for name, part in spent.items():
        print(f"  {name.strip('_').replace('_', ' '):16} {part:8.1f} CPU s")


def _timed(
    function: Callable[..., Any], name: str, spent: Counter[str]
) -> Callable[..., Any]:
    @functools.wraps(function)
    def timed(*args: Any, **options: Any) -> Any:
        before = time.process_time()
        found = function(*args, **options)
        spent[name] += time.process_time() - before
        return found

    return timed


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--millions", type=int, nargs="*", default=[1, 5])
    parser.add_argument("--worlds", type=Path)
    parser.add_argument("--make", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--blocks", action="store_true")
    parser.add_argument("--work", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    pl.Config.set_tbl_cols(-1)
    pl.Config.set_tbl_rows(-1)
    with tempfile.TemporaryDirectory() as name:
        folder = options.worlds or Path(name)
        files = [folder / f"{seed}.parquet" for seed in range(max(options.millions))]
        if options.make is not None:
            make_world(options.make, files[options.make])
            return
        if options.work is not None:
            work = block if options.blocks else judge_all
            work(files[: options.work], Path(name))
            return
        folder.mkdir(parents=True, exist_ok=True)
        command = [
            sys.executable, "-m", "tests.benchmarks.blocking", "--worlds", str(folder)
        ]  # fmt: skip
        for seed, file in enumerate(files):
            # In processes of their own, so that worlds don't count in the peak.
            if not file.exists():
                wanted = ["--make", str(seed), "--millions", str(seed + 1)]
                subprocess.run([*command, *wanted], check=True)
        for millions in options.millions:
            wanted = ["--work", str(millions), "--millions", str(millions)]
            if options.blocks:
                wanted.append("--blocks")
            subprocess.run([*command, *wanted], check=True)


if __name__ == "__main__":
    main()
