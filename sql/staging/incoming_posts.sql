-- One row per observation of a post in the records being staged.
--
-- grain: none
-- params: none
-- replace: view

select * from staging.canonical_posts
union all
select * from staging.crawler_posts
union all
select * from staging.facebook_posts
union all
select * from staging.qzone_posts
union all
select * from staging.renren_posts
union all
select * from staging.tencent_weibo_posts
union all
select * from staging.weibo_posts
union all
select * from staging.wordpress_posts
union all
select * from staging.x_posts
