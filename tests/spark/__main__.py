"""Runs the steps on Spark and prints, select by select, whether DuckDB finds the same.

Once it installs pyspark in a folder of its own. What is compared: all golden cases of
staging, then the shipped sample, or what landed in another workspace.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tasks.warehouse.selects import worked_out_by
from tests.spark.environment import (
    LIBRARIES,
    SETTINGS,
    make_libraries,
    what_is_missing,
    with_spark,
)


def main() -> int:
    """Compare all tables; 1 where one differs."""
    parser = argparse.ArgumentParser(prog="python -m tests.spark", description=__doc__)
    parser.add_argument("--workspace", type=Path, help="in place of the sample")
    parser.add_argument("--libraries", type=Path, default=LIBRARIES)
    told = parser.parse_args()
    if missing := what_is_missing():
        print(missing)
        return 2
    if importlib.util.find_spec("pyspark") is None:
        environment = with_spark(make_libraries(told.libraries))
        again = [sys.executable, "-m", "tests.spark", *sys.argv[1:]]
        return subprocess.run(again, env=environment, check=False).returncode
    os.environ.setdefault("WM_PSEUDONYM_KEY", "a-key-for-tests-only")
    return compare_all(told.workspace)


def compare_all(wanted: Path | None) -> int:
    """Print each select with its rows and Spark's seconds; 1 where one differs."""
    from tasks.engines.on_spark import start_session
    from tests.spark.comparison import (
        FIRST_DAY,
        LAST_DAY,
        Compared,
        ComparingEngine,
        golden_cases,
        sample,
    )

    def tell(one: Compared) -> None:
        said = f"not equal: {one.differs}" if one.differs else "equal"
        print(f"{one.seconds:6.1f} s {one.rows:7,} {one.table:55} {said}", flush=True)

    found: list[Compared] = []
    with tempfile.TemporaryDirectory(prefix="spark-") as folder:
        root = Path(folder)
        begun = time.monotonic()
        session = start_session(settings=SETTINGS)
        print(f"{time.monotonic() - begun:6.1f} s         Spark {session.version}")
        if not wanted:
            cases = golden_cases(root / "cases")
            engine = ComparingEngine(session, cases.workspace.spark, tell)
            with worked_out_by(engine):
                cases.stage()
            found += engine.found
        lab = sample(root / "workspace")
        if wanted:
            shutil.copytree(wanted, lab.root, dirs_exist_ok=True, symlinks=True)
            (lab.root / "warehouse.duckdb").unlink(missing_ok=True)
        engine = ComparingEngine(session, lab.workspace.spark, tell)
        lab.land()
        with worked_out_by(engine):
            lab.stage()
            lab.judge()
            lab.build(FIRST_DAY, LAST_DAY)
        engine.close()
        session.stop()
    found += engine.found
    differing = sum(bool(one.differs) for one in found)
    print(f"{differing} of {len(found)} differ")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
