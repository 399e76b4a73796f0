"""Texts: whom they name, how comments sound and what they are about."""

from __future__ import annotations

import polars as pl

from tasks.text.character_ngrams import plain_words
from tasks.text.sentiment import LABELS, score
from tasks.text.spellings import fold_all
from tasks.text.topics import find_topics, rising
from tasks.warehouse.graph import Making
from tasks.warehouse.selects import map_rows


def folded_texts(making: Making) -> pl.DataFrame:
    """The one form of texts that may hold a name of a brand or campaign."""
    written = making.connection.sql(
        """
        select words as text from intermediate.named_texts
        union
        select unnest(hashtags) as text from intermediate.named_texts
        """
    ).pl()
    folded: pl.DataFrame = fold_all(written.get_column("text"))
    return folded


def words_sentiment(making: Making) -> pl.DataFrame:
    """How wordings of comments of campaigns and brands sound."""
    words = making.read("from intermediate.comment_words").pl()
    return map_rows(_tone, words)


def _tone(words: pl.DataFrame) -> pl.DataFrame:
    """How each wording sounds; those that say nothing are left out."""
    scores = score(words.get_column("words"))
    best = pl.concat_list(LABELS).list.arg_max()
    sentiment = pl.concat([words, scores], how="horizontal").select(
        "words",
        sentiment=best.replace_strict(
            dict(enumerate(LABELS)), return_dtype=pl.String, default=None
        ),
    )
    # Names, links and the platform's phrases are no words.
    judged = plain_words(sentiment.get_column("words")).str.len_chars() > 0
    return sentiment.filter(judged)


def negative_rises(making: Making) -> pl.DataFrame:
    """On which days of a campaign negative voice rose."""
    return _rises(making, "negative")


def praise_rises(making: Making) -> pl.DataFrame:
    """On which days of a campaign positive voice rose."""
    return _rises(making, "positive")


def _rises(making: Making, side: str) -> pl.DataFrame:
    days = making.connection.sql(
        "select campaign_id, activity_day as date_day, positive, negative,"
        " positive + neutral + negative as judged from intermediate.sentiment_days"
    ).pl()
    return rising(days, ["campaign_id"], side, "judged").select(
        "campaign_id", activity_day="date_day", is_rise="is_rising"
    )


def topics(making: Making) -> pl.DataFrame:
    """What comments of campaigns are about, and what rises."""
    params = making.params
    comments = making.read(
        """
        select
            platform, interaction_id, campaign_id, activity_day as date_day,
            words as text, is_genuine, sentiment, operator_key as person
        from intermediate.campaign_comments
        where is_in_window
        """
    ).pl()
    # The same count as in the other marts: a comment is on one side or on none.
    sides = comments.with_columns(
        pl.col("sentiment").eq(name).cast(pl.Float64).alias(name) for name in LABELS
    ).drop("sentiment")
    names = making.read("from intermediate.commenter_names order by all").fetchall()
    found = find_topics(sides, [name for (name,) in names], params["min_cell"])
    if not params["examples"]:
        found = found.with_columns(examples=pl.lit([], dtype=pl.List(pl.String)))
    return found
