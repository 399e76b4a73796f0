"""The linkage model: what is compared of two accounts, and its shipped weights.

Fellegi and Sunter's model (JASA 64, 1969) as Splink 5 runs it: each comparison has
levels, each level a probability among pairs of one operator (m) and among pairs of
strangers (u). Both are estimated by `identity_training` and shipped as JSON, so
that a day's result depends on no other data than the landed tables.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tasks.accounts.bursts import GRADES

SHIPPED = Path(__file__).resolve().parents[2] / "data" / "models" / "identity.json"

# Two ways of being one operator's: some accounts of one person, who gives them away
# by a name, a contact or a picture; or a batch that a programme made, whose accounts
# agree in nothing but that. Each has weights of its own, and a pair is judged by the
# likelier one: in one model for both, a picture of its own would speak for strangers.
KINDS = ("person", "batch")

# More accounts than this behind one value: a hotline, a stock picture, a saying.
MAX_SHARING = 20
# With fewer accounts than this the chance that two of them are one operator's is
# taken as in a table of this size: a small export is a choice, not a world.
FEWEST_ACCOUNTS = 20_000


@dataclass(frozen=True)
class Level:
    """One outcome of a comparison.

    Attributes:
        code: of the outcome.
        condition: in SQL over `_l` and `_r` columns of `JOINED`, burst (the
            strongest that both stand in, one of `bursts.GRADES`) and met (the grade
            of their meetings).
        says: what it tells a reader; empty where it tells nothing.
    """

    code: str
    condition: str
    says: str = ""


@dataclass(frozen=True)
class Compared:
    """One comparison: unknown where `unknown` holds, else its first true level."""

    name: str
    unknown: str
    levels: tuple[Level, ...]

    def step_of(self, code: str) -> int:
        """The number of a level: counted from the last, which is 0."""
        return len(self.levels) - 1 - [level.code for level in self.levels].index(code)

    def step(self) -> str:
        """In SQL, the number of the level that a pair has; -1 where unknown."""
        cases = " ".join(
            f"when {level.condition} then {self.step_of(level.code)}"
            for level in self.levels
            if level.condition != "else"
        )
        return f"cast(case when {self.unknown} then -1 {cases} else 0 end as tinyint)"


def _equal(column: str) -> str:
    return f"{column}_l = {column}_r"


def _rare(column: str) -> str:
    return f"{_equal(column)} and {column}_shared_l <= {MAX_SHARING}"


def _either_null(column: str) -> str:
    return f"{column}_l is null or {column}_r is null"


COMPARISONS = (
    Compared(
        "registration",
        _either_null("second"),
        (
            Level(
                "tight",
                f"burst = {GRADES['tight']}",
                "were registered in one burst of accounts with the same make of name"
                " and equal counters",
            ),
            Level(
                "clear",
                f"burst = {GRADES['clear']}",
                "were registered in one burst of accounts of the same make",
            ),
            Level(
                "loose",
                f"burst = {GRADES['loose']}",
                "were registered in a small burst of accounts of the same make",
            ),
            Level(
                "minutes",
                "abs(second_l - second_r) <= 600",
                "were registered within ten minutes",
            ),
            Level("apart", "else"),
        ),
    ),
    Compared(
        "name",
        # A burst was found by its names' template: in one, only a stem says more.
        f"{_either_null('folded')} or (coalesce(stem_l <> stem_r, true)"
        " and coalesce(sound_l <> sound_r, true) and template_l = template_r"
        " and burst is not null)",
        (
            Level(
                "variant",
                "stem_l = stem_r and bits_l >= 350",
                "have variants of one long, rare name",
            ),
            Level(
                "stem",
                "stem_l = stem_r and bits_l >= 240",
                "have variants of one name",
            ),
            Level(
                "short",
                "stem_l = stem_r and bits_l >= 130",
                "have variants of one short name",
            ),
            Level(
                "sound",
                "sound_l = sound_r and bits_l >= 240",
                "have names that sound the same",
            ),
            Level(
                "similar",
                # DuckDB counts bytes: one Chinese character in five, or one letter.
                "case when bits_l >= 300 and bits_r >= 300"
                " and (stem_l[:4] = stem_r[:4] or stem_l[-4:] = stem_r[-4:]"
                " or greatest(length(stem_l), length(stem_r)) < 8)"
                " then damerau_levenshtein(stem_l, stem_r) * 5"
                " <= least(strlen(stem_l), strlen(stem_r)) else false end",
                "have names that differ by a letter or two",
            ),
            Level(
                "numbered",
                "template_l = template_r and number_l <> '' and number_r <> ''",
                "have names of one template with a number",
            ),
            Level("template", "template_l = template_r"),
            Level("other", "else"),
        ),
    ),
    Compared(
        "description",
        _either_null("words"),
        (
            Level(
                "long",
                f"{_rare('words')} and length(words_l) >= 14",
                "describe themselves in the same rare sentences",
            ),
            Level("same", _rare("words"), "describe themselves in the same rare words"),
            Level(
                "common",
                _equal("words"),
                "describe themselves in the same words",
            ),
            Level(
                "near",
                # A case, since DuckDB computes both sides of an `and`.
                "case when words_l[:6] = words_r[:6] and length(words_l) >= 10"
                " and length(words_r) >= 10 then levenshtein(words_l, words_r) * 5"
                " <= greatest(strlen(words_l), strlen(words_r)) else false end",
                "describe themselves in nearly the same words",
            ),
            Level("other", "else"),
        ),
    ),
    Compared(
        "contact",
        f"({_either_null('handle')}) and ({_either_null('phone')})",
        (
            Level(
                "handle",
                _rare("handle"),
                "name the same messenger, mail or QQ account as their contact",
            ),
            Level(
                "phone",
                _rare("phone"),
                "name the same telephone, as a household may",
            ),
            Level("other", "else"),
        ),
    ),
    Compared(
        "avatar",
        _either_null("avatar"),
        (
            Level("same", _rare("avatar"), "use the same uploaded picture"),
            Level("other", "else"),
        ),
    ),
    Compared(
        "link",
        _either_null("link"),
        (
            Level("same", _rare("link"), "link to the same page"),
            Level("other", "else"),
        ),
    ),
    Compared(
        "place",
        _either_null("place"),
        (
            Level("same", _equal("place")),
            Level("other", "else"),
        ),
    ),
    # The one comparison of what accounts do, not of what their profiles say. A
    # household shares its telephone and its threads: there, meetings say no more.
    Compared(
        "meetings",
        "not has_company_l or not has_company_r"
        " or (phone_l = phone_r and coalesce(handle_l <> handle_r, true))",
        (
            Level(
                "often",
                "met = 'often'",
                "entered the same threads within half an hour of each other, far more"
                " often than chance explains",
            ),
            Level(
                "again",
                "met = 'again'",
                "entered the same threads within half an hour of each other, more"
                " often than chance explains",
            ),
            Level("apart", "else"),
        ),
    ),
)


# What the conditions look at of both accounts.
JOINED = (
    *("second", "folded", "stem", "sound", "number", "template", "bits", "place"),
    *("words", "phone", "handle", "avatar", "link"),
    *("words_shared", "phone_shared", "handle_shared", "avatar_shared", "link_shared"),
    "has_company",
)

# Levels of the name at which strangers meet who were named in one fashion.
ALIKE_NAMES = ("variant", "stem", "short", "sound", "similar")


@dataclass(frozen=True)
class IdentityParameters:
    """What `estimate_parameters` found.

    Attributes:
        partners: by kind, the mean number of other accounts of one's operator, over
            all accounts.
        weights: by kind, comparison and level, the pair (m, u).
        characters: tenths of a bit that each common character of a name tells.
        other_character: the same of any other character.
        words: the same of each word that enough names have.
        source: what they were estimated from.
    """

    partners: Mapping[str, float]
    weights: Mapping[str, Mapping[str, Mapping[str, tuple[float, float]]]]
    characters: Mapping[str, int]
    other_character: int
    words: Mapping[str, int]
    source: str

    def prior(self, kind: str, accounts: int) -> float:
        """Probability that two accounts drawn from so many are one operator's.

        The partners an account has don't grow with the table, its pairs do.
        """
        return min(0.5, self.partners[kind] / max(accounts, FEWEST_ACCOUNTS))

    def weights_of(
        self, kind: str, compared: Compared, level: Level, coincidence: float = 0.0
    ) -> tuple[float, float]:
        """Of a level m and u.

        Args:
            kind: of link.
            compared: the comparison.
            level: of it.
            coincidence: share of the pairs of strangers whose names are alike, where
                that is more than the weights know (names come in fashions).
        """
        m, u = self.weights[kind][compared.name][level.code]
        if level.code in ALIKE_NAMES and compared.name == "name":
            u = max(u, coincidence)
        return m, u


def write_parameters(parameters: IdentityParameters) -> str:
    """Parameters as one JSON document; equal parameters give equal bytes."""
    content = _content(parameters)
    return (
        json.dumps(
            {"version": _digest(content), **content}, ensure_ascii=False, indent=1
        )
        + "\n"
    )


def _content(parameters: IdentityParameters) -> dict[str, Any]:
    return {
        "source": parameters.source,
        "partners": {kind: round(parameters.partners[kind], 6) for kind in KINDS},
        "weights": {
            kind: {
                name: {
                    code: [float(f"{m:.6g}"), float(f"{u:.6g}")]
                    for code, (m, u) in levels.items()
                }
                for name, levels in parameters.weights[kind].items()
            }
            for kind in KINDS
        },
        "characters": dict(sorted(parameters.characters.items())),
        "other_character": parameters.other_character,
        "words": dict(sorted(parameters.words.items())),
    }


def _digest(content: Mapping[str, Any]) -> str:
    text = json.dumps(content, ensure_ascii=False, sort_keys=True)
    return "identity-" + hashlib.sha256(text.encode()).hexdigest()[:8]


def read_parameters(text: str) -> IdentityParameters:
    """Parameters from their JSON document.

    Raises:
        ValueError: the document was changed by hand, or its comparisons are not
            those of this version of the code.
    """
    content = json.loads(text)
    version = content.pop("version")
    if version != _digest(content):
        raise ValueError(f"the weights are not those of {version}: train them again")
    weights = {
        kind: {
            name: {code: (m, u) for code, (m, u) in levels.items()}
            for name, levels in comparisons.items()
        }
        for kind, comparisons in content["weights"].items()
    }
    wanted = {one.name: [level.code for level in one.levels] for one in COMPARISONS}
    if any(
        {name: list(levels) for name, levels in weights.get(kind, {}).items()} != wanted
        for kind in KINDS
    ):
        raise ValueError(f"{version} compares other things: train it again")
    return IdentityParameters(
        partners=content["partners"],
        weights=weights,
        characters=content["characters"],
        other_character=content["other_character"],
        words=content["words"],
        source=content["source"],
    )


@cache
def shipped_parameters() -> IdentityParameters:
    """The parameters that come with the code; read once."""
    return read_parameters(SHIPPED.read_text(encoding="utf-8"))
