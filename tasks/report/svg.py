"""Pictures inline in a page: SVG that scales and has a name, the same bytes each time.

Written by hand: Vega took 25 ms for each of hundreds of pictures on a page, most of it
to understand what was asked; their geometry is known here.
"""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup, escape

# Letters are the page's own; in Liberation Sans (and Arial) that high and, in parts of
# it, so wide. Of others the widest usual ones are taken: there is room for all.
LETTER_HEIGHT = 12
_NARROW, _USUAL, _FULL = 0.278, 0.556, 1.0
# From here on characters are as wide as they are high: Chinese, Japanese, Korean.
_FIRST_FULL = "\u2e80"


def picture(width: float, height: float, label: str, parts: Iterable[str]) -> Markup:
    """A picture of its parts, which a screen reader tells by its label alone."""
    body = "".join(parts)
    return Markup(
        f'<svg role="img" aria-label="{escape(label)}"'
        f' viewBox="0 0 {number(width)} {number(height)}">{body}</svg>'
    )


def number(value: float) -> str:
    """A length in pixels: more than hundredths can't be seen."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def text(x: float, y: float, words: str, anchor: str = "start") -> str:
    """Letters whose middle is as high as y."""
    anchored = "" if anchor == "start" else f' text-anchor="{anchor}"'
    # A third of a letter's height is from its middle to its foot.
    foot = number(y + LETTER_HEIGHT / 3)
    return f'<text x="{number(x)}" y="{foot}"{anchored}>{escape(words)}</text>'


def letters(color: str, texts: Iterable[str]) -> str:
    """A group of letters."""
    return f'<g fill="{color}" font-size="{LETTER_HEIGHT}">{"".join(texts)}</g>'


def width_of(words: str) -> float:
    """How wide letters stand at most, about."""
    return LETTER_HEIGHT * sum(
        _FULL if one >= _FIRST_FULL else _NARROW if one in " ,." else _USUAL
        for one in words
    )
