"""A real PostgreSQL shows what is published: one publication a query, nothing lost."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from threading import Event
from typing import Any

import duckdb
import psycopg
import pytest

from tasks.publication.postgres import PostgresError, examine_postgres, show_in_postgres
from tasks.warehouse.errors import ConfigurationError
from tasks.warehouse.publication import roll_back
from tests.workspaces import Lab, comment, repost, status, user

pytestmark = [pytest.mark.postgres, pytest.mark.early]

PROGRAMS = sorted(
    Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: path.parent
)
NAMED = '[postgres]\nreaders = "bi"\n'


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server of its own; its address. It runs as another user where we are root."""
    initdb = shutil.which("initdb") or str(PROGRAMS[-1] / "initdb")
    control = Path(initdb).with_name("pg_ctl")
    home = tmp_path_factory.mktemp("postgres")
    as_user: list[str] = []
    if os.geteuid() == 0:
        shutil.chown(home, "postgres")
        # Its user has to get in from above.
        for folder in [home, *home.parents]:
            if folder.stat().st_uid == 0 and "pytest" in str(folder):
                folder.chmod(folder.stat().st_mode | 0o011)
        as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    data = home / "data"

    def run(*words: str | Path) -> None:
        subprocess.run([*as_user, *map(str, words)], check=True, capture_output=True)

    run(initdb, "-D", data, "-U", "owner", "--auth=trust", "-E", "UTF8", "--no-sync")
    options = f"-F -c listen_addresses='' -k {home}"
    run(control, "-D", data, "-w", "-o", options, "-l", home / "log", "start")
    try:
        address = f"postgresql://owner@/postgres?host={home}"
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute("create role bi login")
        yield address
    finally:
        run(control, "-D", data, "-m", "immediate", "stop")


def unpublished(lab: Lab) -> None:
    """A workspace whose marts wait to be published, with texts that CSV finds hard."""
    lab.configure(post_ids=["1"], policies="min_cell = 1\n" + NAMED)
    people = [user(100 + n, f"person {n}", location="北京 海淀") for n in range(9)]
    lab.put(
        "export/a.jsonl",
        [
            status(1, '新茶\\ "上市" {a,b}\tNULL \\N', reposts_count=12),
            *(repost(10 + n, 1, who, day=1 + n % 3) for n, who in enumerate(people)),
            comment(40, 1, people[0], "好喝"),
        ],
    )
    lab.run(publish=False)


@pytest.fixture
def own(
    server: str,
    lab_once: Callable[[str, Callable[[Lab], None]], Lab],
    monkeypatch: pytest.MonkeyPatch,
) -> Lab:
    """A workspace whose marts go to a database of its own."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("drop database if exists marts with (force)")
        connection.execute("create database marts")
    monkeypatch.setenv("WM_POSTGRES_URL", server.replace("/postgres?", "/marts?"))
    return lab_once("for-postgres", unpublished)


def publish(lab: Lab, run_id: str = "run") -> str:
    """Publish, in files and there; the publication's id."""
    from tasks.publish import publish as step

    return step(lab.root, run_id).publication_id


def ask(query: str, role: str = "owner", **settings: Any) -> list[tuple[Any, ...]]:
    """What a client of its own is told."""
    address = os.environ["WM_POSTGRES_URL"].replace("owner@", f"{role}@")
    with psycopg.connect(address, **settings) as connection:
        return connection.execute(query.encode()).fetchall()


def test_every_table_stands_there_as_it_is_published(own: Lab) -> None:
    """Row by row, as a reader without other rights; with words, keys and types."""
    name = publish(own)
    with duckdb.connect(
        str(own.root / "published/marts.duckdb"), read_only=True
    ) as marts:
        tables = marts.execute(
            "select table_name, comment from duckdb_tables() order by all"
        ).fetchall()
        for table, words in tables:
            expected = marts.execute(f"from {table}").fetchall()
            found = ask(f"select * from weibo_manager.{table}", "bi")
            assert sorted(map(repr, found)) == sorted(map(repr, expected)), table
            assert ask(
                f"select obj_description('weibo_manager.{table}'::regclass)"
            ) == [(words,)]
    ((keys,),) = ask("select count(*) from pg_constraint where contype = 'p'")
    assert keys > 20
    ((words,),) = ask(
        "select col_description('weibo_manager.campaigns'::regclass, attnum)"
        " from pg_attribute where attrelid = 'weibo_manager.campaigns'::regclass"
        " and attname = 'engagements'"
    )
    assert words
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        ask(f"select * from weibo_manager_{name}.campaigns", "bi")
    # Nothing new: nothing is loaded.
    (before,) = ask(
        "select xmin::text from pg_namespace where nspname = 'weibo_manager'"
    )
    assert publish(own, "again") == name
    assert ask(
        "select xmin::text from pg_namespace where nspname = 'weibo_manager'"
    ) == [before]


def read_until(stop: Event) -> set[tuple[Any, ...]]:
    """What a client sees that asks again and again; both tables tell the same."""
    seen = set()
    with psycopg.connect(os.environ["WM_POSTGRES_URL"], autocommit=True) as client:
        while not stop.is_set():
            ((days, campaign),) = client.execute(
                "select (select sum(reposts) from weibo_manager.campaign_daily),"
                " (select reposts from weibo_manager.campaigns)"
            ).fetchall()
            assert days == campaign
            seen.add((campaign,))
    return seen


def test_another_publication_replaces_all_at_once(own: Lab) -> None:
    """What BI built on the views stays; the publication before goes with the next."""
    first = publish(own)
    with psycopg.connect(os.environ["WM_POSTGRES_URL"], autocommit=True) as client:
        client.execute(
            "create view mine as select sum(reposts) from weibo_manager.campaigns"
        )
        names = [first]
        for day in (2, 3):
            extra = [repost(900 + day, 1, user(500 + day, "late"), day=day)]
            own.put(f"export/late-{day}.jsonl", extra)
            own.run(run_id=f"late-{day}", publish=False)
            names.append(publish(own, f"late-{day}"))
            assert client.execute("table mine").fetchall() == [(9 + day - 1,)]
            homes = client.execute(
                "select nspname from pg_namespace where nspname like 'weibo_manager%'"
            ).fetchall()
            assert {home for (home,) in homes} == {
                "weibo_manager",
                *(f"weibo_manager_{name}" for name in names[-2:]),
            }
        # Whoever reads meanwhile sees one publication a query.
        with ThreadPoolExecutor(1) as pool:
            stop = Event()
            seen = pool.submit(read_until, stop)
            for number in range(6):
                roll_back(own.root, names[1 + number % 2])
                show_in_postgres(own.workspace)
            stop.set()
            assert seen.result() == {(10,), (11,)}
        # The file goes back one: so do the views. An erasure keeps nothing before.
        assert own.call("rollback").returncode == 0
        assert client.execute("table mine").fetchall() == [(10,)]
        show_in_postgres(own.workspace, keeps_before=False)
        assert ask(
            "select count(*) from pg_namespace where nspname like 'weibo_manager_%'"
        ) == [(1,)]


def test_a_load_that_was_killed_is_begun_anew(
    own: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = publish(own)
    with psycopg.connect(os.environ["WM_POSTGRES_URL"], autocommit=True) as client:
        client.execute("drop schema weibo_manager cascade")
        client.execute(f"comment on schema weibo_manager_{name} is null")
        client.execute(f"drop table weibo_manager_{name}.campaigns")
        client.execute("create schema weibo_manager_0123456789abcdef")
        client.execute("create schema weibo_manager_of_others")
        show_in_postgres(own.workspace)
        assert client.execute("select reposts from weibo_manager.campaigns").fetchall()
        homes = client.execute(
            "select nspname from pg_namespace where nspname like 'weibo_manager_%'"
            " order by nspname"
        ).fetchall()
        assert homes == [(f"weibo_manager_{name}",), ("weibo_manager_of_others",)]
        # A column that went, and on which somebody built, is told and stays.
        client.execute("drop schema weibo_manager cascade")
        client.execute("create schema weibo_manager")
        client.execute(
            "create view weibo_manager.campaigns as select 1 as gone, 2 as reposts"
        )
        client.execute("create view mine as select gone from weibo_manager.campaigns")
        client.execute(
            "comment on schema weibo_manager is 'Weibo Manager, publication 0'"
        )
        with pytest.raises(PostgresError, match="view mine depends on"):
            show_in_postgres(own.workspace)
        assert client.execute("table mine").fetchall() == [(1,)]
        client.execute("drop view mine")
        show_in_postgres(own.workspace)
        assert client.execute("select reposts from weibo_manager.campaigns").fetchall()


def test_what_hinders_it_is_told(own: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files are published all the same, and no password is said."""
    address = os.environ["WM_POSTGRES_URL"]
    away = "postgresql://owner:s3cret@/marts?host=/nowhere"
    monkeypatch.setenv("WM_POSTGRES_URL", away)
    with pytest.raises(PostgresError, match="The next run tries again") as told:
        publish(own)
    assert "s3cret" not in str(told.value)
    assert (own.root / "published/marts.duckdb").exists()
    (condition,) = examine_postgres(own.workspace)
    assert condition.is_broken
    monkeypatch.delenv("WM_POSTGRES_URL")
    with pytest.raises(ConfigurationError, match="WM_POSTGRES_URL is not set"):
        show_in_postgres(own.workspace)
    monkeypatch.setenv("WM_POSTGRES_URL", address)
    with psycopg.connect(address, autocommit=True) as client:
        client.execute("create schema weibo_manager")
        with pytest.raises(ConfigurationError, match="choose another name"):
            show_in_postgres(own.workspace)
        client.execute("drop schema weibo_manager")
        client.execute(
            "select pg_advisory_lock(hashtextextended(%s, 0))",
            ["weibo-manager weibo_manager"],
        )
        with pytest.raises(PostgresError, match="another run writes"):
            show_in_postgres(own.workspace)
        client.execute("select pg_advisory_unlock_all()")
    show_in_postgres(own.workspace)
    (condition,) = examine_postgres(own.workspace)
    assert condition.is_fine and "shows publication" in condition.says
    assert ask("select window_start from weibo_manager.campaigns") == [
        (date(2026, 3, 1),)
    ]
