"""Who was erased, out of the whole workspace: now, after a kill, after a restore.

An erasure writes its tombstones first, then the marker `.erasing`, then takes the
person out of landing, quarantine, seeds, names of files and what crawls remember, and
deletes the warehouse. The marker goes when the marts are made anew and older
publications are deleted; every run finishes that first. Files that changed since (a
backup that was restored, a folder copied back) are held against the tombstones at the
start of each run.
"""

from __future__ import annotations

import csv
import io
import json
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import polars as pl

from tasks.sources.erasure import (
    MARK,
    Erased,
    Landed,
    Person,
    bare_reason,
    candidates,
    erase_from,
    unescaped,
    with_names,
    without_person,
    without_words,
    words_in,
)
from tasks.warehouse import landing, tombstones
from tasks.warehouse.claim_files import forget_claims
from tasks.warehouse.errors import (
    ConfigurationError,
    DamagedError,
    LandingDamagedError,
)
from tasks.warehouse.ledger import known_days
from tasks.warehouse.progress import say
from tasks.warehouse.publication import AMPLIFIERS, CONTACTS, drop_restricted
from tasks.warehouse.rejected import read_rejected
from tasks.warehouse.workspace import PLATFORMS, Workspace

MARKER = ".erasing"
# What was held against which tombstones, so that a run reads only what changed.
_SEEN = ".erasures.seen.json"
# An id that no record has, for whom only names are known.
_NOBODY = "\x00"


@dataclass(frozen=True)
class Gone:
    """What an erasure did.

    Attributes:
        landed: in landing.
        days: first and last day that are to be made anew; None where nothing ran yet.
        exports: files outside of landing that still hold the person.
        set_aside: folders of damaged files, which nobody can read through.
    """

    landed: Erased
    days: tuple[date, date] | None
    exports: list[str]
    set_aside: list[str]


@dataclass(frozen=True)
class _Files:
    """Files of a workspace that may show people."""

    landed: tuple[tuple[str, Landed], ...]
    quarantine: tuple[Path, ...]
    crawls: tuple[Path, ...]
    logs: tuple[Path, ...]
    seeds: tuple[Path, ...]

    @property
    def everything(self) -> Iterator[Path]:
        """All of them."""
        for _, landed in self.landed:
            yield from landed.files
        yield from (*self.quarantine, *self.crawls, *self.logs, *self.seeds)

    def only(self, wanted: set[Path]) -> _Files:
        """Those among some files."""
        return _Files(
            tuple(
                (platform, replace(landed, files=kept))
                for platform, landed in self.landed
                if (kept := tuple(file for file in landed.files if file in wanted))
            ),
            *(
                tuple(file for file in files if file in wanted)
                for files in (self.quarantine, self.crawls, self.logs, self.seeds)
            ),
        )


def erase_people(workspace: Workspace, asked: Sequence[tuple[str, str]]) -> Gone:
    """Take people out of everything; the marts are to be made anew afterwards.

    The caller holds the workspace. Run again it goes on where it was killed.

    Args:
        workspace: which one.
        asked: network and id of each.

    Raises:
        ConfigurationError: an account is a brand's.
        LandingDamagedError: a landed file is not as it was written.
    """
    people = sorted(
        {(one, tombstones.canonical_id(one, account)) for one, account in asked}
    )
    owned = {
        (
            account.platform,
            tombstones.canonical_id(account.platform, account.account_id),
        )
        for account in (
            *(account for brand in workspace.brands for account in brand.accounts),
            *(
                partner.account
                for campaign in workspace.campaigns
                for partner in campaign.partners
            ),
        )
    }
    if owned & set(people):
        raise ConfigurationError(
            [
                "This account is a brand's own or a partner's in workspace.toml: take"
                " it out there first."
            ]
        )
    root = workspace.root
    if _is_cleared(root / MARKER):
        # What is damaged now would pass for written on purpose afterwards.
        landing.verify(workspace.landing, landing.read_log(workspace.landing))
    # First, so that a run after a crash lands nothing of the person again.
    tombstones.bury_all(root, [(*one, ()) for one in people])
    days = _begin(workspace)
    files = _files(workspace)
    exports: set[str] = set()
    for platform, landed in files.landed:
        for person in (Person(*one) for one in people):
            if _is_of(platform, landed, person):
                exports.update(_exports_with(workspace, landed, person))
    done = _erase(workspace, [Person(*one) for one in people], files)
    _clear(workspace)
    set_aside = sorted(
        path.relative_to(root).as_posix()
        for path in workspace.quarantine.glob("damaged-*")
    )
    if days is None:
        finish(workspace)
    return Gone(done, days, sorted(exports), set_aside)


def keep_out(workspace: Workspace) -> None:
    """Before a run reads anything: finish what was begun, look at what changed.

    The caller holds the workspace. Cost: nothing before the first erasure; then a stat
    for each file, and reading those that changed once.

    Raises:
        ConfigurationError: the tombstones or their key are lost.
    """
    root = workspace.root
    marker = root / MARKER
    if not marker.exists() and not tombstones.has_tombstones(root):
        return
    begun = not _is_cleared(marker)
    files = _files(workspace)
    changed = set(files.everything) if begun else _changed(workspace, files)
    if not changed and not begun:
        return
    fresh = files.only(changed)
    people = _people_in(workspace, fresh)
    if people or begun:
        _begin(workspace)
        done = _erase(workspace, people, fresh)
        if begun or done.files or done.removed:
            say(
                f"  erasure: {done.removed:,} records of people who were erased before"
                f" and {done.changed:,} mentions of them taken out; the marts are made"
                " anew"
            )
            _clear(workspace)
        else:
            _unmark(marker)
    _note_seen(workspace)


def finish(workspace: Workspace) -> None:
    """After the marts are made anew: older publications go, and the marker."""
    marker = workspace.root / MARKER
    if marker.exists():
        forget_older(workspace.root)
        _unmark(marker)


def is_taking_out(root: Path) -> bool:
    """Whether an erasure was stopped amid files, which the next run goes through."""
    try:
        text = (root / MARKER).read_text(encoding="utf-8")
        return not json.loads(text)["is_cleared"]
    except FileNotFoundError:
        return False
    except (ValueError, KeyError, TypeError):
        return True


def is_pending(root: Path) -> bool:
    """Whether an erasure waits for a run to make the marts anew."""
    return (root / MARKER).exists()


def _begin(workspace: Workspace) -> tuple[date, date] | None:
    """Write the marker, with the days that are to be made anew."""
    marker = workspace.root / MARKER
    days = known_days(workspace)
    if marker.exists():
        told = json.loads(marker.read_text(encoding="utf-8") or "{}").get("days")
        days = sorted({*days, *(date.fromisoformat(day) for day in told or ())})
    landing.write_atomically(
        marker,
        json.dumps(
            {
                "since": datetime.now(UTC).isoformat(timespec="seconds"),
                "days": [day.isoformat() for day in days],
                "is_cleared": False,
            }
        ),
    )
    return (days[0], days[-1]) if days else None


def _clear(workspace: Workspace) -> None:
    """Delete what was made of landing; what it covered stands in the ledger's copy."""
    root, marker = workspace.root, workspace.root / MARKER
    told = json.loads(marker.read_text(encoding="utf-8"))
    copy = root / "ledger.json"
    if told["days"] and not copy.exists():
        landing.write_atomically(
            copy,
            json.dumps({"covered_days": [{"date_day": day} for day in told["days"]]}),
        )
    for path in (
        workspace.database,
        workspace.database.with_name(f"{workspace.database.name}.wal"),
    ):
        path.unlink(missing_ok=True)
    for folder in (root / ".spill", workspace.landing / ".tmp"):
        shutil.rmtree(folder, ignore_errors=True)
    if claims := forget_claims(root):
        say(
            f"  {claims} claim{'' if claims == 1 else 's'} against partners deleted,"
            " which may tell of them: make what you need again with `claim`"
        )
    landing.note_digests(workspace.landing)  # files were written without the people
    landing.write_atomically(marker, json.dumps({**told, "is_cleared": True}))
    _note_seen(workspace)


def _is_cleared(marker: Path) -> bool:
    """Whether nothing is left to be taken out; true without a marker."""
    if not is_taking_out(marker.parent):
        return True
    try:
        json.loads(marker.read_text(encoding="utf-8"))["days"]
    except (ValueError, KeyError, TypeError):  # torn: it is to be gone through anew
        landing.write_atomically(marker, json.dumps({"days": []}))
    return False


def _unmark(marker: Path) -> None:
    marker.unlink(missing_ok=True)
    landing.sync(marker.parent)


def _files(workspace: Workspace) -> _Files:
    """What landed, by network; canonical tables may hold any network's rows."""
    plain: dict[str, list[Path]] = {}
    canonical: dict[str, list[Path]] = {}
    for batch in landing.read_log(workspace.landing):
        into = canonical if batch.format == "canonical" else plain
        for key, paths in sorted(batch.files.items()):
            into.setdefault(key.split("/")[0], []).extend(
                file for path in paths if (file := workspace.landing / path).exists()
            )
    return _Files(
        (
            *(
                (network, Landed(tuple(sorted(files))))
                for network, files in sorted(plain.items())
            ),
            *(
                (network, Landed(tuple(sorted(files)), network))
                for network, files in sorted(canonical.items())
            ),
        ),
        tuple(sorted(workspace.quarantine.glob("*.parquet"))),
        tuple(
            # An empty one is as good as none: the crawl begins anew.
            file
            for file in sorted((workspace.landing / ".crawl").glob("*.sqlite"))
            if file.stat().st_size
        ),
        tuple(sorted((workspace.landing / ".log").glob("*.json"))),
        tuple(
            file
            for file in sorted((workspace.root / "seeds").glob("*.csv"))
            if not file.name.endswith(".example.csv")
        ),
    )


def _stamps(workspace: Workspace, files: _Files) -> dict[str, list[int]]:
    return {
        str(file.relative_to(workspace.root)): [
            (found := file.stat()).st_size,
            found.st_mtime_ns,
            found.st_ctime_ns,
        ]
        for file in files.everything
    }


def _changed(workspace: Workspace, files: _Files) -> set[Path]:
    """Files that are not as they were when they were held against all tombstones."""
    try:
        seen = json.loads((workspace.root / _SEEN).read_text(encoding="utf-8"))
        if seen["tombstones"] != tombstones.state(workspace.root):
            seen = {"files": {}}
        before = seen["files"]
    except (OSError, ValueError, KeyError, TypeError):
        before = {}
    return {
        workspace.root / name
        for name, stamp in _stamps(workspace, files).items()
        if before.get(name) != stamp
    }


def _note_seen(workspace: Workspace) -> None:
    landing.write_atomically(
        workspace.root / _SEEN,
        json.dumps(
            {
                "tombstones": tombstones.state(workspace.root),
                "files": _stamps(workspace, _files(workspace)),
            }
        ),
    )


def _people_in(workspace: Workspace, files: _Files) -> list[Person]:
    """Who was erased and stands in some files, as far as these tell ids and names."""
    root = workspace.root
    found: dict[str, tuple[set[str], set[str]]] = {}

    def note(platform: str, ids: Iterable[str], names: Iterable[str]) -> None:
        told, called = tombstones.buried(root, platform, ids, names)
        known = found.setdefault(platform, (set(), set()))
        known[0].update(tombstones.canonical_id(platform, one) for one in told)
        known[1].update(called)

    for network, landed in files.landed:
        with _landed_or_told(workspace.landing, landed.files):
            ids, names, sites = candidates(landed.files)
        whole = ids | {f"{site}:{one}" for site in sites for one in ids}
        for platform in PLATFORMS if landed.network else (network,):
            note(platform, whole, names)
    words: set[str] = set()
    for texts in _texts(files):
        words |= words_in(
            pl.Series([unescaped(text) for text in texts], dtype=pl.String)
        )
    for platform in PLATFORMS:
        note(platform, words, words)
    people = []
    for platform, (ids, names) in sorted(found.items()):
        known = sorted(ids) or ([_NOBODY] if names else [])
        people += [Person(platform, one, frozenset(names)) for one in known]
    return people


@contextmanager
def _landed_or_told(root: Path, files: Iterable[Path]) -> Iterator[None]:
    """Name landed files that can't be read, with the repair."""
    try:
        yield
    except duckdb.Error:
        damaged = [file for file in files if not _can_read(file)]
        if not damaged:
            raise
        names = [str(file.relative_to(root)) for file in damaged]
        raise LandingDamagedError(landing.tell_altered(root, names)) from None


def _can_read(file: Path) -> bool:
    try:
        pl.read_parquet(file, glob=False, hive_partitioning=False)
    except pl.exceptions.PolarsError:
        return False
    return True


@contextmanager
def _open_crawl(file: Path) -> Iterator[sqlite3.Connection]:
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


def _texts(files: _Files) -> Iterator[list[str]]:
    """Texts of what is no landed record."""
    for file in files.quarantine:
        frame = read_rejected(file)
        for name, kind in frame.schema.items():
            if kind == pl.String:
                yield frame[name].drop_nulls().unique().to_list()
    for file in (*files.logs, *files.seeds):
        text = file.read_text(encoding="utf-8", errors="replace")
        # A path is words, too.
        yield [text, text.replace("_", " ").replace(".", " ").replace("-", " ")]
    for file in files.crawls:
        with _open_crawl(file) as connection:
            for table, columns in _CRAWL.items():
                for column in columns:
                    yield [
                        str(row[0])
                        for row in connection.execute(
                            f"select distinct {column} from {table}"
                            f" where {column} is not null"
                        )
                    ]


# What a crawl remembers that may name an account.
_CRAWL = {
    "streams": ("key", "params", "note"),
    "absent": ("object_id",),
    "samples": ("object_id",),
    "records": ("body",),
}


def _is_of(platform: str, landed: Landed, person: Person) -> bool:
    return landed.network is not None or platform == person.platform


def _erase(workspace: Workspace, people: Sequence[Person], files: _Files) -> Erased:
    """Take people out of some files; their names are buried before anything goes."""
    known = []
    for person in people:
        for platform, landed in files.landed:
            if _is_of(platform, landed, person):
                person = with_names(landed, person)  # noqa: PLW2901
        known.append(person)
    tombstones.bury_all(
        workspace.root,
        [
            (one.platform, one.account_id, one.names)
            for one in known
            if one.account_id != _NOBODY
        ],
    )
    done = [
        erase_from(landed, person)
        for person in known
        for platform, landed in files.landed
        if _is_of(platform, landed, person)
    ]
    mask = tombstones.path_mask(workspace.root, PLATFORMS)
    for person in known:
        _erase_quarantine(files.quarantine, person)
        for file in files.seeds:
            _erase_seed(file, person)
        for file in files.crawls:
            _erase_crawl(file, person)
        take_from_contacts(
            workspace.root,
            person.platform,
            person.account_id,
            lists=(CONTACTS, AMPLIFIERS),
        )
    for file in files.logs:
        _erase_paths(file, mask)
    return Erased(
        sum(one.removed for one in done),
        sum(one.changed for one in done),
        sum(one.files for one in done),
    )


def _exports_with(workspace: Workspace, landed: Landed, person: Person) -> list[str]:
    """Files that records of the person were read from and that still lie there."""
    if not landed.files:
        return []
    paths = (
        pl.scan_parquet(list(landed.files), hive_partitioning=False, glob=False)
        .filter(pl.col("record").str.contains(person.account_id, literal=True))
        .select(pl.col("path").cast(pl.String).unique().sort())
        .collect()
        .get_column("path")
        .to_list()
    )
    return [path for path in paths if (workspace.root / path).is_file()]


def _erase_quarantine(files: Iterable[Path], person: Person) -> None:
    """Rejected records that show the person keep their reason only, without values."""
    needles = [*tombstones.spellings(person.account_id)[:3], *sorted(person.names)]
    for file in files:
        frame = read_rejected(file)
        texts = [name for name, kind in frame.schema.items() if kind == pl.String]
        shown = pl.any_horizontal(
            pl.lit(
                frame[name]
                .map_elements(unescaped, pl.String, skip_nulls=True)
                .str.contains(needle, literal=True)
            )
            for name in texts
            for needle in needles
        ).fill_null(value=False)
        if not frame.select(shown.any()).item():
            continue
        stage = pl.col("stage") if "stage" in texts else None
        masked: dict[str, pl.Expr] = {
            name: pl.lit(MARK)
            for name in ("record", "path", "account_id")
            if name in texts
        }
        if "reason" in texts:
            masked["reason"] = bare_reason(needles, stage)
        told = frame.with_columns(
            pl.when(shown & pl.col(name).is_not_null())
            .then(mask)
            .otherwise(pl.col(name))
            .alias(name)
            for name, mask in masked.items()
        )
        with landing.replacing(file) as beside:
            told.write_parquet(beside)


def _erase_paths(entry: Path, mask: Callable[[str], str]) -> None:
    """Names of files that tell an account; landing names them alike."""
    batch = json.loads(entry.read_text(encoding="utf-8"))
    before = [file["path"] for file in batch["inputs"]]
    for file in batch["inputs"]:
        file["path"] = mask(file["path"])
    if before != [file["path"] for file in batch["inputs"]]:
        landing.write_atomically(entry, json.dumps(batch, ensure_ascii=False, indent=1))


def _erase_seed(file: Path, person: Person) -> None:
    """Lines about the person go, and the person goes out of the words of others."""
    with file.open(encoding="utf-8-sig", newline="") as handle:
        reader = csv.DictReader(handle)
        lines = list(reader)
        header = list(reader.fieldnames or [])
    kept = [
        {
            column: without_words(value, person) if isinstance(value, str) else value
            for column, value in line.items()
        }
        for line in lines
        if not names_account(line, person.platform, person.account_id)
    ]
    if kept != lines:
        landing.write_atomically(file, as_csv(header, kept))


def _erase_crawl(file: Path, person: Person) -> None:
    """What the crawl remembers of the person: what to read next, who was absent."""
    with _open_crawl(file) as connection:
        # Deleted rows otherwise stay in the file until they are written over.
        connection.execute("pragma secure_delete = on")
        with connection:
            for table, columns in (
                ("streams", ("key", "params", "note")),
                ("absent", ("object_id",)),
                ("samples", ("object_id",)),
            ):
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


def names_account(line: dict[str, str], platform: str, account_id: str) -> bool:
    """Whether a seed's line is about an account."""
    return any(
        (line.get(f"{other}platform") or "").strip() == platform
        and tombstones.canonical_id(platform, line.get(f"{other}account_id") or "")
        == account_id
        for other in ("", "other_")
    )


def as_csv(header: Iterable[str], lines: Iterable[dict[str, str]]) -> str:
    """Lines of a seed as they are written."""
    text = io.StringIO()
    writer = csv.DictWriter(
        text, list(header), extrasaction="ignore", lineterminator="\n"
    )
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue()


def take_from_contacts(
    root: Path, platform: str, account_id: str, *, lists: Sequence[str] = (CONTACTS,)
) -> None:
    """Take an account off the present lists that name people."""
    for name in lists:
        file = root / "published" / "restricted" / name
        if file.exists():
            _take_from_list(file, platform, account_id)


def _take_from_list(file: Path, platform: str, account_id: str) -> None:
    with file.open(encoding="utf-8-sig", newline="") as handle:
        reader = csv.DictReader(handle)
        lines = list(reader)
    kept = [
        line
        for line in lines
        if (line["platform"], line["account_id"].lstrip("'")) != (platform, account_id)
    ]
    if len(kept) == len(lines):
        return
    with landing.replacing(file, mode=0o600) as beside:
        beside.write_text("\ufeff" + as_csv(reader.fieldnames or [], kept), "utf-8")


def forget_older(root: Path) -> None:
    """Delete every publication but the present one: older ones hold the person."""
    present = (root / "published").resolve()
    for folder in (root / "publications").glob("*"):
        if folder != present and not folder.is_symlink():
            drop_restricted(root, folder)
            shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(present / "previous", ignore_errors=True)
