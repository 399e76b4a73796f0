"""Who was erased, out of the whole workspace: now, after a kill, after a restore.

An erasure writes its tombstones first, then the marker `.erasing`, then takes the
person out of landing, quarantine, seeds, names of files and what crawls remember, and
deletes the warehouse. The marker goes when the marts are made anew and older
publications are deleted; every run finishes that first. Files that changed since (a
backup that was restored, a folder copied back) are held against the tombstones at the
start of each run.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import astuple, dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import polars as pl

from tasks.sources.crawl import state as crawl_state
from tasks.sources.erasure import (
    Erased,
    Landed,
    by_spelling,
    candidates,
    erase_from,
    with_names,
    with_other_ids,
)
from tasks.sources.erasure_marker import MARKER, finish, is_cleared, unmark
from tasks.sources.networks import FORMATS
from tasks.warehouse import landing, rejected, seeds, tombstones
from tasks.warehouse.claim_files import forget_claims
from tasks.warehouse.errors import (
    ConfigurationError,
    LandingDamagedError,
    WorkspaceLockedError,
)
from tasks.warehouse.landing_store import Folder, store_of
from tasks.warehouse.ledger import known_days
from tasks.warehouse.ledger_copy import refuse_older_landing
from tasks.warehouse.lock import describe_holder, is_held
from tasks.warehouse.networks import PLATFORMS, platforms_with
from tasks.warehouse.people import LONG_ID, Person, unescaped, words_in
from tasks.warehouse.progress import say
from tasks.warehouse.publication import (
    NAME_LISTS,
    take_off_lists,
)
from tasks.warehouse.whole_files import write_atomically
from tasks.warehouse.workspace import Workspace

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
        yield from self.others

    @property
    def others(self) -> Iterator[Path]:
        """Those that are no landed records."""
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
        LandingDamagedError: a landed file is not as it was written, or landing is
            older than the marts.
        WorkspaceLockedError: another process reads a source.
    """
    for file in crawl_state.crawl_files(workspace.landing):
        if is_held(lock := crawl_state.crawl_lock(file)):
            raise WorkspaceLockedError(
                f"Source '{file.stem}' is being read: {describe_holder(lock)}. Wait"
                " until that ends, or stop it, and run the same command again."
            )
    log = landing.read_log(workspace.landing)
    # What is damaged now would pass for written on purpose afterwards.
    checks = is_cleared(workspace.root / MARKER)
    if checks:
        landing.verify(workspace.landing, log)
    with landing.at_hand(workspace.landing, log, checks=checks):
        return _erase_at_hand(workspace, asked)


def _erase_at_hand(workspace: Workspace, asked: Sequence[tuple[str, str]]) -> Gone:
    """As `erase_people`, where all that landed can be read."""
    root = workspace.root
    refuse_older_landing(workspace)
    files = _files(workspace)
    people = with_all_ids(files.landed, asked)
    owned = {
        (
            account.platform,
            tombstones.canonical_id(account.platform, account.account_id),
        )
        for account in (
            *(account for brand in workspace.brands for account in brand.accounts),
            *(
                account
                for campaign in workspace.campaigns
                for partner in campaign.partners
                for account in partner.accounts
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
    # First, so that a run after a crash lands nothing of the person again.
    tombstones.bury(root, [(*one, ()) for one in people])
    days = _begin(workspace)
    exports: set[str] = set()
    for platform, landed in files.landed:
        for person in (Person(*one) for one in people):
            if _is_of(platform, landed, person.platform):
                exports.update(_exports_with(workspace, landed, person))
    spelled = {
        (one.platform, one.account_id): one.spelled
        for one in _people_in(workspace, files)
    }
    done = _erase(
        workspace,
        [Person(*one, spelled=spelled.get(one, frozenset())) for one in people],
        files,
    )
    _clear(workspace)
    set_aside = sorted(
        path.relative_to(root).as_posix()
        for path in workspace.quarantine.glob("damaged-*")
    )
    if days is None:
        finish(workspace)
    return Gone(done, days, sorted(exports), set_aside)


def with_all_ids(
    landed: Iterable[tuple[str, Landed]], asked: Iterable[tuple[str, str]]
) -> list[tuple[str, str]]:
    """Accounts, and those ids that records tell of them besides.

    Args:
        landed: files, by network.
        asked: network and id of each, in any spelling.
    """
    ids: dict[str, set[str]] = {}
    for platform, account in asked:
        ids.setdefault(platform, set()).add(tombstones.canonical_id(platform, account))
    files = list(landed)
    return sorted(
        (platform, told)
        for platform, known in ids.items()
        for told in with_other_ids(
            [one for network, one in files if _is_of(network, one, platform)],
            platform,
            known,
        )
    )


def take_out_returned(workspace: Workspace) -> None:
    """Finish what was begun, and hold what changed against the tombstones.

    The caller holds the workspace. Cost: a stat for each file, and reading those that
    changed once.

    Raises:
        ConfigurationError: the tombstones or their key are lost.
    """
    marker = workspace.root / MARKER
    begun = not is_cleared(marker)
    files = _files(workspace)
    changed = set(files.everything) if begun else _changed(workspace, files)
    if not changed and not begun:
        return
    with ExitStack() as held:
        fresh = files.only(changed)
        held.enter_context(_at_hand(workspace, fresh))
        people = _people_in(workspace, fresh)
        named = [(one.platform, one.account_id) for one in people]
        if others := set(with_all_ids(fresh.landed, named)) - set(named):
            # They may stand in files that held nobody who was known to be erased.
            people += [Person(*one) for one in sorted(others)]
            fresh = files
            held.enter_context(_at_hand(workspace, fresh))
        if people or begun:
            _take_out(workspace, people, fresh, begun=begun)
    _note_seen(workspace)


def _at_hand(workspace: Workspace, files: _Files) -> AbstractContextManager[None]:
    """Landed files among some, to be read; whatever they are now."""
    root = workspace.landing
    names = {
        str(file.relative_to(root)): None
        for _, landed in files.landed
        for file in landed.files
    }
    return store_of(root).at_hand(names, None)


def _take_out(
    workspace: Workspace, people: Sequence[Person], files: _Files, *, begun: bool
) -> None:
    """Take who was erased before out of files that are at hand.

    Args:
        workspace: which one.
        people: who stands in them.
        files: those that changed.
        begun: whether an erasure was stopped amid them.
    """
    _begin(workspace)
    done = _erase(workspace, people, files)
    if begun or done.files or done.removed:
        say(
            f"  erasure: {done.removed:,} records of people who were erased before"
            f" and {done.changed:,} mentions of them taken out; the marts are made"
            " anew"
        )
        _clear(workspace)
    else:
        unmark(workspace.root / MARKER)


def _begin(workspace: Workspace) -> tuple[date, date] | None:
    """Write the marker, with the days that are to be made anew."""
    marker = workspace.root / MARKER
    days = known_days(workspace)
    if marker.exists():
        told = json.loads(marker.read_text(encoding="utf-8") or "{}").get("days")
        days = sorted({*days, *(date.fromisoformat(day) for day in told or ())})
    write_atomically(
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
        write_atomically(
            copy,
            json.dumps({"covered_days": [{"date_day": day} for day in told["days"]]}),
        )
    for path in (
        workspace.database,
        workspace.database.with_name(f"{workspace.database.name}.wal"),
    ):
        path.unlink(missing_ok=True)
    for folder in (root / ".spill", workspace.spark, workspace.landing / ".tmp"):
        shutil.rmtree(folder, ignore_errors=True)
    store_of(workspace.landing).tidy()
    if claims := forget_claims(root):
        say(
            f"  {claims} claim{'' if claims == 1 else 's'} against partners deleted,"
            " which may tell of them: make what you need again with `claim`"
        )
    landing.note_digests(workspace.landing)  # files were written without the people
    write_atomically(marker, json.dumps({**told, "is_cleared": True}))
    _note_seen(workspace)


def landed_by_network(workspace: Workspace) -> list[tuple[str, Landed]]:
    """What landed, by network; canonical tables may hold any network's rows."""
    plain: dict[str, list[Path]] = {}
    canonical: dict[str, list[Path]] = {}
    for batch in landing.read_log(workspace.landing):
        names_its = batch.format in FORMATS and FORMATS[batch.format].names_networks
        into = canonical if names_its else plain
        for key, paths in sorted(batch.files.items()):
            into.setdefault(key.split("/")[0], []).extend(
                workspace.landing / path for path in paths
            )
    return [
        *(
            (network, Landed(tuple(sorted(files))))
            for network, files in sorted(plain.items())
        ),
        *(
            (network, Landed(tuple(sorted(files)), network))
            for network, files in sorted(canonical.items())
        ),
    ]


def _files(workspace: Workspace) -> _Files:
    """Every file of the workspace that may show people."""
    root = workspace.landing
    there = {root / name for name in store_of(root).names()}
    return _Files(
        tuple(
            (
                network,
                replace(
                    landed, files=tuple(file for file in landed.files if file in there)
                ),
            )
            for network, landed in landed_by_network(workspace)
        ),
        tuple(rejected.rejected_files(workspace.quarantine)),
        tuple(
            # An empty one is as good as none: the crawl begins anew. One that another
            # process writes is looked through by the next run, which lands nothing of
            # who was erased.
            file
            for file in crawl_state.crawl_files(workspace.landing)
            if file.stat().st_size and not is_held(crawl_state.crawl_lock(file))
        ),
        tuple(landing.log_entries(workspace.landing)),
        tuple(seeds.seed_files(workspace.root)),
    )


def _stamps(workspace: Workspace, files: _Files) -> dict[str, list[int]]:
    """What tells each file from one that took its place, by path."""
    landed = [
        str(file.relative_to(workspace.landing))
        for _, some in files.landed
        for file in some.files
    ]
    stamps = {
        str((workspace.landing / name).relative_to(workspace.root)): astuple(stamp)
        for name, stamp in store_of(workspace.landing).stamps(landed).items()
    }
    others = Folder(workspace.root).stamps(
        str(file.relative_to(workspace.root)) for file in files.others
    )
    stamps |= {name: astuple(stamp) for name, stamp in others.items()}
    return {name: list(stamp) for name, stamp in stamps.items()}


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
    write_atomically(
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
    found: dict[str, tuple[set[str], set[str]]] = {}  # as written

    def note(platform: str, ids: Iterable[str], names: Iterable[str]) -> None:
        told, called = tombstones.buried(root, platform, ids, names)
        known = found.setdefault(platform, (set(), set()))
        known[0].update(told)
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
        spelled = by_spelling(platform, ids)
        known = sorted(spelled) or ([_NOBODY] if names else [])
        people += [
            Person(platform, one, frozenset(names), spelled.get(one, frozenset()))
            for one in known
        ]
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


def _texts(files: _Files) -> Iterator[list[str]]:
    """Texts of what is no landed record, in which somebody may be named."""
    for file in files.quarantine:
        yield from rejected.texts_of(file)
    for file in (*files.logs, *files.seeds):
        text = file.read_text(encoding="utf-8", errors="replace")
        # A path is words, too.
        yield [text, text.replace("_", " ").replace(".", " ").replace("-", " ")]
    for file in files.crawls:
        yield from crawl_state.texts_of_crawl(file)


def _is_of(network: str, landed: Landed, platform: str) -> bool:
    return landed.network is not None or network == platform


def _erase(workspace: Workspace, people: Sequence[Person], files: _Files) -> Erased:
    """Take people out of lists and files; names are buried before anything goes."""
    known = []
    for person in people:
        for platform, landed in files.landed:
            if _is_of(platform, landed, person.platform):
                person = with_names(landed, person)  # noqa: PLW2901
        known.append(person)
    tombstones.bury(
        workspace.root,
        [
            (one.platform, one.account_id, one.names)
            for one in known
            if one.account_id != _NOBODY
        ],
    )
    # Before the records: a run after a kill knows from these whom to take out.
    for person in known:
        take_off_lists(
            workspace.root,
            person.platform,
            person.account_id,
            lists=NAME_LISTS,
        )
    mask = tombstones.path_mask(workspace.root, PLATFORMS)
    done = [
        erase_from(landed, person, mask)
        for person in known
        for platform, landed in files.landed
        if _is_of(platform, landed, person.platform)
    ]
    for person in known:
        rejected.forget(files.quarantine, person)
        for file in files.seeds:
            seeds.forget_in_seed(file, person)
        for file in files.crawls:
            crawl_state.forget_in_crawl(file, person)
    for file in files.logs:
        landing.mask_names(file, mask)
    return Erased(
        sum(one.removed for one in done),
        sum(one.changed for one in done),
        sum(one.files for one in done),
    )


def _exports_with(workspace: Workspace, landed: Landed, person: Person) -> list[str]:
    """Files that records of the person were read from and that still lie there."""
    if not landed.files:
        return []
    written = person.account_id
    if person.platform in platforms_with("accounts_are_of_a_site"):
        # Records hold the number alone; a short one stands everywhere.
        number = written.rpartition(":")[2]
        written = number if len(number) >= LONG_ID else written
    paths = (
        pl.scan_parquet(list(landed.files), hive_partitioning=False, glob=False)
        .filter(pl.col("record").str.contains(written, literal=True))
        .select(pl.col("path").cast(pl.String).unique().sort())
        .collect()
        .get_column("path")
        .to_list()
    )
    return [path for path in paths if (workspace.root / path).is_file()]
