"""A person who asked to go, in each format, spelling and restore."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import duckdb

from flows.commands.privacy import erase_all
from tasks.sources.erasure_marker import finish
from tasks.sources.erasure_watch import keep_out
from tasks.warehouse import ledger
from tests.benchmarks.faults.harness import (
    ANN,
    ANN_ID,
    DAYS,
    Row,
    copy,
    files_of,
    forked,
    new_lab,
)
from tests.workspaces import Lab, comment, repost, status, user

_NAME, _TEXT, _PHONE = "金丝雀的小店Canary", "hers alone 只有我知道", "13800001111"
# All that tells her; the number in each spelling that is no part of another number.
_MARKS = (_NAME, _TEXT, _PHONE, "只有我知道", "金丝雀的小店")
_SPELLINGS: tuple[Any, ...] = (
    ANN_ID, f"{ANN_ID}", float(ANN_ID), f"{ANN_ID}.0", f"00{ANN_ID}", "１２３４５６７",
    f" {ANN_ID}\t", "1.234567E6", f"\u200b{ANN_ID}", f"\ufeff{ANN_ID}", f"+{ANN_ID}",
    f"{ANN_ID:,}", f"'{ANN_ID}",
)  # fmt: skip


def shown(data: bytes) -> list[str]:
    """What of her stands in bytes, in any encoding that files have."""
    found = []
    for encoding in ("utf-8", "utf-16-le", "gb18030"):
        found += [mark for mark in _MARKS if mark.encode(encoding) in data]
    text = unicodedata.normalize("NFKC", data.decode("utf-8", "replace"))
    if re.search(rf"(?<![0-9A-Fa-f.])0*{ANN_ID}(?:\.0)?(?![0-9A-Fa-f])", text):
        found.append("id")
    escaped = json.dumps(_NAME)[1:-1]
    if escaped in text:
        found.append("name, escaped")
    return found


def everywhere(root: Path) -> list[str]:
    """Files of a workspace that show her: raw bytes and all that is packed in them."""
    told = []
    for path in files_of(root):
        relative = path.relative_to(root)
        if relative.parts[0] == "export":
            continue
        if found := shown(str(relative).encode()) + shown(path.read_bytes()):
            told.append(f"{relative}: {found}")
        for packed in _unpacked(path):
            if found := shown(packed):
                told.append(f"{relative}, decoded: {found}")
                break
    return told


def _unpacked(path: Path) -> Iterator[bytes]:
    if path.suffix == ".parquet":
        with duckdb.connect() as connection:
            name = str(path).replace("'", "''")
            for source in (
                f"from read_parquet('{name}')",
                f"from parquet_metadata('{name}')",
                f"from parquet_kv_metadata('{name}')",
            ):
                rows = connection.execute(source).fetchall()
                yield str(rows).encode()
    elif path.suffix == ".duckdb":
        with duckdb.connect(str(path), read_only=True) as connection:
            tables = connection.execute(
                "select schema_name, table_name from duckdb_tables()"
            ).fetchall()
            for schema, table in tables:
                rows = connection.execute(f'from "{schema}"."{table}"').fetchall()
                yield str(rows).encode()
                storage = connection.execute(
                    f"from pragma_storage_info('{schema}.{table}')"
                ).fetchall()
                yield str(storage).encode()
    elif path.suffix == ".sqlite":
        with closing(sqlite3.connect(path)) as connection:
            yield "\n".join(connection.iterdump()).encode()


def _records(number: int, spelling: Any) -> list[dict[str, Any]]:
    ann = {
        **user(ANN_ID, _NAME, description=f"tel {_PHONE}"),
        "id": spelling,
        "idstr": str(spelling),
        "profile_url": f"https://weibo.com/u/{ANN_ID}",
    }
    ben = user(76, "Ben", description=f"friend of @{_NAME}")
    return [
        repost(1000 + number, 1, ann, _TEXT, day=1 + number % 4),
        comment(2000 + number, 1, ann, _TEXT, day=1 + number % 4),
        repost(
            3000 + number, 1, ben, f"look//@{_NAME}:{_TEXT}", day=1 + number % 4,
            clock="12:00:00",
        ),
        comment(4000 + number, 1, ben, f"see https://weibo.com/u/{ANN_ID} @{_NAME}",
                day=1 + number % 4),
        {"odd": _TEXT, "user": ann},
    ]  # fmt: skip


def _run(lab: Lab) -> None:
    with ledger.open_run(
        lab.workspace, "backfill", (DAYS[0], DAYS[-1]), prepare=keep_out
    ) as run:
        lab.run(DAYS[0], DAYS[-1], run_id=run.run_id)
        finish(lab.workspace)


def _put_others(lab: Lab) -> None:
    others = [repost(10 + n, 1, user(50 + n, f"u{n}")) for n in range(20)]
    lab.put("export/1.jsonl", [status(1), *others])


def _put_hers(lab: Lab, name: str, first: int) -> None:
    rows = [
        row
        for number, spelling in enumerate(_SPELLINGS, start=first)
        for row in _records(number, spelling)
    ]
    lab.put(f"export/{name}.jsonl", rows)


def _prepare(lab: Lab) -> tuple[list[str], list[str]]:
    """A backup from before; what is left after the erasure, and after her return."""
    _put_others(lab)
    _put_hers(lab, "2", 0)
    _run(lab)
    if not everywhere(lab.root):
        raise RuntimeError("she was not there before")
    copy(lab.root, lab.root.with_name("backup"))
    erase_all(lab.workspace, [ANN])
    _run(lab)
    left = everywhere(lab.root)
    copy(lab.root, lab.root.with_name("erased"))
    _put_hers(lab, "3", 100)
    _run(lab)
    return left, everywhere(lab.root)


def _restored(lab: Lab, restore: Callable[[Path, Path], None]) -> list[str]:
    """Something of a backup from before comes back after the erasure."""
    restore(lab.root.with_name("backup"), lab.root)
    _run(lab)
    return everywhere(lab.root)


def _bring(*names: str) -> Callable[[Path, Path], None]:
    def restore(backup: Path, root: Path) -> None:
        for name in names:
            source, target = backup / name, root / name
            if source.is_dir() and not source.is_symlink():
                shutil.rmtree(target, ignore_errors=True)
                shutil.copytree(source, target, symlinks=True)
            elif source.exists() or source.is_symlink():
                target.unlink(missing_ok=True)
                shutil.copy2(source, target, follow_symlinks=False)

    return restore


def _lose(name: str) -> Callable[[Path, Path], None]:
    def restore(backup: Path, root: Path) -> None:
        _bring("landing")(backup, root)
        (root / name).unlink(missing_ok=True)

    return restore


_RESTORES: dict[str, Callable[[Path, Path], None]] = {
    "landing": _bring("landing"),
    "landing and warehouse": _bring("landing", "warehouse.duckdb"),
    "quarantine": _bring("quarantine"),
    "warehouse and ledger": _bring("warehouse.duckdb", "ledger.json"),
    "landing, ledger.json lost": _lose("ledger.json"),
    "landing, .erasures.seen.json lost": _lose(".erasures.seen.json"),
    "landing with its tombstones, .erasures.json kept": _bring("landing"),
}


def run(folder: Path) -> Iterator[Row]:
    """Each spelling, each restore, each format."""
    log = folder / "canary.log"
    lab = new_lab(folder / "canary", "quarantine_threshold = 0.9")
    left, again = forked(partial(_prepare, lab), log)
    yield _told(
        f"a person in {len(_SPELLINGS)} spellings, URLs, texts and names is erased",
        "not a byte of her in any file, decoded or raw",
        left,
    )
    yield _told("the same export once more", "nothing of her comes back", again)
    wrong = []
    for name, restore in _RESTORES.items():
        one = copy(folder / "erased", folder / "restored")
        try:
            found = forked(partial(_restored, one, restore), log)
        except RuntimeError as error:
            found = [str(error).strip().splitlines()[-1]]
        wrong += [f"{name}: {place}" for place in found]
    yield _told(
        f"{len(_RESTORES)} restores of what lay in a backup: {', '.join(_RESTORES)}",
        "the next run takes her out again",
        wrong,
    )
    yield from _formats(folder, log)


def _told(fault: str, expected: str, wrong: list[str]) -> Row:
    seen = f"{len(wrong)} places{': ' if wrong else ''}{'; '.join(wrong[:8])}"
    return Row(fault, expected, seen, not wrong)


def _formats(folder: Path, log: Path) -> Iterator[Row]:
    from tests.flows.commands.test_privacy import NETWORKS

    wrong = []
    for name in NETWORKS:
        try:
            left = forked(partial(_of_format, folder / "format", name), log)
        except RuntimeError as error:
            left = [str(error).strip().splitlines()[-1]]
        wrong += [f"{name}: {one}" for one in left]
        shutil.rmtree(folder / "format", ignore_errors=True)
    yield _told(
        f"who acted most in a synthetic world, in {len(NETWORKS)} formats",
        "id, names and words of that account alone in no file, decoded or raw",
        wrong,
    )


def _of_format(folder: Path, name: str) -> list[str]:
    """Who acted most, out of a whole world of a network."""
    from tests.flows.commands.test_privacy import NETWORKS
    from tests.flows.networks import archive_lab
    from tests.world import WorldSpec, generate

    platform, form, writer, prefix = NETWORKS[name]
    lab, _ = archive_lab(
        generate(WorldSpec(seed=3, interactions=300, campaigns=2)),
        folder,
        platform=platform,
        format=form,
        write=writer,
        account_prefix=prefix,
    )
    days = (date(2026, 3, 1), date(2026, 3, 14))
    lab.land()
    lab.stage()
    ((account, called, texts),) = lab.rows(
        """
        with hers as (
            select
                account_id,
                list(distinct text) filter (
                    length(text) >= 8 and not contains(text, '//')
                ) as texts
            from staging.interactions
            where account_id is not null and platform = $platform
            group by account_id
            order by count(*) desc, account_id
            limit 1
        ),
        others as (
            select string_agg(text, chr(10)) as words
            from staging.interactions
            where account_id not in (select account_id from hers)
        )
        select
            hers.account_id,
            (
                select list(distinct screen_name) from staging.accounts
                where
                    account_id = hers.account_id
                    and length(screen_name) >= 3
                    -- Qzone tells a person under two ids, and nothing in the
                    -- world's records leads from one to the other.
                    and screen_name not in (
                        select screen_name from staging.accounts as others
                        where others.account_id <> hers.account_id
                        and screen_name is not null
                    )
            ),
            list_filter(hers.texts, lambda one: not contains(others.words, one))
        from hers, others
        """,
        {"platform": platform},
    )
    marks = [str(account), *(called or []), *(texts or [])]
    erase_all(lab.workspace, [(platform, account)])
    with ledger.open_run(lab.workspace, "backfill", days, prepare=keep_out) as run:
        lab.run(*days, run_id=run.run_id)
        finish(lab.workspace)
    left = []
    for path in files_of(lab.root):
        relative = path.relative_to(lab.root)
        if relative.parts[0] != "export":
            for data in (path.read_bytes(), *_unpacked(path)):
                text = data.decode("utf-8", "replace")
                for mark in marks:
                    if re.search(
                        rf"(?<![0-9A-Za-z]){re.escape(mark)}(?![0-9A-Za-z])", text
                    ):
                        left.append(f"{relative}: {mark[:20]}")
                        break
    return sorted(set(left))
