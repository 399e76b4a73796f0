"""Whose posts a CSV of weibo-crawler holds."""

from __future__ import annotations

import json
from pathlib import Path

from tasks.sources.documents import Notes
from tasks.sources.weibo.dataabc.tables import read_dataabc
from tests.world.dataabc import USER_HEADER

POSTS = "id,正文,日期,点赞数\n4990000000000001,tea,2026-03-01,1\n"
USERS = {"1001": "茶友", "1002": "a.b", "1003": "同名", "1004": "同名"}


def owner_of(path: Path) -> tuple[str | None, list[str]]:
    """The owner in a file's one record, and what is told of the file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(POSTS)
    notes = Notes()
    (batch,) = read_dataabc(path, notes, None)
    (text,) = batch.column("document").to_pylist()
    return json.loads(text)["_file"]["uid"], notes.told


def test_an_id_a_nickname_or_nobody(tmp_path: Path) -> None:
    rows = [[uid, name] + [""] * (len(USER_HEADER) - 2) for uid, name in USERS.items()]
    users = tmp_path / "weibo" / "users.csv"
    users.parent.mkdir()
    users.write_text("\n".join(",".join(row) for row in [USER_HEADER, *rows]))
    found = {
        name: owner_of(tmp_path / "weibo" / name)
        for name in (
            "1009.csv",
            "1009/posts.csv",
            "茶友/茶友.csv",
            "茶友/all.csv",
            "a.b.csv",
            "同名.csv",
            "别人.csv",
        )
    }
    assert {name: uid for name, (uid, _) in found.items()} == {
        "1009.csv": "1009",
        "1009/posts.csv": "1009",
        "茶友/茶友.csv": "1001",
        "茶友/all.csv": "1001",
        "a.b.csv": "1002",
        "同名.csv": None,
        "别人.csv": None,
    }
    assert [told for _, told in found.values()][:5] == [[]] * 5
    assert "several accounts" in found["同名.csv"][1][0]
    assert "put users.csv beside it" in found["别人.csv"][1][0]
