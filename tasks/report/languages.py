"""The languages of the pages: English in the code, others in `catalogues/`.

As with gettext, a text in English is its own key: what a page says of itself goes
through `tell`, and a catalogue holds what it says in another language. Sentences that
the marts hold are known by their patterns. What no catalogue knows stays as it is.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from markupsafe import Markup

from tasks.warehouse.errors import ConfigurationError

FOLDER = Path(__file__).parent / "catalogues"


@dataclass(frozen=True)
class Language:
    """A language that pages are written in.

    Attributes:
        code: as in `workspace.toml`, in options and names of files.
        tag: as in HTML (BCP 47).
        name: as its speakers call it.
    """

    code: str
    tag: str
    name: str


LANGUAGES = {
    "en": Language("en", "en", "English"),
    "zh": Language("zh", "zh-Hans", "中文"),
}
_spoken: ContextVar[str] = ContextVar("language", default="en")

_FIELD = re.compile(r"\{(\w+)\}")
# What stands for words in sentences of the marts; all else stands for a number.
_WORDS = re.compile(r"said|what|others|why|command|day|last")
_NUMBER = r"(?:less than )?-?[\d.,]+(?: %)?"
# Names of columns that look like words, and marks, between longer names.
_OF_FORMULAS = frozenset(
    ("x", "CPM", "clicks", "engagements", "mentions", "orders", "revenue", "size")
)
_HAN = re.compile(r"[\u3400-\u9fff]")
_KANA_OR_HANGUL = re.compile(r"[\u3040-\u30ff\uac00-\ud7af]")


@dataclass(frozen=True)
class Catalogue:
    """What a language says.

    Attributes:
        texts: of the pages, by the English text.
        said: of the marts, by the English text, in which `{...}` stands for a number
            or, as `_WORDS` names it, for words; `{said...}` for another of these texts.
        measures: of `metric_definitions`, by the English text.
    """

    texts: dict[str, str]
    said: dict[str, str]
    measures: dict[str, str]


@contextmanager
def speaking(code: str) -> Iterator[Language]:
    """Have all that is told within in a language.

    Raises:
        ConfigurationError: there is no such language.
    """
    if code not in LANGUAGES:
        known = " and ".join(LANGUAGES)
        raise ConfigurationError([f"no page is written in '{code}': there are {known}"])
    token = _spoken.set(code)
    try:
        yield LANGUAGES[code]
    finally:
        _spoken.reset(token)


def spoken() -> Language:
    """The language of the page that is being written."""
    return LANGUAGES[_spoken.get()]


def mark(text: str) -> str:
    """Name a text that is told elsewhere, so that its place is found."""
    return text


def tell(text: str, /, **values: Any) -> str:
    """A text of the pages in their language, with values in place of `{...}`."""
    return _translated(text).format(**values)


def tell_count(one: str, many: str, count: int, /, **values: Any) -> str:
    """A text whose words follow a count."""
    return tell(one if count == 1 else many, **values)


def join_list(words: Iterable[str]) -> str:
    """A, b, c."""
    return tell("{one}, {other}", one="", other="").join(words)


def tell_markup(text: str, /, **values: Any) -> Markup:
    """As `tell`, for templates: the text may hold tags, values can't."""
    return Markup(_translated(text)).format(**values)  # noqa: S704


def tell_markup_count(one: str, many: str, count: int, /, **values: Any) -> Markup:
    """As `tell_count`, for templates."""
    return tell_markup(one if count == 1 else many, **values)


def tell_said(text: str | None) -> str | None:
    """A sentence of the marts in the language of the page.

    Returns:
        None where its language has no words for it: then it stands in English.
    """
    if text is None or _spoken.get() == "en":
        return text
    return _said(_spoken.get(), text)


def tell_measure(text: str | None) -> str | None:
    """What `metric_definitions` says, as `tell_said`; its last parts may be joined."""
    if text is None or _spoken.get() == "en" or _is_formula(text):
        return text
    known = catalogue(_spoken.get()).measures
    if text in known:
        return known[text]
    parts = [known.get(part) for part in text.split("; ")]
    return None if None in parts else "；".join(filter(None, parts))


def language_of(text: str | None) -> str | None:
    """The tag of what people write, where it differs from the page's and can be told.

    Han characters without kana or hangul are taken for Chinese.
    """
    if not text or not _HAN.search(text) or _KANA_OR_HANGUL.search(text):
        return None
    return None if _spoken.get() == "zh" else "zh"


@cache
def catalogue(code: str) -> Catalogue:
    """The catalogue of a language."""
    found = tomllib.loads((FOLDER / f"{code}.toml").read_text(encoding="utf-8"))
    return Catalogue(found["texts"], found["said"], found["measures"])


def _translated(text: str) -> str:
    code = _spoken.get()
    return text if code == "en" else catalogue(code).texts.get(text, text)


def _is_formula(text: str) -> bool:
    """Whether a text is names of columns and marks alone: the same in all languages."""
    words = re.findall(r"[A-Za-z]\w*", text)
    return (
        any("_" in word for word in words)
        and all("_" in word or word in _OF_FORMULAS for word in words)
        and ";" not in text
    )


@cache
def _patterns(code: str) -> list[tuple[re.Pattern[str], str]]:
    """Of sentences and of what has places for values, the longest first."""
    return [
        (_pattern(english), english)
        for english in sorted(catalogue(code).said, key=lambda one: (-len(one), one))
        if _FIELD.search(english) or english.endswith(".")
    ]


def _pattern(english: str) -> re.Pattern[str]:
    parts = _FIELD.split(english)
    texts = (
        rf"(?P<{part}>{'.+?' if _WORDS.match(part) else _NUMBER})"
        if number % 2
        else re.escape(part)
        for number, part in enumerate(parts)
    )
    # After a value at the end nothing tells where another sentence begins.
    end = r"(?:\s+|$)" if parts[-1] else "$"
    return re.compile("".join(texts) + end, re.DOTALL)


@cache
def _said(code: str, text: str) -> str | None:
    """A text of the marts: one, a list of them, or several one after the other."""
    said = catalogue(code).said
    if text in said and not _FIELD.search(text):
        return said[text]
    if "; " in text:
        parts = [_said(code, part) for part in text.split("; ")]
        if None not in parts:
            return "；".join(filter(None, parts))
    for pattern, english in _patterns(code):
        found = pattern.match(text)
        if found is None:
            continue
        after = _said(code, text[found.end() :]) if text[found.end() :] else ""
        values = {name: _said(code, one) for name, one in found.groupdict().items()}
        # What `{said...}` stands for is a text of ours as well.
        if after is None or any(
            value is None and name.startswith("said") for name, value in values.items()
        ):
            continue
        given = {name: value or found[name] for name, value in values.items()}
        return said[english].format(**given) + after
    return None
