"""Erasure: a person's records out of what was landed, and their name out of others'.

What the person wrote or was (posts, reposts, comments, likes, the profile, followers'
rows) goes. In records of others their profile inside goes, what they are quoted with in
a chain of reposts (`//@name: words`), mentions of their name, and their id; of an
embedded post of theirs its id stays, so that others' reposts still belong together.
Replies of others inside a comment of theirs stay, as records of their own.

Works on any network's JSON: what a record's author is called is told by the keys that
the networks' `network.toml` list.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb

from tasks.warehouse import landing, memory
from tasks.warehouse.database import tune
from tasks.warehouse.networks import NETWORKS, person_keys, platforms_with
from tasks.warehouse.people import (
    ERASED,
    LONG_ID,
    Person,
    without_words,
)
from tasks.warehouse.raw_tables import CONTEXT, TABLE_CONTEXT
from tasks.warehouse.tombstones import (
    buried,
    bury,
    canonical_id,
    has_tombstones,
    spellings,
)

# What every network calls them, whatever network a record is of.
KEYS = person_keys()
NAME_KEYS = KEYS.names | KEYS.profiles
# What a record says of the file or the request that it came from.
_CONTEXT_KEYS = (CONTEXT, TABLE_CONTEXT)
_SHORTEST_NAME = 2

# What parts names in a list that is one text.
_BETWEEN_NAMES = re.compile(r"([\s,，;；、|@＠\[\]\"]+)")
_ESCAPED = re.compile(r"\\[tnr\"]")

# Records of more brackets than this can't be read to their end.
_DEEP = 400
# With these begins no number.
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") | {""}

_GONE = object()
# An id that no record has, for whom only the name is known.
_NOBODY = "\x00"


@dataclass(frozen=True)
class Erased:
    """What was done to some files.

    Attributes:
        removed: records of the person's own.
        changed: records of others from which the person was taken out.
        files: that were written anew.
    """

    removed: int = 0
    changed: int = 0
    files: int = 0


def names_in(record: Any, person: Person) -> set[str]:
    """Names that a record gives the person."""
    found: set[str] = set()
    if isinstance(record, dict):
        if _is_person(record, person):
            found |= {
                str(record[key])
                for key in NAME_KEYS
                if isinstance(record.get(key), str)
            }
        for inner in record.values():
            found |= names_in(inner, person)
    elif isinstance(record, list):
        for inner in record:
            found |= names_in(inner, person)
    return {name for name in found if len(name) >= _SHORTEST_NAME}


def without_person(record: Any, person: Person) -> list[Any]:
    """A record without the person: none, itself (changed or not), or several.

    Args:
        record: parsed JSON.
        person: with all names known.

    Returns:
        The records that stand in its place: none where it was the person's own, but
        for answers of others inside it.
    """
    if isinstance(record, dict) and _is_person(record, person):
        return [
            left
            for key in sorted(KEYS.answers)
            for answer in _items(record.get(key))
            for left in without_person(answer, person)
        ]
    return [_cleaned(record, person)]


@dataclass(frozen=True)
class Landed:
    """Landed files.

    Attributes:
        files: Parquet with the columns path and record.
        network: of records that don't name theirs; None where all are of the
            person's, whatever they say (canonical tables alone name it).
    """

    files: tuple[Path, ...]
    network: str | None = None

    def person_in(self, record: Any, person: Person) -> Person | None:
        """The person as a record calls them; None where it can't show them."""
        if not isinstance(record, dict):
            return person if self.network is None else None
        if self.network is not None:
            # As staging reads it; who is of no known network is of the source's.
            named = str(record.get("platform") or "").strip().lower()
            if named not in NETWORKS:
                named = self.network
            return person if named == person.platform else None
        site, _, tail = person.account_id.rpartition(":")
        if person.platform in platforms_with("accounts_are_of_a_site") and site:
            told = record.get(CONTEXT)
            is_there = isinstance(told, dict) and told.get("site") == site
            return replace(person, account_id=tail) if is_there else None
        return person


def own_records(landed: Landed, person: Person) -> Iterator[dict[str, Any]]:
    """What the person wrote or is, as it was landed; cost: reading the files."""
    for _, record in _records_with(landed.files, person):
        called = landed.person_in(record, person)
        if called and is_own(record, called):
            yield record


def is_own(record: Any, person: Person) -> bool:
    """Whether a parsed record is the person's: written by them, or their profile."""
    return isinstance(record, dict) and _is_person(record, person)


def with_names(landed: Landed, person: Person) -> Person:
    """The person with the names that landed files give them; cost: reading them."""
    names = set(person.names)
    for _, record in _records_with(landed.files, person):
        called = landed.person_in(record, person)
        if called:
            # A record that is nested too deep tells no name: it goes as a whole.
            with contextlib.suppress(RecursionError):
                names |= names_in(record, called)
    return replace(person, names=frozenset(names))


def with_other_ids(
    files: Sequence[Landed], platform: str, ids: Iterable[str]
) -> set[str]:
    """Ids of accounts, and those that records tell of the same accounts besides.

    Cost: reading the files, on networks that have two ids.

    Args:
        files: that may hold the network's records.
        platform: the network.
        ids: in their one canonical form.
    """
    known = set(ids)
    waiting = known - {_NOBODY} if NETWORKS[platform].id_pairs else set()
    while waiting:
        waiting = {
            other
            for person in (Person(platform, one) for one in sorted(waiting))
            for landed in files
            for other in _told_ids(landed, person)
        } - known
        known |= waiting
    return known


def _told_ids(landed: Landed, person: Person) -> set[str]:
    found: set[str] = set()
    for _, record in _records_with(landed.files, person):
        if landed.person_in(record, person):
            # A record that is nested too deep tells nothing: it goes as a whole.
            with contextlib.suppress(RecursionError):
                found |= _other_ids(record, person)
    return found


def _other_ids(value: Any, person: Person) -> set[str]:
    found: set[str] = set()
    if isinstance(value, dict):
        for keys in NETWORKS[person.platform].id_pairs:
            ids = {
                canonical_id(person.platform, value[key])
                for key in keys
                if isinstance(value.get(key), (str, int)) and value[key]
            }
            found |= ids if person.account_id in ids else set()
    for inner in value.values() if isinstance(value, dict) else _items(value):
        found |= _other_ids(inner, person)
    return found


def erase_from(
    landed: Landed, person: Person, mask: Callable[[str], str] = str
) -> Erased:
    """Take a person out of landed files; those without the person stay as they are.

    Args:
        landed: the files.
        person: with all names known.
        mask: what hides ids and names in paths, as the log has them.

    Cost: reading the files once; parsing and writing those that show the person.
    """
    hit = sorted({path for path, _ in _records_with(landed.files, person)})
    done = Erased()
    for path in hit:
        removed, changed = _rewrite(path, person, landed, mask)
        if removed or changed:
            done = Erased(
                done.removed + removed, done.changed + changed, done.files + 1
            )
    return done


def keep_out_erased(root: Path, landed: Landed, platforms: Iterable[str]) -> None:
    """Take everybody who was erased out of files that are about to be landed.

    Args:
        root: the workspace, whose tombstones tell who that is.
        landed: the files.
        platforms: networks that their records may be of.

    Cost: nothing before the first erasure; then a digest for each account and name
    in the files.
    """
    if not has_tombstones(root):
        return
    ids, names, sites = candidates(landed.files)
    for platform in platforms:
        whole = ids
        if platform in platforms_with("accounts_are_of_a_site"):
            whole = ids | {f"{site}:{one}" for site in sites for one in ids}
        found, called = buried(root, platform, whole, names)
        if called and not found:
            found = {_NOBODY}
        spelled = by_spelling(platform, found)
        known = {*spelled}
        if others := with_other_ids([landed], platform, known) - known:
            # What landed of them before, the next run takes out.
            bury(root, [(platform, one, ()) for one in sorted(others)])
        for account_id in sorted(known | others):
            person = Person(
                platform,
                account_id,
                frozenset(called),
                spelled.get(account_id, frozenset()),
            )
            erase_from(landed, with_names(landed, person))


def by_spelling(platform: str, told: Iterable[str]) -> dict[str, frozenset[str]]:
    """Ids in their canonical form, each with the ways in which it was written.

    Those in which a search for the id itself finds it are left out.
    """
    found: dict[str, set[str]] = {}
    for one in told:
        account_id = canonical_id(platform, one)
        written = one
        if platform in platforms_with("accounts_are_of_a_site"):
            written = one.rpartition(":")[2]
        known = found.setdefault(account_id, set())
        if account_id.rpartition(":")[2] not in written:
            known.add(written)
    return {account_id: frozenset(known) for account_id, known in found.items()}


def candidates(files: Iterable[Path]) -> tuple[set[str], set[str], set[str]]:
    """What may be an id of an account, names that are called, and sites, in Parquet.

    Long numbers in texts and addresses are ids, too; those that are a value of some
    other key are not looked at: most are ids of records.
    """
    listed = landing.as_patterns(files)
    if not listed:
        return set(), set(), set()
    keys = "|".join(sorted({*KEYS.authors, *KEYS.own_ids, *KEYS.about, "name"}))
    ids = rf'"(?:{keys})"\s*:\s*([^",\[\]{{}}\s]+)'
    quoted = rf'"(?:{keys})"\s*:\s*"((?:[^"\\]|\\.){{1,80}})"'
    number = rf"([0-9０-９]{{{LONG_ID},}})"
    within = rf'(?:[^0-9A-Za-z":]|[^"]:){number}'
    in_front = rf'"{number}[^"0-9]'
    said = rf'"(?:{"|".join(sorted(NAME_KEYS))})"\s*:\s*"([^"\\]+)"'
    called = r'@([^\s:：@<>"\\/,，。!！?？()（）]+)'
    with duckdb.connect() as connection:
        memory.join(connection)
        rows = connection.execute(
            f"""
            with plain as (
                select {_PLAIN} as record
                from read_parquet($files, hive_partitioning = false)
            )
            select distinct 'id', unnest(regexp_extract_all(record, $ids, 1)) from plain
            union all
            select distinct 'id', unnest(regexp_extract_all(record, $quoted, 1))
            from plain
            union all
            select distinct 'id', unnest(regexp_extract_all(record, $within, 1))
            from plain
            union all
            select distinct 'id', unnest(regexp_extract_all(record, $in_front, 1))
            from plain
            union all
            select distinct 'name', unnest(regexp_extract_all(record, $called, 1))
            from plain
            union all
            select distinct 'name', unnest(regexp_extract_all(record, $said, 1))
            from plain
            union all
            select distinct 'site', unnest(regexp_extract_all(record, $sites, 1))
            from plain
            """,
            {
                "files": listed,
                "ids": ids,
                "quoted": quoted,
                "within": within,
                "in_front": in_front,
                "called": called,
                "said": said,
                "sites": r'"site"\s*:\s*"([^"]+)"',
            },
        ).fetchall()
    found: dict[str, set[str]] = {"id": set(), "name": set(), "site": set()}
    for what, value in rows:
        # Blanks and quotes around an id stand there as JSON writes them.
        found[what].add(_ESCAPED.sub("", value) if what == "id" else value)
    return found["id"], found["name"], found["site"]


# A record without \u escapes, whatever JSON its network writes.
_PLAIN = (
    "case when contains(record, '\\u') then coalesce("
    "try(cast(json_merge_patch(record, '{}') as varchar)), record) else record end"
)


def _records_with(files: Sequence[Path], person: Person) -> Iterator[tuple[Path, Any]]:
    """Records that may show the person, parsed, with their file."""
    if not files:
        return
    needles = [*_ids(person), *sorted(person.names)]
    with duckdb.connect() as connection:
        tune(connection, files[0].parent / ".spill")
        connection.execute(
            f"""
            select filename, record
            from (
                select filename, path, record, {_PLAIN} as plain
                from read_parquet(
                    $files, hive_partitioning = false, filename = true
                )
            )
            where
                len(list_filter(
                    $needles, lambda needle: contains(plain, needle)
                )) > 0
                or len(list_filter(
                    $needles, lambda needle: contains(path, needle)
                )) > 0
            """,
            {"files": landing.as_patterns(files), "needles": needles},
        )
        while rows := connection.fetchmany(1000):
            for name, record in rows:
                yield Path(name), _parsed(record)


def _ids(person: Person) -> list[str]:
    """How records may write the person's id."""
    account_id = person.account_id
    if person.platform in platforms_with("accounts_are_of_a_site"):
        account_id = account_id.rpartition(":")[2]
    return [*spellings(account_id), *sorted(person.spelled)]


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _rewrite(
    path: Path, person: Person, landed: Landed, mask: Callable[[str], str]
) -> tuple[int, int]:
    """One file without the person: records removed, records changed."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.read_table(path, partitioning=None)
    texts = table.column("record").to_pylist()
    needles = (*_ids(person), *person.names)
    rows: list[int] = []
    records: list[str | None] = []
    removed = changed = 0
    for row, text in enumerate(texts):
        plain = text
        if text is not None and "\\u" in text:
            plain = json.dumps(_parsed(text), ensure_ascii=False)
        if plain is None or not any(needle in plain for needle in needles):
            rows.append(row)
            records.append(text)
            continue
        before = _parsed(text)
        called = landed.person_in(before, person)
        left = [before]
        try:
            if called and isinstance(before, str) and _is_deep(before):
                left = []  # nobody can tell whose words stand in it
            elif called:
                left = without_person(before, called)
        except RecursionError:
            left = []
        if not called or left == [before]:
            rows.append(row)
            records.append(text)
            continue
        own = not left or is_own(before, called)
        removed += own
        changed += not own
        for one in left:
            rows.append(row)
            records.append(
                one
                if isinstance(one, str)
                else json.dumps(one, ensure_ascii=False, separators=(",", ":"))
            )
    paths = table.column("path").cast(pa.string()).to_pylist()
    hidden = {one: mask(one) for one in set(paths) if one is not None}
    asked = [hidden.get(one) for one in paths]
    if not removed and not changed and asked == paths:
        return 0, 0
    kept = table.take(pa.array(rows, pa.int64()))
    for name, values in (("record", records), ("path", [asked[row] for row in rows])):
        position = kept.schema.get_field_index(name)
        field = kept.schema.field(position)
        kept = kept.set_column(
            position, field, pa.array(values, pa.string()).cast(field.type)
        )
    with landing.rewriting(path) as beside:
        pq.write_table(kept, beside, compression="zstd", row_group_size=20_000)
    return removed, changed


def _is_person(value: dict[str, Any], person: Person) -> bool:
    """Whether a record is the person's: written by them, or their profile."""
    wanted = person.account_id
    named = ("name",) if person.platform in platforms_with("accounts_are_names") else ()
    keys = (*KEYS.authors, *named)
    if any(_says(value.get(key), wanted) for key in keys):
        return True
    if not any(value.get(key) for key in keys) and any(
        value.get(key) in person.names
        for key in KEYS.author_names
        if isinstance(value.get(key), str)
    ):
        return True
    for key in KEYS.holders:
        inner = value.get(key)
        if isinstance(inner, dict) and any(
            _says(inner.get(own), wanted) for own in (*KEYS.own_ids, *keys)
        ):
            return True
    for key in _CONTEXT_KEYS:
        told = value.get(key)
        if isinstance(told, dict) and any(
            _says(told.get(about), wanted) for about in KEYS.about
        ):
            return True
    if KEYS.profiles.isdisjoint(value) or not KEYS.topics.isdisjoint(value):
        return False
    return any(_says(value.get(key), wanted) for key in KEYS.own_ids)


def _says(value: Any, wanted: str) -> bool:
    # Some programs write a tab behind an id, others a float.
    if value is None or isinstance(value, (dict, list, bool)):
        return False
    text = str(value).strip()
    return text == wanted or (
        text[:1] not in _LETTERS and canonical_id("", text) == wanted
    )


def _cleaned(value: Any, person: Person) -> Any:
    """A value of somebody else's record without the person."""
    if isinstance(value, dict):
        return {
            without_words(key, person): _inner(key, inner, person)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        kept = [_within(inner, person) for inner in value]
        return [inner for inner in kept if inner is not _GONE]
    # A field that is the id and nothing else is no text: nobody is called [erased].
    if len(person.account_id) >= LONG_ID and _says(value, person.account_id):
        return None
    return without_words(value, person) if isinstance(value, str) else value


def _inner(key: str, value: Any, person: Person) -> Any:
    if key in KEYS.quoted and isinstance(value, str) and value in person.names:
        return ERASED
    if key in KEYS.called:
        return _without_called(value, person)
    left = _within(value, person)
    return None if left is _GONE else left


def _without_called(value: Any, person: Person) -> Any:
    """What lists names without marks before them, without those of the person."""
    if isinstance(value, dict):
        return {key: _without_called(inner, person) for key, inner in value.items()}
    if isinstance(value, list):
        kept = [
            _without_called(inner, person)
            if isinstance(inner, str)
            else _within(inner, person)
            for inner in value
        ]
        return [inner for inner in kept if inner is not _GONE]
    if isinstance(value, str):
        parts = _BETWEEN_NAMES.split(value)
        value = "".join(ERASED if one in person.names else one for one in parts)
    return _cleaned(value, person)


def _within(value: Any, person: Person) -> Any:
    """A record inside another one; of the person's its ids stay, or nothing."""
    if not (isinstance(value, dict) and _is_person(value, person)):
        return _cleaned(value, person)
    stub = {
        key: value[key]
        for key in sorted(KEYS.record_ids)
        if isinstance(value.get(key), (str, int, float))
        and not _says(value[key], person.account_id)
    }
    answers = {
        key: _cleaned(value[key], person)
        for key in sorted(KEYS.answers)
        if isinstance(value.get(key), list) and value[key]
    }
    return {**stub, **answers} if stub else _GONE


def _is_deep(text: str) -> bool:
    """Whether a text is nested deeper than any record that can be read."""
    return max(text.count("["), text.count("{")) > _DEEP


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
