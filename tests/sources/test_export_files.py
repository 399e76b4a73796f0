"""Exports that are none, or made to harm; and what people lay in by mistake."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flows.commands.privacy import erase
from tasks.sources.documents import Notes, UnreadableFileError
from tasks.sources.facebook.business_suite import read_business_suite
from tasks.sources.wordpress import export_file
from tasks.sources.wordpress.export_file import read_export_file
from tasks.sources.x.account_export import read_account_export
from tests.workspaces import Lab

RSS = '<rss version="2.0" xmlns:wp="http://wordpress.org/export/1.2/"><channel>'
SITE = "<wp:base_blog_url>https://tea.example</wp:base_blog_url>"
END = "</channel></rss>"
BOMB = (
    "<!DOCTYPE rss ["
    '<!ENTITY a "aaaaaaaaaaaaaaaa">'
    + "".join(f'<!ENTITY {n} "{f"&{b};" * 16}">' for n, b in ("ba", "cb", "dc", "ed"))
    + "]>"
)
AWAY = '<!DOCTYPE rss [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
HEADER = "Post ID,Page ID,Page name,Title,Publish time,Date,Reactions\n"


def item(inner: str) -> str:
    """An article."""
    return (
        "<item><wp:post_id>1</wp:post_id><wp:post_type>post</wp:post_type>"
        f"{inner}</item>"
    )


def records_of(
    read: Callable[..., Any], path: Path, content: str | bytes, **told: Any
) -> list[Any]:
    """The records of a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return [
        json.loads(text)
        for batch in read(path, Notes(**told), None)
        for text in batch.column("document").to_pylist()
    ]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (
            BOMB + RSS + SITE + item("<title>&e;</title>") + END,
            "declares a document",
        ),
        (
            AWAY + RSS + SITE + item("<title>&a;</title>") + END,
            "declares a document",
        ),
        ("<!DOCTYPE html><html></html>", "declares a document"),
        (RSS + SITE + item("<title>&a;</title>") + END, "undefined entity, line 1"),
        (RSS + SITE + item("<b>" * 100), "more than 64 deep"),
        (RSS + SITE + item("<b/>" * 20_000) + END, "an item holds more than 0 MB"),
        (RSS + SITE + item("a" * 2_000_000) + END, "an item holds more than 0 MB"),
        (RSS + SITE + "<item>\n<title>", "no element found, line 2"),
        (RSS + "<item/>" + END, "it has no wp:base_blog_url"),
        ("<feed><entry/></feed>", "it begins with <feed>"),
        ("words", "no well-formed XML: syntax error, line 1"),
    ],
)
def test_xml_that_is_none_or_made_to_harm_is_refused(
    content: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_file, "LONGEST_LINE_BYTES", 1_000_000)
    with pytest.raises(UnreadableFileError, match=why):
        records_of(read_export_file, tmp_path / "a.xml", content)


def test_marks_that_xml_forbids_and_other_encodings_are_read(tmp_path: Path) -> None:
    title = item("<title>第一\x0b茶</title>")
    plain = RSS + SITE + title + END
    said = f'<?xml version="1.0" encoding="GBK"?>{plain}'
    for content in (plain.encode(), said.encode("gbk")):
        (record,) = records_of(read_export_file, tmp_path / "a.xml", content)
        assert record["title"] == {"rendered": "第一茶"}


def test_a_page_export_needs_a_clock(tmp_path: Path) -> None:
    row = "900,61,Tea,words,03/04/2026 10:00,Lifetime,4\n"
    path = tmp_path / "a.csv"
    with pytest.raises(UnreadableFileError, match="say time_zone for the source"):
        records_of(read_business_suite, path, HEADER + row)
    told = records_of(
        read_business_suite, path, HEADER + row, time_zone="Asia/Shanghai"
    )
    assert told[0]["created_time"] == "2026-03-04 02:00"
    assert [one["_request"]["kind"] for one in told] == ["post", "page"]
    with pytest.raises(UnreadableFileError, match="lacks 'Post ID'.*in English"):
        records_of(read_business_suite, path, "Inläggs-ID,Titel\n1,a\n")


def test_a_new_clock_reads_files_again(lab: Lab) -> None:
    lab.put("export/a.csv", HEADER + "900,61,Tea,words,03/04/2026 10:00,Lifetime,4\n")
    times = []
    for zone in ("Asia/Shanghai", "America/Los_Angeles"):
        lab.configure(
            platform="facebook",
            format="facebook-export",
            extra=f'time_zone = "{zone}"',
        )
        lab.land()
        (post,) = [one for one in lab.land_records() if "created_time" in one]
        times.append(json.loads(post)["created_time"])
    assert times == ["2026-03-04 02:00", "2026-03-04 18:00"]


def test_an_account_export_without_its_owner_is_refused(tmp_path: Path) -> None:
    tweets = "window.YTD.tweets.part0 = [ ]"
    with pytest.raises(UnreadableFileError, match=r"put account\.js"):
        records_of(read_account_export, tmp_path / "data/tweets.js", tweets)
    account = 'window.YTD.account.part0 = [{"account": {"accountId": "61"}}]'
    (tmp_path / "data/account.js").write_text(account)
    assert records_of(read_account_export, tmp_path / "data/tweets.js", tweets) == []
    with pytest.raises(UnreadableFileError, match="not JSON after its ="):
        records_of(read_account_export, tmp_path / "data/tweets.js", "x = [{]")


def test_people_of_an_account_export_go(lab: Lab) -> None:
    """A follower, of whom nothing but the id is told, and whom a tweet answers."""
    lab.configure(platform="x", format="x-account")
    listed = {
        "account": [{"account": {"accountId": "61", "username": "tea"}}],
        "follower": [{"follower": {"accountId": "9900071"}}],
        "tweets": [
            {
                "tweet": {
                    "id_str": "900",
                    "full_text": "@dan soon",
                    "created_at": "Wed Mar 04 10:00:00 +0000 2026",
                    "in_reply_to_status_id_str": "800",
                    "in_reply_to_user_id_str": "9900065",
                }
            }
        ],
    }
    for name, rows in listed.items():
        lab.put(f"export/{name}.js", f"window.YTD.{name}.part0 = {json.dumps(rows)}")
    lab.land()
    for person, kept in (("9900071", 2), ("9900065", 2)):
        assert person in "".join(lab.land_records())
        erase(lab.workspace, "x", person)
        assert person not in "".join(lab.land_records())
        assert len(lab.land_records()) == kept


def test_every_row_of_a_page_export_is_accounted_for(lab: Lab) -> None:
    rows = [
        "900,61,Tea,words,03/04/2026 10:00,Lifetime,4",
        ",61,Tea,no id,03/04/2026 10:00,Lifetime,4",
        "901,61,Te",
        "902,61,Tea,no time,yesterday,Lifetime,four",
    ]
    lab.put("export/a.csv", HEADER + "\n".join(rows) + "\n")
    lab.configure(
        platform="facebook", format="facebook-export", extra='time_zone = "UTC"'
    )
    # The post and the page that it names.
    assert lab.land().records == 2
    assert [(line, why.split(":")[0]) for _, line, why in lab.quarantined()] == [
        (3, "it has no Post ID"),
        (4, "4 cells less than names"),
        (5, "Publish time 'yesterday' is not written as month/day/year"),
    ]


def test_a_file_is_read_again_when_files_beside_it_say_something_else(
    lab: Lab,
) -> None:
    """The repair that a refusal names works; what says the same reads nothing."""
    tweet = {
        "id_str": "2",
        "created_at": "Wed Mar 04 10:00:00 +0000 2026",
        "full_text": "hi",
    }

    def put(name: str, part: str, *entries: object) -> None:
        text = f"window.YTD.{part}.part0 = {json.dumps(entries)}"
        lab.put(f"export/data/{name}.js", text)

    lab.configure(platform="x", format="x-account")
    put("tweets", "tweets", {"tweet": tweet})
    put("direct-messages", "direct_messages")
    assert lab.land().quarantined == 1
    put("account", "account", {"account": {"accountId": "61", "username": "tea"}})
    assert (lab.land().files, lab.land().files) == (2, 0)
    assert {json.loads(one)["id"] for one in lab.land_records()} == {"2", "61"}
    long = {"tweetId": "2", "noteTweetResults": {"text": "hi and more"}}
    put("note-tweet", "note_tweet", {"noteTweet": long})
    assert lab.land().records == 1
    assert "hi and more" in "".join(lab.land_records())


def test_a_nickname_is_found_though_users_come_later(lab: Lab) -> None:
    lab.configure(format="weibo-crawler")
    lab.put("export/茶/茶.csv", "id,bid,正文,日期\n5,a,茶,2026-03-01\n")
    lab.land()
    lab.put("users.csv", "用户id,昵称\n61,茶\n")
    assert lab.land().files == 1
    # Another user changes nothing of this one.
    lab.put("users.csv", "用户id,昵称\n61,茶\n62,酒\n")
    assert lab.land().files == 0
    owners = [json.loads(one)["_file"].get("uid") for one in lab.land_records()]
    assert owners == [None, "61"]
