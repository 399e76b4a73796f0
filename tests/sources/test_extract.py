"""Extract lands every record once, unchanged, or names it in quarantine."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.commands.doctor import examine
from flows.commands.recover import recover
from tasks.sources.networks import FORMATS
from tasks.warehouse.errors import ConfigurationError, LandingDamagedError
from tasks.warehouse.landing import read_log
from tasks.warehouse.networks import PLATFORM_OF_FORMAT, TABLE_FORMAT
from tests.workspaces import REPOSITORY, Lab, comment, repost, status, user
from tests.world import World, write

ALICE = user(11, "alice")


def landed(lab: Lab, what: str = "*") -> list[dict[str, Any]]:
    """Rows of landing, with the folders as columns."""
    found = sorted((lab.root / "landing").glob("[!.]*/*/*/*.parquet"))
    if not found:
        return []
    listed = ", ".join("'" + str(path).replace("'", "''") + "'" for path in found)
    cursor = duckdb.sql(
        f"select {what} from read_parquet([{listed}], hive_partitioning = true,"
        " hive_types_autocast = false) order by path, position, item"
    )
    names = cursor.columns
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def test_record_lands_as_it_came_in_an_envelope(lab: Lab) -> None:
    """The bytes of the line, its place, the file's digest, by kind and day."""
    lab.configure(extra="observed_at = 2026-03-15T08:00:00+08:00")
    # Odd spacing and an unknown field stay as they are.
    line = '{"id": 2,"created_at":"Sun Mar 01 23:59:59 +0800 2026", "text":"茶🍵",'
    line += '"odd" : [1, 2.50], "retweeted_status":{"id":1}}'
    file = lab.put("export/a.jsonl", line + "\n")
    lab.put("export/b.jsonl", [status(1), comment(3, 1, ALICE), user(5, "dora")])
    result = lab.land()
    assert (result.files, result.records, result.quarantined) == (2, 4, 0)
    rows = landed(lab)
    first = rows[0]
    assert first["record"].strip() == line
    assert first["source"] == "export"
    assert (first["path"], first["position"], first["item"]) == (
        "export/a.jsonl",
        1,
        None,
    )
    assert first["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert first["observed_at"] == datetime(2026, 3, 15)  # noqa: DTZ001
    assert first["format"] == "weibo-api"
    folders = {
        path.relative_to(lab.root / "landing").parent.as_posix()
        for path in (lab.root / "landing").glob("[!.]*/*/*/*.parquet")
    }
    # A second before midnight in Shanghai is still the first of March; a profile
    # is dated by the observation, never by its registration.
    assert folders == {
        "weibo/repost/date_day=2026-03-01",
        "weibo/status/date_day=2026-03-01",
        "weibo/comment/date_day=2026-03-01",
        "weibo/user/date_day=2026-03-15",
    }


def test_unchanged_file_is_not_landed_again(lab: Lab) -> None:
    """Neither by its time nor, when only touched, by its content."""
    file = lab.put("export/a.jsonl", [status(1)])
    assert lab.land().records == 1
    before = sorted((lab.root / "landing").rglob("*.parquet"))
    second = lab.land()
    assert (second.files, second.unchanged_files, second.batches) == (0, 1, ())
    os.utime(file, (1, 1))
    assert (lab.land().files, lab.land().unchanged_files) == (0, 1)
    assert sorted((lab.root / "landing").rglob("*.parquet")) == before


def test_changed_file_lands_again_and_only_once(lab: Lab) -> None:
    """However often a file grew before, only what is new in it lands."""
    records = []
    for number in range(8):
        records.append(status(number))
        lab.put("export/a.jsonl", records)
        result = lab.land()
        assert (result.records, result.known) == (1, number)
        assert lab.land().files == 0, f"version {number + 1} landed twice"


def test_removed_file_does_not_matter_once_landed(lab: Lab) -> None:
    file = lab.put("export/a.jsonl", [status(1)])
    lab.land()
    file.unlink()
    assert lab.land().files == 0
    assert len(landed(lab)) == 1


def test_source_without_files_is_a_mistake(lab: Lab) -> None:
    """An empty folder is a finding; so is a folder of other things."""
    lab.put("export/readme.txt", "nothing here")
    with pytest.raises(ConfigurationError, match="no weibo-api file at"):
        lab.land()


def test_same_record_in_two_files_is_one_record(lab: Lab) -> None:
    """Files overlap: two crawls of one thread, or two formats of an answer."""
    lab.put("export/monday.jsonl", [status(1), repost(2, 1, ALICE)])
    lab.put(
        "export/tuesday.json",
        {"reposts": [repost(2, 1, ALICE), repost(3, 1, ALICE, day=2)]},
    )
    lab.land()
    assert len(landed(lab)) == 4
    lab.stage()
    assert lab.rows("select interaction_id from staging.interactions order by all") == [
        ("2",),
        ("3",),
    ]
    assert lab.value("select count(*) from staging.posts") == 1


@pytest.mark.parametrize("suffix", [".json", ".json.gz", ".json.zst"])
def test_file_cut_in_half_is_quarantined_whole(lab: Lab, suffix: str) -> None:
    """With its path and the place; the other files go on."""
    lab.configure(format="mweibo")
    # Texts that don't pack, as real ones don't: the cut falls into the records.
    reposts = [
        {
            "id": str(number),
            "text": hashlib.sha256(str(number).encode()).hexdigest() * 20,
            "created_at": "Sun Mar 01 10:00:00 +0800 2026",
            "user": ALICE,
        }
        for number in range(2, 400)
    ]
    data = json.dumps(reposts).encode()
    if suffix.endswith(".gz"):
        data = gzip.compress(data)
    elif suffix.endswith(".zst"):
        data = zstandard.ZstdCompressor().compress(data)
    lab.put(f"export/1/reposts{suffix}", data[: len(data) // 2])
    lab.put("export/1/detail.json", {"id": "1", "text": "tea"})
    lab.put("export/5/detail.json", {"id": "5", "text": "tea"})
    result = lab.land()
    assert (result.files, result.records, result.quarantined) == (3, 2, 1)
    ((path, position, reason),) = lab.quarantined()
    assert path == f"export/1/reposts{suffix}"
    assert position is None
    assert reason
    assert {row["path"] for row in landed(lab)} == {
        "export/1/detail.json",
        "export/5/detail.json",
    }
    # Named once, not at every run.
    assert lab.land().files == 0


def test_damaged_line_is_quarantined_with_its_place(lab: Lab) -> None:
    """JSON lines: the line, not the file."""
    lines = [json.dumps(status(1)), '{"id": 2, "text": "cut', json.dumps(status(3))]
    lab.put("export/a.jsonl", "\n".join(lines) + "\n")
    result = lab.land()
    assert (result.records, result.quarantined) == (2, 1)
    ((path, position, reason),) = lab.quarantined()
    assert (path, position) == ("export/a.jsonl", 2)
    assert "not JSON" in reason


def test_unknown_shapes_are_quarantined_with_a_reason(lab: Lab) -> None:
    """Valid JSON that is no record of the format."""
    lab.put(
        "export/a.jsonl",
        [status(1), {"odd": 1}, 7, None, "text", ["x"], {"reposts": [{"odd": 2}]}],
    )
    result = lab.land()
    assert (result.records, result.quarantined) == (1, 6)
    found = lab.quarantined()
    assert [position for _, position, _ in found] == [2, 3, 4, 5, 6, 7]
    assert all("no known weibo-api record" in reason for _, _, reason in found)
    deep = "[" * 900 + "1" + "]" * 900
    lab.put("export/b.jsonl", f'{json.dumps(status(2))}\n{{"odd": {deep}}}\n')
    assert lab.land().quarantined == 1


def test_answers_among_records_are_split(lab: Lab) -> None:
    """m.weibo.cn's double envelope, after plain records in one file."""
    page = {"ok": 1, "data": {"data": [status(2), status(3)], "max": 1}}
    lab.put("export/a.jsonl", [status(1), page, [status(4)], {"statuses": []}])
    result = lab.land()
    assert (result.records, result.quarantined) == (4, 0)
    assert sorted(json.loads(row["record"])["id"] for row in landed(lab)) == [
        1,
        2,
        3,
        4,
    ]


def test_links_to_folders_are_followed_and_loops_survive(
    lab: Lab, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "b.jsonl").write_text(json.dumps(status(2)) + "\n")
    lab.put("export/a.jsonl", [status(1)])
    (lab.root / "export/link").symlink_to(elsewhere)
    (lab.root / "export/loop").symlink_to(lab.root / "export")
    (lab.root / "export/.hidden").mkdir()
    lab.put("export/.hidden/c.jsonl", [status(3)])
    assert lab.land().records == 2


def test_globs_and_single_files_are_sources(lab: Lab) -> None:
    for name in ("a1.jsonl", "a2.jsonl", "b.jsonl", "deep/er/a3.jsonl"):
        lab.put(f"export/{name}", [status(int.from_bytes(name.encode()[:4]))])
    lab.configure(path="export/**/a*.jsonl")
    assert lab.land().files == 3
    lab.configure(path="export/b.jsonl")
    assert lab.land().files == 1


@pytest.mark.parametrize("name", ["it's [1] 100% 试 {x}", "a*b"])
def test_odd_names_of_folders_are_no_patterns(tmp_path: Path, name: str) -> None:
    """Quotes, brackets and stars in the workspace's and the export's path."""
    lab = Lab(tmp_path / name)
    lab.root.mkdir()
    lab.configure(format="mweibo", path=f"export {name}")
    folder = f"export {name}"
    lab.put(f"{folder}/1/detail.json", {"id": "1", "text": "tea"})
    assert lab.land().records == 1
    lab.configure(format="canonical", path=folder)
    lab.put(f"{folder}/posts.csv", "platform,post_id\nweibo,2\n")
    # The detail.json is no table: a canonical source leaves it alone.
    assert lab.land().records == 1
    assert lab.land().files == 0


def test_leftovers_of_a_killed_run_are_swept(lab: Lab) -> None:
    """Files that only the note of a batch names go, with what lay beside."""
    lab.put("export/a.jsonl", [status(1)])
    lab.land()
    (good,) = (lab.root / "landing").glob("[!.]*/*/*/*.parquet")
    orphan = good.with_name("0123456789abcdef-00000.parquet")
    shutil.copy(good, orphan)
    note = lab.put(
        "landing/.log/0123456789abcdef.begun",
        f"{orphan.relative_to(lab.root / 'landing')}\n../{lab.root.name}/export\n"
        f"{good.relative_to(lab.root / 'landing')}\n",
    )
    half = lab.root / "landing/.tmp/0123456789abcdef/kind=status"
    half.mkdir(parents=True)
    lab.land()
    # The note's other lines name no file of that batch.
    assert good.exists()
    assert not orphan.exists()
    assert not note.exists()
    assert not (lab.root / "landing/.tmp").exists() or not half.exists()


@pytest.mark.parametrize("stage", ["moved", "moved@2", "log", "note"])
def test_batch_killed_at_any_moment_lands_once(lab: Lab, stage: str) -> None:
    """Half moved, moved without an entry, an entry beside its note: the same rows."""
    lab.put("export/a.jsonl", [status(1), repost(2, 1, ALICE), comment(3, 1, ALICE)])
    lab.land()
    whole = landed(lab)
    shutil.rmtree(lab.root / "landing")
    code = (
        "import sys; from pathlib import Path; from tests.workspaces import Lab;"
        "Lab(Path(sys.argv[1])).land()"
    )
    killed = subprocess.run(
        [sys.executable, "-c", code, str(lab.root)],
        cwd=REPOSITORY,
        env={**os.environ, "WM_CRASH_AT": f"landing:{stage}"},
        capture_output=True,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    # Another file arrives: the batch that is landed next is another one.
    lab.put("export/b.jsonl", [status(4)])
    lab.land()
    assert [row for row in landed(lab) if row["path"] == "export/a.jsonl"] == whole
    assert len(landed(lab)) == len(whole) + 1
    assert not list((lab.root / "landing").rglob("*.begun"))


def test_landing_without_its_log_stops_the_run_and_is_kept(lab: Lab) -> None:
    """As a backup without hidden folders is: no file goes, the log comes back."""
    lab.put("export/a.jsonl", [status(1), repost(2, 1, ALICE), "no record"])
    lab.put("export/b.jsonl", [comment(3, 1, ALICE)])
    lab.land()
    before = landed(lab)
    shutil.rmtree(lab.root / "landing/.log")
    for step in (lab.land, lab.stage):
        with pytest.raises(LandingDamagedError, match="3 files .* no entry of its log"):
            step()
    assert [one.says for one in examine(lab.root) if one.is_broken][0].startswith(
        f"{lab.root / 'landing'} holds 3 files"
    )
    assert landed(lab) == before
    done = recover(lab.workspace)
    assert (len(done.done), done.lost) == (1, [])
    assert "3 files with 3 records" in done.done[0]
    (batch,) = read_log(lab.root / "landing")
    assert [(file.path, file.records, file.quarantined) for file in batch.inputs] == [
        ("export/a.jsonl", 2, 1),
        ("export/b.jsonl", 1, 0),
    ]
    (lab.root / "export/b.jsonl").unlink()
    lab.land()
    records = {(row["path"], row["position"], row["record"]) for row in landed(lab)}
    assert records == {(row["path"], row["position"], row["record"]) for row in before}


def test_landed_file_that_reads_well_and_is_another_one_stops_the_run(lab: Lab) -> None:
    """As after a flipped bit: Parquet has no digest of what it holds."""
    lab.put("export/a.jsonl", [status(1, "tea")])
    lab.land()
    (file,) = (lab.root / "landing").glob("weibo/*/*/*.parquet")
    before = file.read_bytes()
    frame = pl.read_parquet(file, glob=False, hive_partitioning=False)
    frame.with_columns(
        pl.col("record").str.replace("tea", "tee", literal=True)
    ).write_parquet(file)
    with pytest.raises(LandingDamagedError, match="not as written.*recover"):
        lab.stage()
    broken = [one.about for one in examine(lab.root) if one.is_broken]
    assert broken == ["landing"]
    (line,) = recover(lab.workspace).done
    assert "is damaged: its export lands again" in line
    lab.land()
    lab.stage()
    assert lab.value("select text from staging.posts") == "tea"
    (file,) = (lab.root / "landing").glob("weibo/*/*/*.parquet")
    assert file.read_bytes() == before


def test_stranger_in_landing_is_set_aside_by_recover_alone(lab: Lab) -> None:
    """A run stops and names it; `recover` moves it, the log stays as it was."""
    lab.put("export/a.jsonl", [status(1)])
    lab.land()
    (good,) = (lab.root / "landing").glob("[!.]*/*/*/*.parquet")
    for name in ("mine.parquet", f"{read_log(lab.root / 'landing')[0].batch_id}-00009"):
        shutil.copy(good, good.with_name(name).with_suffix(".parquet"))
    with pytest.raises(LandingDamagedError, match="2 files"):
        lab.land()
    assert len(recover(lab.workspace).done) == 2
    assert lab.land().files == 0
    aside = lab.root / "quarantine/damaged-1/landing"
    assert len(list(aside.rglob("*.parquet"))) == 2


@pytest.mark.parametrize("garbage", [b"", b"\x00\xff", b"[]", b'{"batch_id": 1}'])
def test_entry_of_the_log_that_cannot_be_read_is_named(
    lab: Lab, garbage: bytes
) -> None:
    """With the repair, which writes it again."""
    lab.put("export/a.jsonl", [status(1)])
    lab.land()
    (entry,) = (lab.root / "landing/.log").glob("*.json")
    entry.write_bytes(garbage)
    with pytest.raises(LandingDamagedError, match=f"{entry.name}.*recover"):
        lab.land()
    assert len(recover(lab.workspace).done) == 2
    assert read_log(lab.root / "landing")[0].inputs[0].records == 1


def test_missing_file_of_landing_stops_the_run(lab: Lab) -> None:
    """It lands again where its export still lies there, else only the user knows."""
    lab.put("export/a.jsonl", [status(1), repost(2, 1, ALICE)])
    lab.land()
    before = landed(lab)
    gone = sorted((lab.root / "landing").glob("weibo/repost/*/*.parquet"))[0]
    gone.unlink()
    with pytest.raises(LandingDamagedError, match="lacks 1 file "):
        lab.land()
    assert "is gone: its export lands again" in recover(lab.workspace).done[0]
    lab.land()
    assert landed(lab) == before
    gone.unlink()
    shutil.rmtree(lab.root / "export")
    assert "--accept-loss" in recover(lab.workspace).lost[0]
    with pytest.raises(LandingDamagedError):
        lab.land()
    assert recover(lab.workspace, accept_loss=True).lost == []
    lab.land()
    assert [row["record"] for row in landed(lab)] == [before[0]["record"]]


@pytest.mark.parametrize(
    "variant",
    ["parquet", "csv", "csv.gz", "csv.zst"],
)
def test_canonical_tables_land_and_stage(
    small_world: World, lab: Lab, variant: str
) -> None:
    """Each row of each table, from Parquet and CSV, packed and plain."""
    table_format, _, packed = variant.partition(".")
    write(
        small_world,
        lab.root / "export",
        "canonical",
        table_format=table_format,  # type: ignore[arg-type]
        compression=packed or "none",  # type: ignore[arg-type]
    )
    lab.configure(format="canonical")
    result = lab.land()
    rows = {
        "accounts": small_world.accounts.height + small_world.account_history.height,
        "posts": small_world.posts.height,
        "post_counters": small_world.post_counters.height,
        "interactions": small_world.interactions.height,
        "follows": small_world.follows.height,
    }
    assert result.records == sum(rows.values())
    assert result.quarantined == 0
    lab.stage()
    assert lab.value("select count(*) from meta.quarantine") == 0
    staged = dict(
        lab.rows("select kind, count(*) from staging.interactions group by kind")
    )
    assert staged == dict(small_world.interactions.group_by("kind").len().iter_rows())
    for table in ("posts", "post_counters", "follows"):
        assert lab.value(f"select count(*) from staging.{table}") == rows[table]
    # Times come through whatever the file's way to write them.
    moments = lab.rows("select distinct acted_at from staging.interactions")
    assert {row[0] for row in moments} == set(
        small_world.interactions["acted_at"].dt.replace_time_zone(None)
    )
    hashtags = lab.rows("select post_id, hashtags from staging.posts")
    assert {key: sorted(tags) for key, tags in hashtags} == {
        row["post_id"]: sorted(row["hashtags"]) for row in small_world.posts.to_dicts()
    }


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("posts.parquet", b"PAR1 but not really PAR1"),
        ("posts.parquet", b""),
        ("posts.csv.gz", b"\x1f\x8b but not really"),
        ("posts.csv.zst", b"not packed"),
        ("profiles.csv", b"platform,account_id\nweibo,1\n"),
    ],
)
def test_broken_table_is_quarantined_whole(lab: Lab, name: str, data: bytes) -> None:
    """Named, with the reason; the table beside it goes on."""
    lab.configure(format="canonical")
    lab.put("export/follows.csv", "account_id,follower_id\n1,2\n")
    lab.put(f"export/{name}", data)
    result = lab.land()
    assert result.records == 1
    assert [path for path, _, _ in lab.quarantined()] == [f"export/{name}"]


def test_csv_texts_keep_quotes_commas_and_line_breaks(lab: Lab) -> None:
    """As a spreadsheet writes them; columns that miss are null."""
    lab.configure(format="canonical")
    text = 'he said "tea, 茶🍵"\r\nand left; \'); drop table x;--'
    quoted = text.replace('"', '""')
    lab.put(
        "export/posts.csv",
        "\ufeffpost_id,posted_at,text,extra\r\n"
        f'007,2026-03-01T10:00:00Z,"{quoted}",x\r\n'
        "8,2026-03-01 18:00:00+08:00,,\r\n",
    )
    lab.land()
    lab.stage()
    first, second = lab.dicts("from staging.posts order by post_id")
    # Leading zeros stay: an id is no number.
    assert (first["post_id"], first["text"]) == ("007", text)
    assert first["platform"] == "weibo"
    assert first["posted_at"] == second["posted_at"] == datetime(2026, 3, 1, 10)  # noqa: DTZ001
    assert second["text"] in ("", None)
    assert second["client"] is None


def test_files_of_a_changed_export_are_all_accounted_for(
    lab: Lab, small_world: World
) -> None:
    """What is read is what the world holds: nothing twice, nothing lost."""
    shutil.rmtree(lab.root / "export")
    write(small_world, lab.root / "export", "weibo-api", layout="envelopes")
    result = lab.land()
    objects = small_world.interactions.filter(
        pl.col("kind").is_in(["repost", "comment"])
    ).height
    assert result.records == (
        objects + small_world.posts.height + small_world.accounts.height
    )
    assert result.quarantined == 0


@pytest.mark.parametrize("encoding", ["gb18030", "utf-16", "utf-16-be"])
def test_another_encoding_is_taken_and_told(
    lab: Lab, capsys: pytest.CaptureFixture[str], encoding: str
) -> None:
    """The run says which; the log of landing keeps it; lines keep their numbers."""
    posts = [status(number, f"第{number}杯茶，很好喝") for number in range(1, 9)]
    text = "\n".join(json.dumps(post, ensure_ascii=False) for post in posts)
    lab.put("export/a.jsonl", text.encode(encoding))
    lab.put("export/b.jsonl", [status(20, "茶")])
    assert lab.land().records == 9
    name = {"utf-16": "utf-16-le"}.get(encoding, encoding)
    assert f"read as {name.upper()}: export/a.jsonl" in capsys.readouterr().out
    assert "export/b" not in capsys.readouterr().out
    (log,) = read_log(lab.root / "landing")
    assert [file.encoding for file in log.inputs] == [name, None]
    assert [
        (row["position"], json.loads(row["record"])["text"])
        for row in landed(lab)
        if row["path"] == "export/a.jsonl"
    ] == [(number, f"第{number}杯茶，很好喝") for number in range(1, 9)]


def test_marks_within_joined_files_are_no_part_of_records(lab: Lab) -> None:
    """`cat` of files that begin with a mark, with and without a last line break."""
    first, second, third = (
        json.dumps(status(number, "茶"), ensure_ascii=False) for number in (1, 2, 3)
    )
    mark = "\ufeff"
    lab.put(
        "export/a.jsonl",
        f"{mark}{first}\n{mark}{second}\n{mark}\n{mark}{third}{mark}{first}\n",
    )
    lab.put("export/b.json", f"{mark}{mark}[\n{first}]\n{mark}[\n{second},\n{third}]")
    # Ids with what nobody sees around them.
    ids = ["4\t", "\u200b5", " 6\u00a0", f"{mark}7"]
    lab.put("export/c.jsonl", [{**status(1), "id": key} for key in ids])
    result = lab.land()
    assert (result.records, result.quarantined) == (11, 0)
    lab.stage()
    assert lab.rows("select post_id from staging.posts order by all") == [
        (str(number),) for number in range(1, 8)
    ]


# What these hold are no lines: `test_export_files.py` and `tests/sql/cases` read them.
EXPORTS = {"facebook-export", "wordpress-export", "x-account"}


@pytest.mark.parametrize("name", sorted(FORMATS.keys() - EXPORTS))
def test_every_format_accounts_for_every_line(lab: Lab, name: str) -> None:
    """A good line, one of no known shape, a broken one: landed or rejected, each."""
    form = FORMATS[name]
    (lab.root / "workspace.toml").unlink()
    columns = ["platform", "post_id", "account_id", "text", "posted_at"]
    mapping = (
        '[sources.table]\nrows = "posts"\ntime_zone = "UTC"\n[sources.table.columns]\n'
        + "".join(f'{column} = "{column}"\n' for column in columns)
    )
    lab.configure(
        format=name,
        platform=PLATFORM_OF_FORMAT.get(name, "weibo"),
        extra=mapping if name == TABLE_FORMAT else "",
    )
    good = {"id": 5, "user_id": 7, "text": "tea", "created_at": "2026-03-01 10:00:00"}
    if ".json" in form.suffixes:
        stem = next(iter(form.file_kinds), "a")
        lines = [json.dumps(good), json.dumps({"odd": 1}), '{"id": 6, "text": "te']
        lab.put(f"export/{stem}.json", "\n".join(lines) + "\n")
    else:
        if name == "weibo-search":
            columns = ["bid", "id", "user_id", "微博正文", "发布时间"]
        first, second = "weibo,4990000000000005,7,", "weibo,4990000000000006,7,more,"
        lines = [f"{first}tea,2026-03-01", f"{second}tea,2026-03-01", "weibo,"]
        lab.put(
            "export/posts.csv",
            ",".join(columns) + "\n" + "\n".join(lines) + "\n",
        )
    result = lab.land()
    assert result.records + result.quarantined == len(lines)
    assert len(landed(lab)) == result.records
    kept = {row["position"] for row in landed(lab)}
    rejected = [position for _, position, _ in lab.quarantined()]
    assert len(rejected) == result.quarantined > 0
    assert len(kept | set(rejected)) == len(lines)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_misspelt_columns_are_told(
    lab: Lab, capsys: pytest.CaptureFixture[str], suffix: str
) -> None:
    """A key's file is refused, since its rows would say something else; others land."""
    rows = {"platform": ["weibo"], "interaction_id": ["5"], "acount_id": ["7"]}
    people = {"platform": ["weibo"], "account_id": ["7"], "follower_count": ["3"]}
    lab.configure(format="canonical")
    for name, table in (("interactions", rows), ("accounts", people)):
        frame = pl.DataFrame(table)
        target = lab.put(f"export/{name}.{suffix}", b"")
        if suffix == "csv":
            frame.write_csv(target)
        else:
            frame.write_parquet(target)
    assert lab.land().records == 1
    ((path, _, why),) = lab.quarantined()
    assert path == f"export/interactions.{suffix}"
    assert "its column acount_id is none that it can have: is account_id meant?" in why
    assert (
        f"warning: export/accounts.{suffix}: its column follower_count is unknown and"
        " left out: is followers_count meant?"
    ) in capsys.readouterr().out


mutations = st.lists(
    st.tuples(
        st.integers(0, 11),
        st.sampled_from(["cut", "flip", "nul", "gbk", "brace", "surrogate", "blank"]),
        st.floats(0, 1),
    ),
    max_size=6,
)


@settings(max_examples=25)
@given(mutations=mutations)
def test_records_read_are_landed_or_quarantined(
    tmp_path_factory: pytest.TempPathFactory,
    mutations: list[tuple[int, str, float]],
) -> None:
    """Whatever happens to some lines: each is there once, here or there."""
    lab = Lab(tmp_path_factory.mktemp("mutated"))
    lab.configure()
    lines = [
        json.dumps(record, ensure_ascii=False).encode()
        for record in [status(1), *(repost(n, 1, ALICE) for n in range(2, 12))]
    ]
    # The file stays one of lines: its first line is whole.
    lines = [lines[0], *lines]
    for place, kind, share in mutations:
        line = lines[place]
        if place == 0 or not line:
            continue
        at = int(share * (len(line) - 1))
        lines[place] = {
            "cut": line[:at],
            "flip": line[:at] + bytes([line[at] ^ 4]) + line[at + 1 :],
            "nul": line[:at] + b"\0" + line[at:],
            "gbk": line[:at] + "茶".encode("gbk") + line[at:],
            "brace": line + b"}",
            "surrogate": line.replace(b'"text": "', b'"text": "\\ud83d'),
            "blank": b" " * at,
        }[kind].replace(b"\n", b"")
    lab.put("export/a.jsonl", b"\n".join(lines) + b"\n")
    result = lab.land()
    documents = sum(1 for line in lines if line.strip())
    assert result.records + result.quarantined == documents
    assert len(landed(lab)) == result.records
    rejected = {position for _, position, _ in lab.quarantined()}
    kept = {row["position"] for row in landed(lab)}
    assert not rejected & kept
    assert kept | rejected == {
        number for number, line in enumerate(lines, 1) if line.strip()
    }
