"""Candidate pairs among many millions of profiles: seconds, memory, spilled bytes.

`python -m tests.benchmarks.blocking [--millions 1 5 20] [--worlds FOLDER]` prints a
line for each size and, for the last, the pairs of each blocking rule. Each million is
a planted world of its own seed, so names and batches are no copies of each other; half
a minute makes one, and FOLDER keeps them. Nothing is scored here: `identity` measures
the links themselves.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import polars as pl

from tasks.accounts.identity import block_profiles, blocking_report
from tasks.accounts.identity_model import shipped_parameters
from tasks.warehouse.database import scratch
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


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--millions", type=int, nargs="*", default=[1, 5])
    parser.add_argument("--worlds", type=Path)
    parser.add_argument("--make", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--block", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    pl.Config.set_tbl_cols(-1)
    pl.Config.set_tbl_rows(-1)
    with tempfile.TemporaryDirectory() as name:
        folder = options.worlds or Path(name)
        files = [folder / f"{seed}.parquet" for seed in range(max(options.millions))]
        if options.make is not None:
            make_world(options.make, files[options.make])
            return
        if options.block is not None:
            block(files[: options.block], Path(name))
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
            wanted = ["--block", str(millions), "--millions", str(millions)]
            subprocess.run([*command, *wanted], check=True)


if __name__ == "__main__":
    main()
