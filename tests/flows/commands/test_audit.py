"""`audit`: exported files in, a row per account out; nothing else is needed."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import polars as pl

from flows.commands.audit import audit, tell_prevalence
from tasks.accounts.prevalence import Prevalence, Share
from tests.workspaces import (
    Lab,
    call_command,
    comment,
    repost,
    run_command,
    status,
    user,
)
from tests.world import World, write

COLUMNS = [
    "platform",
    "account_id",
    "screen_name",
    "phantom_probability",
    "phantom_level",
    "reasons",
    "operator_id",
    "operator_probability",
    "model_version",
]


def test_every_account_of_a_world_has_a_row(small_world: World, tmp_path: Path) -> None:
    """Both table kinds hold the same; nothing is left beside them."""
    write(small_world, tmp_path / "export", "weibo-api")
    tables = {}
    for suffix in ("parquet", "csv"):
        out = tmp_path / "out" / f"accounts.{suffix}"
        stated = ("--phantom-share", "0.05") if suffix == "csv" else ()
        # Once as a process, which loads what it needs.
        begin = run_command if suffix == "parquet" else call_command
        done = begin("audit", str(tmp_path / "export"), "--out", str(out), *stated)
        assert done.returncode == 0, done.stderr
        assert "accounts scored" in done.stdout
        assert "Likely phantoms: " in done.stdout
        # Reposts alone: no labelled phantom is found by them.
        assert "those marked likely phantom are phantoms is not known" in done.stdout
        tables[suffix] = (
            pl.read_parquet(out)
            if suffix == "parquet"
            else pl.read_csv(out, infer_schema=False)
        )
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "accounts.parquet",
        "accounts.csv",
    }
    found = tables["parquet"]
    assert found.columns == tables["csv"].columns == COLUMNS
    assert found["account_id"].to_list() == tables["csv"]["account_id"].to_list()
    kinds = ["repost", "comment"]
    acted = small_world.interactions.filter(pl.col("kind").is_in(kinds))
    assert set(found["account_id"]) >= set(
        acted["account_id"].drop_nulls().cast(pl.String)
    )
    assert found["account_id"].is_unique().all()
    phantoms = found.filter(pl.col("phantom_level") == "phantom")
    assert phantoms["reasons"].list.len().min() >= 1


def test_it_says_what_a_mark_is_worth() -> None:
    """At a tenth and the estimated share, or at the stated one; or that none tells."""
    share = Share(0.03, 0.0, 0.08)
    usual, here = Share(0.79, 0.62, 0.94), Share(0.55, 0.0, 0.8)
    both = tell_prevalence(Prevalence(90, share, None, here, usual), has_likely=True)
    assert both == [
        "If phantoms here hide like the labelled ones, about 3% (0% to 8%) of the 90"
        " accounts with posts of their own are phantoms.",
        "Of accounts marked likely phantom about 79% (62% to 94%) are phantoms, if 10%"
        " of all accounts are; at the share estimated here about 55% (0% to 80%).",
    ]
    stated = tell_prevalence(Prevalence(90, None, 0.05, here, usual), has_likely=True)
    assert stated == [
        "Of accounts marked likely phantom about 55% (0% to 80%) are phantoms, if 5% of"
        " all accounts are, as was stated."
    ]
    nobody = Prevalence(0, None, None, None, None)
    assert "is not known" in " ".join(tell_prevalence(nobody, has_likely=True))
    assert tell_prevalence(nobody, has_likely=False) == []


def test_it_says_what_the_report_says(small_world: World, tmp_path: Path) -> None:
    """The same engagements are genuine, within the same interval."""
    lab = Lab(tmp_path / "lab")
    write(small_world, lab.root / "export", "weibo-api")
    lab.put("export/more.jsonl", [repost(7, 1, None), comment(8, 1, None), status(1)])
    lab.configure(post_ids=[*small_world.posts["post_id"], "1"])
    lab.run(tables=["campaigns"])
    (row,) = lab.dicts("from marts.campaigns")
    found = audit([lab.root / "export"], "weibo-api", tmp_path / "a.parquet").quality
    acts = found.engagements
    assert (acts.total, acts.known) == (row["engagements"], row["known_engagements"])
    assert (acts.genuine, acts.low, acts.high) == (
        row["genuine_engagements"],
        row["genuine_engagements_low"],
        row["genuine_engagements_high"],
    )
    assert row["genuine_engagements_low"] < row["genuine_engagements"]


def test_spreadsheets_take_no_name_for_a_formula(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    names = {"11": "=cmd()", "12": "+1", "13": "@sum", "14": "阿茶"}
    lab.put(
        "export/a.jsonl",
        [status(1)]
        + [
            repost(int(key) + 10, 1, user(int(key), name))
            for key, name in names.items()
        ],
    )
    out = tmp_path / "accounts.csv"
    done = lab_audit(tmp_path / "export", out)
    assert done == 0
    with out.open(encoding="utf-8-sig", newline="") as handle:
        rows = {row["account_id"]: row["screen_name"] for row in csv.DictReader(handle)}
    assert {key: rows[key] for key in names} == {
        "11": "'=cmd()",
        "12": "'+1",
        "13": "'@sum",
        "14": "阿茶",
    }


def lab_audit(export: Path, out: Path) -> int:
    return call_command("audit", str(export), "--out", str(out)).returncode


def test_what_can_not_be_used_is_counted(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    lab.put("export/a.jsonl", [status(1), {**status(2), "created_at": "昨天"}])
    lab.put("export/b.json", b'{"id": 1, ')
    done = call_command(
        "audit", str(tmp_path / "export"), "--out", str(tmp_path / "a.parquet")
    )
    assert done.returncode == 0, done.stderr
    assert "Left out: 1 × posts: posted_at must not be null" in done.stdout
    assert "Left out: 1 × records that can't be read" in done.stdout


def test_all_mistakes_are_named_at_once(tmp_path: Path) -> None:
    done = call_command(
        "audit",
        str(tmp_path / "absent"),
        str(tmp_path / "missing"),
        "--format",
        "weibo",
        "--phantom-share",
        "10",
        "--out",
        str(tmp_path / "a.xlsx"),
    )
    assert done.returncode == 2
    for words in (
        "--phantom-share 10",
        "absent",
        "missing",
        "--format 'weibo'",
        ".parquet or .csv",
    ):
        assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_it_answers_at_once() -> None:
    """Commands that run no flow import neither orchestrator nor validator."""
    modules = "flows.commands.audit, flows.commands.status"
    code = f"import sys, {modules}; print([m for m in sys.modules if '.' not in m])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert "'prefect'" not in done.stdout
    assert "'great_expectations'" not in done.stdout
