"""For the report: was it worth it, what deserves a look, partners, competitors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median
from typing import Any

import duckdb

from tasks.report.feedback import Row, fetch, group
from tasks.report.figures import format_money, format_number, format_share
from tasks.report.languages import mark, tell, tell_count

MOST_FINDINGS = 8
MOST_PARTNERS = 12
# The quality of an audience of fewer says little.
FEWEST_OF_AUDIENCE = 30

WORTH = mark("worth it")
NOT_WORTH = mark("not worth it")
UNTOLD = mark("can’t tell")


@dataclass(frozen=True)
class Price:
    """What one genuine engagement cost, in the campaign's currency.

    Attributes:
        low: cheapest that the interval allows.
        high: dearest; None where none may be genuine.
        middle: as estimated; None where no single number can be told.
        of: what is counted, in words.
    """

    low: float
    high: float | None
    middle: float | None
    of: str


@dataclass(frozen=True)
class Verdict:
    """One of `WORTH`, `NOT_WORTH` and `UNTOLD`, and why."""

    outcome: str
    why: str


def price_of(campaign: Mapping[str, Any]) -> Price | None:
    """The price of a genuine engagement; None without a budget or without numbers.

    Of all that the platform counts, where it counts; else of what was collected.
    """
    budget = campaign.get("budget_amount")
    if budget is None:
        return None
    estimated = campaign.get("platform_engagements") is not None
    name = "estimated_genuine_engagements" if estimated else "genuine_engagements"
    low, high = campaign.get(f"{name}_low"), campaign.get(f"{name}_high")
    count = campaign.get(name)
    if not high or low is None:
        return None
    return Price(
        low=budget / high,
        high=budget / low if low else None,
        middle=budget / count if count else None,
        of=(
            mark("of all that the platform counts")
            if estimated
            else mark("of the collected ones")
        ),
    )


def tell_pace(campaign: Mapping[str, Any], last_day: date | None) -> str:
    """How far a campaign is that still runs, and its price if the budget goes evenly.

    The prices elsewhere are of the whole budget, whatever part of the days is over.
    """
    start, end = campaign.get("window_start"), campaign.get("window_end")
    budget = campaign.get("budget_amount")
    if start is None or end is None or budget is None or last_day is None:
        return ""
    if not start <= last_day < end:
        return ""
    days, over = (end - start).days + 1, (last_day - start).days + 1
    currency = campaign.get("budget_currency")
    text = tell(
        "{over} of its {days} days are over: if the budget is spent evenly, {spent} of"
        " {budget} are spent",
        over=format_number(over),
        days=format_number(days),
        spent=format_money(budget * over / days, currency),
        budget=format_money(budget, currency),
    )
    price = price_of(campaign)
    if price is not None and price.middle is not None:
        text += tell(
            ", which is {price} a genuine engagement ({of}, estimated)",
            price=format_money(price.middle * over / days, currency),
            of=tell(price.of),
        )
    return tell("{text}.", text=text)


def judge_price(
    campaign: Mapping[str, Any], campaigns: Sequence[Mapping[str, Any]]
) -> Verdict:
    """Compare a campaign's price with the median of its brand's other campaigns.

    It was worth it where even the dear end of its interval lies below that median, and
    not where even the cheap end lies above. Prices of another currency, or of what was
    collected where the platform counts, are not compared.

    Args:
        campaign: its row of `campaigns`.
        campaigns: all rows of `campaigns`; its own is passed over.
    """
    if campaign.get("budget_amount") is None:
        return Verdict(
            UNTOLD, tell("What it cost is not written down in workspace.toml.")
        )
    price = price_of(campaign)
    if price is None:
        return Verdict(
            UNTOLD, tell("How many genuine engagements it drew is not known.")
        )
    currency = campaign["budget_currency"]
    said = tell(
        "A genuine engagement ({of}) cost {span}",
        of=tell(price.of),
        span=_span(price, currency),
    )
    others = [
        found.middle
        for other in campaigns
        if other["campaign_id"] != campaign["campaign_id"]
        and other["brand_id"] == campaign["brand_id"]
        and other["budget_currency"] == currency
        and (found := price_of(other)) is not None
        and found.middle is not None
        and found.of == price.of
    ]
    if not others:
        return Verdict(
            UNTOLD,
            tell(
                "{said}; its brand has no other campaign to compare that with.",
                said=said,
            ),
        )
    usual = median(others)
    beside = tell_count(
        "its brand’s other campaign",
        "the median of its brand’s {n} other campaigns",
        len(others),
        n=format_number(len(others)),
    )
    # What is not known of the others is not weighed: the sentence says so.
    values = {
        "said": said,
        "beside": beside,
        "amount": tell("{amount}, as estimated", amount=format_money(usual, currency)),
    }
    if price.high is not None and price.high < usual:
        return Verdict(
            WORTH, tell("{said}, all of it less than {beside}: {amount}.", **values)
        )
    if price.low > usual:
        return Verdict(
            NOT_WORTH, tell("{said}, all of it more than {beside}: {amount}.", **values)
        )
    return Verdict(
        UNTOLD,
        tell("{said}; what is not known of it spans {beside}: {amount}.", **values),
    )


def _span(price: Price, currency: str | None) -> str:
    low = format_money(price.low, currency)
    if price.high is None:
        return tell("{low} or more", low=low)
    return tell("{low} to {high}", low=low, high=format_money(price.high, currency))


def add_decisions(
    connection: duckdb.DuckDBPyConnection, campaigns: Sequence[Row]
) -> None:
    """Give each campaign its verdict and its paid partners; one query for each mart."""
    beside = fetch(
        connection,
        """
        select
            campaign_id, brand_id, budget_amount, budget_currency,
            platform_engagements,
            genuine_engagements, genuine_engagements_low, genuine_engagements_high,
            estimated_genuine_engagements, estimated_genuine_engagements_low,
            estimated_genuine_engagements_high
        from campaigns
        where budget_amount is not null
        order by campaign_id
        """,
    )
    partners = group(
        fetch(
            connection,
            """
            from partner_results
            where list_contains($ids, campaign_id)
            qualify row_number() over (
                partition by campaign_id
                order by fee_amount desc nulls last, partner_id
            ) <= $most
            order by campaign_id, fee_amount desc nulls last, partner_id
            """,
            {
                "ids": [campaign["campaign_id"] for campaign in campaigns],
                "most": MOST_PARTNERS,
            },
        )
    )
    for campaign in campaigns:
        campaign["verdict"] = judge_price(campaign, beside)
        campaign["partners"] = partners[campaign["campaign_id"]]
        for partner in campaign["partners"]:
            partner["promise"] = tell_promise(partner)
            partner["claim"] = tell_claim(partner)


def tell_promise(partner: Mapping[str, Any]) -> str:
    """What was promised, and whether it came: counted, and genuine."""
    promised = partner["promised_engagements"]
    if promised is None:
        return tell("none is written down")
    words = {"yes": mark("yes"), "no": mark("no")}
    return tell(
        "{promised}: counted {counted}, genuine {genuine}",
        promised=format_number(promised),
        counted=tell(words.get(partner["platform_promise_met"] or "", UNTOLD)),
        genuine=tell(words.get(partner["promise_met"] or "", UNTOLD)),
    )


def tell_claim(partner: Mapping[str, Any]) -> str:
    """What supports a claim, in words."""
    grounds = partner["claim_grounds"]
    if grounds is None:
        return tell(UNTOLD)
    words = {
        "shortfall": tell("fewer than promised"),
        "phantoms": tell(
            "{points} more likely phantoms than unpaid posts",
            points=format_points(partner["phantom_excess"]),
        ),
    }
    told = [words[name] for name in grounds.split(", ") if name]
    return tell("; ").join(told) or tell("nothing")


def format_points(excess: float | None) -> str:
    """A difference of shares, in points."""
    if excess is None:
        return tell(UNTOLD)
    return tell("{n} points", n=f"{excess * 100:.0f}")


def read_findings(
    connection: duckdb.DuckDBPyConnection, campaign_id: str | None
) -> Row:
    """What deserves a look, the newest first; with a campaign what is about it."""
    found = fetch(
        connection,
        """
        select findings.*, campaigns.campaign_name, partner_name
        from findings
        left join campaigns using (campaign_id)
        left join partner_results using (campaign_id, partner_id)
        where $campaign_id is null or findings.campaign_id = $campaign_id
        order by findings.activity_day desc nulls last, findings.finding_id
        """,
        {"campaign_id": campaign_id},
    )
    shown = found[:MOST_FINDINGS]
    # What to do stands once: it is the same for all of a kind.
    told = set()
    for finding in shown:
        if finding["advice"] in told:
            finding["advice"] = None
        told.add(finding["advice"])
    return {"shown": shown, "more": len(found) - MOST_FINDINGS}


def read_markets(
    connection: duckdb.DuckDBPyConnection,
    brand_ids: Sequence[str],
    campaign_id: str | None,
) -> list[Row]:
    """Markets of brands that run campaigns: each brand's voice and audience there.

    With a campaign on its days. A market of one brand has nothing to compare.
    """
    voices = read_voices(connection, sorted(set(brand_ids)), campaign_id)
    courses = read_courses(connection, campaign_id)
    audiences = read_audiences(connection)
    markets = group(voices, "market")
    for voice in voices:
        for name in ("mentions", "engagements"):
            for side in ("", "genuine_"):
                voice[f"{side}{name}_share"] = format_share(
                    voice[f"{side}{name}"], voice[f"{side}market_{name}"]
                )
        voice["audiences"] = audiences[voice["brand_id"]]
        voice["course"] = courses.get(
            voice["brand_id"], dict.fromkeys(("posts", "followers", "rate"))
        )
    return [
        {"market": market, "brands": brands}
        for market, brands in sorted(markets.items())
        if len(brands) > 1
    ]


def read_voices(
    connection: duckdb.DuckDBPyConnection, brands: list[str], campaign_id: str | None
) -> list[Row]:
    """Mentions and engagements of each brand in the markets of some."""
    return fetch(
        connection,
        """
        with own as (
            select distinct market
            from share_of_voice
            where list_contains($ids, brand_id)
        )
        select
            market,
            brand_id,
            any_value(brand_name) as brand_name,
            list_contains($ids, brand_id) as is_own,
            min(activity_day) as first_day,
            max(activity_day) as last_day,
            cast(sum(mentions) as bigint) as mentions,
            cast(sum(market_mentions) as bigint) as market_mentions,
            case
                when count(genuine_market_mentions) = count(*)
                    then cast(sum(genuine_mentions) as bigint)
            end as genuine_mentions,
            cast(sum(genuine_market_mentions) as bigint) as genuine_market_mentions,
            cast(sum(engagements) as bigint) as engagements,
            cast(sum(market_engagements) as bigint) as market_engagements,
            case
                when count(genuine_market_engagements) = count(*)
                    then cast(sum(genuine_engagements) as bigint)
            end as genuine_engagements,
            cast(sum(genuine_market_engagements) as bigint)
                as genuine_market_engagements
        from share_of_voice
        inner join own using (market)
        where
            $campaign_id is null
            or exists (
                from campaigns
                where
                    campaigns.campaign_id = $campaign_id
                    and activity_day between window_start and window_end
            )
        group by market, brand_id
        order by market, is_own desc, brand_id
        """,
        {"ids": brands, "campaign_id": campaign_id},
    )


def read_courses(
    connection: duckdb.DuckDBPyConnection, campaign_id: str | None
) -> dict[str, Row]:
    """Of each brand with competitors its posts, followers and engagements of these."""
    return {
        row["brand_id"]: row
        for row in fetch(
            connection,
            """
            select
                brand_id,
                cast(sum(brand_posts) as bigint) as posts,
                arg_max(brand_followers, activity_day) as followers,
                1000 * sum(engagements)
                / nullif(arg_max(brand_followers, activity_day), 0) as rate
            from competitors
            where
                $campaign_id is null
                or exists (
                    from campaigns
                    where
                        campaigns.campaign_id = $campaign_id
                        and activity_day between window_start and window_end
                )
            group by brand_id
            """,
            {"campaign_id": campaign_id},
        )
    }


def read_audiences(connection: duckdb.DuckDBPyConnection) -> dict[str, list[Row]]:
    """The newest audiences of each brand that have a score."""
    return group(
        fetch(
            connection,
            """
            from audience_quality
            where accounts >= $fewest and quality_score is not null
            qualify row_number() over (
                partition by brand_id, audience order by day desc
            ) = 1
            order by brand_id, audience
            """,
            {"fewest": FEWEST_OF_AUDIENCE},
        ),
        "brand_id",
    )
