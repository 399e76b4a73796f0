"""Times and counts: what is written in any form is read as it was meant."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tasks.warehouse.database import FUNCTIONS
from tasks.warehouse.written_values import (
    problem_of,
    reads_like_notice,
    register,
    told_count,
)

BEIJING = ZoneInfo("Asia/Shanghai")
# Moments of social networks, to the second, as Beijing's clocks show them.
MOMENTS = st.integers(1_104_508_800, 4_102_358_400).map(
    lambda second: datetime.fromtimestamp(second, BEIJING)
)
DAYS = "一二三四五六日"
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = (
    "Jan", "Feb", "Mar", "Apr", "May", "Jun",
    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
)  # fmt: skip
SERIAL_ORIGIN = date(1899, 12, 30)


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with the functions, in a time zone that must not matter."""
    with duckdb.connect() as opened:
        opened.execute("set timezone = 'America/New_York'")
        register(opened)
        for signature, body in FUNCTIONS.items():
            opened.execute(f"create or replace macro main.{signature} as ({body})")
        yield opened


def read(
    connection: duckdb.DuckDBPyConnection, call: str, texts: list[str], *values: Any
) -> list[Any]:
    """What a call makes of each text, in one query."""
    ((found,),) = connection.execute(
        f"select list({call} order by number) from (select"
        " unnest($1::varchar[]) as x, unnest(range(len($1::varchar[]))) as number)",
        [texts, *values],
    ).fetchall()
    return list(found)


def times_of(
    connection: duckdb.DuckDBPyConnection,
    texts: list[str],
    seen: datetime | None = None,
) -> list[datetime | None]:
    naive = seen and seen.astimezone(UTC).replace(tzinfo=None)
    found = read(connection, "time_of(x, $2::timestamp, 8)", texts, naive)
    return [moment and moment.replace(tzinfo=UTC) for moment in found]


def writings(moment: datetime, zone: timezone) -> list[str]:
    """A moment to the second, in forms that need nothing else to be known."""
    there = moment.astimezone(zone)
    unix = int(moment.timestamp())
    half, hour = ("AM", "PM")[moment.hour > 11], (moment.hour - 1) % 12 + 1
    day = f"{moment.year}/{moment.month}/{moment.day}"
    chinese = f"{moment.year}年{moment.month}月{moment.day}日"
    clock = moment.hour * 3600 + moment.minute * 60 + moment.second
    serial = (moment.date() - SERIAL_ORIGIN).days + Decimal(clock) / 86400
    english = f"{MONTHS[there.month - 1]} {there.day:02d}"
    return [
        f"{there:%Y-%m-%dT%H:%M:%S%z}",
        f"{there:%Y-%m-%d %H:%M:%S}{there:%z}",
        f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000Z",
        f"{WEEKDAYS[there.weekday()]} {english} {there:%H:%M:%S %z %Y}",
        f"{moment:%Y-%m-%d %H:%M:%S}",
        f"{day} {moment.hour}:{moment.minute:02d}:{moment.second:02d}",
        f"{day} {hour}:{moment.minute:02d}:{moment.second:02d} {half}",
        f"{day} {'上下'[moment.hour > 11]}午 {hour}:{moment:%M:%S}",
        f"{chinese} {moment:%H:%M:%S}",
        f"{chinese}星期{DAYS[moment.weekday()]}"
        f" {moment.hour}时{moment:%M}分{moment:%S}秒",
        f" {unix}\t",
        f"{unix}.0",
        f"{unix}000",
        f"{unix}000000",
        f"{moment:%Y%m%d%H%M%S}",
        f"{serial:.9f}",
    ]


@settings(max_examples=50)
@given(MOMENTS, st.integers(-12 * 4, 14 * 4))
def test_a_moment_is_read_in_any_form(
    connection: duckdb.DuckDBPyConnection, moment: datetime, quarters: int
) -> None:
    plain = writings(moment, timezone(timedelta(minutes=15 * quarters)))
    texts = plain + [text.translate(WIDE) for text in plain]
    for text, found in zip(texts, times_of(connection, texts), strict=True):
        assert found == moment, text


@settings(max_examples=50)
@given(MOMENTS, st.integers(0, 364 * 86400))
def test_times_count_from_the_reading(
    connection: duckdb.DuckDBPyConnection, seen: datetime, age: int
) -> None:
    """By the calendar of Beijing: a day of the year is the newest such day."""
    moment = (seen - timedelta(seconds=age)).replace(second=0)
    midnight = moment.replace(hour=0, minute=0)
    wanted = {
        f"{moment:%m-%d}": midnight,
        f"{moment:%m-%d %H:%M}": moment,
        f"{moment.month}月{moment.day}日": midnight,
        f"{moment.month}月{moment.day}日 {moment:%H:%M}": moment,
        f"{moment.day}-{MONTHS[moment.month - 1]}": midnight,
    }
    for text in wanted:
        assert "tells no year: state observed_at" in problem_of("acted_at", text)
    for unit, size in (("秒", 1), ("分钟", 60), ("小时", 3600), ("天", 86400)):
        whole = age // size
        wanted[f"{whole}{unit}前"] = seen - timedelta(seconds=whole * size)
        wanted[f"{chinese(whole)}{unit}前"] = wanted[f"{whole}{unit}前"]
    for word, size in (("second", 1), ("minute", 60), ("hour", 3600), ("day", 86400)):
        whole = age // size
        told = seen - timedelta(seconds=whole * size)
        wanted[f"{whole} {word}{'s' * (whole != 1)} ago"] = told
        wanted[f"{whole}{word[0]}"] = told
    days = (seen.date() - moment.date()).days
    if days < 2:
        word = ("today", "Yesterday")[days]
        wanted[f"{word} {moment:%H:%M}"] = wanted[f"{word} at {moment:%H:%M}"] = moment
    if days < 3:
        word = ("今天", "昨天", "前天")[days]
        wanted[f"{word} {moment:%H:%M}"] = wanted[f"{word}{moment:%H:%M}"] = moment
    found = times_of(connection, list(wanted), seen)
    assert dict(zip(wanted, found, strict=True)) == wanted
    assert set(times_of(connection, list(wanted))) == {None}


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2026-03-01", 86400),
        ("2026/3/1", 86400),
        ("3月1日", 86400),
        ("20260301", 86400),
        ("46082", 86400),
        ("Mar 01, 2026", 86400),
        ("01-Mar-2026", 86400),
        ("1/31/2026", 86400),
        ("2天前", 86400),
        ("3小时前", 3600),
        ("2026-03-01 09:15", 60),
        ("2026-03-01T09:15+08:00", 60),
        ("2026年3月1日 9:15", 60),
        ("昨天 09:15", 60),
        ("1/31/2026 9:15 AM", 60),
        ("5分钟前", 60),
        ("202603010915", 60),
        ("2026-03-01 09:15:20", 1),
        ("2026-03-01T09:15:20.5Z", 1),
        ("2026-03-01T09:15:20+08:00", 1),
        ("Sun Mar 01 09:15:20 +0800 2026", 1),
        ("Sun, 01 Mar 2026 09:15:20 GMT", 1),
        ("1772327720", 1),
        ("1772327720123", 1),
        ("46082.385648", 1),
        ("20260301091520", 1),
        ("9秒前", 1),
        ("", None),
    ],
)
def test_a_times_writing_tells_how_precise_it_is(
    connection: duckdb.DuckDBPyConnection, text: str, seconds: int | None
) -> None:
    assert read(connection, "precision_of(x)", [text]) == [seconds]
    if seconds:
        seen = datetime(2026, 3, 5, tzinfo=UTC)
        assert times_of(connection, [text], seen) != [None], "a time that is read"


def chinese(number: int) -> str:
    """A number as people write it, in digits from a thousand on."""
    digits = "零一二三四五六七八九"
    if not 0 < number < 1000:
        return str(number)
    hundreds, tens, ones = number // 100, number // 10 % 10, number % 10
    text = f"{digits[hundreds]}百" if hundreds else ""
    if tens:
        text += ("" if tens == 1 and not hundreds else digits[tens]) + "十"
    elif hundreds and ones:
        text += "零"
    return text + (digits[ones] if ones else "")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("十分钟前", 600),
        ("十分鐘前", 600),
        ("半小时前", 1800),
        ("半个小时前", 1800),
        ("一个半小时前", 5400),
        ("两个小时前", 7200),
        ("兩天前", 172800),
        ("二十三分钟前", 1380),
        ("an hour ago", 3600),
        ("half an hour ago", 1800),
        ("About 5 minutes ago", 300),
        ("3 hrs", 10800),
        ("just now", 0),
        ("几分钟前", None),
        ("一二分钟前", None),
        ("5 apples ago", None),
        ("ten beers", None),
    ],
)
def test_ago_in_words(
    connection: duckdb.DuckDBPyConnection, text: str, seconds: int | None
) -> None:
    seen = datetime(2026, 3, 1, 4, tzinfo=UTC)
    (found,) = times_of(connection, [text], seen)
    assert found == (None if seconds is None else seen - timedelta(seconds=seconds))
    assert times_of(connection, [text]) == [None]


UNITS = {"": 1, "千": 10**3, "k": 10**3, "K": 10**3, "万": 10**4, "w": 10**4,
         "m": 10**6, "M": 10**6, "亿": 10**8}  # fmt: skip
WIDE = {ord("0") + digit: ord("０") + digit for digit in range(10)}


@given(
    st.integers(0, 10**9),
    st.integers(0, 9),
    st.sampled_from(sorted(UNITS)),
    st.sampled_from(["", "+"]),
    st.sampled_from(["", "转发 ", "赞", "评论: "]),
)
def test_a_count_is_read_in_any_form(
    connection: duckdb.DuckDBPyConnection,
    number: int,
    tenth: int,
    unit: str,
    plus: str,
    label: str,
) -> None:
    size = UNITS[unit]
    grouped = f"{number:,}"
    wholes = (
        str(number), str(number).translate(WIDE),
        grouped, grouped.replace(",", " "), grouped.replace(",", "，"),
    )  # fmt: skip
    wanted = {f"{label}{whole}{unit}{plus}": number * size for whole in wholes}
    part = number * size + tenth * size // 10 if unit or not tenth else None
    wanted |= {f"{label}{number}.{tenth}{unit}{plus}": part, f"-{number}": None}
    found = read(connection, "count_of(x)", list(wanted))
    assert dict(zip(wanted, found, strict=True)) == wanted


@given(st.text(max_size=40))
@example("1_000")
@example("0xff")
@example("0012")
def test_whatever_stands_there_is_read_or_not(
    connection: duckdb.DuckDBPyConnection, text: str
) -> None:
    """No text stops a run, and an id keeps its characters."""
    text = text.replace("\x00", "")
    times_of(connection, [text], datetime(2026, 3, 1, tzinfo=UTC))
    (number,) = read(connection, "count_of(x)", [text])
    assert number == told_count(text)
    assert number is None or number >= 0
    (found,) = read(connection, "id_of(x)", [text])
    assert found is None or (found in text and " " not in found)
    read(connection, "is_notice(null::varchar, x, false)", [text])


@pytest.mark.parametrize(
    "text",
    [
        "抱歉，此微博已被作者删除。查看帮助：<a href='x'>网页链接</a>",
        "抱歉，作者已设置仅展示半年内微博，此微博已不可见。 ",
        "【该微博因被多人投诉，根据《微博社区公约》，已被删除】",
        "根据博主设置，此内容无法访问",
        "该账号因被投诉违反《微博社区公约》的相关规定，现已无法查看。",
        "由于用户设置，你无法回复评论",
        "原文已被作者删除",
        "该说说已被主人删除",
        "This Post is from a suspended account. Learn more",
        "This content isn't available right now",
        "[deleted]",
        "該微博已被作者刪除",
        "此消息已被删除",
        "主人设置了权限，您可通过以下方式访问",
        "仅对粉丝可见",
        "作者开启了防护，暂不支持查看",
        "涉嫌违反相关法律法规，该内容已被屏蔽",
        "内容无法展示",
        "Oops, this post has been deleted",
        "Sorry, this Weibo has been deleted by the author.",
        "Age-restricted adult content. This content might not be appropriate",
    ],
)
def test_a_notice_is_known(text: str) -> None:
    assert reads_like_notice(text)


@pytest.mark.parametrize(
    "text",
    [
        "转发微博",
        "春茶第一批 #春茶#",
        "抱歉大家，今天的茶卖完了",
        "这茶真好喝，推荐",
        "根据节气喝茶，春天喝花茶",
        "This tea is lovely",
        "这条微博太好笑了，别删",
        "作者开启了新的连载",
        "仅此一家",
        "Content is king",
        "为什么说此微博已被作者删除？",
        "",
    ],
)
def test_words_are_no_notice(text: str) -> None:
    assert not reads_like_notice(text)
