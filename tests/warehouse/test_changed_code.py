"""A newer version makes everything anew: old tables never stand beside new ones."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest

from tasks.publication.marts import page_digest
from tasks.staging.stage import RAW_TABLES
from tasks.warehouse import database, graph, ledger, models
from tasks.warehouse.code_digest import FOLDER, code_digest, reached
from tasks.warehouse.models import code_hash, load_headers, load_models
from tasks.warehouse.networks import spelled_out
from tests.workspaces import FIRST, LAST, Lab, comment, repost, status, user

# The steps, and what the graph names.
STEPS = (
    *("tasks.validate", "tasks.deduplicate", "tasks.aggregate", "tasks.marts.params"),
    *{
        table.maker.rpartition(".")[0]
        for table in graph.load_graph().values()
        if table.maker
    },
)


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project's code, to be changed; more often than file times can tell."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    shutil.copytree(
        FOLDER / "tasks",
        tmp_path / "tasks",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    return tmp_path


@pytest.fixture
def changed_sql(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str, str, str], None]]:
    """Puts other words into a copy of `sql`, which is the one from then on."""
    caches = (load_models, load_headers, graph.load_graph, graph.reads)
    caches += (graph.verdict_tables, graph.tables_behind_verdicts, graph.fingerprints)
    shutil.copytree(models.SQL_FOLDER, tmp_path / "sql")

    def forget() -> None:
        for one in caches:
            one.cache_clear()

    def change(name: str, old: str, new: str) -> None:
        monkeypatch.setattr(models, "SQL_FOLDER", tmp_path / "sql")
        file = tmp_path / "sql" / name
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new, 1), encoding="utf-8")
        forget()

    yield change
    monkeypatch.undo()
    forget()


def test_other_code_makes_anew_what_depends_on_it(
    tmp_path: Path, changed_sql: Callable[[str, str, str], None]
) -> None:
    """And a comment nothing; words of a header only what tells them."""
    lab = Lab(tmp_path / "workspace")
    lab.configure(post_ids=["1"])
    lab.put("export/a.jsonl", [status(1), repost(11, 1, user(501, "ann"))])
    asked = ["cascades", "campaign_daily", "metric_definitions"]
    lab.run(publish=False, tables=asked)
    assert lab.build(tables=asked).window is None
    before, digest = graph.fingerprints(), code_hash()

    changed_sql("intermediate/cascade_edges.sql", "with\n", "-- Why.\nwith\n\n")
    assert graph.fingerprints() == before
    changed_sql("marts/cascades.sql", "-- ", "-- Another word. ")
    changed = {n for n, mark in graph.fingerprints().items() if mark != before[n]}
    assert changed == {"meta.metric_headers", "marts.metric_definitions"}
    assert set(lab.build(tables=asked).rows) == {"metric_definitions"}

    changed_sql("intermediate/cascade_edges.sql", "from staging", "from  staging")
    assert lab.build(tables=asked).window is None
    lab.rows("update marts.campaign_daily set reposts = 77")
    parent = ("interactions.parent_id,", "lower(interactions.parent_id) as parent_id,")
    changed_sql("intermediate/cascade_edges.sql", *parent)
    stale = lab.build(tables=asked)
    assert set(stale.rows) == {"cascades"}
    assert lab.value("select max(reposts) from marts.campaign_daily") == 77
    # Rows of a window are all replaced by other code, whatever the run's days.
    more = ("with\n", "with one as (select 1),\n")
    changed_sql("intermediate/campaign_kinds.sql", *more)
    stale = lab.build(date(2026, 3, 3), date(2026, 3, 3), tables=asked)
    assert stale.window == (FIRST, LAST)
    assert lab.value("select max(reposts) from marts.campaign_daily") == 1

    # Verdicts have a fingerprint of their own; all marts read them.
    changed_sql("intermediate/account_clock.sql", *more)
    assert lab.judge().accounts
    assert lab.build(tables=asked).window == (FIRST, LAST)
    assert code_hash() == digest

    # What nothing reads later is gone, but where it is asked for.
    blocks = (
        "select table_name from duckdb_tables() where schema_name = 'intermediate'"
        " and table_name in ('cascade_nodes', 'campaign_comments', 'account_features')"
    )
    assert lab.rows(blocks) == []
    lab.build(tables=["intermediate.cascade_nodes"])
    assert lab.rows(blocks) == [("cascade_nodes",)]
    assert lab.build(tables=["intermediate.cascade_nodes"]).window is None


@pytest.mark.parametrize(
    "file",
    [
        "accounts/text_templates.py",
        "campaigns/cascades.py",
        "verdicts/judge.py",
        "warehouse/raw_tables.py",
        "warehouse/seeds.py",
    ],
)
def test_other_algorithms_are_other_code(file: str, copied: Path) -> None:
    before = code_digest(STEPS)
    assert code_digest(STEPS, copied) == before
    # What reads APIs or draws pages makes no table.
    (copied / "tasks/sources/crawl/budget.py").write_text("")
    assert code_digest(STEPS, copied) == before
    changed = copied / "tasks" / file
    text = changed.read_text(encoding="utf-8")
    # A comment, also before all lines, is no other code.
    changed.write_text(f"# Why.\n\n{text}\n# More.\n", encoding="utf-8")
    assert code_digest(STEPS, copied) == before
    changed.write_text(f"{text}\nLIMIT = 3\n", encoding="utf-8")
    assert code_digest(STEPS, copied) != before


def test_what_a_network_is_known_for_is_code(tmp_path: Path) -> None:
    """Another trait or SQL function makes other tables; a comment does not."""
    told = {}
    for name, text in {
        "as it is": 'title = "A"\ntraits = ["a"]\n',
        "comment": '# Why.\ntraits = ["a"]\ntitle = "A" # so\n',
        "trait": 'title = "A"\ntraits = ["b"]\n',
    }.items():
        file = tmp_path / name / "a" / "network.toml"
        file.parent.mkdir(parents=True)
        file.write_text(text)
        told[name] = spelled_out([file])
    assert told["comment"] == told["as it is"] != told["trait"]
    assert '"post_address"' in spelled_out()


def test_hash_of_code_holds_the_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    before = code_hash()
    monkeypatch.setattr(models, "spelled_out", lambda: "other")
    assert code_hash() != before


def test_constant_within_a_function_is_other_code(copied: Path) -> None:
    """Sets of constants have no order of their own."""
    file = copied / "tasks" / "odd.py"
    text = "def f(x):\n    return x in {'a', 'b', 'c'} and [y + 1 for y in x]\n"
    file.write_text(text)
    before = code_digest(["tasks.odd"], copied)
    file.write_text(text.replace("'a', 'b', 'c'", "'c', 'a', 'b'"))
    assert code_digest(["tasks.odd"], copied) == before
    for old, new in (("'a'", "'d'"), ("+ 1", "+ 2"), ("in x]", "in [x]]")):
        file.write_text(text.replace(old, new))
        assert code_digest(["tasks.odd"], copied) != before


def test_imports_of_all_forms_are_followed(copied: Path) -> None:
    file = copied / "tasks" / "odd.py"
    file.write_text(
        "from tasks.text import (\n    topics,\n    sentiment as tone,\n)\n"
        "import tasks.validate\n"
        "def late():\n    from tasks.accounts.audience import Count\n"
    )
    found = reached(["tasks.odd"], copied)
    assert {
        "tasks.text.topics",
        "tasks.text.sentiment",
        "tasks.validate",
        "tasks.accounts.audience",
        "tasks.staging.observe",
    } <= set(found)
    assert "tasks.publication.marts" not in found


def test_what_the_steps_reach_is_what_they_import() -> None:
    """Held against the interpreter: the modules there after importing the steps."""
    code = f"import sys\nfor name in {STEPS}: __import__(name)\nprint(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=FOLDER,
        capture_output=True,
        text=True,
        check=True,
    )
    packages = {".".join(name.split(".")[:-1]) for name in reached(STEPS)}
    imported = {name for name in done.stdout.split() if name.startswith("tasks.")}
    assert imported - packages <= set(reached(STEPS))


def test_list_of_contacts_of_other_code_is_another_publication(
    changed_sql: Callable[[str, str, str], None],
) -> None:
    """Its SQL makes no table of the warehouse, but what readers get."""
    before = page_digest.__wrapped__()
    changed_sql("lists/contacts.sql", "contacts.best_hour", "1 as hour")
    assert page_digest.__wrapped__() != before


def test_tables_of_an_older_version_are_made_anew(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lab = Lab(tmp_path)
    lab.configure(post_ids=["1"])
    ann = user(501, "ann")
    lab.put(
        "export/a.jsonl",
        [
            status(1, user(9000, "Aurora")),
            repost(11, 1, ann),
            comment(12, 1, ann, "好茶"),
        ],
    )
    lab.run(publish=False)
    made = lab.marts()
    with duckdb.connect(str(lab.root / "warehouse.duckdb")) as connection:
        connection.execute("update meta.state set value = 'older' where key = 'code'")
        connection.execute("delete from staging.interactions")
        connection.execute("delete from intermediate.accounts")
    capsys.readouterr()
    lab.run(run_id="newer", publish=False)
    told = capsys.readouterr()
    assert "the models changed: everything is made anew" in told.out + told.err
    assert lab.marts() == made
    lab.run(run_id="again", publish=False)
    told = capsys.readouterr()
    assert "changed: everything" not in told.out + told.err
    with database.connect(lab.workspace.database) as connection:
        made_by = [repr(RAW_TABLES)]
        ours = lab.workspace.timezone
        assert ledger.reset_when_changed(connection, ours, made_by) is None
        assert lab.workspace.timezone != "UTC"
        assert ledger.reset_when_changed(connection, "UTC", made_by) == "time zone"
        assert ledger.reset_when_changed(connection, "UTC", made_by) is None
        assert ledger.reset_when_changed(connection, "UTC", []) == "models"


def test_what_was_found_of_code_is_kept_as_long_as_no_file_changes(
    copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.dont_write_bytecode", False)
    found = code_digest(STEPS, copied)
    asked: list[object] = []
    monkeypatch.setattr(
        "tasks.warehouse.code_digest._digest",
        lambda files, parts: asked.append(files) or "other",
    )
    assert code_digest(STEPS, copied) == found
    assert not asked
    # Whatever file it is that somebody touched, all are read again.
    file = copied / "tasks" / "extract.py"
    os.utime(file, ns=(1, file.stat().st_mtime_ns))
    assert code_digest(STEPS, copied) == "other"
    # What can't be read is as if it weren't there.
    kept = copied / "tasks/warehouse/__pycache__/code_digests.json"
    kept.write_text("[")
    assert code_digest(STEPS, copied) == "other"
    assert len(asked) == 2
