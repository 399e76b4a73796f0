"""What Meta Business Suite exports of a page's posts: CSV or XLSX, a row a post.

Each row becomes a post as the Graph API tells it, with the row's own cells beside;
views become the metric that the Graph has for them. Figures are those of a post's life
where `Date` says Lifetime; a row of one day tells of the post alone. Text stands in
`Title` or `Description`, as the form of the post is. Times are to the minute, of a
clock that the file doesn't name.

Columns as exports of 2024 to 2026 have them, after the many public programs on GitHub
that read these (search for "Funded content status"). Those of clicks and of negative
feedback differ by month, so a row is read by the names that it needs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pyarrow as pa

from tasks.sources.answers import with_context
from tasks.sources.documents import Notes, Rejected, UnreadableFileError
from tasks.sources.error_answers import shown
from tasks.sources.table_rows import as_batches, listed, read_rows

_NEEDED = ("Post ID", "Page ID", "Publish time")
_COUNTS = ("Reactions", "Comments", "Shares", "Views")
_KNOWN = frozenset(
    (*_NEEDED, *_COUNTS, "Page name", "Title", "Description", "Permalink", "Reach",
     "Post type", "Is share", "Is crosspost", "Duration (sec)", "Date")
)  # fmt: skip
# American; other languages have other names of columns, too.
_TIMES = ("%m/%d/%Y %H:%M", "%m/%d/%Y %H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M")
_WHOLE_LIFE = "lifetime"
# Meta's name for how often a post was shown.
_VIEWS = "post_media_view"


def read_business_suite(
    path: Path, notes: Notes, _split: object
) -> Iterator[pa.RecordBatch]:
    """Yield the records of an export as batches of `SCHEMA`.

    Raises:
        UnreadableFileError: the file is damaged, no such export, or nothing says which
            clock its times are of.
    """
    yield from as_batches(_records(path, notes))


def _records(path: Path, notes: Notes) -> Iterator[tuple[int, int, dict[str, Any]]]:
    def known(names: Sequence[str]) -> int:
        return sum(name in _KNOWN for name in names)

    rows = read_rows(path, notes, known)
    header = next(rows, None)
    if header is None:
        return
    names = [name or "" for name in header.cells]
    if missing := [name for name in _NEEDED if name not in names]:
        raise UnreadableFileError(
            f"it lacks {listed(missing)}, which Meta Business Suite writes of posts in"
            " English: export it in English, or let `python -m flows map` propose how"
            " to read it as a table"
        )
    if notes.time_zone is None:
        raise UnreadableFileError(
            "its times name no time zone: say time_zone for the source, as Business"
            " Suite showed them (compare a post's)"
        )
    zone = ZoneInfo(notes.time_zone)
    pages: set[str] = set()
    daily = 0
    for row in rows:
        cells = {
            name: cell
            for name, cell in zip(names, row.cells, strict=True)
            if name and cell is not None
        }
        if not cells:
            continue
        if why := _flaw(cells):
            text = orjson.dumps(cells).decode()
            notes.rejected.append(Rejected(row.position, why, text))
            continue
        page = cells["Page ID"].strip()
        is_whole = cells.get("Date", _WHOLE_LIFE).strip().lower() == _WHOLE_LIFE
        daily += not is_whole
        records = [_post(cells, zone, is_whole=is_whole)]
        if is_whole and "Views" in cells:
            key = f"{records[0]['id']}/insights/{_VIEWS}/lifetime"
            views = {
                "id": key,
                "name": _VIEWS,
                "period": "lifetime",
                "values": [{"value": cells["Views"]}],
            }
            records.append(with_context(views, kind="insight"))
        if page not in pages:
            pages.add(page)
            told = {"id": page, "name": cells.get("Page name")}
            records.append(with_context(told, kind="page"))
        for item, record in enumerate(records):
            yield row.position, item, record
    if daily:
        notes.told.append(
            f"{daily:,} of its rows have figures of one day, which are left in landing:"
            " export posts with lifetime figures"
        )


def _flaw(cells: Mapping[str, str]) -> str | None:
    """Why a row says nothing; None for one that does."""
    for name in _NEEDED:
        if name not in cells:
            return f"it has no {name}"
    for name in ("Post ID", "Page ID"):
        if not cells[name].strip().isdigit():
            return (
                f"{name} {shown(cells[name])} is no id: a spreadsheet rounded it;"
                " export the posts again and leave the file as it is"
            )
    if _moment(cells["Publish time"]) is None:
        return (
            f"Publish time {shown(cells['Publish time'])} is not written as"
            " month/day/year: export it in English (US)"
        )
    return None


def _moment(text: str) -> datetime | None:
    for form in _TIMES:
        try:
            return datetime.strptime(text.strip(), form)  # noqa: DTZ007
        except ValueError:
            continue
    return None


def _post(
    cells: Mapping[str, str], zone: ZoneInfo, *, is_whole: bool
) -> dict[str, Any]:
    page, post = cells["Page ID"].strip(), cells["Post ID"].strip()
    moment = _moment(cells["Publish time"])
    assert moment is not None
    posted = moment.replace(tzinfo=zone).astimezone(UTC)
    told: dict[str, Any] = {
        **cells,
        "id": f"{page}_{post}",
        # To the minute: seconds are not told.
        "created_time": f"{posted:%Y-%m-%d %H:%M}",
        "message": _text(cells),
        "from": {"id": page, "name": cells.get("Page name")},
    }
    if is_whole:
        told["shares"] = {"count": cells.get("Shares")}
        told["comments"] = {"summary": {"total_count": cells.get("Comments")}}
        told["reactions"] = {"summary": {"total_count": cells.get("Reactions")}}
    return with_context(told, kind="post")


def _text(cells: Mapping[str, str]) -> str:
    """The post's words: a video has a title beside; else they stand in either."""
    title, rest = cells.get("Title", "").strip(), cells.get("Description", "").strip()
    if not title or rest.startswith(title):
        return rest
    if not rest or title.startswith(rest):
        return title
    return f"{title}\n{rest}"
