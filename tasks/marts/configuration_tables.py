"""Brands, campaigns, partners, sources and seeds of a workspace as tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import polars as pl

from tasks.sources.gives import KINDS, gives_of, lacks_of
from tasks.text.spellings import (
    folded_hashtag,
    folded_keyword,
)
from tasks.warehouse.configuration import Brand, Campaign
from tasks.warehouse.seed_tables import (
    read_brand_actions,
    read_contact_history,
    read_conversions,
    read_cpm,
    read_suppressions,
)
from tasks.warehouse.workspace import Workspace


def configuration_tables(workspace: Workspace) -> dict[str, pl.DataFrame]:
    """All that workspace.toml and the seeds say, by the name of the table in `meta`."""
    return {
        "suppressions": read_suppressions(workspace.root),
        "contact_history": read_contact_history(workspace.root),
        "cpm": read_cpm(workspace.root),
        "brand_actions": read_brand_actions(workspace.root, workspace.timezone),
        "conversions": read_conversions(workspace.root, workspace.timezone),
        **_source_tables(workspace),
        **_brand_tables(workspace),
        "names": _names(workspace),
        **_campaign_tables(workspace),
        **_partner_tables(workspace),
        "tracked_links": _tracked_links(workspace),
    }


def _table(
    rows: Iterable[Sequence[object]], **schema: type[pl.DataType]
) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=schema, orient="row")


def _source_tables(workspace: Workspace) -> dict[str, pl.DataFrame]:
    """Sources, and of each kind of records what a source can tell of it."""
    return {
        "sources": _table(
            (
                (
                    source.name,
                    source.platform,
                    source.format,
                    gives_of(source).followers,
                    gives_of(source).follower_lists,
                    lacks_of(gives_of(source)),
                )
                for source in workspace.sources
            ),
            source=pl.String,
            platform=pl.String,
            format=pl.String,
            gives_followers=pl.Boolean,
            gives_follower_lists=pl.Boolean,
            lacks=pl.String,
        ),
        "source_gives": _table(
            (
                (
                    source.name,
                    kind,
                    place,
                    kind in gives_of(source).rows,
                    kind in gives_of(source).accounts,
                    kind in gives_of(source).times,
                    kind in gives_of(source).counters,
                )
                for source in workspace.sources
                for place, kind in enumerate(KINDS)
            ),
            source=pl.String,
            kind=pl.String,
            place=pl.Int64,
            gives_rows=pl.Boolean,
            gives_accounts=pl.Boolean,
            gives_times=pl.Boolean,
            gives_counters=pl.Boolean,
        ),
    }


def _brand_tables(workspace: Workspace) -> dict[str, pl.DataFrame]:
    """Brands, their accounts, and who competes with whom."""
    markets = workspace.markets()
    return {
        "brands": _table(
            ((brand.id, brand.name) for brand in workspace.brands),
            brand_id=pl.String,
            brand_name=pl.String,
        ),
        "brand_accounts": _table(
            (
                (brand.id, account.platform, account.account_id)
                for brand in workspace.brands
                for account in brand.accounts
            ),
            brand_id=pl.String,
            platform=pl.String,
            account_id=pl.String,
        ),
        "competitors": _table(
            (
                (brand, rival)
                for brand, members in sorted(markets.items())
                for rival in members
                if rival != brand
            ),
            brand_id=pl.String,
            competitor_id=pl.String,
        ),
        "markets": _table(
            ((brand, members[0]) for brand, members in sorted(markets.items())),
            brand_id=pl.String,
            market=pl.String,
        ),
    }


def _campaign_tables(workspace: Workspace) -> dict[str, pl.DataFrame]:
    """Campaigns, and what a post belongs to one by."""
    selectors = {
        (campaign.id, kind, platform, value)
        for campaign in workspace.campaigns
        for kind, platform, value in [
            *(("post_id", ref.platform, ref.post_id) for ref in campaign.post_ids),
            *(("hashtag", None, text) for text in campaign.hashtags),
            *(("keyword", None, text) for text in campaign.keywords),
            *(("link", None, text) for text in campaign.links),
        ]
    }
    brands = {brand.id: brand.name for brand in workspace.brands}
    return {
        "campaigns": _table(
            (
                (
                    campaign.id,
                    campaign.name or campaign.id,
                    campaign.brand,
                    brands[campaign.brand],
                    campaign.start,
                    campaign.end,
                    campaign.budget and campaign.budget.amount,
                    campaign.budget and campaign.budget.currency,
                )
                for campaign in workspace.campaigns
            ),
            campaign_id=pl.String,
            campaign_name=pl.String,
            brand_id=pl.String,
            brand_name=pl.String,
            window_start=pl.Date,
            window_end=pl.Date,
            budget_amount=pl.Float64,
            budget_currency=pl.String,
        ),
        "campaign_selectors": _table(
            sorted(selectors, key=str),
            campaign_id=pl.String,
            kind=pl.String,
            platform=pl.String,
            value=pl.String,
        ),
    }


def _partner_tables(workspace: Workspace) -> dict[str, pl.DataFrame]:
    """Partners of campaigns, and the posts that they list."""
    partners = [
        (campaign, partner)
        for campaign in workspace.campaigns
        for partner in campaign.partners
    ]
    return {
        "partners": _table(
            (
                (
                    campaign.id,
                    partner.id,
                    partner.name or partner.id,
                    partner.account.platform,
                    partner.account.account_id,
                    partner.fee and partner.fee.amount,
                    partner.fee and partner.fee.currency,
                    partner.promised.engagements,
                    partner.promised.reach,
                    partner.start,
                    partner.end,
                    bool(partner.listed_posts),
                )
                for campaign, partner in partners
            ),
            campaign_id=pl.String,
            partner_id=pl.String,
            partner_name=pl.String,
            platform=pl.String,
            account_id=pl.String,
            fee_amount=pl.Float64,
            fee_currency=pl.String,
            promised_engagements=pl.Int64,
            promised_reach=pl.Int64,
            first_day=pl.Date,
            last_day=pl.Date,
            lists_posts=pl.Boolean,
        ),
        "partner_accounts": _table(
            (
                (
                    campaign.id,
                    partner.id,
                    account.platform,
                    account.account_id,
                    partner.start,
                    partner.end,
                    bool(partner.listed_posts),
                )
                for campaign, partner in partners
                for account in partner.accounts
            ),
            campaign_id=pl.String,
            partner_id=pl.String,
            platform=pl.String,
            account_id=pl.String,
            first_day=pl.Date,
            last_day=pl.Date,
            lists_posts=pl.Boolean,
        ),
        "partner_posts": _table(
            (
                (campaign.id, partner.id, post.platform, post.post_id)
                for campaign, partner in partners
                for post in partner.listed_posts
            ),
            campaign_id=pl.String,
            partner_id=pl.String,
            platform=pl.String,
            post_id=pl.String,
        ),
    }


def _tracked_links(workspace: Workspace) -> pl.DataFrame:
    """Links and codes of campaigns by which clicks and orders are told."""
    return _table(
        (
            (
                campaign.id,
                link.id,
                link.url,
                link.code,
                link.channel,
                link.partner,
                link.stands_under and link.stands_under.platform,
                link.stands_under and link.stands_under.post_id,
            )
            for campaign in workspace.campaigns
            for link in campaign.tracked_links
        ),
        campaign_id=pl.String,
        link_id=pl.String,
        url=pl.String,
        code=pl.String,
        channel=pl.String,
        partner_id=pl.String,
        platform=pl.String,
        post_id=pl.String,
    )


def _names(workspace: Workspace) -> pl.DataFrame:
    """Keywords and hashtags of brands and campaigns in all their forms."""
    owners: list[tuple[str, Brand | Campaign]] = [
        *(("brand", brand) for brand in workspace.brands),
        *(("campaign", campaign) for campaign in workspace.campaigns),
    ]
    rows = {
        (owner, section.id, kind, form)
        for owner, section in owners
        for kind, form in (
            *(("hashtag", folded_hashtag(text)) for text in section.hashtags),
            *(
                ("call", text.strip()[1:].strip().lower())
                for text in section.keywords
                if text.strip().startswith(("@", "＠"))
            ),
            *(
                ("keyword", form)
                for text in section.keywords
                if not text.strip().startswith(("@", "＠"))
                for form in folded_keyword(text)
            ),
        )
        if form
    }
    return _table(
        sorted(rows),
        owner=pl.String,
        owner_id=pl.String,
        kind=pl.String,
        form=pl.String,
    )
