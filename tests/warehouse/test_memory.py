"""The memory budget: told, else the machine's; shared by what is open."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from tasks.warehouse import memory
from tasks.warehouse.database import scratch
from tasks.warehouse.errors import ConfigurationError
from tests.workspaces import Lab

_LIMIT = (
    "select memory_limit from (select current_setting('memory_limit') as memory_limit)"
)


def _told(connection: duckdb.DuckDBPyConnection) -> str:
    ((found,),) = connection.execute(_LIMIT).fetchall()
    return str(found)


@pytest.mark.parametrize(
    ("told", "budget"),
    [
        ("1GB", 1_000_000_000),
        ("2.5 gb", 2_500_000_000),
        ("1500MB", 1_500_000_000),
        ("4GiB", 4 * 1024**3),
        ("3G", 3_000_000_000),
    ],
)
def test_what_is_told_counts(
    told: str, budget: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WM_MEMORY_LIMIT", told)
    assert memory.budget_bytes() == budget
    # Python, its libraries and frames have their part of it.
    assert budget - memory.duckdb_bytes() == max(600_000_000, budget // 4)


@pytest.mark.parametrize(
    ("machine", "budget"),
    [(2**34, 5_000_000_000), (4_000_000_000, 2_000_000_000), (10**9, 10**9)],
)
def test_untold_it_is_half_of_what_the_container_has(
    machine: int, budget: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WM_MEMORY_LIMIT", raising=False)
    unlimited, limit = tmp_path / "unlimited", tmp_path / "limit"
    unlimited.write_text("max\n")
    limit.write_text(f"{machine}\n")
    monkeypatch.setattr(memory, "_CGROUPS", (str(unlimited), str(limit)))
    monkeypatch.setattr("os.sysconf", lambda _: 2**20)  # a machine of a terabyte
    assert memory.machine_bytes() == machine
    assert memory.budget_bytes() == budget


def test_what_is_open_shares_the_budget(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WM_MEMORY_LIMIT", "2800000KB")  # 2.1 GB of DuckDB's
    monkeypatch.setattr(memory, "_open", [])
    with scratch(tmp_path / "first") as first:
        assert _told(first) == "1.9 GiB"
        reading = first.execute("select range as number from range(100000)")
        assert reading.fetchone() == (0,)
        with scratch(tmp_path / "second") as second:
            assert _told(second) == "1001.3 MiB"
            # Who gives way goes on reading where it was.
            assert reading.fetchone() == (1,)
            assert _told(first.cursor()) == "1001.3 MiB"
        assert _told(first.cursor()) == "1.9 GiB"
    assert memory._open == []


@pytest.mark.parametrize(
    "told", ["plenty", "-1GB", "1e9", "500MB", "0", "2000000T", "9" * 400 + "GB"]
)
def test_what_is_no_size_is_a_mistake(
    told: str, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WM_MEMORY_LIMIT", told)
    with pytest.raises(ConfigurationError, match="WM_MEMORY_LIMIT is"):
        memory.budget_bytes()
    lab.configure()
    done = lab.call("doctor")
    assert done.returncode == 2, done.stderr
    assert "WM_MEMORY_LIMIT is" in done.stderr
