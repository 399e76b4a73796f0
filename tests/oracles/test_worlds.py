"""The oracle of worlds agrees with a plain count, and sees every difference."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from tests.oracles.worlds import (
    CHECKED_MARTS,
    Options,
    campaign_figures,
    compare,
    daily_figures,
    reconcile,
    restrict,
)
from tests.workspaces import lab_of
from tests.world import World

ZONE = ZoneInfo("Asia/Shanghai")


def test_figures_are_those_of_a_plain_count(small_world: World) -> None:
    days: Counter[Any] = Counter()
    people: dict[str, set[str]] = {}
    for campaign in small_world.campaigns.iter_rows(named=True):
        for row in small_world.interactions.iter_rows(named=True):
            day = row["acted_at"].astimezone(ZONE).date()
            if (
                row["root_post_id"] in campaign["post_ids"]
                and row["kind"] != "mention"
                and campaign["start"] <= day <= campaign["end"]
            ):
                days[campaign["campaign_id"], day] += 1
                if row["account_id"]:
                    people.setdefault(campaign["campaign_id"], set()).add(
                        row["account_id"]
                    )
    daily = daily_figures(small_world)
    assert {key: row["engagements"] for key, row in daily.items() if
            row["engagements"]} == dict(days)  # fmt: skip
    for campaign, row in campaign_figures(small_world).items():
        assert row["engaged_accounts"] == len(people[campaign])
        assert row["engagements"] == sum(
            count for key, count in days.items() if key[0] == campaign
        )


def test_options_cut_what_a_platform_lacks(small_world: World) -> None:
    told = restrict(
        small_world,
        Options(
            kinds=("comment", "like"), parents="root", texts=False, like_times=False
        ),  # fmt: skip
    ).interactions
    assert set(told["kind"]) == {"comment", "like"}
    assert (told["parent_id"] == told["root_post_id"]).all()
    assert told["text"].null_count() == len(told)
    assert told.filter(kind="like")["acted_at"].n_unique() == 1


def test_canonical_files_give_the_whole_world(
    small_world: World, tmp_path: Path
) -> None:
    lab = lab_of(small_world, tmp_path, "canonical")
    lab.run(tables=CHECKED_MARTS)
    # Parents that canonical files name are the platform's.
    options = Options(
        tables=("posts", "post_counters", "interactions", "follows"),
        hashtags=True,
        unseen={"interactions": ("parent_method",)},
    )
    told = small_world
    # A mention has no parent in the world; a reader finds the root.
    rows = told.interactions.with_columns(
        pl.col("parent_id").fill_null(pl.col("root_post_id")),
        pl.col("parent_method").fill_null("root"),
    )
    world = replace(told, interactions=rows)
    reconcile(lab, world, "weibo", options)
    wrong = world.interactions.with_row_index().with_columns(
        pl.when(pl.col("index") == 5)
        .then(pl.lit("else"))
        .otherwise("text")
        .alias("text")
    )
    other = replace(world, interactions=wrong.drop("index"))
    with pytest.raises(AssertionError, match="text: expected 'else'"):
        reconcile(lab, other, "weibo", options)


def test_differences_are_named() -> None:
    rows = {"a": {"n": 1}, "b": {"n": 2}}
    compare("t", rows, dict(rows))
    with pytest.raises(AssertionError, match=r"missing: b[^$]*in excess: c"):
        compare("t", rows, {"a": {"n": 1}, "c": {"n": 3}})
    with pytest.raises(AssertionError, match=r"b n: expected 2, found 4"):
        compare("t", rows, {"a": {"n": 1}, "b": {"n": 4}})
