"""What a record of weibo-crawler's files carries of the file that held it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tasks.warehouse.raw_tables import TABLE_CONTEXT

FILE = TABLE_CONTEXT


def tagged(
    record: Mapping[str, Any], kind: str, form: str, uid: str | None = None
) -> dict[str, Any]:
    """A record with the kind, the form and the owner of the file that held it."""
    return {**record, FILE: {"kind": kind, "form": form, "uid": uid}}
