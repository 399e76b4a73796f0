"""Worlds under ids of their own, so that several stand in one workspace.

A digit marks them: the second one of an account's id, the last one of a post's or an
act's.
"""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from .spec import World

_ACCOUNTS = ("account_id", "follower_id", "operator_id")
_ACTS = ("post_id", "interaction_id", "root_post_id", "parent_id", "true_parent_id")


def renumbered(world: World, digit: int, name: str) -> World:
    """A world whose ids have a digit, and whose campaigns are called after a name."""
    campaigns = world.campaigns.with_columns(
        pl.col("campaign_id") + f"-{name}",
        pl.col("post_ids").list.eval(_marked_act(pl.element(), digit)),
    )
    frames = {
        name: _marked(frame, digit)
        for name, frame in vars(world).items()
        if isinstance(frame, pl.DataFrame) and name != "campaigns"
    }
    return replace(world, campaigns=campaigns, **frames)


def account_of(account: str | int, digit: int) -> str:
    """An account's id in the world that a digit marks."""
    return f"{str(account)[0]}{digit}{str(account)[2:]}"


def _marked(frame: pl.DataFrame, digit: int) -> pl.DataFrame:
    columns = []
    for name in frame.columns:
        if frame.schema[name] != pl.String:
            continue
        text = pl.col(name)
        if name in _ACCOUNTS:
            marked = text.str.head(1) + str(digit) + text.str.slice(2)
            columns.append(marked.alias(name))
        elif name in _ACTS:
            columns.append(_marked_act(text, digit).alias(name))
    return frame.with_columns(columns)


def _marked_act(text: pl.Expr, digit: int) -> pl.Expr:
    return text.str.head(-1) + str(digit)
