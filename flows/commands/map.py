"""What a table's columns may be: a proposal to copy, rows as they would be staged.

Nothing of the file is kept, and nothing leaves the terminal of whoever asks.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from flows.commands.audit import staged
from tasks.sources.canonical.proposals import SAMPLED_ROWS, Proposal, propose
from tasks.sources.documents import UnreadableFileError
from tasks.sources.file_format import data_suffix
from tasks.sources.format_guess import formats_that_read
from tasks.sources.table_rows import SUFFIXES
from tasks.warehouse.configuration import Source
from tasks.warehouse.errors import ConfigurationError
from tasks.warehouse.networks import PLATFORMS, TABLE_FORMAT
from tasks.warehouse.progress import plain, unheard
from tasks.warehouse.table_mapping import COUNTERS, PROFILE, ROWS, RowsOf, TableMapping
from tasks.warehouse.temporary import temporary_folder

_SHOWN_ROWS = 10
_SHOWN_WIDTH = 24
_TABLES: dict[RowsOf, str] = {
    "posts": "posts",
    "accounts": "accounts",
    "follows": "follows",
    "post_counters": "post_counters",
}


@dataclass(frozen=True)
class Mapped:
    """What `map` found.

    Attributes:
        path: the file.
        proposal: None for an empty table.
        told: of the file, in words.
        costs: what is missing, and what that costs; in words.
        staged: the first rows as they would be staged, by name.
        rejected: reasons of rows that would not be, with their number.
    """

    path: Path
    proposal: Proposal | None
    told: tuple[str, ...]
    costs: tuple[str, ...]
    staged: tuple[dict[str, Any], ...]
    rejected: tuple[tuple[str, int], ...]

    @property
    def is_whole(self) -> bool:
        """Whether the proposal can be used as it is."""
        found = self.proposal
        return found is not None and found.mapping is not None and not found.lacking


def map_columns(
    path: Path,
    platform: str | None = None,
    rows_of: str | None = None,
    sheet: str | None = None,
) -> Mapped:
    """Propose what a table's columns are.

    Args:
        path: CSV, TSV, XLSX, Parquet or SQLite.
        platform: the network, where it is known.
        rows_of: what a row is, where it is known.
        sheet: of a spreadsheet, or a database's table.

    Raises:
        ConfigurationError: the file is no table that can be read, or an option is
            wrong.
    """
    mistakes = []
    if platform is not None and platform not in PLATFORMS:
        mistakes.append(
            f"--platform '{platform}' must be one of {', '.join(PLATFORMS)}."
        )
    rows = next((one for one in ROWS if one == rows_of), None)
    if rows_of is not None and rows is None:
        mistakes.append(f"--rows '{rows_of}' must be one of {', '.join(ROWS)}.")
    if not path.is_file():
        mistakes.append(f"'{path}' is no file.")
    elif data_suffix(path) not in SUFFIXES:
        meant = formats_that_read([path])
        mistakes.append(
            f"'{path}' is no table that can be read ({', '.join(SUFFIXES)}): "
            + (
                f'it needs no mapping. Name it as a source with format = "{meant[0]}".'
                if meant
                else "formats of programs stand in the README; they need no mapping."
            )
        )
    if mistakes:
        raise ConfigurationError(mistakes)
    try:
        proposal, notes = propose(path, platform, rows, sheet)
    except UnreadableFileError as error:
        raise ConfigurationError([f"'{path}': {error}."]) from None
    told = list(notes.told)
    if meant := formats_that_read([path]):
        told.append(
            f'format = "{meant[0]}" reads it as it is and tells more: no mapping is'
            " needed"
        )
    if len(notes.rejected):
        first = notes.rejected[0]
        told.append(
            f"{len(notes.rejected)} of its first rows would be rejected, the first in"
            f" line {first.position}: {first.reason}"
        )
    rows_staged: tuple[dict[str, Any], ...] = ()
    rejected: tuple[tuple[str, int], ...] = ()
    if proposal and proposal.mapping and not proposal.lacking:
        rows_staged, rejected = _preview(proposal, proposal.mapping)
    return Mapped(
        path,
        proposal,
        tuple(told),
        tuple(_costs(proposal)) if proposal and proposal.mapping else (),
        rows_staged,
        rejected,
    )


def _preview(
    proposal: Proposal, mapping: TableMapping
) -> tuple[tuple[dict[str, Any], ...], tuple[tuple[str, int], ...]]:
    """The first rows through the same steps as all would go."""
    with temporary_folder("map") as folder, unheard():
        file = folder / "rows.csv"
        with file.open("w", encoding="utf-8", newline="") as handle:
            writer = csv.writer(handle)
            writer.writerow(proposal.header.cells)
            writer.writerows(row.cells for row in proposal.rows)
        source = Source.model_validate(
            {
                "name": "file",
                "platform": proposal.platform,
                "kind": "files",
                "format": TABLE_FORMAT,
                "path": str(file),
                "table": mapping.model_copy(update={"sheet": None}),
            }
        )
        with staged((source,)) as (connection, _, left_out):
            cursor = connection.execute(
                _QUERIES[_TABLES.get(mapping.rows, "interactions")]
            )
            names = [column[0] for column in cursor.description or []]
            rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return tuple(rows), tuple(left_out)


# Of posts and acts what people look at first; the order is the file's as far as times
# and ids keep it.
_QUERIES = {
    "posts": """
        select
            posts.post_id, posts.posted_at, posts.account_id, posts.text,
            posts.hashtags, counters.reposts_count, counters.comments_count,
            counters.likes_count, counters.reads_count
        from staging.posts as posts
        left join staging.post_counters as counters using (platform, post_id)
        order by posts.posted_at, posts.post_id limit 10
    """,
    "interactions": """
        select
            kind, interaction_id, root_post_id, account_id, author_name, acted_at, text,
            likes_count
        from staging.interactions order by acted_at, interaction_id limit 10
    """,
    "accounts": """
        select
            account_id, screen_name, followers_count, following_count, posts_count,
            gender, location, registered_at, description
        from staging.accounts
        qualify
            row_number() over (partition by account_id order by observed_at desc) = 1
        order by account_id limit 10
    """,
    "follows": """
        select account_id, follower_id from staging.follows order by all limit 10
    """,
    "post_counters": """
        select
            post_id, observed_at, reposts_count, comments_count, likes_count,
            reads_count
        from staging.post_counters order by all limit 10
    """,
}


def _costs(proposal: Proposal) -> Iterator[str]:
    """What no column tells, and what the marts can't say without it."""
    mapping = proposal.mapping
    assert mapping is not None
    rows, tells = mapping.rows, mapping.tells
    for name in proposal.lacking:
        yield (
            f"{name}: needed, and no column is known to be it. Name it below"
            " [sources.table.columns], or what it is on all rows below"
            " [sources.table.constants]"
        )
    is_act = rows in ("reposts", "comments", "likes", "interactions")
    if (is_act or rows == "posts") and not tells("account_id"):
        yield (
            "account_id: nobody knows who wrote a row. No accounts and people are"
            " counted, genuine numbers are null"
        )
    elif is_act and not any(
        tells(name) for name in PROFILE if name.endswith("_count") or name == "level"
    ):
        yield (
            "a profile (followers_count, posts_count, registered_at, ...): accounts are"
            " known by their names only, genuine numbers are null. Bring profiles, as"
            ' rows = "accounts", too'
        )
    if (is_act and rows != "likes" or rows == "posts") and not tells("text"):
        yield (
            "text: no sentiment, topics and mentions; posts belong to campaigns only"
            " where these list them"
        )
    if rows == "posts" and not tells("post_id") and "post_id" not in proposal.lacking:
        yield (
            "post_id: ids are made of a post's time and words. No campaign can list it,"
            " and what other sources say of it stands apart; posts of a brand's account"
            " count where account_id stands below [sources.table.constants]"
        )
    if is_act and not tells("interaction_id"):
        yield (
            "interaction_id: ids are made from what rows say, so two rows that say the"
            " same are one"
        )
    if rows in ("reposts", "interactions") and not tells("parent_id"):
        yield "parent_id: whom somebody reposted is told by the chain in the text only"
    if rows == "posts":
        missing = [name for name in COUNTERS[:3] if not tells(name)]
        if missing:
            yield (
                f"{', '.join(missing)}: what the platform counts is unknown, and so is"
                " how much of it was collected"
            )
        if not tells("root_post_id"):
            yield (
                "reposts and comments one by one: these rows are posts. Without others,"
                " engagements are the platform's counts, and genuine ones are null"
            )
    if rows in ("posts", "accounts", "follows", "post_counters") and not tells(
        "observed_at"
    ):
        yield (
            "observed_at: when it was read. State observed_at for the source; else"
            " posts and counters count as read when they were published"
        )


def as_toml(found: Mapped) -> str:
    """The block of `workspace.toml` to copy."""
    proposal = found.proposal
    assert proposal is not None
    mapping = proposal.mapping
    assert mapping is not None
    about = "" if proposal.is_platform_told else "   # not told by the file: is it?"
    lines = [
        "[[sources]]",
        f"name = {_quoted(_name_of(found.path))}",
        f"platform = {_quoted(proposal.platform)}{about}",
        'kind = "files"',
        f"format = {_quoted(TABLE_FORMAT)}",
        f"path = {_quoted(str(found.path.absolute()))}",
        "# observed_at = 2026-03-15T02:00:00Z   # when it was exported",
        "[sources.table]",
        f"rows = {_quoted(mapping.rows)}",
        f"time_zone = {_quoted(mapping.time_zone)}   # of times without a zone",
    ]
    if mapping.time_format:
        lines.append(f"time_format = {_quoted(mapping.time_format)}")
    if mapping.decimal_mark != ".":
        lines.append(f"decimal_mark = {_quoted(mapping.decimal_mark)}")
    if mapping.sheet:
        lines.append(f"sheet = {_quoted(mapping.sheet)}")
    lines.append("[sources.table.columns]")
    lines += [
        f"{column} = {_quoted(name)}"
        + ("   # by its values" if proposal.how[column] == "values" else "")
        for column, name in mapping.columns.items()
    ]
    lines += [f'# {column} = ""   # needed' for column in proposal.lacking]
    return "\n".join(lines)


def _name_of(path: Path) -> str:
    """A source's name: letters, digits and marks of the file's."""
    kept = "".join(
        mark if mark.isalnum() or mark in "_-" else "-" for mark in path.stem
    )
    return kept.strip("-_")[:100] or "table"


def _quoted(text: str) -> str:
    """A text as TOML writes it; JSON's escapes are its own. It steers no terminal."""
    return "".join(
        mark if mark == plain(mark) else f"\\U{ord(mark):08x}"
        for mark in json.dumps(text, ensure_ascii=False)
    )


def as_json(found: Mapped) -> str:
    """All of it, for programs."""
    proposal = found.proposal
    mapping = proposal.mapping if proposal else None
    return json.dumps(
        {
            "file": str(found.path),
            "is_whole": found.is_whole,
            "platform": proposal.platform if proposal else None,
            "mapping": mapping.model_dump(exclude_none=True) if mapping else None,
            "how": dict(proposal.how) if proposal else {},
            "lacking": list(proposal.lacking) if proposal else [],
            "unread": list(proposal.unread) if proposal else [],
            "doubts": list(proposal.doubts) if proposal else [],
            "told": list(found.told),
            "costs": list(found.costs),
            "workspace_toml": as_toml(found) if mapping else None,
            "staged": list(found.staged),
            "left_out": dict(found.rejected),
        },
        ensure_ascii=False,
        indent=1,
        default=str,
    )


def show(found: Mapped, console: Console) -> None:
    """Print it for people."""

    def tell(line: str = "") -> None:
        line = plain(line, keeps="\n")
        console.print(line, markup=False, highlight=False, soft_wrap=True)

    proposal = found.proposal
    for what in found.told:
        tell(f"{found.path}: {what}")
    if proposal is None:
        tell(f"{found.path} holds no rows.")
        return
    if proposal.mapping is None:
        tell("No column is known, by its name or its values. The names are:")
        tell("  " + ", ".join(name for name in proposal.header.cells if name))
        tell("Which names there can be: data/README.md, Tables of your own.")
        return
    tell("# Copy this into workspace.toml and correct what is wrong:")
    tell()
    tell(as_toml(found))
    tell()
    for doubt in proposal.doubts:
        tell(f"Doubt: {doubt}.")
    if proposal.unread:
        tell(f"Read by nobody: {', '.join(proposal.unread)}. They stay in landing.")
    if found.staged:
        more = ", more follow" if len(proposal.rows) == SAMPLED_ROWS else ""
        tell()
        tell(
            f"As they would be staged, the first of {len(proposal.rows):,} rows looked"
            f" at{more} (times in UTC):"
        )
        console.print(_as_table(found.staged))
    for reason, number in found.rejected:
        tell(f"Left out: {number:,} × {reason}")
    if found.costs:
        tell()
        tell("What is missing, and what that costs:")
        for cost in found.costs:
            tell(f"- {cost}.")


def _as_table(rows: tuple[dict[str, Any], ...]) -> Table:
    """Rows with columns that hold something; long values cut."""
    table = Table(box=None, pad_edge=False)
    names = [name for name in rows[0] if any(_shown(row[name]) for row in rows)]
    for name in names:
        table.add_column(
            name, no_wrap=True, overflow="ellipsis", max_width=_SHOWN_WIDTH
        )
    for row in rows:
        table.add_row(*(_shown(row[name]) for name in names))
    return table


def _shown(value: Any) -> str:
    from rich.markup import escape

    text = "" if value is None else str(value)
    if isinstance(value, list):
        text = ", ".join(map(str, value))
    return escape(plain(text))
