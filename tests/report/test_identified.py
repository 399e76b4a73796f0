"""The page that names people: who stands there, until when, and what it is for."""

from __future__ import annotations

import re

from flows.commands.privacy import erase, suppress
from tests.report.test_page import read
from tests.workspaces import Lab, comment, repost, status, user

AMPLIFIER = user(501, "茶友小王")
FORMULA = user(602, "=SUM(1)", verified=True, verified_type=0)
DAILY = user(601, "茶业日报", verified=True, verified_type=3)
GOING = user(503, "走了的人")
REPORT = """
[report]
language = "zh"
named = ["own", "organisations"]
"""


def named_page(lab: Lab, name: str = "report.html") -> str:
    return (lab.root / "published/restricted" / name).read_text(encoding="utf-8")


def test_people_are_named_for_those_who_may_know_alone(lab: Lab) -> None:
    """By the policy in the open page; by name, verdict and line in the other one."""
    lab.configure(post_ids=["1", "2", "3"], policies=REPORT)
    lab.put(
        "export/1.jsonl",
        [
            status(1),
            status(2, author=DAILY),
            status(3, author=FORMULA),
            repost(11, 1, AMPLIFIER),
            repost(
                12,
                1,
                user(504, "阿花"),
                text="好//@茶友小王:转发微博",
                clock="10:05:00",
            ),
            comment(13, 1, GOING),
            comment(14, 3, GOING),
        ],
    )
    lab.run()
    assert dict(lab.rows("select post_id, author_name from marts.campaign_posts")) == {
        "1": "brand",
        "2": "茶业日报",
        "3": None,
    }
    assert lab.rows(
        "select branch, above, level, reposts_below, genuine_reposts_below,"
        " direct_reposts, phantom_level from restricted.cascade_branches"
    ) == [(1, None, 1, 1, 1, 1, "genuine")]
    folder = lab.root / "published"
    opened = (folder / "report/index.html").read_text(encoding="utf-8")
    assert '<html lang="zh-Hans">' in opened
    assert "发布者：<bdi>茶业日报</bdi>" in opened
    assert "A：2次转发，各层依次为 1、1" in opened.replace(" 次", "次")
    assert "1 次转发被再次转发，其中 0 次来自疑似水军" in named_page(lab)
    for name in ("茶友小王", "=SUM(1)", "走了的人", "weibo.com/u/"):
        assert name not in opened
        assert name in named_page(lab)
        assert name in named_page(lab, "report-en.html")
    page = read(folder / "restricted/report.html")
    assert "本页包含个人姓名" in page.text
    assert "1. 茶友小王 真实 100 1 1 1" in page.text
    assert re.search(r"发布者： +=SUM\(1\)， *真实", page.text)
    assert {attrs["href"] for tag, attrs in page.tags if attrs.get("rel")} >= {
        "https://weibo.com/u/501",
        "https://weibo.com/u/602",
    }
    # What a spreadsheet would run is a text in the list, and plain here.
    accounts = (folder / "restricted/accounts.csv").read_text("utf-8-sig")
    assert "weibo,602,'=SUM(1),https://weibo.com/u/602,genuine," in accounts

    # Its line decides; who goes leaves at once; both hold with the next run.
    (line,) = re.findall(r"phantom,weibo,501,,,WHY,YOU,\d{4}-\d\d-\d\d", page.text)
    lab.override(line)
    assert suppress(lab.workspace, "weibo", "504", "asked")
    assert not list(folder.glob("restricted/report*.html"))
    lab.publish("again")
    assert "走了的人" in named_page(lab)
    erase(lab.workspace, "weibo", "503")
    assert not list(folder.glob("restricted/report*.html"))
    assert "503" not in (folder / "restricted/accounts.csv").read_text("utf-8-sig")
    lab.run(run_id="decided")
    for name in ("report.html", "report-en.html", "accounts.csv"):
        file = folder / "restricted" / name
        assert "走了的人" not in named_page(lab, name)
        assert file.stat().st_mode & 0o777 == 0o600
    assert "水军（人工确认）" in named_page(lab)
    assert "genuine,weibo,501,,,WHY,YOU," in named_page(lab)
