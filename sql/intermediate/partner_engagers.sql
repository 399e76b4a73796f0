-- One row per set of a campaign's posts (see `partner_acts`), post of it and account that
-- engaged with it so far: its verdict. Hidden accounts are left out.
-- Cost: linear in `partner_acts`.
--
-- grain: campaign_id, post_set, partner_id, platform, post_id, account_id
-- params: none
-- replace: all

select
    acts.campaign_id,
    acts.post_set,
    acts.partner_id,
    acts.platform,
    acts.post_id,
    acts.account_id,
    accounts.phantom_level,
    count(*) as engagements
from intermediate.partner_acts as acts
inner join intermediate.accounts as accounts
    on
        acts.platform = accounts.platform
        and acts.account_id = accounts.account_id
group by
    acts.campaign_id,
    acts.post_set,
    acts.partner_id,
    acts.platform,
    acts.post_id,
    acts.account_id,
    accounts.phantom_level
