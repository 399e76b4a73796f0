-- A campaign in one row: what happened on its posts between its first and last
-- day, over the activity days that are covered.
--
-- grain: campaign_id
-- params: none
-- replace: all
-- time axis: activity day
-- columns:
--   campaign_id [id]: the campaign's id in workspace.toml
--   campaign_name [text]: its name, else its id
--   brand_id [id]: the brand's id in workspace.toml
--   brand_name [text]: its name
--   window_start [day]: first day of the campaign
--   window_end [day]: last day of the campaign
--   days_covered [days]: days of the window that the marts cover
--   posts [posts]: posts that belong to it
--   reposts [reposts]: reposts, as collected; null where no source can give them
--   comments [comments]: comments and replies, as collected; null where no source can give them
--   likes [likes]: likes that are known one by one; null where no source can give them; platform_likes counts all
--   mentions [mentions]: texts of others in the window that mention the campaign's brand: the sum of its mentions in share_of_voice; not part of engagements
--   engagements [interactions]: reposts + comments + likes, those that a source can give
--   engagement_kinds [text]: the kinds that engagements holds
--   platform_reposts [reposts]: reposts that the platform itself counts of its posts since their publication: at the first reading at or after the campaign's last day, else the newest
--   platform_comments [comments]: comments that the platform itself counts of its posts since their publication: at the first reading at or after the campaign's last day, else the newest
--   platform_likes [likes]: likes that the platform itself counts of its posts since their publication: at the first reading at or after the campaign's last day, else the newest
--   platform_reads [reads]: reads that the platform itself counts of its posts since their publication: at the first reading at or after the campaign's last day, else the newest
--   platform_engagements [interactions]: platform_reposts + platform_comments + platform_likes, those that the platform counts
--   platform_engagement_kinds [text]: the kinds that platform_engagements holds
--   platform_counted_posts [posts]: posts of which the platform counts engagements
--   platform_counted_since [time in UTC]: moment of the oldest of these readings; null where one does not tell it
--   platform_counted_at [time in UTC]: moment of the newest of these readings; null where none tells it
--   platform_collected [interactions]: what was collected row by row of platform_engagements: of the same posts and kinds, up to the day of the reading
--   completeness [share]: platform_collected / platform_engagements, at most 1; null where the platform counts nothing
--   genuine_reposts [reposts]: reposts without those of likely phantoms and hidden accounts
--   genuine_comments [comments]: comments without those of likely phantoms and hidden accounts
--   genuine_likes [likes]: likes without those of likely phantoms and hidden accounts
--   genuine_mentions [mentions]: mentions without those of likely phantoms and hidden accounts; null where fewer than half are of accounts known by more than a name
--   genuine_engagements [interactions]: engagements without those of likely phantoms and hidden accounts; null where fewer than half are of accounts known by more than a name
--   genuine_engagements_low [interactions]: low end of the 95 % interval of what is genuine of engagements, for errors of the score and for unknown accounts; null where no account is known
--   genuine_engagements_high [interactions]: high end of that interval
--   known_engagements [interactions]: engagements of accounts known by more than a name; below half of engagements, genuine numbers are null and their intervals stand alone
--   unnamed_engagements [interactions]: engagements of which it is not told who made them
--   estimated_genuine_engagements [interactions]: what is genuine of platform_engagements by what was collected, less what the score likely misses; null where fewer than half are of known accounts
--   estimated_genuine_engagements_low [interactions]: low end of its 95 % interval, for errors of the score, unknown accounts, and what nobody collected
--   estimated_genuine_engagements_high [interactions]: high end of that interval
--   suspected_engagements [interactions]: of genuine_engagements those of suspected accounts; null where these are
--   engaged_accounts [accounts]: accounts that reposted, commented or liked
--   genuine_engaged_accounts [accounts]: engaged accounts that are no likely phantoms
--   genuine_engaged_accounts_low [accounts]: low end of the 95 % interval of what is genuine of engaged_accounts; null where no account is known
--   genuine_engaged_accounts_high [accounts]: high end of that interval
--   known_engaged_accounts [accounts]: engaged accounts of which more than a name is known
--   suspected_engaged_accounts [accounts]: of genuine_engaged_accounts those that are suspected; null where these are
--   engaged_people [people]: engaged accounts, those of one operator once
--   genuine_engaged_people [people]: the same without likely phantoms
--   exposure [follower contacts]: followers of all reposters, an account counted at each repost
--   genuine_exposure [follower contacts]: the same without likely phantoms
--   author_followers [follower contacts]: followers of the posts' authors, an account counted at each of its posts
--   genuine_author_followers [follower contacts]: the same without likely phantoms
--   potential_reach [followers]: followers of the posts' authors and of the reposters, each account once; an upper bound
--   genuine_potential_reach [followers]: the same without likely phantoms
--   followers_first_observed_day [day]: these followers were read nearest to each act: on this day at the earliest; null where one of their sources does not say when
--   followers_last_observed_day [day]: and on this day at the latest, of those whose source says when
--   phantom_share [share]: likely phantoms among engaged accounts
--   phantom_share_low [share]: low end of its 95 % interval: 1 - genuine_engaged_accounts_high / engaged_accounts
--   phantom_share_high [share]: high end of that interval
--   phantom_share_if_as_labelled [share]: share of phantoms among engaged accounts with posts of their own, if they hide like the labelled ones; null for fewer than 30 such accounts
--   phantom_share_if_as_labelled_low [share]: low end of its 95 % interval
--   phantom_share_if_as_labelled_high [share]: high end of that interval
--   posting_followers [followers]: followers of the accounts that posted, each account once, the most it had at one of its posts
--   genuine_posting_followers [followers]: the same without likely phantoms
--   engagement_rate [share]: the same as engagement_rate_by_followers
--   genuine_engagement_rate [share]: genuine engagements / posting_followers
--   engagement_rate_by_reach [share]: mean over posts of engagements of the post / reach of the post: followers of its author and reposters, each account once; posts of unknown reach are left out
--   genuine_engagement_rate_by_reach [share]: mean over posts of genuine engagements of the post / its reach without likely phantoms
--   engagement_rate_by_followers [share]: engagements / posting_followers
--   genuine_engagement_rate_by_followers [share]: genuine engagements / posting_followers
--   engagement_rate_by_impressions [share]: engagements of posts with reads / platform_reads
--   genuine_engagement_rate_by_impressions [share]: genuine engagements of posts with reads / platform_reads
--   daily_engagement_rate [share a day]: engagements / (days covered x posting_followers)
--   genuine_daily_engagement_rate [share a day]: genuine engagements / (days covered x posting_followers)
--   platform_engagement_rate [share]: platform_engagements / posting_followers
--   platform_engagement_rate_by_reach [share]: mean over posts of platform_engagements of the post / reach of the post
--   platform_engagement_rate_by_followers [share]: platform_engagements / posting_followers
--   platform_engagement_rate_by_impressions [share]: platform_engagements of posts with reads / platform_reads
--   platform_daily_engagement_rate [share a day]: platform_engagements / (days covered x posting_followers)
--   budget_amount [currency]: what it cost
--   budget_currency [text]: in which currency
--   cost_per_engagement [currency]: budget_amount / engagements
--   cost_per_platform_engagement [currency]: budget_amount / platform_engagements
--   cost_per_genuine_engagement [currency]: budget_amount / genuine_engagements
--   cost_per_estimated_genuine_engagement [currency]: budget_amount / estimated_genuine_engagements
--   clicks [clicks]: clicks on its tracked links; null where none were told of the campaign, and of codes without an address
--   orders [orders]: orders by its tracked links; null where none were told of the campaign
--   priced_orders [orders]: of orders those whose amount is told
--   revenue [currency]: sum of the amounts of priced_orders; null where they are in several currencies
--   revenue_currency [text]: in which currency
--   cost_per_click [currency]: budget_amount / clicks
--   cost_per_order [currency]: budget_amount / orders
--   return_on_spend [revenue per cost]: revenue / budget_amount; null where an order has no amount, or another currency than the budget
--   earned_media_value_low [currency]: 0.85 x potential_reach x CPM / 1,000 of seeds/cpm.csv, summed over the networks whose reach is known; null without a price for each
--   earned_media_value_high [currency]: 1.15 x (exposure + author_followers) x CPM / 1,000
--   genuine_earned_media_value_low [currency]: the low end without likely phantoms
--   genuine_earned_media_value_high [currency]: the high end without likely phantoms
--   platform_earned_media_value_low [currency]: 0.85 x platform_reads x CPM / 1,000, summed over the networks that tell reads; null without a price for each
--   platform_earned_media_value_high [currency]: 1.15 x platform_reads x CPM / 1,000
--   earned_media_currency [text]: the currency of earned media values
--   cpm_source [text]: where the prices come from, and of which day
--   sentiment_net [share, -1 to 1]: (positive - negative) / (positive + neutral + negative) of its comments
--   sentiment_net_low [share, -1 to 1]: low end of the 95 % interval of sentiment_net, for what the words of a kind of product mislead the judgement by
--   sentiment_net_high [share, -1 to 1]: high end of that interval
--   genuine_sentiment_net [share, -1 to 1]: the same of genuine comments
--   fans_gained [followers]: brand followers, last less first snapshot of the window; null without two
--   posts_gained [posts]: brand posts, last less first snapshot of the window; null without two
--   social_momentum [followers per post]: fans_gained / posts_gained; read it as a trend
-- metrics:
--   posts: this project | attribution_rule says why a post counts
--   reposts: KAWO help centre | what was collected, not the platform's counter
--   comments: KAWO help centre | what was collected, not the platform's counter
--   likes: KAWO help centre | exports often lack them; platform_likes counts all
--   mentions: this project | of the brand, whatever prompted them; campaigns of one brand that overlap share them
--   engagements: KAWO help centre | one interaction may belong to several campaigns, so campaigns do not add up
--   genuine_engagements: Forman 2008, adjusted classify and count, with rates drawn | its interval holds as far as phantoms hide no better than those of labelled accounts and planted worlds
--   estimated_genuine_engagements: this project | what was not collected may differ from what was, likes most
--   platform_engagements: KAWO help centre | counts since publication, deleted and hidden interactions included; posts without a reading are left out
--   platform_reposts: KAWO help centre | counts since publication
--   platform_comments: KAWO help centre | counts since publication
--   platform_likes: KAWO help centre | counts since publication
--   platform_reads: Weibo, C/2/media_statuses/count_sp/biz | counts since publication; only where the platform tells reads
--   completeness: this project | the platform's counter includes deleted and hidden interactions; of posts without a counter nothing is known
--   engaged_accounts: KAWO help centre | does not add up over days, platforms or campaigns
--   engaged_people: this project | an account on its own counts as one person; who acts on several networks counts on each: an upper bound; does not add up
--   genuine_engaged_people: this project | an account on its own counts as one person; who acts on several networks counts on each: an upper bound; does not add up
--   exposure: sunbookie 曝光量 | not deduplicated; never a number of people
--   author_followers: this project | beside exposure, which counts reposters only; not deduplicated
--   potential_reach: metrics of potential reach (Sprinklr), upper bound | audiences overlap, so true reach is smaller; an account whose followers are unknown adds none; does not add up
--   phantom_share_if_as_labelled: Bella et al. 2010, probabilistic adjusted classify and count, resampled | wrong where phantoms hide better or worse than the labelled ones
--   phantom_share: this project | as good as the phantom score; its interval carries what the score may miss
--   engagement_rate: it-benchmarking-journal.com 2019 | null without known followers
--   engagement_rate_by_reach: Hootsuite, ERR | reach counts every follower of author and reposters, so the rate is a lower bound; a mean over posts, large and small alike
--   engagement_rate_by_followers: it-benchmarking-journal.com 2019 | followers of the profile read nearest to the posts
--   engagement_rate_by_impressions: it-benchmarking-journal.com 2019 | only where the platform tells reads
--   daily_engagement_rate: it-benchmarking-journal.com 2019 | followers of the profile read nearest to the posts
--   platform_engagement_rate: it-benchmarking-journal.com 2019 | null without known followers
--   platform_engagement_rate_by_followers: it-benchmarking-journal.com 2019 | followers of the profile read nearest to the posts
--   platform_engagement_rate_by_impressions: it-benchmarking-journal.com 2019 | only where the platform tells reads
--   platform_daily_engagement_rate: it-benchmarking-journal.com 2019 | followers of the profile read nearest to the posts
--   cost_per_platform_engagement: common usage | the whole budget, against all that the platform counts, genuine or not; at most this where platform_counted_posts is below posts
--   cost_per_engagement: common usage | the whole budget, whatever part of the window is covered
--   cost_per_genuine_engagement: this project | as good as the phantom score
--   cost_per_estimated_genuine_engagement: this project | as good as the estimate; at most this where platform_counted_posts is below posts
--   cost_per_click: common usage | the whole budget, against clicks on tracked links alone
--   cost_per_order: common usage | the whole budget, against orders by tracked links alone: at most this
--   return_on_spend: common usage, ROAS | revenue, no profit; orders by tracked links alone: at least this
--   earned_media_value_low: truleado.com, what is earned media value; band after keepface.com | no money: read contentgrip.com on its limits before using it
--   earned_media_value_high: truleado.com, what is earned media value; band after keepface.com | exposure counts an audience at each post and repost
--   platform_earned_media_value_low: truleado.com, what is earned media value; band after keepface.com | reads are no people; no money
--   platform_earned_media_value_high: truleado.com, what is earned media value; band after keepface.com | reads are no people; no money
--   sentiment_net: this project | judged by words alone; irony is not seen; wordless comments are left out; its interval holds for a level, not for changes within one campaign
--   social_momentum: ClickZ, social momentum; direction chosen by this project | a trend, no verdict; null without two snapshots

with

interactions as (
    select *
    from intermediate.campaign_interactions
    where is_in_window
),

people as (
    select
        campaign_id,
        count(*) as engaged_accounts,
        count(*) filter (where is_genuine) as genuine_engaged_accounts,
        count(distinct operator_id) as engaged_people,
        count(distinct operator_id) filter (where is_genuine) as genuine_engaged_people
    from intermediate.campaign_people
    where account_id is not null and engagements > 0
    group by campaign_id
),

doubtful as (
    select
        campaign_id,
        count(*) as accounts,
        cast(sum(engagements) as bigint) as engagements
    from restricted.campaign_accounts
    where phantom_level = 'suspected' and engagements > 0
    group by campaign_id
),

-- Followers of authors and reposters: each account once in all, and once a post.
reached_accounts as (
    select
        campaign_id,
        platform,
        account_id,
        is_genuine,
        max(window_followers) as followers,
        case
            when count(window_first_followers_day) = count(window_followers)
                then min(window_first_followers_day)
        end as first_day,
        max(window_last_followers_day) as last_day
    from intermediate.campaign_audiences
    where is_in_window
    group by campaign_id, platform, account_id, is_genuine
),

reached as (
    select
        campaign_id,
        cast(sum(followers) as bigint) as potential_reach,
        cast(
            sum(case when is_genuine then coalesce(followers, 0) else 0 end) as bigint
        ) as genuine_potential_reach,
        case when count(first_day) = count(followers) then min(first_day) end
            as first_day,
        max(last_day) as last_day
    from reached_accounts
    group by campaign_id
),

reached_by_post as (
    select
        campaign_id,
        platform,
        post_id,
        sum(window_followers) as reach,
        sum(window_followers) filter (where is_genuine) as genuine_reach
    from intermediate.campaign_audiences
    where is_in_window
    group by campaign_id, platform, post_id
),

authors as (
    select
        campaign_id,
        platform,
        account_id,
        is_genuine,
        max(followers_count) as posting_followers,
        sum(followers_count) as author_followers
    from intermediate.campaign_authors
    group by campaign_id, platform, account_id, is_genuine
),

audiences as (
    select
        campaign_id,
        cast(sum(posting_followers) as bigint) as followers,
        cast(
            sum(case when is_genuine then coalesce(posting_followers, 0) else 0 end)
            as bigint
        ) as genuine_followers,
        cast(sum(author_followers) as bigint) as author_followers,
        cast(
            sum(case when is_genuine then coalesce(author_followers, 0) else 0 end)
            as bigint
        ) as genuine_author_followers
    from authors
    group by campaign_id
),

flows as (
    select
        campaign_id,
        count(*) filter (where kind = 'repost') as reposts,
        count(*) filter (where kind = 'comment') as comments,
        count(*) filter (where kind = 'like') as likes,
        count(*) filter (where kind <> 'mention') as engagements,
        -- Of how many it is known who acted.
        count(account_id) filter (where kind = 'repost') as known_reposts,
        count(account_id) filter (where kind = 'comment') as known_comments,
        count(account_id) filter (where kind = 'like') as known_likes,
        count(account_id) filter (where kind <> 'mention') as known_engagements,
        count(followers_count) filter (where kind = 'repost') as known_followers,
        count(*) filter (where kind = 'repost' and is_genuine) as genuine_reposts,
        count(*) filter (where kind = 'comment' and is_genuine) as genuine_comments,
        count(*) filter (where kind = 'like' and is_genuine) as genuine_likes,
        count(*) filter (where kind <> 'mention' and is_genuine) as genuine_engagements,
        cast(coalesce(sum(followers_count) filter (where kind = 'repost'), 0) as bigint)
            as exposure,
        cast(
            coalesce(
                sum(followers_count) filter (where kind = 'repost' and is_genuine), 0
            ) as bigint
        ) as genuine_exposure
    from interactions
    group by campaign_id
),

mentioned as (
    select
        campaigns.campaign_id,
        count(*) as mentions,
        count(*) filter (where mentions.is_known) as known_mentions,
        count(*) filter (where mentions.is_genuine) as genuine_mentions
    from intermediate.brand_mentions as mentions
    inner join meta.campaigns as campaigns
        on
            mentions.brand_id = campaigns.brand_id
            and mentions.activity_day
            between campaigns.window_start and campaigns.window_end
    group by campaigns.campaign_id
),

-- What could have been collected: of other kinds nothing is known.
post_kinds as (
    select
        campaign_id,
        platform,
        post_id,
        bool_or(kind = 'repost') as reposts,
        bool_or(kind = 'comment') as comments,
        bool_or(kind = 'like') as likes
    from intermediate.campaign_kinds
    group by campaign_id, platform, post_id
),

kinds as (
    select
        campaign_id,
        bool_or(reposts) as reposts,
        bool_or(comments) as comments,
        bool_or(likes) as likes
    from post_kinds
    group by campaign_id
),

sentiment as (
    select
        campaign_id,
        (sum(positive) - sum(negative))
        / nullif(sum(positive) + sum(neutral) + sum(negative), 0) as net,
        round(net, 6) as sentiment_net,
        round(net - least(1.96 * max(balance_error), net + 1), 6) as sentiment_net_low,
        round(net + least(1.96 * max(balance_error), 1 - net), 6) as sentiment_net_high,
        case
            when sum(known_comments) * 2 >= sum(comments)
                then
                    round(
                        (sum(genuine_positive) - sum(genuine_negative))
                        / nullif(
                            sum(genuine_positive) + sum(genuine_neutral)
                            + sum(genuine_negative), 0
                        ), 6
                    )
        end as genuine_sentiment_net
    from intermediate.sentiment_days
    group by campaign_id
),

-- What the platforms count, and what was collected of it.
counted_posts as (
    select
        campaign_id,
        platform,
        post_id,
        sum(window_count) filter (where kind = 'repost') as reposts,
        sum(window_count) filter (where kind = 'comment') as comments,
        sum(window_count) filter (where kind = 'like') as likes,
        sum(window_count) filter (where kind = 'read') as reads,
        sum(window_count) filter (where kind <> 'read') as engagements,
        sum(window_collected) filter (where kind <> 'read') as collected,
        min(window_counted_at) as counted_since,
        max(window_counted_at) as counted_at,
        count(*) filter (where window_counted_at is null) as undated
    from intermediate.campaign_counters
    group by campaign_id, platform, post_id
),

counted as (
    select
        campaign_id,
        cast(sum(reposts) as bigint) as reposts,
        cast(sum(comments) as bigint) as comments,
        cast(sum(likes) as bigint) as likes,
        cast(sum(reads) as bigint) as reads,
        cast(sum(engagements) as bigint) as engagements,
        cast(sum(engagements) filter (where reads is not null) as bigint)
            as engagements_with_reads,
        count(engagements) as posts,
        case when sum(undated) = 0 then min(counted_since) end as counted_since,
        max(counted_at) as counted_at,
        cast(sum(collected) as bigint) as collected
    from counted_posts
    group by campaign_id
),

published as (
    select
        campaign_id,
        count(*) as posts
    from intermediate.campaign_posts
    group by campaign_id
),

post_flows as (
    select
        campaign_id,
        platform,
        root_post_id as post_id,
        count(*) filter (where kind <> 'mention') as engagements,
        count(account_id) filter (where kind <> 'mention') as known_engagements,
        count(*) filter (where kind <> 'mention' and is_genuine) as genuine_engagements
    from interactions
    group by campaign_id, platform, root_post_id
),

-- Each post's numbers, null where nothing is known of it.
post_numbers as (
    select
        post_kinds.campaign_id,
        coalesce(post_flows.engagements, 0) as engagements,
        case
            when
                coalesce(post_flows.engagements, 0) = 0
                or post_flows.known_engagements > 0
                then coalesce(post_flows.genuine_engagements, 0)
        end as genuine_engagements,
        counted_posts.engagements as platform_engagements,
        counted_posts.reads,
        reached_by_post.reach,
        reached_by_post.genuine_reach
    from post_kinds
    left join post_flows
        on
            post_kinds.campaign_id = post_flows.campaign_id
            and post_kinds.platform = post_flows.platform
            and post_kinds.post_id = post_flows.post_id
    left join counted_posts
        on
            post_kinds.campaign_id = counted_posts.campaign_id
            and post_kinds.platform = counted_posts.platform
            and post_kinds.post_id = counted_posts.post_id
    left join reached_by_post
        on
            post_kinds.campaign_id = reached_by_post.campaign_id
            and post_kinds.platform = reached_by_post.platform
            and post_kinds.post_id = reached_by_post.post_id
),

post_rates as (
    select
        campaign_id,
        reads,
        engagements,
        genuine_engagements,
        -- Decimals add up to the same sum in any order.
        cast(round(engagements / nullif(reach, 0), 12) as decimal(30, 12)) as by_reach,
        cast(round(genuine_engagements / nullif(genuine_reach, 0), 12) as decimal(30, 12))
            as genuine_by_reach,
        cast(round(platform_engagements / nullif(reach, 0), 12) as decimal(30, 12))
            as platform_by_reach
    from post_numbers
),

rates as (
    select
        campaign_id,
        round(sum(by_reach) / nullif(count(by_reach), 0), 6) as by_reach,
        round(sum(genuine_by_reach) / nullif(count(genuine_by_reach), 0), 6)
            as genuine_by_reach,
        round(sum(platform_by_reach) / nullif(count(platform_by_reach), 0), 6)
            as platform_by_reach,
        sum(engagements) filter (where reads is not null) as engagements_with_reads,
        sum(genuine_engagements) filter (where reads is not null)
            as genuine_engagements_with_reads
    from post_rates
    group by campaign_id
),

brand_snapshots as (
    select
        campaigns.campaign_id,
        accounts.platform,
        accounts.account_id,
        -- One snapshot alone tells of no gain, nor of none.
        case
            when
                max(accounts.observed_at)
                filter (where accounts.followers_count is not null)
                > min(accounts.observed_at)
                filter (where accounts.followers_count is not null)
                then
                    arg_max(accounts.followers_count, accounts.observed_at)
                    - arg_min(accounts.followers_count, accounts.observed_at)
        end as fans_gained,
        case
            when
                max(accounts.observed_at)
                filter (where accounts.posts_count is not null)
                > min(accounts.observed_at)
                filter (where accounts.posts_count is not null)
                then
                    arg_max(accounts.posts_count, accounts.observed_at)
                    - arg_min(accounts.posts_count, accounts.observed_at)
        end as posts_gained
    from meta.campaigns as campaigns
    inner join meta.brand_accounts as brand_accounts
        on campaigns.brand_id = brand_accounts.brand_id
    inner join staging.accounts as accounts
        on
            brand_accounts.platform = accounts.platform
            and brand_accounts.account_id = accounts.account_id
            and accounts.date_day
            between campaigns.window_start and campaigns.window_end
    group by campaigns.campaign_id, accounts.platform, accounts.account_id
),

momentum as (
    select
        campaign_id,
        cast(sum(fans_gained) as bigint) as fans_gained,
        cast(sum(posts_gained) as bigint) as posts_gained
    from brand_snapshots
    group by campaign_id
),

coverage as (
    select
        campaigns.campaign_id,
        count(*) as days_covered
    from meta.campaigns as campaigns
    inner join meta.covered_days as covered_days
        on covered_days.date_day between campaigns.window_start and campaigns.window_end
    group by campaigns.campaign_id
),

-- Null where nothing is known, 0 where it is known that nothing happened.
bounds as (
    select *
    from intermediate.campaign_bounds
    where scope = 'campaign'
),

totals as (
    select
        campaigns.campaign_id,
        coalesce(published.posts, 0) as posts,
        case
            when published.posts is null or kinds.reposts
                then coalesce(flows.reposts, 0)
        end as reposts,
        case
            when published.posts is null or kinds.comments
                then coalesce(flows.comments, 0)
        end as comments,
        case
            when published.posts is null or kinds.likes then coalesce(flows.likes, 0)
        end as likes,
        case
            when published.posts is null or kinds.campaign_id is not null
                then coalesce(flows.engagements, 0)
        end as engagements,
        concat_ws(
            ', ',
            case when kinds.reposts then 'reposts' end,
            case when kinds.comments then 'comments' end,
            case when kinds.likes then 'likes' end
        ) as engagement_kinds,
        coalesce(flows.reposts, 0) = 0
        or (coalesce(bounds.is_told, true) and coalesce(flows.known_reposts, 0) > 0)
            as knows_reposters,
        coalesce(flows.comments, 0) = 0
        or (coalesce(bounds.is_told, true) and coalesce(flows.known_comments, 0) > 0)
            as knows_commenters,
        coalesce(flows.likes, 0) = 0
        or (coalesce(bounds.is_told, true) and coalesce(flows.known_likes, 0) > 0)
            as knows_likers,
        (published.posts is null or kinds.campaign_id is not null)
        and (
            coalesce(flows.known_engagements, 0) > 0
            or coalesce(flows.engagements, 0) = 0
        ) as knows_accounts,
        coalesce(bounds.is_told, true) as tells_genuine,
        (published.posts is null or coalesce(kinds.reposts, false))
        and (coalesce(flows.known_followers, 0) > 0 or coalesce(flows.reposts, 0) = 0)
            as knows_followers
    from meta.campaigns as campaigns
    left join flows on campaigns.campaign_id = flows.campaign_id
    left join kinds on campaigns.campaign_id = kinds.campaign_id
    left join published on campaigns.campaign_id = published.campaign_id
    left join bounds on campaigns.campaign_id = bounds.campaign_id
)

select
    campaigns.campaign_id,
    campaigns.campaign_name,
    campaigns.brand_id,
    campaigns.brand_name,
    campaigns.window_start,
    campaigns.window_end,
    coalesce(coverage.days_covered, 0) as days_covered,
    totals.posts,
    totals.reposts,
    totals.comments,
    totals.likes,
    coalesce(mentioned.mentions, 0) as mentions,
    totals.engagements,
    totals.engagement_kinds,
    counted.reposts as platform_reposts,
    counted.comments as platform_comments,
    counted.likes as platform_likes,
    counted.reads as platform_reads,
    counted.engagements as platform_engagements,
    concat_ws(
        ', ',
        case when counted.reposts is not null then 'reposts' end,
        case when counted.comments is not null then 'comments' end,
        case when counted.likes is not null then 'likes' end
    ) as platform_engagement_kinds,
    coalesce(counted.posts, 0) as platform_counted_posts,
    counted.counted_since as platform_counted_since,
    counted.counted_at as platform_counted_at,
    counted.collected as platform_collected,
    case
        when counted.engagements > 0
            then round(least(counted.collected / counted.engagements, 1), 6)
    end as completeness,
    case
        when totals.reposts is not null and totals.knows_reposters
            then coalesce(flows.genuine_reposts, 0)
    end as genuine_reposts,
    case
        when totals.comments is not null and totals.knows_commenters
            then coalesce(flows.genuine_comments, 0)
    end as genuine_comments,
    case
        when totals.likes is not null and totals.knows_likers
            then coalesce(flows.genuine_likes, 0)
    end as genuine_likes,
    case
        when mentioned.campaign_id is null then 0
        when mentioned.known_mentions * 2 >= mentioned.mentions
            then mentioned.genuine_mentions
    end as genuine_mentions,
    case
        when totals.knows_accounts and totals.tells_genuine
            then coalesce(flows.genuine_engagements, 0)
    end as genuine_engagements,
    case
        when totals.knows_accounts and bounds.campaign_id is null then 0
        when totals.knows_accounts then bounds.acts_low
    end as genuine_engagements_low,
    case
        when totals.knows_accounts and bounds.campaign_id is null then 0
        when totals.knows_accounts then bounds.acts_high
    end as genuine_engagements_high,
    coalesce(bounds.known_acts, 0) as known_engagements,
    coalesce(flows.engagements, 0) - coalesce(flows.known_engagements, 0)
        as unnamed_engagements,
    bounds.whole as estimated_genuine_engagements,
    bounds.whole_low as estimated_genuine_engagements_low,
    bounds.whole_high as estimated_genuine_engagements_high,
    case
        when totals.knows_accounts and totals.tells_genuine
            then coalesce(doubtful.engagements, 0)
    end as suspected_engagements,
    case when totals.knows_accounts then coalesce(people.engaged_accounts, 0) end
        as engaged_accounts,
    case
        when totals.knows_accounts and totals.tells_genuine
            then coalesce(people.genuine_engaged_accounts, 0)
    end as genuine_engaged_accounts,
    case
        when totals.knows_accounts and bounds.campaign_id is null then 0
        when totals.knows_accounts then bounds.accounts_low
    end as genuine_engaged_accounts_low,
    case
        when totals.knows_accounts and bounds.campaign_id is null then 0
        when totals.knows_accounts then bounds.accounts_high
    end as genuine_engaged_accounts_high,
    coalesce(bounds.known_accounts, 0) as known_engaged_accounts,
    case
        when totals.knows_accounts and totals.tells_genuine
            then coalesce(doubtful.accounts, 0)
    end as suspected_engaged_accounts,
    case when totals.knows_accounts then coalesce(people.engaged_people, 0) end
        as engaged_people,
    case
        when totals.knows_accounts and totals.tells_genuine
            then coalesce(people.genuine_engaged_people, 0)
    end as genuine_engaged_people,
    case when totals.knows_followers then coalesce(flows.exposure, 0) end as exposure,
    case
        when totals.knows_followers and totals.tells_genuine
            then coalesce(flows.genuine_exposure, 0)
    end as genuine_exposure,
    case when totals.posts = 0 then 0 else audiences.author_followers end
        as author_followers,
    case
        when totals.posts = 0 then 0
        when audiences.author_followers is not null
            then audiences.genuine_author_followers
    end as genuine_author_followers,
    case when totals.posts = 0 then 0 else reached.potential_reach end
        as potential_reach,
    case
        when totals.posts = 0 then 0
        when reached.potential_reach is not null and totals.tells_genuine
            then reached.genuine_potential_reach
    end as genuine_potential_reach,
    reached.first_day as followers_first_observed_day,
    reached.last_day as followers_last_observed_day,
    case
        when totals.tells_genuine
            then
                round(
                    (people.engaged_accounts - people.genuine_engaged_accounts)
                    / nullif(people.engaged_accounts, 0), 6
                )
    end as phantom_share,
    round(
        (bounds.accounts - bounds.accounts_high) / nullif(bounds.accounts, 0), 6
    ) as phantom_share_low,
    round((bounds.accounts - bounds.accounts_low) / nullif(bounds.accounts, 0), 6)
        as phantom_share_high,
    prevalence.share as phantom_share_if_as_labelled,
    prevalence.low as phantom_share_if_as_labelled_low,
    prevalence.high as phantom_share_if_as_labelled_high,
    audiences.followers as posting_followers,
    case when audiences.followers is not null then audiences.genuine_followers end
        as genuine_posting_followers,
    round(totals.engagements / nullif(audiences.followers, 0), 6) as engagement_rate,
    case
        when totals.knows_accounts and totals.tells_genuine
            then
                round(
                    coalesce(flows.genuine_engagements, 0)
                    / nullif(audiences.followers, 0), 6
                )
    end as genuine_engagement_rate,
    rates.by_reach as engagement_rate_by_reach,
    case when totals.tells_genuine then rates.genuine_by_reach end
        as genuine_engagement_rate_by_reach,
    round(totals.engagements / nullif(audiences.followers, 0), 6)
        as engagement_rate_by_followers,
    case
        when totals.knows_accounts and totals.tells_genuine
            then
                round(
                    coalesce(flows.genuine_engagements, 0)
                    / nullif(audiences.followers, 0), 6
                )
    end as genuine_engagement_rate_by_followers,
    round(rates.engagements_with_reads / nullif(counted.reads, 0), 6)
        as engagement_rate_by_impressions,
    case
        when totals.tells_genuine
            then round(rates.genuine_engagements_with_reads / nullif(counted.reads, 0), 6)
    end as genuine_engagement_rate_by_impressions,
    round(
        totals.engagements / nullif(coverage.days_covered * audiences.followers, 0), 8
    ) as daily_engagement_rate,
    case
        when totals.knows_accounts and totals.tells_genuine
            then
                round(
                    coalesce(flows.genuine_engagements, 0)
                    / nullif(coverage.days_covered * audiences.followers, 0), 8
                )
    end as genuine_daily_engagement_rate,
    round(counted.engagements / nullif(audiences.followers, 0), 6)
        as platform_engagement_rate,
    rates.platform_by_reach as platform_engagement_rate_by_reach,
    round(counted.engagements / nullif(audiences.followers, 0), 6)
        as platform_engagement_rate_by_followers,
    round(counted.engagements_with_reads / nullif(counted.reads, 0), 6)
        as platform_engagement_rate_by_impressions,
    round(
        counted.engagements
        / nullif(coverage.days_covered * audiences.followers, 0), 8
    ) as platform_daily_engagement_rate,
    cast(campaigns.budget_amount as decimal(18, 4)) as budget_amount,
    campaigns.budget_currency,
    round(campaigns.budget_amount / nullif(totals.engagements, 0), 4)
        as cost_per_engagement,
    round(campaigns.budget_amount / nullif(counted.engagements, 0), 4)
        as cost_per_platform_engagement,
    case
        when totals.knows_accounts and totals.tells_genuine
            then round(campaigns.budget_amount / nullif(flows.genuine_engagements, 0), 4)
    end as cost_per_genuine_engagement,
    round(campaigns.budget_amount / nullif(bounds.whole, 0), 4)
        as cost_per_estimated_genuine_engagement,
    sales.clicks,
    sales.orders,
    sales.priced_orders,
    sales.revenue,
    sales.revenue_currency,
    round(campaigns.budget_amount / nullif(sales.clicks, 0), 4) as cost_per_click,
    round(campaigns.budget_amount / nullif(sales.orders, 0), 4) as cost_per_order,
    case
        when
            sales.priced_orders = sales.orders
            and sales.revenue_currency = campaigns.budget_currency
            then round(sales.revenue / nullif(campaigns.budget_amount, 0), 4)
    end as return_on_spend,
    media_value.earned_media_value_low,
    media_value.earned_media_value_high,
    case when totals.tells_genuine then media_value.genuine_earned_media_value_low end
        as genuine_earned_media_value_low,
    case when totals.tells_genuine then media_value.genuine_earned_media_value_high end
        as genuine_earned_media_value_high,
    media_value.platform_earned_media_value_low,
    media_value.platform_earned_media_value_high,
    media_value.earned_media_currency,
    media_value.cpm_source,
    sentiment.sentiment_net,
    sentiment.sentiment_net_low,
    sentiment.sentiment_net_high,
    sentiment.genuine_sentiment_net,
    momentum.fans_gained,
    momentum.posts_gained,
    round(momentum.fans_gained / nullif(momentum.posts_gained, 0), 6)
        as social_momentum
from meta.campaigns as campaigns
inner join totals on campaigns.campaign_id = totals.campaign_id
left join flows on campaigns.campaign_id = flows.campaign_id
left join mentioned on campaigns.campaign_id = mentioned.campaign_id
left join people on campaigns.campaign_id = people.campaign_id
left join intermediate.campaign_prevalence as prevalence
    on campaigns.campaign_id = prevalence.campaign_id
left join bounds on campaigns.campaign_id = bounds.campaign_id
left join doubtful on campaigns.campaign_id = doubtful.campaign_id
left join counted on campaigns.campaign_id = counted.campaign_id
left join reached on campaigns.campaign_id = reached.campaign_id
left join audiences on campaigns.campaign_id = audiences.campaign_id
left join rates on campaigns.campaign_id = rates.campaign_id
left join sentiment on campaigns.campaign_id = sentiment.campaign_id
left join momentum on campaigns.campaign_id = momentum.campaign_id
left join coverage on campaigns.campaign_id = coverage.campaign_id
left join intermediate.sales_sums as sales
    on
        campaigns.campaign_id = sales.campaign_id
        and sales.scope = 'campaign'
left join intermediate.campaign_media_value as media_value
    on campaigns.campaign_id = media_value.campaign_id
