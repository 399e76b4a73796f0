"""The engine that a workspace names: whether it is there, and a run on it."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tasks.warehouse.condition import Condition, broken
from tasks.warehouse.errors import (
    ConfigurationError,
    StepFailedError,
    WeiboManagerError,
)
from tasks.warehouse.selects import worked_out_by
from tasks.warehouse.workspace import Workspace

if TYPE_CHECKING:
    import duckdb
    import polars as pl

    from tasks.engines.on_spark import SparkEngine
    from tasks.warehouse.landing import Batch
    from tasks.warehouse.models import Model
    from tasks.warehouse.raw_tables import RawTable

_LEAST_JAVA = 17
_INSTALL_JAVA = "sudo apt-get install openjdk-17-jre-headless"


def require_engine(workspace: Workspace) -> None:
    """Stop before a run whose engine isn't there.

    Raises:
        ConfigurationError: with what to install.
    """
    if missing := _what_is_missing(workspace):
        raise ConfigurationError(missing)


def examine_engine(workspace: Workspace) -> Iterator[Condition]:
    """Whether the engine is there, where another one than the warehouse is named."""
    if workspace.engine.name == "duckdb":
        return
    missing = _what_is_missing(workspace)
    yield from (broken("engine", one) for one in missing)
    if not missing:
        yield Condition("engine", f"Spark, {workspace.engine.master}")


@contextmanager
def engine_of(workspace: Workspace) -> Iterator[None]:
    """Run steps on the engine that the workspace names.

    A run that fails leaves nothing of its engine's tables: one of these may be why.

    Raises:
        StepFailedError: the engine doesn't start.
    """
    if workspace.engine.name == "duckdb":
        yield
        return
    engine = _Asleep(workspace)
    keeps = False
    try:
        with worked_out_by(engine):
            yield
        keeps = True
    except WeiboManagerError as error:
        keeps = not isinstance(error, StepFailedError)
        raise
    finally:
        engine.close(keeps=keeps)


class _Asleep:
    """Spark, started when it is first asked: a run with nothing new doesn't wait."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._engine: SparkEngine | None = None

    def observe(
        self,
        connection: duckdb.DuckDBPyConnection,
        folder: Path,
        batches: list[Batch],
        raw_tables: Mapping[str, RawTable],
    ) -> dict[str, int]:
        """See `Engine`."""
        return self._awake().observe(connection, folder, batches, raw_tables)

    def select(
        self,
        connection: duckdb.DuckDBPyConnection,
        model: Model,
        sql: str,
        bound: Mapping[str, Any],
    ) -> tuple[str, dict[str, Any]] | None:
        """See `Engine`."""
        from tasks.engines.on_spark import is_shared

        if not is_shared(model):
            return None
        return self._awake().select(connection, model, sql, bound)

    def map_rows(
        self, work: Callable[[pl.DataFrame], pl.DataFrame], frame: pl.DataFrame
    ) -> pl.DataFrame:
        """See `Engine`."""
        return self._awake().map_rows(work, frame)

    def close(self, *, keeps: bool) -> None:
        """See `SparkEngine`."""
        if self._engine:
            self._engine.close(keeps=keeps)

    def _awake(self) -> SparkEngine:
        self._engine = self._engine or _start(self._workspace)
        return self._engine


def _start(workspace: Workspace) -> SparkEngine:
    from pyspark.sql import SparkSession

    from tasks.engines.on_spark import SparkEngine, start_session

    named = workspace.engine
    settings = {
        "spark.driver.memory": named.driver_memory,
        "spark.sql.warehouse.dir": str((workspace.spark / "work").absolute()),
    }
    if named.executor_memory:
        settings["spark.executor.memory"] = named.executor_memory
    if named.master.startswith("local"):  # a cluster's workers have their own
        local = workspace.spark / "local"
        if SparkSession.getActiveSession() is None:
            shutil.rmtree(local, ignore_errors=True)  # what a killed run left
        settings["spark.local.dir"] = str(local.absolute())
    try:
        session = start_session(named.master, {**settings, **named.settings})
    except Exception as error:
        if os.environ.get("WM_DEBUG"):
            raise
        raise StepFailedError(
            f"Spark does not start at {named.master} ({type(error).__name__}). See"
            " whether its master runs and whether the settings of [engine] in"
            " workspace.toml fit it; --debug shows what Spark said. What was published"
            " before still stands."
        ) from None
    return SparkEngine(session, workspace.spark)


def _what_is_missing(workspace: Workspace) -> list[str]:
    if workspace.engine.name == "duckdb":
        return []
    missing = []
    if importlib.util.find_spec("pyspark") is None:
        missing.append(
            'workspace.toml has [engine] name = "spark", and its library is not'
            " installed: .venv/bin/python -m pip install --require-hashes"
            " -r requirements-spark.txt"
        )
    version = _java_version()
    if version is None:
        missing.append(
            'workspace.toml has [engine] name = "spark", and no Java is found:'
            f" {_INSTALL_JAVA}, or say in JAVA_HOME where it is"
        )
    elif version < _LEAST_JAVA:
        missing.append(
            f"Java {version} is found, and Spark needs {_LEAST_JAVA} or newer:"
            f" {_INSTALL_JAVA}, or say in JAVA_HOME where it is"
        )
    return missing


def _java_version() -> int | None:
    """The number before the first point; None where no Java answers."""
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home) / "bin/java") if home else shutil.which("java")
    try:
        told = subprocess.run(
            [java or "java", "-version"], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    found = re.search(r'version "(\d+)', told.stderr)
    return int(found[1]) if found else None
