-- How the scores of a network's accounts lie: one row per network, kind of score and
-- cell, with how many likely phantoms lie there.
--
-- grain: platform, score_kind, score_cell
-- params: none
-- replace: once

select
    platform,
    score_kind,
    score_cell,
    count(*) as accounts,
    count(*) filter (where phantom_level = 'phantom') as likely
from intermediate.account_scores
group by platform, score_kind, score_cell
