"""A wrong date changes nobody else: neither windows nor which days are covered."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows.backfill import backfill
from flows.command_line import runs
from flows.commands.uncover import uncover
from flows.daily import daily
from tasks.warehouse.errors import ConfigurationError
from tasks.warehouse.models import load_models, run_model
from tasks.warehouse.workspace import load_workspace
from tests.workspaces import FIRST, LAST, Lab, comment, repost, status, user

FIRST_DAY = date(2026, 3, 1)


def landed(acts: Iterable[tuple[int, int]]) -> tuple[int, int]:
    """First and last day of which a network's acts landed, as numbers of days."""
    with duckdb.connect() as connection:
        connection.execute("create schema staging; create schema intermediate")
        for name in ("interactions", "posts", "post_counters"):
            connection.execute(
                f"create table staging.{name}"
                " (platform varchar, date_day date, observed_at timestamp)"
            )
        for number, count in acts:
            connection.execute(
                "insert into staging.interactions"
                " select 'weibo', $day, $day from range($count)",
                {"day": FIRST_DAY + timedelta(days=number), "count": count},
            )
        models = load_models("intermediate")
        run_model(connection, models["intermediate.last_landed"], {})
        run_model(
            connection,
            models["intermediate.landed_days"],
            {"time_zone": "Asia/Shanghai"},
        )
        ((first, last),) = connection.execute(
            "select first_day, last_day from intermediate.landed_days"
        ).fetchall()
    return (first - FIRST_DAY).days, (last - FIRST_DAY).days


@pytest.mark.parametrize(
    ("acts", "days"),
    [
        ([(-9000, 1)], (-9000, -9000)),  # what is alone is all that there is
        ([(-14, 1), (0, 9), (3, 1)], (-14, 3)),
        ([(-9000, 1), (-15, 1), (0, 9)], (-15, 0)),  # the two speak for each other
        ([(-9000, 1), (0, 9)], (0, 0)),
        ([(-15, 1), (0, 9), (40, 1)], (0, 0)),
        ([(-15, 2), (0, 9)], (-15, 0)),
        ([(-15, 3), (0, 3000)], (0, 0)),
        ([(-15, 4), (0, 3000)], (-15, 0)),
    ],
)
def test_one_early_date_makes_no_day_known(
    acts: list[tuple[int, int]], days: tuple[int, int]
) -> None:
    """Days before a gap of two weeks need more than one row, as those after one."""
    assert landed(acts) == days


def last_landed(acts: Iterable[tuple[int, int]], posts: Iterable[int] = ()) -> Any:
    """What the windows end with: acts are pairs of a day's number and a count."""
    with duckdb.connect() as connection:
        connection.execute("create schema staging; create schema intermediate")
        for name in ("interactions", "posts"):
            connection.execute(f"create table staging.{name} (date_day date)")
        for number, count in acts:
            connection.execute(
                "insert into staging.interactions select $day from range($count)",
                {"day": FIRST_DAY + timedelta(days=number), "count": count},
            )
        for number in posts:
            connection.execute(
                "insert into staging.posts values ($day)",
                {"day": FIRST_DAY + timedelta(days=number)},
            )
        model = load_models("intermediate")["intermediate.last_landed"]
        run_model(connection, model, {})
        ((act_day, day),) = connection.execute(
            "select last_act_day, last_day from intermediate.last_landed"
        ).fetchall()
    return tuple(one and (one - FIRST_DAY).days for one in (act_day, day))


@pytest.mark.parametrize(
    ("acts", "posts", "ends"),
    [
        ([], [], (None, None)),
        # What is alone is all that there is.
        ([(3, 1)], [], (3, 3)),
        ([(0, 9), (14, 1)], [], (14, 14)),
        # One row after a gap moves nothing, two are a beginning.
        ([(0, 9), (15, 1)], [], (0, 0)),
        ([(0, 9), (15, 1), (16, 1)], [], (16, 16)),
        ([(0, 9), (15, 2)], [], (15, 15)),
        # Of many, a thousandth is none.
        ([(0, 3000), (15, 3)], [], (0, 0)),
        ([(0, 3000), (15, 4)], [], (15, 15)),
        # Several wrong dates, each elsewhere.
        ([(0, 9000), (1, 1), (40, 2), (400, 3), (13000, 4)], [], (1, 1)),
        # Posts and acts speak for each other on the axis of both.
        ([(0, 9), (20, 1)], [20], (0, 20)),
        ([(0, 9)], [30], (0, 0)),
        ([(0, 9)], [0, 10], (0, 10)),
    ],
)
def test_window_ends_where_rows_end(
    acts: list[tuple[int, int]], posts: list[int], ends: tuple[int | None, int | None]
) -> None:
    """Days after a gap of two weeks need more than one row."""
    assert last_landed(acts, posts) == ends


def people(number: int) -> list[dict[str, Any]]:
    """Reposts and comments of the campaign's days."""
    return [
        row
        for n in range(number)
        for row in (
            repost(100 + n, 1, user(20 + n, f"u{n}"), day=1 + n % 14),
            comment(200 + n, 1, user(20 + n, f"u{n}"), f"tea {n}", day=1 + n % 14),
        )
    ]


def at(record: dict[str, Any], moment: str) -> dict[str, Any]:
    """A record that says another time."""
    return {**record, "created_at": moment}


@pytest.mark.parametrize(
    ("moment", "reason"),
    [
        # After the moment that its source says it was read.
        (
            "Fri Mar 20 10:00:00 +0800 2026",
            "acted_at must not lie more than a day after observed_at: it is 2026-03-20",
        ),
        ("Sun Jan 01 10:00:00 +0800 2062", "acted_at must not lie more than a day"),
        # A fast clock of an hour is none's fault.
        ("Mon Mar 16 09:00:00 +0800 2026", None),
    ],
)
def test_act_after_its_observation_is_quarantined(
    lab: Lab, moment: str, reason: str | None
) -> None:
    """With the times; the others stand."""
    lab.configure(post_ids=["1"], extra="observed_at = 2026-03-15T10:00:00+08:00")
    lab.put("export/a.jsonl", [status(1), *people(20)])
    lab.put("export/b.jsonl", [at(repost(9, 1, user(9, "late")), moment)])
    lab.land()
    staged = lab.stage()
    assert staged.rows_in == staged.rows_out + staged.rows_quarantined
    found = lab.rows("select reason from meta.quarantine")
    if reason is None:
        assert found == []
    else:
        # The account's profile was read with the record, at the source's moment.
        ((told,),) = found
        assert told.startswith(reason)


def test_record_of_a_day_after_it_landed_is_quarantined(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nothing tells when it was read, this machine's clock bounds it."""
    lab.configure(post_ids=["1"])
    lab.put(
        "export/a.jsonl",
        [
            status(1),
            *people(20),
            at(repost(9, 1, user(9, "late")), "Sun Jan 01 10:00:00 +0800 2062"),
            at(repost(8, 1, user(8, "early")), "Mon Jan 01 10:00:00 +0800 0001"),
        ],
    )
    lab.land()
    lab.stage()
    # Nor does a source give nothing since then: no rhythm has gaps of centuries.
    days = "select year(min(date_day)), year(max(date_day)) from meta.source_days"
    assert lab.rows(days) == [(2026, 2026)]
    assert lab.rows(
        "select kind, split_part(reason, ': it is', 1) from meta.quarantine"
        " order by all"
    ) == [
        ("accounts", "observed_at must not lie more than a day after landed_at"),
        (
            "interactions",
            "acted_at must lie between 2000-01-01 00:00:00 and 2100-01-01 00:00:00",
        ),
        ("interactions", "observed_at must not lie more than a day after landed_at"),
    ]
    assert lab.value("select max(date_day) from staging.interactions") == LAST
    # Of a day that is not believed nobody keeps account: the calendar would reach it.
    assert lab.value("select count(date_day) from meta.quarantine") == 0


def test_wrong_date_moves_nobody(tmp_path: Path) -> None:
    """One repost dated months later: what is said of all others stays the same."""
    found = []
    for name, moment in (("right", 14), ("wrong", None)):
        lab = Lab(tmp_path / name)
        lab.configure(post_ids=["1"])
        odd = repost(9, 1, user(9, "odd"), day=moment or 14)
        if moment is None:
            odd = at(odd, "Wed Jul 01 10:00:00 +0800 2026")
        lab.put("export/a.jsonl", [status(1), *people(30), odd])
        lab.run(tables=["data_coverage"])
        found.append(
            lab.rows(
                "select account_id, phantom_probability, phantom_level, reasons"
                " from intermediate.accounts where account_id <> '9' order by all"
            )
            + lab.rows(
                "select activity_day, freshness_hours, is_final, late_since_day"
                " from marts.data_coverage where activity_day <= '2026-03-14'"
                " order by all"
            )
        )
    assert found[0] == found[1]


def test_days_to_come_are_refused(lab: Lab) -> None:
    """By command and flow, with the day that is the last one; --force knows better."""
    lab.put("export/a.jsonl", [status(1)])
    today = load_workspace(lab.root).today()
    tomorrow = today + timedelta(days=1)
    words = f"{tomorrow} lies after today, {today}.*--force"
    with pytest.raises(ConfigurationError, match=words):
        runs.backfill(
            first=str(FIRST), last=str(tomorrow), reason="x", workspace=lab.root
        )
    with pytest.raises(ConfigurationError, match=words):
        runs.daily(day=str(tomorrow), workspace=lab.root)
    with pytest.raises(ConfigurationError, match=words):
        backfill(FIRST, tomorrow, "x", workspace=str(lab.root))
    with pytest.raises(ConfigurationError, match=words):
        daily(tomorrow, workspace=str(lab.root))
    assert not (lab.root / "warehouse.duckdb").exists()


def test_days_of_a_fast_clock_are_uncovered(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The marts are then as if these days had never been run."""
    records = [status(1), *people(20)]
    lab.put("export/a.jsonl", records)
    expected = Lab(tmp_path / "expected")
    expected.configure(post_ids=["1"])
    expected.put("export/a.jsonl", records)
    kept = date(2026, 3, 10)
    expected.run(FIRST, kept)
    lab.run(FIRST, LAST + timedelta(days=40))
    assert lab.value("select max(date_day) from meta.covered_days") > LAST
    workspace = lab.workspace
    for first, last, why in (
        (FIRST, date(2030, 1, 1), "marts need a day"),
        (date(2026, 3, 3), kept, "lie between others"),
        (date(2031, 1, 1), date(2031, 1, 2), "No day from"),
    ):
        with pytest.raises(ConfigurationError, match=why):
            uncover(workspace, first, last, "clock")
    days = (kept + timedelta(days=1), date(2031, 1, 1))

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("flows.commands.uncover.publish_marts", killed)
        uncover(workspace, *days, "clock")
    # Again, it goes on where it was; a third time there is nothing to do.
    uncover(workspace, *days, "clock")
    with pytest.raises(ConfigurationError, match="No day from"):
        uncover(workspace, *days, "clock")
    assert lab.value("select max(date_day) from meta.covered_days") == kept
    assert lab.marts() == expected.marts()
    assert lab.parquet() == expected.parquet()


def test_nobody_registers_after_a_record_landed(lab: Lab) -> None:
    """Such a profile is told, as one of before all networks is."""
    lab.configure(format="canonical")
    lab.put(
        "export/accounts.csv",
        "account_id,followers_count,registered_at,observed_at\n"
        "11,5,2061-01-01T00:00:00Z,2026-03-02T00:00:00Z\n"
        "12,5,2026-03-02T12:00:00Z,2026-03-02T00:00:00Z\n",
    )
    lab.land()
    lab.stage()
    assert lab.rows("select account_id from staging.accounts") == [("12",)]
    assert lab.rows("select reason from meta.quarantine") == [
        (
            "registered_at must not lie more than a day after landed_at:"
            " it is 2061-01-01 00:00:00",
        )
    ]
