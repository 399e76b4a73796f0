"""What platforms and spreadsheets write as a time, a count, an id or a text.

One definition of what can be read, on all formats: SQL functions that every staging
model shares. What can't be read is null, never guessed, and `problem_of` puts the value
into words. The common forms are read by short SQL, since a run reads millions of values
and nearly all are plain; all others by the Python functions below. Another engine
registers the same functions under the same names.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any

import duckdb
from duckdb.func import SPECIAL

from tasks.warehouse.rounded_ids import PROGRAM_DIGITS, SPREADSHEET_DIGITS

# --- what values look like ---------------------------------------------------

# Blanks, marks and quotes that spreadsheets and copying leave around a value.
_UNSEEN = "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
_ODD = " \t\r\n\"'\u00a0\u2009\u202f\u3000" + _UNSEEN
# Full-width digits and marks to plain ones, odd blanks to blanks, traditional
# characters of times and counts to simplified ones.
_TIDY = str.maketrans(
    "０１２３４５６７８９：／－．，＋（）\u2019剛鐘點時個號週後萬億轉發評論讚閱讀兩",
    "0123456789:/-.,+()'刚钟点时个号周后万亿转发评论赞阅读两",
) | dict.fromkeys(map(ord, "\u00a0\u2009\u202f\u3000"), " ")
_WITHOUT_UNSEEN = dict.fromkeys(map(ord, _UNSEEN))
# 4.99000E+15, 1.5e9: digits are gone for good. (Hashes look like 12e34, too.)
_ROUNDED = re.compile(
    r"[-+]?\d+(\.\d+)?[eE][-+]\d+|[-+]?\d+\.\d+[eE]\d+|\d{1,3}[eE]\d{1,2}"
)
_DECIMAL = re.compile(r"[-+]?\d+\.\d*")
# Read as an id, unless all of a file's are like it (`tasks.warehouse.rounded_ids`).
_MANY_NOUGHTS = re.compile(r"[1-9]\d{14,}0")
_NOTHING = {"", "-", "--", "—", "/", "null", "none", "nan", "undefined", "n/a"}
_NO_IDS = {
    "null", "undefined", "nan", "none", "n/a",
    "#n/a", "#ref!", "#value!", "#name?", "#num!", "[object",
}  # fmt: skip
_SEPARATED = re.compile(r"\d{1,3}(,\d{3})+")

# --- times -------------------------------------------------------------------

_WEEKDAY = "(?:星期|周|礼拜)[一二三四五六日天]"
_CALENDAR = re.compile(
    rf"(?:{_WEEKDAY}\s*)?"
    r"(?:(?:(?P<year>\d{4})\s?[-/.年]\s?)?"
    r"(?P<month>\d{1,2})\s?[-/.月]\s?(?P<day>\d{1,2})\s?[日号]?"
    r"|(?P<word>今天|今日|昨天|昨日|前天|前日|[Tt]oday|[Yy]esterday))"
    rf"(?:[\s,(]*{_WEEKDAY}[)\s]*)?"
    r"(?:[T,\s]*(?:at\s+)?(?P<half>上午|下午|中午|凌晨|早上|晚上|傍晚|[AaPp][Mm])?\s*"
    r"(?P<hour>\d{1,2})[:时点]\s?(?P<minute>\d{1,2})"
    r"(?:[:分]\s?(?P<second>\d{1,2})(?:[.](?P<part>\d{1,9}))?)?[分秒]?"
    r"\s*(?P<half_after>[AaPp][.]?[Mm][.]?)?"
    r"\s*(?P<zone>Z|z|UTC|GMT|CST|[+-]\d{2}(?::?\d{2})?)?)?"
)
_BEFORE = re.compile(
    r"(?P<number>\d{1,9}|半|[零一二两三四五六七八九十百]{1,6})\s*个?(?P<half>半)?"
    r"(?P<unit>秒|分|小时|钟头|天|日|周|星期)钟?(?P<half_after>半)?[以之]?前"
)
# 5 minutes ago, an hour ago, half an hour ago, 3 hrs, 2d.
_AGO = re.compile(
    r"(?:about |over )?(?P<number>\d{1,9}|an?|half an?|one)\s*"
    r"(?P<unit>s|sec|second|m|min|minute|h|hr|hour|d|day|w|wk|week)s?\.?(?: ago)?",
    re.IGNORECASE,
)
_UNIT_SECONDS = {
    "秒": 1, "分": 60, "小时": 3600, "钟头": 3600, "天": 86400, "日": 86400,
    "周": 604800, "星期": 604800,
    "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800,
}  # fmt: skip
_DIGITS = {mark: value for value, mark in enumerate("零一二三四五六七八九")} | {"两": 2}
_WORDS = {"今天": 0, "今日": 0, "昨天": 1, "昨日": 1, "前天": 2, "前日": 2}
_ENGLISH_WORDS = {"today": 0, "yesterday": 1}
_NOW = ("刚刚", "刚才", "just now", "now")
_NUMBER = re.compile(r"\d+(\.\d+)?")
# Digits before the point: what part of a second one step is.
_EPOCHS = {
    9: 1, 10: 1, 12: 1000, 13: 1000, 15: 10**6, 16: 10**6, 18: 10**9, 19: 10**9,
}  # fmt: skip
_COMPACT = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
# A spreadsheet counts days since 1900; as seconds these five digits lie in 1970.
_SERIAL_ORIGIN = datetime(1899, 12, 30)  # noqa: DTZ001
_SERIALS = (36526, 73050)  # 2000 to 2099
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001
_ZONED = ("%a %b %d %H:%M:%S %z %Y", "%a, %d %b %Y %H:%M:%S %z", "%d %b %Y %H:%M:%S %z")
_NAIVE = (
    "%a %b %d %H:%M:%S %Y",
    "%b %d, %Y", "%b %d, %Y %H:%M", "%b %d, %Y %I:%M %p",
    "%d %b %Y", "%d %b %Y %H:%M", "%d %b %Y %H:%M:%S",
    "%d-%b-%Y", "%d-%b-%Y %H:%M", "%d-%b-%Y %H:%M:%S",
    "%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %I:%M %p",
)  # fmt: skip
_SLASHES = re.compile(
    r"(\d{1,2})/(\d{1,2})/(\d{4})(?: (\d{1,2}):(\d{2})(?::(\d{2}))?)?"
)
# What a spreadsheet makes of 12-19.
_DAY_MONTH = re.compile(r"(\d{1,2})-([A-Z][a-z]{2})")
_CHINA_HOURS = 8


def tidy(text: str) -> str:
    """A text without odd blanks and marks around it, in plain digits."""
    return text.translate(_TIDY).strip(_ODD + "=")


@lru_cache(maxsize=1 << 16)
def told_time(
    text: str | None, seen_at: datetime | None, hours: int
) -> datetime | None:
    """A time in any form that platforms and spreadsheets write.

    A day without a clock is that day's first moment where the clocks are; a leap second
    is the second before it.

    Args:
        text: as it is written.
        seen_at: when the record was read, naive UTC: what 12-19, 昨天 22:15, 十分钟前
            and "5 minutes ago" are counted from; None where nobody says, and these then
            tell nothing.
        hours: how far ahead of UTC the clocks are that wrote a time without a zone. The
            clocks that say today and yesterday in Chinese are China's.

    Returns:
        Naive UTC; None where the text tells no time.
    """
    if not text:
        return None
    plain = tidy(text)
    try:
        if _NUMBER.fullmatch(plain):
            return _time_of_number(plain, hours)
        if plain.lower() in _NOW:
            return seen_at
        if (ago := _seconds_ago(plain)) is not None:
            return None if seen_at is None else seen_at - timedelta(seconds=ago[0])
        if parts := _CALENDAR.fullmatch(plain):
            return _time_of_calendar(parts, seen_at, hours)
        return _time_of_western(plain, seen_at, hours)
    except (ValueError, OverflowError, ArithmeticError):
        return None


def _seconds_ago(text: str) -> tuple[float, int] | None:
    """How long before a record was read something was, and the unit, in seconds."""
    if before := _BEFORE.fullmatch(text):
        unit = _UNIT_SECONDS[before["unit"]]
        number = _number_of(before["number"])
        if number is None:
            return None
        return (number + bool(before["half"] or before["half_after"]) / 2) * unit, unit
    if ago := _AGO.fullmatch(text):
        told = ago["number"].lower()
        unit = _UNIT_SECONDS[ago["unit"][0].lower()]
        number = float(told) if told.isdecimal() else 0.5 if "half" in told else 1.0
        return number * unit, unit
    return None


def _number_of(text: str) -> float | None:
    """A number below a thousand in digits or in Chinese: 5, 十二, 两百三十, 半."""
    if text == "半":
        return 0.5
    if text.isdecimal():
        return float(text)
    total, digit = 0, None
    for mark in text:
        if mark in "十百":
            total += (1 if digit is None else digit) * (10 if mark == "十" else 100)
            digit = None
        elif mark == "零":
            continue
        elif digit is None:
            digit = _DIGITS[mark]
        else:
            return None
    return float(total + (digit or 0))


def _time_of_number(text: str, hours: int) -> datetime | None:
    whole, _, part = text.partition(".")
    if len(whole) in _COMPACT and not part and whole[:2] in ("19", "20"):
        moment = datetime.strptime(whole, _COMPACT[len(whole)])  # noqa: DTZ007
        return moment - timedelta(hours=hours)
    if len(whole) == 5 and _SERIALS[0] <= int(whole) <= _SERIALS[1]:
        seconds = (Decimal(text) * 86400).to_integral_value(ROUND_HALF_UP)
        return _SERIAL_ORIGIN + timedelta(seconds=int(seconds), hours=-hours)
    if step := _EPOCHS.get(len(whole)):
        return _EPOCH + timedelta(microseconds=int(Decimal(text) * 10**6 // step))
    return None


def _time_of_calendar(
    parts: re.Match[str], seen_at: datetime | None, hours: int
) -> datetime | None:
    if parts["word"]:
        if seen_at is None:
            return None
        before = _ENGLISH_WORDS.get(parts["word"].lower())
        if before is None:
            hours, before = _CHINA_HOURS, _WORDS[parts["word"]]
        day: date | None = (seen_at + timedelta(hours=hours)).date() - timedelta(
            days=before
        )
    elif parts["year"]:
        day = date(int(parts["year"]), int(parts["month"]), int(parts["day"]))
    else:
        day = _day_of_year(int(parts["month"]), int(parts["day"]), seen_at, hours)
    if day is None:
        return None
    midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001
    if parts["hour"] is None:
        return midnight - timedelta(hours=hours)
    hour = _hour_of_day(int(parts["hour"]), parts["half"] or parts["half_after"] or "")
    minute, second = int(parts["minute"]), int(parts["second"] or 0)
    if hour is None or minute > 59 or second > 60:
        return None
    zone = parts["zone"] or ""
    if zone == "CST" and hours != _CHINA_HOURS:
        return None  # Chicago's or China's
    return (
        midnight
        + timedelta(
            hours=hour,
            minutes=minute,
            seconds=min(second, 59),
            microseconds=int((parts["part"] or "").ljust(6, "0")[:6]),
        )
        - _offset(zone, hours)
    )


def _day_of_year(
    month: int, day: int, seen_at: datetime | None, hours: int
) -> date | None:
    """The newest such day that is none after the day it was seen."""
    if seen_at is None:
        return None
    today = (seen_at + timedelta(hours=hours)).date()
    for year in (today.year, today.year - 1):
        try:
            found = date(year, month, day)
        except ValueError:  # 29 February
            continue
        if found <= today:
            return found
    return None


def _hour_of_day(hour: int, half: str) -> int | None:
    half = half.lower().replace(".", "")
    if hour > 23:
        return None
    if half in ("下午", "晚上", "傍晚", "pm") and hour < 12:
        return hour + 12
    if half == "中午" and hour < 3:
        return hour + 12
    if half in ("上午", "凌晨", "早上", "am") and hour == 12:
        return 0
    return hour


def _offset(zone: str, hours: int) -> timedelta:
    if zone in ("Z", "z", "UTC", "GMT"):
        return timedelta(0)
    if zone in ("", "CST"):
        return timedelta(hours=hours)
    ahead = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:] if zone[3:] else 0))
    return -ahead if zone[0] == "-" else ahead


def _time_of_western(
    text: str, seen_at: datetime | None, hours: int
) -> datetime | None:
    zoned = text.replace(" GMT", " +0000").replace(" UTC", " +0000")
    if hours == _CHINA_HOURS:
        zoned = zoned.replace(" CST", " +0800")
    zoned = zoned.replace(":60 ", ":59 ")
    for form in _ZONED:
        try:
            moment = datetime.strptime(zoned, form)  # noqa: DTZ007 (it has %z)
        except ValueError:
            continue
        return moment.astimezone(UTC).replace(tzinfo=None)
    for form in _NAIVE:
        try:
            moment = datetime.strptime(text, form)  # noqa: DTZ007
        except ValueError:
            continue
        return moment - timedelta(hours=hours)
    if short := _DAY_MONTH.fullmatch(text):
        month = datetime.strptime(short[2], "%b").month  # noqa: DTZ007
        day = _day_of_year(month, int(short[1]), seen_at, hours)
        if day is None:
            return None
        return datetime(day.year, day.month, day.day) - timedelta(hours=hours)  # noqa: DTZ001
    if slashes := _SLASHES.fullmatch(text):
        one, other, year, hour, minute, second = (int(x or 0) for x in slashes.groups())
        if one <= 12 and other <= 12 and one != other:
            return None  # nobody says which is the month
        month, day_of_month = (other, one) if one > 12 else (one, other)
        moment = datetime(year, month, day_of_month, hour, minute, second)  # noqa: DTZ001
        return moment - timedelta(hours=hours)
    return None


_A_MINUTE = 60
_A_DAY = 86400


@lru_cache(maxsize=1 << 16)
def told_precision(text: str | None) -> int | None:
    """How many seconds a time's writing leaves open: 1, 60 without seconds, 86400 ...

    Args:
        text: as it is written, one that `told_time` reads.

    Returns:
        Seconds; None where nothing is written.
    """
    if not text:
        return None
    plain = tidy(text)
    if _NUMBER.fullmatch(plain):
        whole, _, part = plain.partition(".")
        if len(whole) in _COMPACT and not part and whole[:2] in ("19", "20"):
            return {8: _A_DAY, 12: _A_MINUTE}.get(len(whole), 1)
        return _A_DAY if len(whole) == 5 and not part.strip("0") else 1
    if plain.lower() in _NOW:
        return _A_MINUTE
    if (ago := _seconds_ago(plain)) is not None:
        return ago[1]
    # On clocks of any language the parts of a time are parted by colons.
    if parts := _CALENDAR.fullmatch(plain):
        clock = [parts["hour"], parts["minute"], parts["second"]]
        told = sum(part is not None for part in clock)
    else:
        told = len(re.findall(r"\d:(?=\d\d\b)", plain.rsplit(" +", 1)[0])) + 1
    return {0: _A_DAY, 1: _A_DAY, 2: _A_MINUTE}.get(told, 1)


# --- counts ------------------------------------------------------------------

_LABEL = re.compile(
    r"(转发|评论|点赞|赞|喜欢|收藏|分享|回复|阅读|播放|观看|浏览|粉丝|关注|微博)"
    r"[数量]?\s*:?\s*"
)
# Buttons: the page writes no number where nobody has pressed them.
_BUTTONS = ("转发", "评论", "点赞", "赞", "喜欢", "收藏", "分享", "回复")
_BRACKETS = re.compile(r"[\[(]\s*(.*?)\s*[\])]")
_COUNT = re.compile(
    r"(?:超过?|约|近|>=?|≥)?\s*"
    r"(?P<whole>\d+|\d{1,3}(?:,\d{3})+|\d{1,3}(?: \d{3})+|\d{1,3}(?:'\d{3})+)"
    r"(?:\.(?P<part>\d{1,8}))?\s?"
    r"(?P<unit>十万|百万|千万|千|万|亿|[kKwWmMbB])?\s?\+?\s?(?:次|人|个|条|位|赞)?\+?"
)
_UNITS = {
    "": 1, "千": 10**3, "k": 10**3, "万": 10**4, "w": 10**4, "十万": 10**5,
    "百万": 10**6, "m": 10**6, "千万": 10**7, "亿": 10**8, "b": 10**9,
}  # fmt: skip
_LARGEST = 2**63 - 1


@lru_cache(maxsize=1 << 16)
def told_count(text: str | None) -> int | None:
    """A count as platforms and spreadsheets write it.

    12, "1,234", "3.2万", "1.5K", "100万+" (a floor), "转发 12", a button's bare label
    (0). None for negative ones, parts of one and everything else.
    """
    if not text:
        return None
    plain = tidy(text)
    label = _LABEL.match(plain)
    if label:
        plain = plain[label.end() :]
        if not plain:
            return 0 if label[1] in _BUTTONS else None
    if brackets := _BRACKETS.fullmatch(plain):
        plain = brackets[1]
    found = _COUNT.fullmatch(plain)
    if found is None:
        return None
    unit, part = (found["unit"] or "").lower(), found["part"] or ""
    if not unit and part.strip("0"):
        return None  # a part of one: no count
    digits = re.sub("[, ']", "", found["whole"])
    if len(digits) > 19:
        return None
    number = Decimal(f"{digits}.{part or 0}") * _UNITS[unit]
    count = int(number.to_integral_value(ROUND_HALF_UP))
    return count if count <= _LARGEST else None


def is_blank(text: str | None) -> bool:
    """Whether a text stands for nothing, in the ways of people and programs."""
    return text is None or text.strip(_ODD).lower() in _NOTHING


# --- ids ---------------------------------------------------------------------


def told_id(text: str | None) -> str | None:
    """An id, without what spreadsheets put around it; None where it is none.

    An id is a token: a float's rendering, zero, a word for nothing or a sentence is
    none.
    """
    if text is None:
        return None
    plain = text.translate(_WITHOUT_UNSEEN).strip(_ODD)
    if plain.startswith('="'):
        plain = plain[2:]
    if (
        not 1 <= len(plain) <= 128
        or any(mark in plain for mark in ".+ ")
        or not plain.lstrip("0")
        or plain.lower() in _NO_IDS
        or (plain[0] == "-" and plain[1:].isdecimal())
        or _ROUNDED.fullmatch(plain)
        or _SEPARATED.fullmatch(plain)
    ):
        return None
    return plain


def is_rounded(text: str | None) -> bool:
    """Whether a text is a number of which a spreadsheet kept the first digits only."""
    return text is not None and bool(_ROUNDED.fullmatch(text.strip(_ODD)))


# --- notices -----------------------------------------------------------------

# Notices that stand where a text stood, whatever the network. They count only where
# there is no author, or where the platform marks the record: people quote them.
_THING = (
    "(微博|博文|原文|正文|转发|评论|回复|账号|帐号|用户|内容|文章|文|帖子?|动态|说说"
    "|日志|状态|分享|博主|作者|主人|空间|页面|网页|视频|图片|信息|消息|讯息)"
)
_FATE = (
    "(删除|[已被]删|加密|投诉|举报|屏蔽|隐藏|封禁|封号|冻结|注销|下架|锁定|限制|关闭|失效|过期"
    "|不可见|不适合|不存在|看不到|无法|不能|不适宜|不宜|违反|违规|权限|仅展示"
    "|仅.{0,12}可见|暂不|设置)"
)
_VIEW = "(展示|显示|查看|访问|浏览|观看)"
_OWNER = "(主人|原?作者|博主|对方|楼主|用户|发布者)"
# Traditional characters of notices to simplified ones.
_SIMPLE = str.maketrans(
    "刪隱設權無關內對經說帳號註銷違規該這條則頁視頻圖訊轉發評論貼應範圍僅屬誌狀態鎖凍結訴檢過閉",
    "删隐设权无关内对经说帐号注销违规该这条则页视频图讯转发评论贴应范围仅属志状态锁冻结诉检过闭",
)
# What a notice may begin with before it says what happened.
_FIRST = re.compile(
    r"(oops|sorry|hmm+|uh-oh|啊哦|哎呀|哎哟|咦|(系统|温馨)?提示)[\s,.!:，。！：~…]+",
    re.IGNORECASE,
)
_NOTICE = re.compile(
    "|".join(
        (
            rf"(很?抱歉|对不起|不好意思)[,，!！。\s]*.{{0,40}}{_THING}.{{0,60}}{_FATE}",
            rf"(该|此|本|原|源|这)[条篇个则]?{_THING}.{{0,60}}{_FATE}",
            r"(根据|由于|因|应)(该|此)?.{0,30}(设置|要求|规定|法规|规则|法律|政策|投诉)"
            rf".{{0,60}}({_THING}|无法|不可|查看|显示|访问|展示)",
            rf"(转发的?|被转发的?|原始|原创)?{_THING}(已|不|被|可能|因|暂|无法)"
            rf".{{0,40}}{_FATE}",
            rf"{_THING}?(暂时?)?(无法|不能|不予|不可|不支持){_VIEW}",
            rf"{_OWNER}已?(设置|开启|启用|关闭|限制|仅).{{0,40}}"
            rf"(权限|可见|防护|保密|能看|{_VIEW})",
            r"仅.{0,12}(可见|能看|可查看)",
            rf"(因|由于)?(涉嫌)?违(反|规|法).{{0,60}}({_FATE}|处理)",
            rf"(内容)?已?被?{_OWNER}?(删除|屏蔽|隐藏)$",
            r"[你您]?(暂时?)?(没有|无)(权限|查看)",
            r"(sorry,? *)?(this|the|that) (original )?"
            r"(post|weibo|tweet|status|account|content|comment|page|media|photo|video|message"
            r"|user|article|author|reply)\b.{0,80}"
            r"(unavailable|n.t available|not available|no longer|withheld|suspended"
            r"|deleted|removed|hidden|limit|violat|n.t exist|not exist|not found"
            r"|private|protected)",
            r"(content|post|tweet|page|comment|status)"
            r" (is ?n.t|is not|not|was|has been)"
            r" (available|found|deleted|removed|withheld)",
            r"you.re (unable|not able) to view",
            # as networks say it elsewhere
            r"(dieser|diese) (inhalt|beitrag|seite)\b.{0,60}nicht (mehr )?verfügbar",
            r"est[ea] (contenido|publicación|página)\b.{0,60}no está disponible",
            r"(este conteúdo|esta publicação)\b.{0,60}não está (mais )?disponível",
            r"(ce contenu|cette publication)\b.{0,60}n.est (pas|plus|actuellement)",
            r"questo (contenuto|post)\b.{0,60}non (è|sono) .{0,20}disponibil",
            r"konten ini\b.{0,40}tidak tersedia",
            r"nội dung này\b.{0,40}không",
            "(эт[оа]т?|данн[а-я]+) (контент|материал|публикаци[а-я]+|запись)"
            ".{0,60}недоступ",
            "(この|その)(コンテンツ|投稿|ページ|ツイート|ポスト).{0,40}"
            "(表示できません|利用(いただけ|でき)ません|削除されました|見つかりません)",
            "(이|해당) ?(콘텐츠|게시물|페이지).{0,40}(수 없|삭제되|없습니다)",
            r"age-restricted|when this happens, it.s usually because",
            r"(deleted|removed|withheld|unavailable)$",
        )
    ),
    re.IGNORECASE | re.DOTALL,
)
# Longer texts are somebody's words.
_LONGEST_NOTICE = 300
# What a repost quotes of those before: `//@name: words`, on some networks `|| @name:`.
_CHAIN = re.compile(r"(//?\s*@|\|\|\s*@)")
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_CLOSING = '】」]”")）」。.!！'


@lru_cache(maxsize=1 << 12)
def reads_like_notice(text: str | None) -> bool:
    """Whether a text reads like a notice that something is gone or hidden."""
    if not text:
        return False
    own = _CHAIN.split(text, maxsplit=1)[0]
    if len(own) > 2 * _LONGEST_NOTICE:
        return False
    plain = _TAG.sub("", own).strip(_ODD + _CLOSING).lstrip("【「[“(（")
    plain = _FIRST.sub("", plain.translate(_SIMPLE), count=1)
    return len(plain) <= _LONGEST_NOTICE and _NOTICE.match(plain) is not None


# --- reasons -----------------------------------------------------------------


def problem_of(name: str, text: str | None) -> str:
    """Why a value of a column could not be read, in words that name it.

    Args:
        name: the column; its ending (`_id`, `_at`, `_count`) says what it holds.
        text: as it was written.
    """
    if text is None or not text.strip(_ODD):
        return "it is missing"
    shown = text.strip(_ODD)
    if is_rounded(text):
        kind = {"_id": "an id", "_at": "a time"}.get(name[-3:], "a number")
        repair = ": export the column as text" if name.endswith("_id") else ""
        return f"{shown} is {kind} that a spreadsheet has rounded{repair}"
    if name.endswith("_id"):
        if _MANY_NOUGHTS.fullmatch(shown) and told_id(shown):
            by = (
                f"a spreadsheet has rounded to {SPREADSHEET_DIGITS}"
                if not shown[SPREADSHEET_DIGITS:].strip("0")
                else f"a program has rounded to {PROGRAM_DIGITS}"
            )
            return f"{shown} is an id that {by} digits: export the column as text"
        if _DECIMAL.fullmatch(shown):
            return f"{shown} is a decimal number and no id: programs round long ones"
        return f"{shown} is no id"
    if name.endswith("_count"):
        return f"{shown} is no count"
    if not name.endswith("_at"):
        return f"{shown} is not known"
    # What could be told if it were known when the record was read.
    if (
        told_time(text, datetime(2024, 12, 31), 0) is not None  # noqa: DTZ001
        and told_time(text, None, 0) is None
    ):
        is_day = _CALENDAR.fullmatch(tidy(text)) or _DAY_MONTH.fullmatch(tidy(text))
        missing = "day" if not is_day or is_day.groupdict().get("word") else "year"
        return f"{shown} tells no {missing}: state observed_at"
    if _SLASHES.fullmatch(tidy(text)):
        return f"{shown} may name the day or the month first"
    return f"{shown} is no time"


# --- as SQL ------------------------------------------------------------------

FUNCTIONS = {
    # A time as naive UTC: see `told_time`.
    "time_of(x, seen_at, hours)": """
        coalesce(
            case
                -- (A time with a zone to one without costs half as much by way of
                -- its number as by `at time zone`; a leap second fails here.)
                when substr(x, 4, 1) = ' ' and length(x) between 28 and 31
                    then make_timestamp(
                        epoch_us(try_strptime(x, '%a %b %d %H:%M:%S %z %Y'))
                    )
                when length(x) = 10 and substr(x, 5, 1) = '-' and substr(x, 8, 1) = '-'
                    then try_cast(x as timestamp) - to_hours(hours)
                when
                    length(x) = 10
                    and try_cast(x as bigint) between 946684800 and 4102444800
                    then make_timestamp(try_cast(x as bigint) * 1000000)
                when
                    length(x) = 16 and substr(x, 5, 1) = '-' and substr(x, 14, 1) = ':'
                    then try_cast(x || ':00' as timestamp) - to_hours(hours)
                when
                    length(x) >= 19
                    and substr(x, 5, 1) = '-'
                    and substr(x, 8, 1) = '-'
                    and substr(x, 17, 1) = ':'
                    and substr(x, 18, 2) <> '60'
                    then case
                        when
                            right(x, 1) = 'Z'
                            or contains(substr(x, 20), '+')
                            or contains(substr(x, 20), '-')
                            then try_cast(x as timestamp with time zone)
                                at time zone 'UTC'
                        when right(x, 1) between '0' and '9'
                            then try_cast(x as timestamp) - to_hours(hours)
                    end
            end,
            case when x <> '' then told_time(x, cast(seen_at as timestamp), hours) end
        )""",
    # Seconds that a time's writing leaves open: see `told_precision`.
    "precision_of(x)": """
        case
            when length(x) = 10 and substr(x, 5, 1) = '-' then 86400
            when length(x) = 16 and substr(x, 5, 1) = '-' and substr(x, 14, 1) = ':'
                then 60
            when
                length(x) >= 19
                and (substr(x, 17, 1) = ':' or substr(x, 4, 1) = ' ')
                and substr(x, 14, 1) = ':'
                then 1
            when length(x) = 10 and try_cast(x as bigint) is not null then 1
            when x <> '' then told_precision(x)
        end""",
    "count_of(x)": """
        case
            -- Nothing but digits: what is written again as it stands.
            when cast(try_cast(x as bigint) as varchar) = x and ascii(x) > 47
                then try_cast(x as bigint)
            when x <> '' then told_count(x)
        end""",
    # (Plain searches: a pattern match costs ten times as much.)
    "id_of(x)": """
        case
            -- A number of ten digits or more, as nearly all are.
            when
                length(x) >= 10
                and ascii(x) > 47
                and cast(try_cast(x as bigint) as varchar) = x
                then x
            when
                length(x) between 10 and 128
                and ascii(x) between 49 and 122
                and ascii(right(x, 1)) between 48 and 122
                and not contains(x, '.')
                and not contains(x, '+')
                and not contains(x, ' ')
                and not contains(x, ',')
                then x
            when x <> '' then told_id(x)
        end""",
    # Whether a text is a notice of a platform and not an author's words: it reads like
    # one, and there is no author, or the platform marks the record as gone.
    "is_notice(author_id, x, is_marked)": """
        case
            when (id_of(author_id) is null or coalesce(is_marked, false)) and x <> ''
                then reads_like_notice(x)
            else false
        end""",
    # An author's words; of a notice what it quotes of others stays, to tell the parent.
    "shown_words(author_id, x, is_marked)": """
        case
            when is_notice(author_id, x, is_marked)
                then nullif(regexp_extract(x, '(//?\\s*@|\\|\\|\\s*@)[\\s\\S]*$'), '')
            else x
        end""",
}

# Signatures of the Python functions: names of DuckDB's types.
_SIGNATURES: dict[Callable[..., Any], tuple[list[Any], Any]] = {
    told_time: (["VARCHAR", "TIMESTAMP", "BIGINT"], "TIMESTAMP"),
    told_precision: (["VARCHAR"], "BIGINT"),
    told_count: (["VARCHAR"], "BIGINT"),
    told_id: (["VARCHAR"], "VARCHAR"),
    is_blank: (["VARCHAR"], "BOOLEAN"),
    reads_like_notice: (["VARCHAR"], "BOOLEAN"),
    problem_of: (["VARCHAR", "VARCHAR"], "VARCHAR"),
}


def register(connection: duckdb.DuckDBPyConnection) -> None:
    """Give a connection the Python functions; the SQL ones call them.

    Nulls reach them: a time is read without a moment of reading, too. DuckDB imports
    NumPy for the first one, so only what reads records registers them, and none twice.
    """
    with contextlib.suppress(duckdb.CatalogException):
        connection.execute("select told_id(null)").fetchall()
        return
    for function, (takes, gives) in _SIGNATURES.items():
        connection.create_function(
            function.__name__, function, takes, gives, null_handling=SPECIAL
        )


def unregister(connection: duckdb.DuckDBPyConnection) -> None:
    """Take them from a connection again."""
    for function in _SIGNATURES:
        connection.remove_function(function.__name__)
