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
from tasks.report.languages import join_list, mark, tell, tell_count, tell_said

KINDS = ("reposts", "comments", "likes")
_COUNTED = {
    "engagements": (mark("{n} engagement"), mark("{n} engagements")),
    "reposts": (mark("{n} repost"), mark("{n} reposts")),
    "comments": (mark("{n} comment"), mark("{n} comments")),
    "likes": (mark("{n} like"), mark("{n} likes")),
}
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
        "accounts, those of one operator counted once. Who acts on several networks"
        " counts on each: an upper bound.",
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
            tell(
                "No post of it was found in any source, so nothing is known of what it"
                " drew."
            )
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
        if several:
            return tell(
                "What the platforms themselves count was not collected: all numbers"
                " here are of what was seen one by one."
            )
        return tell(
            "What the platform counts was not collected: all numbers here are of what"
            " was seen one by one."
        )
    kinds = join_words(
        [
            plural(campaign[f"platform_{kind}"], kind)
            for kind in KINDS
            if campaign.get(f"platform_{kind}") is not None
        ]
    )
    posts, counted = campaign["posts"], campaign.get("platform_counted_posts")
    where = tell_count("its post", "its posts", posts)
    if counted is not None and counted < posts:
        where = tell(
            "{counted} of its {posts} posts (of the others no counter was read)",
            counted=format_number(counted),
            posts=format_number(posts),
        )
    return tell(
        "{who} {total} on {where}: {kinds}{moment}.",
        who=tell("The platforms count") if several else tell("The platform counts"),
        total=plural(total, "engagements"),
        where=where,
        kinds=kinds,
        moment=tell_moment(campaign),
    )


def tell_moment(campaign: Mapping[str, Any]) -> str:
    """When counters were read, as part of a sentence."""
    first = campaign.get("platform_counted_since")
    last = campaign.get("platform_counted_at")
    if last is None:
        return tell(", at a moment that the source does not tell")
    day = format_day(last)
    if first is None:
        return tell(", read on {day} UTC or at a moment that is not told", day=day)
    if first == last:
        return tell(", read on {day} at {time} UTC", day=day, time=f"{last:%H:%M}")
    if first.date() == last.date():
        return tell(", read on {day} UTC", day=day)
    return tell(
        ", read between {first} and {last} UTC", first=format_day(first), last=day
    )


def tell_collected(campaign: Mapping[str, Any]) -> str:
    """How many were seen one by one."""
    total = campaign.get("platform_engagements")
    seen, collected = campaign.get("platform_collected"), campaign.get("engagements")
    if total is None or seen is None or not total:
        if collected is None:
            return ""
        return tell_count(
            "{engagements} was collected.",
            "{engagements} were collected.",
            collected,
            engagements=plural(collected, "engagements"),
        )
    if seen > total:
        text = tell(
            "{seen} were seen one by one: some of them were deleted or hidden since",
            seen=format_number(seen),
        )
    else:
        text = tell_count(
            "{seen} of them ({share}) was seen one by one",
            "{seen} of them ({share}) were seen one by one",
            seen,
            seen=format_number(seen),
            share=format_share(seen, total),
        )
    if collected is not None and collected != seen:
        return tell(
            "{text}; collected between its first and last day: {collected}.",
            text=text,
            collected=format_number(collected),
        )
    return tell("{text}.", text=text)


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
    return tell(
        "Who gave {unnamed} of the {collected} engagements is not told: these are the"
        " accounts behind the others.",
        unnamed=format_number(unnamed),
        collected=format_number(collected),
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
    text = tell(
        "{share} of the collected ones ({genuine}) are genuine by the scores of their"
        " accounts",
        share=format_share(genuine, collected),
        genuine=format_number(genuine),
    )
    suspected = campaign.get("suspected_engagements")
    if suspected:
        text += tell(
            ", {suspected} of these from suspected accounts",
            suspected=format_number(suspected),
        )
    between = tell_bounds(campaign)
    if between:
        text += tell("; with what the scores may miss, {between}", between=between)
    return tell("{text}.", text=text)


def tell_bounds(campaign: Mapping[str, Any]) -> str:
    """The interval of the genuine share; empty where it says nothing."""
    collected = campaign["engagements"]
    low = campaign.get("genuine_engagements_low")
    high = campaign.get("genuine_engagements_high")
    if low is None or high is None or low >= high or high - low >= collected:
        return ""
    return tell(
        "between {low} and {high}",
        low=format_share(low, collected),
        high=format_share(high, collected),
    )


def tell_little(campaign: Mapping[str, Any]) -> str:
    """What remains to be said where most accounts behind the numbers are unknown."""
    unnamed = campaign.get("unnamed_engagements")
    known = campaign.get("known_engagements")
    if unnamed and 2 * unnamed >= campaign["engagements"]:
        text = tell(
            "Who gave {unnamed} of the collected ones is not told",
            unnamed=format_number(unnamed),
        )
    elif known:
        text = tell(
            "Only of the accounts behind {known} of the collected ones more than a name"
            " is known",
            known=format_number(known),
        )
    else:
        text = tell("Hardly anything is known of the accounts behind them")
    between = tell_bounds(campaign)
    if between:
        return tell(
            "{text}: {between} of the collected ones are genuine, and no single number"
            " can be told.",
            text=text,
            between=between,
        )
    return tell("{text}, so nothing is said about how many are genuine.", text=text)


def tell_estimate(campaign: Mapping[str, Any], platforms: Sequence[str]) -> str:
    """What that makes of the platform's count."""
    total = campaign.get("platform_engagements")
    estimate = campaign.get("estimated_genuine_engagements")
    low = campaign.get("estimated_genuine_engagements_low")
    high = campaign.get("estimated_genuine_engagements_high")
    if not total:
        return ""
    several = len(platforms) > 1
    who = tell("the platforms count") if several else tell("the platform counts")
    if estimate is None:
        if low is None or high is None or high - low >= total:
            return ""
        return tell(
            "Of all that {who}, between {low} and {high} are genuine.",
            who=who,
            low=format_number(low),
            high=format_number(high),
        )
    text = tell(
        "Of all that {who} about {estimate} are genuine, what the scores are likely to"
        " miss taken off",
        who=who,
        estimate=format_number(estimate),
    )
    if low is not None and high is not None:
        text = tell(
            "{text} ({low} to {high})",
            text=text,
            low=format_number(low),
            high=format_number(high),
        )
    return tell("{text}.", text=text)


def tell_missing(source: Mapping[str, Any]) -> str:
    """What a source does not tell, which is why a number is not known."""
    lacks = [tell_said(one) or one for one in str(source["lacks"]).split("; ")]
    return tell(
        "“{source}” does not tell {lacks}: a dash stands where that leaves a number"
        " unknown.",
        source=shorten(source["source"], 60),
        lacks=join_words(lacks),
    )


def tell_late(source: Mapping[str, Any]) -> str:
    """Since when a source is late, or that it never gave anything; else empty."""
    due, newest = source["late_since_day"], source["last_record_day"]
    name = shorten(source["source"], 60)
    if newest is None:
        return tell("“{source}” never gave anything.", source=name)
    if due is None:
        return ""
    return tell(
        "“{source}” is late: its newest record is of {newest}, the next was due by"
        " {due}.",
        source=name,
        newest=format_day(newest),
        due=format_day(due),
    )


def plural(count: int, word: str) -> str:
    """A count with its word, which is given in the plural."""
    return tell_count(*_COUNTED[word], count, n=format_number(count))


def join_words(words: Sequence[str]) -> str:
    """A, b and c."""
    if not words[1:]:
        return "".join(words)
    return tell("{first} and {last}", first=join_list(words[:-1]), last=words[-1])
