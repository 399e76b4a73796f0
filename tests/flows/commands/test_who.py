"""who: from the pseudonym of a page to the account, and back; and to an override."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import pytest

from flows.commands.who import as_json, told, who
from tasks.sources.erasure_marker import MARKER
from tasks.warehouse.errors import ConfigurationError, WorkspaceLockedError
from tasks.warehouse.lock import hold_workspace
from tests.workspaces import (
    REPOSITORY,
    Lab,
    comment,
    repost,
    status,
    user,
)

TODAY = date(2026, 4, 1)
TEA_LOVER = user(501, "茶友小王")
# A name that would move a terminal's cursor, and an id that is a formula in a sheet.
ODD = user(502, "a\x1b[2J\u202eb")


@pytest.fixture
def known(
    lab: Lab,
    made_once: Callable[[str, Callable[[Path], None]], Path],
) -> Lab:
    """A workspace after a run: two accounts reposted, one of them commented, too."""

    def make(folder: Path) -> None:
        made = Lab(folder)
        made.configure(post_ids=["1"])
        made.put(
            "export/1.jsonl",
            [
                status(1),
                repost(11, 1, TEA_LOVER),
                comment(12, 1, TEA_LOVER, day=2),
                repost(13, 1, ODD),
            ],
        )
        made.run()

    there = made_once("known-accounts", make)
    shutil.copytree(there, lab.root, symlinks=True, dirs_exist_ok=True)
    return lab


def published_key(lab: Lab, reposts: int, comments: int) -> str:
    """The pseudonym of who did so much, as those see it who may."""
    people = lab.root / "published/restricted/people.duckdb"
    with duckdb.connect(str(people), read_only=True) as marts:
        found = marts.execute(
            "select account_key from campaign_accounts"
            " where reposts = $reposts and comments = $comments",
            {"reposts": reposts, "comments": comments},
        ).fetchall()
    ((key,),) = found
    return str(key)


def test_pseudonym_id_and_name_lead_to_the_same_account(known: Lab) -> None:
    key = published_key(known, 1, 1)
    asked = [key, key[:8], "501", "@茶友小王"]
    found = who(known.workspace, asked)
    assert [account.asked for account in found] == asked
    assert {account.about["account_id"] for account in found} == {"501"}
    assert {account.about["account_key"] for account in found} == {key}
    assert found[0].profile_url == "https://weibo.com/u/501"
    assert found[0].campaigns[0]["comments"] == 1
    # Seven digits are too few to point at somebody.
    assert who(known.workspace, [key[:7], "50", "%", "茶友小王"]) == []
    assert who(known.workspace, ["501"], platform="x") == []


def test_line_that_is_told_is_an_override_that_the_next_run_honours(known: Lab) -> None:
    (account,) = who(known.workspace, ["501"])
    assert account.about["phantom_level"] == "genuine"
    lines = list(told(account, TODAY))
    assert lines[0] == 'weibo 501 "茶友小王" https://weibo.com/u/501'
    assert "1 reposts, 1 comments" in "".join(lines)
    assert lines[-1].strip() == "phantom,weibo,501,,,WHY,YOU,2026-04-01"
    known.override(lines[-1].strip())
    known.run(run_id="decided")
    (account,) = who(known.workspace, ["501"])
    assert account.about["phantom_level"] == "phantom"
    assert "phantom as a person decided" in "".join(told(account, TODAY))


def test_names_of_accounts_do_not_steer_the_terminal(known: Lab) -> None:
    found = who(known.workspace, ["502"])
    text = "".join(told(found[0], TODAY))
    assert text.isprintable()
    # For programs the name is as it is.
    assert json.loads(as_json(found))[0]["screen_name"] == ODD["screen_name"]


def test_nothing_to_look_at_and_a_run_under_way_are_told(known: Lab, lab: Lab) -> None:
    with (
        hold_workspace(known.workspace.lock, "daily"),
        pytest.raises(WorkspaceLockedError),
    ):
        who(known.workspace, ["501"])
    with pytest.raises(ConfigurationError, match="Name a pseudonym"):
        who(known.workspace, [""])
    (known.root / MARKER).write_text("{}")  # as of an erasure that was killed
    with pytest.raises(ConfigurationError, match="run `daily` first, then ask again"):
        who(known.workspace, ["501"])
    (known.root / "warehouse.duckdb").unlink()
    with pytest.raises(ConfigurationError, match="run `daily` or `backfill` first"):
        who(known.workspace, ["501"])


def test_who_by_the_command(known: Lab) -> None:
    """Found and not found: what is there is shown, exit code 1 tells of the rest."""
    done = known.call("who", "501", "99", "--json")
    assert done.returncode == 1
    assert [row["account_id"] for row in json.loads(done.stdout)] == ["501"]
    assert "1 of 2 names are of no account that is held" in done.stderr


def test_who_on_a_terminal_of_another_encoding(known: Lab, tmp_path: Path) -> None:
    """What is asked in UTF-8, of a path that only UTF-8 can name; told in GBK."""
    there = tmp_path / "品牌"
    known.root.rename(there)
    done = subprocess.run(
        [sys.executable, "-m", "flows", "who", "@茶友小王", "--workspace", str(there)],
        cwd=REPOSITORY,
        env={**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "gbk"},
        capture_output=True,
        check=False,
    )
    there.rename(known.root)
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode("gbk").startswith('weibo 501 "茶友小王"')
