"""Golden cases of the marts: a workspace and its exports in, rows out.

A case is a folder: `workspace.toml`, `seeds/` where people decided something, exports
in `input/` (in `input/1`, `input/2`, ... where they arrive one after the other), and
`expect.json` with a note and, for each arrival, the marts that matter: all rows of a
mart, or those that `where` picks, each with only the columns that matter and the reason
why they are so. Accounts are written as `weibo:501`; the test looks their keys up.
Numbers are counted by hand from the input.
"""

from __future__ import annotations

import json
import shutil
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tasks.warehouse.models import load_models
from tests.workspaces import Lab

CASES = sorted(
    path.parent for path in Path(__file__).parent.glob("cases/*/expect.json")
)
# Made from the models' headers, and held by a test of its own.
UNCASED = {"metric_definitions"}

pytestmark = pytest.mark.usefixtures("quick_rules")


def plain(value: Any, names: dict[str, str]) -> Any:
    """A value as JSON holds it; keys of accounts as their ids."""
    if isinstance(value, date | datetime):
        return str(value)
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, str):
        return names.get(value, value)
    return value


def seen(lab: Lab, mart: str) -> list[dict[str, Any]]:
    """A mart's rows."""
    names = dict(
        lab.rows(
            "select account_key, platform || ':' || account_id"
            " from intermediate.accounts"
        )
    ) | dict(
        lab.rows(
            "select accounts.operator_key, 'operator of ' ||"
            " min(known.platform || ':' || known.account_id)"
            " from marts.accounts as accounts"
            " inner join intermediate.accounts as known using (account_key)"
            " group by all"
        )
    )
    return [
        {name: plain(value, names) for name, value in row.items()}
        for row in lab.dicts(f"from marts.{mart}")
    ]


@pytest.mark.parametrize("case", CASES, ids=[path.name for path in CASES])
def test_case(case: Path, tmp_path: Path) -> None:
    expect = json.loads((case / "expect.json").read_text(encoding="utf-8"))
    assert expect["note"]
    lab = Lab(tmp_path)
    shutil.copy(case / "workspace.toml", tmp_path)
    if (case / "seeds").exists():
        shutil.copytree(case / "seeds", tmp_path / "seeds")
    steps = sorted((case / "input").glob("[0-9]")) or [case / "input"]
    assert len(steps) == len(expect["arrivals"])
    first, last = (date.fromisoformat(expect[name]) for name in ("from", "to"))
    for step, marts in zip(steps, expect["arrivals"], strict=True):
        shutil.copytree(step, tmp_path / "export", dirs_exist_ok=True)
        lab.run(first, last, publish=False)
        for mart, told in marts.items():
            _compare(lab, mart, told)


def _compare(lab: Lab, mart: str, told: dict[str, Any]) -> None:
    where = told.get("where", {})
    rows = [
        row
        for row in seen(lab, mart)
        if all(row[name] in values for name, values in where.items())
    ]
    keys = told["key"]
    found = {tuple(row[key] for key in keys): row for row in rows}
    assert len(found) == len(rows), f"{mart}: {keys} are no key"
    expected = {tuple(row[key] for key in keys): row for row in told["rows"]}
    assert sorted(found, key=str) == sorted(expected, key=str), mart
    for key, row in expected.items():
        columns = {name: value for name, value in row.items() if name != "why"}
        assert {name: found[key][name] for name in columns} == columns, (
            mart,
            row.get("why"),
        )


def test_every_mart_has_a_case() -> None:
    marts = {model.table for model in load_models("marts").values()}
    cased = {
        mart
        for case in CASES
        for arrival in json.loads((case / "expect.json").read_text("utf-8"))["arrivals"]
        for mart in arrival
    }
    assert cased == marts - UNCASED
