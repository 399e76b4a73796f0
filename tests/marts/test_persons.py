"""Nobody is found in the published marts by what the platform shows."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from tasks.warehouse.database import connect
from tasks.warehouse.graph import Making, is_once, load_graph, make, needed, reads
from tasks.warehouse.models import check_rows, load_models
from tasks.warehouse.workspace import load_workspace
from tests.benchmarks.reidentification import (
    as_insider,
    as_outsider,
    attack,
    by_days_and_counts,
    open_lab,
    surest_guess,
)
from tests.workspaces import FIRST, LAST, Lab, lab_of
from tests.world import WorldSpec, generate

CHECKS = [
    model
    for name, model in load_models("checks").items()
    if name.endswith(("persons_stand_out", "told_accounts_equal_restricted"))
]
# The marts whose rows depend on how many are alike, and how accounts are told.
OF_PERSONS = [
    name
    for name in needed(load_models("marts"))
    if name in ("marts.accounts", "marts.campaign_accounts", "meta.account_steps")
    or name == "intermediate.account_words"
    or (name.startswith("marts.") and "min_cell" in load_graph()[name].params)
]
# What they read of that no run leaves behind.
BLOCKS = sorted(
    {read for name in OF_PERSONS for read in reads()[name] if is_once(read)}
)


@pytest.fixture(scope="module")
def world(made_once: Callable[[str, Callable[[Path], None]], Path]) -> Lab:
    """Six hundred accounts and two campaigns, published."""

    def make_world(folder: Path) -> None:
        spec = WorldSpec(seed=3, interactions=900, accounts=600, campaigns=2)
        lab = lab_of(generate(spec), folder, "canonical")
        lab.run(FIRST, LAST)
        # What these are made of is gone after a run that was not asked for it.
        lab.build(FIRST, LAST, tables=BLOCKS)

    return Lab(made_once("world-of-persons", make_world))


@pytest.fixture
def changed(world: Lab, tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The world's warehouse, to change."""
    copy = shutil.copy(world.root / "warehouse.duckdb", tmp_path / "warehouse.duckdb")
    with connect(Path(copy)) as connection:
        yield connection


def build(
    world: Lab, connection: duckdb.DuckDBPyConnection, min_cell: int
) -> dict[str, int]:
    """Make the marts of persons for a policy; bad rows by check."""
    params = {
        "min_cell": min_cell,
        "alarm_phantom_share": 0.3,
        "time_zone": "Asia/Shanghai",
        "start_date": FIRST,
        "end_date": LAST,
    }
    for name in OF_PERSONS:
        make(Making(connection, load_workspace(world.root), params), name)
    return check_rows(connection, CHECKS, {"min_cell": min_cell})


def test_attackers_pin_nobody(world: Lab) -> None:
    """Where days and counts would show every second one."""
    with open_lab(world) as desk:
        alone, acting = by_days_and_counts(desk)
    assert alone > acting / 4 > 50
    for found in attack(world):
        assert found.rows > 500
        assert found.pinned == 0
        assert min(found.fewest, found.unsure) >= 5
        assert found.guessed <= found.rows / 5


def test_attackers_pin_those_of_whom_all_is_told(
    world: Lab, changed: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """The attack can win: nothing is held back where one is enough."""
    assert not any(build(world, changed, 1).values())
    changed.close()
    with open_lab(Lab(tmp_path), "marts") as desk:
        assert as_outsider(desk, 5).pinned > 20
        assert as_insider(desk, 5).pinned > 100


@pytest.mark.parametrize("min_cell", [2, 7, 40, 500, 5_000])
def test_each_row_has_its_like(
    world: Lab, changed: duckdb.DuckDBPyConnection, min_cell: int
) -> None:
    """Whatever number is asked for; of fewer accounts in all nothing is told."""
    assert not any(build(world, changed, min_cell).values())
    ((told, brands),) = changed.execute(
        "select count(*), count(*) filter (account_key in"
        " (select unnest(account_keys) from marts.brands)) from marts.accounts"
    ).fetchall()
    assert (told == brands) == (min_cell == 5_000)


def test_no_profile_tells_a_level(world: Lab) -> None:
    """Of those who show the same at most four in five are suspected or worse."""
    with open_lab(world) as desk:
        as_outsider(desk, 5)
        assert 0.2 < surest_guess(desk) <= 0.8


@pytest.mark.parametrize(
    "change",
    [
        "update marts.accounts set registered_year = 1999 where account_key in"
        " (select min(account_key) from marts.campaign_accounts)",
        "delete from marts.campaign_accounts where account_key in"
        " (select min(account_key) from marts.campaign_accounts)",
        "update marts.account_groups set size = 4",
        "update marts.contacts set accounts = 4",
        "update marts.amplifiers set amplifiers = 1",
        "update marts.audience_breakdown set accounts = 4",
    ],
)
def test_check_finds_who_stands_out(
    changed: duckdb.DuckDBPyConnection, change: str
) -> None:
    changed.execute(change)
    counts = check_rows(changed, CHECKS, {"min_cell": 5})
    assert counts["checks.fail__persons_stand_out"] > 0
