-- How the scores of a campaign's accounts lie, as the labelled ones' are told: one row
-- per campaign, kind of score and cell. Who was only mentioned did nothing.
--
-- grain: campaign_id, score_kind, score_cell
-- params: none
-- replace: once

select
    engaged.campaign_id,
    scores.score_kind,
    scores.score_cell,
    count(*) as accounts
from intermediate.campaign_people as engaged
inner join intermediate.account_scores as scores
    on
        engaged.platform = scores.platform
        and engaged.account_id = scores.account_id
where engaged.engagements > 0
group by engaged.campaign_id, scores.score_kind, scores.score_cell
