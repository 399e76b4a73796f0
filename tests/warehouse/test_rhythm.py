"""When a source is late: the rule, and what people and machines are told."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console
from typer.testing import CliRunner

from flows.__main__ import app
from flows.commands import doctor
from flows.commands.status import describe, show
from tasks.warehouse import ledger
from tasks.warehouse.ledger_copy import describe_days, read_copy
from tasks.warehouse.rhythm import Rhythm, learn, tell_silence
from tests.flows.clock import StandingClock
from tests.workspaces import PATIENCE_SECONDS, REPOSITORY, Lab, comment, status, user

_FIRST = date(2026, 3, 1)


def days(*numbers: int) -> tuple[date, ...]:
    return tuple(_FIRST + timedelta(days=n) for n in numbers)


def source(
    given: tuple[date, ...], expected: int | None, origin: str = "stated"
) -> Rhythm:
    return Rhythm(
        "export", "weibo", given, given[-1] if given else None, expected, origin
    )


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (range(7), (1, "learned")),
        # one day fewer teaches nothing
        (range(6), (7, "assumed")),
        ((0, 12, 13), (12, "assumed")),
        (range(0, 70, 7), (7, "learned")),
        # one hole in twenty gaps is no rhythm, two are
        ([*range(20), 22], (1, "learned")),
        ([*range(19), 21, 23], (2, "learned")),
        # sixty gaps: that it once came weekly is forgotten
        ([*range(0, 70, 7), *range(70, 131)], (1, "learned")),
    ],
)
def test_rhythm_is_learned_from_the_days_with_records(
    given: list[int], expected: tuple[int, str]
) -> None:
    assert learn(days(*given)) == expected


def test_source_is_late_when_its_day_is_over() -> None:
    weekly = source(days(0, 3), 7)
    assert weekly.due_day == _FIRST + timedelta(days=10)
    assert weekly.late_since(_FIRST + timedelta(days=9)) is None
    assert weekly.late_since(_FIRST + timedelta(days=10)) == weekly.due_day
    assert source(days(0), 0).late_since(date(2030, 1, 1)) is None
    assert source((), 0).tell_late(_FIRST) is None
    assert "never gave anything" in (source((), None).tell_late(_FIRST) or "")


def test_what_is_expected_reads_as_a_clause() -> None:
    told = [
        source(days(0), 0).tell_expected(),
        source(days(0), 3).tell_expected(),
        source((), None, "learned").tell_expected(),
        source(days(0), 3).tell_late(days(9)[0]),
    ]
    assert told == [
        "no more is expected (stated)",
        "one is expected every 3 days (stated)",
        "when the next is due is unknown",
        "source export (weibo) is late since 2026-03-04: its last record is of"
        " 2026-03-01, one is expected every 3 days (stated)",
    ]


def test_wrong_date_hides_no_silence() -> None:
    found = source((*days(0, 1), date(2027, 1, 1)), 1)
    end = _FIRST + timedelta(days=5)
    assert found.late_since(end) is None
    assert found.up_to(end).late_since(end) == _FIRST + timedelta(days=2)


def test_gaps_are_days_on_which_something_was_due() -> None:
    found = source(days(2, 3, 6, 20), 3)
    # before the first record nothing was due; three days may pass
    assert found.gaps(_FIRST, _FIRST + timedelta(days=21)) == [
        (_FIRST + timedelta(days=9), _FIRST + timedelta(days=19))
    ]
    assert found.gaps(*days(10, 11)) == [days(10, 11)]
    assert source(days(2), 0).gaps(*days(0, 9)) == []
    told = tell_silence([found, source(days(0), 0)], *days(0, 21))
    assert "gave nothing on 11 of 22 days: 2026-03-10 to 2026-03-20;" in told[0]
    assert "no source gave anything on 17 of 22 days" in told[1]


def test_covered_day_of_which_nothing_came_is_not_called_published(lab: Lab) -> None:
    lab.put("export/a.jsonl", [status(1), comment(2, 1, user(501, "alice"), day=2)])
    lab.run(*days(0, 3))
    found = describe(lab.workspace)
    states = {row["day"]: row["state"] for row in found["days"]}
    assert states == {
        "2026-03-01": "published",
        "2026-03-02": "published",
        "2026-03-03": "covered, nothing came",
        "2026-03-04": "covered, nothing came",
    }
    console = Console(width=120, record=True, file=io.StringIO())
    show(found, console)
    for line in console.export_text().splitlines():
        if "nothing came" in line:
            assert not re.search(r"\b0\b", line), "no row is not the number 0"
    copy = read_copy(lab.workspace)
    board = {"source": "boards", "platform": "weibo", "date_day": "2026-03-04"}
    copy["source_days"].append({**board, "is_activity": False})
    told = [row["state"] for row in describe_days(copy, None)]
    assert told[2:] == ["covered, nothing came", "covered, no activity"]


def test_day_that_no_source_has_told_of_is_not_caught_up(
    lab: Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    alice = user(501, "alice")
    lab.put(
        "export/a.jsonl", [status(1), *(comment(n, 1, alice, day=n) for n in (2, 3))]
    )
    lab.run(days(0)[0], days(1)[0], publish=False)
    first, last = days(2)[0], date(2026, 11, 26)
    lab.land()
    from tasks.marts.build import build_marts

    build_marts(lab.workspace, "late", first, last, catches_up=True)
    said = " ".join(capsys.readouterr().out.split())
    covered = "select max(date_day) from meta.covered_days"
    assert lab.value(covered) == days(2)[0]
    assert "gave nothing on 262 of 269 days: 2026-03-10 to 2026-11-26" in said
    assert "backfill" not in said, "of days that are covered"
    # asked for by name they are covered, and said to be empty
    build_marts(lab.workspace, "asked", date(2026, 3, 20), date(2026, 3, 21))
    assert lab.value(covered) == date(2026, 3, 21)
    assert lab.rows(
        "select activity_day, is_final, is_gap, late_since_day"
        " from marts.data_coverage where activity_day > '2026-03-03'"
    ) == [(date(2026, 3, n), False, True, date(2026, 3, 10)) for n in (20, 21)]
    # and what landed without being covered is worth a backfill
    lab.put("export/b.jsonl", [comment(9, 1, alice, day=14)])
    lab.land()
    lab.stage()
    lab.judge()
    capsys.readouterr()
    build_marts(lab.workspace, "asked", date(2026, 3, 20), date(2026, 3, 21))
    said = " ".join(capsys.readouterr().out.split())
    assert "backfill --from 2026-03-14 --to 2026-03-14" in said


MORNING = "2026-03-{:02}T08:00"


def at(moment: str) -> StandingClock:
    """A clock that shows a local moment."""
    local = datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo("Asia/Shanghai"))
    return StandingClock(local.timestamp())


def test_stopped_source_is_late_the_next_morning(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the commands, with a moved clock: nothing comes after 8 March."""
    alice = user(501, "alice")
    lab.put(
        "export/a.jsonl",
        [status(1), *(comment(n, 1, alice, day=n) for n in range(1, 9))],
    )
    with ledger.open_run(lab.workspace, "backfill", (days(0)[0], days(7)[0])) as run:
        lab.run(days(0)[0], days(7)[0], run.run_id)

    def check(moment: str) -> tuple[int, dict[str, Any], str]:
        monkeypatch.setattr("tasks.warehouse.workspace.clock", at(moment).now)
        where = ["--workspace", str(lab.root)]
        done = CliRunner().invoke(app, ["status", "--check", "--json", *where])
        told = CliRunner().invoke(app, ["status", *where])
        assert told.exit_code == 0
        return done.exit_code, json.loads(done.stdout), told.stdout

    # the day after the last record is not over yet
    code, found, told = check("2026-03-09T23:30")
    assert (code, found["problems"]) == (0, [])
    assert "on time" in told
    code, found, told = check("2026-03-10T00:30")
    assert (code, found["exit_code"]) == (1, 1)
    (one,) = found["sources"]
    assert one["last_record_day"] == "2026-03-08"
    assert (one["expected_every_days"], one["rhythm_origin"]) == (1, "learned")
    assert (one["late_since_day"], one["late_days"]) == ("2026-03-09", 1)
    assert one["gaps"] == [{"from_day": "2026-03-09", "to_day": "2026-03-09"}]
    assert "is late since 2026-03-09" in told
    assert "Gaps" not in told, "what makes it late is told once"
    assert "no source gave anything after 2026-03-08" in told
    (seen,) = [one for one in doctor.examine(lab.root) if "rhythm" in one.about]
    assert not seen.is_fine and "late since 2026-03-09" in seen.says
    # the command that runs every night is red as well, and covers no empty day
    script = (
        "import sys\n"
        "import tasks.warehouse.workspace as workspace\n"
        "from tests.flows.clock import StandingClock\n"
        "moment, *sys.argv[1:] = sys.argv[1:]\n"
        "workspace.clock = StandingClock(float(moment)).now\n"
        "from flows.__main__ import main\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(at("2026-03-10T02:30").now()), "daily",
         "--workspace", str(lab.root)],
        cwd=REPOSITORY, capture_output=True, text=True,
        timeout=PATIENCE_SECONDS, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Late: source export (weibo) is late since 2026-03-09" in done.stderr
    assert "Traceback" not in done.stderr
    assert lab.value("select max(date_day) from meta.covered_days") == days(7)[0]
    (line,) = (lab.root / "alarms.jsonl").read_text(encoding="utf-8").splitlines()
    alarm = json.loads(line)
    assert alarm["finding_id"] == "source_late:export:weibo:2026-03-09"
    assert "its last record is of 2026-03-08" in alarm["message"]
    # stated otherwise, it is on time
    toml = lab.root / "workspace.toml"
    text = toml.read_text(encoding="utf-8")
    toml.write_text(text.replace("[[brands]]", "expect_every_days = 2\n[[brands]]", 1))
    assert check("2026-03-10T00:30")[0] == 0
    assert check("2026-03-11T00:30")[0] == 1
