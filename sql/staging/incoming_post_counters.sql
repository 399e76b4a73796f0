-- One row per snapshot of a post's counters in the records being staged.
--
-- grain: none
-- params: none
-- replace: view

select * from staging.canonical_post_counters
union all
select * from staging.crawler_post_counters
union all
select * from staging.facebook_post_counters
union all
select * from staging.qzone_post_counters
union all
select * from staging.renren_post_counters
union all
select * from staging.tencent_weibo_post_counters
union all
select * from staging.weibo_post_counters
union all
select * from staging.wordpress_post_counters
union all
select * from staging.x_post_counters
