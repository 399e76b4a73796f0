"""Which tracked link an address or a code means."""

from __future__ import annotations

import polars as pl
import pytest

from tasks.campaigns.tracked_links import links_meant, read_address

LINKS = pl.DataFrame(
    [
        ("spring", "plain", "https://shop.example.com/tea", None),
        ("spring", "one", "https://shop.example.com/tea?utm_content=one", "T.CN/A6x"),
        ("spring", "two", "https://shop.example.com/tea?utm_content=two", "TEA10"),
        ("gift", "card", None, "tea10"),
    ],
    schema={
        "campaign_id": pl.String,
        "link_id": pl.String,
        "url": pl.String,
        "code": pl.String,
    },
    orient="row",
)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("plain", ["plain"]),
        (" PLAIN ", ["plain"]),
        ("TEA10", ["card", "two"]),  # days tell which campaign's it is
        ("https://shop.example.com/tea", ["plain"]),
        ("http://www.Shop.example.com/tea/?from=app#top", ["plain"]),
        ("shop.example.com/tea?x=1&UTM_content=One", ["one"]),  # and plain's: less
        ("https://shop.example.com/tea?utm_content=three", ["plain"]),
        ("utm_source=weibo&utm_content=two", ["two"]),
        ("http://t.cn/A6x", ["one"]),
        ("https://shop.example.com/tea2", []),
        ("https://shop.example.com.evil.example/tea", []),
        ("utm_content=", []),
        ("http://[", []),
        ("javascript://shop.example.com/tea", []),
        ("茶", []),
        ("", []),
    ],
)
def test_texts_mean_links(text: str, meant: list[str]) -> None:
    assert links_meant([text, text], LINKS)["link_id"].sort().to_list() == meant


def test_what_makes_no_difference_is_left_out() -> None:
    one = read_address("HTTPS://www.example.com:443/a/?b=2&a=1#c")
    assert one is not None
    assert one == read_address("example.com/a?a=1&b=2")
    assert one != read_address("example.com/A?a=1&b=2")
