"""What an engine can do: four verbs, whoever works them out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from tasks.warehouse.landing import Batch
from tasks.warehouse.models import Model
from tasks.warehouse.raw_tables import RawTable

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class ReadLanding:
    """What landed records gave.

    Attributes:
        observed: observations of each table, kept or not.
        broken: rows that break a rule, by `<table>: <rule in words>`; none of rules
            that all keep. A row may break several.
    """

    observed: dict[str, int]
    broken: dict[str, int]


class Engine(Protocol):
    """Tables by qualified name, and what makes them of others.

    Queries are of the subset that engines share (`spark_sql.outside`).
    """

    def read_landing(
        self, folder: Path, batches: list[Batch], raw_tables: Mapping[str, RawTable]
    ) -> ReadLanding:
        """Make `staging.valid_<table>` of landed records: of rows that keep the rules.

        Args:
            folder: the landing folder.
            batches: what to read.
            raw_tables: how records become typed rows.
        """
        ...

    def run(self, model: Model, params: Mapping[str, Any]) -> None:
        """Bring a model's table up to date: its header says which rows are replaced.

        Args:
            model: what it reads stands.
            params: values by name; the model takes those it names.
        """
        ...

    def replace(self, table: str, frame: pl.DataFrame) -> None:
        """Put a frame in the place of a table."""
        ...

    def frame(
        self, query: str, params: Mapping[str, Any] | None = None
    ) -> pl.DataFrame:
        """What a query finds, in no set order."""
        ...
