"""Validate: bad rows go to quarantine, too many stop the run, no value leaks."""

from __future__ import annotations

import json
import re
from pathlib import Path

import duckdb
import pytest

from tasks.staging.expectations import keep_connection_open, run_suites
from tasks.staging.observe import SUITES
from tasks.staging.rules import Rule, judge_rules
from tasks.warehouse.errors import ValidationFailedError
from tasks.warehouse.networks import PLATFORMS
from tests.workspaces import Lab, repost, status, user

ALICE = user(11, "alice")


def undated(number: int) -> dict[str, object]:
    """A repost whose time can't be told."""
    return {**repost(number, 1, ALICE), "created_at": "昨天 10:00"}


def staged(lab: Lab) -> dict[str, list[object]]:
    """Everything in staging."""
    return {table: lab.rows(f"from staging.{table} order by all") for table in SUITES}


def test_private_name_of_great_expectations_stands() -> None:
    """The one private name that the product touches, and that it is used."""
    import great_expectations.execution_engine.sqlalchemy_execution_engine as engine

    assert engine._PERSISTED_CONNECTION_DIALECTS
    keep_connection_open()
    keep_connection_open()
    names = [str(name) for name in engine._PERSISTED_CONNECTION_DIALECTS]
    assert names.count("duckdb") == 1
    source = engine.__file__
    with open(source, encoding="utf-8") as handle:  # noqa: PTH123
        # Defined once, and read where the connection is closed.
        assert handle.read().count("_PERSISTED_CONNECTION_DIALECTS") >= 2


def test_rules_count_the_rows_that_great_expectations_counts(lab: Lab) -> None:
    """Rows are fetched with a condition of our own: it must select the same."""
    rules = (
        Rule("name", "not_null"),
        Rule("name", "in_set", values=("a", "b")),
        Rule("number", "between", "warning", 0, 10),
        Rule(
            "moment", "between", "error", "2000-01-01 00:00:00", "2100-01-01 00:00:00"
        ),
    )
    with duckdb.connect(str(lab.root / "warehouse.duckdb")) as connection:
        connection.execute("create schema staging")
        connection.execute(
            """
            create table staging.incoming_things as
            select * from (values
                ('a', 0, timestamp '2000-01-01 00:00:00'),   -- on the edge
                ('b', 10, timestamp '2100-01-01 00:00:00'),  -- on the other
                ('c', 11, timestamp '2100-01-01 00:00:01'),
                ('', -1, timestamp '1999-12-31 23:59:59'),
                ('A', null, null),
                (null, 5, timestamp '2026-03-01 00:00:00'),
                (null, null, null)
            ) as things (name, number, moment)
            """
        )
        for tolerance in (0.0, 0.3, 1.0):
            suites = {"incoming_things": rules}
            found = run_suites(connection, "staging", suites, tolerance)
            assert [o.rows_failed for o in found] == [2, 3, 2, 2]
            quick = judge_rules(connection, "staging", suites, tolerance)
            assert [(o.rows_failed, o.success) for o in found] == [
                (o.rows_failed, o.success) for o in quick
            ]


def test_data_docs_judge_all_that_is_staged(lab: Lab) -> None:
    """By Great Expectations itself, on everything; a row put in by hand is told."""
    none = lab.call("data-docs")
    assert none.returncode == 2
    assert "does not exist: run `daily`" in none.stderr
    duckdb.connect(str(lab.root / "warehouse.duckdb")).close()
    empty = lab.call("data-docs")  # a first run that failed left no table
    assert empty.returncode == 0, empty.stderr
    lab.put("export/a.jsonl", [status(1), repost(2, 1, ALICE), undated(3)])
    lab.configure(post_ids=["1"], policies="quarantine_threshold = 0.9")
    lab.land()
    lab.stage()
    said = lab.command("data-docs")
    assert said.returncode == 0, said.stderr
    page = Path(said.stdout.strip())
    assert page == lab.root / "validation/staged.html"
    assert "Everything that is staged" in page.read_text(encoding="utf-8")
    found = json.loads((page.parent / "staged.json").read_text())
    assert {(row["table"], row["rows_checked"]) for row in found} >= {
        ("posts", 1),
        ("interactions", 1),  # the undated one is in quarantine
    }
    assert not any(row["rows_failed"] for row in found)
    with duckdb.connect(str(lab.root / "warehouse.duckdb")) as connection:
        connection.execute("update staging.interactions set acted_at = null")
    broken = lab.call("data-docs")
    assert broken.returncode == 1
    assert "1 of 1 staged rows of interactions: acted_at must not be null" in (
        broken.stderr
    )
    assert "alice" not in page.read_text(encoding="utf-8")


def test_suites_accept_a_good_export_and_count_every_rule(lab: Lab) -> None:
    """The real suites over real staging; each rule is recorded."""
    lab.put("export/a.jsonl", [status(1), repost(2, 1, ALICE)])
    lab.land()
    assert lab.stage().rows_quarantined == 0
    results = lab.rows(
        "select expectation, rows_failed, success from meta.validation_results"
    )
    tables = ("accounts", "posts", "interactions")  # those with rows
    assert len(results) >= sum(len(SUITES[table]) for table in tables)
    assert all(failed == 0 and success for _, failed, success in results)


@pytest.mark.parametrize("is_there", [True, False])
def test_what_was_accepted_once_is_never_taken_out_of_landing(
    lab: Lab, is_there: bool
) -> None:
    """A lower threshold and a warehouse made anew refuse all, which stays landed."""
    lab.configure(policies="quarantine_threshold = 0.9")
    lab.put("export/a.jsonl", [status(1), repost(2, 1, ALICE), undated(3)])
    lab.land()
    lab.stage()
    landed = lab.land_records()
    lab.configure()
    (lab.root / "warehouse.duckdb").unlink()
    if not is_there:
        (lab.root / "export/a.jsonl").unlink()
        (lab.root / "ledger.json").unlink()
    with pytest.raises(ValidationFailedError):
        lab.stage()
    assert lab.land_records() == landed
    lab.configure(policies="quarantine_threshold = 0.9")
    assert lab.stage().rows_out


def test_too_many_bad_rows_stop_the_run_and_change_nothing(lab: Lab) -> None:
    """Staging, quarantine and the ledger stay; the page says what failed."""
    lab.put("export/a.jsonl", [status(1), repost(2, 1, ALICE)])
    lab.run(tables=["campaigns"])
    before, marts = staged(lab), lab.marts()
    batches = lab.rows("from meta.staged_batches")
    lab.put("export/b.jsonl", [repost(3, 1, ALICE), undated(4)])
    lab.land()
    with pytest.raises(ValidationFailedError) as caught:
        lab.stage()
    assert caught.value.exit_code == 1
    message = str(caught.value)
    assert "Nothing was published" in message
    assert "1 of 2 rows of interactions" in message
    assert "acted_at must not be null" in message
    assert "alice" not in message
    assert (staged(lab), lab.marts()) == (before, marts)
    assert lab.rows("from meta.staged_batches") == batches
    assert lab.value("select count(*) from meta.quarantine") == 0
    page = (lab.root / "validation/index.html").read_text()
    assert "acted_at must not be null" in page
    refused = lab.root / "quarantine/refused.parquet"
    ((path, position, reason),) = duckdb.sql(
        f"select path, position, reason from '{refused}' where kind = 'interactions'"
    ).fetchall()
    assert (path, position) == ("export/b.jsonl", 2)
    assert reason == (
        "acted_at must not be null: 昨天 10:00 tells no day: state observed_at"
    )
    assert "昨天 10:00 tells no day: state observed_at" in message
    # The same again, until somebody repairs it: the file lands anew.
    lab.land()
    with pytest.raises(ValidationFailedError):
        lab.stage()


def test_refused_file_that_is_replaced_lets_the_run_go_on(lab: Lab) -> None:
    """The repair that the refusal names: correct the export, replace its file."""
    lab.put("export/a.jsonl", [status(1), undated(2), undated(3)])
    lab.land()
    with pytest.raises(ValidationFailedError, match="replace its file"):
        lab.stage()
    lab.put("export/a.jsonl", [status(1), repost(2, 1, ALICE), repost(3, 1, ALICE)])
    lab.land()
    lab.stage()
    assert lab.value("select count(*) from staging.interactions") == 2


def test_raised_threshold_lets_the_run_go_on(lab: Lab) -> None:
    """The other repair that the refusal names."""
    lab.put("export/a.jsonl", [status(1), repost(2, 1, ALICE), undated(3)])
    lab.land()
    with pytest.raises(ValidationFailedError, match="quarantine_threshold"):
        lab.stage()
    lab.configure(post_ids=["1"], policies="quarantine_threshold = 0.5")
    lab.land()  # a refused file lands again with the next run
    lab.stage()
    assert lab.value("select count(*) from staging.interactions") == 1
    assert not (lab.root / "quarantine/refused.parquet").exists()


def test_few_bad_rows_are_quarantined_and_the_run_goes_on(lab: Lab) -> None:
    """In = out + quarantined; each with its place and the rule it breaks."""
    good = [repost(number, 1, ALICE) for number in range(2, 12)]
    lab.put("export/a.jsonl", [status(1), *good, undated(12)])
    lab.land()
    result = lab.stage()
    # The undated repost's author has no time of observation either.
    assert result.rows_in == result.rows_out + result.rows_quarantined
    found = lab.rows(
        "select kind, path, position, reason from meta.quarantine order by kind"
    )
    why = "acted_at must not be null: 昨天 10:00 tells no day: state observed_at"
    assert ("interactions", "export/a.jsonl", 12, why) in found
    assert all(position == 12 for _, _, position, _ in found)
    assert lab.value("select count(*) from staging.interactions") == 10
    exported = lab.root / "quarantine/quarantine.parquet"
    assert duckdb.sql(f"select count(*) from '{exported}'").fetchall() == [
        (len(found),)
    ]


def test_one_bad_row_of_a_small_day_stops_no_run(lab: Lab) -> None:
    """Few new rows are judged with those before; bad ones of before count, too."""
    good = [repost(n, 1, user(100 + n, f"u{n}")) for n in range(2, 12)]
    lab.put("export/a.jsonl", [status(1), *good])
    lab.land()
    lab.stage()
    lab.put("export/b.jsonl", [undated(20), undated(21)])
    lab.land()
    lab.stage()
    assert lab.value("select count(*) from staging.interactions") == 10
    failing = "select count(*) from meta.quarantine where kind = 'interactions'"
    assert lab.value(failing) == 2
    lab.put("export/c.jsonl", [undated(30)])  # three of 13 are too many
    lab.land()
    with pytest.raises(ValidationFailedError, match="1 of 1 rows of interactions"):
        lab.stage()
    assert lab.value(failing) == 2


def test_row_that_breaks_two_rules_is_quarantined_once(lab: Lab) -> None:
    lab.configure(policies="quarantine_threshold = 1.0")
    lab.put("export/a.jsonl", [{**undated(2), "id": "two words"}, status(1)])
    lab.land()
    lab.stage()
    assert lab.rows(
        "select count(*) from meta.quarantine where kind = 'interactions'"
    ) == [(1,)]


def test_warnings_never_stop(lab: Lab) -> None:
    """Every profile breaks a warning; all rows of it are quarantined or kept,
    and the run goes on.
    """  # noqa: D205
    born_later = "Fri Mar 01 10:00:00 +0800 2199"
    lab.put(
        "export/a.jsonl",
        [status(1), repost(2, 1, user(11, "alice", created_at=born_later))],
    )
    lab.land()
    lab.stage()
    failed = lab.rows(
        "select level, success from meta.validation_results where rows_failed > 0"
    )
    # Out of all bounds, and later than it landed.
    assert failed == [("warning", False)] * 2
    assert lab.value("select count(*) from staging.interactions") == 1


def test_empty_sources_stage_nothing_and_say_so(lab: Lab) -> None:
    """No rows are no error, and no rule is judged on nothing."""
    lab.put("export/a.jsonl", "\n")
    lab.land()
    assert lab.stage().rows_in == 0


def test_validation_page_shows_no_person_and_loads_nothing(lab: Lab) -> None:
    """Names, ids and texts of failing rows stay out; it works offline."""
    canary = user("77770000777", "金丝雀canary")
    lab.put(
        "export/a.jsonl",
        [
            status(1),
            *(repost(number, 1, ALICE) for number in range(2, 12)),
            {**repost(66660000666, 1, canary, "私密的话"), "created_at": "昨天"},
        ],
    )
    lab.land()
    lab.stage()
    for file in (lab.root / "validation").rglob("*"):
        text = file.read_text(encoding="utf-8")
        for secret in ("77770000777", "金丝雀", "canary", "66660000666", "私密的话"):
            assert secret not in text, file
        assert not re.search(r"https?://|src=|<script|@import|url\(", text), file
    page = (lab.root / "validation/index.html").read_text(encoding="utf-8")
    assert "acted_at must not be null" in page


def test_portions_do_not_show_in_what_is_staged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Records that are parsed apart, parents and repeated roots among them."""
    found = []
    for size in (1, 1 << 30):
        lab = Lab(tmp_path / str(size))
        lab.configure()
        root = status(1, day=1)
        lab.put("export/a.jsonl", [status(1), repost(2, 1, ALICE)])
        lab.put(
            "export/b.jsonl",
            [
                repost(3, 1, user(12, "bob"), "//@alice: x", day=2),
                {**repost(4, 1, ALICE, day=3), "retweeted_status": root},
                {**repost(5, 1, ALICE, day=4), "retweeted_status": root},
            ],
        )
        monkeypatch.setattr("tasks.staging.observe.PORTION_BYTES", size)
        lab.land()
        lab.stage()
        found.append(staged(lab))
    assert found[0] == found[1]
    assert len(found[0]["interactions"]) == 4
    assert len(found[0]["posts"]) == 1


# --- what is lost while landing ----------------------------------------------


def errors(number: int) -> list[object]:
    """Error answers, as an archive keeps them among records."""
    return [{"error": "expired_token", "error_code": 21327}] * number


def test_source_that_loses_most_of_its_rows_stops_the_run(lab: Lab) -> None:
    """By name, with the share and the first reasons; corrected, the files land."""
    file = lab.put("export/a.jsonl", [status(1), *errors(3)])
    lab.land()
    with pytest.raises(ValidationFailedError) as caught:
        lab.stage()
    assert str(caught.value).startswith(
        "Nothing was published: source 'export' lost 75 % of its rows while landing"
        " (3 of 4): export/a.jsonl, line 2: an error answer of Weibo: 21327"
        " expired_token. Look at"
    )
    refused = lab.root / "quarantine/refused.parquet"
    assert duckdb.sql(f"select count(*) from '{refused}'").fetchall() == [(3,)]
    # Told once, and not kept as if it had landed.
    assert lab.quarantined() == []
    lab.land()
    with pytest.raises(ValidationFailedError, match="lost 75 %"):
        lab.stage()
    lab.put(str(file.relative_to(lab.root)), [status(1), repost(2, 1, ALICE)])
    lab.land()
    lab.stage()
    assert lab.value("select count(*) from staging.interactions") == 1
    assert not refused.exists()


def test_refusal_quotes_no_value(lab: Lab) -> None:
    """It goes to logs and to the orchestrator; the rows stay in quarantine."""
    lab.put("export/a.jsonl", [{"name": "金丝雀"}, ["金丝雀"], '"金丝雀"'])
    lab.land()
    with pytest.raises(ValidationFailedError) as caught:
        lab.stage()
    assert "its shape is no known weibo-api record" in str(caught.value)
    assert "金丝雀" not in str(caught.value)


def test_sources_of_others_stay_landed(lab: Lab) -> None:
    """Only the files of the source that lost its rows land again."""
    lab.put("export/a.jsonl", [status(1), *errors(3)])
    lab.put("other/b.jsonl", [status(2), repost(3, 2, ALICE), *errors(0)])
    text = (lab.root / "workspace.toml").read_text(encoding="utf-8")
    block = text[text.index("[[sources]]") : text.index("[[brands]]")]
    other = block.replace('"export"', '"other"')
    lab.put("workspace.toml", text.replace(block, block + other))
    lab.land()
    with pytest.raises(ValidationFailedError, match="source 'export' lost"):
        lab.stage()
    again = lab.land()
    assert (again.files, again.unchanged_files) == (1, 1)


@pytest.mark.parametrize(("lost", "stops"), [(2, False), (3, True)])
def test_threshold_is_what_may_be_lost(lab: Lab, lost: int, stops: bool) -> None:
    """Exactly the threshold is allowed, a row more isn't."""
    lab.configure(policies="quarantine_threshold = 0.2")
    good = [status(1), *(repost(number, 1, ALICE) for number in range(2, 9))]
    lab.put("export/a.jsonl", [*good, *errors(lost)])
    lab.land()
    if stops:
        with pytest.raises(ValidationFailedError, match=r"lost 27 % .* \(3 of 11\)"):
            lab.stage()
    else:
        lab.stage()


def test_whole_files_count_as_the_rows_that_they_held(lab: Lab) -> None:
    """By their bytes: a large broken file is no single row."""
    good = [status(number) for number in range(20)]
    lab.put("export/a.jsonl", good)
    lab.put("export/small.json", '{"id": 1, "text": "cut')
    lab.land()
    lab.stage()  # a row's worth of 21
    lab.put("export/large.json", "[" + json.dumps(good)[:-9])
    lab.put("export/b.jsonl", [status(number, day=2) for number in range(30, 40)])
    lab.land()
    with pytest.raises(
        ValidationFailedError,
        match=r"lost \d+ % .*, 1 file whole\): export/large.json: ",
    ):
        lab.stage()


def test_first_run_of_broken_files_publishes_nothing(lab: Lab) -> None:
    """No row at all is no result."""
    lab.put("export/a.json", "<html><title>登录</title></html>")
    lab.put("export/b.json", '{"id": 1')
    lab.land()
    with pytest.raises(ValidationFailedError, match=r"lost 100 % .* 2 files whole"):
        lab.stage()


def test_reasons_are_grouped_without_their_values(lab: Lab) -> None:
    """`status` shows one line a reason, and nobody's words."""
    lab.configure(policies="quarantine_threshold = 1.0")
    lab.put("export/a.jsonl", [status(1), ["金丝雀"], ["鹦鹉"]])
    lab.land()
    lab.stage()
    text = (lab.root / "ledger.json").read_text(encoding="utf-8")
    (item,) = json.loads(text)["quarantine"]
    assert item["rows"] == 2
    assert item["reason"] == "its shape is no known weibo-api record: it is ..."
    assert "金丝雀" not in text


def test_networks_are_read_in_any_spelling_or_told(lab: Lab) -> None:
    """A row of a network that nobody knows would be in no campaign, and unsaid."""
    lab.configure(format="canonical", policies="quarantine_threshold = 0.9")
    lab.put(
        "export/follows.csv",
        "platform,account_id,follower_id\n"
        "Weibo,9000,11\n WEIBO ,9000,12\n,9000,13\nx,9000,14\nsina weibo,9000,15\n",
    )
    lab.land()
    staged = lab.stage()
    assert lab.rows(
        "select platform, follower_id from staging.follows order by follower_id"
    ) == [("weibo", "11"), ("weibo", "12"), ("weibo", "13"), ("x", "14")]
    assert staged.rows_quarantined == 1
    assert lab.rows("select reason from meta.quarantine") == [
        (f"platform must be one of {', '.join(sorted(PLATFORMS))}: it is sina weibo",)
    ]
