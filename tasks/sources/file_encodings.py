"""In which encoding a file's text stands; any of them to UTF-8.

Spreadsheets on Chinese machines save GBK, those in Taiwan and Hong Kong Big5, "Unicode
text" is UTF-16. Marks and zeros tell UTF-16, strict reading tells UTF-8, and
charset-normalizer (small, pure Python at need, here already through requests) tells
GB18030 from Big5, with a count of the commonest characters, which tells more of a row
or two. What neither tells is refused, as is a byte that the chosen encoding doesn't
have: nothing is guessed silently.
"""

from __future__ import annotations

import codecs
import re
from typing import IO, Any

import charset_normalizer

UTF8 = "utf-8"
MARK = "\ufeff"
# Signs that show nothing: marks of an encoding, of direction, of width zero, blanks.
UNSEEN = (
    "\ufeff\u200b\u200c\u200d\u200e\u200f\u2060\u202a\u202c"
    " \t\r\n\v\f\u00a0\u2028\u2029\u3000"
)
# Bytes that are looked at to tell an encoding, and of these what a library judges.
_SAMPLE_BYTES = 4 << 20
_JUDGED_BYTES = 32 << 10
_BLOCK_BYTES = 1 << 20
# One damaged line in so many is that line's fault, not the file's.
_FEW = 10
_THREE_BYTES = "\u0800"

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, UTF8),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CHINESE = ("gb18030", "big5hkscs")
# What their bytes are mistaken for where a file isn't Chinese.
_NEIGHBOURS = ("euc_jp", "shift_jis", "cp949")
# Less than this is no Chinese; less than the other needs a second opinion.
_LEAST_COMMON = 0.15
_CLEARLY_COMMON = 0.25
# Half of any running text, a fiftieth of characters read by the wrong table.
_COMMON = frozenset(
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下"
    "自之年过发后作里用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部"
    "其些主样理心她本前开但因只从想实日军者意无力它与长把机十民第公此已工使情明性知全三又"
    "关点正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯"
    "月话合回特代内信表化老给世位次度门任常先海通教儿原东声提立及比员解水名真论处走义各入"
    "几口认条平系气题活尔更别打女变四神总何电数安少报才结反受目太量再感建务做接必场件计管"
    "期市直德资命山金指克许统区保至队形社便空决治展马科司五基眼书非则听白却界达光放强即像"
    "难且权思王象完设式色路记南品住告类求据程北边死张该交规万取拉格望觉术领共确传师观清今"
    "切院让识候带导争运笔爱喜欢买卖茶酒店喝吃吗呢吧啊哈微博转评论赞图片视频链接粉丝关注号"
    "這個們來為國時說會對過發後裡種經麼學現當沒動還進樣開從實軍無與長機點業將兩間問應戰頭"
    "體見產給話內樣門東聲員論處義條氣題爾變總電數報結務場計資區隊書聽達強難權設記類據張該"
    "規萬術領確傳師觀讓識帶導爭運愛歡買賣嗎轉評圖視頻連結絲關注號"
)


class UnknownEncodingError(Exception):
    """Bytes whose encoding can't be told; the message says why and the repair."""


def tell_encoding(head: bytes, is_all: bool) -> tuple[str, int]:
    """The encoding of a file and the length of the mark that it begins with.

    UTF-8 where most lines are; single lines that are not stay for the reader to
    refuse by their place.

    Args:
        head: how the file begins.
        is_all: whether that is the whole file.

    Raises:
        UnknownEncodingError: neither UTF-8 nor anything that can be told.
    """
    if marked := tell_mark(head):
        return marked
    sample = head[:_SAMPLE_BYTES]
    is_all = is_all and len(sample) == len(head)
    if wide := _wide(sample):
        return wide, 0
    failure = _failure(sample, is_all)
    if failure is None or _is_damaged_utf8(sample):
        return UTF8, 0
    try:
        return _chinese(sample, failure, is_all), 0
    except UnknownEncodingError:
        lines = sample.split(b"\n")
        bad = sum(_failure(line, is_all=True) is not None for line in lines)
        if bad * _FEW <= len(lines):
            return UTF8, 0
        raise


def tell_mark(head: bytes) -> tuple[str, int] | None:
    """What the mark at a file's beginning says, and its length."""
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name, len(mark)
    return None


class Recoded:
    """Bytes of any encoding as UTF-8, read block by block.

    `read` raises `UnknownEncodingError` with the offset of a byte that the encoding
    doesn't have.
    """

    def __init__(
        self, stream: IO[bytes], encoding: str, head: bytes, offset: int
    ) -> None:
        """Read `head`, which stands at `offset`, and on from `stream`."""
        self._stream = stream
        self._encoding = encoding
        self._decoder: Any = codecs.getincrementaldecoder(encoding)("strict")
        self._waiting = head
        self._offset = offset
        self._ready = b""
        self._is_at_end = False

    def read(self, size: int) -> bytes:
        """As many bytes as asked for, fewer only at the end."""
        parts = [self._ready]
        length = len(self._ready)
        while length < size and not self._is_at_end:
            block = self._waiting or self._stream.read(_BLOCK_BYTES)
            self._waiting = b""
            self._is_at_end = not block
            kept = len(self._decoder.getstate()[0])
            try:
                text = self._decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                raise UnknownEncodingError(
                    f"not {self._encoding.upper()} at byte"
                    f" {self._offset - kept + error.start}"
                ) from None
            self._offset += len(block)
            # Half of a pair is a character in no encoding.
            parts.append(text.encode(UTF8, "replace"))
            length += len(parts[-1])
        data = b"".join(parts)
        self._ready = data[size:]
        return data[:size]


def _wide(sample: bytes) -> str | None:
    """UTF-16 without a mark: every second byte of commas and digits is zero."""
    pairs = len(sample) // 2
    if pairs < 4:
        return None
    even = sample[: 2 * pairs : 2].count(0) / pairs
    odd = sample[1 : 2 * pairs : 2].count(0) / pairs
    if min(even, odd) > max(even, odd) / 10 or max(even, odd) < 0.2:
        return None
    name = "utf-16-le" if odd > even else "utf-16-be"
    try:
        codecs.getincrementaldecoder(name)("strict").decode(sample)
    except UnicodeDecodeError:
        return None
    return name


def _failure(sample: bytes, is_all: bool, encoding: str = UTF8) -> int | None:
    """Where strict reading fails; None where it doesn't."""
    try:
        codecs.getincrementaldecoder(encoding)("strict").decode(sample, is_all)
    except UnicodeDecodeError as error:
        return error.start
    return None


def _is_damaged_utf8(sample: bytes) -> bool:
    """Whether it is UTF-8 with other bytes in it: joined, cut or flipped.

    Three bytes in a row that are a Chinese character of UTF-8 don't come about in
    whole lines of another encoding.
    """
    for line in sample.split(b"\n"):
        is_read = not line.isascii() and _failure(line, is_all=True) is None
        if is_read and max(line.decode()) >= _THREE_BYTES:
            return True
    text = sample.decode(errors="replace")
    broken = text.count("\ufffd")
    return sum(_THREE_BYTES <= sign != "\ufffd" for sign in text) > 2 * broken


def _chinese(sample: bytes, failure: int, is_all: bool) -> str:
    """GB18030 or Big5.

    Raises:
        UnknownEncodingError: neither, or both as well.
    """
    place = f"not UTF-8 at byte {failure}"
    repair = "save it as UTF-8, or name its encoding in workspace.toml: encoding = "
    alone = len(re.findall(rb"(?<![\x80-\xff])[\x80-\xff](?![\x80-\xff])", sample))
    high = len(re.findall(rb"[\x80-\xff]", sample))
    scores: dict[str, float] = {}
    for name in _CHINESE:
        if _failure(sample, is_all, name) is None:
            scores[name] = _commonness(sample.decode(name, "ignore"))
    # Accents of Western tables stand alone among letters.
    judged = b"\n".join(line for line in sample.split(b"\n") if not line.isascii())[
        :_JUDGED_BYTES
    ]
    best = max(scores.values(), default=0.0)
    if (
        alone > high / 2
        or best < _LEAST_COMMON
        or (
            best < _CLEARLY_COMMON
            and _library_says(judged, (*_CHINESE, *_NEIGHBOURS)) in _NEIGHBOURS
        )
    ):
        raise UnknownEncodingError(
            f'{place}, and its encoding can\'t be told: {repair}"..."'
        )
    likely = max(scores, key=lambda name: scores[name])
    rest = max((scores[name] for name in scores if name != likely), default=0.0)
    if (
        len(scores) == 1
        or best > 2 * rest + 0.1
        or _library_says(judged, _CHINESE) == likely
    ):
        return likely
    raise UnknownEncodingError(
        f"{place}; it reads as GB18030 and as Big5 alike, too little to tell:"
        f' {repair}"gb18030" or "big5"'
    )


def _library_says(data: bytes, among: tuple[str, ...]) -> str | None:
    found = charset_normalizer.from_bytes(data, cp_isolation=list(among)).best()
    return found.encoding if found else None


def _commonness(text: str) -> float:
    """Which share of a text's characters beyond ASCII are common Chinese ones."""
    beyond = [sign for sign in text if sign > "\x7f"]
    return sum(sign in _COMMON for sign in beyond) / max(len(beyond), 1)
