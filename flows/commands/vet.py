"""`vet`: what accounts' audiences are worth, before anything is signed.

Of accounts that a workspace holds, or of those whose posts stand in exported files:
then no workspace is needed, and what the files can't tell is told.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from rich.cells import cell_len

from tasks.accounts.genuine_share import bound_sets, draw_audiences, planted_rates
from tasks.accounts.phantom_model import read_rates
from tasks.campaigns.partner_excess import FEWEST_ACCOUNTS
from tasks.report.figures import format_number, format_percent
from tasks.warehouse.account_lookup import find_accounts, profile_address
from tasks.warehouse.audience_lookup import Engagers, find_authors, find_engagers
from tasks.warehouse.configuration import Policies, Source
from tasks.warehouse.errors import ConfigurationError
from tasks.warehouse.lock import hold_workspace
from tasks.warehouse.progress import plain
from tasks.warehouse.publication import FORMULA
from tasks.warehouse.temporary import temporary_folder
from tasks.warehouse.whole_files import replacing
from tasks.warehouse.workspace import Workspace

# Below this what nobody collected may change the picture.
_COMPLETE = 0.95
# Of the authors in a file, those with the largest audiences.
MOST_CANDIDATES = 20
_OUT_COLUMNS: dict[str, Any] = {
    "platform": pl.String,
    "account_id": pl.String,
    "screen_name": pl.String,
    "profile_url": pl.String,
    "phantom_level": pl.String,
    "posts": pl.Int64,
    "first_post_day": pl.Date,
    "last_post_day": pl.Date,
    "platform_engagements": pl.Int64,
    "completeness": pl.Float64,
    "engagements": pl.Int64,
    "engaged_accounts": pl.Int64,
    "genuine_share": pl.Float64,
    "genuine_share_low": pl.Float64,
    "genuine_share_high": pl.Float64,
    "phantom_share": pl.Float64,
    "phantom_share_low": pl.Float64,
    "phantom_share_high": pl.Float64,
    "suspected_share": pl.Float64,
    "coordinated_share": pl.Float64,
    "is_enough": pl.Boolean,
    "overlaps": pl.String,
}


@dataclass(frozen=True)
class Vetted:
    """What files tell of candidates.

    Attributes:
        found: an entry a candidate, as `vet` gives them.
        unknown: what can't be known from these files, in sentences.
        missing: accounts that were asked for and did not post in these files.
    """

    found: list[dict[str, Any]]
    unknown: list[str]
    missing: list[str]


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
        candidates: dict[tuple[str, str], dict[str, Any]] = {}
        for one in find_accounts(workspace.database, names, platform):
            key = str(one.about["platform"]), str(one.about["account_id"])
            candidates.setdefault(key, {**one.about, "asked": []})["asked"].append(
                one.asked
            )
        return _told_of(workspace, list(candidates.values()))


def is_file(name: str) -> bool:
    """Whether an argument names files, not an account."""
    return any(mark in name for mark in "/*?[") or Path(name).exists()


def vet_files(
    sources: Sequence[Source], asked: Sequence[str] = (), platform: str | None = None
) -> Vetted:
    """Judge the audiences of who posted in exported files; no workspace is needed.

    Args:
        sources: the files, as `find_sources` gives them.
        asked: ids or `@names` of the candidates; without it who posted what most others
            engaged with: all with enough accounts to judge by, else the one with most.
        platform: the only network to look at; all without it.

    Raises:
        ConfigurationError: nobody in these files posted what others engaged with.
    """
    with temporary_folder("vet") as folder:
        workspace = Workspace(
            root=Path(folder),
            timezone="Asia/Shanghai",
            sources=tuple(sources),
            brands=(),
            campaigns=(),
            # What can't be read is told, it stops nobody from reading the rest.
            policies=Policies(quarantine_threshold=1),
        )
        _judge_files(workspace)
        authors = [
            author
            for author in find_authors(workspace.database).to_dicts()
            if platform in (None, author["platform"])
        ]
        candidates = _candidates(authors, asked)
        if not candidates and not asked:
            raise ConfigurationError(
                [
                    "Nobody posted anything in these files that others engaged with:"
                    " bring posts and who reposted, commented or liked them, in one"
                    " export or several; --format names a format that can't be told."
                ]
            )
        found = _told_of(workspace, candidates)
    others = 0 if asked else len(authors) - len(candidates)
    return Vetted(
        found,
        list(_unknown_of(sources, others)),
        [
            name
            for name in dict.fromkeys(asked)
            if not any(name in one["asked"] for one in found)
        ],
    )


def _judge_files(workspace: Workspace) -> None:
    """Land, stage and judge, as a run does."""
    from tasks.marts.configuration import write_configuration
    from tasks.sources.source_files import land_sources
    from tasks.staging.stage import stage_batches
    from tasks.verdicts.accounts import judge_accounts
    from tasks.warehouse.database import connect

    land_sources(workspace)
    stage_batches(workspace, "vet")
    judge_accounts(workspace, "vet")
    with connect(workspace.database) as connection:
        write_configuration(connection, workspace)


def _candidates(
    authors: Sequence[dict[str, Any]], asked: Sequence[str]
) -> list[dict[str, Any]]:
    """Whom of the authors to judge, each with how it was asked for."""
    if not asked:
        enough = [
            author
            for author in authors
            if author["engaged_accounts"] >= FEWEST_ACCOUNTS
        ]
        chosen = enough[:MOST_CANDIDATES] or list(authors[:1])
        return [{**author, "asked": []} for author in chosen]
    named = [
        {
            **author,
            "asked": [
                name
                for name in dict.fromkeys(asked)
                if name == author["account_id"]
                or (author["screen_name"] and name == f"@{author['screen_name']}")
            ],
        }
        for author in authors
    ]
    return [author for author in named if author["asked"]]


def _unknown_of(sources: Sequence[Source], others: int) -> Iterator[str]:
    """What these files can't tell, in sentences."""
    from tasks.sources.gives import gives_of, lacks_of

    if others:
        yield (
            f"{format_number(others)} other author{'' if others == 1 else 's'} in these"
            " files had fewer engagers: name them with --account to see them, too."
        )
    for form, platform in sorted({(one.format, one.platform) for one in sources}):
        lacks = lacks_of(gives_of(next(one for one in sources if one.format == form)))
        if lacks:
            yield f"Files of {platform}, format {form}, don't tell {lacks}."
    yield (
        "Whether these audiences are your brand's as well can't be told from files:"
        " land them in your workspace and ask `vet` for the accounts."
    )
    yield (
        "Who follows a candidate and never engages is not looked at here, and what it"
        " posted or drew that these files don't hold may differ."
    )


def _told_of(
    workspace: Workspace, candidates: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """An entry a candidate: platform, account_id, screen_name, phantom_level, asked."""
    accounts = [(str(one["platform"]), str(one["account_id"])) for one in candidates]
    engagers = find_engagers(workspace.database, accounts, workspace.policies.min_cell)
    brands = {brand.id: brand.name for brand in workspace.brands}
    judged = _judged(engagers)
    labels = [_label(one) for one in candidates]
    return [
        {
            "asked": one["asked"],
            "platform": one["platform"],
            "account_id": one["account_id"],
            "screen_name": one["screen_name"],
            "profile_url": profile_address(*accounts[number]),
            "account_key": one.get("account_key"),
            "phantom_level": one["phantom_level"],
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
        for number, one in enumerate(candidates)
    ]


def _judged(engagers: Engagers) -> list[dict[str, Any]]:
    """Numbers of each account; null where nothing is known."""
    bounds = bound_sets(
        engagers.histograms,
        ["number"],
        draw_audiences(planted_rates(), read_rates(engagers.rates)),
    )
    rows = (
        engagers.posts.join(engagers.counted, on="number", how="left")
        .join(engagers.totals, on="number", how="left")
        .join(bounds, on="number", how="left")
        .sort("number")
    )
    return [dict(_numbers(row)) for row in rows.iter_rows(named=True)]


def _numbers(row: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name in ("posts", "first_post_day", "last_post_day"):
        yield name, row[name]
    counted = row["platform_engagements"]
    yield "platform_engagements", counted
    yield "completeness", _share(row["held_engagements"], counted)
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


def write_out(found: Sequence[dict[str, Any]], out: Path) -> None:
    """Write a row a candidate, `.parquet` or `.csv`; overlaps as text."""
    rows = [
        {
            **{name: one[name] for name in _OUT_COLUMNS},
            "overlaps": "; ".join(
                f"{other['with']}: {other['shared_accounts']} accounts,"
                f" {format_percent(other['share'])} of its genuine engagers"
                for other in one["overlaps"]
            ),
        }
        for one in found
    ]
    table = pl.DataFrame(rows, schema=_OUT_COLUMNS)
    with replacing(out) as beside:
        if out.suffix == ".parquet":
            table.write_parquet(beside)
            return
        # No spreadsheet takes them for formulas.
        texts = ("account_id", "screen_name", "overlaps")
        table.with_columns(
            pl.when(pl.col(name).str.contains(FORMULA))
            .then(pl.concat_str(pl.lit("'"), pl.col(name)))
            .otherwise(pl.col(name))
            .alias(name)
            for name in texts
        ).write_csv(beside, include_bom=True)


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
            plain(_label(one)),
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
                f"{plain(_label(one))}: fewer than {FEWEST_ACCOUNTS} accounts engaged"
                " in the data that is held, too few to judge by."
            )
        share = one["completeness"]
        if share is not None and share < _COMPLETE:
            yield (
                f"{plain(_label(one))}: {format_percent(share)} of the"
                f" {format_number(one['platform_engagements'])} engagements that the"
                " platform counts on its posts are held one by one; the rest may"
                " differ."
            )
        for other in one["overlaps"]:
            what = "the brand" if other["kind"] == "brand" else "candidate"
            accounts = format_number(other["shared_accounts"])
            yield (
                f"{plain(_label(one))}: {format_percent(other['share'])} of its"
                f" genuine engagers ({accounts} accounts) engage with {what}"
                f" {plain(str(other['with']))}, too."
            )


def _place(one: dict[str, Any]) -> tuple[bool, float, str]:
    share = one["genuine_share"]
    return share is None, -(share or 0.0), _label(one)


def _label(about: Mapping[str, Any]) -> str:
    name = about["screen_name"]
    return f"@{name}" if name else f"{about['platform']} {about['account_id']}"


def _span(low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return "–"
    return f"{format_percent(low)} to {format_percent(high)}"
