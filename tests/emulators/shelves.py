"""Rows in lists, oldest first, of which some are not there yet or no more.

What all platforms have in common: a list grows at its young end while pages are
read, rows vanish from its middle, and a page may come short without being the last.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

IntArray = NDArray[np.int64]


class Shelf:
    """Rows by list and id.

    Attributes:
        rows: the rows, in the order of their places.
        ids: id of each place.
        seconds: Unix time at which each place comes to be.
        place: id -> place.
        absent: places that are not shown: deleted, or private. They keep their
            slot in a page.
    """

    def __init__(
        self, rows: pl.DataFrame, list_key: str, row_key: str, moment: str
    ) -> None:
        """Order the rows.

        Args:
            rows: any order.
            list_key: column that names a row's list.
            row_key: column of ids, decimal texts that grow with time.
            moment: column of the times that rows come to be.
        """
        rows = rows.with_columns(pl.col(row_key).cast(pl.Int64).alias("_id"))
        self.rows = rows.sort(list_key, "_id", maintain_order=True)
        self.ids: IntArray = self.rows["_id"].to_numpy()
        self.seconds: IntArray = self.rows[moment].dt.epoch("s").to_numpy()
        self.place = {key: place for place, key in enumerate(self.ids.tolist())}
        self.absent: set[int] = set()
        lists = self.rows.group_by(list_key, maintain_order=True).len()
        ends = lists["len"].cum_sum().to_list()
        self._bounds = {
            name: (end - size, end)
            for name, size, end in zip(lists[list_key], lists["len"], ends, strict=True)
        }
        # Slots up to and with each place.
        self._slots = np.arange(1, len(self.ids) + 1)

    def leave_gaps(self, share: float, random: np.random.Generator) -> None:
        """Let some slots hold nothing: pages that cover them come short."""
        gaps = random.random(len(self.ids)) < share
        self._slots = np.cumsum(1 + gaps)

    def span(self, name: str, now: float) -> tuple[int, int]:
        """First place and end of a list as far as it exists now."""
        start, end = self._bounds.get(name, (0, 0))
        come = np.searchsorted(self.seconds[start:end], now, side="right")
        return start, start + int(come)

    def count(self, name: str, now: float, gone: set[int]) -> int:
        """Rows of a list now, without those that are gone."""
        start, end = self.span(name, now)
        return end - start - sum(1 for place in gone if start <= place < end)

    def newer_than(self, start: int, end: int, key: int) -> int:
        """The first place of a span whose id is above this one."""
        return start + int(np.searchsorted(self.ids[start:end], key, side="right"))

    def page(self, start: int, end: int, count: int, page: int = 1) -> list[int]:
        """Places of a page, newest first.

        A first page is never empty as long as anything is left: an empty page is
        how the platforms say that a list ends.
        """
        while start < end:
            slots = self._slots[start:end]
            top = int(slots[-1])
            low = start + int(np.searchsorted(slots, top - page * count, side="right"))
            high = start + int(
                np.searchsorted(slots, top - (page - 1) * count, side="right")
            )
            places = range(high - 1, low - 1, -1)
            if not self.absent:
                found = list(places)
            else:
                found = [place for place in places if place not in self.absent]
            if found or page > 1 or low <= start:
                return found
            end = low
        return []
