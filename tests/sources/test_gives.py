"""What sources can give: declared for every format, cut to what an API is asked for."""

from __future__ import annotations

from typing import Any

import pytest

from tasks.sources.file_format import Gives
from tasks.sources.gives import KINDS, gives_of, lacks_of
from tasks.sources.networks import FORMATS
from tasks.warehouse.configuration import Source
from tasks.warehouse.networks import API_FORMATS, API_PARTS


def api(platform: str, **more: Any) -> Source:
    """An API source."""
    return Source.model_validate(
        {
            "name": "source",
            "platform": platform,
            "kind": "api",
            "format": API_FORMATS[platform],
            "path": ".",
            **more,
        }
    )


def test_what_a_format_gives_fits_together() -> None:
    for gives in (form.gives for form in FORMATS.values()):
        assert gives.commercial_counters <= gives.counters
        assert gives.accounts | gives.times <= gives.rows <= set(KINDS) - {"read"}
        assert gives.counters <= set(KINDS) - {"mention"}


@pytest.mark.parametrize("platform", API_FORMATS)
def test_parts_that_may_be_asked_for_are_those_that_are_given(platform: str) -> None:
    """Rows and lists of followers; asking for nothing else changes what comes."""
    parts = API_PARTS[platform]
    gives = gives_of(api(platform, collect=sorted(parts)))
    words = {"repost": "reposts", "comment": "comments", "like": "likes"}
    assert {words[kind] for kind in gives.rows - {"mention"}} == parts & {
        *words.values()
    }
    assert gives.follower_lists == ("followers" in parts)


def test_an_api_gives_what_it_is_asked_for() -> None:
    assert gives_of(api("x")).rows == {"repost", "comment", "like"}
    assert not gives_of(api("x")).follower_lists
    some = gives_of(api("x", collect=["posts", "comments", "followers"]))
    assert some.rows == some.accounts == some.times == {"comment"}
    assert some.follower_lists


def test_reads_of_weibo_need_the_commercial_endpoints() -> None:
    assert "read" not in gives_of(api("weibo")).counters
    assert "read" in gives_of(api("weibo", commercial=True)).counters


@pytest.mark.parametrize(
    ("gives", "words"),
    [
        (FORMATS["canonical"].gives, ""),
        (FORMATS["mweibo"].gives, "likes one by one; reads; lists of followers"),
        (
            Gives(rows=frozenset({"like"}), counters=frozenset({"like", "read"})),
            "reposts one by one; comments one by one; who gave likes; times of likes;"
            " the platform's counts of reposts and comments; numbers of followers;"
            " lists of followers",
        ),
    ],
)
def test_what_lacks_is_told_in_words(gives: Gives, words: str) -> None:
    assert lacks_of(gives) == words
