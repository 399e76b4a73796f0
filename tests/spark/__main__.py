"""Runs the models on DuckDB and on Spark and prints, table by table, what is equal.

Once it installs pyspark in a folder of its own. What is compared: our functions, all
golden cases of staging, then the shipped sample, or a workspace in which a run was
finished.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

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
    """Print each table with its rows and the seconds it took; 1 where one differs."""
    from tasks.engines.on_spark import SparkEngine, start_session
    from tasks.warehouse.workspace import load_workspace
    from tests.spark.comparison import (
        Compared,
        compare_functions,
        compare_intermediate,
        compare_staging,
        finished_sample,
        golden_cases,
    )

    differing = 0

    def tell(found: Iterable[Compared]) -> None:
        nonlocal differing
        for one in found:
            differing += bool(one.differs)
            said = f"not equal: {one.differs}" if one.differs else "equal"
            print(
                f"{one.seconds:6.1f} s {one.rows:7,} {one.table:55} {said}", flush=True
            )

    with tempfile.TemporaryDirectory(prefix="spark-") as folder:
        root = Path(folder)
        if wanted:
            workspace = load_workspace(wanted)
        else:
            workspace = finished_sample(root / "sample").workspace
        begun = time.monotonic()
        session = start_session(settings=SETTINGS)
        session.sparkContext.setLogLevel("ERROR")
        print(f"{time.monotonic() - begun:6.1f} s         Spark {session.version}")
        if not wanted:
            spark = SparkEngine(session, root / "lake-of-cases")
            tell(compare_functions(spark))
            tell(compare_staging(golden_cases(root / "cases").workspace, spark))
            print()
        spark = SparkEngine(session, root / "lake")
        tell(compare_staging(workspace, spark))
        tell(compare_intermediate(workspace, spark))
        session.stop()
    print(f"{differing} tables differ")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
