"""Texts as character n-grams in whole arrays: no loop over texts.

An n-gram of up to three characters is one whole number, so that a vocabulary is an
array and looking up is arithmetic. What is written here is all that stands between a
text and its features, for training and for scoring alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

Codes = npt.NDArray[np.uint32]
Keys = npt.NDArray[np.uint64]
Indexes = npt.NDArray[np.int64]

LONGEST = 3
_BITS = 20
_EDGE = "\x02"
_FACTOR = np.uint64(0x9E3779B97F4A7C15)


def plain_words(texts: pl.Series) -> pl.Series:
    """Each text in one spelling.

    Without links, names that are called and the platform's own phrases. Full-width
    forms become plain ones (NFKC), capitals small, digits one digit; gaps, control
    characters and stray marks of calls become one blank. Null stays null.
    """
    return (
        texts.cast(pl.String)
        .str.replace_all(r"https?://[0-9A-Za-z./?=&_%#:-]+", " ")
        .str.replace_all(r"(?:回复)?@[^\s:：@,，。!！?？#\[\]()（）]+[:：]?", " ")
        .str.replace_all(r"转发微博|轉發微博|网页链接|微博视频|展开全文|收起全文", " ")
        .str.normalize("NFKC")
        .str.to_lowercase()
        .str.replace_all(r"[0-9]+", "0")
        .str.replace_all(r"[\s\p{Cc}@]+", " ")
        .str.strip_chars()
    )


def code_points(words: pl.Series) -> tuple[Codes, Indexes]:
    """All texts as one array of code points.

    Each text stands between two edges, which are part of its n-grams. A character
    that stands more than three times in a row stands three times.

    Args:
        words: texts of `plain_words`; null is an empty text.

    Returns:
        The code points, and for each text the place of the edge before it; the last
        entry is the edge behind the last text.
    """
    joined = _EDGE + "".join(text + _EDGE for text in words.fill_null("").to_list())
    codes = np.frombuffer(joined.encode("utf-32-le", "replace"), dtype=np.uint32)
    same = codes[1:] == codes[:-1]
    repeated = same[2:] & same[1:-1] & same[:-2] & (codes[3:] != ord(_EDGE))
    if repeated.any():
        codes = np.delete(codes, np.flatnonzero(repeated) + 3)
    return codes, np.flatnonzero(codes == ord(_EDGE))


@dataclass(frozen=True)
class Vocabulary:
    """Known n-grams and how to find them.

    Attributes:
        character: the number of each code point below its length; 0 is unknown. Of a
            traditional character that of its simplified one.
        keys: known n-grams in numbers of characters, ascending; their index is the
            feature. Whatever begins or ends a known one is known, too.
        slots: an open-addressing table with linear probing: feature + 1, or 0.
    """

    character: npt.NDArray[np.uint32]
    keys: Keys
    slots: npt.NDArray[np.int32]

    def features(self, codes: Codes) -> list[npt.NDArray[np.int32]]:
        """The n-grams that begin at each code point.

        Returns:
            For each length, 1 to 3, the feature at each place; -1 where none is
            known. N-grams over the edge of a text are in no vocabulary.
        """
        limit = len(self.character)
        numbers = self.character[np.minimum(codes, limit - 1)].astype(np.uint64)
        found: list[npt.NDArray[np.int32]] = []
        key = numbers
        for length in range(1, LONGEST + 1):
            size = max(len(codes) - length + 1, 0)
            if length == 1:
                places = np.flatnonzero(numbers)
            else:
                key = (key[:size] << np.uint64(_BITS)) | numbers[length - 1 :]
                shorter = found[-1]
                places = np.flatnonzero(
                    (shorter[:size] >= 0) & (shorter[1 : size + 1] >= 0)
                )
            feature = np.full(len(codes), -1, dtype=np.int32)
            feature[places] = self._find(key[places])
            found.append(feature)
        return found

    def _find(self, key: Keys) -> npt.NDArray[np.int32]:
        """The feature of each key; -1 where it is unknown."""
        mask = len(self.slots) - 1
        place = _first_place(key, len(self.slots))
        found = self.slots[place] - np.int32(1)
        open_ = np.flatnonzero(found >= 0)
        open_ = open_[self.keys[found[open_]] != key[open_]]
        while len(open_):
            place[open_] = (place[open_] + 1) & mask
            found[open_] = self.slots[place[open_]] - np.int32(1)
            open_ = open_[found[open_] >= 0]
            open_ = open_[self.keys[found[open_]] != key[open_]]
        return found


def key_of(ngram: str, character: npt.NDArray[np.uint32]) -> int:
    """The key of an n-gram; of characters that are known."""
    key = 0
    for letter in ngram:
        key = (key << _BITS) | int(character[ord(letter)])
    return key


def make_vocabulary(character: npt.NDArray[np.uint32], keys: Keys) -> Vocabulary:
    """A table of keys, at most an eighth full; the same for the same keys."""
    keys = np.unique(keys)
    size = 1 << max(8, (8 * len(keys)).bit_length())
    slots = np.zeros(size, dtype=np.int32)
    waiting = np.arange(len(keys))
    place = _first_place(keys, size)
    while len(waiting):
        # Of several for a free place the smallest key gets it; the others go on.
        free = slots[place[waiting]] == 0
        taken, first = np.unique(place[waiting[free]], return_index=True)
        winners = waiting[free][first]
        slots[taken] = winners + 1
        waiting = np.setdiff1d(waiting, winners, assume_unique=True)
        place[waiting] = np.where(
            slots[place[waiting]] > 0, (place[waiting] + 1) & (size - 1), place[waiting]
        )
    return Vocabulary(character, keys, slots)


def _first_place(key: Keys, size: int) -> Indexes:
    # Fibonacci hashing: the upper bits of a product with an odd number.
    shift = np.uint64(64 - (size.bit_length() - 1))
    place: Indexes = ((key * _FACTOR) >> shift).astype(np.int64)
    return place
