"""Golden cases of the marts: files and a configuration in, rows out.

A case is a folder: `input/` as exports lie there, `workspace.toml`, `seeds/` where
people decided something, and `expect.json` with a note, the days `from` and `to` that
are run, and under `marts` all rows of some marts, each with the columns that matter,
those of its key and the reason (`why`) where a number may surprise. Numbers are counted
by hand from the files. `then` lists later runs in the same workspace: files that arrive
by then (`input`), another configuration (`workspace`), and what the marts show
afterwards, which must be what a rebuild from landing shows.

Keys of accounts, operators and posts are written as what they stand for:
`account:weibo:501`, `operator:weibo:501`, `post:weibo:1`.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tasks.warehouse.models import load_models
from tasks.warehouse.pseudonyms import padded_keys
from tests.workspaces import Lab

CASES = sorted(
    path.parent for path in Path(__file__).parent.glob("cases/*/expect.json")
)
# Those for the owner alone by their whole name.
MODELS = {
    name.removeprefix("marts."): model
    for name, model in (load_models("restricted") | load_models("marts")).items()
}
KEY = "a-key-for-tests-only"
WITHOUT_CASE = {
    "metric_definitions",  # made from the models' headers, whatever the input
    "reason_classes",  # the classes that there are, whatever the input
    "restricted.post_authors",  # the key of campaign_posts as it was, for all
}


def pseudonym(name: str) -> str:
    """The keyed hash that stands for a name such as `account:weibo:501`."""
    keys = padded_keys(KEY.encode())
    inner = hashlib.sha256(keys["key_inner"] + name.encode()).digest()
    return hashlib.sha256(keys["key_outer"] + inner).hexdigest()[:32]


def plain(value: Any) -> Any:
    """A value as JSON holds it."""
    if isinstance(value, Decimal):
        return float(value)
    return str(value) if isinstance(value, date | datetime) else value


def keyed(column: str, value: Any) -> Any:
    """An expected value as the mart holds it."""
    if isinstance(value, list):
        return sorted(keyed(column, item) for item in value)
    if column.endswith(("_key", "_keys")) and isinstance(value, str):
        return pseudonym(value)
    return value


def told(row: dict[str, Any]) -> dict[str, Any]:
    """An expected row without its reason, its keys hashed."""
    return {
        name: keyed(name, value) if name.endswith(("_key", "_keys")) else value
        for name, value in row.items()
        if name != "why"
    }


def check(lab: Lab, marts: dict[str, list[dict[str, Any]]]) -> None:
    """Fail where a mart holds other rows than these, with the reason."""
    for mart, listed in marts.items():
        found = [
            {name: plain(value) for name, value in row.items()}
            for row in lab.dicts(f"from {MODELS[mart].name}")
        ]
        rows = [told(row) for row in listed]
        key = [name for name in MODELS[mart].grain if all(name in row for row in rows)]
        by_key = {tuple(row[name] for name in key): row for row in found}
        assert len(by_key) == len(found), f"{mart}: {key} is not its key here"
        wanted = {tuple(row[name] for name in key) for row in rows}
        assert set(by_key) == wanted, f"{mart}: other rows"
        assert len(wanted) == len(rows), f"{mart}: a row stands twice"
        for row, source in zip(rows, listed, strict=True):
            seen = by_key[tuple(row[name] for name in key)]
            assert {name: seen[name] for name in row} == row, (
                f"{mart}: {source.get('why', '')}"
            )


def days(part: dict[str, Any]) -> tuple[date, date]:
    """The days that a part runs."""
    return date.fromisoformat(part["from"]), date.fromisoformat(part["to"])


@pytest.mark.parametrize("case", CASES, ids=[path.name for path in CASES])
def test_case(case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WM_PSEUDONYM_KEY", KEY)
    expect = json.loads((case / "expect.json").read_text(encoding="utf-8"))
    assert expect["note"]
    lab = Lab(tmp_path / "lab")
    lab.root.mkdir()
    shutil.copy(case / "workspace.toml", lab.root)
    for name in ("input", "seeds"):
        if (case / name).exists():
            shutil.copytree(case / name, lab.root / name)
    parts = [expect, *expect.get("then", [])]
    asked = sorted({MODELS[mart].name for part in parts for mart in part["marts"]})
    for number, part in enumerate(parts):
        if number and "input" in part:
            shutil.copytree(
                case / part["input"], lab.root / "input", dirs_exist_ok=True
            )
        if number and "workspace" in part:
            shutil.copy(case / part["workspace"], lab.root / "workspace.toml")
        lab.run(*days(part), f"run-{number}", tables=asked)
        check(lab, part["marts"])
    if len(parts) > 1:
        rebuilt = Lab(tmp_path / "rebuilt")
        shutil.copytree(lab.root / "landing", rebuilt.root / "landing")
        shutil.copy(lab.root / "workspace.toml", rebuilt.root)
        if (case / "seeds").exists():
            shutil.copytree(case / "seeds", rebuilt.root / "seeds")
        rebuilt.stage()
        rebuilt.judge()
        for part in parts:
            rebuilt.build(*days(part), tables=asked)
        fresh = rebuilt.marts()
        assert len(fresh) >= len(asked)
        for mart, rows in lab.marts().items():
            assert rows == fresh[mart], f"{mart}: not as rebuilt from landing"


def test_every_mart_stands_in_a_case() -> None:
    """And no exception outlives its reason."""
    covered = set()
    for case in CASES:
        expect = json.loads((case / "expect.json").read_text(encoding="utf-8"))
        for part in (expect, *expect.get("then", [])):
            covered |= {mart for mart, rows in part["marts"].items() if rows}
    assert covered == set(MODELS) - WITHOUT_CASE
