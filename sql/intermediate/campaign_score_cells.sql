-- How the scores of a campaign's accounts lie, as the labelled ones' are told: one row
-- per campaign, kind of score and cell. Who was only mentioned did nothing.
--
-- grain: campaign_id, score_kind, score_cell
-- params: none
-- replace: once

with

engaged as (
    select distinct
        campaign_id,
        platform,
        account_id
    from intermediate.campaign_interactions
    where is_in_window and kind <> 'mention'
)

select
    engaged.campaign_id,
    scores.score_kind,
    scores.score_cell,
    count(*) as accounts
from engaged
inner join intermediate.account_scores as scores
    on
        engaged.platform = scores.platform
        and engaged.account_id = scores.account_id
group by engaged.campaign_id, scores.score_kind, scores.score_cell
