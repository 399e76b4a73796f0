-- One row per sentence of a wording (`judged_words` says what a sentence is).
-- Cost: linear in sentences of distinct wordings.
--
-- grain: words_no, sentence
-- params: none
-- replace: once

select distinct
    words_no,
    unnest(sentences) as sentence
from intermediate.word_signs
