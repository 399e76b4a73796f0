"""`map`: what is proposed for a table, and that it holds."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from tests.workspaces import Lab, call_command
from tests.world import World
from tests.world.own_tables import write_tables


def proposed(path: Path, *more: str) -> dict[str, Any]:
    """What `map --json` says of a file."""
    done = call_command("map", str(path), "--json", *more)
    assert done.stderr == ""
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["is_whole"] == (done.returncode == 0)
    return found


@pytest.mark.parametrize(
    ("name", "rows", "left"),
    [
        ("posts.xlsx", "posts", {"链接"}),
        ("reposts.csv", "reposts", set()),
        ("comments.parquet", "comments", set()),
        ("people.tsv", "accounts", {"收藏数"}),
        ("counters.csv", "post_counters", set()),
        ("follows.csv", "follows", set()),
    ],
)
def test_a_vendors_tables_are_understood(
    name: str, rows: str, left: set[str], small_world: World, tmp_path: Path
) -> None:
    """The mapping that people would write, told by the names alone."""
    sources = write_tables(small_world, tmp_path)
    written = sources[sources.index(f"/{name}") :]
    written = written.partition("[sources.table.columns]\n")[2].partition("\n[[")[0]
    found = proposed(tmp_path / name)
    assert found["mapping"]["rows"] == rows
    columns = {f'{ours} = "{own}"' for ours, own in found["mapping"]["columns"].items()}
    wrong = columns - set(written.splitlines())
    assert not wrong
    assert {one.split('"')[1] for one in {*written.splitlines()} - columns} == left
    assert found["staged"]
    assert found["left_out"] == {}


def test_who_read_no_manual_gets_rows(lab: Lab, tmp_path: Path) -> None:
    """Names that say nothing or the wrong thing, days first, thousands with dots."""
    table = lab.put(
        "export/report.csv",
        "A;B;When posted;Post time;Likes;Views;Notes\n"
        + "".join(
            f"49900000000{n:05};70000000{n:02};what number {n} says of tea;"
            f"{n:02}/03/2026 08:0{n % 10};1.{n:03};many;{n}\n"
            for n in range(1, 29)
        ),
    )
    found = proposed(table)
    mapping = found["mapping"]
    assert mapping["columns"] == {
        "post_id": "A",
        "account_id": "B",
        "posted_at": "Post time",
        "text": "When posted",
        "likes_count": "Likes",
    }
    assert (mapping["rows"], mapping["time_format"], mapping["decimal_mark"]) == (
        "posts", "%d/%m/%Y %H:%M", ",",
    )  # fmt: skip
    assert found["how"]["post_id"] == found["how"]["text"] == "values"
    assert found["doubts"] == [
        "'Views' is not taken for reads_count: 100% of its values are no counts"
    ]
    assert found["unread"] == ["Views", "Notes"]
    first = found["staged"][0]
    assert (first["post_id"], first["posted_at"], first["likes_count"]) == (
        "4990000000000001", "2026-03-01 00:01:00", 1001,
    )  # fmt: skip
    assert any(
        cost.startswith("reposts_count, comments_count:") for cost in found["costs"]
    )

    # What is proposed can be copied as it stands.
    text = (lab.root / "workspace.toml").read_text(encoding="utf-8")
    begin, end = text.index("[[sources]]"), text.index("[[brands]]")
    lab.put(
        "workspace.toml", text[:begin] + found["workspace_toml"] + "\n" + text[end:]
    )
    assert lab.land().records == 56
    assert lab.stage().rows_quarantined == 0


DOUYIN = (
    "作品名称,发布时间,体裁,审核状态,播放量,完播率,5s完播率,封面点击率,2s跳出率,"
    "平均播放时长,点赞量,分享量,评论量,收藏量,主页访问量,粉丝增量\n"
    "新茶开箱 #春日新茶,2026-03-01 10:00:00,视频,公开,12000,0.2,0.4,-,0.3,8.1,30,2,"
    "4,1,9,3\n"
)
XIAOHONGSHU = (
    "最多导出排序后前1000条笔记,,,,,,,,,,,\n"
    "笔记标题,首次发布时间,体裁,曝光,观看量,封面点击率,点赞,评论,收藏,涨粉,分享,人均观看时长\n"
    "春茶到了,2026年03月01日10时00分00秒,图文,90000,12000,0.1,30,4,8,1,2,11\n"
)
CHANNELS = (
    "视频描述,视频ID,发布时间,完播率,平均播放时长,播放量,推荐,喜欢,评论量,分享量,关注量,"
    "转发聊天和朋友圈,设为铃声,设为状态,设为朋友圈封面\n"
    "春茶到了,export/native-1,2026/03/01,20%,12秒,12000,3,30,4,2,1,4,0,0,0\n"
)


@pytest.mark.parametrize(
    ("network", "content", "posted"),
    [
        ("douyin", DOUYIN, "2026-03-01 02:00:00"),
        ("xiaohongshu", XIAOHONGSHU, "2026-03-01 02:00:00"),
        ("wechat_channels", CHANNELS, "2026-02-28 16:00:00"),
    ],
)
def test_what_creators_download_is_known(
    network: str, content: str, posted: str, tmp_path: Path
) -> None:
    """As spreadsheets; two of the three name no post, so its time and words do."""
    book = Workbook()
    for line in content.splitlines():
        book.active.append(
            [int(cell) if cell.isdigit() else cell for cell in line.split(",")]
        )
    book.save(tmp_path / "笔记列表明细表.xlsx")
    found = proposed(tmp_path / "笔记列表明细表.xlsx")
    assert (found["platform"], found["is_whole"]) == (network, True)
    assert found["left_out"] == {}
    (post,) = found["staged"]
    assert post["posted_at"] == posted
    counts = ("reposts_count", "comments_count", "likes_count", "reads_count")
    assert tuple(post[name] for name in counts) == (2, 4, 30, 12_000)
    is_made = post["post_id"].startswith("row-")
    assert is_made == (network != "wechat_channels")
    assert is_made == any("ids are made of" in cost for cost in found["costs"])


def test_what_lacks_is_told_with_its_cost(tmp_path: Path) -> None:
    """To people, with an exit code; nothing is kept of the file."""
    table = tmp_path / "评论.csv"
    table.write_text("昵称,评论内容\n[b]茶友[/b],=好喝的龙井茶\n", encoding="utf-8")
    done = call_command("map", str(table))
    assert done.returncode == 1
    for words in (
        'rows = "comments"',
        'screen_name = "昵称"',
        '# root_post_id = ""   # needed',
        "- acted_at: needed, and no column is known to be it.",
        "- account_id: nobody knows who wrote a row.",
    ):
        assert words in done.stdout
    table.write_text("x,y\n1,2\n", encoding="utf-8")
    done = call_command("map", str(table))
    assert done.returncode == 1
    assert "No column is known, by its name or its values." in done.stdout
    done = call_command("map", str(tmp_path / "a.json"), "--rows", "tweets", "-h")
    assert done.returncode == 2
    done = call_command(
        "map", str(tmp_path), "--rows", "tweets", "--platform", "myspace"
    )
    assert done.returncode == 2
    for words in (
        "--platform 'myspace' must be",
        "--rows 'tweets' must be",
        "is no file",
    ):
        assert words in done.stderr


def test_what_a_table_holds_steers_no_terminal(tmp_path: Path) -> None:
    """Marks that move a cursor, in names of columns, values and the file's own name."""
    file = tmp_path / "a\x1b[2J\x9b.csv"
    file.write_text(
        "微博id,正文,发布时间,\x1b[31m列\u202e\n"
        "5012345678901234,\x1b]0;x\x07茶\u3000叶,2026-03-01 09:00:00,1\n",
        encoding="utf-8",
    )
    done = call_command("map", str(file))
    marks = (done.stdout + done.stderr).replace("\u3000", "").replace("\n", "")
    assert marks.isprintable()
    assert "[31m列" in done.stdout
    assert "茶\u3000叶" in done.stdout
    # What is to be copied leads to the file all the same.
    block = done.stdout.partition("Read by nobody")[0]
    (source,) = tomllib.loads(block)["sources"]
    assert Path(source["path"]) == file
