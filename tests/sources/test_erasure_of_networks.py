"""Of each open network's answers a person goes whole, and all others stay.

The answers themselves are looked at, without landing: that files are written anew and
stay so, `tests/flows/commands/test_privacy.py` tells of other networks.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import polars as pl
import pytest

from flows.commands.privacy import erase
from tasks.sources.bluesky.records import split as split_bluesky
from tasks.sources.erasure import Landed, is_own, names_in, without_person
from tasks.sources.file_format import Splitter
from tasks.sources.instagram.records import split as split_instagram
from tasks.sources.mastodon.records import split as split_mastodon
from tasks.sources.threads.records import split as split_threads
from tasks.sources.weibo_assistant.records import split as split_weibo_assistant
from tasks.sources.youtube.records import split as split_youtube
from tasks.warehouse.people import Person
from tests.workspaces import Lab
from tests.world import (
    World,
    bluesky,
    instagram,
    mastodon,
    threads,
    weibo_assistant,
    youtube,
)

NETWORKS: dict[str, tuple[Splitter, Callable[[World], tuple[World, Any]]]] = {
    "bluesky": (
        split_bluesky,
        lambda world: (
            (views := bluesky.bluesky_world(world)).world,
            bluesky.archive(views),
        ),
    ),
    "instagram": (
        split_instagram,
        lambda world: (
            (objects := instagram.instagram_world(world)).world,
            instagram.archive(objects),
        ),
    ),
    "mastodon": (
        split_mastodon,
        lambda world: (
            (objects := mastodon.mastodon_world(world)).world,
            mastodon.archive(objects),
        ),
    ),
    "threads": (
        split_threads,
        lambda world: (
            (objects := threads.threads_world(world)).world,
            threads.archive(objects),
        ),
    ),
    "weibo_assistant": (
        split_weibo_assistant,
        lambda world: (
            (objects := weibo_assistant.assistant_world(world)).world,
            weibo_assistant.archive(objects),
        ),
    ),
    "youtube": (
        split_youtube,
        lambda world: (
            (objects := youtube.youtube_world(world)).world,
            youtube.archive(objects),
        ),
    ),
}


@pytest.mark.parametrize("network", NETWORKS)
def test_nothing_is_left_of_a_person(network: str, small_world: World) -> None:
    """Who acted most and posts nothing; in records of others their name goes."""
    split, make = NETWORKS[network]
    told, answers = make(small_world)
    records = [
        record for pages in answers.values() for page in pages for record in split(page)
    ]
    authors = told.posts["account_id"].drop_nulls().to_list()
    acted = told.interactions.filter(~pl.col("account_id").is_in(authors))
    account_id = (
        acted.group_by("account_id").len().sort("len", "account_id")["account_id"][-1]
    )
    person = Person(told.posts["platform"][0], account_id)
    called = [Landed(()).person_in(record, person) for record in records]
    names = frozenset().union(
        *(names_in(r, one) for r, one in zip(records, called, strict=True) if one)
    )
    assert names
    own, left = 0, []
    for record, one in zip(records, called, strict=True):
        assert one is not None
        known = replace(one, names=names)
        own += is_own(record, known)
        left += without_person(record, known)
    assert own >= len(acted.filter(pl.col("account_id") == account_id))
    assert len(left) == len(records) - own
    written = json.dumps(left, ensure_ascii=False)
    for word in (account_id.rpartition(":")[2], *names):
        assert word not in written


@pytest.mark.parametrize("column", ["word", "topic"])
def test_topics_of_boards_keep_no_name(column: str) -> None:
    """A topic may be somebody's name and nothing else, of an API or a canonical row."""
    person = Person("weibo", "7700112233445", frozenset({"张三丰太极君"}))
    topics = ["张三丰太极君", "张三丰太极君 道歉", "春茶"]
    records = [{"board": "主榜", column: topic, "num": 7} for topic in topics]
    left = [one for record in records for one in without_person(record, person)]
    assert [one[column] for one in left] == ["[erased]", "[erased] 道歉", "春茶"]


def test_exports_that_still_hold_a_number_of_a_site_are_told(lab: Lab) -> None:
    """Records hold it without its site."""
    answer = {
        "request": {"path": "https://tea.example/api/v1/accounts/1536758540"},
        "answer": {"id": "1536758540", "acct": "tea", "display_name": "Tea"},
    }
    lab.configure(platform="mastodon", format="mastodon-api")
    lab.put("export/a.json", answer)
    lab.land()
    done = erase(lab.workspace, "mastodon", "tea_example:1536758540")
    assert done.landed.removed == 1
    assert done.exports == ["export/a.json"]
