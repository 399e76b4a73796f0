"""Which names the cells of weibo-crawler's rows have, whatever version wrote them.

The program appends to a file for years and writes its header once: rows of a newer
version stand under the header of an older one, and twice a version wrote a cell that
its own header didn't name. A row's names therefore follow from the number of its cells
and from what the cells look like: a date where the date belongs, counts where counts
belong. Nothing is taken from a row that no version explains.

Versions after the history of github.com/dataabc/weibo-crawler, June 2019 to April 2026.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from tasks.sources.error_answers import shown
from tasks.sources.file_encodings import UNSEEN

ORIGINAL = "是否原创"
SHARED = "源微博"
_SHARER = ("源用户id", "源用户昵称")
# As the first version called them, in June and July 2019.
SYNONYMS = {"原始用户id": "源用户id", "原始用户昵称": "源用户昵称"}
_OLD_SHARED = "原始微博"

_TAIL = ("日期", "工具", "点赞数", "评论数", "转发数", "话题", "@用户")
_2019_06 = ("id", "正文", "原始图片url", "位置", *_TAIL)
_2019_08 = ("id", "正文", "原始图片url", "视频url", "位置", *_TAIL)
_2019_09 = ("id", "bid", "正文", "原始图片url", "视频url", "位置", *_TAIL)
_2020_04 = ("id", "bid", "正文", "头条文章url", "原始图片url", "视频url", "位置",
            *_TAIL)  # fmt: skip
# Named since January 2024 only.
_2022_04 = (*_2020_04, "完整日期")
# Named since November 2025 only.
_2025_04 = ("id", "bid", "正文", "头条文章url", "原始图片url", "视频url",
            "Live Photo视频url", "位置", *_TAIL, "完整日期")  # fmt: skip
_2025_12 = (*_2025_04, "是否编辑过", "编辑次数")
# What a language model said of a post, where the crawler was told to ask one.
ANALYSIS = "llm_analysis"
# The crawler never fills these of a post that is shared.
_UNFILLED = ("是否编辑过", "编辑次数")

POST_VERSIONS = (_2025_12, _2025_04, _2022_04, _2020_04, _2019_09, _2019_08, _2019_06)

_USER_2025 = ("用户id", "昵称", "性别", "生日", "所在地", "IP属地", "学习经历", "公司",
              "注册时间", "阳光信用", "微博数", "粉丝数", "关注数", "简介", "主页",
              "头像", "高清头像", "微博等级", "会员等级", "是否认证", "认证类型",
              "认证信息", "上次记录微博信息")  # fmt: skip
_USER_2022 = tuple(name for name in _USER_2025 if name != "IP属地")
_USER_2020 = _USER_2022[:-1]
USER_VERSIONS = (_USER_2025, _USER_2022, _USER_2020)

COMMENT_NAMES = ("id", "weibo_id", "created_at", "user_screen_name", "text", "pic_url",
                 "like_count")  # fmt: skip

# Only comments have a picture and a root; both names stand above every table of them.
ONLY_COMMENTS = {"pic_url", "root_id"}
_ONLY_POSTS = {"bid"}

KNOWN_NAMES = frozenset(
    {name for version in (*POST_VERSIONS, *USER_VERSIONS) for name in version}
    | set(COMMENT_NAMES)
    | _ONLY_POSTS
    | {ORIGINAL, *_SHARER, *SYNONYMS}
)

# 2026-03-03T10:15:20, 2026/3/3 10:15, 03-03, 昨天 22:15, 5分钟前, Mon Mar 02 20:00 ...
_TIME = re.compile(
    r"(?:\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?|\d{1,2}[-/月]\d{1,2}日?|[昨今前]天)"
    r"(?:[T ]*\d{1,2}:\d{2}.*)?"
    r"|(?:\d+|[半零一二两三四五六七八九十百]+) ?个?半?(?:秒|分钟|小时|天)前|刚刚"
    r"|[A-Z][a-z]{2} [A-Z][a-z]{2} \d{1,2} \d{2}:\d{2}.*"
)
_COUNT = re.compile(r"[\d,.]*\d\s*(?:[千万亿wkKWmM]\+?|\+)?|")
# A count in whatever form, or what pages show in place of zero.
_ANY_COUNT = re.compile(
    r"[^A-Za-z\u4e00-\u9fff]*[百千万亿余多wkWKmMeE]?[^A-Za-z\u4e00-\u9fff]*"
    r"|赞|转发|评论|收藏|null|none|nan|n/a|约.*",
    re.IGNORECASE,
)
_DIGITS = re.compile(r"\d{1,20}")
_FLAG = re.compile(r"true|false|0|1|是|否", re.IGNORECASE)
_ADDRESS = re.compile(r"https?:|//", re.IGNORECASE)
_BID = re.compile(r"[0-9A-Za-z]{0,20}")


def canonical_names(header: Sequence[str]) -> list[str]:
    """A header's names under those that the newest version uses."""
    return [
        SYNONYMS.get(name)
        or (
            SHARED + name.removeprefix(_OLD_SHARED)
            if name.startswith(_OLD_SHARED)
            else name
        )
        for name in header
    ]


def kind_of(names: Sequence[str]) -> str | None:
    """What the rows under some names are; None where these are no header.

    A table of reposts has the names of one of comments without those that only comments
    have, and one that only posts have.
    """
    found = set(names)
    if {"weibo_id", "id"} <= found:
        is_repost = found & _ONLY_POSTS and not found & ONLY_COMMENTS
        return "repost" if is_repost else "comment"
    if {"用户id", "昵称"} <= found:
        return "user"
    if {"id", "正文"} <= found:
        return "post"
    return None


def names_of_row(
    header: tuple[str, ...], cells: Sequence[str], kind: str, width: int = 0
) -> tuple[str, ...] | str:
    """The names of a row's cells, or why they have none.

    Args:
        header: the names above it, canonical; empty where the header is lost.
        cells: of the row.
        kind: of the rows, `kind_of` the header.
        width: cells of the header's line, those without a name included: rows as
            wide as that may have been filled up with empty cells by a spreadsheet.
    """
    filled = len(cells)
    while filled and len(cells) == width and not cells[filled - 1].strip(UNSEEN):
        filled -= 1
    own = _fits_header(header, len(cells), filled, kind)
    if own is not None and _fault(own, cells) is None:
        return own
    for names in _layouts(header, kind):
        if filled <= len(names) <= len(cells) and _is_written_so(names, cells):
            return names
    if own is not None:
        fault = _misplaced(own, cells)
        return own if fault is None else fault
    # More cells after all that have names, which keep theirs.
    if (
        header
        and len(cells) > len(header)
        and _is_whole(header, kind)
        and _is_written_so(header, cells)
    ):
        return header
    return _count_told(header, len(cells))


def is_row(
    header: tuple[str, ...], cells: Sequence[str], kind: str, width: int = 0
) -> bool:
    """Whether cells can be a row under a header."""
    return not isinstance(names_of_row(header, cells, kind, width), str)


def _fits_header(
    header: tuple[str, ...], count: int, filled: int, kind: str
) -> tuple[str, ...] | None:
    """The header's own names for a row of so many cells."""
    if not header:
        return None
    if filled <= len(header) <= count:
        return header
    if kind != "post" or ORIGINAL not in header:
        return None
    end = header.index(ORIGINAL) + 1
    if count == end:  # an original: nothing is shared
        return header[:end]
    # An unfilled end of what is shared.
    if count < len(header) and all(
        name.removeprefix(SHARED) in _UNFILLED for name in header[count:]
    ):
        return header[:count]
    return None


def _layouts(header: tuple[str, ...], kind: str) -> Iterator[tuple[str, ...]]:
    """The layouts of every version, those that the header is one of first."""
    if kind in ("comment", "repost"):
        return
    if kind == "user":
        for names in USER_VERSIONS:
            if names != header:
                yield names
        return
    yield from _post_layouts(header)


@lru_cache(maxsize=64)
def _post_layouts(header: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    base = header[: header.index(ORIGINAL)] if ORIGINAL in header else header

    def distance(version: tuple[str, ...]) -> tuple[bool, int]:
        # A newer version's rows under an older header first: headers stay.
        return (not set(base) <= set(version), len(set(version) ^ set(base)))

    layouts: list[tuple[str, ...]] = []
    for version in sorted(POST_VERSIONS, key=distance):
        analysed = tuple(
            name
            for known in version
            for name in ((known, ANALYSIS) if known == "@用户" else (known,))
        )
        for names in (version, analysed):
            shared = tuple(SHARED + name for name in names if name not in _UNFILLED)
            layouts += [
                names,
                (*names, ORIGINAL),
                (*names, ORIGINAL, *_SHARER, *shared),
            ]
            if names[-1] in _UNFILLED:
                layouts.append((*layouts[-1], *(SHARED + name for name in _UNFILLED)))
    return tuple(layouts)


def _is_whole(header: tuple[str, ...], kind: str) -> bool:
    """Whether nothing that only newer versions have can be missing in the middle."""
    if kind != "post":
        return False
    base = header[: header.index(ORIGINAL)] if ORIGINAL in header else header
    return set(_2025_12) <= set(base)


def _named(names: tuple[str, ...], cells: Sequence[str]) -> Iterator[tuple[str, str]]:
    for name, cell in zip(names, cells, strict=False):
        yield name, cell.strip(UNSEEN)


def _fault(names: tuple[str, ...], cells: Sequence[str]) -> str | None:
    """The first name whose cell does not look like what the program writes there."""
    return next(
        (
            name
            for name, cell in _named(names, cells)
            if not _check(name.removeprefix(SHARED), cell, name.startswith(SHARED))
        ),
        None,
    )


def _is_written_so(names: tuple[str, ...], cells: Sequence[str]) -> bool:
    """Whether a row that its header doesn't explain has these names.

    Its id and its dates, which the program always writes, must stand where they
    belong: between them and the counters nothing has ever changed.
    """
    row = dict(_named(names, cells))
    always = ("id", "日期") if "日期" in row else ("用户id", "昵称")
    is_anchored = bool(
        row.get("完整日期") or row.get("是否编辑过") or "完整日期" not in row
    )
    return (
        is_anchored
        and all(row.get(name) for name in always)
        and _fault(names, cells) is None
    )


def _misplaced(names: tuple[str, ...], cells: Sequence[str]) -> str | None:
    """What shows that cells don't have the names that their number gives them.

    What only can't be read is for the rules to judge.
    """
    for name, cell in _named(names, cells):
        if not _may_hold(name.removeprefix(SHARED), cell):
            return f"{name} holds {shown(cell)}: cells and names do not fit"
    return None


def _check(name: str, cell: str, is_shared: bool) -> bool:
    """Whether a cell looks like what the program writes under a name."""
    if name in ("日期", "完整日期"):
        return cell == "" or _TIME.fullmatch(cell) is not None
    if name in _COUNTS:
        return _COUNT.fullmatch(cell) is not None
    if name in ("id", "源用户id", "用户id"):
        return (cell == "" and is_shared) or (
            _DIGITS.fullmatch(cell) is not None or (cell == "" and name == "源用户id")
        )
    if name in (ORIGINAL, "是否编辑过"):
        return _FLAG.fullmatch(cell) is not None or (
            cell == "" and name == "是否编辑过"
        )
    if name in _ADDRESSES:
        return cell in ("", "无") or _ADDRESS.match(cell) is not None
    if name == "bid":
        return _BID.fullmatch(cell) is not None
    if name == ANALYSIS:
        return cell[:1] == "{"
    if name in ("位置", "工具"):
        return _ADDRESS.match(cell) is None and _TIME.fullmatch(cell) is None
    if name in ("话题", "@用户"):
        return _TIME.fullmatch(cell) is None and cell.lower() not in ("true", "false")
    if name == "性别":
        return cell in ("", "男", "女", "m", "f", "n")
    if name == "是否认证":
        return cell == "" or _FLAG.fullmatch(cell) is not None
    if name == "注册时间":
        return cell == "" or _TIME.fullmatch(cell) is not None
    return True


def _may_hold(name: str, cell: str) -> bool:
    """Whether nothing shows that a cell belongs under another name."""
    if name in _FREE:
        return True
    if name == ORIGINAL:
        return _FLAG.fullmatch(cell) is not None
    is_time = len(cell) >= _SHORTEST_DATE and _TIME.fullmatch(cell) is not None
    if name in _DATES:
        return _ADDRESS.match(cell) is None and _FLAG.fullmatch(cell) is None
    if name in _COUNTS:
        return not is_time and _ANY_COUNT.fullmatch(cell) is not None
    return not is_time


_COUNTS = frozenset(
    ("点赞数", "评论数", "转发数", "编辑次数", "微博数", "粉丝数", "关注数", "微博等级",
     "会员等级")
)  # fmt: skip
_ADDRESSES = frozenset(
    ("头条文章url", "原始图片url", "视频url", "Live Photo视频url", "主页", "头像",
     "高清头像")
)  # fmt: skip


# People's words, and what is nowhere else: a date there is no sign of anything.
_FREE = frozenset(
    ("正文", "话题", "@用户", "源用户昵称", "昵称", "简介", "生日", "学习经历", "公司",
     "认证信息", "上次记录微博信息", "上次记录微博id", ANALYSIS, *COMMENT_NAMES[1:])
)  # fmt: skip
_DATES = ("日期", "完整日期", "注册时间")
_SHORTEST_DATE = 8


def _count_told(header: tuple[str, ...], count: int) -> str:
    """How a row's cells and the header's names don't match, in words."""
    if not header:
        return f"{count} cells, which no known version writes, and no header above"
    base = header.index(ORIGINAL) if ORIGINAL in header else None
    whole = f"the header names {len(header)}"
    if base is not None:
        whole += f" ({base + 1} for an original post)"
    nearest = min(
        (len(header), base + 1) if base is not None else (len(header),),
        key=lambda names: abs(count - names),
    )
    more = count - nearest
    how = (
        f"{abs(more)} cell{'s' if abs(more) > 1 else ''}"
        f" {'more' if more > 0 else 'less'} than names"
        if more
        else "as many as names"
    )
    return f"{how}: the row has {count}, {whole}, and no known version writes that"
