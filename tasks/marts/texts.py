"""Texts: whom they name, how comments sound and what they are about."""

from __future__ import annotations

import duckdb
import polars as pl

from tasks.text.character_ngrams import plain_words
from tasks.text.sentiment import LABELS, score
from tasks.text.spellings import fold_all
from tasks.text.topics import find_topics, rising
from tasks.warehouse.graph import Making


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
    words = making.connection.sql("from intermediate.comment_words").pl()
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
    told: pl.DataFrame = sentiment.filter(judged)
    return told


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
    connection, policies = making.connection, making.workspace.policies
    comments = connection.sql(
        """
        select
            comments.platform, comments.interaction_id, comments.campaign_id,
            comments.activity_day as date_day, comments.words as text,
            comments.is_genuine, comments.sentiment, accounts.operator_key as person
        from intermediate.campaign_comments as comments
        left join intermediate.accounts as accounts using (platform, account_id)
        where comments.is_in_window
        """
    ).pl()
    # The same count as in the other marts: a comment is on one side or on none.
    sides = comments.with_columns(
        pl.col("sentiment").eq(name).cast(pl.Float64).alias(name) for name in LABELS
    ).drop("sentiment")
    names = _names_of_commenters(connection) if policies.examples else []
    found = find_topics(sides, names, policies.min_cell)
    if not policies.examples:
        found = found.with_columns(examples=pl.lit([], dtype=pl.List(pl.String)))
    return found


def _names_of_commenters(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Names to take out of examples."""
    rows = connection.execute(
        """
        select distinct profiles.screen_name
        from intermediate.campaign_comments as comments
        inner join intermediate.account_profiles as profiles
            using (platform, account_id)
        where profiles.screen_name is not null
        order by profiles.screen_name
        """
    ).fetchall()
    return [row[0] for row in rows]
