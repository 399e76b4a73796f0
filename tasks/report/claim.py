"""A claim: what a paid partner delivered, as a page and tables that one can send.

The page is one HTML file without scripts that works offline and prints well. It and the
tables are a function of the warehouse and the language alone: no clock, no host.
`accounts.csv` names accounts; everything else tells numbers only, small cells hidden.
Names of columns are the same in every language, what cells say in words is not.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import quote

import duckdb
import polars as pl

from tasks.report.claim_words import Told, tell_claim
from tasks.report.languages import mark, spoken, tell, tell_measure, tell_said
from tasks.report.page import make_environment
from tasks.warehouse.claim_files import ABOUT, PAGE, TABLES
from tasks.warehouse.database import tune
from tasks.warehouse.models import load_models
from tasks.warehouse.networks import POST_ADDRESSES, PROFILE_ADDRESSES
from tasks.warehouse.publication import FORMULA

_POSTS = """
select
    posts.platform,
    posts.post_id,
    posts.posted_at,
    told.platform_engagements,
    told.platform_counted_at,
    told.lifetime_engagements,
    told.genuine_lifetime_engagements,
    told.genuine_lifetime_engagements_low,
    told.genuine_lifetime_engagements_high,
    case
        when count(engagers.account_id) >= $min_cell then count(engagers.account_id)
    end as engaged_accounts,
    case
        when count(engagers.account_id) >= $min_cell
            then count(*) filter (where engagers.phantom_level = 'phantom')
    end as likely_phantoms
from intermediate.campaign_post_classes as classes
inner join intermediate.campaign_posts as posts
    using (campaign_id, platform, post_id)
inner join marts.campaign_posts as told using (campaign_id, platform, post_key)
left join intermediate.partner_engagers as engagers
    on
        classes.campaign_id = engagers.campaign_id
        and classes.partner_id = engagers.partner_id
        and classes.platform = engagers.platform
        and classes.post_id = engagers.post_id
where classes.campaign_id = $campaign_id and classes.partner_id = $partner_id
group by all
order by posts.posted_at, posts.platform, posts.post_id
"""

# Each account once a set, the partner's own engagers and those of unpaid posts.
_REASONS = """
with

engagers as (
    select distinct post_set, platform, account_id
    from intermediate.partner_engagers
    where
        campaign_id = $campaign_id
        and (partner_id = $partner_id or post_set = 'unpaid')
),

sizes as (
    select
        count(*) filter (where post_set = 'paid') as paid,
        count(*) filter (where post_set = 'unpaid') as unpaid
    from engagers
),

classes as (
    select
        engagers.post_set,
        unnest(list_distinct(accounts.reason_classes)) as reason_class
    from engagers
    inner join intermediate.accounts as accounts using (platform, account_id)
    where accounts.phantom_level <> 'genuine'
),

counted as (
    select
        reason_class,
        count(*) filter (where post_set = 'paid') as paid,
        count(*) filter (where post_set = 'unpaid') as unpaid
    from classes
    group by reason_class
)

select
    words.words as reason,
    counted.paid as accounts,
    round(counted.paid / sizes.paid, 6) as share,
    case when counted.unpaid = 0 or counted.unpaid >= $min_cell then counted.unpaid end
        as unpaid_accounts,
    case
        when counted.unpaid = 0 or counted.unpaid >= $min_cell
            then round(counted.unpaid / nullif(sizes.unpaid, 0), 6)
    end as unpaid_share
from counted
inner join marts.reason_classes as words using (reason_class)
cross join sizes
where counted.paid >= $min_cell
order by counted.paid desc, words.words
"""

_GROUPS = """
select
    case groups.kind
        when 'coordinated' then 'suspected to act on one order'
        else 'likely one operator'
    end as kind,
    groups.group_key,
    groups.accounts,
    groups.engagements,
    case when unpaid.accounts >= $min_cell then unpaid.accounts end as unpaid_accounts
from intermediate.partner_groups as groups
left join intermediate.partner_groups as unpaid
    on
        groups.campaign_id = unpaid.campaign_id
        and groups.group_key = unpaid.group_key
        and groups.kind = unpaid.kind
        and unpaid.post_set = 'unpaid'
where
    groups.campaign_id = $campaign_id
    and groups.partner_id = $partner_id
    and groups.accounts >= $min_cell
order by groups.accounts desc, groups.group_key
"""

# How engagements came after the post, paid beside unpaid.
_TIMING = """
with

aged as (
    select
        post_set,
        case
            when age_seconds <= 600 then 1
            when age_seconds <= 3600 then 2
            when age_seconds <= 21600 then 3
            when age_seconds <= 86400 then 4
            when age_seconds <= 259200 then 5
            else 6
        end as place
    from intermediate.partner_acts
    where
        campaign_id = $campaign_id
        and (partner_id = $partner_id or post_set = 'unpaid')
        and age_seconds is not null
),

counted as (
    select
        place,
        count(*) filter (where post_set = 'paid') as engagements,
        count(*) filter (where post_set = 'unpaid') as unpaid_engagements
    from aged
    group by place
)

select
    ['10 minutes', '1 hour', '6 hours', '1 day', '3 days', 'ever'][place]
        as until_after_the_post,
    engagements,
    round(engagements / nullif(sum(engagements) over (), 0), 6) as share,
    unpaid_engagements,
    round(unpaid_engagements / nullif(sum(unpaid_engagements) over (), 0), 6)
        as unpaid_share
from counted
order by place
"""

_ACCOUNTS = """
select
    engagers.platform,
    engagers.account_id,
    profiles.screen_name,
    map($networks, $addresses)[engagers.platform] || engagers.account_id as profile_url,
    case
        when accounts.phantom_level = 'phantom' and not accounts.is_confirmed
            then 'likely phantom'
        else accounts.phantom_level
    end as level,
    accounts.is_confirmed as confirmed_by_a_person,
    round(accounts.phantom_probability, 3) as score,
    array_to_string(accounts.reasons, '; ') as reasons,
    cast(sum(engagers.engagements) as bigint) as engagements
from intermediate.partner_engagers as engagers
inner join intermediate.accounts as accounts using (platform, account_id)
inner join intermediate.account_profiles as profiles using (platform, account_id)
where
    engagers.campaign_id = $campaign_id
    and engagers.partner_id = $partner_id
    and accounts.phantom_level <> 'genuine'
    -- As the list of contacts: policies.retention_days.
    and (
        $kept_days is null
        or date_diff(
            'day',
            cast(greatest(profiles.observed_at, profiles.last_seen_at) as date),
            (select last_act_day from intermediate.last_landed)
        ) <= $kept_days
    )
group by all
order by level, engagements desc, engagers.platform, engagers.account_id
"""

# Columns of the tables that hold words of ours.
_WORDS = {
    "reasons": ("reason",),
    "groups": ("kind",),
    "timing": ("until_after_the_post",),
    "accounts": ("level", "reasons"),
}
# Words of posts in the table of shares.
_SETS = (
    (mark("Paid, of this partner"), ""),
    (mark("Not paid, in all"), "unpaid_"),
    (mark("of these: the brand's own (owned)"), "owned_"),
    (mark("of these: by others (earned)"), "earned_"),
)

# The numbers of `partner_results` that stand in the table of numbers, in this order.
_NUMBERS = (
    "promised_engagements",
    "promised_reach",
    "fee_amount",
    "posts",
    "platform_engagements",
    "platform_reads",
    "lifetime_engagements",
    "completeness",
    "genuine_lifetime_engagements",
    "estimated_genuine_engagements",
    "genuine_share",
    "engaged_accounts",
    "phantom_share",
    "unpaid_engaged_accounts",
    "unpaid_phantom_share",
    "owned_engaged_accounts",
    "owned_phantom_share",
    "earned_engaged_accounts",
    "earned_phantom_share",
    "phantom_excess",
    "first_hour_share",
    "unpaid_first_hour_share",
    "burst_share",
    "unpaid_burst_share",
    "coordinated_groups",
    "coordinated_accounts",
    "operators",
    "operated_accounts",
    "cost_per_platform_engagement",
    "cost_per_engagement",
    "cost_per_genuine_engagement",
    "cost_per_estimated_genuine_engagement",
    "clicks",
    "orders",
    "priced_orders",
    "revenue",
    "cost_per_click",
    "cost_per_order",
    "return_on_spend",
    "genuine_rank",
)


@dataclass(frozen=True)
class Claim:
    """What is known of a partner in a campaign.

    Attributes:
        row: of `partner_results`.
        told: what is said of it, in its language.
        language: in which it was read.
        threshold: score from which an account is a likely phantom.
        last_day: the last day of which something landed.
        models: versions of the score that judged its engagers.
        tables: posts, reasons, groups, timing, accounts; words in English.
    """

    row: dict[str, Any]
    told: Told
    language: str
    threshold: float
    last_day: date | None
    models: list[str]
    tables: dict[str, pl.DataFrame]

    @property
    def about(self) -> dict[str, Any]:
        """What it says of itself, for programs."""
        return {
            "language": self.language,
            "campaign": self.row["campaign_id"],
            "partner": self.row["partner_id"],
            "supported": self.told.supported,
            "grounds": self.row["claim_grounds"],
            "last_day": None if self.last_day is None else self.last_day.isoformat(),
            "verdict": list(self.told.verdict),
            "found": list(self.told.found),
            "against": list(self.told.against),
        }


def read_claim(
    database: Path,
    campaign_id: str,
    partner_id: str,
    *,
    min_cell: int,
    threshold: float,
    kept_days: int | None,
) -> Claim | None:
    """What the warehouse tells of a partner; None where the marts lack it.

    Args:
        database: the warehouse; only read.
        campaign_id: of the campaign.
        partner_id: of the partner in it.
        min_cell: cells of fewer accounts are hidden.
        threshold: score from which an account is a likely phantom.
        kept_days: accounts last read longer before the last landed day are not named;
            null names all.
    """
    names = {"campaign_id": campaign_id, "partner_id": partner_id}
    with duckdb.connect(str(database), read_only=True) as connection:
        tune(connection, database.with_name(".spill"))
        connection.execute("set timezone = 'UTC'")
        if not _has_partners(connection):
            return None
        rows = _rows(
            connection,
            "from marts.partner_results"
            " where campaign_id = $campaign_id and partner_id = $partner_id",
            names,
        ).to_dicts()
        if not rows:
            return None
        told = {**names, "min_cell": min_cell}
        tables = {
            "posts": _rows(connection, _POSTS, told),
            "reasons": _rows(connection, _REASONS, told),
            "groups": _rows(connection, _GROUPS, told),
            "timing": _rows(connection, _TIMING, names),
            "accounts": _rows(
                connection,
                _ACCOUNTS,
                {
                    **names,
                    "kept_days": kept_days,
                    "networks": list(PROFILE_ADDRESSES),
                    "addresses": list(PROFILE_ADDRESSES.values()),
                },
            ),
        }
        models = _rows(
            connection,
            "select distinct model_version from intermediate.partner_engagers"
            " inner join intermediate.accounts using (platform, account_id)"
            " where campaign_id = $campaign_id and partner_id = $partner_id"
            " order by model_version",
            names,
        )
        last = _rows(connection, "from intermediate.last_landed", {}).to_dicts()
    return Claim(
        row=rows[0],
        told=tell_claim(rows[0]),
        language=spoken().code,
        threshold=threshold,
        last_day=last[0]["last_act_day"] if last else None,
        models=models["model_version"].drop_nulls().to_list(),
        tables=tables,
    )


def write_claim(claim: Claim, folder: Path) -> None:
    """Write the page, the tables and what the claim says of itself into a folder.

    In the language that is spoken, which is that of the claim.
    """
    tables = {"numbers": _numbers(claim.row), **_in_words(claim.tables)}
    for name in TABLES:
        (folder / f"{name}.csv").write_bytes(_as_csv(tables[name]))
    template = make_environment().get_template("claim.html")
    page = template.render(_page(claim, tables))
    (folder / PAGE).write_text(page, encoding="utf-8")
    # Last: a folder that has it is whole.
    (folder / ABOUT).write_text(
        json.dumps(claim.about, ensure_ascii=False, indent=1), encoding="utf-8"
    )


def _in_words(tables: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """The tables with what our words say in the language of the page."""
    return {
        name: table.with_columns(
            pl.Series(column, list(map(_say, table[column])), pl.String)
            for column in _WORDS.get(name, ())
        )
        for name, table in tables.items()
    }


def _say(text: str | None) -> str | None:
    """In English where nobody translated it."""
    return tell_said(text) or text


def _page(claim: Claim, tables: Mapping[str, pl.DataFrame]) -> dict[str, Any]:
    row = claim.row
    posts = [
        {**post, "address": post_address(post["platform"], post["post_id"])}
        for post in tables["posts"].to_dicts()
    ]
    sets = [
        (
            tell(words),
            row[f"{kind}engaged_accounts"],
            row[f"{kind}phantom_share"],
            row.get(f"{kind}phantom_share_low"),
            row.get(f"{kind}phantom_share_high"),
        )
        for words, kind in _SETS
    ]
    return {
        "language": spoken(),
        "row": row,
        "told": claim.told,
        "last_day": claim.last_day,
        "models": claim.models,
        "threshold": f"{claim.threshold:g}",
        "posts": posts,
        "sets": sets,
        "reasons": tables["reasons"].to_dicts(),
        "groups": tables["groups"].to_dicts(),
        "timing": tables["timing"].to_dicts(),
        "named": tables["accounts"].height,
        "confirmed": int(
            tables["accounts"]["confirmed_by_a_person"].fill_null(value=False).sum()
        ),
    }


def post_address(platform: str, post_id: str) -> str | None:
    """Where a network shows a post; None where it has no address by id."""
    prefix = POST_ADDRESSES.get(platform)
    return None if prefix is None else prefix + quote(post_id, safe="")


def _numbers(row: Mapping[str, Any]) -> pl.DataFrame:
    """The numbers one below the other, each with its unit and how it was found."""
    columns = {
        column.name: column
        for column in load_models("marts")["marts.partner_results"].columns
    }
    return pl.DataFrame(
        [
            (
                name,
                row[name],
                row.get(f"{name}_low"),
                row.get(f"{name}_high"),
                *(
                    tell_measure(text) or text
                    for text in (columns[name].unit, columns[name].comment)
                ),
            )
            for name in _NUMBERS
        ],
        schema={
            "number": pl.String,
            "value": pl.Float64,
            "low": pl.Float64,
            "high": pl.Float64,
            "unit": pl.String,
            "how_it_was_found": pl.String,
        },
        orient="row",
        strict=False,
    )


def _as_csv(table: pl.DataFrame) -> bytes:
    """A table that no spreadsheet takes for formulas."""
    texts = [name for name, kind in table.schema.items() if kind == pl.String]
    text = table.with_columns(
        pl.when(pl.col(name).str.contains(FORMULA))
        .then(pl.concat_str(pl.lit("'"), pl.col(name)))
        .otherwise(pl.col(name))
        .alias(name)
        for name in texts
    ).write_csv(include_bom=True, datetime_format="%Y-%m-%dT%H:%M:%SZ")
    return text.encode()


def _has_partners(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether the marts were made by a version that knows partners."""
    found = connection.execute(
        "select count(*) from duckdb_tables()"
        " where schema_name = 'marts' and table_name = 'partner_results'"
    ).fetchall()
    return bool(found[0][0])


def _rows(
    connection: duckdb.DuckDBPyConnection, query: str, params: dict[str, Any]
) -> pl.DataFrame:
    found: pl.DataFrame = connection.sql(query, params=params).pl()
    return found
