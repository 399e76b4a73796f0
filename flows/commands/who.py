"""`who`: from a pseudonym to the account behind it, and the other way round."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date

from tasks.sources.erasure_marker import is_pending
from tasks.warehouse.account_lookup import KnownAccount, find_accounts
from tasks.warehouse.errors import ConfigurationError
from tasks.warehouse.lock import hold_workspace
from tasks.warehouse.progress import plain
from tasks.warehouse.seeds import override_line
from tasks.warehouse.workspace import Workspace


def who(
    workspace: Workspace, wanted: Sequence[str], platform: str | None = None
) -> list[KnownAccount]:
    """Look accounts up in the warehouse.

    Raises:
        ConfigurationError: nothing was asked, there is no warehouse yet, or an erasure
            waits: the warehouse may still hold whom it is about.
        WorkspaceLockedError: a run writes the warehouse now.
    """
    if not any(wanted):
        raise ConfigurationError(["Name a pseudonym, an id or a @name to look for."])
    if not workspace.database.exists():
        raise ConfigurationError(
            [f"{workspace.database} does not exist: run `daily` or `backfill` first."]
        )
    with hold_workspace(workspace.lock, "who"):
        if is_pending(workspace.root):
            raise ConfigurationError(
                [
                    "An erasure waits for a run to finish it: run `daily` first, then"
                    " ask again."
                ]
            )
        return find_accounts(workspace.database, list(filter(None, wanted)), platform)


def told(account: KnownAccount, today: date) -> Iterator[str]:
    """The lines for people; what accounts call themselves can't steer a terminal."""
    about = account.about
    name = f' "{plain(str(about["screen_name"]))}"' if about["screen_name"] else ""
    address = f" {plain(account.profile_url)}" if account.profile_url else ""
    yield f"{about['platform']} {plain(str(about['account_id']))}{name}{address}"
    group = about["coordinated_group_key"]
    yield (
        f"  pseudonym {about['account_key']}, operator {about['operator_key']}"
        + (f", coordinated group {group}" if group else "")
    )
    seen = f"{about['first_seen_day']} to {about['last_seen_day']}"
    yield f"  {_verdict(about)}, seen {seen}"
    for reason in _listed(about["reasons"]):
        yield f"    {plain(reason)}"
    for acts in account.campaigns:
        did = ", ".join(f"{acts[kind]} {kind}" for kind in _KINDS if acts[kind])
        days = f"{acts['first_acted_day']} to {acts['last_acted_day']}"
        yield f"  in campaign {acts['campaign_id']}: {did} ({days})"
    yield "  to decide otherwise, a line for seeds/account_overrides.csv:"
    yield f"    {_line(about, today)}"


def as_json(accounts: Sequence[KnownAccount]) -> str:
    """All that is known of them, for programs."""
    rows = [
        {
            "asked": account.asked,
            **account.about,
            "profile_url": account.profile_url,
            "campaigns": account.campaigns,
        }
        for account in accounts
    ]
    return json.dumps(rows, ensure_ascii=False, indent=1, default=str)


_KINDS = ("reposts", "comments", "likes", "mentions")


def _verdict(about: dict[str, object]) -> str:
    words = {"phantom": "likely phantom"}
    level = words.get(str(about["phantom_level"]), str(about["phantom_level"]))
    if about["is_confirmed"]:
        return f"{str(about['phantom_level'])} as a person decided"
    probability = about["phantom_probability"]
    if not isinstance(probability, float):
        return level
    return f"{level}, score {probability:.2f} by {about['model_version']}"


def _line(about: dict[str, object], today: date) -> str:
    """The opposite decision as a line of the seed."""
    decision = "genuine" if about["phantom_level"] != "genuine" else "phantom"
    platform, account_id = str(about["platform"]), str(about["account_id"])
    return plain(override_line(decision, platform, account_id, today))


def _listed(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []
