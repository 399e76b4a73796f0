"""What is said of a paid partner: whether a claim has grounds, and what speaks against.

A function of the partner's row in `partner_results`, in the language of the page. What
the row doesn't tell is said to be unknown. Nobody is called fake: phantoms are likely
ones, a purchase is suspected, and who sent them is not known.
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
from tasks.report.languages import mark, tell, tell_count
from tasks.report.words import plural

NOTHING = mark("Nothing here supports a claim.")
UNTOLD = mark("Whether a claim has grounds can't be told from this data.")
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
        yield tell(UNTOLD)
        yield from _why_untold(row)
    elif not supported:
        yield tell(NOTHING)
        if row["phantom_excess"] is None:
            yield _no_comparison()
    else:
        grounds = row["claim_grounds"].split(", ")
        if "shortfall" in grounds:
            yield tell(
                "Fewer engagements came than were promised: the platform itself counts"
                " {counted} of {promised}, {short} fewer.",
                counted=_number(row["platform_engagements"]),
                promised=_number(row["promised_engagements"]),
                short=_number(
                    row["promised_engagements"] - row["platform_engagements"]
                ),
            )
        if "phantoms" in grounds:
            yield tell(
                "It is suspected that engagements were bought: more of the accounts"
                " that engaged with its paid posts are likely phantoms than chance and"
                " the differences between posts of this campaign explain. Who bought"
                " them, the data does not tell."
            )


def _why_untold(row: Mapping[str, Any]) -> Iterator[str]:
    if not row["posts"]:
        yield tell("No paid post of it was found in any source.")
        return
    yield _no_comparison()
    if row["promised_engagements"] is None:
        yield tell("It is not written down how many engagements it promised.")
    else:
        yield tell(
            "Whether the platform counts what it promised is not known: reposts,"
            " comments and likes of all its posts must be read after the campaign's"
            " last day, {day}.",
            day=format_day(row["window_end"]),
        )


def _no_comparison() -> str:
    return tell(
        "Its engagers can't be compared with those of unpaid posts of the campaign:"
        " on one side are fewer than 30 accounts, or most of them are not known."
    )


def _found(row: Mapping[str, Any]) -> Iterator[str]:
    promised, counted = row["promised_engagements"], row["platform_engagements"]
    if counted is not None:
        yield tell(
            "The platform counts {engagements}{of}{beside}.",
            engagements=_engagements(counted),
            of=""
            if row["platform_counted_posts"] == row["posts"]
            else tell(
                " of {counted} of its {posts} posts",
                counted=_number(row["platform_counted_posts"]),
                posts=_number(row["posts"]),
            ),
            beside=""
            if promised is None
            else tell("; {promised} were promised", promised=_number(promised)),
        )
    elif promised is not None:
        yield tell(
            "{engagements} were promised; what the platform counts was not read.",
            engagements=_engagements(promised),
        )
    if row["lifetime_engagements"] is not None:
        share = row["completeness"]
        yield tell(
            "{engagements} were seen one by one{seen}.",
            engagements=_engagements(row["lifetime_engagements"]),
            seen=""
            if share is None
            else tell(
                ", {share} of what the platform counts", share=format_percent(share)
            ),
        )
    yield from _found_genuine(row)
    yield from _found_phantoms(row)
    yield from _found_timing(row)
    yield from _found_groups(row)
    yield from _found_sales(row)
    if row["genuine_rank"] is not None and row["ranked_partners"] > 1:
        best, worst = row["genuine_rank_best"], row["genuine_rank_worst"]
        yield tell(
            "By the genuine share it is number {rank} of {all} partners of this"
            " campaign{sure}.",
            rank=_number(row["genuine_rank"]),
            all=_number(row["ranked_partners"]),
            sure=tell("; the intervals leave no other place")
            if best == worst
            else tell(
                "; the intervals allow any place from {best} to {worst}",
                best=_number(best),
                worst=_number(worst),
            ),
        )


def _found_genuine(row: Mapping[str, Any]) -> Iterator[str]:
    low = row["genuine_lifetime_engagements_low"]
    high = row["genuine_lifetime_engagements_high"]
    if row["genuine_lifetime_engagements"] is not None:
        yield tell(
            "{n} of those seen are genuine by the score; with what it may miss,"
            " {between}.",
            n=_number(row["genuine_lifetime_engagements"]),
            between=_between(low, high),
        )
    elif low is not None:
        yield tell(
            "Of those seen {between} are genuine; too little is known of the accounts"
            " for one number.",
            between=_between(low, high),
        )
    whole_low = row["estimated_genuine_engagements_low"]
    whole_high = row["estimated_genuine_engagements_high"]
    if whole_low is not None:
        yield tell(
            "Of all that the platform counts of them {between} are genuine.",
            between=_between(whole_low, whole_high),
        )
    met = row["promise_met"]
    if met == "yes":
        yield tell(
            "As many genuine engagements came as it promised engagements, by that"
            " interval."
        )
    elif met == "no":
        yield tell(
            "Fewer genuine engagements came than it promised engagements, by that"
            " interval."
        )
    elif met is not None:
        yield tell(
            "Whether as many genuine engagements came as it promised can't be told."
        )
    if row["reach_promise_met"] == "no":
        yield tell(
            "{promised} people were to be reached; its posts were read {reads} times.",
            promised=_number(row["promised_reach"]),
            reads=_number(row["platform_reads"]),
        )
    elif row["promised_reach"] is not None:
        yield tell(
            "Whether it reached {promised} people can't be told: no source tells how"
            " many people saw a post.",
            promised=_number(row["promised_reach"]),
        )


def _found_phantoms(row: Mapping[str, Any]) -> Iterator[str]:
    share, unpaid = row["phantom_share"], row["unpaid_phantom_share"]
    if share is not None:
        yield tell(
            "{share} of the {accounts} accounts that engaged with its paid posts are"
            " likely phantoms ({span}).",
            share=format_percent(share),
            accounts=_number(row["engaged_accounts"]),
            span=_span(row, "phantom_share"),
        )
    if unpaid is not None:
        yield tell(
            "{share} of the {accounts} accounts that engaged with unpaid posts of the"
            " same campaign are ({span}).",
            share=format_percent(unpaid),
            accounts=_number(row["unpaid_engaged_accounts"]),
            span=_span(row, "unpaid_phantom_share"),
        )
    excess, low = row["phantom_excess"], row["phantom_excess_low"]
    if excess is None:
        return
    if excess <= 0:
        yield tell("That is no more than unpaid posts have.")
    elif low > 0:
        yield tell(
            "That is {points} more; {left} remain after three standard errors.",
            points=_points(excess),
            left=_points(low),
        )
    else:
        yield tell(
            "That is {points} more; none of it remains after three standard errors, so"
            " that chance and the differences between posts may explain it.",
            points=_points(excess),
        )


def _found_timing(row: Mapping[str, Any]) -> Iterator[str]:
    for name, words in (
        (
            "first_hour_share",
            mark(
                "{share} of its engagements came within an hour after their post{than}."
            ),
        ),
        (
            "burst_share",
            mark(
                "{share} of its engagements came in the densest ten minutes of their"
                " post{than}."
            ),
        ),
    ):
        if row[name] is None:
            continue
        beside = row[f"unpaid_{name}"]
        yield tell(
            words,
            share=format_percent(row[name]),
            than=""
            if beside is None
            else tell(", {share} on unpaid posts", share=format_percent(beside)),
        )


def _found_groups(row: Mapping[str, Any]) -> Iterator[str]:
    groups, operators = row["coordinated_groups"], row["operators"]
    if groups:
        beside = row["unpaid_coordinated_share"]
        yield tell_count(
            "{accounts} belong to {n} suspected group that act on one order{than}.",
            "{accounts} belong to {n} suspected groups that act on one order{than}.",
            groups,
            accounts=_some(row["coordinated_accounts"]),
            n=_number(groups),
            than=tell(
                " ({share} of its engagers, {beside} of those of unpaid posts)",
                share=format_percent(row["coordinated_share"]),
                beside=format_percent(beside),
            )
            if row["coordinated_share"] is not None and beside is not None
            else "",
        )
    if operators:
        yield tell_count(
            "{accounts} likely belong to {n} operator with several accounts each.",
            "{accounts} likely belong to {n} operators with several accounts each.",
            operators,
            accounts=_some(row["operated_accounts"]),
            n=_number(operators),
        )


def _found_sales(row: Mapping[str, Any]) -> Iterator[str]:
    orders, clicks = row["orders"], row["clicks"]
    if orders is None:
        return
    cost = row["cost_per_order"]
    yield tell_count(
        "{n} order came by its links and codes{clicks}{cost}.",
        "{n} orders came by its links and codes{clicks}{cost}.",
        orders,
        n=_number(orders),
        clicks=""
        if clicks is None
        else tell_count(", of {n} click", ", of {n} clicks", clicks, n=_number(clicks)),
        cost=""
        if cost is None
        else tell(
            "; each cost {amount} of its fee",
            amount=format_money(cost, row["fee_currency"]),
        ),
    )
    revenue = row["revenue"]
    if orders and revenue is not None and row["priced_orders"]:
        yield tell(
            "People paid {amount} for them{some}.",
            amount=format_money(float(revenue), row["revenue_currency"]),
            some=""
            if row["priced_orders"] == orders
            else tell(" ({n} of them tell an amount)", n=_number(row["priced_orders"])),
        )


def _against(row: Mapping[str, Any]) -> Iterator[str]:
    yield tell(
        "Phantoms engage with posts that nobody bought them for, and anybody can send"
        " them to anybody's post: that they came does not show who sent them."
    )
    yield tell(
        "Accounts are judged by a model from what they show. A likely phantom is no"
        " proof until a person confirms it; real people who write little or all alike"
        " can look like one."
    )
    yield tell(
        "Audiences differ: a partner's followers may look more like phantoms than the"
        " brand's, or act together because they are fans."
    )
    low, high = row["phantom_share_low"], row["unpaid_phantom_share_high"]
    if low is not None and high is not None and low <= high:
        yield tell(
            "The intervals of both shares of likely phantoms overlap: the score may err"
            " more on one side than on the other."
        )
    if "shortfall" in (row["claim_grounds"] or ""):
        yield tell(
            "Platforms take deleted interactions off their counters: more may have come"
            " at first than they count now."
        )
    yield from _against_completeness(row)
    if row["orders"] is not None:
        yield tell(
            "Orders count where they came by its links and codes; what people bought"
            " without them is not seen."
        )
    if row["posts"] == 1:
        yield tell("It is one post only, and single posts differ much.")
    if row["platform_engagements"] is not None and row["platform_counted_at"] is None:
        yield tell("It is not told when the platform's counters were read.")


def _against_completeness(row: Mapping[str, Any]) -> Iterator[str]:
    share = row["completeness"]
    if share is None and row["lifetime_engagements"] is not None:
        yield tell("How much of what came was collected is not known.")
    elif share is not None and share < _COMPLETE:
        yield tell(
            "Only {share} of what the platform counts was seen one by one; the rest may"
            " differ.",
            share=format_percent(share),
        )
    if row["missing_posts"]:
        yield tell(
            "No source gave {missing} of its {posts} listed posts.",
            missing=_number(row["missing_posts"]),
            posts=_number(row["posts"]),
        )
    if row["posts"] and row["platform_counted_posts"] < row["posts"]:
        yield tell(
            "What the platform counts is known of {counted} of {posts} posts only.",
            counted=_number(row["platform_counted_posts"]),
            posts=_number(row["posts"]),
        )


def _between(low: int, high: int) -> str:
    if low == high:
        return tell("surely {n}", n=_number(low))
    return tell(
        "between {low} and {high} (95 % interval)",
        low=_number(low),
        high=_number(high),
    )


def _span(row: Mapping[str, Any], name: str) -> str:
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    if low is None or high is None:
        return tell("no interval")
    if low == high:
        return tell("without doubt")
    return tell(
        "between {low} and {high}", low=format_percent(low), high=format_percent(high)
    )


def _points(share: float) -> str:
    text = f"{100 * share:.1f}".removesuffix(".0")
    return tell(
        mark("{n} percentage point") if text == "1" else mark("{n} percentage points"),
        n=text,
    )


def _some(accounts: int | None) -> str:
    """How many of the accounts, at the beginning of a sentence."""
    if accounts is None:
        return tell("A few of the accounts")
    return tell("{n} of the accounts", n=_number(accounts))


def _number(value: float) -> str:
    return format_number(value)


def _engagements(value: int) -> str:
    return plural(value, "engagements")
