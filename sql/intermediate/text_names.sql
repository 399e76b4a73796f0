-- One row per text and keyword or hashtag of a brand or campaign that it holds, both
-- in their one form (tasks/text/spellings.py). A campaign's keyword that begins with @ is
-- a name that its posts call (of a brand's, `brand_mentions` knows).
-- Cost: the texts of `named_texts` times the names.
--
-- grain: owner, owner_id, kind, platform, text_key
-- params: none
-- replace: all

with

names as (
    select
        owner,
        owner_id,
        kind,
        form
    from meta.names
),

by_keyword as (
    select
        names.owner,
        names.owner_id,
        names.kind,
        texts.platform,
        texts.text_key,
        texts.post_id
    from intermediate.named_texts as texts
    inner join intermediate.folded_texts as forms on texts.words = forms.text
    inner join names
        on names.kind = 'keyword' and contains(forms.folded, names.form)
),

by_hashtag as (
    select
        names.owner,
        names.owner_id,
        names.kind,
        texts.platform,
        texts.text_key,
        texts.post_id
    from (
        select
            platform,
            text_key,
            post_id,
            unnest(hashtags) as hashtag
        from intermediate.named_texts
    ) as texts
    inner join intermediate.folded_texts as forms on texts.hashtag = forms.text
    inner join names
        on names.kind = 'hashtag' and forms.hashtag = names.form
),

by_call as (
    select
        names.owner,
        names.owner_id,
        'keyword' as kind,
        texts.platform,
        texts.text_key,
        texts.post_id
    from (
        select
            platform,
            text_key,
            post_id,
            unnest(mentions) as screen_name
        from intermediate.named_texts
    ) as texts
    inner join names
        on
            names.owner = 'campaign'
            and names.kind = 'call'
            and lower(texts.screen_name) = names.form
)

select * from by_keyword
union
select * from by_hashtag
union
select * from by_call
