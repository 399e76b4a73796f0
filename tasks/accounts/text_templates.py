"""Text templates: sentences that differ by a few characters are one template.

Water armies write a client's words with a character, a product or a spelling changed.
Sentences are alike when the Jaccard index of their character pairs reaches `ALIKE`;
pairs to compare are found by MinHash with banding (Broder 1997; Leskovec, Rajaraman
and Ullman, Mining of Massive Datasets, chapter 3) and each is then measured exactly.

A template is a star, never a chain: the most used sentence stands in the middle, and
each other one is alike to it, not merely to one that is alike to it.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.sparse import csr_array

from tasks.accounts.name_shapes import folding_table

Numbers = npt.NDArray[np.int64]
Codes = npt.NDArray[np.uint64]

# The least part of two sentences' character pairs that both have. One character of
# eight changed leaves 0.55, two characters of twelve 0.47 to 0.57.
ALIKE = 0.5
# Fewer different pairs are laughter or one word said again and again.
FEWEST_PAIRS = 5
# Two sentences that are alike to a part s meet in a band of so many rows with the
# chance s ** ROWS: 0.95 of those at 0.5 and 0.999 of those at 0.65 meet in some band.
BANDS = 22
ROWS = 3
# Of a band's sentences each is compared with the first and so many before it.
_BEFORE = 2
# Sentences that are hashed, pairs that are measured at a time: bounds the memory.
_CHUNK = 1 << 18
_BITS = np.uint64(21)
_LOW_BITS = np.uint64(32)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


def text_templates(
    sentences: pl.DataFrame, alike: float = ALIKE, bands: int = BANDS
) -> pl.DataFrame:
    """Find the template of each sentence.

    Args:
        sentences: sentence (letters only, two at least), accounts (how many wrote it);
            a sentence may stand more than once.
        alike: the least Jaccard index of a sentence and its template.
        bands: of the MinHash; more miss fewer pairs.

    Returns:
        sentence, template (its most used sentence, of equally used ones the first in
        byte order, in plain spelling: small letters, simplified characters); sorted by
        sentence. Sentences of fewer than `FEWEST_PAIRS` different pairs have none. The
        same for the same rows in any order.

    Cost: linear in characters, plus sorting the sentences once a band. A million takes
    seventeen seconds of one core and 0.7 GB.
    """
    spelled = sentences.select(
        "sentence",
        "accounts",
        plain=pl.col("sentence").str.normalize("NFKC").str.to_lowercase(),
    )
    spelled = spelled.with_columns(plain=_fold(spelled.get_column("plain")))
    distinct = (
        spelled.group_by("plain")
        .agg(pl.col("accounts").sum())
        .sort("accounts", "plain", descending=[True, False])
    )
    pairs = _pairs_of_letters(distinct.get_column("plain"))
    tells = np.diff(pairs.indptr) >= FEWEST_PAIRS
    plain, pairs = distinct.get_column("plain").filter(pl.Series(tells)), pairs[tells]
    found = _measure(pairs, _candidates(_band_keys(plain, bands)), alike)
    middle = _stars(len(plain), *found)
    looked: Codes = np.empty(0, dtype=np.uint64)
    while True:
        apart = np.setdiff1d(
            _second_look(middle, *found[:2]), looked, assume_unique=True
        )
        missed = _measure(pairs, apart, alike)
        if not len(missed[0]):
            break
        looked = np.concatenate([looked, apart])
        one, other, index = (
            np.concatenate(parts) for parts in zip(found, missed, strict=True)
        )
        found = one, other, index
        middle = _stars(len(plain), *found)
    named = pl.DataFrame({"plain": plain, "template": plain.gather(middle)})
    return (
        spelled.select("sentence", "plain")
        .unique()
        .join(named, on="plain")
        .select("sentence", "template")
        .sort("sentence")
    )


@cache
def _folded_codes() -> npt.NDArray[np.uint32]:
    """The plain twin of each code point of the basic plane."""
    plain = np.arange(0x10000, dtype=np.uint32)
    for written, twin in folding_table().items():
        if ord(written) < len(plain):
            plain[ord(written)] = ord(twin)
    return plain


def _fold(texts: pl.Series) -> pl.Series:
    """Simplified characters and plain letters; text by text, in chunks."""
    table = _folded_codes()
    parts = []
    for start in range(0, len(texts), _CHUNK):
        codes = _code_points(texts.slice(start, _CHUNK))
        codes = np.where(codes < len(table), table[np.minimum(codes, 0xFFFF)], codes)
        joined = codes.astype("<u4").tobytes().decode("utf-32-le")
        parts.append(pl.Series(joined.split("\n")[:-1], dtype=pl.String))
    return pl.concat(parts) if parts else texts


def _code_points(texts: pl.Series) -> npt.NDArray[np.uint32]:
    """All texts as one array, a line end behind each."""
    joined = "".join(text + "\n" for text in texts.to_list())
    return np.frombuffer(joined.encode("utf-32-le"), dtype="<u4")


def _shingles(texts: pl.Series) -> tuple[Codes, Numbers]:
    """Pairs of neighbouring characters, and where each text's begin; each text has one.

    The last entry of the beginnings is the end of all.
    """
    codes = _code_points(texts).astype(np.uint64)
    pairs = (codes[:-1] << _BITS) | codes[1:]
    is_end = codes == ord("\n")
    starts = np.concatenate([[0], np.flatnonzero(is_end) + 1])
    inside = ~is_end[:-1] & ~is_end[1:]
    counts = np.maximum(np.diff(starts) - 2, 0)
    return pairs[inside], np.concatenate([[0], np.cumsum(counts)])


def _mixed(codes: Codes) -> Codes:
    """Spread over all bits (the finaliser of splitmix64): the same everywhere."""
    mixed = (codes ^ (codes >> np.uint64(30))) * _MIX_1
    mixed = (mixed ^ (mixed >> np.uint64(27))) * _MIX_2
    return mixed ^ (mixed >> np.uint64(31))


def _band_keys(texts: pl.Series, bands: int) -> npt.NDArray[np.uint32]:
    """Keys of each text, a row a band: equal where its minima are."""
    factors = _mixed(
        np.arange(1, 2 * bands * ROWS + 1, dtype=np.uint64)
        * np.uint64(0x9E3779B97F4A7C15)
    )
    keys = np.zeros((bands, len(texts)), dtype=np.uint32)
    for start in range(0, len(texts), _CHUNK):
        codes, begins = _shingles(texts.slice(start, _CHUNK))
        codes = _mixed(codes)
        for number in range(bands * ROWS):
            hashed = codes * (factors[2 * number] | np.uint64(1))
            hashed += factors[2 * number + 1]
            hashed >>= _LOW_BITS
            least = np.minimum.reduceat(hashed, begins[:-1])
            row = keys[number // ROWS, start : start + _CHUNK]
            row[:] = _mixed(row.astype(np.uint64) + (least << _LOW_BITS))
    return keys


def _candidates(keys: npt.NDArray[np.uint32]) -> Codes:
    """Pairs to compare: later sentence << 32 | earlier one; ascending.

    In each band a sentence is compared with the first of those with its key and with
    those just before it: linear, however many have it.
    """
    count = keys.shape[1]
    found = np.empty(0, dtype=np.uint64)
    numbers = np.arange(count)
    for key in keys:
        order = np.argsort(key, kind="stable")
        ordered = key[order]
        begins = np.ones(count, dtype=bool)
        begins[1:] = ordered[1:] != ordered[:-1]
        first = np.maximum.accumulate(np.where(begins, numbers, 0))
        parts = [found]
        for other in (first, *(numbers - back for back in range(1, _BEFORE + 1))):
            met = np.flatnonzero((other >= first) & (numbers > first))
            later = order[met].astype(np.uint64) << _LOW_BITS
            parts.append(later | order[other[met]].astype(np.uint64))
        found = _distinct(np.concatenate(parts))
    return found


def _distinct(codes: Codes) -> Codes:
    """Ascending, each once; several times as fast as `np.unique`."""
    ordered = np.sort(codes)
    is_new = np.ones(len(ordered), dtype=bool)
    is_new[1:] = ordered[1:] != ordered[:-1]
    distinct: Codes = ordered[is_new]
    return distinct


def _second_look(middle: Numbers, later: Numbers, earlier: Numbers) -> Codes:
    """Middles that met in no band, although sentences of theirs are alike."""
    one, other = middle[later], middle[earlier]
    apart = one != other
    found = np.maximum(one, other)[apart].astype(np.uint64) << _LOW_BITS
    return _distinct(found | np.minimum(one, other)[apart].astype(np.uint64))


def _pairs_of_letters(texts: pl.Series) -> csr_array:
    """Which pairs of characters (columns) each text (row) has."""
    codes, begins = _shingles(texts)
    first, second = codes >> _BITS, codes & np.uint64((1 << 21) - 1)
    # Letters in numbers of their own, so that a column is a product.
    number = np.zeros(0x110000, dtype=np.int64)
    number[first] = 1
    number[second] = 1
    letters = int(number.sum())
    number = np.cumsum(number) - 1
    matrix = csr_array(
        (
            np.ones(len(codes), dtype=np.int32),
            number[first] * letters + number[second],
            begins,
        ),
        shape=(len(texts), max(letters * letters, 1)),
    )
    matrix.sum_duplicates()
    matrix.data[:] = 1
    return matrix


def _measure(
    pairs: csr_array, candidates: Codes, alike: float
) -> tuple[Numbers, Numbers, npt.NDArray[np.float64]]:
    """Candidates that are alike: later, earlier sentence, and their Jaccard index."""
    later = (candidates >> _LOW_BITS).astype(np.int64)
    earlier = (candidates & np.uint64(0xFFFFFFFF)).astype(np.int64)
    sizes = np.diff(pairs.indptr)
    index = np.zeros(len(candidates))
    for start in range(0, len(candidates), _CHUNK):
        one, other = later[start : start + _CHUNK], earlier[start : start + _CHUNK]
        common = pairs[one].multiply(pairs[other]).sum(axis=1)
        index[start : start + _CHUNK] = common / (sizes[one] + sizes[other] - common)
    kept = index >= alike
    return later[kept], earlier[kept], index[kept]


def _stars(
    count: int, later: Numbers, earlier: Numbers, index: npt.NDArray[np.float64]
) -> Numbers:
    """The middle of each sentence's star.

    In order of the sentences: one that is alike to no earlier middle is a middle, every
    other belongs to the most alike one. Middles are found in rounds; each settles all
    sentences whose earlier neighbours are settled.
    """
    is_middle = np.zeros(count, dtype=bool)
    is_open = np.ones(count, dtype=bool)
    one, other = later, earlier
    while is_open.any():
        is_open[one[is_middle[other]]] = False
        waits = is_open[one] & is_open[other]
        one, other = one[waits], other[waits]
        free = is_open.copy()
        free[one] = False
        is_middle |= free
        is_open &= ~free
    middle = np.where(is_middle, np.arange(count), -1)
    near = is_middle[earlier] & ~is_middle[later]
    later, earlier, index = later[near], earlier[near], index[near]
    order = np.lexsort((earlier, -index, later))
    members, first = np.unique(later[order], return_index=True)
    middle[members] = earlier[order][first]
    return middle
