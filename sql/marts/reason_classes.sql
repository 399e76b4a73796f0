-- A class of reasons why an account is suspected or a likely phantom: what its reasons
-- say without the numbers that hold for one account only.
--
-- grain: reason_class
-- params: none
-- replace: all
-- time axis: none
-- columns:
--   reason_class [id]: its code, as in reason_classes of accounts
--   words [text]: how it reads after "the account"

select
    reason_class,
    words
from meta.reason_classes
