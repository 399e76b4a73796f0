"""Texts: whom they name, how comments sound and what they are about."""

from __future__ import annotations

import duckdb
import polars as pl

from tasks.text.character_ngrams import plain_words
from tasks.text.sentiment import BALANCE_ERROR, LABELS, score
from tasks.text.spellings import (
    any_spelling,
    fold_all,
)
from tasks.text.topics import find_topics, rising
from tasks.warehouse.configuration import Policies
from tasks.warehouse.database import store_frame
from tasks.warehouse.models import Model, load_models, made, run_model


def fold_named_texts(connection: duckdb.DuckDBPyConnection, model: Model) -> None:
    """Texts that may hold a name of a brand or campaign, and their one form."""
    forms = connection.execute("select owner, kind, form from meta.names").fetchall()
    run_model(
        connection,
        model,
        {
            "post_names": any_spelling(form for _, _, form in forms),
            "interaction_names": any_spelling(
                form for owner, _, form in forms if owner == "brand"
            ),
        },
    )
    written = connection.sql(
        """
        select words as text from intermediate.named_texts
        union
        select unnest(hashtags) as text from intermediate.named_texts
        """
    ).pl()
    store_frame(
        connection, "intermediate.folded_texts", fold_all(written.get_column("text"))
    )


def judge_comments(connection: duckdb.DuckDBPyConnection, policies: Policies) -> None:
    """How comments of campaigns sound, what they are about, and what rises."""
    models = load_models("intermediate")
    words = made(connection, "comment_words")
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
    store_frame(connection, "intermediate.words_sentiment", sentiment.filter(judged))
    run_model(connection, models["intermediate.campaign_comments"], {})
    run_model(
        connection,
        models["intermediate.sentiment_days"],
        {"balance_error": BALANCE_ERROR},
    )
    days = connection.sql(
        "select campaign_id, activity_day as date_day, negative,"
        " positive + neutral + negative as judged from intermediate.sentiment_days"
    ).pl()
    store_frame(
        connection,
        "intermediate.negative_rises",
        rising(days, ["campaign_id"], "negative", "judged").select(
            "campaign_id", activity_day="date_day", is_rise="is_rising"
        ),
    )
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
    topics = find_topics(sides, names, policies.min_cell)
    if not policies.examples:
        topics = topics.with_columns(examples=pl.lit([], dtype=pl.List(pl.String)))
    store_frame(connection, "intermediate.topics", topics)


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
