"""`vet`: what accounts' audiences are worth, before anything is signed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from rich.cells import cell_len

from tasks.accounts.genuine_share import bound_sets, draw_audiences, planted_rates
from tasks.accounts.phantom_model import read_rates
from tasks.campaigns.partner_excess import FEWEST_ACCOUNTS
from tasks.report.figures import format_number, format_percent
from tasks.warehouse.account_lookup import find_accounts, profile_address
from tasks.warehouse.audience_lookup import Engagers, find_engagers
from tasks.warehouse.errors import ConfigurationError
from tasks.warehouse.lock import hold_workspace
from tasks.warehouse.workspace import Workspace


def vet(
    workspace: Workspace, wanted: Sequence[str], platform: str | None = None
) -> list[dict[str, Any]]:
    """Judge the audiences of accounts by the workspace's data.

    Args:
        workspace: whose data; only read.
        wanted: pseudonyms (eight digits or more), ids, `@names`.
        platform: the only network to look at; all without it.

    Returns:
        An entry for each account found, in the order asked: who it is, its posts, who
        engaged with them with the interval of what is genuine, and `overlaps`.

    Raises:
        ConfigurationError: nothing was asked, or there is no warehouse yet.
        WorkspaceLockedError: a run writes the warehouse now.
    """
    names = list(filter(None, wanted))
    if not names:
        raise ConfigurationError(["Name a pseudonym, an id or a @name to look at."])
    if not workspace.database.exists():
        raise ConfigurationError(
            [f"{workspace.database} does not exist: run `daily` or `backfill` first."]
        )
    with hold_workspace(workspace.lock, "vet"):
        known = find_accounts(workspace.database, names, platform)
        found = {
            (str(one.about["platform"]), str(one.about["account_id"])): one
            for one in known
        }
        engagers = find_engagers(
            workspace.database, list(found), workspace.policies.min_cell
        )
    brands = {brand.id: brand.name for brand in workspace.brands}
    judged = _judged(engagers)
    labels = [_label(one.about) for one in found.values()]
    return [
        {
            "asked": [
                one.asked
                for one in known
                if one.about["platform"] == network
                and one.about["account_id"] == account_id
            ],
            "platform": network,
            "account_id": account_id,
            "screen_name": account.about["screen_name"],
            "profile_url": profile_address(network, account_id),
            "account_key": account.about["account_key"],
            "phantom_level": account.about["phantom_level"],
            **judged[number],
            "overlaps": [
                {
                    "with": labels[int(row["other"])]
                    if row["other_side"] == "candidate"
                    else brands.get(row["other"], row["other"]),
                    "kind": row["other_side"],
                    "shared_accounts": row["shared_accounts"],
                    "share": row["share"],
                }
                for row in engagers.overlaps.iter_rows(named=True)
                if row["number"] == number
            ],
        }
        for number, ((network, account_id), account) in enumerate(found.items())
    ]


def _judged(engagers: Engagers) -> list[dict[str, Any]]:
    """Numbers of each account; null where nothing is known."""
    bounds = bound_sets(
        engagers.histograms,
        ["number"],
        draw_audiences(planted_rates(), read_rates(engagers.rates)),
    )
    rows = (
        engagers.posts.join(engagers.totals, on="number", how="left")
        .join(bounds, on="number", how="left")
        .sort("number")
    )
    return [dict(_numbers(row)) for row in rows.iter_rows(named=True)]


def _numbers(row: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name in ("posts", "first_post_day", "last_post_day"):
        yield name, row[name]
    acts, accounts = row["engagements"], row["engaged_accounts"]
    yield "engagements", acts
    yield "engaged_accounts", accounts
    told = row["is_told"] if acts else None
    yield "genuine_share", _share(row["genuine_engagements"], acts) if told else None
    yield "genuine_share_low", _share(row["acts_low"], acts)
    yield "genuine_share_high", _share(row["acts_high"], acts)
    yield "phantom_share", _share(row["likely_phantoms"], accounts) if told else None
    for end, other in (("low", "high"), ("high", "low")):
        kept = row[f"accounts_{other}"]
        gone = None if kept is None or accounts is None else accounts - kept
        yield f"phantom_share_{end}", _share(gone, accounts)
    yield "suspected_share", _share(row["suspected"], accounts)
    yield "coordinated_share", _share(row["coordinated"], accounts)
    yield "is_enough", bool(accounts and accounts >= FEWEST_ACCOUNTS)


def _share(part: int | None, whole: int | None) -> float | None:
    return round(part / whole, 6) if part is not None and whole else None


def as_json(found: Sequence[dict[str, Any]]) -> str:
    """All that was found, for programs."""
    return json.dumps(found, ensure_ascii=False, indent=1, default=str)


def told(found: Sequence[dict[str, Any]]) -> Iterator[str]:
    """A table for people, the most genuine audience first, then overlaps."""
    heads = (
        "account",
        "posts",
        "engagements",
        "accounts",
        "genuine",
        "95 % interval",
        "likely phantoms",
        "acting together",
    )
    rows = [
        (
            _plain(_label(one)),
            format_number(one["posts"]),
            format_number(one["engagements"]),
            format_number(one["engaged_accounts"]),
            format_percent(one["genuine_share"]),
            _span(one["genuine_share_low"], one["genuine_share_high"]),
            format_percent(one["phantom_share"]),
            format_percent(one["coordinated_share"]),
        )
        for one in sorted(found, key=_place)
    ]
    # Chinese characters take two columns of a terminal.
    widths = [max(map(cell_len, column)) for column in zip(heads, *rows, strict=True)]
    for name, *numbers in (heads, *rows):
        cells = [name + " " * (widths[0] - cell_len(name))]
        cells += map(str.rjust, numbers, widths[1:])
        yield "  ".join(cells).rstrip()
    for one in found:
        if not one["is_enough"]:
            yield (
                f"{_plain(_label(one))}: fewer than {FEWEST_ACCOUNTS} accounts engaged"
                " in the data that is held, too few to judge by."
            )
        for other in one["overlaps"]:
            what = "the brand" if other["kind"] == "brand" else "candidate"
            accounts = format_number(other["shared_accounts"])
            yield (
                f"{_plain(_label(one))}: {format_percent(other['share'])} of its"
                f" genuine engagers ({accounts} accounts) engage with {what}"
                f" {_plain(other['with'])}, too."
            )


def _place(one: dict[str, Any]) -> tuple[bool, float, str]:
    share = one["genuine_share"]
    return share is None, -(share or 0.0), _label(one)


def _label(about: dict[str, Any]) -> str:
    name = about["screen_name"]
    return f"@{name}" if name else f"{about['platform']} {about['account_id']}"


def _span(low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return "–"
    return f"{format_percent(low)} to {format_percent(high)}"


def _plain(value: object) -> str:
    """A text without what moves a terminal's cursor or turns its direction."""
    return "".join(mark if mark.isprintable() else "�" for mark in str(value))
