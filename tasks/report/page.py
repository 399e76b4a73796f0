"""The report page: what each campaign really did, for a marketing manager.

One HTML file without scripts that works offline. It is a function of the marts
alone: no clock, no run id, no host; the same marts give the same bytes.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import duckdb
from markupsafe import Markup

from tasks.report.audience import read_kinds
from tasks.report.boards import add_boards
from tasks.report.changes import read_changes
from tasks.report.charts import (
    DayCount,
    Timeline,
    build_timeline,
    draw_timeline,
    drawing_again,
)
from tasks.report.decisions import (
    add_decisions,
    read_findings,
    read_markets,
    tell_pace,
)
from tasks.report.feedback import (
    Row,
    add_feedback,
    fetch,
    group,
    read_brands,
    read_groups,
    reading_once,
)
from tasks.report.figures import (
    UNKNOWN,
    format_day,
    format_minutes,
    format_money,
    format_money_span,
    format_net,
    format_number,
    format_percent,
    format_share,
    format_words,
    shorten,
)
from tasks.report.filters import add_filters
from tasks.report.history import add_history, read_cohorts
from tasks.report.identified import add_people, name_of
from tasks.report.languages import (
    LANGUAGES,
    join_list,
    language_of,
    mark,
    speaking,
    spoken,
    tell,
    tell_count,
    tell_markup,
    tell_markup_count,
    tell_measure,
    tell_said,
)
from tasks.report.overlaps import read_overlaps
from tasks.report.page_templates import environment
from tasks.report.pictures import PICTURE_WIDTH, draw_groups, draw_levels
from tasks.report.sales import add_sales
from tasks.report.voices import add_voices
from tasks.report.words import (
    GLOSSARY,
    genuine_share,
    is_known,
    lead,
    plural,
    tell_late,
    tell_unnamed,
)
from tasks.warehouse.database import read_published
from tasks.warehouse.errors import ConfigurationError
from tasks.warehouse.networks import POST_ADDRESSES
from tasks.warehouse.publication import DRAWN, NAMED_PAGE, page_names, private
from tasks.warehouse.whole_files import write_atomically

if TYPE_CHECKING:
    from jinja2 import Environment

# What keeps the page small and quick with thousands of campaigns.
MOST_LISTED = 200
MOST_SHOWN = 60
MOST_POSTS = 5
MOST_REASONS = 8

# The share of a handful of accounts says nothing about a campaign.
FEWEST_ACCOUNTS = 30

# The tables of which the page shows numbers.
SHOWN_MARTS = (
    "campaigns",
    "campaign_daily",
    "campaign_posts",
    "cascades",
    "feedback_daily",
    "feedback_topics",
    "feedback_topics_daily",
    "feedback_authenticity",
    "amplifiers",
    "partner_results",
    "campaign_links",
    "campaign_history",
    "campaign_cohorts",
    "share_of_voice",
    "competitors",
    "audience_quality",
    "audience_breakdown",
    "audience_overlap",
    "hot_topics",
    "data_coverage",
    "source_coverage",
)

# What the signs tell of suspected accounts and likely phantoms.
KINDS = {
    "fresh": mark("{n} were made for the occasion"),
    "vendor_batch": mark("{n} were made together with others"),
    "cultivated": mark("{n} were kept for long and act alike"),
}
LEVELS = ("genuine", "suspected", "phantom")


def write_report(
    marts: Path,
    target: Path,
    campaign_id: str | None = None,
    *,
    language: str = "en",
    others: Mapping[str, str] | None = None,
) -> None:
    """Write the report as one HTML file.

    Args:
        marts: the published DuckDB file; opened read-only.
        target: the HTML file, replaced atomically.
        campaign_id: only this campaign; all of them if None.
        language: in which it speaks.
        others: names of files beside it, by the language that they speak.

    Raises:
        ConfigurationError: the campaign isn't in the marts, or there is no such
            language.
    """
    with speaking(language), read_published(marts) as connection:
        text = _render(read_page(connection, campaign_id), others)
    write_atomically(target, text)


def write_reports(folder: Path, language: str, before: Path | None = None) -> None:
    """Write the pages of a publication in each language; each leads to the others.

    `report/index.html` and `restricted/report.html` speak that of the workspace; the
    latter names people.

    Args:
        folder: of the publication, with its marts and its lists of people.
        language: of the workspace.
        before: another publication; pictures that show what one of it shows are not
            drawn again.
    """
    _write_pages(folder, language, before, is_open=True)


def write_named_reports(
    folder: Path, language: str, before: Path | None = None
) -> None:
    """Write the pages that name people alone; as `write_reports`."""
    _write_pages(folder, language, before, is_open=False)


def _write_pages(
    folder: Path, language: str, before: Path | None, *, is_open: bool
) -> None:
    pages = page_names("index", language)
    named = page_names(NAMED_PAGE, language)
    restricted = folder / "restricted"
    drawn = before / "restricted" / DRAWN if before else None
    with reading_once(), drawing_again(drawn, restricted / DRAWN):
        for code in pages:
            with (
                speaking(code),
                read_published(folder / "marts.duckdb") as connection,
            ):
                page = read_page(connection, None)
                if is_open:
                    text = _render(page, _but(pages, code))
                    write_atomically(folder / "report" / pages[code], text)
                page["people"] = add_people(
                    connection,
                    restricted,
                    page["shown"],
                    page["brands"],
                    page["last_day"],
                )
                text = _render(page, _but(named, code))
            with private(restricted / named[code]) as file:
                file.write(text.encode())


def _but(names: Mapping[str, str], code: str) -> dict[str, str]:
    return {other: name for other, name in names.items() if other != code}


def _render(page: Row, others: Mapping[str, str] | None) -> str:
    """The page in the language that is spoken, with links to files beside it."""
    page["language"] = spoken()
    page["others"] = [
        (LANGUAGES[code], name) for code, name in sorted((others or {}).items())
    ]
    return make_environment().get_template("report.html").render(page)


def read_page(connection: duckdb.DuckDBPyConnection, campaign_id: str | None) -> Row:
    """Read what the template shows; with a campaign, what concerns it."""
    total = fetch(connection, "select count(*) as n from campaigns")[0]["n"]
    listed = fetch(
        connection,
        """
        from campaigns
        where $campaign_id is null or campaign_id = $campaign_id
        order by
            coalesce(platform_engagements, engagements) desc nulls last,
            campaign_id
        limit $most
        """,
        {"campaign_id": campaign_id, "most": MOST_LISTED},
    )
    if campaign_id is not None and not listed:
        raise ConfigurationError([describe_unknown(connection, campaign_id)])
    for row in listed:
        row["genuine_share"] = genuine_share(row)
    shown = listed[:MOST_SHOWN]
    for number, campaign in enumerate(shown, start=1):
        campaign["anchor"] = f"campaign-{number}"
    add_details(connection, shown)
    add_feedback(connection, shown)
    add_voices(connection, shown)
    add_decisions(connection, shown)
    add_sales(connection, shown)
    add_history(connection, shown)
    add_boards(connection, shown)
    window = get_window(listed[0]) if campaign_id is not None else None
    coverage = read_coverage(connection, campaign_id, window)
    last_day = max(
        (row["last_data_day"] for row in coverage if row["last_data_day"]),
        default=None,
    )
    for campaign in shown:
        campaign["pace"] = tell_pace(campaign, last_day)
    groups = read_groups(connection, campaign_id)
    return {
        "single": campaign_id is not None,
        "campaigns": listed,
        "shown": shown,
        "unlisted": 0 if campaign_id is not None else total - len(listed),
        "total": total,
        "has_costs": any(row["budget_amount"] is not None for row in listed),
        "has_spread": any(row["spread"] for row in shown),
        "glossary": GLOSSARY,
        "last_day": last_day,
        "choices": add_filters(listed),
        "has_brands": len({row["brand_id"] for row in listed}) > 1,
        "suspicious": None if campaign_id else find_suspicious(connection),
        "accounts": read_accounts(connection, campaign_id),
        "groups": groups,
        "groups_picture": picture_groups(groups),
        "findings": read_findings(connection, campaign_id),
        "changes": read_changes(connection, campaign_id),
        "kinds": read_kinds(
            connection, [row["brand_id"] for row in listed], campaign_id
        ),
        "overlaps": read_overlaps(connection, campaign_id),
        "cohorts": read_cohorts(connection, campaign_id),
        "markets": read_markets(
            connection, [row["brand_id"] for row in listed], campaign_id
        ),
        "brands": read_brands(
            connection, [row["brand_id"] for row in listed], campaign_id
        ),
        "coverage": coverage,
        "coverage_window": window,
        "definitions": read_definitions(connection),
        "people": None,
    }


def read_definitions(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """Definitions of the measures that the page shows, the largest table first.

    A measure that is the same in several tables stands once, with all of them.
    """
    return fetch(
        connection,
        """
        select
            column_name,
            list(mart order by place) as marts,
            time_axis,
            formula,
            unit,
            source,
            caveat
        from (
            select *, list_position($marts, mart) as place
            from metric_definitions
            where role = 'measure' and list_contains($marts, mart)
        )
        group by column_name, time_axis, formula, unit, source, caveat
        order by min(place), column_name, formula
        """,
        {"marts": list(SHOWN_MARTS)},
    )


def describe_unknown(connection: duckdb.DuckDBPyConnection, campaign_id: str) -> str:
    """Say which campaigns there are; the nearest ids first."""
    rows = fetch(connection, "select campaign_id from campaigns order by campaign_id")
    known = [row["campaign_id"] for row in rows]
    if not known:
        return f"no campaign {campaign_id!r}: the marts hold no campaigns yet"
    near = difflib.get_close_matches(campaign_id, known, n=3, cutoff=0.4)
    if near:
        return f"no campaign {campaign_id!r}; did you mean {', '.join(near)}?"
    more = f" and {len(known) - 3} more" if len(known) > 3 else ""
    return f"no campaign {campaign_id!r}; there are {', '.join(known[:3])}{more}"


def add_details(
    connection: duckdb.DuckDBPyConnection, campaigns: Sequence[Row]
) -> None:
    """Give each campaign its days, posts and cascades; one query for each mart."""
    ids = {"ids": [campaign["campaign_id"] for campaign in campaigns]}
    days = read_days(connection, ids)
    posts = read_posts(connection, ids)
    spread = read_spread(connection, ids)
    networks = read_networks(connection, ids)
    sources = read_lacking(connection)
    for campaign in campaigns:
        key = campaign["campaign_id"]
        own = [row["platform"] for row in networks[key]]
        campaign["posts_found"] = sum(row["posts_found"] for row in networks[key])
        campaign["is_known"] = is_known(campaign)
        campaign["lead"] = lead(
            campaign, own, [source for source in sources if source["platform"] in own]
        )
        campaign["unnamed"] = tell_unnamed(campaign)
        campaign["top_posts"] = posts[key]
        campaign["cascade"] = picture_levels(campaign)
        campaign["spread"] = spread[key][0] if spread[key] else None
        campaign["levels"] = split_levels(campaign)
        campaign["timeline"] = timeline = build_timeline(
            [
                DayCount(
                    row["activity_day"],
                    row["raw"] or 0,
                    # A part of what is unknown would look like the whole.
                    None if campaign["genuine_share"] is None else row["genuine"],
                )
                for row in days[key]
            ],
            get_window(campaign),
        )
        campaign["charts"] = draw(campaign, timeline) if timeline else None


def picture_levels(campaign: Row) -> Markup | None:
    """How far its largest posts were passed on; each gets the letter that it has there.

    Who passed them on stands on the page that names people.
    """
    posts: list[tuple[str, Sequence[int]]] = []
    for post in campaign["top_posts"]:
        levels = post.get("reposts_by_level")
        letter = chr(ord("A") + len(posts))
        post["letter"] = letter if levels else None
        if levels:
            posts.append((letter, levels))
    if not posts:
        return None
    told = (
        tell(
            "{letter}: {reposts} by level {levels}",
            letter=letter,
            reposts=plural(sum(levels), "reposts"),
            levels=join_list(format_number(count) for count in levels),
        )
        for letter, levels in posts
    )
    return draw_levels(
        posts,
        tell(
            "How {name} spread. {posts}.",
            name=campaign["campaign_name"] or campaign["campaign_id"],
            posts=tell("; ").join(told),
        ),
        PICTURE_WIDTH,
    )


def read_days(
    connection: duckdb.DuckDBPyConnection, ids: dict[str, list[str]]
) -> dict[str, list[Row]]:
    """Engagements by day; they add up over networks, unlike accounts and people."""
    return group(
        fetch(
            connection,
            """
            select
                campaign_id,
                activity_day,
                cast(sum(engagements) as bigint) as raw,
                -- The sum over networks is known where each of them is.
                case
                    when count(genuine_engagements) = count(*)
                        then cast(sum(genuine_engagements) as bigint)
                end as genuine
            from campaign_daily
            where list_contains($ids, campaign_id) and activity_day is not null
            group by campaign_id, activity_day
            order by campaign_id, activity_day
            """,
            ids,
        )
    )


def read_posts(
    connection: duckdb.DuckDBPyConnection, ids: dict[str, list[str]]
) -> dict[str, list[Row]]:
    """The largest posts of each campaign, with their cascades and addresses."""
    posts = group(
        fetch(
            connection,
            """
            select posts.*, cascades.* exclude (
                campaign_id, campaign_name, brand_id, platform, post_key, post_id,
                post_day
            )
            from campaign_posts as posts
            left join cascades using (campaign_id, platform, post_key)
            where list_contains($ids, posts.campaign_id)
            qualify row_number() over (
                partition by posts.campaign_id
                order by
                    coalesce(posts.platform_engagements, posts.lifetime_engagements)
                    desc nulls last,
                    posts.platform,
                    posts.post_key
            ) <= $most
            order by
                posts.campaign_id,
                coalesce(posts.platform_engagements, posts.lifetime_engagements)
                desc nulls last,
                posts.platform,
                posts.post_key
            """,
            {**ids, "most": MOST_POSTS},
        )
    )
    for post in (post for own in posts.values() for post in own):
        post["address"] = address_of_post(post)
        post["media"] = tell_media(post["media_kind"], post["media_count"])
        if any(
            post[f"lifetime_{kind}"] and post[f"genuine_lifetime_{kind}"] is None
            for kind in ("reposts", "comments", "likes")
        ):
            post["genuine_lifetime_engagements"] = None
    return posts


def read_spread(
    connection: duckdb.DuckDBPyConnection, ids: dict[str, list[str]]
) -> dict[str, list[Row]]:
    """The cascades of each campaign in a row."""
    return group(
        fetch(
            connection,
            """
            select
                campaign_id,
                count(*) as posts,
                cast(sum(size) as bigint) as reposts,
                max(size) as largest,
                max(depth) as depth,
                median(structural_virality) as structural_virality,
                median(half_life_minutes) as half_life_minutes
            from cascades
            where list_contains($ids, campaign_id)
            group by campaign_id
            order by campaign_id
            """,
            ids,
        )
    )


def read_networks(
    connection: duckdb.DuckDBPyConnection, ids: dict[str, list[str]]
) -> dict[str, list[Row]]:
    """On which networks posts were found; one that was only listed has no day."""
    return group(
        fetch(
            connection,
            """
            select campaign_id, platform, count(post_day) as posts_found
            from campaign_posts
            where list_contains($ids, campaign_id) and platform is not null
            group by campaign_id, platform
            order by campaign_id, platform
            """,
            ids,
        )
    )


def read_lacking(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """Sources that can't tell all."""
    return fetch(
        connection,
        """
        select source, platform, lacks
        from source_coverage
        where lacks <> ''
        order by source, platform
        """,
    )


def address_of_post(post: Row) -> str | None:
    """Where its network shows a post whose id is told; an id is made safe for it."""
    where = POST_ADDRESSES.get(post["platform"] or "")
    if where is None or not post["post_id"]:
        return None
    return where + quote(post["post_id"], safe="_:")


def tell_media(kind: str | None, count: int | None) -> str:
    """What stands with a post's words: nothing of it is loaded; empty where nothing."""
    if kind == "video":
        return tell("with a video")
    if kind == "link":
        return tell("with a link")
    if count and kind == "picture":
        return tell_count(
            "with {n} picture", "with {n} pictures", count, n=format_number(count)
        )
    if count:
        return tell_count(
            "with {n} picture or video",
            "with {n} pictures or videos",
            count,
            n=format_number(count),
        )
    return tell("with a picture") if kind == "picture" else ""


def get_window(campaign: Row) -> tuple[date, date] | None:
    """First and last day of a campaign, if both are known."""
    start, end = campaign["window_start"], campaign["window_end"]
    return None if start is None or end is None else (start, end)


def draw(campaign: Row, timeline: Timeline) -> dict[str, Markup]:
    """The chart for wide and for narrow screens, where letters stay readable."""
    peak = timeline.peak
    course = {
        "day": mark("Engagements of {name} by day, {first} to {last}. Most on {peak}:"),
        "week": mark(
            "Engagements of {name} by week, {first} to {last}. Most in the week of"
            " {peak}:"
        ),
        "month": mark(
            "Engagements of {name} by month, {first} to {last}. Most in the month of"
            " {peak}:"
        ),
    }
    label = " ".join(
        (
            tell(
                course[timeline.unit],
                name=campaign["campaign_name"] or campaign["campaign_id"],
                first=format_day(timeline.bars[0].day),
                last=format_day(timeline.bars[-1].day),
                peak=format_day(peak.day),
            ),
            tell(
                "{n} collected, how many are genuine is not known.",
                n=format_number(peak.raw),
            )
            if peak.genuine is None
            else tell(
                "{n} collected, {genuine} genuine.",
                n=format_number(peak.raw),
                genuine=format_number(peak.genuine),
            ),
        )
    )
    return {
        name: draw_timeline(timeline, label, width)
        for name, width in (("wide", 660), ("narrow", 330))
    }


def picture_groups(groups: Sequence[Row]) -> Markup | None:
    """Groups as dots, in the order of their table."""
    if not groups:
        return None
    told = (
        tell(
            "group {n}: {size} accounts, {phantoms} likely phantoms",
            n=number,
            size=format_number(one["size"]),
            phantoms=format_number(one["phantom_accounts"]),
        )
        for number, one in enumerate(groups, start=1)
    )
    label = tell("Groups of accounts: {groups}.", groups=tell("; ").join(told))
    return draw_groups(groups, label, PICTURE_WIDTH)


def split_levels(campaign: Row) -> dict[str, int] | None:
    """Engaged accounts: genuine ones, the suspected and unknown among them, phantoms.

    Unknown are those of which only a name is known: nothing speaks against them, and
    nothing for them.
    """
    engaged = campaign["engaged_accounts"]
    genuine = campaign["genuine_engaged_accounts"]
    suspected = campaign["suspected_engaged_accounts"]
    if not engaged or genuine is None or suspected is None:
        return None
    known = campaign["known_engaged_accounts"]
    return {
        "genuine": genuine,
        "suspected": suspected,
        "unknown": 0 if known is None else max(engaged - known, 0),
        "phantom": engaged - genuine,
    }


def find_suspicious(connection: duckdb.DuckDBPyConnection) -> Row | None:
    """The campaign with the highest phantom share, if it has enough accounts."""
    rows = fetch(
        connection,
        """
        select
            campaign_id,
            campaign_name,
            phantom_share,
            engaged_accounts,
            known_engaged_accounts
        from campaigns
        where phantom_share > 0 and engaged_accounts >= $fewest
        order by phantom_share desc, engaged_accounts desc, campaign_id
        limit 1
        """,
        {"fewest": FEWEST_ACCOUNTS},
    )
    return rows[0] if rows else None


def read_accounts(
    connection: duckdb.DuckDBPyConnection, campaign_id: str | None
) -> Row:
    """Who acted: accounts by level, operators, and what speaks against them.

    With a campaign only those who engaged in it. Genuine are all that are no likely
    phantoms; suspected ones are a part of them.
    """
    cells = read_verdicts(connection, campaign_id)
    levels: dict[str, int] = dict.fromkeys(LEVELS, 0)
    for level, row in cells.get("phantom_level", {}).items():
        levels[level] = row["accounts"]
    levels["genuine"] += levels["suspected"]
    nobody = {"accounts": 0, "people": 0}
    unknown = cells.get("unknown_level", {}).get("genuine", nobody)["accounts"]
    operators = cells.get("operator", {}).get("several", nobody)
    confirmed = cells.get("confirmed_level", {}).get("phantom", nobody)
    return {
        "shares": read_shares(connection),
        "kinds": [
            tell(KINDS[kind], n=format_number(row["accounts"]))
            for kind, row in cells.get("account_kind", {}).items()
            if kind in KINDS and row["accounts"] is not None
        ],
        "levels": levels | {"unknown": unknown} if any(levels.values()) else None,
        "total": levels["genuine"] + levels["phantom"],
        "flagged": levels["suspected"] + levels["phantom"],
        # None: some, but too few to say how many.
        "confirmed": confirmed["accounts"],
        "operators": operators["people"],
        "operated": operators["accounts"],
        "models": read_model_versions(connection),
        "reasons": read_reasons(connection, campaign_id),
    }


def read_verdicts(
    connection: duckdb.DuckDBPyConnection, campaign_id: str | None
) -> dict[str, dict[str, Row]]:
    """How many accounts have which verdict, by dimension and value."""
    cells: dict[str, dict[str, Row]] = {}
    for row in fetch(
        connection,
        """
        from verdict_breakdown
        where campaign_id is not distinct from $campaign_id
        order by dimension, value
        """,
        {"campaign_id": campaign_id},
    ):
        cells.setdefault(row["dimension"], {})[row["value"]] = row
    return cells


def read_model_versions(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The models that judged."""
    models = fetch(
        connection,
        """
        select distinct model_version
        from accounts
        where model_version is not null
        order by model_version
        """,
    )
    return [row["model_version"] for row in models]


def read_reasons(
    connection: duckdb.DuckDBPyConnection, campaign_id: str | None
) -> list[Row]:
    """What speaks against accounts, of most of them first."""
    return fetch(
        connection,
        """
        select words, max(accounts) as accounts
        from verdict_breakdown
        inner join reason_classes on value = reason_class
        where
            campaign_id is not distinct from $campaign_id
            and dimension = 'reason_class'
            and accounts is not null
        group by words
        order by accounts desc, words
        limit $most
        """,
        {"campaign_id": campaign_id, "most": MOST_REASONS},
    )


def read_shares(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """Of each network the share of phantoms, if they hide like the labelled ones."""
    return fetch(
        connection,
        """
        select
            platform,
            likely_phantoms,
            phantom_share_if_as_labelled as share,
            phantom_share_if_as_labelled_low as share_low,
            phantom_share_if_as_labelled_high as share_high,
            stated_phantom_share as stated,
            likely_phantom_precision as precision,
            likely_phantom_precision_low as precision_low,
            likely_phantom_precision_high as precision_high,
            likely_phantom_precision_at_a_tenth as usual,
            likely_phantom_precision_at_a_tenth_low as usual_low,
            likely_phantom_precision_at_a_tenth_high as usual_high
        from phantom_shares
        where likely_phantoms > 0 and likely_phantom_precision is not null
        order by platform
        """,
    )


def read_coverage(
    connection: duckdb.DuckDBPyConnection,
    campaign_id: str | None,
    window: tuple[date, date] | None,
) -> list[Row]:
    """How complete each source is; of a campaign its networks within its days."""
    start, end = window or (None, None)
    rows = fetch(
        connection,
        """
        select
            coverage.source,
            coverage.platform,
            count(activity_day) filter (is_covered and coverage.collected > 0)
                as days_with_data,
            count(activity_day) filter (is_covered and is_gap) as days_missing,
            count(activity_day) filter (is_covered and is_final) as days_final,
            min(activity_day) filter (is_covered) as first_day,
            max(activity_day) filter (is_covered) as last_day,
            max(data_up_to_day) as last_data_day,
            max(last_record_day) as last_record_day,
            max(late_since_day) as late_since_day,
            cast(sum(coverage.collected) as bigint) as collected,
            cast(sum(platform_engagements) as bigint) as platform_engagements,
            cast(sum(platform_collected) as bigint) as platform_collected,
            cast(sum(quarantined) as bigint) as quarantined,
            max(tells.lacks) as lacks
        from data_coverage as coverage
        left join source_coverage as tells
            on
                coverage.source = tells.source
                and coverage.platform = tells.platform
        where
            (
                $start_date is null
                or activity_day is null
                or activity_day between $start_date and $end_date
            )
            and (
                $campaign_id is null
                or coverage.platform in (
                    select platform from campaign_posts where campaign_id = $campaign_id
                )
                or not exists (
                    from campaign_posts where campaign_id = $campaign_id
                )
            )
        group by coverage.source, coverage.platform
        order by coverage.source, coverage.platform
        """,
        {"start_date": start, "end_date": end, "campaign_id": campaign_id},
    )
    for row in rows:
        row["completeness"] = compare(row)
        row["late"] = tell_late(row)
    return rows


def compare(row: Row) -> float | None:
    """Collected against what the platform counts; None where it counts nothing."""
    counted = row["platform_engagements"]
    return min((row["platform_collected"] or 0) / counted, 1) if counted else None


@cache
def make_environment() -> Environment:
    """The shared templates with filters that write numbers for people.

    Made once: it keeps the templates that it compiled.
    """
    made = environment()
    made.globals["_"] = tell_markup
    made.globals["_n"] = tell_markup_count
    filters: dict[str, Callable[..., str | None]] = {
        "count": format_number,
        "percent": format_percent,
        "share_of": format_share,
        "money": format_money,
        "money_span": format_money_span,
        "minutes": format_minutes,
        "day": lambda day: UNKNOWN if day is None else format_day(day),
        "words": format_words,
        "net": format_net,
        "short": shorten,
        "say": tell,
        "said": tell_said,
        "measure": tell_measure,
        "language_of": language_of,
        "name_of": name_of,
    }
    made.filters.update(filters)
    return made
