"""Whoever a network's models see in a record, an erasure sees there, too.

Derived from the registry: a record of each typed table is filled with ids and names of
its own, goes through the network's models, and each account that comes out of them must
be found in the record by the keys of the networks' `network.toml`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from tasks.sources.erasure import Landed, is_own
from tasks.sources.networks import FORMATS, RAW_TABLES
from tasks.warehouse import networks
from tasks.warehouse.database import connect
from tasks.warehouse.landing import Batch
from tasks.warehouse.models import in_order, load_models, run_model
from tasks.warehouse.networks import FACTS, PLATFORM_OF_FORMAT
from tasks.warehouse.people import Person
from tasks.warehouse.raw_tables import COUNT, FLAG, build_raw_tables

# Tables whose rows say who acted or is seen, and in which columns.
WHO = {
    "accounts": ("account_id",),
    "posts": ("account_id",),
    "interactions": ("account_id",),
    "follows": ("account_id", "follower_id"),
}


def records_of(form: str) -> list[tuple[str, Any]]:
    """A record of each kind that a format's tables take, with numbers of its own."""
    numbers = iter(range(70_000_001, 80_000_000))
    return [
        (kind, filled(table.schema, numbers))
        for _, table in sorted(RAW_TABLES.items())
        if form in table.formats
        for kind in table.kinds
    ]


def filled(shape: Any, numbers: Iterator[int]) -> Any:
    """A record of a shape: in each place a number that stands nowhere else."""
    if isinstance(shape, Mapping):
        return {name: filled(inner, numbers) for name, inner in shape.items()}
    if isinstance(shape, list):
        return [filled(inner, numbers) for inner in shape]
    if shape == FLAG:
        return False
    number = next(numbers)
    return number if shape == COUNT else str(number)


def objects_in(record: Any) -> Iterator[dict[str, Any]]:
    """The record and all objects inside."""
    if isinstance(record, dict):
        yield record
    inside = record.values() if isinstance(record, dict) else record
    for inner in inside if isinstance(record, (dict, list)) else ():
        yield from objects_in(inner)


def seen_in(folder: Path, form: str, records: list[tuple[str, Any]]) -> set[str]:
    """Accounts that the models see in records of a format, each told with its kind."""
    platform = PLATFORM_OF_FORMAT.get(form, networks.DEFAULT_PLATFORM)
    files: dict[str, list[str]] = {}
    for number, (kind, record) in enumerate(records):
        name = f"{number}.parquet"
        pl.DataFrame(
            {
                "source": ["s"],
                "path": ["p"],
                "position": [1],
                "item": [0],
                "observed_at": [None],
                "format": [form],
                "root_id": [None],
                "record": [json.dumps(record)],
            },
            schema_overrides={"item": pl.Int32, "observed_at": pl.Datetime("us")}
            | {"root_id": pl.String},
        ).write_parquet(folder / name)
        files.setdefault(f"{platform}/{kind}", []).append(name)
    batch = Batch("b", form, (), files)
    found: set[str] = set()
    with connect(folder / "warehouse.duckdb") as connection:
        connection.execute("attach ':memory:' as raw")
        (folder_of,) = (name for name, facts in FACTS.items() if form in facts.formats)
        own = f"staging.{folder_of}_"
        mine = {name: model for name, model in load_models("staging").items()
                if name.startswith(own)}  # fmt: skip
        build_raw_tables(connection, folder, [batch], RAW_TABLES)
        for model in in_order(mine):
            run_model(connection, model, {})
        for name in mine:
            for table, columns in WHO.items():
                for column in columns if name.endswith(f"_{table}") else ():
                    found |= accounts_of(connection, name, column)
    return found


def accounts_of(
    connection: duckdb.DuckDBPyConnection, model: str, column: str
) -> set[str]:
    """The accounts in a column of a model."""
    rows = connection.execute(f"select {column} from {model}").fetchall()
    return {account for (account,) in rows if account is not None}


def hidden_in(form: str, records: list[Any], accounts: set[str]) -> set[str]:
    """Accounts that no object of a record that tells them is known to be of."""
    platform = PLATFORM_OF_FORMAT.get(form, networks.DEFAULT_PLATFORM)
    hidden = set()
    for account in accounts:
        person = Person(platform, account)
        called = [(record, Landed(()).person_in(record, person)) for record in records]
        if not any(
            one is not None and any(is_own(part, one) for part in objects_in(record))
            for record, one in called
        ):
            hidden.add(account)
    return hidden


@pytest.mark.parametrize("form", sorted(FORMATS))
def test_accounts_that_models_see_are_found_by_an_erasure(
    form: str, tmp_path: Path
) -> None:
    """A number stands in one place of one record, which is where it must be found."""
    records = records_of(form)
    accounts = seen_in(tmp_path, form, records)
    assert accounts, "nobody is seen: the test would say nothing of it"
    assert not hidden_in(form, [record for _, record in records], accounts)


def test_a_key_that_nobody_listed_would_be_told() -> None:
    record = {"id": "500001", "made_by": "70000001", "text": "tea"}
    assert hidden_in("mweibo", [record], {"70000001"}) == {"70000001"}
