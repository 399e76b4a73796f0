"""What people decide and did: the files in `seeds/`, line by line.

- `account_overrides.csv`: decision (merge, split, genuine, phantom), platform,
  account_id, other_platform, other_account_id (for merge), reason, reviewer, date.
- `suppressions.csv`: platform, account_id, reason, date: who is never to be contacted.
- `contact_history.csv`: brand_id, platform, account_id, contacted_on, channel,
  answered (yes, no or empty where that is not known yet).
- `brand_actions.csv`: action_id, brand_id, kind, started_at, ended_at (empty where it
  took a moment), note: what the brand did besides posting.
- `cpm.csv`: platform, cpm (what a thousand impressions cost as advertising), currency,
  source, date: what media value is computed from; without it there is none.
- `conversions.csv`: time, link (a tracked link's id, code or address) and, where known,
  kind (order or click), count, amount (of all of them), currency, order_id.
"""

from __future__ import annotations

import contextlib
import csv
import difflib
import io
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tasks.warehouse.condition import Condition, broken
from tasks.warehouse.errors import ConfigurationError
from tasks.warehouse.people import Person, as_table, names_account, without_words
from tasks.warehouse.whole_files import write_atomically
from tasks.warehouse.workspace import Workspace, load_workspace

# Of characters in a field.
_LONGEST = 100_000
# A line that was read and found right: its columns stand in the reader's docstring.
Row = tuple[object, ...]

DECISIONS = ("merge", "split", "genuine", "phantom")
COLUMNS = (
    "decision",
    "platform",
    "account_id",
    "other_platform",
    "other_account_id",
    "reason",
    "reviewer",
    "date",
)
SUPPRESSION_COLUMNS = ("platform", "account_id", "reason", "date")
HISTORY_COLUMNS = (
    "brand_id",
    "platform",
    "account_id",
    "contacted_on",
    "channel",
    "answered",
)
ACTION_COLUMNS = ("action_id", "brand_id", "kind", "started_at", "ended_at", "note")
CPM_COLUMNS = ("platform", "cpm", "currency", "source", "date")
CONVERSION_COLUMNS = ("time", "link")
CONVERSION_MORE = ("kind", "count", "amount", "currency", "order_id")
_KINDS = ("order", "click")
_ANSWERS = {"yes": True, "no": False, "": None}


def check_seeds(root: Path) -> None:
    """Read every table in `seeds/`.

    Raises:
        ConfigurationError: names every wrong line of all of them.
    """
    # A pipe in a file's place would make everybody wait.
    mistakes = [
        f"{file} is no file: put one in its place, or take it away"
        for file in sorted((root / "seeds").glob("*.csv"))
        if not file.is_file()
    ]
    if mistakes:
        raise ConfigurationError(mistakes)
    readers = (
        override_rows,
        suppression_rows,
        contact_rows,
        action_rows,
        price_rows,
        conversion_rows,
    )
    for read in readers:
        try:
            read(root)
        except ConfigurationError as error:
            mistakes += error.mistakes
    mistakes += _unknown_brands(root)
    if mistakes:
        raise ConfigurationError(mistakes)


def examine_seeds(workspace: Workspace) -> Iterator[Condition]:
    """Whether every line of the seeds can be taken."""
    try:
        check_seeds(workspace.root)
    except ConfigurationError as error:
        yield from (broken("seeds", one) for one in error.mistakes)
    else:
        names = [path.name for path in seed_files(workspace.root)]
        yield Condition("seeds", ", ".join(names) or "none")


def _unknown_brands(root: Path) -> list[str]:
    """Lines that name a brand which workspace.toml doesn't have."""
    known = {brand.id for brand in load_workspace(root).brands}
    mistakes = []
    for name in ("contact_history.csv", "brand_actions.csv"):
        # Whatever else is wrong with a file has been told.
        with contextlib.suppress(ConfigurationError):
            mistakes += [
                f"{place}: brand_id '{value['brand_id']}' is no brand of"
                " workspace.toml, which has"
                f" {', '.join(sorted(known)) or 'none'}: name one of them"
                for place, value in _rows(
                    root / "seeds" / name, ("brand_id",), ("brand_id",), []
                )
                if value["brand_id"] not in known
            ]
    return mistakes


def _rows(
    file: Path,
    columns: Sequence[str],
    needed: Sequence[str],
    mistakes: list[str],
    more: Sequence[str] = (),
) -> Iterator[tuple[str, dict[str, str]]]:
    """Rows of a CSV file, trimmed, with the place where each one stands.

    Rows in which a needed column is empty are named in `mistakes` and left out; columns
    of `more` may be missing: they are empty then.

    Raises:
        ConfigurationError: the file is no UTF-8 or lacks a column.
    """
    if not file.exists():
        return
    reader = _lines(file)
    missing = [name for name in columns if name not in (reader.fieldnames or [])]
    if missing:
        raise ConfigurationError(
            [f"{file}:1: columns are missing: {', '.join(missing)}: add them"]
        )
    there = list(reader.fieldnames or [])
    for name in there if more else ():
        near = difflib.get_close_matches(name.lower(), more, n=1, cutoff=0.8)
        if name not in (*columns, *more) and near and near[0] not in there:
            mistakes.append(f"{file}:1: column '{name}': did you mean '{near[0]}'?")
    for row in _whole(file, reader):
        place = f"{file}:{reader.line_num}"
        value = {name: (row.get(name) or "").strip() for name in (*columns, *more)}
        empty = [name for name in needed if not value[name]]
        mistakes += [f"{place}: {name} is empty: fill it in" for name in empty]
        if not empty:
            yield place, value


def _lines(file: Path) -> csv.DictReader[str]:
    """A CSV file's lines, by the names of its columns.

    Raises:
        ConfigurationError: the file is no UTF-8.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            [f"{file} is not UTF-8 at byte {error.start}: save it as UTF-8"]
        ) from None
    return csv.DictReader(io.StringIO(text, newline=""))


def _whole(
    file: Path, reader: csv.DictReader[str]
) -> Iterator[dict[str | Any, str | Any]]:
    """The lines of a reader.

    Raises:
        ConfigurationError: a field never ends.
    """
    endless = (
        f"a field is longer than {_LONGEST:,} characters: look for a quotation mark"
        " without its end"
    )
    try:
        for row in reader:
            # The reader has a limit as well, which others in a process may change.
            if any(len(value or "") > _LONGEST for value in row.values()):
                raise csv.Error
            yield row
    except csv.Error:
        raise ConfigurationError([f"{file}:{reader.line_num}: {endless}"]) from None


def _day(place: str, name: str, value: str, mistakes: list[str]) -> date | None:
    try:
        return date.fromisoformat(value)
    except ValueError:
        mistakes.append(f"{place}: {name} '{value}' must be YYYY-MM-DD")
        return None


def override_rows(root: Path) -> list[Row]:
    """Decisions on accounts as they are written, line by line.

    Returns:
        kind, platform, account_id, with_platform, with_account_id (of a merge),
        reason, reviewer, decided_on.

    Raises:
        ConfigurationError: names every wrong line.
    """
    file = root / "seeds" / "account_overrides.csv"
    mistakes: list[str] = []
    rows: list[Row] = []
    needed = ("platform", "account_id", "reason", "reviewer")
    for place, value in _rows(file, COLUMNS, needed, mistakes):
        before = len(mistakes)
        if value["decision"] not in DECISIONS:
            mistakes.append(
                f"{place}: decision '{value['decision']}' must be one of"
                f" {', '.join(DECISIONS)}"
            )
        if value["decision"] == "merge" and not value["other_account_id"]:
            mistakes.append(f"{place}: a merge needs other_account_id")
        decided_on = _day(place, "date", value["date"], mistakes)
        if len(mistakes) == before:
            rows.append(
                (
                    value["decision"],
                    value["platform"],
                    value["account_id"],
                    value["other_platform"] or value["platform"],
                    value["other_account_id"] or None,
                    value["reason"],
                    value["reviewer"],
                    decided_on,
                )
            )
    if mistakes:
        raise ConfigurationError(mistakes)
    return rows


def override_line(
    decision: str, platform: str, account_id: str, day: date | None
) -> str:
    """A line of `account_overrides.csv` to copy; why and who are to be filled in."""
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(
        [decision, platform, account_id, "", "", "WHY", "YOU", day or "YYYY-MM-DD"]
    )
    return text.getvalue()


def suppression_rows(root: Path) -> list[Row]:
    """Accounts that are never to be contacted, line by line.

    Returns:
        platform, account_id, reason, suppressed_on.

    Raises:
        ConfigurationError: names every wrong line.
    """
    file = root / "seeds" / "suppressions.csv"
    mistakes: list[str] = []
    rows: list[Row] = [
        (
            value["platform"],
            value["account_id"],
            value["reason"],
            _day(place, "date", value["date"], mistakes),
        )
        for place, value in _rows(
            file, SUPPRESSION_COLUMNS, ("platform", "account_id"), mistakes
        )
    ]
    if mistakes:
        raise ConfigurationError(mistakes)
    return rows


def contact_rows(root: Path) -> list[Row]:
    """Who was contacted when, and whether they answered, line by line.

    Returns:
        brand_id, platform, account_id, contacted_on, channel, is_answered (null where
        that is not known yet).

    Raises:
        ConfigurationError: names every wrong line.
    """
    file = root / "seeds" / "contact_history.csv"
    mistakes: list[str] = []
    rows: list[Row] = []
    needed = ("brand_id", "platform", "account_id", "contacted_on")
    for place, value in _rows(file, HISTORY_COLUMNS, needed, mistakes):
        if value["answered"].lower() not in _ANSWERS:
            mistakes.append(
                f"{place}: answered '{value['answered']}' must be yes, no or empty"
            )
            continue
        rows.append(
            (
                value["brand_id"],
                value["platform"],
                value["account_id"],
                _day(place, "contacted_on", value["contacted_on"], mistakes),
                value["channel"] or None,
                _ANSWERS[value["answered"].lower()],
            )
        )
    if mistakes:
        raise ConfigurationError(mistakes)
    return rows


def action_rows(root: Path, timezone: str = "UTC") -> list[Row]:
    """What brands did, with its days in a time zone, line by line.

    Times without an offset are the time zone's own; a day alone begins at midnight and
    ends with the day.

    Returns:
        action_id, brand_id, kind, started_at (UTC), first_day, last_day, note.

    Raises:
        ConfigurationError: names every wrong line.
    """
    file = root / "seeds" / "brand_actions.csv"
    mistakes: list[str] = []
    rows: list[Row] = []
    places: dict[tuple[str, str], str] = {}
    zone = ZoneInfo(timezone)
    needed = ("action_id", "brand_id", "kind", "started_at")
    for place, value in _rows(file, ACTION_COLUMNS, needed, mistakes):
        key = value["brand_id"], value["action_id"]
        if key in places:
            mistakes.append(
                f"{place}: action_id '{value['action_id']}' stands in"
                f" {places[key].rsplit(':', 1)[1]} already: give it another one"
            )
            continue
        places[key] = place
        before = len(mistakes)
        started = _moment(place, "started_at", value["started_at"], zone, mistakes)
        ended = (
            _moment(place, "ended_at", value["ended_at"], zone, mistakes)
            if value["ended_at"]
            else started
        )
        if ended and len(value["ended_at"]) == len("2026-03-01"):
            ended = datetime.combine(ended, time.max, zone)
        if len(mistakes) > before or started is None or ended is None:
            continue
        if ended < started:
            mistakes.append(f"{place}: ended_at lies before started_at: swap them")
            continue
        rows.append(
            (
                value["action_id"],
                value["brand_id"],
                value["kind"],
                started.astimezone(UTC).replace(tzinfo=None),
                started.date(),
                ended.date(),
                value["note"] or None,
            )
        )
    if mistakes:
        raise ConfigurationError(mistakes)
    return rows


def price_rows(root: Path) -> list[Row]:
    """Prices of a thousand impressions; one a network and day.

    Returns:
        platform, cpm, currency, source, priced_on.

    Raises:
        ConfigurationError: names every wrong line.
    """
    file = root / "seeds" / "cpm.csv"
    mistakes: list[str] = []
    rows: list[Row] = []
    seen: set[tuple[str, date | None]] = set()
    for place, value in _rows(file, CPM_COLUMNS, CPM_COLUMNS, mistakes):
        before = len(mistakes)
        priced_on = _day(place, "date", value["date"], mistakes)
        try:
            price = Decimal(value["cpm"])
            if not Decimal("0.0001") <= price <= 1_000_000:
                raise InvalidOperation
        except InvalidOperation:
            mistakes.append(
                f"{place}: cpm '{value['cpm']}' must be a price like 12.50, above 0"
            )
            continue
        if len(mistakes) == before and (value["platform"], priced_on) in seen:
            mistakes.append(
                f"{place}: {value['platform']} has a price of {value['date']} already:"
                " keep one of them"
            )
        seen.add((value["platform"], priced_on))
        rows.append(
            (
                value["platform"],
                price.quantize(Decimal("0.0001")),
                value["currency"].upper(),
                value["source"],
                priced_on,
            )
        )
    if mistakes:
        raise ConfigurationError(mistakes)
    return rows


def conversion_rows(root: Path, timezone: str = "UTC") -> list[Row]:
    """Clicks and orders, a row for each line that counts.

    Of several lines with one order_id and kind the last one by time counts: it holds
    the last link that the order came by. The order_id itself is not kept.

    Returns:
        line (of the file), lines (how many told this one), converted_at (UTC), date_day
        (in the time zone), link (as it is written), kind (order or click), conversions
        (how many), amount (of all of them), currency.

    Raises:
        ConfigurationError: names every wrong line.
    """
    file = root / "seeds" / "conversions.csv"
    mistakes: list[str] = []
    zone = ZoneInfo(timezone)
    # By order, else by line.
    kept: dict[tuple[str, str], Row] = {}
    lines: dict[tuple[str, str], int] = {}
    needed = CONVERSION_COLUMNS
    for place, value in _rows(file, needed, needed, mistakes, CONVERSION_MORE):
        before = len(mistakes)
        line = place.rsplit(":", 1)[1]
        kind = value["kind"].lower() or _KINDS[0]
        if kind not in _KINDS:
            mistakes.append(
                f"{place}: kind '{value['kind']}' must be {' or '.join(_KINDS)}, or"
                " empty for an order"
            )
        moment = _moment(place, "time", value["time"], zone, mistakes)
        number = _count(place, value["count"], mistakes)
        amount = _amount(place, value["amount"], mistakes)
        currency = value["currency"].upper()
        if amount is not None and kind == "click":
            mistakes.append(
                f"{place}: amount '{value['amount']}' of a click: leave out"
            )
        if amount is not None and not re.fullmatch("[A-Z]{3}", currency):
            mistakes.append(
                f"{place}: currency '{value['currency']}' must be three letters, as CNY"
            )
        if value["order_id"] and number > 1:
            mistakes.append(
                f"{place}: count {number} of one order_id: write a line an order, or"
                " leave order_id empty"
            )
        if len(mistakes) > before or moment is None:
            continue
        at = moment.astimezone(UTC).replace(tzinfo=None)
        currency = currency if amount is not None else ""
        row = (at, moment.date(), value["link"], kind, number, amount, currency or None)
        key = (kind, f"order {value['order_id']}" if value["order_id"] else line)
        lines[key] = lines.get(key, 0) + 1
        if key not in kept or (at, int(line)) > (kept[key][1], kept[key][0]):
            kept[key] = (int(line), *row)
    if mistakes:
        raise ConfigurationError(mistakes)
    return [(line, lines[key], *rest) for key, (line, *rest) in kept.items()]


def _count(place: str, value: str, mistakes: list[str]) -> int:
    """How many a line stands for; 1 where it doesn't say."""
    if not value:
        return 1
    if re.fullmatch("[0-9]{1,9}", value) and int(value):
        return int(value)
    mistakes.append(f"{place}: count '{value}' must be a whole number from 1 on")
    return 1


def _amount(place: str, value: str, mistakes: list[str]) -> Decimal | None:
    """Money; None where nothing is told."""
    if not value:
        return None
    # Digits of any script pass isdigit; a sum of money is written in these.
    if re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,4})?", value):
        return Decimal(value).quantize(Decimal("0.0001"))
    mistakes.append(
        f"{place}: amount '{value}' must be a sum like 129.00, not below 0; leave out"
        " orders that were taken back"
    )
    return None


def _moment(
    place: str, name: str, value: str, zone: ZoneInfo, mistakes: list[str]
) -> datetime | None:
    """A time in a zone; one without an offset is the zone's own."""
    try:
        moment = datetime.fromisoformat(value)
        # Beside the calendar's ends another zone has no such time.
        if not 1900 <= moment.year < 2200:
            raise ValueError
    except ValueError:
        mistakes.append(
            f"{place}: {name} '{value}' must be YYYY-MM-DD, or YYYY-MM-DDTHH:MM with"
            " or without an offset like +08:00, of the years 1900 to 2199"
        )
        return None
    return moment.astimezone(zone) if moment.tzinfo else moment.replace(tzinfo=zone)


# The seeds that name accounts.
_NAMING = ("account_overrides.csv", "suppressions.csv", "contact_history.csv")


def seed_files(root: Path) -> list[Path]:
    """The seeds that are there, without the examples."""
    return sorted(
        file
        for file in (root / "seeds").glob("*.csv")
        if file.is_file() and not file.name.endswith(".example.csv")
    )


def lines_about(
    root: Path, platform: str, account_id: str
) -> dict[str, list[dict[str, str]]]:
    """Lines about an account, by file."""
    found = {}
    for name in _NAMING:
        file = root / "seeds" / name
        if file.is_file():
            found[name] = [
                line
                for line in _lines(file)
                if names_account(line, platform, account_id)
            ]
    return found


def add_suppression(
    root: Path, platform: str, account_id: str, reason: str, day: date
) -> bool:
    """Note that an account is never to be contacted; whether it was news."""
    file = root / "seeds" / "suppressions.csv"
    header = list(SUPPRESSION_COLUMNS)
    lines = list(_lines(file)) if file.exists() else []
    if any(names_account(line, platform, account_id) for line in lines):
        return False
    if lines:
        header = list(lines[0])
    values = (platform, account_id, reason, day.isoformat())
    new = dict(zip(SUPPRESSION_COLUMNS, values, strict=True))
    write_atomically(file, as_table(header, [*lines, new]))
    return True


def forget_in_seed(file: Path, person: Person) -> None:
    """Lines about the person go, and the person goes out of the words of others."""
    reader = _lines(file)
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
        write_atomically(file, as_table(header, kept))
