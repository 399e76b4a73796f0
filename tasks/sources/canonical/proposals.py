"""What a table's columns may be: told by their names, checked by their values.

Names in Chinese and English as programs and vendors write them; a name that its values
contradict is told and not taken. Where names tell nothing, values may: ids of Weibo's
sixteen digits, times, addresses of posts, long texts. Which counter a column of numbers
is, only its name can tell.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from tasks.sources.documents import Notes
from tasks.sources.table_rows import TableRow, read_rows
from tasks.warehouse.configuration import post_at
from tasks.warehouse.networks import DEFAULT_PLATFORM, NAMED_SO, NETWORKS
from tasks.warehouse.table_mapping import (
    COLUMNS,
    COUNTERS,
    PROFILE,
    RowsOf,
    TableMapping,
    lacking_of,
)
from tasks.warehouse.written_values import told_count, told_id, told_time

# So many rows tell what columns are.
SAMPLED_ROWS = 1_000
# Of values that say something, so many must say what a name promises.
_ENOUGH = 0.8
_A_DAY_OF_READING = datetime(2026, 12, 31, tzinfo=UTC).replace(tzinfo=None)
_CHINA = "Asia/Shanghai"

_NAMES_FILE = Path(__file__).with_name("column_names.toml")
# By canonical column: what it is called elsewhere, the likeliest first.
_SAID: dict[str, list[str]] = tomllib.loads(_NAMES_FILE.read_text(encoding="utf-8"))
# What the name of a column, or of the file, says of the rows.
_SIGNS: dict[RowsOf, re.Pattern[str]] = {
    "comments": re.compile(
        r"评论(id|mid|者|用户|内容|时间|日期)|comment(id|text|content|time)|^rpid$"
    ),
    "reposts": re.compile(r"转发(id|者|用户|内容|时间|日期)|repost(id|text|time)"),
    "likes": re.compile(r"点赞(用户|者|时间|人)|liker"),
    "follows": re.compile(r"粉丝(id|uid|昵称)|^(followerid|fanid|fansid|fanuid)$"),
}
_FILE_SIGNS: dict[RowsOf, re.Pattern[str]] = {
    "comments": re.compile(r"comment|评论"),
    "reposts": re.compile(r"repost|retweet|转发"),
    "likes": re.compile(r"likers|点赞"),
}
_KINDS = re.compile(
    r"转发|评论|点赞|赞|提及|分享|回复|repost|retweet|comment|reply|like|mention",
    re.IGNORECASE,
)
_POST_ID = re.compile(r"[345]\d{15}")
_ACCOUNT_ID = re.compile(r"[1-9]\d{9}")
_DOTTED = re.compile(r"\d{1,3}(\.\d{3})+")
_SLASHES = re.compile(
    r"(\d{1,2})([/.-])(\d{1,2})[/.-](\d{4})(?: (\d{1,2}:\d\d)(:\d\d)?)?"
)


@dataclass(frozen=True)
class Column:
    """A column of a file.

    Attributes:
        name: as the file writes it.
        values: of the sampled rows, without empty ones.
        total: how many rows were sampled.
    """

    name: str
    values: tuple[str, ...]
    total: int

    @property
    def plain(self) -> str:
        """Its name bare of blanks, marks and brackets, in small letters."""
        text = unicodedata.normalize("NFKC", self.name).lower()
        text = re.sub(r"\(.*?\)|\[.*?\]", "", text)
        return re.sub(r"[\s_\-.:：/·]+", "", text)

    def share(self, holds: Callable[[str], object]) -> float:
        """Of the values those for which something holds; 1 without any."""
        if not self.values:
            return 1.0
        return sum(bool(holds(value)) for value in self.values) / len(self.values)


@dataclass(frozen=True)
class Proposal:
    """A mapping as it may be.

    Attributes:
        platform: the network; `is_platform_told` says whether the values show it.
        is_platform_told: see there.
        mapping: None where no column is known at all.
        how: canonical column -> how it was told: "name" or "values".
        doubts: what was not taken, and why; in words.
        unread: names of columns that nothing reads.
        lacking: needed canonical columns that no column is known to be.
        header: the file's first row.
        rows: those sampled.
    """

    platform: str
    is_platform_told: bool
    mapping: TableMapping | None
    rows_of: RowsOf
    how: Mapping[str, str]
    doubts: tuple[str, ...]
    unread: tuple[str, ...]
    lacking: tuple[str, ...]
    header: TableRow
    rows: tuple[TableRow, ...]


def propose(
    path: Path,
    platform: str | None = None,
    rows_of: RowsOf | None = None,
    part: str | None = None,
) -> tuple[Proposal | None, Notes]:
    """What the columns of a table may be.

    Args:
        path: the table.
        platform: the network, where its owner knows it.
        rows_of: the like for what a row is.
        part: the sheet, or the table of a database.

    Returns:
        The proposal, None for an empty table; what else is to be told of the file.

    Raises:
        UnreadableFileError: it is no table.
    """
    notes = Notes()
    known = {name for names in _SAID.values() for name in names}

    def count_known(names: Sequence[str]) -> int:
        # What parts the cells of any header makes the most names.
        plain = [Column(name, (), 0).plain for name in names if name]
        return 100 * sum(name in known for name in plain) + len(plain)

    rows = read_rows(path, notes, count_known, part)
    header = next(rows, None)
    if header is None:
        return None, notes
    sample = tuple(islice(rows, SAMPLED_ROWS))
    columns = [
        Column(
            name or "",
            tuple(
                cell.strip()
                for row in sample
                if (cell := row.cells[place]) is not None and cell.strip()
            ),
            len(sample),
        )
        for place, name in enumerate(header.cells)
    ]
    columns = [column for column in columns if column.name]
    told = _Told(columns, rows_of or _rows_of(path, columns))
    network = _platform_in(columns)
    mapping = None
    if told.found:
        mapping = TableMapping(
            rows=told.rows_of,
            columns={
                column: told.found[column].name
                for column in COLUMNS[told.rows_of]
                if column in told.found
            },
            time_zone=_zone_of(columns, network),
            time_format=told.time_format(),
            decimal_mark="," if told.has_dotted_counts() else ".",
            sheet=part,
        )
    return (
        Proposal(
            platform=platform or network or DEFAULT_PLATFORM,
            is_platform_told=platform is not None or network is not None,
            mapping=mapping,
            rows_of=told.rows_of,
            how=told.how,
            doubts=tuple(told.doubts),
            unread=tuple(
                column.name
                for column in columns
                if column.name not in {one.name for one in told.found.values()}
            ),
            lacking=tuple(lacking_of(told.rows_of, told.found)),
            header=header,
            rows=sample,
        ),
        notes,
    )


def _rows_of(path: Path, columns: Sequence[Column]) -> RowsOf:
    """What a row is, by the names of the columns and of the file."""
    names = [column.plain for column in columns]
    for column in columns:
        if column.plain in _SAID["kind"] and column.values and _is_kind(column):
            return "interactions"
    for rows, sign in _SIGNS.items():
        if any(sign.search(name) for name in names):
            return rows
    stem = path.name.lower()
    for rows, sign in _FILE_SIGNS.items():
        if sign.search(stem):
            return rows
    has = {
        target: any(name in _SAID[target] for name in names)
        for target in ("post_id", "posted_at", "text", "account_id", *COUNTERS)
    }
    profile = sum(
        any(name in _SAID.get(target, ()) for name in names) for target in PROFILE
    )
    if profile >= 2 and not has["text"] and not any(has[name] for name in COUNTERS):
        return "accounts"
    is_dated = has["posted_at"] or any(
        _is_time(column)
        for column in columns
        if column.plain not in _SAID["observed_at"]
    )
    if has["post_id"] and any(has[name] for name in COUNTERS) and not is_dated:
        return "post_counters"
    return "posts"


class _Told:
    """Which column is what; each is one thing only."""

    def __init__(self, columns: Sequence[Column], rows_of: RowsOf) -> None:
        self.columns = columns
        self.rows_of = rows_of
        self.found: dict[str, Column] = {}
        self.how: dict[str, str] = {}
        self.doubts: list[str] = []
        self._by_name()
        self._by_values()

    def _free(self) -> Iterator[Column]:
        taken = {column.name for column in self.found.values()}
        return (column for column in self.columns if column.name not in taken)

    def _take(self, target: str, column: Column, how: str) -> None:
        self.found[target] = column
        self.how[target] = how

    def _by_name(self) -> None:
        targets = [name for name in COLUMNS[self.rows_of] if name in _SAID]
        said = dict(_SAID)
        if self.rows_of == "posts":  # a post's own address or id is no other post's
            said["root_post_id"] = [
                name for name in said["root_post_id"] if name not in said["post_id"]
            ]
        if self.rows_of == "accounts":  # what is created is the account
            made = (name for name in said["posted_at"] if re.search("creat|创建", name))
            said["registered_at"] = [*said["registered_at"], *made]
        # A name that only one of them can mean goes before one of several.
        matches = sorted(
            (
                sum(column.plain in said[other] for other in targets),
                said[target].index(column.plain),
                targets.index(target),
                place,
            )
            for target in targets
            for place, column in enumerate(self.columns)
            if column.plain in said[target]
        )
        doubted: dict[str, str] = {}
        for _, _, number, place in matches:
            target, column = targets[number], self.columns[place]
            taken = {one.name for one in self.found.values()}
            if target in self.found or column.name in taken:
                continue
            if why := _contradiction(target, column):
                doubted.setdefault(
                    column.name, f"'{column.name}' is not taken for {target}: {why}"
                )
            else:
                self._take(target, column, "name")
        taken = {one.name for one in self.found.values()}
        self.doubts += [why for name, why in doubted.items() if name not in taken]

    def _by_values(self) -> None:
        if self.rows_of in ("accounts", "follows", "post_counters"):
            self._accounts_by_values()
            return
        own = "post_id" if self.rows_of == "posts" else "interaction_id"
        for column in list(self._free()):
            if len(column.values) < 2 or column.share(_POST_ID.fullmatch) < _ENOUGH:
                continue
            is_repeated = len(set(column.values)) < len(column.values) / 2
            target = (
                own if self.rows_of == "posts" or not is_repeated else "root_post_id"
            )
            if target not in self.found:
                self._take(target, column, "values")
        for column in list(self._free()):
            target = own if self.rows_of == "posts" else "root_post_id"
            if (
                target not in self.found
                and column.values
                and column.share(_shows_post) >= _ENOUGH
            ):
                self._take(target, column, "values")
        moment = "posted_at" if self.rows_of == "posts" else "acted_at"
        times = [column for column in self._free() if _is_time(column)]
        if moment not in self.found and times:
            self._take(moment, times[0], "values")
        self._accounts_by_values()
        if "text" not in self.found:
            texts = [
                (sum(map(len, column.values)) / len(column.values), column)
                for column in self._free()
                if column.values
                and len(set(column.values)) > len(column.values) / 2
                and column.share(lambda value: "://" in value[:8]) < 1 - _ENOUGH
            ]
            if texts and (longest := max(texts, key=lambda one: one[0]))[0] > 8:
                self._take("text", longest[1], "values")

    def _accounts_by_values(self) -> None:
        if "account_id" in self.found or "account_id" not in COLUMNS[self.rows_of]:
            return
        for column in self._free():
            is_id = column.share(_ACCOUNT_ID.fullmatch) >= _ENOUGH
            # Seconds since 1970 have ten digits, too.
            if column.values and is_id and not _is_time(column):
                self._take("account_id", column, "values")
                return

    def _times(self) -> Iterator[Column]:
        for target in ("posted_at", "acted_at"):
            if target in self.found:
                yield self.found[target]

    def time_format(self) -> str | None:
        """Of times whose parts may be either; None where no format is needed."""
        for column in self._times():
            parts = [_SLASHES.fullmatch(value) for value in column.values]
            found = [part for part in parts if part]
            if not found or column.share(_read_time) >= 1 or len(found) < len(parts):
                continue
            firsts, seconds = (
                max(int(part[group]) for part in found) for group in (1, 3)
            )
            if firsts <= 12 and seconds <= 12:
                self.doubts.append(
                    f"'{column.name}' may write the day or the month first: state"
                    " time_format"
                )
                continue
            mark = found[0][2]
            days = f"%d{mark}%m" if firsts > 12 else f"%m{mark}%d"
            clock = (" %H:%M" if found[0][5] else "") + (":%S" if found[0][6] else "")
            return f"{days}{mark}%Y{clock}"
        return None

    def has_dotted_counts(self) -> bool:
        """Whether counts have their thousands parted by dots."""
        values = [
            value
            for target, column in self.found.items()
            if target.endswith("_count")
            for value in column.values
        ]
        return any(
            _DOTTED.fullmatch(value) and told_count(value) is None for value in values
        ) and not any("," in value for value in values)


def _contradiction(target: str, column: Column) -> str | None:
    """What of a column's values says that it is something else; None where nothing."""
    if not column.values:
        return None
    if target.endswith("_count") or target == "level":
        holds, what = _read_count, "counts"
    elif target.endswith("_at"):
        holds, what = _may_be_time, "times"
    elif target.endswith("_id"):
        holds, what = _may_be_id, "ids"
    elif target == "kind":
        return None if _is_kind(column) else "its values are no kinds of interactions"
    elif target == "platform":
        named = column.share(lambda value: value.lower() in NAMED_SO) >= _ENOUGH
        return None if named else "its values are no networks that are known"
    elif target in ("text", "screen_name", "client", "location", "region"):
        if target != "text" and target != "screen_name":
            return None
        if column.share(lambda value: value.isdecimal()) >= _ENOUGH:
            return "its values are numbers"
        return None
    else:
        return None
    share = column.share(holds)
    if share >= _ENOUGH:
        return None
    return f"{1 - share:.0%} of its values are no {what}"


def _read_count(value: str) -> bool:
    return told_count(value) is not None or _DOTTED.fullmatch(value) is not None


def _read_time(value: str) -> bool:
    return told_time(value, _A_DAY_OF_READING, 8) is not None


def _may_be_time(value: str) -> bool:
    return _read_time(value) or _SLASHES.fullmatch(value) is not None


def _may_be_id(value: str) -> bool:
    return _shows_post(value) or (told_id(value) is not None and " " not in value)


def _shows_post(value: str) -> bool:
    if "://" not in value:
        return False
    try:
        post_at(value)
    except ValueError:
        return value.startswith("http")
    return True


def _is_time(column: Column) -> bool:
    if not column.values or column.share(_may_be_time) < _ENOUGH:
        return False
    # Plain numbers may be anything: times are those of these years.
    return not column.share(str.isdecimal) or (
        column.share(
            lambda value: (
                len(value) in (10, 13)
                and 1_230_768_000 <= int(value[:10]) <= 1_893_456_000
            )
        )
        >= _ENOUGH
    )


def _is_kind(column: Column) -> bool:
    return column.share(_KINDS.fullmatch) >= _ENOUGH


def _platform_in(columns: Sequence[Column]) -> str | None:
    """The network that posts' addresses show, or that columns name or are of."""
    names = {column.plain for column in columns}
    for network, facts in NETWORKS.items():
        if facts.own_columns and names.issuperset(facts.own_columns):
            return network
    for column in columns:
        if column.plain in _SAID["platform"] and column.values:
            return NAMED_SO.get(column.values[0].lower())
        for value in column.values[:20]:
            if "://" in value:
                try:
                    return post_at(value).platform
                except ValueError:
                    break
    if any(
        len(column.values) > 1 and column.share(_POST_ID.fullmatch) >= _ENOUGH
        for column in columns
    ):
        return DEFAULT_PLATFORM
    return None


def _zone_of(columns: Sequence[Column], network: str | None) -> str:
    """China's clocks where the names are Chinese, or the network; else UTC."""
    is_chinese = any(
        "\u4e00" <= mark <= "\u9fff" for one in columns for mark in one.name
    )
    return _CHINA if is_chinese or network == DEFAULT_PLATFORM else "UTC"
