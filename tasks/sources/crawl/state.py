"""What a crawl remembers: where each stream stands and what it found.

One SQLite file a source, `landing/.crawl/<source>.sqlite`. A page's records, the
stream's new cursor and what follows from the page stand in one transaction, so a
killed run repeats at most the pages that were under way. What it spends is counted
elsewhere (`spending.py`).

Records wait here only until they are landed (`waiting`, `forget`).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tasks.sources.crawl.spending import spending_files
from tasks.sources.crawl.sqlite_errors import told_errors
from tasks.sources.erasure import without_person
from tasks.warehouse.condition import Repairs
from tasks.warehouse.errors import DamagedError
from tasks.warehouse.people import Person

# Runs that go on where another stopped are one pass, as long as it is no older:
# half a day, so that the next day's run always begins a new one.
PASS = timedelta(hours=12)

_TABLES = """
create table if not exists streams (
    key text primary key, endpoint text not null, params text not null,
    priority integer not null, cursor text, watermark text, state text not null,
    note text, finished_at text
);
create table if not exists records (
    number integer primary key autoincrement, request text not null,
    item integer not null, kind text, root_id text, observed_at text not null,
    body text not null
);
create table if not exists samples (
    object_id text not null, step text not null, primary key (object_id, step)
);
create table if not exists absent (
    endpoint text not null, object_id text not null, reason text not null,
    observed_at text not null, primary key (endpoint, object_id)
);
create table if not exists facts (key text primary key, value text not null);
"""


_SELECT_STREAMS = (
    "select key, endpoint, params, priority, cursor, watermark, state, note"
    " from streams"
)


@dataclass(frozen=True)
class Stream:
    """One thing to read to its end: the reposts of a post, the posts of an account.

    Attributes:
        key: unique within the source.
        endpoint: of the platform's module.
        params: what is asked for, without paging. One that begins with `_` is
            only remembered: a stream is no other one for it.
        priority: lower goes first.
        cursor: where the next page begins; None at the start.
        watermark: newest id that was read to the end earlier; a later pass reads
            down to it.
        state: open, done, or stuck (gave up; `note` says why).
        note: for people.
        repeats: key of a stream that reads the same rows; this one is only opened
            when that one came to an end in an earlier pass. Not kept.
    """

    key: str
    endpoint: str
    params: dict[str, str]
    priority: int
    cursor: dict[str, Any] | None = None
    watermark: str | None = None
    state: str = "open"
    note: str | None = None
    repeats: str | None = None


@dataclass(frozen=True)
class Record:
    """One record of an answer, as it came.

    Attributes:
        body: JSON, in UTF-8.
        kind: what the request says it is, where its shape can't tell.
        root_id: the post it belongs to, where only the request tells.
    """

    body: bytes
    kind: str | None = None
    root_id: str | None = None


@dataclass(frozen=True)
class Waiting:
    """A record that waits to be landed."""

    number: int
    request: str
    item: int
    kind: str | None
    root_id: str | None
    observed_at: str
    body: bytes


@dataclass(frozen=True)
class Page:
    """What reading one answer means for the crawl.

    Attributes:
        records: to land.
        stream: the stream as it stands after the page.
        found: streams that follow from it (reposts of a post that was found).
        absent: (object id, reason) of what the platform no longer shows.
        sampled: (object id, step) of counters that were read.
        wait_seconds: the stream goes on after so long, in another run.
        rows: that the platform counts against its limits; None for the records.
        facts: (key, value) to remember (`CrawlState.fact`).
        told_limits: (name of a limit, its calls, calls left of them), as the
            platform says.
    """

    stream: Stream
    records: tuple[Record, ...] = ()
    found: tuple[Stream, ...] = ()
    absent: tuple[tuple[str, str], ...] = ()
    sampled: tuple[tuple[str, str], ...] = ()
    wait_seconds: float = 0.0
    rows: int | None = None
    facts: tuple[tuple[str, Any], ...] = ()
    told_limits: tuple[tuple[str, int, int], ...] = ()


class CrawlState:
    """The state of one source's crawl.

    Attributes:
        is_new_pass: this run goes on with no earlier one's work.
    """

    is_new_pass = True

    def __init__(self, file: Path) -> None:
        """Open or make the file."""
        file.parent.mkdir(parents=True, exist_ok=True)
        self._base = sqlite3.connect(file, isolation_level=None)
        # Of a new file: rows of 2 KB fill small pages badly.
        self._base.execute("pragma page_size = 16384")
        self._base.execute("pragma journal_mode = wal")
        self._base.execute("pragma synchronous = full")
        self._base.executescript(_TABLES)

    def __enter__(self) -> Self:
        """Return the state."""
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the file."""
        self._base.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._base.execute("begin immediate")
        try:
            yield
        except BaseException:
            # On a full disk it was rolled back already.
            if self._base.in_transaction:
                self._base.execute("rollback")
            raise
        self._base.execute("commit")

    # --- streams ------------------------------------------------------------

    def streams(self, state: str | None = None) -> list[Stream]:
        """Streams, those to read first first."""
        rows = self._base.execute(
            f"{_SELECT_STREAMS} where ? is null or state = ? order by priority, key",
            (state, state),
        )
        return [_stream(row) for row in rows]

    def stream(self, key: str) -> Stream | None:
        """One stream."""
        row = self._base.execute(f"{_SELECT_STREAMS} where key = ?", (key,)).fetchone()
        return None if row is None else _stream(row)

    def begin_pass(
        self, now: datetime, seeds: Callable[[], Iterable[Stream]], *, is_resumed: bool
    ) -> None:
        """Open the streams of a pass, or of the one that began less than `PASS` ago.

        Args:
            now: the time.
            seeds: makes the streams; may look at `is_new_pass`.
            is_resumed: an earlier run left something to do. What is read is not
                asked for again: with a small budget no run would come further.
        """
        began = self.fact("pass_began")
        age = None if began is None else now - datetime.fromisoformat(began)
        # Below zero where the clock was set back.
        is_young = age is not None and timedelta() <= age < PASS
        self.is_new_pass = not (is_resumed and is_young)
        self.open_streams(
            seeds(), now.replace(tzinfo=None) - PASS if is_resumed else None
        )
        # Last: a run that is killed here begins the pass once more.
        if self.is_new_pass:
            self.remember("pass_began", now.isoformat())

    def open_streams(
        self, streams: Iterable[Stream], done_since: datetime | None = None
    ) -> None:
        """Open streams anew; one that is being read goes on where it stands.

        A finished stream keeps its watermark.

        Args:
            streams: to open.
            done_since: those that were finished since then stay so, unless they
                now ask for something else.
        """
        with self._transaction():
            for stream in streams:
                if done_since is None or not self._is_done(stream, done_since):
                    self._open(stream)

    def _is_done(self, stream: Stream, since: datetime) -> bool:
        # Not later: the clock may have been set back.
        known = self._base.execute(
            "select params from streams where key = ? and state = 'done'"
            " and finished_at between ? and ?",
            (stream.key, _text(since), _text(since + 2 * PASS)),
        ).fetchone()
        return known is not None and _asked(json.loads(known[0])) == _asked(
            stream.params
        )

    def _open(self, stream: Stream) -> None:
        self._base.execute(
            """
            insert into streams values (?, ?, ?, ?, null, null, 'open', null, null)
            on conflict (key) do update set
                params = case when state = 'open' and cursor is not null
                    then params else excluded.params end,
                priority = excluded.priority,
                cursor = case when state = 'open' then cursor end,
                state = 'open',
                note = null
            """,
            (
                stream.key,
                stream.endpoint,
                json.dumps(stream.params, sort_keys=True),
                stream.priority,
            ),
        )

    def commit_page(self, page: Page, request: str, observed_at: datetime) -> None:
        """Keep a page: its records, its cursor and what follows, or nothing."""
        self.commit_pages([(page, request, observed_at)])

    def commit_pages(self, pages: Iterable[tuple[Page, str, datetime]]) -> None:
        """Keep pages that came together, in their order: all of them, or none.

        One sync of the disk for all: pages that come side by side wait for it once.

        Args:
            pages: with the request that each answers and when it was answered.
        """
        with self._transaction():
            for page, request, observed_at in pages:
                self._keep(page, request, observed_at)

    def _keep(self, page: Page, request: str, observed_at: datetime) -> None:
        moment = _text(observed_at)
        stream = page.stream
        if page.records:
            self._base.executemany(
                # Text all the same: an erasure looks into it.
                "insert into records (request, item, kind, root_id, observed_at, body)"
                " values (?, ?, ?, ?, ?, cast(? as text))",
                [
                    (request, item, record.kind, record.root_id, moment, record.body)
                    for item, record in enumerate(page.records)
                ],
            )
        self._base.execute(
            "update streams set cursor = ?, watermark = ?, state = ?, note = ?,"
            " finished_at = ? where key = ?",
            (
                None
                if stream.cursor is None
                else json.dumps(stream.cursor, sort_keys=True),
                stream.watermark,
                stream.state,
                stream.note,
                None if stream.state == "open" else moment,
                stream.key,
            ),
        )
        for found in page.found:
            known = self._base.execute(
                "select params, state from streams where key = ?", (found.key,)
            ).fetchone()
            # Read to its end, and nothing says that it has changed since.
            is_settled = known is not None and (
                known[1] == "open"
                or _asked(json.loads(known[0])) == _asked(found.params)
            )
            if not is_settled and not self._is_repetition(found, observed_at):
                self._open(found)
        for query, rows in (
            (
                "insert or replace into absent values (?, ?, ?, ?)",
                [(stream.endpoint, *one, moment) for one in page.absent],
            ),
            ("insert or ignore into samples values (?, ?)", page.sampled),
            (
                "insert or replace into facts values (?, ?)",
                [(key, json.dumps(value)) for key, value in page.facts],
            ),
        ):
            if rows:
                self._base.executemany(query, rows)

    def _is_repetition(self, stream: Stream, now: datetime) -> bool:
        """Whether another stream reads the same rows in this pass."""
        if stream.repeats is None:
            return False
        known = self._base.execute(
            "select 1 from streams where key = ? and finished_at not between ? and ?",
            (stream.repeats, _text(now - PASS), _text(now + PASS)),
        ).fetchone()
        return known is None

    def sampled(self) -> set[tuple[str, str]]:
        """(object id, step) of every counter sample that was taken."""
        return set(self._base.execute("select object_id, step from samples").fetchall())

    def absent(self) -> list[tuple[str, str, str]]:
        """(endpoint, object id, reason) of what the platform does not show."""
        return self._base.execute(
            "select endpoint, object_id, reason from absent order by 1, 2"
        ).fetchall()

    # --- facts --------------------------------------------------------------

    def fact(self, key: str) -> Any:
        """A remembered value, or None."""
        row = self._base.execute(
            "select value from facts where key = ?", (key,)
        ).fetchone()
        return json.loads(row[0]) if row else None

    def remember(self, key: str, value: Any) -> None:
        """Keep a value under a key."""
        with self._transaction():
            self._base.execute(
                "insert or replace into facts values (?, ?)", (key, json.dumps(value))
            )

    # --- records ------------------------------------------------------------

    def waiting(self, count: int) -> list[Waiting]:
        """The oldest records that are not landed yet."""
        rows = self._base.execute(
            "select number, request, item, kind, root_id, observed_at,"
            " cast(body as blob) from records order by number limit ?",
            (count,),
        )
        return [Waiting(*row) for row in rows]

    def forget(self, last_number: int) -> None:
        """Drop records that are landed."""
        with self._transaction():
            (newest,) = self._base.execute("select max(number) from records").fetchone()
            # All at once SQLite drops pages, else it goes through them row by row.
            which = "" if newest == last_number else f" where number <= {last_number:d}"
            self._base.execute(f"delete from records{which}")


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")


def _asked(params: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in params.items() if name[0] != "_"}


def _stream(row: tuple[Any, ...]) -> Stream:
    key, endpoint, params, priority, cursor, watermark, state, note = row
    return Stream(
        key,
        endpoint,
        json.loads(params),
        priority,
        json.loads(cursor) if cursor else None,
        watermark,
        state,
        note,
    )


# What a crawl remembers that may name an account.
_NAMING = {
    "streams": ("key", "params", "note"),
    "absent": ("object_id",),
    "samples": ("object_id",),
    "records": ("body",),
}


def crawl_files(landing: Path) -> list[Path]:
    """The files of all crawls of a workspace's landing."""
    return sorted((landing / ".crawl").glob("*.sqlite"))


def crawl_lock(file: Path) -> Path:
    """The file that who crawls locks, by what the crawl remembers."""
    return file.with_suffix(".lock")


def told_of_crawl(file: Path) -> AbstractContextManager[None]:
    """Say what is wrong with a crawl's file, and the repair, in place of SQLite."""
    return told_errors(
        file,
        "where the crawl is remembered",
        "What was landed stands; what was not is read again.",
    )


def mend_crawls(landing: Path, repairs: Repairs) -> None:
    """Set aside what crawls remember and can't be read: runs go on without it."""
    for files, what in (
        (
            crawl_files(landing),
            "what had landed stands, the crawl reads the rest again",
        ),
        (spending_files(landing), "what was spent this month is forgotten"),
    ):
        for file in files:
            if not _is_whole(file):
                for one in sorted(file.parent.glob(f"{file.name}*")):
                    repairs.set_aside(one, *one.relative_to(landing.parent).parts)
                repairs.done.append(f"{file} is damaged and set aside: {what}")


def _is_whole(file: Path) -> bool:
    """Whether what a crawl remembers can be read."""
    try:
        with closing(sqlite3.connect(file)) as connection:
            return connection.execute("pragma quick_check").fetchall() == [("ok",)]
    except sqlite3.DatabaseError:
        return False


def texts_of_crawl(file: Path) -> Iterator[list[str]]:
    """Texts in which somebody may be named, a column at a time."""
    with _opened(file) as connection:
        for table, columns in _NAMING.items():
            for column in columns:
                yield [
                    str(row[0])
                    for row in connection.execute(
                        f"select distinct {column} from {table}"
                        f" where {column} is not null"
                    )
                ]


def forget_in_crawl(file: Path, person: Person) -> None:
    """What the crawl remembers of the person: what to read next, who was absent."""
    with _opened(file) as connection:
        # Deleted rows otherwise stay in the file until they are written over.
        connection.execute("pragma secure_delete = on")
        with connection:
            for table, columns in _NAMING.items():
                if table == "records":  # may be of others, with the person in it
                    continue
                for column in columns:
                    connection.execute(
                        f"delete from {table} where instr({column}, ?) > 0",
                        (person.account_id,),
                    )
            waiting = connection.execute(
                "select number, body from records where instr(body, ?) > 0",
                (person.account_id,),
            ).fetchall()
            for number, body in waiting:
                for left in without_person(json.loads(body), person):
                    connection.execute(
                        "insert into records"
                        " (request, item, kind, root_id, observed_at, body)"
                        " select request, item, kind, root_id, observed_at, ?"
                        " from records where number = ?",
                        (json.dumps(left, ensure_ascii=False), number),
                    )
                connection.execute("delete from records where number = ?", (number,))
        connection.execute("vacuum")


@contextmanager
def _opened(file: Path) -> Iterator[sqlite3.Connection]:
    """What a crawl remembers.

    Raises:
        DamagedError: it can't be read.
    """
    try:
        with closing(sqlite3.connect(file)) as connection:
            yield connection
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", None) in _NO_DATABASE:
            raise DamagedError(file) from None
        raise


_NO_DATABASE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
