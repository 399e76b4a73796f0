-- One row per observation of a repost, comment, like or mention in the records
-- being staged, with what the record itself says of its parent.
--
-- grain: none
-- params: none
-- replace: view

select * from staging.canonical_interactions
union all
select * from staging.crawler_interactions
union all
select * from staging.facebook_interactions
union all
select * from staging.qzone_interactions
union all
select * from staging.renren_interactions
union all
select * from staging.tencent_weibo_interactions
union all
select * from staging.weibo_interactions
union all
select * from staging.wordpress_interactions
union all
select * from staging.x_interactions
