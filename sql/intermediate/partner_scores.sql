-- How the scores of those who acted on a set of a campaign's posts lie, so far: one row
-- per set (see `partner_acts`), what accounts show and bin of the score, as
-- `campaign_scores` has it.
-- Cost: linear in `partner_acts`.
--
-- grain: campaign_id, post_set, partner_id, shown, score_bin
-- params: none
-- replace: once

with

by_account as (
    select
        acts.campaign_id,
        acts.post_set,
        acts.partner_id,
        acts.platform,
        acts.account_id,
        coalesce(accounts.shown, 'hidden') as shown,
        coalesce(accounts.score_bin, 0) as score_bin,
        coalesce(accounts.is_genuine, false) as is_genuine,
        count(*) as acts
    from intermediate.partner_acts as acts
    left join intermediate.accounts as accounts
        on
            acts.platform = accounts.platform
            and acts.account_id = accounts.account_id
    group by
        acts.campaign_id,
        acts.post_set,
        acts.partner_id,
        acts.platform,
        acts.account_id,
        coalesce(accounts.shown, 'hidden'),
        coalesce(accounts.score_bin, 0),
        coalesce(accounts.is_genuine, false)
)

select
    campaign_id,
    post_set,
    partner_id,
    shown,
    score_bin,
    cast(sum(acts) as bigint) as acts,
    cast(sum(case when account_id is null then acts else cast(acts as hugeint) * acts end) as bigint)
        as squares,
    cast(sum(case when is_genuine then acts else 0 end) as bigint) as genuine_acts,
    count(account_id) as accounts,
    count(case when is_genuine then account_id end) as genuine_accounts
from by_account
group by campaign_id, post_set, partner_id, shown, score_bin
