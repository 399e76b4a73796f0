"""The engine that a workspace names is there, or the repair is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks.engines import choice
from tasks.engines.choice import engine_of, examine_engine, require_engine
from tasks.engines.spark_sql import tables_read
from tasks.warehouse.errors import ConfigurationError
from tests.workspaces import Lab

SPARK = '\n[engine]\nname = "spark"\n'


@pytest.fixture
def of_spark(lab: Lab) -> Lab:
    """A workspace whose engine is Spark."""
    text = (lab.root / "workspace.toml").read_text(encoding="utf-8")
    lab.put("workspace.toml", text + SPARK)
    return lab


def test_what_is_missing_is_told_before_a_run(
    of_spark: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setenv("JAVA_HOME", str(of_spark.root / "nowhere"))
    done = of_spark.call(
        *("backfill", "--from", "2026-03-01", "--to", "2026-03-02"), "--reason", "try"
    )
    assert done.returncode == 2
    assert "--require-hashes -r requirements-spark.txt" in done.stderr
    assert "no Java is found: sudo apt-get install" in done.stderr
    assert not (of_spark.root / "landing").exists()
    assert [one.is_broken for one in examine_engine(of_spark.workspace)] == [True] * 2


def test_an_old_java_is_told(of_spark: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name)
    java = of_spark.put("jdk/bin/java", "#!/bin/sh\necho 'version \"11.0.2\"' >&2\n")
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(of_spark.root / "jdk"))
    with pytest.raises(ConfigurationError, match="Java 11 is found, and Spark needs"):
        require_engine(of_spark.workspace)
    java.write_text("#!/bin/sh\necho 'openjdk version \"21\" 2023' >&2\n")
    require_engine(of_spark.workspace)
    (found,) = examine_engine(of_spark.workspace)
    assert (found.is_fine, found.says) == (True, "Spark, local[*]")


def test_nothing_starts_before_it_is_asked(
    of_spark: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run with nothing new is spared the seconds that Spark takes."""
    monkeypatch.setattr(choice, "_start", lambda workspace: pytest.fail("started"))
    with engine_of(of_spark.workspace):
        pass
    assert not (of_spark.root / "spark").exists()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ('name = "spork"', "must be one of 'duckdb' or 'spark': did you mean 'spark'?"),
        ('master = "local[2]"', 'engine.master is Spark\'s: add name = "spark"'),
        ('name = "spark"\nmaster = "localhost"', "Spark knows no master 'localhost'"),
        ('name = "spark"\ndriver_memory = "two"', "'two' is no memory: as 2g or 1500m"),
        ('name = "spark"\nmemory = "2g"', "is not a known key: did you mean"),
        (
            'name = "spark"\nsettings = { "spark.sql.ansi.enabled" = "false" }',
            "'spark.sql.ansi.enabled' can't be set here",
        ),
        ('name = "spark"\nsettings = { cores = "2" }', "'cores' can't be set here"),
        (
            'name = "spark"\n'
            'settings = { "spark.hadoop.fs.s3a.secret.key" = "hunter2" }',
            "secrets stand in the environment",
        ),
    ],
)
def test_mistakes_are_told(lab: Lab, settings: str, said: str) -> None:
    text = (lab.root / "workspace.toml").read_text(encoding="utf-8")
    lab.put("workspace.toml", f"{text}\n[engine]\n{settings}\n")
    with pytest.raises(ConfigurationError) as caught:
        _ = lab.workspace
    assert said in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_an_erasure_leaves_nothing_beside(of_spark: Lab) -> None:
    from flows.commands.privacy import erase

    copy: Path = of_spark.put("spark/tables/staging__accounts/all/1/a.parquet", "them")
    erase(of_spark.workspace, "weibo", "77")
    assert not copy.exists()


def test_tables_of_a_select_are_known_whatever_their_parts_are_called() -> None:
    sql = """
    with posts as (select * from staging.posts as read)
    select * from posts inner join only_shares using (post_id)
    where post_id in (select post_id from intermediate.named_texts)
    """
    assert tables_read(sql) == (
        *("intermediate.named_texts", "only_shares", "staging.posts"),
    )
