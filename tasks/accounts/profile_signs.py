"""Signs of one hand in a profile: contacts, links, pictures, descriptions, counters.

Everything is brought to a form in which equal means the same; what says nothing
(a default picture, a home page of a large site, a word or two) is null.
"""

from __future__ import annotations

import polars as pl

from tasks.accounts.name_shapes import fold, name_forms

# Contacts as profiles write them. Each pattern's first group is the value. A
# telephone may be a household's; the others are one account of one owner.
_PHONE = r"(?:^|[^0-9])(1[3-9][0-9]{9})(?:[^0-9]|$)"
_NUMBER = r"(?i)(?:电话|手机|联系|tel|phone|mobile)?\s*[:：]?\s*1[3-9][0-9]{9}"
_HANDLES = (
    r"([\w.+-]+@[\w-]+(?:\.[\w-]+)+)",
    r"(?i)(?:微信|薇信|v信|vx|wx|weixin|wechat)号?\s*[:：]?\s*([a-z][-_a-z0-9]{5,19})",
    r"(?i)(?:qq|扣扣)号?\s*[:：]?\s*([1-9]\d{4,10})",
)
_LINK = r"(?i)https?://(?:www\.|m\.)?([^\s/?#]+/[^\s?#]{3,})"

# Shortest description, in letters, that two people don't write by chance.
FEWEST_LETTERS = 6
# Shortest that is no saying.
FEWEST_OF_A_TEXT = 24

_COUNTS = ("followers_count", "following_count", "posts_count")
# Width of a counter's cell, in powers of two.
_WIDTH = 1.5


def profile_signs(profiles: pl.DataFrame) -> pl.DataFrame:
    """What of each profile is compared.

    Args:
        profiles: platform, account_id, screen_name, display_name, description,
            avatar_url, location, registered_at, followers_count,
            following_count, posts_count; a column that is not there is unknown.

    Returns:
        Sorted by platform and account_id: node (running number), platform,
        account_id, second (of registration, Unix time), folded, stem, sound,
        number, template, words (letters of the description), phrases (its words, of
        long ones), phone, handle, link, avatar, place, counters_a and counters_b
        (cells of the counters on two grids half a cell apart, so that near ones share
        at least one), shape (see `_shape`).

    Cost: linear in the characters.
    """
    wanted: dict[str, pl.DataType | type[pl.DataType]] = {
        "platform": pl.String,
        "account_id": pl.String,
        "screen_name": pl.String,
        "display_name": pl.String,
        "description": pl.String,
        "avatar_url": pl.String,
        "location": pl.String,
        "registered_at": pl.Datetime("us"),
        **dict.fromkeys(_COUNTS, pl.Int64),
    }
    frame = (
        profiles.with_columns(
            pl.lit(None, kind).alias(name)
            for name, kind in wanted.items()
            if name not in profiles.columns
        )
        .select(*wanted)
        .sort("platform", "account_id")
    )
    signs = frame.select(
        "platform",
        "account_id",
        second=pl.col("registered_at").dt.epoch("s"),
        avatar=_avatar(),
        counters_a=_cell(0.0),
        counters_b=_cell(0.5),
        shape=_shape(),
    )
    described = _once(
        frame["description"],
        words=_words(),
        phrases=_phrases(),
        phone=pl.col("description").str.extract(_PHONE),
        handle=pl.coalesce(
            pl.col("description").str.extract(one) for one in _HANDLES
        ).str.to_lowercase(),
        link=pl.col("description").str.extract(_LINK).str.to_lowercase(),
    )
    located = _once(frame["location"], place=_place())
    return pl.concat(
        [signs, described, located, name_forms(frame)], how="horizontal"
    ).with_row_index("node")


def _once(texts: pl.Series, **signs: pl.Expr) -> pl.DataFrame:
    """Signs of texts in their order; of a text that many have they are read once."""
    different = texts.unique().to_frame()
    return (
        texts.to_frame()
        .join(
            different.with_columns(**signs),
            on=texts.name,
            how="left",
            nulls_equal=True,
            maintain_order="left",
        )
        .drop(texts.name)
    )


def _shape() -> pl.Expr:
    """What a programme left empty, whether handle and name are one, and its make.

    Null where there is no name.
    """
    name = pl.col("screen_name").str.to_lowercase()
    shown = pl.col("display_name").str.to_lowercase().str.replace_all(r"\s+", "")
    return pl.when(name.is_not_null()).then(
        pl.concat_str(
            _emptiness("description"),
            _emptiness("location"),
            pl.when(name == shown)
            .then(pl.lit("="))
            .when(shown.str.len_chars() > 0)
            .then(pl.lit("/"))
            .otherwise(pl.lit("?")),
            pl.when(name.str.contains(r"\d{3,}$"))
            .then(pl.lit("9"))
            .when(name.str.contains(r"\d"))
            .then(pl.lit("1"))
            .when(name.str.contains("_"))
            .then(pl.lit("_"))
            .otherwise(pl.lit("a")),
        )
    )


def _emptiness(column: str) -> pl.Expr:
    """Whether a text is empty."""
    text = pl.col(column).str.strip_chars()
    return pl.when(text.str.len_chars() > 0).then(pl.lit("x")).otherwise(pl.lit("o"))


def _uncontacted() -> pl.Expr:
    """The description without contacts and addresses."""
    text = pl.col("description").str.replace_all(r"https?://\S+", " ")
    text = text.str.replace_all(_NUMBER, " ")
    for pattern in _HANDLES:
        text = text.str.replace_all(pattern, " ")
    return fold(text)


def _phrases() -> pl.Expr:
    """Words of a description that is too long for a saying; null for others."""
    words = _uncontacted().str.replace_all(r"[^\p{L}\p{M}]+", " ").str.slice(0, 400)
    letters = words.str.count_matches(r"\p{L}")
    return pl.when(letters >= FEWEST_OF_A_TEXT).then(words)


def _words() -> pl.Expr:
    """Letters of the description without contacts and addresses."""
    letters = _uncontacted().str.replace_all(r"[^\p{L}]", "").str.slice(0, 200)
    return pl.when(letters.str.len_chars() >= FEWEST_LETTERS).then(letters)


def _avatar() -> pl.Expr:
    """An upload's path without its expiring signature; null for defaults."""
    path = pl.col("avatar_url").str.extract(r"^https?://[^/]+(/[^?#]+)")
    says = path.str.contains(r"/[0-9A-Za-z_-]{16,}[./]") & ~path.str.contains(
        r"(?i)default"
    )
    return pl.when(says).then(path)


def _place() -> pl.Expr:
    place = fold(pl.col("location")).str.strip_chars()
    return pl.when(~place.is_in(["", "其他", "海外", "未知"])).then(place)


def _cell(shift: float) -> pl.Expr:
    cells = [
        ((pl.col(name).clip(0) + 1).log(2) / _WIDTH + shift)
        .round(9)
        .floor()
        .cast(pl.Int32)
        .cast(pl.String)
        .fill_null("?")
        for name in _COUNTS
    ]
    known = pl.any_horizontal(pl.col(name).is_not_null() for name in _COUNTS)
    return pl.when(known).then(pl.concat_str(cells, separator=","))
