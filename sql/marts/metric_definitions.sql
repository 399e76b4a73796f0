-- What each metric means, once for all marts.
--
-- grain: metric
-- params: none
-- replace: all
-- columns:
--   metric: the column's name in the marts
--   time_axis: activity day, post day, lifetime or none
--   formula: how it is computed
--   unit: what one is
--   source: where the definition comes from
--   caveat: what it does not say

select
    col0 as metric,
    col1 as time_axis,
    col2 as formula,
    col3 as unit,
    col4 as source,
    col5 as caveat
from (
    values
    (
        'posts',
        'activity day',
        'posts attributed to the campaign',
        'posts',
        'this project',
        'attribution_rule says why a post counts'
    ),
    (
        'reposts',
        'activity day',
        'distinct reposts collected',
        'reposts',
        'KAWO help centre',
        'what was collected, not the platform''s counter'
    ),
    (
        'comments',
        'activity day',
        'distinct comments and replies collected',
        'comments',
        'KAWO help centre',
        'what was collected, not the platform''s counter'
    ),
    (
        'likes',
        'activity day',
        'likes known one by one',
        'likes',
        'KAWO help centre',
        'exports often lack them; the counters stand in campaign_posts'
    ),
    (
        'mentions',
        'activity day',
        'mentions known one by one',
        'mentions',
        'KAWO help centre',
        'not part of engagements'
    ),
    (
        'engagements',
        'activity day',
        'reposts + comments + likes',
        'interactions',
        'KAWO help centre',
        'one interaction may belong to several campaigns, so campaigns do not add up'
    ),
    (
        'genuine_engagements',
        'activity day',
        'engagements of accounts whose level is not phantom; hidden accounts left out',
        'interactions',
        'this project',
        'as good as the phantom score; _low leaves out suspected accounts, too, _high only confirmed phantoms and those at 0.95 or above'
    ),
    (
        'engaged_accounts',
        'activity day',
        'distinct accounts that reposted, commented or liked',
        'accounts',
        'KAWO help centre',
        'does not add up over days, platforms or campaigns'
    ),
    (
        'engaged_people',
        'activity day',
        'distinct operators of the engaged accounts',
        'people',
        'this project',
        'an account on its own counts as one person; does not add up'
    ),
    (
        'exposure',
        'activity day',
        'sum of followers of all reposters at each repost',
        'follower contacts',
        'sunbookie 曝光量',
        'not deduplicated; never a number of people'
    ),
    (
        'potential_reach',
        'activity day',
        'sum of followers of the reposters, each account once',
        'followers',
        'metrics of potential reach (Sprinklr), upper bound',
        'audiences overlap, so true reach is smaller; does not add up'
    ),
    (
        'phantom_share',
        'activity day',
        'engaged accounts of level phantom / engaged accounts',
        'share',
        'this project',
        'not corrected for the score''s prior yet'
    ),
    (
        'engagement_rate',
        'activity day',
        'the same as engagement_rate_by_followers',
        'share',
        'it-benchmarking-journal.com 2019',
        'null without known followers'
    ),
    (
        'engagement_rate_by_reach',
        'activity day',
        'engagements / potential_reach',
        'share',
        'Hootsuite, ERR',
        'reach is an upper bound, so the rate is a lower one'
    ),
    (
        'engagement_rate_by_followers',
        'activity day',
        'engagements / followers of the accounts that posted',
        'share',
        'it-benchmarking-journal.com 2019',
        'followers newest known'
    ),
    (
        'engagement_rate_by_impressions',
        'activity day',
        'engagements / reads',
        'share',
        'it-benchmarking-journal.com 2019',
        'only where the platform tells reads'
    ),
    (
        'daily_engagement_rate',
        'activity day',
        'engagements / (days x followers of the accounts that posted)',
        'share',
        'it-benchmarking-journal.com 2019',
        'followers newest known'
    ),
    (
        'cost_per_engagement',
        'activity day',
        'budget / engagements',
        'currency of the budget',
        'common usage',
        'the whole budget, whatever part of the window is covered'
    ),
    (
        'cost_per_genuine_engagement',
        'activity day',
        'budget / genuine_engagements',
        'currency of the budget',
        'this project',
        'as good as the phantom score'
    ),
    (
        'social_momentum',
        'activity day',
        'change of brand followers / change of brand posts, last less first snapshot of the window',
        'followers per post',
        'ClickZ, social momentum; direction chosen by this project',
        'a trend, no verdict; null without two snapshots'
    ),
    (
        'lifetime_engagements',
        'lifetime',
        'reposts + comments + likes of a post on all covered days',
        'interactions',
        'KAWO post metrics',
        'grows as long as days are added'
    ),
    (
        'engagements_24h',
        'post day',
        'engagements within 24 hours after publication',
        'interactions',
        'common usage',
        'the same for 1 hour and 7 days'
    ),
    (
        'size',
        'lifetime',
        'distinct reposts, the root not counted',
        'reposts',
        'Goel et al. 2015',
        'what was collected'
    ),
    (
        'depth',
        'lifetime',
        'largest distance from the root',
        'levels',
        'sunbookie',
        'reposts without a known parent hang on the root'
    ),
    (
        'max_breadth',
        'lifetime',
        'most reposts on one level',
        'reposts',
        'common usage',
        'reposts without a known parent hang on the root'
    ),
    (
        'structural_virality',
        'lifetime',
        'mean distance over all pairs of nodes, root included',
        'edges',
        'Goel, Anderson, Hofman, Watts 2015, doi 10.1287/mnsc.2015.2158',
        'about 2 for a star; edges to the root for want of a parent push it down'
    ),
    (
        'half_life_minutes',
        'lifetime',
        'minutes from publication to the repost that makes half of all',
        'minutes',
        'common usage',
        'grows while reposts arrive'
    ),
    (
        'phantom_probability',
        'none',
        'score of the model named in model_version',
        'probability',
        'this project',
        'rules of thumb so far, not calibrated'
    ),
    (
        'completeness',
        'post day',
        'collected / the platform''s own counters',
        'share',
        'this project',
        'counters include deleted and hidden interactions'
    ),
    (
        'sentiment_net',
        'activity day',
        '(positive - negative) / (positive + neutral + negative) comments',
        'share, -1 to 1',
        'this project',
        'judged by words alone; irony is not seen; wordless comments are left out'
    ),
    (
        'downstream_reposts',
        'lifetime',
        'reposts below own reposts of an account, its own not counted',
        'reposts',
        'this project',
        'some might have come another way; parents that are missing stand under the root'
    ),
    (
        'mentions_share',
        'activity day',
        'mentions of the brand / mentions of it and its competitors',
        'share',
        'Sprout Social, share of voice',
        'compares what was collected; collect all brands alike'
    ),
    (
        'engagements_share',
        'activity day',
        'engagements with the brand / with it and its competitors',
        'share',
        'Sprout Social, share of voice',
        'compares what was collected; collect all brands alike'
    ),
    (
        'quality_score',
        'activity day',
        '100 x (1 - (phantoms + suspected / 2) / accounts)',
        'points, 0 to 100',
        'after Modash, audience credibility',
        'follower lists show the newest followers only'
    ),
    (
        'registration_burst_share',
        'none',
        'most accounts registered on one day / accounts whose registration is known',
        'share',
        'this project',
        'm.weibo.cn tells no registration'
    ),
    (
        'contact_score',
        'none',
        '35 affinity + 15 reach + 25 genuineness + 10 responsiveness + 15 recency',
        'points, 0 to 100',
        'this project',
        'the weights are a judgement'
    ),
    (
        'largest_campaign_share',
        'activity day',
        'engagements of a group / all engagements of the campaign, the largest of its campaigns',
        'share',
        'this project',
        'a group is a suspicion with evidence'
    )
)
