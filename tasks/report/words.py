"""The report's words: what a term means, and the sentences that a campaign leads with.

One term for one number, on the page, in the README and in the headers of the marts.
Whatever the marts don't tell is left out or said to be unknown; nothing is taken for
zero.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tasks.report.figures import format_day, format_number, format_share

KINDS = ("reposts", "comments", "likes")


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
        " Suspected accounts count as genuine; how many they are stands beside it.",
        ("genuine_engagements", "suspected_engagements"),
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
        "Potential reach",
        "the same followers, each account once. Audiences overlap: not all of them saw"
        " it.",
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


def lead(campaign: Mapping[str, Any], platforms: Sequence[str]) -> list[str]:
    """The sentences that tell what a campaign drew, the platform's number first.

    Args:
        campaign: its row of `campaigns`; a column that is not there is unknown.
        platforms: the networks of its posts.

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
            tell_missing(campaign, platforms),
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


def tell_genuine(campaign: Mapping[str, Any]) -> str:
    """Which share of the collected ones is genuine."""
    collected = campaign.get("engagements")
    genuine = campaign.get("genuine_engagements")
    if not collected:
        return ""
    if genuine is None:
        return (
            "Hardly anything is known of the accounts behind them, so nothing is said"
            " about how many are genuine."
        )
    low = campaign.get("genuine_engagements_low")
    high = campaign.get("genuine_engagements_high")
    text = (
        f"{format_share(genuine, collected)} of the collected ones"
        f" ({format_number(genuine)}) are genuine"
    )
    if low is not None and high is not None and low < high:
        text += (
            f", between {format_share(low, collected)} and"
            f" {format_share(high, collected)}"
        )
    suspected = campaign.get("suspected_engagements")
    if suspected:
        text += f"; {format_number(suspected)} of these come from suspected accounts"
    return f"{text}."


def tell_estimate(campaign: Mapping[str, Any], platforms: Sequence[str]) -> str:
    """What that makes of the platform's count."""
    if campaign.get("platform_engagements") is None:
        return ""
    estimate = campaign.get("estimated_genuine_engagements")
    if estimate is None:
        return ""
    low = campaign.get("estimated_genuine_engagements_low")
    high = campaign.get("estimated_genuine_engagements_high")
    who = "the platforms count" if len(platforms) > 1 else "the platform counts"
    text = f"Of all that {who} this makes about {format_number(estimate)} genuine ones"
    if low is not None and high is not None:
        text += f" ({format_number(low)} to {format_number(high)})"
    return f"{text}."


def tell_missing(campaign: Mapping[str, Any], platforms: Sequence[str]) -> str:
    """Which kinds the sources never give one by one."""
    kinds = [kind for kind in KINDS if campaign.get(kind) is None]
    if not kinds or campaign.get("engagements") is None:
        return ""
    return (
        f"Its sources never give {join_words(kinds)} one by one: a dash stands where"
        " they would, and sums leave them out."
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
