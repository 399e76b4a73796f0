"""What is said of a paid partner: whether a claim has grounds, and what speaks against.

A function of the partner's row in `partner_results`. What the row doesn't tell is said
to be unknown. Nobody is called fake: phantoms are likely ones, a purchase is suspected,
and who sent them is not known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tasks.report.figures import (
    format_day,
    format_money,
    format_number,
    format_percent,
)

NOTHING = "Nothing here supports a claim."
UNTOLD = "Whether a claim has grounds can't be told from this data."
# Below this what nobody collected may change the picture.
_COMPLETE = 0.95


@dataclass(frozen=True)
class Told:
    """What a claim says.

    Attributes:
        supported: whether something supports a claim; None where it can't be told.
        verdict: the sentences that lead, grounds first.
        found: what the numbers show, a sentence each.
        against: what speaks against it, a sentence each.
    """

    supported: bool | None
    verdict: tuple[str, ...]
    found: tuple[str, ...]
    against: tuple[str, ...]


def tell_claim(row: Mapping[str, Any]) -> Told:
    """The sentences of a claim.

    Args:
        row: of `partner_results`.
    """
    grounds = row["claim_grounds"]
    supported = None if grounds is None else bool(grounds)
    return Told(
        supported,
        tuple(_verdict(row, supported)),
        tuple(_found(row)),
        tuple(_against(row)),
    )


def _verdict(row: Mapping[str, Any], supported: bool | None) -> Iterator[str]:
    if supported is None:
        yield UNTOLD
        yield from _why_untold(row)
    elif not supported:
        yield NOTHING
        if row["phantom_excess"] is None:
            yield from _no_comparison(row)
    else:
        grounds = row["claim_grounds"].split(", ")
        if "shortfall" in grounds:
            short = row["promised_engagements"] - row["platform_engagements"]
            yield (
                f"Fewer engagements came than were promised: the platform itself counts"
                f" {_number(row['platform_engagements'])} of"
                f" {_number(row['promised_engagements'])},"
                f" {_number(short)} fewer."
            )
        if "phantoms" in grounds:
            yield (
                "It is suspected that engagements were bought: more of the accounts"
                " that engaged with its paid posts are likely phantoms than chance and"
                " the differences between posts of this campaign explain. Who bought"
                " them, the data does not tell."
            )


def _why_untold(row: Mapping[str, Any]) -> Iterator[str]:
    if not row["posts"]:
        yield "No paid post of it was found in any source."
        return
    yield from _no_comparison(row)
    if row["promised_engagements"] is None:
        yield "It is not written down how many engagements it promised."
    else:
        yield (
            "Whether the platform counts what it promised is not known: reposts,"
            " comments and likes of all its posts must be read after the campaign's"
            f" last day, {format_day(row['window_end'])}."
        )


def _no_comparison(row: Mapping[str, Any]) -> Iterator[str]:
    yield (
        "Its engagers can't be compared with those of unpaid posts of the campaign:"
        " on one side are fewer than 30 accounts, or most of them are not known."
    )


def _found(row: Mapping[str, Any]) -> Iterator[str]:
    promised, counted = row["promised_engagements"], row["platform_engagements"]
    if counted is not None:
        of = (
            ""
            if row["platform_counted_posts"] == row["posts"]
            else f" of {row['platform_counted_posts']} of its {row['posts']} posts"
        )
        beside = f"; {_number(promised)} were promised" if promised is not None else ""
        yield f"The platform counts {_engagements(counted)}{of}{beside}."
    elif promised is not None:
        yield (
            f"{_engagements(promised)} were promised; what the platform counts was not"
            " read."
        )
    if row["lifetime_engagements"] is not None:
        share = row["completeness"]
        seen = (
            f", {format_percent(share)} of what the platform counts"
            if share is not None
            else ""
        )
        yield f"{_engagements(row['lifetime_engagements'])} were seen one by one{seen}."
    yield from _found_genuine(row)
    yield from _found_phantoms(row)
    yield from _found_timing(row)
    yield from _found_groups(row)
    yield from _found_sales(row)
    if row["genuine_rank"] is not None and row["ranked_partners"] > 1:
        best, worst = row["genuine_rank_best"], row["genuine_rank_worst"]
        sure = (
            "; the intervals leave no other place"
            if best == worst
            else f"; the intervals allow any place from {best} to {worst}"
        )
        yield (
            f"By the genuine share it is number {row['genuine_rank']} of"
            f" {row['ranked_partners']} partners of this campaign{sure}."
        )


def _found_genuine(row: Mapping[str, Any]) -> Iterator[str]:
    low = row["genuine_lifetime_engagements_low"]
    high = row["genuine_lifetime_engagements_high"]
    if row["genuine_lifetime_engagements"] is not None:
        yield (
            f"{_number(row['genuine_lifetime_engagements'])} of those seen are genuine"
            f" by the score; with what it may miss, {_between(low, high)}."
        )
    elif low is not None:
        yield (
            f"Of those seen {_between(low, high)} are genuine; too little is known of"
            " the accounts for one number."
        )
    whole_low = row["estimated_genuine_engagements_low"]
    whole_high = row["estimated_genuine_engagements_high"]
    if whole_low is not None:
        yield (
            "Of all that the platform counts of them"
            f" {_between(whole_low, whole_high)} are genuine."
        )
    met = row["promise_met"]
    if met == "yes":
        yield (
            "As many genuine engagements came as it promised engagements, by that"
            " interval."
        )
    elif met == "no":
        yield (
            "Fewer genuine engagements came than it promised engagements, by that"
            " interval."
        )
    elif met is not None:
        yield "Whether as many genuine engagements came as it promised can't be told."
    if row["reach_promise_met"] == "no":
        yield (
            f"{_number(row['promised_reach'])} people were to be reached; its posts"
            f" were read {_number(row['platform_reads'])} times."
        )
    elif row["promised_reach"] is not None:
        yield (
            f"Whether it reached {_number(row['promised_reach'])} people can't be told:"
            " no source tells how many people saw a post."
        )


def _found_phantoms(row: Mapping[str, Any]) -> Iterator[str]:
    share, unpaid = row["phantom_share"], row["unpaid_phantom_share"]
    if share is not None:
        yield (
            f"{format_percent(share)} of the {_number(row['engaged_accounts'])}"
            " accounts that engaged with its paid posts are likely phantoms"
            f" ({_span(row, 'phantom_share')})."
        )
    if unpaid is not None:
        yield (
            f"{format_percent(unpaid)} of the"
            f" {_number(row['unpaid_engaged_accounts'])} accounts that engaged with"
            " unpaid posts of the same campaign are"
            f" ({_span(row, 'unpaid_phantom_share')})."
        )
    excess, low = row["phantom_excess"], row["phantom_excess_low"]
    if excess is not None:
        rest = (
            f"{_points(low)} remain after three standard errors"
            if low > 0
            else "none of it remains after three standard errors, so that chance and"
            " the differences between posts may explain it"
        )
        if excess > 0:
            yield f"That is {_points(excess)} more; {rest}."
        else:
            yield "That is no more than unpaid posts have."


def _found_timing(row: Mapping[str, Any]) -> Iterator[str]:
    for name, words in (
        ("first_hour_share", "came within an hour after their post"),
        ("burst_share", "came in the densest ten minutes of their post"),
    ):
        if row[name] is None:
            continue
        beside = row[f"unpaid_{name}"]
        than = "" if beside is None else f", {format_percent(beside)} on unpaid posts"
        yield f"{format_percent(row[name])} of its engagements {words}{than}."


def _found_groups(row: Mapping[str, Any]) -> Iterator[str]:
    if row["coordinated_groups"]:
        accounts = row["coordinated_accounts"]
        told = "a few" if accounts is None else _number(accounts)
        groups = row["coordinated_groups"]
        beside = row["unpaid_coordinated_share"]
        than = (
            f" ({format_percent(row['coordinated_share'])} of its engagers,"
            f" {format_percent(beside)} of those of unpaid posts)"
            if row["coordinated_share"] is not None and beside is not None
            else ""
        )
        yield (
            f"{told.capitalize()} of the accounts belong to {_number(groups)} suspected"
            f" group{'' if groups == 1 else 's'} that act on one order{than}."
        )
    if row["operators"]:
        accounts = row["operated_accounts"]
        told = "a few" if accounts is None else _number(accounts)
        owners = row["operators"]
        yield (
            f"{told.capitalize()} of the accounts likely belong to {_number(owners)}"
            f" operator{'' if owners == 1 else 's'} with several accounts each."
        )


def _found_sales(row: Mapping[str, Any]) -> Iterator[str]:
    orders, clicks = row["orders"], row["clicks"]
    if orders is None:
        return
    told = f"{_number(orders)} order{'' if orders == 1 else 's'}"
    told += " came by its links and codes"
    if clicks is not None:
        told += f", of {_number(clicks)} click{'' if clicks == 1 else 's'}"
    cost = row["cost_per_order"]
    if cost is not None:
        told += f"; each cost {format_money(cost, row['fee_currency'])} of its fee"
    yield f"{told}."
    revenue = row["revenue"]
    if orders and revenue is not None and row["priced_orders"]:
        some = (
            ""
            if row["priced_orders"] == orders
            else f" ({_number(row['priced_orders'])} of them tell an amount)"
        )
        yield (
            "People paid"
            f" {format_money(float(revenue), row['revenue_currency'])} for them{some}."
        )


def _against(row: Mapping[str, Any]) -> Iterator[str]:
    yield (
        "Phantoms engage with posts that nobody bought them for, and anybody can send"
        " them to anybody's post: that they came does not show who sent them."
    )
    yield (
        "Accounts are judged by a model from what they show. A likely phantom is no"
        " proof until a person confirms it; real people who write little or all alike"
        " can look like one."
    )
    yield (
        "Audiences differ: a partner's followers may look more like phantoms than the"
        " brand's, or act together because they are fans."
    )
    low, high = row["phantom_share_low"], row["unpaid_phantom_share_high"]
    if low is not None and high is not None and low <= high:
        yield (
            "The intervals of both shares of likely phantoms overlap: the score may err"
            " more on one side than on the other."
        )
    if "shortfall" in (row["claim_grounds"] or ""):
        yield (
            "Platforms take deleted interactions off their counters: more may have come"
            " at first than they count now."
        )
    share = row["completeness"]
    if share is None and row["lifetime_engagements"] is not None:
        yield "How much of what came was collected is not known."
    elif share is not None and share < _COMPLETE:
        yield (
            f"Only {format_percent(share)} of what the platform counts was seen one by"
            " one; the rest may differ."
        )
    if row["missing_posts"]:
        yield (
            f"No source gave {_number(row['missing_posts'])} of its"
            f" {_number(row['posts'])} listed posts."
        )
    if row["posts"] and row["platform_counted_posts"] < row["posts"]:
        yield (
            "What the platform counts is known of"
            f" {_number(row['platform_counted_posts'])} of {_number(row['posts'])}"
            " posts only."
        )
    if row["orders"] is not None:
        yield (
            "Orders count where they came by its links and codes; what people bought"
            " without them is not seen."
        )
    if row["posts"] == 1:
        yield "It is one post only, and single posts differ much."
    if row["platform_engagements"] is not None and row["platform_counted_at"] is None:
        yield "It is not told when the platform's counters were read."


def _between(low: int, high: int) -> str:
    if low == high:
        return f"surely {_number(low)}"
    return f"between {_number(low)} and {_number(high)} (95 % interval)"


def _span(row: Mapping[str, Any], name: str) -> str:
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    if low is None or high is None:
        return "no interval"
    if low == high:
        return "without doubt"
    return f"between {format_percent(low)} and {format_percent(high)}"


def _points(share: float) -> str:
    text = f"{100 * share:.1f}".removesuffix(".0")
    return f"{text} percentage point{'' if text == '1' else 's'}"


def _number(value: float) -> str:
    return format_number(value)


def _engagements(value: int) -> str:
    return f"{format_number(value)} engagement{'' if value == 1 else 's'}"
