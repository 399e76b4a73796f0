"""Deduplicate accounts: one verdict per account over all its observations."""

from __future__ import annotations

from pathlib import Path

from tasks.verdicts.accounts import Deduplicated, judge_accounts
from tasks.warehouse.errors import without_values
from tasks.warehouse.workspace import load_workspace


def deduplicate(root: Path, run_id: str) -> Deduplicated:
    """Judge the accounts that are staged."""
    with without_values("deduplicate"):
        return judge_accounts(load_workspace(root), run_id)
