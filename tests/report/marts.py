"""A tiny marts file with invented campaigns, as `publish` would leave it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import duckdb

# Columns by type; a test holds them against the headers of sql/marts.
COLUMNS: dict[str, dict[str, str]] = {
    "accounts": {
        "VARCHAR": """
            platform account_key phantom_level model_version operator_key
            influence_level account_kind
        """,
        "DOUBLE": "phantom_probability",
        "BOOLEAN": "is_known is_confirmed",
    },
    "audience_breakdown": {
        "VARCHAR": """
            brand_id brand_name campaign_id campaign_name audience dimension value
        """,
        "BIGINT": "accounts audience_accounts told_accounts",
        "DOUBLE": "share_of_told genuine_account_share",
    },
    "campaign_daily": {
        "VARCHAR": "campaign_id campaign_name brand_id platform",
        "DATE": "window_start window_end activity_day",
        "BIGINT": """
            posts reposts comments likes mentions engagements genuine_reposts
            genuine_comments genuine_likes genuine_mentions genuine_engagements
            genuine_engagements_low genuine_engagements_high engaged_accounts
            genuine_engaged_accounts genuine_engaged_accounts_low
            genuine_engaged_accounts_high engaged_people genuine_engaged_people
            exposure genuine_exposure potential_reach genuine_potential_reach
            platform_reposts platform_comments platform_likes platform_reads
            platform_engagements platform_counted_posts platform_collected
        """,
        "TIMESTAMP": "platform_counted_at",
        "DOUBLE": """
            phantom_share daily_engagement_rate genuine_daily_engagement_rate
            platform_daily_engagement_rate completeness
        """,
    },
    "campaign_posts": {
        "VARCHAR": """
            campaign_id campaign_name brand_id platform post_key post_id
            account_key attribution_rule post_class post_text media_kind
        """,
        "DATE": "window_start window_end post_day",
        "TIMESTAMP": "posted_at platform_counted_at",
        "BIGINT": """
            lifetime_reposts lifetime_comments lifetime_likes lifetime_mentions
            lifetime_engagements genuine_lifetime_reposts
            genuine_lifetime_comments genuine_lifetime_likes
            genuine_lifetime_engagements engagements_1h engagements_24h
            engagements_7d genuine_engagements_1h genuine_engagements_24h
            genuine_engagements_7d account_followers media_count platform_reposts
            platform_comments platform_likes platform_reads platform_engagements
            platform_collected
        """,
        "DOUBLE": """
            engagement_rate_by_followers genuine_engagement_rate_by_followers
            engagement_rate_by_impressions platform_engagement_rate_by_followers
            platform_engagement_rate_by_impressions completeness
        """,
    },
    "campaigns": {
        "VARCHAR": """
            campaign_id campaign_name brand_id budget_currency revenue_currency
            earned_media_currency cpm_source
        """,
        "DECIMAL(18,4)": "revenue",
        "DATE": "window_start window_end",
        "BIGINT": """
            days_covered posts reposts comments likes mentions engagements
            genuine_reposts genuine_comments genuine_likes genuine_mentions
            genuine_engagements genuine_engagements_low genuine_engagements_high
            suspected_engagements suspected_engaged_accounts known_engagements
            unnamed_engagements
            known_engaged_accounts
            estimated_genuine_engagements estimated_genuine_engagements_low
            estimated_genuine_engagements_high
            engaged_accounts genuine_engaged_accounts genuine_engaged_accounts_low
            genuine_engaged_accounts_high engaged_people genuine_engaged_people
            exposure genuine_exposure potential_reach genuine_potential_reach
            author_followers genuine_author_followers clicks orders priced_orders
            posting_followers fans_gained posts_gained platform_reposts
            platform_comments platform_likes platform_reads platform_engagements
            platform_counted_posts platform_collected
        """,
        "TIMESTAMP": "platform_counted_since platform_counted_at",
        "DOUBLE": """
            completeness platform_engagement_rate
            platform_engagement_rate_by_followers
            platform_engagement_rate_by_impressions platform_daily_engagement_rate
            cost_per_platform_engagement
            phantom_share engagement_rate genuine_engagement_rate
            engagement_rate_by_reach engagement_rate_by_followers
            engagement_rate_by_impressions daily_engagement_rate budget_amount
            cost_per_engagement cost_per_genuine_engagement social_momentum
            cost_per_estimated_genuine_engagement cost_per_click cost_per_order
            return_on_spend
            earned_media_value_low earned_media_value_high
            genuine_earned_media_value_low genuine_earned_media_value_high
            platform_earned_media_value_low platform_earned_media_value_high
            sentiment_net sentiment_net_low sentiment_net_high
            genuine_sentiment_net
        """,
    },
    "cascades": {
        "VARCHAR": """
            campaign_id campaign_name brand_id platform post_key post_id
            reposts_by_level_text
        """,
        "DATE": "post_day",
        "BIGINT": """
            size depth max_breadth platform_parents chain_parents root_parents
            missing_parents
        """,
        "DOUBLE": """
            structural_virality level_1_share level_2_share level_3_plus_share
            half_life_minutes
        """,
        "BIGINT[]": "reposts_by_level",
    },
    "changes": {
        "VARCHAR": """
            publication publication_before mart key campaign_id brand_id partner_id
            metric unit currency why
        """,
        "DOUBLE": "before before_low before_high after after_low after_high",
    },
    "data_coverage": {
        "VARCHAR": "source platform",
        "DATE": """
            activity_day data_up_to_day last_record_day late_since_day
        """,
        "BIGINT": "collected platform_engagements platform_collected quarantined",
        "DOUBLE": "completeness freshness_hours",
        "BOOLEAN": "is_covered is_final is_gap",
    },
    "source_coverage": {"VARCHAR": "source platform lacks"},
    "metric_definitions": {
        "VARCHAR": "mart column_name role time_axis formula unit source caveat",
    },
    "feedback_daily": {
        "VARCHAR": "campaign_id",
        "DATE": "activity_day",
        "BIGINT": """
            comments positive neutral negative genuine_comments genuine_positive
            genuine_neutral genuine_negative
        """,
        "BOOLEAN": "is_negative_rise is_praise_burst",
    },
    "feedback_authenticity": {
        "VARCHAR": "campaign_id sentiment",
        "BIGINT": "suspected_comments phantom_comments",
        "DOUBLE": "phantom_share phantom_share_low phantom_share_high",
        "BOOLEAN": "is_suspected",
    },
    "feedback_topics_daily": {
        "VARCHAR": "campaign_id terms_text",
        "DATE": "activity_day",
        "BIGINT": "topic negative",
        "BOOLEAN": "is_blamed_more",
    },
    "feedback_topics": {
        "VARCHAR": "campaign_id topic trend",
        "VARCHAR[]": "terms",
        "BIGINT": "comments genuine_comments",
        "DOUBLE": "sentiment_net",
    },
    "amplifiers": {
        "VARCHAR": "campaign_id platform influence_level",
        "BIGINT": "amplifiers direct_reposts exposure",
        "DOUBLE": """
            downstream_reposts_per_amplifier
            genuine_downstream_reposts_per_amplifier
        """,
    },
    "account_groups": {
        "VARCHAR": "group_key kind evidence",
        "BIGINT": "size phantom_accounts",
        "DOUBLE": "largest_campaign_share",
    },
    "verdict_breakdown": {
        "VARCHAR": "campaign_id dimension value",
        "BIGINT": "accounts people",
    },
    "campaign_groups": {
        "VARCHAR": "campaign_id group_key kind",
        "BIGINT": "accounts phantom_accounts",
        "DOUBLE": "campaign_share",
    },
    "reason_classes": {"VARCHAR": "reason_class words"},
    "phantom_shares": {
        "VARCHAR": "platform",
        "BIGINT": "likely_phantoms",
        "DOUBLE": """
            phantom_share_if_as_labelled phantom_share_if_as_labelled_low
            phantom_share_if_as_labelled_high stated_phantom_share
            likely_phantom_precision likely_phantom_precision_low
            likely_phantom_precision_high likely_phantom_precision_at_a_tenth
            likely_phantom_precision_at_a_tenth_low
            likely_phantom_precision_at_a_tenth_high
        """,
    },
    "brand_actions": {
        "VARCHAR": "brand_id action_id kind origin post_id note outcome finding",
        "DATE": "first_day effect_until",
        "DOUBLE": "expected_engagements",
    },
    "contacts": {
        "VARCHAR": "brand_id platform why_not",
        "BOOLEAN": "is_contactable",
        "BIGINT": "accounts",
    },
    "partner_results": {
        "VARCHAR": """
            campaign_id partner_id partner_name fee_currency platform_promise_met
            revenue_currency promise_met claim_grounds
        """,
        "BIGINT": """
            posts missing_posts promised_engagements lifetime_engagements
            platform_engagements genuine_lifetime_engagements
            genuine_lifetime_engagements_low genuine_lifetime_engagements_high
            clicks orders priced_orders
            genuine_rank genuine_rank_best genuine_rank_worst ranked_partners
        """,
        "DOUBLE": """
            fee_amount phantom_share unpaid_phantom_share phantom_excess
            cost_per_estimated_genuine_engagement cost_per_order return_on_spend
        """,
        "DECIMAL(18,4)": "revenue",
    },
    "campaign_links": {
        "VARCHAR": "campaign_id link_id channel partner_id revenue_currency",
        "BIGINT": "clicks orders priced_orders",
        "DECIMAL(18,4)": "revenue",
    },
    "campaign_history": {
        "VARCHAR": "campaign_id metric compared_with currency",
        "BIGINT": "earlier_campaigns",
        "DOUBLE": "metric_value earlier_median earlier_low earlier_high percentile",
    },
    "campaign_cohorts": {
        "VARCHAR": """
            brand_id first_campaign_id first_campaign_name campaign_id campaign_name
        """,
        "BIGINT": "campaigns_after cohort_accounts returned_accounts",
        "DOUBLE": "return_share genuine_return_share",
    },
    "findings": {
        "VARCHAR": """
            finding_id finding_kind campaign_id partner_id source platform message
            advice
        """,
        "DATE": "activity_day",
    },
    "share_of_voice": {
        "VARCHAR": "brand_id brand_name market",
        "DATE": "activity_day",
        "BIGINT": """
            mentions genuine_mentions engagements genuine_engagements market_mentions
            genuine_market_mentions market_engagements genuine_market_engagements
        """,
    },
    "competitors": {
        "VARCHAR": "brand_id brand_name market",
        "DATE": "activity_day followers_read_on",
        "BIGINT": "brand_posts brand_followers engagements genuine_engagements",
        "DOUBLE": """
            genuine_engagement_share engagements_per_1000_followers
            genuine_engagements_per_1000_followers
        """,
    },
    "hot_topics": {
        "VARCHAR": "platform board topic_name",
        "DATE": "activity_day",
        "BIGINT": "read_hour best_place highest_heat",
        "VARCHAR[]": "campaign_ids",
    },
    "audience_overlap": {
        "VARCHAR": """
            one_kind one_id one_name other_kind other_id other_name
        """,
        "BIGINT": """
            one_accounts other_accounts shared_accounts genuine_shared_accounts
        """,
        "DOUBLE": """
            share_of_smaller jaccard genuine_share_of_smaller genuine_jaccard
        """,
    },
    "audience_quality": {
        "VARCHAR": "brand_id brand_name audience",
        "DATE": "day",
        "BIGINT": "accounts quality_score",
        "DOUBLE": "phantom_share phantom_share_low phantom_share_high",
        "BOOLEAN": "is_growth_jump",
    },
    "contact_results": {
        "VARCHAR": "brand_id",
        "BIGINT": "accounts contactable_accounts judged_people",
        "DOUBLE": """
            answer_rate upper_half_answer_rate lower_half_answer_rate
        """,
    },
}


def write_marts(path: Path, **rows: Iterable[Mapping[str, Any]]) -> Path:
    """Write all marts; those without rows are empty, missing values are null."""
    with duckdb.connect(str(path)) as connection:
        for table, types in COLUMNS.items():
            columns = ", ".join(
                f"{name} {kind}"
                for kind, names in types.items()
                for name in names.split()
            )
            connection.execute(f"create table {table} ({columns})")
            for row in rows.get(table, ()):
                names = ", ".join(row)
                marks = ", ".join("?" for _ in row)
                connection.execute(
                    f"insert into {table} ({names}) values ({marks})",
                    list(row.values()),
                )
    return path
