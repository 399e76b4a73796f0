"""Workspaces for tests: files in, steps run without the orchestrator, rows out."""

from __future__ import annotations

import ctypes
import io
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from tasks.marts.build import Aggregated, build_marts
from tasks.sources.source_files import Extracted, land_sources
from tasks.staging.stage import Validated, stage_batches
from tasks.verdicts.account_features import make_features
from tasks.verdicts.accounts import Deduplicated, judge_accounts
from tasks.warehouse.database import connect
from tasks.warehouse.models import load_models
from tasks.warehouse.publication import Published, sql_text
from tasks.warehouse.workspace import Workspace, load_workspace
from tests.world import Format, World, workspace_toml, write

# What hangs is ended by this; what is slow on a busy machine is waited for.
PATIENCE_SECONDS = 1200
REPOSITORY = Path(__file__).resolve().parents[1]
FIRST, LAST = date(2026, 3, 1), date(2026, 3, 14)
# What readers see; these never depend on the road that led there.
MARTS = tuple(sorted(model.table for model in load_models("marts").values()))
OVERRIDE_HEADER = (
    "decision,platform,account_id,other_platform,other_account_id,reason,reviewer,date"
)


# Databases are opened in it, one at a time.
_ENGINE_IS_FREE = threading.Lock()


@cache
def _engine() -> duckdb.DuckDBPyConnection:
    """DuckDB without a file: to start one costs more than most questions do."""
    engine = duckdb.connect()
    engine.execute("set global timezone = 'UTC'")
    return engine


@contextmanager
def opened(database: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database file as a program sees it that opens it, in UTC; then it is closed."""
    with _ENGINE_IS_FREE:
        _engine().execute(f"attach {sql_text(database)} as warehouse")
        try:
            # Closed with what an error left open.
            with _engine().cursor() as connection:
                connection.execute("use warehouse")
                yield connection
        finally:
            _engine().execute("detach warehouse")


@dataclass(frozen=True)
class Lab:
    """A workspace folder and the steps that run in it."""

    root: Path

    @property
    def workspace(self) -> Workspace:
        """The configuration as it is now."""
        return load_workspace(self.root)

    def put(self, name: str, content: object) -> Path:
        """Write a file: bytes and text as they are, lists as JSON lines."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, str):
            content = content.encode()
        elif isinstance(content, list):
            content = "".join(
                json.dumps(item, ensure_ascii=False) + "\n" for item in content
            ).encode()
        elif not isinstance(content, bytes):
            content = json.dumps(content, ensure_ascii=False).encode()
        path.write_bytes(content)
        return path

    def configure(
        self,
        *,
        platform: str = "weibo",
        format: str = "weibo-api",
        path: str = "export",
        post_ids: Sequence[str] = (),
        timezone: str = "Asia/Shanghai",
        extra: str = "",
        policies: str = "",
    ) -> None:
        """Write a `workspace.toml` of one source, one brand, one campaign."""
        listed = ", ".join(
            f'{{ platform = "{platform}", post_id = "{post}" }}' for post in post_ids
        )
        self.put(
            "workspace.toml",
            f"""timezone = "{timezone}"
[[sources]]
name = "export"
platform = "{platform}"
kind = "files"
format = "{format}"
path = "{path}"
{extra}
[[brands]]
id = "aurora"
name = "Aurora Tea"
accounts = [{{ platform = "{platform}", account_id = "9000" }}]
[[campaigns]]
id = "launch"
brand = "aurora"
start = {FIRST}
end = {LAST}
post_ids = [{listed}]
[policies]
{policies}
""",
        )

    def override(self, *lines: str) -> None:
        """Write `seeds/account_overrides.csv`."""
        self.put(
            "seeds/account_overrides.csv", "\n".join([OVERRIDE_HEADER, *lines]) + "\n"
        )

    def land(self) -> Extracted:
        """Run extract."""
        return land_sources(self.workspace)

    def stage(self, run_id: str = "run") -> Validated:
        """Run validate."""
        return stage_batches(self.workspace, run_id)

    def judge(self, run_id: str = "run") -> Deduplicated:
        """Run deduplicate."""
        return judge_accounts(self.workspace, run_id)

    def build(
        self,
        first: date = FIRST,
        last: date = LAST,
        run_id: str = "run",
        *,
        tables: Sequence[str] = (),
    ) -> Aggregated:
        """Run aggregate; of some tables only, with what they need, where any is named.

        Marts go by their table's name, others by their whole one.
        """
        names = [name if "." in name else f"marts.{name}" for name in tables]
        return build_marts(self.workspace, run_id, first, last, tables=names)

    def publish(self, run_id: str = "run") -> Published:
        """Run publish."""
        from tasks.publication.marts import publish_marts

        return publish_marts(self.workspace, run_id)

    def run(
        self,
        first: date = FIRST,
        last: date = LAST,
        run_id: str = "run",
        *,
        publish: bool = True,
        tables: Sequence[str] = (),
    ) -> None:
        """Run all steps for a window; without publish, where some tables are named."""
        self.land()
        self.stage(run_id)
        self.judge(run_id)
        self.build(first, last, run_id, tables=tables)
        if publish and not tables:
            self.publish(run_id)

    def run_to_accounts(self, run_id: str = "run") -> None:
        """Run the steps up to the verdicts on accounts, for tests of these."""
        self.land()
        self.stage(run_id)
        self.judge(run_id)

    def features(self) -> pl.DataFrame:
        """What the score looks at: made for this alone, as no run leaves it."""
        with connect(self.workspace.database) as connection:
            connection.begin()
            found = make_features(
                connection,
                self.workspace.timezone,
                self.workspace.policies.behaviour_days,
            )
            connection.rollback()
        return found

    def rows(self, query: str, params: Mapping[str, Any] | None = None) -> list[Any]:
        """Rows of a query against the warehouse."""
        with opened(self.root / "warehouse.duckdb") as connection:
            return connection.execute(query, params or {}).fetchall()

    def dicts(self, query: str) -> list[dict[str, Any]]:
        """Rows of a query against the warehouse, by name."""
        with opened(self.root / "warehouse.duckdb") as connection:
            cursor = connection.execute(query)
            names = [column[0] for column in cursor.description or []]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def value(self, query: str) -> Any:
        """The one value of a query against the warehouse."""
        ((found,),) = self.rows(query)
        return found

    def land_records(self) -> list[str]:
        """Every landed record as it came."""
        files = sorted((self.root / "landing").glob("[!.]*/*/*/*.parquet"))
        return [
            row[0]
            for file in files
            for row in duckdb.sql(f"select record from '{file}'").fetchall()
        ]

    def quarantined(self) -> list[tuple[str, int | None, str]]:
        """Path, line and reason of what was rejected before staging."""
        found = []
        for file in sorted((self.root / "quarantine").glob("landing-*.parquet")):
            found += duckdb.sql(
                f"select path, position, reason from '{file}' order by all"
            ).fetchall()
        return found

    def marts(self) -> dict[str, list[Any]]:
        """Every mart that the warehouse has, rows in order of their key.

        Those for the owner alone stand under their whole name.
        """
        models = load_models("restricted") | load_models("marts")
        with opened(self.root / "warehouse.duckdb") as connection:
            there = connection.execute(
                "select schema_name || '.' || table_name from duckdb_tables()"
            ).fetchall()
            return {
                model.name.removeprefix("marts."): connection.execute(
                    f"from {model.name} order by "
                    + ", ".join(f"{name} nulls last" for name in model.grain)
                ).fetchall()
                for model in models.values()
                if (model.name,) in there
            }

    def parquet(self) -> dict[str, bytes]:
        """The published Parquet files of the marts."""
        return {
            path.name: path.read_bytes()
            for path in sorted((self.root / "published/parquet").glob("*.parquet"))
        }

    def command(
        self,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run `python -m flows` on this workspace."""
        return run_command(
            *arguments,
            "--workspace",
            str(self.root),
            environment=environment,
        )

    def call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The same in this process, see `call_command`."""
        return call_command(*arguments, "--workspace", str(self.root))


def call_command(*arguments: str) -> subprocess.CompletedProcess[str]:
    """A command in this process: what it says, and the exit code that it ends with.

    What a process adds (signals, closed output, what is imported) is tested by
    `run_command`, which takes seconds for its imports.
    """
    from flows.__main__ import main

    said, told = io.StringIO(), io.StringIO()
    words, environment = sys.argv, dict(os.environ)
    sys.argv, code = ["flows", *arguments], 0
    try:
        with redirect_stdout(said), redirect_stderr(told):
            main()
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else 1
    finally:
        sys.argv = words
        os.environ.clear()
        os.environ.update(environment)
    return subprocess.CompletedProcess(
        arguments, code, said.getvalue(), told.getvalue()
    )


def run_command(
    *arguments: str,
    environment: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run `python -m flows` with arguments."""
    return subprocess.run(
        [sys.executable, "-m", "flows", *arguments],
        cwd=REPOSITORY,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


_LIBC = ctypes.CDLL(None)


def end_with_parent() -> None:
    """As `preexec_fn`: a process ends when the tests do, however they are ended."""
    pr_set_pdeathsig = 1
    _LIBC.prctl(pr_set_pdeathsig, signal.SIGTERM)


@contextmanager
def started(*words: str, **options: Any) -> Iterator[subprocess.Popen[Any]]:
    """A process in a session of its own, of which nothing is left at the end."""
    with subprocess.Popen(
        words,
        cwd=REPOSITORY,
        start_new_session=True,
        preexec_fn=end_with_parent,
        **options,
    ) as run:
        try:
            yield run
        finally:
            if run.poll() is None:
                os.killpg(run.pid, signal.SIGKILL)


def lab_of(
    world: World,
    root: Path,
    format: Format = "weibo-api",
    below: Mapping[str, str] | None = None,
    **options: Any,
) -> Lab:
    """A workspace that holds a whole world.

    What stands `below` a campaign goes into its section of `workspace.toml`.
    """
    write(world, root / "export", format, **options)
    lab = Lab(root)
    lab.put(
        "workspace.toml",
        workspace_toml(world, [("export", format, Path("export"))], below),
    )
    return lab


# --- records as Weibo writes them -------------------------------------------

_MONTH_DAY = "Mar %02d"


def weibo_time(day: int, clock: str = "10:00:00", zone: str = "+0800") -> str:
    """A moment of March 2026 as the platform writes it."""
    name = date(2026, 3, day).strftime("%a")
    return f"{name} Mar {day:02d} {clock} {zone} 2026"


def user(key: int | str, name: str, **more: Any) -> dict[str, Any]:
    """A profile."""
    return {"id": key, "screen_name": name, "followers_count": 100, **more}


def status(
    key: int | str,
    text: str = "tea",
    author: Mapping[str, Any] | None = None,
    day: int = 1,
    clock: str = "09:00:00",
    **more: Any,
) -> dict[str, Any]:
    """A post."""
    return {
        "id": key,
        "created_at": weibo_time(day, clock),
        "text": text,
        "user": dict(author or user(9000, "brand")),
        **more,
    }


def repost(
    key: int | str,
    root: int | str,
    author: Mapping[str, Any] | None,
    text: str = "转发微博",
    day: int = 1,
    clock: str = "10:00:00",
    **more: Any,
) -> dict[str, Any]:
    """A repost of a post."""
    return {
        "id": key,
        "created_at": weibo_time(day, clock),
        "text": text,
        "user": dict(author) if author else None,
        "retweeted_status": {"id": root},
        **more,
    }


def comment(
    key: int | str,
    root: int | str,
    author: Mapping[str, Any] | None,
    text: str = "good",
    day: int = 1,
    clock: str = "11:00:00",
    **more: Any,
) -> dict[str, Any]:
    """A comment on a post."""
    return {
        "id": key,
        "created_at": weibo_time(day, clock),
        "text": text,
        "user": dict(author) if author else None,
        "status": {"id": root},
        **more,
    }
