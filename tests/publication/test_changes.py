"""What differs from the publication before: which numbers, why, and against what."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import duckdb
import pytest
from rich.console import Console

from flows.commands.privacy import erase
from flows.commands.status import describe, show
from tasks.sources.erasure_marker import finish
from tasks.sources.erasure_watch import keep_out
from tasks.warehouse import ledger
from tasks.warehouse.models import load_models
from tasks.warehouse.publication import roll_back
from tests.workspaces import FIRST, LAST, Lab, comment, repost, status, user

_TABLES = """
create table {0}.campaigns (
    campaign_id text, brand_id text, days_covered bigint, posts bigint,
    platform_engagements bigint, engagements bigint, genuine_engagements bigint,
    genuine_engagements_low bigint, genuine_engagements_high bigint,
    platform_counted_at timestamp, platform_counted_posts bigint,
    budget_amount double, budget_currency text,
    cost_per_platform_engagement double
);
create table {0}.partner_results (
    campaign_id text, brand_id text, partner_id text, fee_currency text,
    phantom_share double
);
create table {0}.audience_quality (
    brand_id text, audience text, day date, accounts bigint, quality_score bigint
);
create table {0}.campaign_daily (
    campaign_id text, platform text, activity_day date, posts bigint,
    engagements bigint, known_engagements bigint, engaged_accounts bigint,
    genuine_engagements bigint, genuine_engaged_accounts bigint
);
create table {0}.data_coverage (activity_day date, is_covered boolean);
create table {0}.metric_definitions (mart text, column_name text, unit text);
"""
_CAMPAIGN = (
    "('launch', 'aurora', 2, 1, 90, 20, 15, 12, 18, '2026-03-02 08:00', 1, 100.0,"
    " 'CNY', 1.1)"
)


@pytest.fixture
def both() -> Iterator[duckdb.DuckDBPyConnection]:
    """Two publications that say the same: a campaign of two days."""
    with duckdb.connect() as connection:
        for schema in ("marts", "before"):
            connection.execute(f"create schema {schema}")
            connection.execute(_TABLES.format(schema))
            connection.execute(f"insert into {schema}.campaigns values {_CAMPAIGN}")
            connection.execute(
                f"insert into {schema}.campaign_daily values"
                " ('launch', 'weibo', '2026-03-01', 1, 12, 12, 9, 10, 7),"
                " ('launch', 'weibo', '2026-03-02', 0, 8, 8, 6, 5, 4)"
            )
            connection.execute(
                f"insert into {schema}.data_coverage values"
                " ('2026-03-01', true), ('2026-03-02', true), ('2026-03-03', false)"
            )
            connection.execute(
                f"insert into {schema}.audience_quality values"
                " ('aurora', 'engagers', '2026-03-01', 9, 80),"
                " ('aurora', 'engagers', '2026-03-02', 6, 70)"
            )
            connection.execute(
                f"insert into {schema}.partner_results values"
                " ('launch', 'aurora', 'kol', 'CNY', .1)"
            )
        connection.execute(
            "insert into marts.metric_definitions values"
            " ('campaigns', 'engagements', 'interactions')"
        )
        yield connection


def compared(
    connection: duckdb.DuckDBPyConnection,
    *causes: str,
    reconfigured: tuple[str, ...] = (),
    before: str | None = "older",
) -> dict[tuple[str, str], dict[str, Any]]:
    """What changed, by key and metric."""
    model = load_models("publication")["publication.changes"]
    cursor = connection.execute(
        model.sql,
        {
            "publication": "newer",
            "publication_before": before,
            "changed_causes": list(causes),
            "reconfigured_campaigns": list(reconfigured),
        },
    )
    names = [column.name for column in model.columns]
    rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return {(row["key"], row["metric"]): row for row in rows}


def test_what_says_the_same_changed_nothing(both: duckdb.DuckDBPyConnection) -> None:
    assert not compared(both, "code", "overrides", reconfigured=("launch",))


def test_rows_of_a_covered_day_came_late(both: duckdb.DuckDBPyConnection) -> None:
    both.execute(
        "update marts.campaign_daily set engagements = 9, known_engagements = 9,"
        " genuine_engagements = 6 where activity_day = '2026-03-02'"
    )
    both.execute(
        "update marts.campaigns set engagements = 21, genuine_engagements = 16"
    )
    found = compared(both, "overrides")
    assert found.keys() == {
        ("launch", "engagements"),
        ("launch", "genuine_engagements"),
    }
    one = found["launch", "engagements"]
    assert (one["before"], one["after"], one["unit"]) == (20, 21, "interactions")
    assert (one["before_low"], one["currency"]) == (None, None)
    assert one["why"] == "late rows"
    genuine = found["launch", "genuine_engagements"]
    assert (genuine["before_low"], genuine["after_low"]) == (12, 12)
    assert genuine["why"] == "late rows", (
        "the other day has the same rows and verdicts: no decision moved it"
    )


def test_days_that_come_and_go(both: duckdb.DuckDBPyConnection) -> None:
    both.execute(
        "insert into marts.campaign_daily values"
        " ('launch', 'weibo', '2026-03-03', 0, 4, 4, 4, 4, 4)"
    )
    both.execute("update marts.data_coverage set is_covered = true")
    both.execute("update marts.campaigns set engagements = 24, days_covered = 3")
    assert compared(both)["launch", "engagements"]["why"] == "new days"
    for schema, other in (("marts", "spare"), ("before", "marts"), ("spare", "before")):
        both.execute(f"create schema if not exists {other}")
        both.execute(f"drop table if exists {other}.campaigns")
        for table in ("campaigns", "campaign_daily", "data_coverage"):
            both.execute(
                f"create or replace table {other}.{table} as from {schema}.{table}"
            )
    found = compared(both)["launch", "engagements"]
    assert (found["before"], found["after"]) == (24, 20)
    assert found["why"] == "days taken out"


def test_counters_money_and_settings(both: duckdb.DuckDBPyConnection) -> None:
    both.execute(
        "update marts.campaigns set platform_engagements = 95,"
        " platform_counted_at = '2026-03-03 08:00', budget_amount = 190,"
        " cost_per_platform_engagement = 2"
    )
    found = compared(both)
    assert found["launch", "platform_engagements"]["why"] == "newer counters"
    cost = found["launch", "cost_per_platform_engagement"]
    assert (cost["why"], cost["currency"]) == ("newer counters; budget", "CNY")
    both.execute("update marts.campaigns set posts = 2")
    found = compared(both, "code", reconfigured=("launch",))
    assert found["launch", "posts"]["why"] == "other posts; configuration; code"
    assert compared(both, "time_zone")["launch", "posts"]["why"] == (
        "other posts; time zone"
    )


def test_verdicts_and_who_changed_them(both: duckdb.DuckDBPyConnection) -> None:
    both.execute(
        "update marts.campaign_daily set genuine_engagements = 8"
        " where activity_day = '2026-03-01'"
    )
    both.execute("update marts.campaigns set genuine_engagements = 13")
    key = ("launch", "genuine_engagements")
    assert compared(both)[key]["why"] == "changed verdicts"
    both.execute("update marts.partner_results set phantom_share = .2")
    found = compared(both, "model", "overrides")
    assert found[key]["why"] == "changed verdicts; overrides; model"
    assert found["launch:kol", "phantom_share"]["partner_id"] == "kol"
    assert found["launch:kol", "phantom_share"]["why"] == found[key]["why"]


def test_what_nothing_explains_is_unknown(both: duckdb.DuckDBPyConnection) -> None:
    both.execute("update marts.campaigns set genuine_engagements_low = 11")
    (one,) = compared(both, "overrides").values()
    assert (one["before"], one["after"]) == (15, 15), "only its interval differs"
    assert (one["before_low"], one["after_low"], one["why"]) == (12, 11, "unknown")


def test_audiences_by_their_newest_day(both: duckdb.DuckDBPyConnection) -> None:
    both.execute(
        "update marts.audience_quality set accounts = 99 where day = '2026-03-01'"
    )
    assert not compared(both)
    both.execute(
        "insert into marts.audience_quality values"
        " ('aurora', 'engagers', '2026-03-03', 6, 50)"
    )
    (one,) = compared(both).values()
    assert (one["key"], one["metric"]) == ("aurora:engagers", "quality_score")
    assert (one["before"], one["after"], one["why"]) == (70, 50, "new days")


def test_campaigns_that_come_and_go(both: duckdb.DuckDBPyConnection) -> None:
    both.execute("update marts.campaigns set campaign_id = 'second'")
    found = compared(both)
    assert found["second", "engagements"]["why"] == "not there before"
    assert found["second", "engagements"]["before"] is None
    assert found["launch", "engagements"]["why"] == "not there any more"
    assert found["launch", "engagements"]["after"] is None
    assert not compared(both, before=None)


PEOPLE = [user(100 + number, f"person {number}") for number in range(8)]


def put(lab: Lab, reposts: int) -> None:
    """So many reposts by as many people, one a day."""
    lab.put(
        "export/a.jsonl",
        [
            status(1, reposts_count=9),
            *(repost(10 + n, 1, PEOPLE[n], day=1 + n) for n in range(reposts)),
            comment(5, 1, user(12, "bob")),
        ],
    )


def changes(lab: Lab, folder: Path | None = None) -> list[tuple[Any, ...]]:
    """What the present publication, or another, says of engagements."""
    file = (folder or lab.root / "published") / "history/changes.parquet"
    with duckdb.connect() as connection:
        return connection.execute(
            "select publication_before, metric, before, after, why from read_parquet(?)"
            " where metric in ('engagements', 'genuine_engagements') order by all",
            [str(file)],
        ).fetchall()


def noted(lab: Lab) -> list[tuple[Any, ...]]:
    """What the ledger keeps, by run."""
    return lab.rows(
        "select run_id, metric, before, after, why from meta.changes"
        " where metric = 'engagements' order by all"
    )


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """Two publications: a late repost and a new day made the second."""
    lab = Lab(tmp_path_factory.mktemp("grown"))
    lab.configure(post_ids=["1"])
    put(lab, 3)
    lab.run(FIRST, date(2026, 3, 3), run_id="run-1")
    put(lab, 4)
    lab.run(FIRST, date(2026, 3, 4), run_id="run-2")
    return lab


@pytest.fixture
def copy(grown: Lab, tmp_path: Path) -> Lab:
    """One of one's own."""
    shutil.copytree(grown.root, tmp_path / "copy", symlinks=True)
    return Lab(tmp_path / "copy")


def test_a_publication_is_compared_with_what_readers_saw(grown: Lab) -> None:
    published = grown.root / "published"
    before = (published / "previous/1").resolve()
    assert changes(grown, before) == [], "nothing was before the first"
    assert changes(grown) == [
        (before.name, "engagements", 4, 5, "new days"),
        (before.name, "genuine_engagements", 4, 5, "new days"),
    ]
    told = json.loads((published / "manifest.json").read_text())["changes"]
    assert told["publication_before"] == before.name
    assert (told["run"], told["campaigns"], told["why"]) == ("run-2", 1, ["new days"])
    assert noted(grown) == [("run-2", "engagements", 4, 5, "new days")]
    with duckdb.connect(str(published / "marts.duckdb"), read_only=True) as marts:
        model = load_models("publication")["publication.changes"]
        columns = marts.execute(
            "select column_name, comment from duckdb_columns()"
            " where table_name = 'changes' order by column_index"
        ).fetchall()
        assert columns == [(one.name, one.comment) for one in model.columns]
        ((defined,),) = marts.execute(
            "select count(*) from metric_definitions where mart = 'changes'"
        ).fetchall()
    assert defined == len(columns)


def test_status_and_page_tell_it(copy: Lab) -> None:
    said = StringIO()
    show(describe(copy.workspace), Console(file=said, width=200))
    assert re.search(
        r"Changes: \d+ numbers of 1 campaigns .*\(new days\)", said.getvalue()
    )
    page = (copy.root / "published/report/index.html").read_text(encoding="utf-8")
    assert "collected 4 → 5; completeness 33.3% → 44.4%" in page
    assert "Why: new days." in page
    rows = describe(copy.workspace)["run_changes"]
    assert ("run-2", "engagements", 4, 5) in {
        (row["run_id"], row["metric"], row["before"], row["after"]) for row in rows
    }
    roll_back(copy.root)
    said = StringIO()
    show(describe(copy.workspace), Console(file=said, width=200))
    assert "there is no publication to compare with" in said.getvalue()


def test_what_a_killed_run_changed_is_noted_as_its_own(
    copy: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between the swap and the ledger; another run comes by."""
    put(copy, 5)
    copy.run(FIRST, date(2026, 3, 5), run_id="run-3", publish=False)

    def die(place: str) -> None:
        if place == "publish:ledger":
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("tasks.publication.marts.failpoint", die)
        with pytest.raises(KeyboardInterrupt):
            copy.publish("run-3")
    told = changes(copy)
    assert told[0][1:] == ("engagements", 5, 6, "new days")
    assert [row[0] for row in noted(copy)] == ["run-2"]
    assert not copy.publish("run-4").is_new
    assert changes(copy) == told
    assert noted(copy)[1:] == [("run-3", "engagements", 5, 6, "new days")]


def test_a_publication_made_again_says_the_same(copy: Lab) -> None:
    """Damaged and repaired twice; each time against the same one before."""
    published = copy.root / "published"
    file = published / "history/changes.parquet"
    bytes_before, kept = file.read_bytes(), noted(copy)
    for name in ("history/changes.parquet", "manifest.json", "marts.duckdb"):
        (published.resolve() / name).write_bytes(b"garbage")
        assert copy.publish("repair").is_new, name
        assert file.read_bytes() == bytes_before, name
    assert noted(copy) == kept, "under the run that changed it"
    assert not copy.publish("once more").is_new


def test_after_a_rollback_readers_compare_with_what_they_see(copy: Lab) -> None:
    newer = (copy.root / "published").resolve().name
    older = roll_back(copy.root)
    assert changes(copy) == []
    copy.publish("forward")
    assert (copy.root / "published").resolve().name == newer
    assert {row[0] for row in changes(copy)} == {older}


def test_a_decision_is_told_as_one(copy: Lab) -> None:
    copy.override("phantom,weibo,100,,,seen,me,2026-03-20")
    copy.run(FIRST, date(2026, 3, 4), run_id="run-3")
    assert [row[1:] for row in changes(copy)] == [
        ("genuine_engagements", 5, 4, "changed verdicts; overrides")
    ]
    assert {
        run for (run,) in copy.rows("select distinct run_id from meta.changes")
    } == {
        "run-2",
        "run-3",
    }


def test_an_erasure_leaves_nothing_to_compare_with(copy: Lab) -> None:
    """What was before holds who is gone: no table and no ledger tells it."""
    assert noted(copy)
    erase(copy.workspace, "weibo", "101")
    with ledger.open_run(copy.workspace, "daily", (FIRST, LAST), prepare=keep_out):
        copy.run(FIRST, date(2026, 3, 4), run_id="erasing")
        finish(copy.workspace)
    assert copy.value("select count(*) from staging.interactions") == 4
    assert changes(copy) == []
    assert copy.value("select count(*) from meta.changes") == 0
    put(copy, 5)
    copy.run(FIRST, date(2026, 3, 5), run_id="later")
    assert [row[1:] for row in changes(copy)] == [
        ("engagements", 4, 5, "new days"),
        ("genuine_engagements", 4, 5, "new days"),
    ]
