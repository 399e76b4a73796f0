-- One row per account, post and beginning of its texts there in the trailing window: how
-- many of its texts begin so (`judged_words` says what a beginning is). Cost: linear in
-- acts.
--
-- grain: account_no, post_no, beginning_no
-- params: none
-- replace: once

select
    acts.platform,
    acts.account_no,
    acts.post_no,
    signs.beginning_no,
    count(*) as texts
from intermediate.acts as acts
inner join intermediate.word_signs as signs on acts.words_no = signs.words_no
where
    acts.is_in_window
    and acts.kind in ('repost', 'comment')
    and signs.beginning_no is not null
group by acts.platform, acts.account_no, acts.post_no, signs.beginning_no
