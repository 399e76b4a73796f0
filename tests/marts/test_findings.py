"""What deserves a look: each kind of finding, at its first day, and none without."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import duckdb
import pytest

from tasks.warehouse.models import load_models

START = date(2026, 3, 1)
_TABLES = """
create schema intermediate;
create table intermediate.sales (
    state text, campaign_id text, activity_day date, lines bigint, line bigint
);
create schema marts;
create table marts.feedback_daily (
    campaign_id text, activity_day date, positive bigint, neutral bigint,
    negative bigint, is_negative_rise boolean, phantom_positive bigint,
    phantom_negative bigint, phantom_positive_share_low double, is_praise_burst boolean
);
create table marts.campaign_daily (
    campaign_id text, platform text, activity_day date, engaged_accounts bigint,
    phantom_share_low double, platform_engagements bigint, platform_collected bigint,
    completeness double
);
create table marts.data_coverage (
    source text, platform text, late_since_day date, last_record_day date
);
create table marts.partner_results (
    campaign_id text, partner_id text, platform text, window_end date,
    promised_engagements bigint, platform_engagements bigint,
    estimated_genuine_engagements_high bigint, platform_promise_met text,
    promise_met text, claim_grounds text, phantom_share double,
    unpaid_phantom_share double
);
"""


@pytest.fixture
def marts() -> Iterator[duckdb.DuckDBPyConnection]:
    """The marts that findings are read from, empty."""
    with duckdb.connect() as connection:
        connection.execute(_TABLES)
        yield connection


def found(connection: duckdb.DuckDBPyConnection, **more: float) -> list[dict[str, Any]]:
    """Rows of the mart in the order of their ids."""
    params = {"alarm_phantom_share": 0.3, "alarm_completeness_drop": 0.5, **more}
    model = load_models("marts")["marts.findings"]
    rows = connection.execute(model.sql, params).fetchall()
    names = [column.name for column in model.columns]
    return sorted(
        (dict(zip(names, row, strict=True)) for row in rows),
        key=lambda row: str(row["finding_id"]),
    )


def put_day(
    connection: duckdb.DuckDBPyConnection,
    day: int,
    *,
    accounts: int = 0,
    low: float | None = None,
    counted: int | None = None,
    collected: int | None = None,
) -> None:
    """A day of the campaign, the first one is 0."""
    connection.execute(
        "insert into marts.campaign_daily values"
        " ('launch', 'weibo', $day, $accounts, $low, $counted, $collected,"
        " $collected / nullif($counted, 0))",
        {
            "day": START + timedelta(days=day),
            "accounts": accounts,
            "low": low,
            "counted": counted,
            "collected": collected,
        },
    )


def test_quiet_marts_have_no_finding(marts: duckdb.DuckDBPyConnection) -> None:
    for day in range(10):
        put_day(marts, day, accounts=100, low=0.1, counted=100, collected=80)
    marts.execute(
        "insert into marts.feedback_daily"
        " values ('launch', '2026-03-01', 5, 5, 9, null, 1, 1, 0, null)"
    )
    marts.execute(
        "insert into marts.data_coverage values ('api', 'weibo', null, '2026-03-10')"
    )
    marts.execute(
        "insert into marts.partner_results values ('launch', 'p', 'weibo',"
        " '2026-03-10', 50, 60, 55, 'yes', 'can''t tell', '', .1, .1)"
    )
    assert not found(marts)


def test_negative_voice_stands_beside_the_days_before(
    marts: duckdb.DuckDBPyConnection,
) -> None:
    marts.execute(
        "insert into marts.feedback_daily values"
        " ('launch', '2026-02-20', 100, 0, 100, null, null, null, null, null),"
        " ('launch', '2026-03-08', 90, 8, 2, false, 3, null, .01, false),"
        " ('launch', '2026-03-09', 40, 8, 2, false, 3, null, .03, false),"
        " ('launch', '2026-03-10', 10, 5, 30, true, 0, 21, 0, false),"
        " ('launch', '2026-03-11', 10, 0, 20, true, 0, null, 0, false),"
        " ('launch', '2026-03-12', 60, 2, 3, false, 52, null, .758, true)"
    )
    rise, unknown, praise = found(marts)
    assert rise["finding_id"] == "negative_rise:launch:2026-03-10"
    assert rise["message"] == (
        "30 of 45 judged comments sound negative; on the 14 days before 4 of 150 did."
        " Of these negative ones 21 are by likely phantoms."
    ), "the day of February is too long ago"
    assert unknown["message"].endswith("before 34 of 195 did."), "too few are known"
    assert praise["finding_id"] == "praise_burst:launch:2026-03-12"
    assert praise["message"] == (
        "60 of 65 judged comments sound positive; on the 14 days before 150 of 225 did."
        " Of these positive ones 52 are by likely phantoms, at least 75 % by the low"
        " end of the 95 % interval."
    )
    assert "Leave this praise out of the tone" in praise["advice"]


def test_burst_of_phantoms_is_told_once_for_days_in_a_row(
    marts: duckdb.DuckDBPyConnection,
) -> None:
    for day, low in enumerate([0.05, 0.4, 0.5, 0.1, 0.35]):
        put_day(marts, day, accounts=30, low=low)
    put_day(marts, 5, accounts=29, low=0.9)
    put_day(marts, 6, accounts=500, low=None)
    days = [one["activity_day"] for one in found(marts)]
    assert days == [date(2026, 3, 2), date(2026, 3, 5)]
    assert "at least 40 %" in found(marts)[0]["message"]
    assert not found(marts, alarm_phantom_share=0.6)


def test_completeness_drops_below_what_it_was(
    marts: duckdb.DuckDBPyConnection,
) -> None:
    for day, collected in enumerate([90, 80, 85, 30, 35, 88]):
        put_day(marts, day, counted=100, collected=collected)
    put_day(marts, 6, counted=49, collected=0)
    (one,) = found(marts)
    assert one["finding_id"] == "completeness_drop:launch:weibo:2026-03-04"
    assert "30 % were collected; on the days before it was 85 %" in one["message"]
    assert not found(marts, alarm_completeness_drop=0.3)


def test_two_days_before_are_too_few_to_drop_from(
    marts: duckdb.DuckDBPyConnection,
) -> None:
    for day, collected in enumerate([90, 80, 10]):
        put_day(marts, day, counted=100, collected=collected)
    assert not found(marts)


def test_sources_and_partners(marts: duckdb.DuckDBPyConnection) -> None:
    marts.execute(
        "insert into marts.data_coverage values"
        " ('api', 'weibo', '2026-03-05', '2026-03-04'),"
        " ('api', 'weibo', '2026-03-05', '2026-03-04'),"
        " ('never', 'x', '2026-03-02', null)"
    )
    marts.execute(
        "insert into marts.partner_results values"
        " ('launch', 'few', 'weibo', '2026-03-10', 500, 60, 55, 'no', 'no',"
        "  'shortfall', .1, .1),"
        " ('launch', 'bought', 'weibo', '2026-03-10', 500, 600, 155, 'yes', 'no',"
        "  'phantoms', .71, .12)"
    )
    told = {one["finding_id"]: one["message"] for one in found(marts)}
    assert told == {
        "claim_supported:launch:bought:weibo:2026-03-10": "Likely phantoms among the"
        " accounts that engaged with its posts are 71 %, among those of unpaid posts of"
        " the campaign 12 %.",
        "promise_missed:launch:bought:weibo:2026-03-10": "It promised 500 engagements;"
        " genuine ones are at most 155, by the high end of the 95 % interval.",
        "promise_missed:launch:few:weibo:2026-03-10": "It promised 500 engagements; the"
        " platform counts 60.",
        "source_late:api:weibo:2026-03-05": "It was to give something by 2026-03-05;"
        " its last record is of 2026-03-04.",
        "source_late:never:x:2026-03-02": "It was to give something by 2026-03-02; its"
        " last record is of no day.",
    }
