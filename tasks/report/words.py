"""The report's words: what a term means, and the sentences that a campaign leads with.

One term for one number, on the page, in the README and in the headers of the marts.
Whatever the marts don't tell is left out or said to be unknown; nothing is taken for
zero.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tasks.report.figures import (
    format_day,
    format_number,
    format_share,
    shorten,
)

KINDS = ("reposts", "comments", "likes")
# What more of them lack, the table of sources tells.
MOST_SOURCES = 3


@dataclass(frozen=True)
class Term:
    """A word of the page.

    Attributes:
        name: as it stands on the page and in the README.
        meaning: in plain words, the same in both.
        columns: of `campaigns`, the numbers that it names.
    """

    name: str
    meaning: str
    columns: tuple[str, ...] = ()


GLOSSARY = (
    Term(
        "Counted by the platform",
        "what the platform's own counters say of the posts since each was published:"
        " reposts, comments and likes, whoever they come from.",
        ("platform_engagements", "platform_reposts", "platform_likes"),
    ),
    Term(
        "Collected",
        "what was seen one by one between the campaign's first and last day. All that"
        " is said of accounts is said of these.",
        ("engagements", "reposts", "comments", "likes"),
    ),
    Term(
        "Completeness",
        "the share of the platform's count that was seen one by one.",
        ("completeness", "platform_collected"),
    ),
    Term(
        "Genuine",
        "the collected ones without those of likely phantoms and hidden accounts."
        " Suspected accounts count as genuine; how many they are stands beside it. The"
        " interval carries what the scores may miss and what is not known.",
        ("genuine_engagements", "suspected_engagements"),
    ),
    Term(
        "Genuine of all, estimated",
        "what that makes of the platform's count, less what the scores are likely"
        " to miss: the middle of what is likely. The interval also carries that"
        " interactions which nobody collected may differ. A dash, with the interval"
        " alone, where fewer than half are of accounts known by more than a name.",
        ("estimated_genuine_engagements", "cost_per_estimated_genuine_engagement"),
    ),
    Term(
        "Likely phantom",
        "an account that looks like a machine's or a bought one, by a model's judgement"
        " with reasons. No proof until a person confirms it.",
        ("phantom_share",),
    ),
    Term(
        "Suspected",
        "an account that something speaks against, too little to call it a likely"
        " phantom.",
        ("suspected_engaged_accounts",),
    ),
    Term(
        "People",
        "accounts, those of one operator counted once.",
        ("engaged_people", "genuine_engaged_people"),
    ),
    Term(
        "Exposure",
        "followers of those who reposted, added up at every repost. No number of"
        " people.",
        ("exposure",),
    ),
    Term(
        "Followers of the authors",
        "followers of those who posted, added up at every post.",
        ("author_followers",),
    ),
    Term(
        "Potential reach",
        "followers of the posts' authors and of the reposters, each account once."
        " Audiences overlap: fewer people can have seen it.",
        ("potential_reach",),
    ),
    Term(
        "Engagement rate",
        "engagements / followers of the accounts that posted.",
        ("engagement_rate", "platform_engagement_rate"),
    ),
    Term("Activity day", "the day on which something happened."),
    Term(
        "Lifetime",
        "all that a post drew so far, whether or not the campaign has ended.",
    ),
    Term("A dash", "the data doesn't tell. It is not zero."),
)


def lead(
    campaign: Mapping[str, Any],
    platforms: Sequence[str],
    sources: Sequence[Mapping[str, Any]] = (),
) -> list[str]:
    """The sentences that tell what a campaign drew, the platform's number first.

    Args:
        campaign: its row of `campaigns`; a column that is not there is unknown.
        platforms: the networks of its posts.
        sources: those of these networks that lack something: source and lacks.

    Returns:
        Plain sentences, to be read in this order.
    """
    if not is_known(campaign):
        return [
            "No post of it was found in any source, so nothing is known of what it"
            " drew."
        ]
    return [
        sentence
        for sentence in (
            tell_counted(campaign, platforms),
            tell_collected(campaign),
            tell_genuine(campaign),
            tell_estimate(campaign, platforms),
            *(tell_missing(source) for source in sources[:MOST_SOURCES]),
        )
        if sentence
    ]


def is_known(campaign: Mapping[str, Any]) -> bool:
    """Whether anything of it was found: a post, a counter or an interaction."""
    return bool(
        campaign.get("posts_found")
        or campaign.get("engagements")
        or campaign.get("platform_engagements") is not None
    )


def tell_counted(campaign: Mapping[str, Any], platforms: Sequence[str]) -> str:
    """What the platform counts, of how many posts, and when that was read."""
    total = campaign.get("platform_engagements")
    several = len(platforms) > 1
    if total is None:
        whose = "the platforms themselves count" if several else "the platform counts"
        return (
            f"What {whose} was not collected: all numbers here are of what was seen one"
            " by one."
        )
    kinds = join_words(
        [
            plural(campaign[f"platform_{kind}"], kind)
            for kind in KINDS
            if campaign.get(f"platform_{kind}") is not None
        ]
    )
    posts, counted = campaign["posts"], campaign.get("platform_counted_posts")
    where = "its post" if posts == 1 else "its posts"
    if counted is not None and counted < posts:
        where = (
            f"{format_number(counted)} of its {format_number(posts)} posts (of the"
            " others no counter was read)"
        )
    who = "The platforms count" if several else "The platform counts"
    return (
        f"{who} {plural(total, 'engagements')} on {where}: {kinds}"
        f"{tell_moment(campaign)}."
    )


def tell_moment(campaign: Mapping[str, Any]) -> str:
    """When counters were read, as part of a sentence."""
    first = campaign.get("platform_counted_since")
    last = campaign.get("platform_counted_at")
    if last is None:
        return ", at a moment that the source does not tell"
    if first is None:
        return f", read on {format_day(last)} UTC or at a moment that is not told"
    if first == last:
        return f", read on {format_day(last)} at {last:%H:%M} UTC"
    if first.date() == last.date():
        return f", read on {format_day(last)} UTC"
    return f", read between {format_day(first)} and {format_day(last)} UTC"


def tell_collected(campaign: Mapping[str, Any]) -> str:
    """How many were seen one by one."""
    total = campaign.get("platform_engagements")
    seen, collected = campaign.get("platform_collected"), campaign.get("engagements")
    if total is None or seen is None or not total:
        if collected is None:
            return ""
        return f"{plural(collected, 'engagements')} {was(collected)} collected."
    if seen > total:
        text = (
            f"{format_number(seen)} were seen one by one: some of them were deleted or"
            " hidden since"
        )
    else:
        text = (
            f"{format_number(seen)} of them ({format_share(seen, total)}) {was(seen)}"
            " seen one by one"
        )
    if collected is not None and collected != seen:
        text += (
            f"; collected between its first and last day: {format_number(collected)}"
        )
    return f"{text}."


def nameless_kinds(campaign: Mapping[str, Any]) -> list[str]:
    """Kinds that were collected without telling who acted."""
    return [
        kind
        for kind in KINDS
        if campaign.get(kind) and campaign.get(f"genuine_{kind}") is None
    ]


def tell_unnamed(campaign: Mapping[str, Any]) -> str:
    """Which engagements the accounts of a campaign are not those of."""
    unnamed, collected = campaign.get("unnamed_engagements"), campaign["engagements"]
    if not unnamed:
        return ""
    return (
        f"Who gave {format_number(unnamed)} of the {format_number(collected)}"
        " engagements is not told: these are the accounts behind the others."
    )


def genuine_share(campaign: Mapping[str, Any]) -> float | None:
    """Which share of the collected engagements is genuine; None where unknown."""
    collected = campaign.get("engagements")
    genuine = campaign.get("genuine_engagements")
    known = campaign.get("known_engagements")
    if not collected or genuine is None or nameless_kinds(campaign):
        return None
    # Of most accounts behind them nothing but a name is known: no figure.
    if known is not None and 2 * known < collected:
        return None
    return float(genuine / collected)


def tell_genuine(campaign: Mapping[str, Any]) -> str:
    """Which share of the collected ones is genuine."""
    collected = campaign.get("engagements")
    if not collected:
        return ""
    if genuine_share(campaign) is None:
        return tell_little(campaign)
    genuine = campaign["genuine_engagements"]
    text = (
        f"{format_share(genuine, collected)} of the collected ones"
        f" ({format_number(genuine)}) are genuine by the scores of their accounts"
    )
    suspected = campaign.get("suspected_engagements")
    if suspected:
        text += f", {format_number(suspected)} of these from suspected accounts"
    between = tell_bounds(campaign)
    if between:
        text += f"; with what the scores may miss, {between}"
    return f"{text}."


def tell_bounds(campaign: Mapping[str, Any]) -> str:
    """The interval of the genuine share; empty where it says nothing."""
    collected = campaign["engagements"]
    low = campaign.get("genuine_engagements_low")
    high = campaign.get("genuine_engagements_high")
    if low is None or high is None or low >= high or high - low >= collected:
        return ""
    return f"between {format_share(low, collected)} and {format_share(high, collected)}"


def tell_little(campaign: Mapping[str, Any]) -> str:
    """What remains to be said where most accounts behind the numbers are unknown."""
    unnamed = campaign.get("unnamed_engagements")
    known = campaign.get("known_engagements")
    if unnamed and 2 * unnamed >= campaign["engagements"]:
        text = f"Who gave {format_number(unnamed)} of the collected ones is not told"
    elif known:
        text = (
            f"Only of the accounts behind {format_number(known)} of the collected ones"
            " more than a name is known"
        )
    else:
        text = "Hardly anything is known of the accounts behind them"
    between = tell_bounds(campaign)
    if between:
        return (
            f"{text}: {between} of the collected ones are genuine, and no single number"
            " can be told."
        )
    return f"{text}, so nothing is said about how many are genuine."


def tell_estimate(campaign: Mapping[str, Any], platforms: Sequence[str]) -> str:
    """What that makes of the platform's count."""
    total = campaign.get("platform_engagements")
    estimate = campaign.get("estimated_genuine_engagements")
    low = campaign.get("estimated_genuine_engagements_low")
    high = campaign.get("estimated_genuine_engagements_high")
    if not total:
        return ""
    who = "the platforms count" if len(platforms) > 1 else "the platform counts"
    if estimate is None:
        if low is None or high is None or high - low >= total:
            return ""
        return (
            f"Of all that {who}, between {format_number(low)} and"
            f" {format_number(high)} are genuine."
        )
    text = (
        f"Of all that {who} about {format_number(estimate)} are genuine, what the"
        " scores are likely to miss taken off"
    )
    if low is not None and high is not None:
        text += f" ({format_number(low)} to {format_number(high)})"
    return f"{text}."


def tell_missing(source: Mapping[str, Any]) -> str:
    """What a source does not tell, which is why a number is not known."""
    lacks = str(source["lacks"]).split("; ")
    return (
        f"“{shorten(source['source'], 60)}” does not tell {join_words(lacks)}: a dash"
        " stands where that leaves a number unknown."
    )


def tell_late(source: Mapping[str, Any]) -> str:
    """Since when a source is late, or that it never gave anything; else empty."""
    due, newest = source["late_since_day"], source["last_record_day"]
    name = f"“{shorten(source['source'], 60)}”"
    if newest is None:
        return f"{name} never gave anything."
    if due is None:
        return ""
    return (
        f"{name} is late: its newest record is of {format_day(newest)}, the next was"
        f" due by {format_day(due)}."
    )


def plural(count: int, word: str) -> str:
    """A count with its word, which is given in the plural."""
    return f"{format_number(count)} {word[:-1] if count == 1 else word}"


def was(count: int) -> str:
    """The verb for a count."""
    return "was" if count == 1 else "were"


def join_words(words: Sequence[str]) -> str:
    """A, b and c."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if words[1:] else words)
