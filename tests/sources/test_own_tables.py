"""Tables of one's own: what a mapping does, and what is wrong with one."""

from __future__ import annotations

import io
import sqlite3
import zipfile
from contextlib import closing
from datetime import UTC, datetime

import polars as pl
import pytest
from openpyxl import Workbook

from flows.commands.privacy import erase
from tasks.sources import table_rows
from tasks.sources.canonical.mapped import Reader
from tasks.sources.gives import gives_of, lacks_of
from tasks.warehouse.errors import ConfigurationError
from tasks.warehouse.table_mapping import TableMapping
from tests.workspaces import Lab

COLUMNS = """[sources.table.columns]
post_id = "微博id"
account_id = "用户id"
screen_name = "昵称"
posted_at = "发布时间"
text = "正文"
reposts_count = "转发"
likes_count = "赞"
"""
TABLE = f'[sources.table]\nrows = "posts"\ntime_zone = "Asia/Shanghai"\n{COLUMNS}'
SCRIPT = "<script>x</script>"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC).replace(tzinfo=None)
HEADER = ["微博id", "用户id", "昵称", "发布时间", "正文", "转发", "赞"]


def spreadsheet(*rows: list[object], more_sheets: int = 0) -> bytes:
    """A spreadsheet with these rows."""
    book = Workbook()
    sheet = book.active
    for row in rows:
        sheet.append(row)
    for number in range(more_sheets):
        book.create_sheet(f"more {number}").append(["a"])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def mapped(rows: str, columns: str, **more: object) -> Reader:
    """A reader of rows whose columns are called as the canonical ones."""
    names = dict.fromkeys(columns.split(), "?")
    told = {"rows": rows, "columns": names, "time_zone": "Asia/Shanghai", **more}
    return Reader(TableMapping.model_validate(told), None)


def test_files_of_any_form_land_or_are_refused_in_words(
    lab: Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    """Values come as they are; what is missing or read by nobody is told."""
    lab.configure(format="table", extra=TABLE, policies="quarantine_threshold = 0.9")
    lab.put(
        "export/a.xlsx",
        spreadsheet(
            ["导出 2026-03-04"],
            [],
            [*HEADER[:6], "备注"],
            [4990000000000001, "9000", "=1+1", NOON, "#新茶# 好", "1.2万", 1],
            ["4990000000000002", 9000.0, "b", "2026年3月2日 8:05", SCRIPT, 7, None],
            [4.99e17, "9000", "c", 46083.5, "y", 1, None],
            ["4990000000000003", "9000", "d", "2026-03-03", "z", 1, None, "beside"],
            more_sheets=1,
        ),
    )  # fmt: skip
    lab.put("export/b.csv", ("\t".join(HEADER[:4]) + "\n1\t2\t3\n").encode("gbk"))
    lab.put("export/c.csv", "微博id,正文\n1,a\n")
    lab.put("export/d.xlsx", b"\xd0\xcf\x11\xe0 before 2007")
    lab.put("export/e.xlsx", b"words")
    with closing(sqlite3.connect(lab.root / "export/f.db")) as database, database:
        database.execute("create table one (a)")
        database.execute("create table two (a)")
    one = pl.DataFrame({"微博id": [4990000000000009], "发布时间": [NOON]})
    one.write_parquet(lab.root / "export/g.parquet")
    lab.land()
    said = capsys.readouterr().out
    for words in (
        "a.xlsx: its first sheet 'Sheet' is read, 'more 0' is not: name another one",
        "a.xlsx: what stands above row 3 is no header",
        "a.xlsx: it lacks '赞' (likes_count): unknown on all its rows",
        "a.xlsx: nothing reads its columns '备注': they stay in landing",
    ):
        assert words in said
    assert [(path, place, why) for path, place, why in lab.quarantined()] == [
        ("export/a.xlsx", 7, "a cell stands beside all 7 named columns: 'beside'"),
        (
            "export/b.csv",
            2,
            "1 cell less than names: the row has 3, the header names 4",
        ),
        (
            "export/c.csv",
            None,
            "it lacks the column '发布时间' (posted_at), without which rows of posts"
            " say nothing: it has '微博id', '正文'. Correct [sources.table.columns], or"
            " the file",
        ),
        (
            "export/d.xlsx",
            None,
            "a spreadsheet with a password, or of before 2007: save it as .xlsx without"
            " one",
        ),
        ("export/e.xlsx", None, "no spreadsheet: it can't be unpacked"),
        (
            "export/f.db",
            None,
            "it has 2 tables ('one', 'two'): name one as sheet",
        ),
    ]
    lab.stage()
    assert lab.rows(
        "select post_id, account_id, cast(posted_at as varchar), text, hashtags,"
        " precision_seconds from staging.posts order by post_id"
    ) == [
        ("4990000000000001", "9000", "2026-03-01 04:00:00", "#新茶# 好", ["新茶"], 1),
        ("4990000000000002", "9000", "2026-03-02 00:05:00", SCRIPT, [], 60),
        ("4990000000000009", None, "2026-03-01 04:00:00", None, [], 1),
    ]  # fmt: skip
    assert lab.rows(
        "select post_id, reposts_count, likes_count from staging.post_counters"
        " order by post_id"
    ) == [("4990000000000001", 12000, None), ("4990000000000002", 7, None)]
    assert lab.value(
        "select screen_name from staging.accounts where date_day = '2026-03-01'"
    ) == "=1+1"  # fmt: skip
    (row,) = lab.rows("select reason from meta.quarantine where kind = 'posts'")
    assert "4.99e+17 is an id that a spreadsheet has rounded" in row[0]

    # Another mapping: what landed under the former one is read again, once.
    text = (lab.root / "workspace.toml").read_text(encoding="utf-8")
    lab.put("workspace.toml", text.replace('text = "正文"', 'text = "备注"'))
    lab.land()
    lab.stage()
    assert lab.value(
        "select text from staging.posts where post_id = '4990000000000001'"
    ) == "1"  # fmt: skip
    assert lab.land().files == 0
    # Whose file is gone stays, and stops the run.
    (lab.root / "export/a.xlsx").unlink()
    lab.put("workspace.toml", text)
    with pytest.raises(
        ConfigurationError, match=r"export/a\.xlsx, which landed before"
    ):
        lab.land()


def test_mistakes_of_a_mapping_are_told_together(lab: Lab) -> None:
    lab.put("export/a.csv", "a\n")
    lab.configure(
        format="table",
        extra=TABLE.replace("Asia/Shanghai", "Asia/Shangai")
        .replace("reposts_count", "repost_count")
        .replace("posted_at", "kind")
        + '[[sources]]\nname = "two"\nplatform = "weibo"\nkind = "files"\n'
        'format = "canonical"\npath = "export"\n[sources.table]\nrows = "likes"\n'
        'time_zone = "Asia/Kolkata"\ntime_format = "DD/MM"\ncolumns = { a = "b" }\n'
        '[[sources]]\nname = "three"\nplatform = "weibo"\nkind = "files"\n'
        'format = "table"\npath = "export"\n',
    )
    with pytest.raises(ConfigurationError) as error:
        _ = lab.workspace
    told = "\n".join(error.value.mistakes)
    for words in (
        "toml:10: sources[1].table.time_zone 'Asia/Shangai' is no time zone",
        "sources[1].table.columns lacks 'posted_at', without which rows of posts",
        "toml:15: sources[1].table.columns.kind is no column of posts: rows of"
        " interactions have it",
        "repost_count is no column of posts: did you mean 'reposts_count'?",
        'sources[2].table means nothing for this format: write format = "table"',
        "sources[2].table.time_zone 'Asia/Kolkata' is not whole hours away from UTC",
        "sources[2].table.time_format 'DD/MM' names no part of a time",
        "sources[2].table.columns.a is no column of likes",
        'sources[3].format "table" needs a section [sources.table]',
    ):
        assert words in told


def test_a_row_gives_its_records() -> None:
    """Reposts among posts, likes without a time, acts without an id, other clocks."""
    posts = mapped("posts", "post_id posted_at root_post_id account_id screen_name")
    post = {"post_id": "1", "posted_at": "2026-03-01 08:00", "account_id": "7"}
    kinds = [
        one["_file"]["table"] for one in posts.records({**post, "root_post_id": "0"})
    ]
    assert kinds == ["posts"]
    repost, person = posts.records({**post, "root_post_id": "5", "screen_name": "a"})
    assert (repost["kind"], repost["interaction_id"], repost["author_name"]) == (
        "repost", "1", "a",
    )  # fmt: skip
    assert person["observed_at"] == "2026-03-01 00:00:00Z"

    # A post without an id has the same one in the next export, with other counts.
    named = mapped("posts", "posted_at text likes_count")
    words = {"posted_at": "2026-03-01 08:00", "text": "tea"}
    made = [
        named.records({**words, **more})[0].get("post_id")
        for more in ({"likes_count": "1"}, {"likes_count": "2"}, {"text": "new tea"})
    ]
    assert made[0] == made[1] != made[2]
    assert "post_id" not in named.records({"posted_at": "2026-03-01 08:00"})[0]

    acts = mapped("interactions", "kind root_post_id acted_at account_id platform")
    act = {
        "root_post_id": "5",
        "acted_at": "1",
        "account_id": "7",
        "platform": "新浪微博",
    }
    first, again, other = (
        acts.records({**act, "kind": kind})[0] for kind in ("转发", "Retweet", "评论")
    )
    assert (first["kind"], first["platform"]) == ("repost", "weibo")
    assert first["interaction_id"] == again["interaction_id"] != other["interaction_id"]

    berlin = mapped("comments", "root_post_id acted_at", time_zone="Europe/Berlin")
    for clock, hours in (("2026-01-01 08:00", 1), ("2026-07-01 08:00", 2)):
        (record,) = berlin.records({"root_post_id": "5", "acted_at": clock})
        assert record["_file"]["zone_hours"] == hours

    odd = mapped(
        "comments",
        "root_post_id acted_at likes_count",
        time_format="%d/%m/%Y",
        decimal_mark=",",
    )
    (record,) = odd.records(
        {
            "root_post_id": "https://weibo.com/1000000003/QkUZn2Vq4",
            "acted_at": "03/04/2026",
            "likes_count": "1.234",
        }
    )
    assert (record["acted_at"], record["likes_count"]) == ("2026-04-03", "1234")
    assert record["root_post_id"] == "5249856290697380"
    (record,) = odd.records({"root_post_id": "5", "acted_at": "2026-04-03"})
    assert record["acted_at"] == "2026-04-03 (not as %d/%m/%Y)"


def test_a_person_goes_from_every_column(lab: Lab) -> None:
    """Also from columns that nobody named, and from words of others."""
    lab.configure(
        format="table",
        extra='[sources.table]\nrows = "comments"\ntime_zone = "Asia/Shanghai"\n'
        '[sources.table.columns]\nroot_post_id = "post"\nacted_at = "time"\n'
        'account_id = "uid"\nscreen_name = "name"\ntext = "text"\n',
    )
    lab.put(
        "export/a.csv",
        "post,time,uid,name,text,phone,whom\n"
        "4990000000000001,2026-03-01,7000000001,茶友阿强,好喝,13800000001,\n"
        "4990000000000001,2026-03-02,7000000002,other,回复@茶友阿强:是,7000000001,"
        '"b，茶友阿强"\n',
    )
    lab.land()
    lab.stage()
    assert erase(lab.workspace, "weibo", "7000000001").landed.removed == 2
    records = lab.land_records()
    assert len(records) == 2
    assert sum('"whom":"b，[' in record for record in records) == 1
    for word in ("7000000001", "茶友阿强", "13800000001"):
        assert not any(word in record for record in records)


def test_what_columns_can_tell_is_what_a_source_gives(lab: Lab) -> None:
    lab.put("export/a.csv", "a\n")
    lab.configure(format="table", extra=TABLE)
    (source,) = lab.workspace.sources
    assert lacks_of(gives_of(source)) == (
        "reposts one by one; comments one by one; likes one by one; the platform's"
        " counts of comments; reads; numbers of followers; lists of followers"
    )


def test_spreadsheets_made_to_explode_are_refused(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By what they expand to, and by the texts that stand in memory."""
    monkeypatch.setattr(table_rows, "_LARGEST_TEXTS", 1000)
    monkeypatch.setattr("tasks.sources.documents.EXPANSION_FREE_BYTES", 100_000)
    lab.configure(format="table", extra=TABLE)
    for name, inside, size in (
        ("texts", "xl/sharedStrings.xml", 2_000),
        ("bomb", "xl/worksheets/sheet1.xml", 10_000_000),
    ):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr(inside, b" " * size)
        lab.put(f"export/{name}.xlsx", file.getvalue())
    lab.land()
    reasons = {path: why for path, _, why in lab.quarantined()}
    assert "too many times its size" in reasons["export/bomb.xlsx"]
    assert reasons["export/texts.xlsx"].endswith("save it as CSV")
