"""For the report: what its campaigns can be filtered by, without a script.

A choice is a radio button; rules of style hide what it leaves out.
"""

from __future__ import annotations

from collections.abc import Sequence

from tasks.report.decisions import NOT_WORTH, UNTOLD, WORTH
from tasks.report.feedback import Row
from tasks.report.languages import tell

# Fewer campaigns are seen at a glance; more brands are looked for in the marts.
FEWEST_CAMPAIGNS = 4
MOST_BRANDS = 12
VERDICTS = (WORTH, NOT_WORTH, UNTOLD)


def add_filters(campaigns: Sequence[Row]) -> list[Row]:
    """Give each campaign the classes by which it is hidden or shown.

    Returns:
        The choices: a name, what it asks, and options with class and words; none where
        there is nothing to choose.
    """
    brands = sorted({row["brand_id"] for row in campaigns if row["brand_id"]})
    numbers = {brand: number for number, brand in enumerate(brands, start=1)}
    for row in campaigns:
        verdict = row["verdict"].outcome if "verdict" in row else None
        row["classes"] = " ".join(
            (
                f"brand-{numbers.get(row['brand_id'], 0)}",
                f"verdict-{VERDICTS.index(verdict) + 1 if verdict else 0}",
            )
        )
    if len(campaigns) < FEWEST_CAMPAIGNS:
        return []
    told = {row["verdict"].outcome for row in campaigns if "verdict" in row}
    choices = [
        _choice("brand", tell("Brand"), brands),
        _choice(
            "verdict",
            tell("Verdict"),
            [tell(one) for one in VERDICTS] if len(told) > 1 else (),
        ),
    ]
    return [one for one in choices if 1 < len(one["options"]) <= MOST_BRANDS]


def _choice(name: str, asks: str, words: Sequence[str]) -> Row:
    return {
        "name": name,
        "asks": asks,
        "options": [
            {"css": f"{name}-{number}", "words": word}
            for number, word in enumerate(words, start=1)
        ],
    }
