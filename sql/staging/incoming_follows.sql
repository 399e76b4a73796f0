-- One row per observation of a follow in the records being staged.
--
-- grain: none
-- params: none
-- replace: view

select * from staging.canonical_follows
union all
select * from staging.qzone_follows
union all
select * from staging.renren_follows
union all
select * from staging.tencent_weibo_follows
union all
select * from staging.weibo_follows
union all
select * from staging.x_follows
