"""privacy: nothing of a person is left anywhere, and all else stays as it was."""

from __future__ import annotations

import csv
import io
import json
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from flows.commands.privacy import erase, export, suppress
from flows.privacy_requests import privacy
from tasks.sources.crawl.state import CrawlState
from tasks.sources.erasure_marker import is_pending
from tasks.sources.erasure_watch import keep_out
from tasks.warehouse.errors import ConfigurationError
from tasks.warehouse.publication import forget_older
from tests.flows.networks import archive_lab
from tests.workspaces import (
    FIRST,
    LAST,
    Lab,
    call_command,
    comment,
    repost,
    status,
    user,
)
from tests.world import World, write
from tests.world.dataabc import write_dataabc
from tests.world.facebook import write_facebook
from tests.world.mediacrawler import write_older
from tests.world.qzone import write_qzone
from tests.world.renren import write_renren
from tests.world.tencent_weibo import write_tencent_weibo
from tests.world.wordpress import PREFIX, write_wordpress
from tests.world.x import write_x
from tests.world.x_exports import write_classic


def as_it_is(form: Any) -> Callable[[World, Path], World]:
    """A writer of a format that tells all of a world."""

    def write_world(world: World, folder: Path) -> World:
        write(world, folder, form)
        return world

    return write_world


NETWORKS: dict[str, tuple[str, str, Callable[[World, Path], World], str]] = {
    "weibo-api": ("weibo", "weibo-api", as_it_is("weibo-api"), ""),
    "mweibo": ("weibo", "mweibo", as_it_is("mweibo"), ""),
    "canonical": ("weibo", "canonical", as_it_is("canonical"), ""),
    "weibo-crawler": ("weibo", "weibo-crawler", write_dataabc, ""),
    "mediacrawler": ("weibo", "mediacrawler", write_older, ""),
    "x": ("x", "x-api", write_x, ""),
    "x-archives": ("x", "x-api", write_classic, ""),
    "facebook": ("facebook", "facebook-graph", write_facebook, ""),
    "wordpress": ("wordpress", "wordpress-rest", write_wordpress, f"{PREFIX}:"),
    "tencent": ("tencent_weibo", "tencent-weibo", write_tencent_weibo, ""),
    "renren": ("renren", "renren", write_renren, ""),
    "qzone": ("qzone", "qzone", write_qzone, ""),
}

TABLES = ("accounts", "posts", "interactions", "follows")


def texts_of(root: Path, left_out: str = "export") -> Iterator[tuple[Path, str]]:
    """Every file of a workspace but its exports, as text, packed ones unpacked."""
    for file in sorted(root.rglob("*")):
        if not file.is_file() or file.relative_to(root).parts[0] == left_out:
            continue
        if file.suffix == ".parquet":
            yield file, str(pl.read_parquet(file, hive_partitioning=False).to_dicts())
            continue
        if file.suffix == ".duckdb":
            with duckdb.connect(str(file), read_only=True) as connection:
                for schema, table in connection.execute(
                    "select schema_name, table_name from duckdb_tables()"
                ).fetchall():
                    rows = connection.execute(f'from "{schema}"."{table}"').fetchall()
                    yield file, str(rows)
        # DuckDB keeps lists of all bytes in their order: digits there are nobody's id.
        raw = file.read_bytes().replace(bytes(range(0x21, 0x7F)), b"")
        yield file, raw.decode("utf-8", "replace")


def places(root: Path, needles: set[str]) -> list[str]:
    """Files in which one of these words stands."""
    return sorted(
        {
            str(path.relative_to(root))
            for path, text in texts_of(root)
            if any(needle in text for needle in needles)
        }
    )


def staged(lab: Lab, table: str) -> list[dict[str, Any]]:
    """Rows of a staging table, without words: those of others may quote."""
    columns = "* exclude (text)" if table in {"posts", "interactions"} else "*"
    return lab.dicts(f"select {columns} from staging.{table} order by all")


@pytest.mark.parametrize("name", NETWORKS)
def test_a_person_goes_and_stays_away(
    name: str, small_world: World, tmp_path: Path
) -> None:
    """On each network: records, profile, names; all rows of others stay."""
    platform, form, writer, prefix = NETWORKS[name]
    lab, _ = archive_lab(
        small_world,
        tmp_path,
        platform=platform,
        format=form,
        write=writer,
        account_prefix=prefix,
    )
    lab.land()
    lab.stage()
    # Who acted most often, whose name is called, and is no brand.
    ((account_id, names),) = lab.rows(
        """
        with names as (
            select account_id, screen_name as name from staging.accounts
            union
            select account_id, author_name from staging.interactions
        ),
        sole as (
            select name from names where length(name) > 1
            group by name having count(*) = 1
        )
        select
            account_id,
            list(distinct name) filter (where name in (from sole))
        from staging.interactions
        left join names using (account_id)
        where account_id not in (
            select distinct account_id from staging.posts where account_id is not null
        )
        group by account_id
        order by
            count(*) filter (
                where contains(
                    (select string_agg(text, ' ') from staging.interactions),
                    '@' || name
                )
            ) > 0 desc,
            count(*) desc,
            account_id
        limit 1
        """
    )
    before = {table: staged(lab, table) for table in TABLES}
    words = {word for word in [account_id, *(names or [])] if len(word) >= 4}
    own = json.dumps(export(lab.workspace, platform, account_id), default=str)
    assert account_id.rpartition(":")[2] in own
    assert len(json.loads(own)["landed"]) >= 1

    # weibo-crawler names its files after accounts; the log tells what has landed.
    logs = [
        str(path.relative_to(lab.root))
        for path in (lab.root / "landing/.log").iterdir()
        if name == "weibo-crawler"
    ]
    done = erase(lab.workspace, platform, account_id)
    assert done.landed.removed >= 1
    assert done.days is None, "no marts were made yet"
    if name != "wordpress":  # its ids are numbers like 12
        assert done.exports
        assert [one for one in places(lab.root, words) if one not in logs] == []
    # The same exports in other files land again.
    for file in sorted((lab.root / "export").rglob("*")):
        if file.is_file() and file.suffix in {".jsonl", ".json"}:
            file.write_bytes(file.read_bytes() + b"\n")
    lab.land()
    lab.stage()
    logs += [
        str(path.relative_to(lab.root))
        for path in (lab.root / "landing/.log").iterdir()
        if name == "weibo-crawler"
    ]
    if name != "wordpress":
        assert [one for one in places(lab.root, words) if one not in logs] == []
    for table in TABLES:
        rows = staged(lab, table)
        kept = [
            row
            for row in before[table]
            if account_id not in (row.get("account_id"), row.get("follower_id"))
            and (row.get("account_id") or row.get("author_name") not in words)
        ]
        assert not [
            row
            for row in rows
            if account_id in (row.get("account_id"), row.get("follower_id"))
        ]
        assert len(rows) == len(kept), table
        assert identities(rows) == identities(kept), table
    for file in (lab.root / "export").rglob(f"*{account_id}*"):
        shutil.rmtree(file) if file.is_dir() else file.unlink()
    erase(lab.workspace, platform, account_id)
    assert name == "wordpress" or places(lab.root, words) == []


def identities(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """What rows are, but for what erasure changes: parents, when they were seen."""
    wanted = (
        "platform", "kind", "post_id", "interaction_id", "root_post_id", "account_id",
        "follower_id", "acted_at", "posted_at", "screen_name", "likes_count",
    )  # fmt: skip
    return sorted(
        tuple(str(row.get(column)) for column in wanted if column in row)
        for row in rows
    )


@pytest.fixture
def told(
    lab: Lab,
    made_once: Callable[[str, Callable[[Path], None]], Path],
) -> Lab:
    """A workspace that published twice: Ann commented, and Ben quoted her."""

    def make(folder: Path) -> None:
        made = Lab(folder)
        made.configure(post_ids=["1"], policies="quarantine_threshold = 0.9")
        ann, ben = user(1234567, "安安的小店", description="tel me"), user(76, "Ben")
        made.put(
            "export/1.jsonl",
            [
                status(1),
                repost(11, 1, ann, "hers alone"),
                comment(12, 1, ann, "so good"),
                repost(13, 1, ben, "look//@安安的小店:hers alone", clock="12:00:00"),
                {"id": 14, "user": ann, "created_at": "never", "text": "bad"},
            ],
        )
        made.run(run_id="20260301")
        made.put("export/2.jsonl", [repost(15, 1, user(78, "Cid"))])
        made.run(run_id="20260302")

    there = made_once("told-of-a-person", make)
    shutil.copytree(there, lab.root, symlinks=True, dirs_exist_ok=True)
    return lab


OPENID = "0A1B2C3D4E5F60718293A4B5C6D7E8F9"


def of_two_ids(platform: str) -> tuple[str, str, Any, Any]:
    """Format, the id she is named by, what tells both of her ids, what the other."""
    ben = {"nick": "Ben", "nickname": "Ben", "openid": "B" * 32}
    if platform == "tencent_weibo":
        post = {"id": "11", "timestamp": 1583028000, "type": 1, "text": "hers alone"}
        hers = {**post, "name": "anan_shop", "openid": OPENID, "nick": "安安的小店"}
        fans = {
            "request": {"path": "friends/fanslist", "params": {"fopenid": OPENID}},
            "answer": {"ret": 0, "data": {"info": [{**ben, "name": "ben_here"}]}},
        }
        return "tencent-weibo", "anan_shop", {"ret": 0, "data": {"info": [hers]}}, fans
    hers = {"openid": OPENID, "uin": 1234567, "nickname": "安安的小店"}
    friends = {
        "request": {"path": "relation/get_app_friends", "params": {"openid": OPENID}},
        "answer": {"ret": 0, "items": [ben]},
    }
    return "qzone", "1234567", {"ret": 0, "items": [hers]}, friends


@pytest.mark.parametrize("platform", ["tencent_weibo", "qzone", "pengyou"])
@pytest.mark.parametrize("is_late", [False, True])
def test_another_id_that_records_tell_goes_with_the_first(
    lab: Lab, platform: str, *, is_late: bool
) -> None:
    """She is named once; also where the record that tells both comes after that."""
    form, account, both, only = of_two_ids(platform)
    lab.configure(platform=platform, format=form, extra="observed_at = 2026-03-01")
    lab.put("export/1.json", only)
    if not is_late:
        lab.put("export/2.json", both)
    lab.land()
    erase(lab.workspace, platform, account)
    if is_late:
        assert places(lab.root, {OPENID})
        lab.put("export/2.json", both)
        lab.land()
        keep_out(lab.workspace)
    assert places(lab.root, {OPENID, account, "hers alone"}) == []
    lab.put("export/3.json", [only])  # once more, and nothing leads to her but this
    lab.land()
    keep_out(lab.workspace)
    assert places(lab.root, {OPENID, account, "hers alone"}) == []


WORDS = {"1234567", "安安的小店", "hers alone", "so good"}


def test_flow_takes_requests_from_a_file(
    told: Lab, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As the deployment runs it; an id stands in no parameter and in nothing said."""
    lab, root = told, str(told.root)
    lab.put("ledger.json", ledger_of(lab))
    (lab.root / "export/1.jsonl").rename(lab.root / "export/1234567.jsonl")
    lab.land()
    asked, out = tmp_path / "asked.csv", tmp_path / "people.json"
    asked.write_text("platform,account_id\nweibo,1234567\n")
    with pytest.raises(ConfigurationError, match="name it as out"):
        privacy(str(asked), "export", workspace=root)
    privacy(str(asked), "export", out=str(out), workspace=root)
    assert "hers alone" in out.read_text()
    privacy(str(asked), "suppress", workspace=root)
    assert "1234567" in (lab.root / "seeds/suppressions.csv").read_text()
    privacy(str(asked), workspace=root)
    assert places(lab.root, WORDS) == []
    assert not is_pending(lab.root)
    shown = capsys.readouterr().out
    assert "records removed, of 1 people" in shown
    assert "still in the export" in shown
    assert "1234567" not in shown


def test_requests_by_standard_input_are_read_as_files_are(
    told: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the terminal's encoding: UTF-8, or told that it is not."""
    out = tmp_path / "people.json"
    asked = ("privacy", "export", "--requests", "-", "--out", str(out))

    def given(content: bytes) -> None:
        stream = io.TextIOWrapper(io.BytesIO(content), "gbk", "surrogateescape")
        monkeypatch.setattr(sys, "stdin", stream)

    given(b"platform,account_id\nweibo,\xff\xfe12\n")
    done = told.call(*asked)
    assert done.returncode == 2
    assert "--requests -: it is not UTF-8." in done.stderr
    assert not out.exists()
    given("\ufeffplatform,account_id\nweibo,１２３４５６７\n".encode())
    assert told.call(*asked).returncode == 0
    assert "hers alone" in out.read_text()


def test_nothing_is_left_of_a_person(told: Lab) -> None:
    """By the command: files, marts, seeds, publications; then the export again."""
    lab = told
    lab.put("ledger.json", ledger_of(lab))
    lab.override("genuine,weibo,1234567,,,a friend,me,2026-03-01")
    lab.put(
        "seeds/suppressions.csv",
        "platform,account_id,reason,date\nweibo,1234567,asked,2026-03-02\n",
    )
    shop = "https://shop.example.com/?from=1234567"
    lab.put("seeds/conversions.csv", f"time,link,kind\n2026-03-02,{shop},order\n")
    with CrawlState(lab.workspace.landing / ".crawl" / "api.sqlite"):
        pass
    with sqlite3.connect(lab.workspace.landing / ".crawl" / "api.sqlite") as crawl:
        crawl.execute(
            "insert into absent values ('users', '1234567', 'gone', '2026-03-01')"
        )
        crawl.execute(
            "insert into records (request, item, kind, root_id, observed_at, body)"
            " values ('/x', 0, 'repost', '1', '2026-03-01',"
            """ '{"id": 16, "text": "//@安安的小店:hers alone", "user": {"id": 9},"""
            """ "in_reply_to": 1234567}')"""
        )
    assert len(places(lab.root, WORDS)) > 5
    (lab.workspace.quarantine / "damaged-1").mkdir()
    done = lab.command(
        "privacy", "erase", "--platform", "weibo", "--account", "1234567"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Removed 3 records" in done.stdout
    assert "Still in your export export/1.jsonl" in done.stdout
    # What a repair set aside is for a person to delete.
    assert "May still be in quarantine/damaged-1" in done.stdout
    assert not any(word in done.stdout + done.stderr for word in WORDS)
    assert places(lab.root, WORDS) == []
    with sqlite3.connect(lab.workspace.landing / ".crawl" / "api.sqlite") as crawl:
        bodies = crawl.execute("select body from records").fetchall()
    assert [json.loads(body)["id"] for (body,) in bodies] == [16]
    with duckdb.connect(str(lab.root / "published/marts.duckdb")) as marts:
        found = marts.execute("select reposts, comments from campaigns").fetchall()
    assert found == [(2, 0)]
    assert len(list((lab.root / "publications").iterdir())) == 2, "it and its link"
    assert not (lab.root / "published/previous").exists()

    # Once more: there is nothing to do.
    again = erase(lab.workspace, "weibo", "1234567")
    assert (again.landed.removed, again.landed.changed) == (0, 0)
    # The export comes again, changed: the tombstone holds.
    lab.put(
        "export/1.jsonl",
        (lab.root / "export/1.jsonl").read_bytes()
        + b"\n"
        + b'{"id": 1234567, "x": [\n',
    )
    lab.run(run_id="20260303")
    assert places(lab.root, WORDS) == []
    assert lab.value("select count(*) from staging.interactions") == 2


def ledger_of(lab: Lab) -> dict[str, Any]:
    """A ledger's copy that covers the days of the runs."""
    days = [FIRST + timedelta(days=step) for step in range((LAST - FIRST).days + 1)]
    return {"covered_days": [{"date_day": str(day)} for day in days]}


def test_a_brands_account_is_not_erased(told: Lab) -> None:
    with pytest.raises(ConfigurationError, match="a brand's own"):
        erase(told.workspace, "weibo", "9000")
    assert places(told.root, WORDS)


def test_export_tells_all_that_is_held(told: Lab, tmp_path: Path) -> None:
    """Records as they came, what was made of them, for the owner's eyes."""
    out = tmp_path / "ann.json"
    asked = ("--platform", "weibo", "--account", "1234567", "--out", str(out))
    done = told.call("privacy", "export", *asked)
    assert done.returncode == 0, done.stderr
    assert out.stat().st_mode & 0o777 == 0o600
    found = json.loads(out.read_text())
    assert sorted(record["id"] for record in found["landed"]) == [11, 12, 14]
    tables = found["warehouse"]
    assert len(tables["staging.interactions"]) == 2
    assert tables["intermediate.account_scores"][0]["phantom_probability"] is not None
    assert len(found["marts"]["restricted.accounts"]) == 1
    done = told.call("privacy", "export", *asked)
    assert done.returncode == 2
    assert "is there already" in done.stderr


def test_suppression_takes_effect_at_once(told: Lab) -> None:
    """On the list of contacts now, in the seeds for good, once."""
    lab = told
    contacts = lab.root / "published/restricted/contacts.csv"
    with contacts.open(encoding="utf-8-sig") as handle:
        header = csv.DictReader(handle).fieldnames or []
    line = dict.fromkeys(header, "") | {"platform": "weibo", "account_id": "1234567"}
    other = line | {"account_id": "76"}
    text = "\n".join(
        [",".join(header), *(",".join(one.values()) for one in (line, other))]
    )
    contacts.write_text("\ufeff" + text + "\n", encoding="utf-8")
    assert suppress(lab.workspace, "weibo", "1234567", "asked, by mail")
    assert not suppress(lab.workspace, "weibo", "1234567", "again")
    with contacts.open(encoding="utf-8-sig") as handle:
        assert [row["account_id"] for row in csv.DictReader(handle)] == ["76"]
    assert contacts.stat().st_mode & 0o777 == 0o600
    lab.run(run_id="20260304")
    suppressed = lab.rows(
        "select why_not from restricted.contacts join intermediate.accounts"
        " using (platform, account_key) where account_id = '1234567'"
    )
    assert suppressed
    assert all("asked not to be contacted" in str(row[0]) for row in suppressed)


def test_wrong_use_is_told(told: Lab) -> None:
    done = told.call("privacy", "erase", "--platform", "wiebo", "--account", " ")
    assert done.returncode == 2
    assert "did you mean 'weibo'?" in done.stderr
    assert "--account is no id" in done.stderr
    assert call_command("privacy").returncode in {0, 2}
    told.put("seeds/suppressions.csv", "platform,account\nweibo,7\n")
    done = told.call("privacy", "suppress", "--platform", "weibo", "--account", "8")
    assert done.returncode == 2
    assert "suppressions.csv" in done.stderr


def test_older_publications_go(told: Lab) -> None:
    forget_older(told.root)
    kept = [path.name for path in (told.root / "publications").iterdir()]
    assert set(kept) == {(told.root / "published").resolve().name, "current"}
