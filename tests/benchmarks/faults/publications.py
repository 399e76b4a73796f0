"""Readers that open the marts all the time while publications pass by."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tasks.warehouse.publication import swap
from tests.benchmarks.faults.harness import Row
from tests.test_publish import READER, make_folder

_READERS = 3


def run(folder: Path, number: int) -> Iterator[Row]:
    """Three readers of `marts.duckdb`, of Parquet and of the manifest."""
    root = folder / "publications"
    root.mkdir()
    swap(root, make_folder(root, 0), "publication-0")
    readers = [
        subprocess.Popen(
            [sys.executable, "-c", READER, str(root)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(_READERS)
    ]
    for reader in readers:
        assert reader.stdout
        assert reader.stdout.readline() == "ready\n"
    for n in range(1, number + 1):
        swap(root, make_folder(root, n), f"publication-{n}")
    (root / "stop").touch()
    ended = [reader.communicate(timeout=60) for reader in readers]
    failed = [errors for reader, (_, errors) in zip(readers, ended, strict=True)
              if reader.returncode]  # fmt: skip
    counts = [tuple(map(int, out.split())) for out, _ in ended if out.strip()]
    reads = sum(count for count, _ in counts)
    seen = max((states for _, states in counts), default=0)
    last = failed[0].strip().splitlines()[-1] if failed else ""
    yield Row(
        f"{number} publications under {_READERS} readers",
        "each read sees one publication, none fails",
        f"{reads:,} reads, up to {seen} publications seen, {len(failed)} readers"
        f" failed {last}",
        not failed and seen > 1,
    )
