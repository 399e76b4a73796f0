"""Rows of every version of weibo-crawler under every header that may stand above."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.sources.documents import Notes
from tasks.sources.weibo.dataabc.file_tag import FILE
from tasks.sources.weibo.dataabc.layouts import (
    ORIGINAL,
    POST_VERSIONS,
    SHARED,
    USER_VERSIONS,
    is_row,
    names_of_row,
)
from tasks.sources.weibo.dataabc.records import split_dataabc
from tasks.sources.weibo.dataabc.tables import read_dataabc

# What versions wrote: names in the header, names of the cells. Two left one out.
NEWEST, _2025_11, _2024_01, _2020_04, _2019_09, _2019_08, _2019_06 = POST_VERSIONS
WRITTEN = {
    "2019-06": (_2019_06, _2019_06),
    "2019-08": (_2019_08, _2019_08),
    "2019-09": (_2019_09, _2019_09),
    "2020-04": (_2020_04, _2020_04),
    "2022-04": (_2020_04, _2024_01),
    "2024-01": (_2024_01, _2024_01),
    "2025-04": (_2024_01, _2025_11),
    "2025-11": (_2025_11, _2025_11),
    "2025-12": (NEWEST, NEWEST),
}
SHARER = ("源用户id", "源用户昵称")


def value(name: str, key: int) -> str:
    """What stands under a name in post `key`; each counter another number."""
    return {
        "id": f"{4880000000000000 + key}\t",
        "bid": f"Mz{key}",
        "正文": f"第{key}杯, 2026-03-01 喝的",
        "头条文章url": "",
        "原始图片url": "https://p.example/1.jpg,https://p.example/2.jpg" * (key % 2),
        "视频url": "https://v.example/1.mp4" * (key % 3 == 0),
        "Live Photo视频url": "https://v.example/l.mov" * (key % 5 == 0),
        "位置": "成都·武侯" * (key % 2),
        "日期": "2026-03-04T12:30:05",
        "工具": "HUAWEI P70",
        "点赞数": str(300 + key),
        "评论数": str(20 + key),
        "转发数": str(1 + key),
        "话题": "春茶",
        "@用户": "",
        "完整日期": "2026-03-04 12:30:05",
        "是否编辑过": "False",
        "编辑次数": "0",
    }[name]


def named(names: Sequence[str], *, tail: bool) -> list[str]:
    """The header of a version, with or without what reposts share."""
    shared = [ORIGINAL, *SHARER, *(SHARED + name for name in names)]
    return [*names, *(shared if tail else ())]


def row(names: Sequence[str], key: int, form: str) -> list[str]:
    """A row of a version: `plain`, an `original`, or a `repost` of post key + 500."""
    cells = [value(name, key) for name in names]
    if form == "plain":
        return cells
    if form == "original":
        return [*cells, "True"]
    shared = [
        value(name, key + 500)
        for name in names
        if name not in ("是否编辑过", "编辑次数")
    ]
    return [*cells, "False", "2200000009", "茶摊", *shared]


def read(path: Path) -> tuple[list[Any], Notes]:
    """The records of a file."""
    notes = Notes()
    batches = list(read_dataabc(path, notes, split_dataabc))
    return [
        json.loads(item["document"]) for batch in batches for item in batch.to_pylist()
    ], notes


def text(rows: Sequence[Sequence[str]]) -> str:
    """Rows as the program writes them."""
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue()


def check(record: dict[str, Any], key: int, form: str) -> None:
    """Each value stands under its own key."""
    for where, number in ((record, key), (record.get("retweet"), key + 500)):
        if where is None:
            continue
        assert where["id"].strip() == str(4880000000000000 + number)
        assert where["created_at"] == "2026-03-04T12:30:05"
        assert where["source"] == "HUAWEI P70"
        counters = ("attitudes_count", "comments_count", "reposts_count")
        found = [where[name] for name in counters]
        assert found == [str(300 + number), str(20 + number), str(1 + number)]
        assert where["location"] == value("位置", number)
        assert where["pics"] == value("原始图片url", number)
        assert where["topics"] == "春茶"
    assert ("retweet" in record) == (form == "repost")


@pytest.mark.parametrize("tail", [True, False])
@pytest.mark.parametrize("version", WRITTEN)
def test_every_version_is_read_by_its_own_header(
    tmp_path: Path, version: str, tail: bool
) -> None:
    header, cells = WRITTEN[version]
    forms = ["original", "repost"] if tail else ["plain"]
    rows = [row(cells, key, form) for key in range(1, 7) for form in forms]
    path = tmp_path / "2200000001.csv"
    path.write_text("\ufeff" + text([named(header, tail=tail), *rows]))
    records, notes = read(path)
    assert not notes.rejected
    for record, (key, form) in zip(
        records, [(k, f) for k in range(1, 7) for f in forms], strict=True
    ):
        check(record, key, form)
        assert record[FILE]["uid"] == "2200000001"


@settings(max_examples=150, deadline=None)
@given(
    header=st.sampled_from(sorted(WRITTEN)),
    tail=st.booleans(),
    rows=st.lists(
        st.tuples(
            st.sampled_from(sorted(WRITTEN)),
            st.integers(1, 40),
            st.sampled_from(["plain", "original", "repost"]),
            st.sampled_from(["", "\ufeff", "header", "\ufeffheader"]),
        ),
        min_size=1,
        max_size=8,
    ),
)
def test_rows_of_any_version_under_any_header(
    tmp_path_factory: pytest.TempPathFactory,
    header: str,
    tail: bool,
    rows: list[tuple[str, int, str, str]],
) -> None:
    """The program was updated, its options changed, files were joined."""
    path = tmp_path_factory.mktemp("mixed") / "1.csv"
    parts = ["\ufeff", text([named(WRITTEN[header][0], tail=tail)])]
    for version, key, form, before in rows:
        parts.append(before.removesuffix("header"))
        if before.endswith("header"):
            parts.append(text([named(WRITTEN[version][0], tail=tail)]))
        parts.append(text([row(WRITTEN[version][1], key, form)]))
    path.write_text("".join(parts))
    records, notes = read(path)
    assert not notes.rejected
    assert notes.repeated_headers == sum(item[3].endswith("header") for item in rows)
    for record, (_, key, form, _) in zip(records, rows, strict=True):
        check(record, key, form)


@settings(max_examples=150, deadline=None)
@given(
    header=st.sampled_from(sorted(WRITTEN)),
    tail=st.booleans(),
    version=st.sampled_from(sorted(WRITTEN)),
    key=st.integers(1, 40),
    form=st.sampled_from(["plain", "original", "repost"]),
    place=st.floats(0, 0.999),
    cell=st.sampled_from([None, "", "x", "7", "2026-03-04T12:30:05"]),
)
def test_counters_never_come_from_other_cells(
    header: str,
    tail: bool,
    version: str,
    key: int,
    form: str,
    place: float,
    cell: str | None,
) -> None:
    """A cell more or less: the row is refused, or the counters are its own."""
    names = tuple(named(WRITTEN[header][0], tail=tail))
    cells = row(WRITTEN[version][1], key, form)
    at = int(place * len(cells))
    if cell is None:
        del cells[at]
    else:
        cells.insert(at, cell)
    found = names_of_row(names, cells, "post")
    if isinstance(found, str):
        assert found
        return
    held = dict(zip(found, cells, strict=False))
    counters = [held.get(name) for name in ("点赞数", "评论数", "转发数")]
    wanted = [str(300 + key), str(20 + key), str(1 + key)]
    assert counters == wanted, (found, cells)


@pytest.mark.parametrize("versions", [(0, 1), (0, 2), (1, 2), (2, 0), (1, 0)])
def test_users_of_one_version_under_the_header_of_another(
    tmp_path: Path, versions: tuple[int, int]
) -> None:
    """The address's place came into the middle in December 2025."""
    above, below = (USER_VERSIONS[number] for number in versions)
    cells = {
        "用户id": "2200000001", "昵称": "茶摊", "性别": "女", "生日": "1990-01-01",
        "所在地": "四川", "IP属地": "四川", "学习经历": "", "公司": "",
        "注册时间": "2012-05-06", "阳光信用": "信用极好", "微博数": "81",
        "粉丝数": "42", "关注数": "17", "简介": "卖茶", "主页": "https://m.example/u/1",
        "头像": "https://p.example/a.jpg", "高清头像": "https://p.example/b.jpg",
        "微博等级": "9", "会员等级": "2", "是否认证": "False", "认证类型": "-1",
        "认证信息": "", "上次记录微博信息": "4880000000000001 2026-03-01",
    }  # fmt: skip
    path = tmp_path / "users.csv"
    path.write_text(
        "\ufeff" + text([above, [cells[name] for name in below]]), encoding="utf-8"
    )
    (record,), notes = read(path)
    assert not notes.rejected
    found = {name: record[name] for name in ("statuses_count", "followers_count")}
    assert found == {"statuses_count": "81", "followers_count": "42"}
    assert record["follow_count"] == "17"
    assert record["avatar_hd"] == "https://p.example/b.jpg"


def test_spreadsheets_fill_rows_up_and_change_times(tmp_path: Path) -> None:
    """Saved again by a spreadsheet: empty cells, local dates, TRUE."""
    header = named(NEWEST, tail=True)
    cells = row(NEWEST, 3, "original")
    cells[header.index("日期")] = "2026/3/4 12:30"
    cells[header.index(ORIGINAL)] = "TRUE"
    cells += [""] * (len(header) - len(cells))
    path = tmp_path / "1.csv"
    path.write_text(text([header, cells]).replace(",", ";"))
    (record,), notes = read(path)
    assert not notes.rejected
    assert record["attitudes_count"] == "303"
    assert "retweet" not in record


@pytest.mark.parametrize(
    ("header", "cells", "why"),
    [
        (_2025_11, 17, "1 cell more than names: the row has 17, the header names 16"),
        (_2025_11, 14, "2 cells less than names: the row has 14, the header names 16"),
        (_2020_04, 20, "6 cells more than names: the row has 20, the header names 14"),
    ],
)
def test_row_that_nothing_explains_is_refused_alone(
    tmp_path: Path, header: tuple[str, ...], cells: int, why: str
) -> None:
    """With its line and what doesn't match; its neighbours come through."""
    good = row(header, 4, "plain")
    odd = [*row(header, 5, "plain"), "a", "b", "c", "d", "e", "f"][:cells]
    path = tmp_path / "1.csv"
    path.write_text(text([header, good, odd, good]))
    records, notes = read(path)
    assert len(records) == 2
    assert [(item.position, item.reason[: len(why)]) for item in notes.rejected] == [
        (3, why)
    ]


def test_shifted_row_of_the_right_length_is_refused(tmp_path: Path) -> None:
    """A comma that nobody quoted, and a cell lost elsewhere."""
    header = named(_2025_11, tail=False)
    cells = row(_2025_11, 4, "plain")
    cells.insert(2, "split")
    path = tmp_path / "1.csv"
    path.write_text(text([header, cells[:-1]]))
    records, notes = read(path)
    assert not records
    ((line, reason),) = [(item.position, item.reason) for item in notes.rejected]
    assert line == 2
    assert reason.startswith("工具 holds '2026-03-04T12:30:05'")


def test_posts_whose_header_is_lost_are_known_by_their_cells(tmp_path: Path) -> None:
    """The second part of a file that was cut in two."""
    path = tmp_path / "1.csv"
    path.write_text(text([row(NEWEST, 2, "repost"), row(NEWEST, 3, "original")]))
    first, second = read(path)[0]
    check(first, 2, "repost")
    check(second, 3, "original")
    assert not is_row((), ["1", "2", "3"], "post")
