select
    one_kind, one_name, other_kind, other_name, shared_accounts, share_of_smaller,
    genuine_share_of_smaller
from (select 1) as always (one)
left join audience_overlap on true
order by share_of_smaller desc, one_name, other_name
