"""A file format as data: what a record is, its kind, its day, what it can tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any

# Answer or file content as Python values -> the records in it.
Splitter = Callable[[Any], list[Any]]


@dataclass(frozen=True)
class Gives:
    """What records of a format can tell.

    Attributes:
        rows: kinds of interactions one by one.
        accounts: kinds whose rows can say who acted.
        times: kinds whose rows say when; others count for the day they were seen.
        counters: kinds that the platform's own counters tell of a post.
        commercial_counters: of these what an API tells by commercial contract only.
        followers: how many followers an account has that reposts or comments.
        follower_lists: who follows an account.
    """

    rows: frozenset[str] = frozenset()
    accounts: frozenset[str] = frozenset()
    times: frozenset[str] = frozenset()
    counters: frozenset[str] = frozenset()
    commercial_counters: frozenset[str] = frozenset()
    followers: bool = False
    follower_lists: bool = False


def gives(
    rows: str,
    counters: str,
    *,
    nameless: str = "",
    timeless: str = "",
    commercial_counters: str = "",
    followers: bool = False,
    follower_lists: bool = False,
) -> Gives:
    """What a format can tell, kinds written with blanks between them.

    Args:
        rows: kinds one by one.
        counters: kinds that are counted.
        nameless: of `rows` those that don't say who acted.
        timeless: of `rows` those that don't say when.
        commercial_counters: of `counters` those that an API sells apart.
        followers: as in `Gives`.
        follower_lists: as in `Gives`.
    """
    kinds = frozenset(rows.split())
    return Gives(
        rows=kinds,
        accounts=kinds - frozenset(nameless.split()),
        times=kinds - frozenset(timeless.split()),
        counters=frozenset(counters.split()),
        commercial_counters=frozenset(commercial_counters.split()),
        followers=followers,
        follower_lists=follower_lists,
    )


@dataclass(frozen=True)
class FileFormat:
    """How records of one format are told apart.

    Attributes:
        name: as `format` in workspace.toml; landed records carry it.
        suffixes: of its files, without a compression's.
        paths: JSON paths; the list of texts there is `parts` below.
        kind_sql: DuckDB expression over `parts` and `file_kind`, what the file's
            own name says: the record's kind, null where nobody knows the shape.
        time_sql: the like for the record's time (timestamp with time zone).
        file_kinds: stem -> kind where the file's name tells it; empty where the
            shape does.
        kept_kinds: of records that are known and that no table takes: they land.
        folder_is_root: the folder that holds a file names the root post.
        names_networks: a record may name its network, any one.
        gives: what its records can tell, kind by kind: the ground for telling null
            from zero.
        speaker: whose answers its files hold, where the platform's name doesn't tell.
        split: a document to its records, where it is an answer that wraps them;
            None where only the common envelopes occur.
        explain: why a record of no known kind is none (an error that the platform,
            named, answered with HTTP 200); None where nothing is known besides what
            `tasks.sources.error_answers` knows.
        read: how a file becomes batches of documents, where it holds no JSON; takes
            what `read_documents` takes.
        told_beside: what files beside one say of its records; None where they say
            nothing. A file of which they say something else is read again.
    """

    name: str
    suffixes: tuple[str, ...]
    paths: tuple[str, ...]
    kind_sql: str
    time_sql: str
    gives: Gives
    file_kinds: Mapping[str, str] = field(default_factory=dict)
    kept_kinds: tuple[str, ...] = ()
    folder_is_root: bool = False
    names_networks: bool = False
    speaker: str | None = None
    split: Splitter | None = None
    explain: Callable[[Any, str], str | None] | None = None
    read: Callable[..., Iterator[Any]] | None = None
    told_beside: Callable[[Path], str | None] | None = None


def data_suffix(path: PurePath) -> str:
    """The suffix without a compression's: `reposts.json.gz` -> `.json`."""
    name = path.name.lower().removesuffix(".gz").removesuffix(".zst")
    return PurePath(name).suffix


def data_stem(path: PurePath) -> str:
    """The name without suffixes: `reposts.json.gz` -> `reposts`."""
    return path.name.split(".")[0].lower()
