-- How many phantoms a network's accounts hold, and how many of those marked likely
-- phantom are: of all accounts seen there. No verdict depends on it.
--
-- grain: platform
-- params: none
-- replace: all
-- time axis: lifetime
-- columns:
--   platform [text]: the network
--   accounts [accounts]: accounts seen there
--   telling_accounts [accounts]: of them those with a profile and posts of their own, enough to tell a share
--   likely_phantoms [accounts]: accounts that the score marks as likely phantoms, whatever persons decided
--   phantom_share_if_as_labelled [share]: share of phantoms among telling_accounts as telling_accounts, if phantoms here hide like the labelled ones; null for fewer than 30
--   phantom_share_if_as_labelled_low [share]: low end of its 95 % interval
--   phantom_share_if_as_labelled_high [share]: high end of that interval
--   stated_phantom_share [share]: what policies.phantom_share of workspace.toml states of the network; null where it states nothing
--   likely_phantom_precision [share]: share of phantoms among likely phantoms at stated_phantom_share, else at phantom_share_if_as_labelled, else at a tenth
--   likely_phantom_precision_low [share]: low end of its 95 % interval
--   likely_phantom_precision_high [share]: high end of that interval
--   likely_phantom_precision_at_a_tenth [share]: the same if a tenth of accounts are phantoms
--   likely_phantom_precision_at_a_tenth_low [share]: low end of its 95 % interval
--   likely_phantom_precision_at_a_tenth_high [share]: high end of that interval
-- metrics:
--   phantom_share_if_as_labelled: Bella et al. 2010, probabilistic adjusted classify and count, both sides resampled | wrong where phantoms hide better or worse than the labelled ones
--   likely_phantom_precision: Bayes' rule with the rates of labelled accounts | the rarer phantoms are, the more likely ones are people; what company tells (batches, templates) is not in it

select
    platform,
    accounts,
    known_accounts as telling_accounts,
    likely_accounts as likely_phantoms,
    estimated as phantom_share_if_as_labelled,
    estimated_low as phantom_share_if_as_labelled_low,
    estimated_high as phantom_share_if_as_labelled_high,
    stated as stated_phantom_share,
    precision as likely_phantom_precision,
    precision_low as likely_phantom_precision_low,
    precision_high as likely_phantom_precision_high,
    usual_precision as likely_phantom_precision_at_a_tenth,
    usual_precision_low as likely_phantom_precision_at_a_tenth_low,
    usual_precision_high as likely_phantom_precision_at_a_tenth_high
from intermediate.network_prevalence
