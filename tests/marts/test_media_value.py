"""Earned media value: a band where a price is known, nothing where it is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tasks.warehouse.errors import ConfigurationError
from tasks.warehouse.seed_tables import read_cpm
from tests.workspaces import Lab, repost, status, user

HEADER = "platform,cpm,currency,source,date\n"
BRAND = user(9000, "Aurora")
# One of two reposters reposts twice; the third tells no followers.
ANN = user(501, "ann", followers_count=1000)
BOB = user(502, "bob", followers_count=300)
CAT = {"id": 503, "idstr": "503", "screen_name": "cat"}


def built(lab: Lab, prices: str | None) -> dict[str, Any]:
    """The campaign's row with these prices, or with no list of them."""
    file = lab.root / "seeds/cpm.csv"
    file.unlink(missing_ok=True)
    if prices is not None:
        lab.put("seeds/cpm.csv", HEADER + prices)
    lab.run(tables=["campaigns"])
    (row,) = lab.dicts("from marts.campaigns")
    return row


def test_the_band_is_reach_to_exposure_times_the_price(lab: Lab) -> None:
    """The newest price up to the campaign's last day counts; without one, nothing.

    In one workspace: another list of prices makes the marts anew.
    """
    lab.put(
        "export/a.jsonl",
        [
            status(1, author=BRAND),
            repost(10, 1, ANN, "好"),
            repost(11, 1, ANN, "再转", day=3),
            repost(12, 1, BOB, "转"),
            repost(13, 1, CAT, "转转"),
        ],
    )
    for prices in (None, "x,5,USD,another network,2026-01-01\n"):
        row = built(lab, prices)
        assert row["exposure"] == 2300, prices
        assert row["earned_media_value_low"] is None, prices
        assert row["earned_media_value_high"] is None, prices
        assert row["cpm_source"] is None, prices
    row = built(
        lab,
        "weibo,10,cny,an old card,2025-01-01\n"
        "weibo,30.50,cny,rate card,2026-03-14\n"
        "weibo,99,cny,next year's,2026-03-15\n"
        "x,5,USD,not asked for,2026-01-01\n",
    )
    assert (row["potential_reach"], row["exposure"]) == (1400, 2300)
    assert row["author_followers"] == 100
    # 1,400 x 30.50 / 1,000 x 0.85 and 2,400 x 30.50 / 1,000 x 1.15.
    assert (row["earned_media_value_low"], row["earned_media_value_high"]) == (
        36.30,
        84.18,
    )
    assert row["earned_media_currency"] == "CNY"
    assert row["cpm_source"] == "weibo: rate card, 2026-03-14"
    # And gone with the price.
    assert built(lab, None)["earned_media_value_low"] is None


def test_wrong_prices_are_named(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    lab.put(
        "seeds/cpm.csv",
        HEADER
        + "weibo,12,CNY,card,2026-01-01\n"
        + "weibo,13,CNY,card,2026-01-01\n"
        + "weibo,-1,CNY,card,2026-01-02\n"
        + "weibo,NaN,CNY,card,2026-01-02\n"
        + "weibo,1,CNY,,2026-01-02\n",
    )
    with pytest.raises(ConfigurationError) as caught:
        read_cpm(tmp_path)
    assert [text.rsplit("/", 1)[1][:10] for text in caught.value.mistakes] == [
        "cpm.csv:3:",
        "cpm.csv:4:",
        "cpm.csv:5:",
        "cpm.csv:6:",
    ]
