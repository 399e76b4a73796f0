-- One row per observation of a profile in the records being staged.
--
-- grain: none
-- params: none
-- replace: view

select * from staging.canonical_accounts
union all
select * from staging.crawler_accounts
union all
select * from staging.facebook_accounts
union all
select * from staging.qzone_accounts
union all
select * from staging.renren_accounts
union all
select * from staging.tencent_weibo_accounts
union all
select * from staging.weibo_accounts
union all
select * from staging.wordpress_accounts
union all
select * from staging.x_accounts
