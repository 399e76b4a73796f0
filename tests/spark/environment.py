"""pyspark in a folder of its own, beside the libraries that are locked."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.workspaces import REPOSITORY

REQUIREMENTS = REPOSITORY / "requirements-spark.txt"
LIBRARIES = (
    Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    / "weibo-manager/spark"
)
# Small data: one core a job, no compiling of queries.
SETTINGS = {
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.memory": "2g",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1",
}


def in_configuration(master: str) -> str:
    """The same for a workspace."""
    settings = {
        name: value for name, value in SETTINGS.items() if "driver.m" not in name
    }
    listed = ", ".join(f'"{name}" = "{value}"' for name, value in settings.items())
    return (
        f'\n[engine]\nname = "spark"\nmaster = "{master}"\n'
        f'driver_memory = "2g"\nsettings = {{ {listed} }}\n'
    )


def what_is_missing() -> str | None:
    """What has to be installed by hand; None where all is there."""
    if shutil.which("java"):
        return None
    return "Java is missing: sudo apt-get install default-jre-headless"


def make_libraries(folder: Path = LIBRARIES) -> Path:
    """Install pyspark where it isn't yet; the folder for Python's path."""
    installed = folder / "installed.txt"
    wanted = REQUIREMENTS.read_bytes()
    if not installed.exists() or installed.read_bytes() != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run(
            [sys.executable, "-m", "pip", "install", "-qq", "--no-deps"]
            + ["--disable-pip-version-check", "--require-hashes"]
            + ["--target", folder, "-r", REQUIREMENTS],
            check=True,
        )
        installed.write_bytes(wanted)
    return folder


def with_spark(folder: Path) -> Mapping[str, str]:
    """The environment of a process that can import pyspark, as its workers can."""
    paths = [str(folder), str(REPOSITORY), os.environ.get("PYTHONPATH", "")]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "PYSPARK_PYTHON": sys.executable,
    }
