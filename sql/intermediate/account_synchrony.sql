-- One row per account that points at eight others or more: how alike these are
-- (synchronicity) and how usual (normality), and whether they are more alike than so
-- unusual ones may be (CatchSync, Jiang et al. 2014, doi 10.1145/2623330.2623632).
--
-- An account points at whom it follows and at the authors of the posts that it acts on
-- in the trailing window, at each once: a fan of one brand points at one. Targets stand
-- in cells by the powers of two of how many point at them and of how much these point
-- elsewhere (their in-degree, and their authority after one round of HITS). With
-- p the parts of the account's targets in the cells, b those of all targets and M the
-- number of cells: synchronicity = sum of p squared, normality = sum of p b, and for a
-- given normality n the synchronicity is (M n^2 - 2 n + sum of b squared)
-- / (M sum of b squared - 1) at least. What it lies above that is the excess; an
-- outlier is above the mean by three standard deviations.
--
-- A celebrity's cell draws many pointers; so the cell that surprises most must also be
-- beyond a Poisson law with the cell's part of all pointers, over all accounts and
-- cells. With less than a hundred targets on a platform cells mean nothing: no row.
-- Cost: linear in follows and acts.
--
-- grain: platform, account_id
-- params: none
-- replace: once

with

acted as (
    select distinct
        acts.account_no,
        authors.account_no as target_no
    from intermediate.acts as acts
    inner join intermediate.numbered_posts as numbered on acts.post_no = numbered.post_no
    inner join staging.posts as posts
        on numbered.platform = posts.platform and numbered.post_id = posts.post_id
    inner join intermediate.numbered_accounts as authors
        on
            posts.platform = authors.platform
            and posts.account_id = authors.account_id
    where
        acts.is_in_window
        and acts.kind in ('repost', 'comment', 'like')
        and acts.account_no <> authors.account_no
),

pointers as (
    select
        platform,
        follower_id as account_id,
        account_id as target_id
    from staging.follows
    where follower_id <> account_id
    union
    select
        accounts.platform,
        accounts.account_id,
        targets.account_id as target_id
    from acted
    inner join intermediate.numbered_accounts as accounts
        on acted.account_no = accounts.account_no
    inner join intermediate.numbered_accounts as targets
        on acted.target_no = targets.account_no
),

sources as (
    select
        platform,
        account_id,
        count(*) as targets
    from pointers
    group by platform, account_id
),

targets as (
    select
        pointers.platform,
        pointers.target_id,
        floor(log2(count(*))) as size_cell,
        floor(log2(sum(sources.targets))) as authority_cell,
        count(*) as pointed_at
    from pointers
    inner join sources
        on
            pointers.platform = sources.platform
            and pointers.account_id = sources.account_id
    group by pointers.platform, pointers.target_id
),

cells as (
    select
        platform,
        size_cell,
        authority_cell,
        count(*) as targets,
        sum(pointed_at) as pointed_at
    from targets
    group by platform, size_cell, authority_cell
),

totals as (
    select
        platform,
        count(*) as cells,
        sum(targets) as targets,
        sum(pointed_at) as pointed_at,
        sum(cast(targets as hugeint) * targets) as squares
    from cells
    group by platform
    having sum(targets) >= 100 and count(*) >= 2
),

rich as (
    select
        platform,
        count(*) as accounts
    from sources
    where targets >= 8
    group by platform
),

found as (
    select
        pointers.platform,
        pointers.account_id,
        targets.size_cell,
        targets.authority_cell,
        sources.targets as all_targets,
        count(*) as targets
    from pointers
    inner join sources
        on
            pointers.platform = sources.platform
            and pointers.account_id = sources.account_id
    inner join targets
        on
            pointers.platform = targets.platform
            and pointers.target_id = targets.target_id
    where sources.targets >= 8
    group by
        pointers.platform,
        pointers.account_id,
        targets.size_cell,
        targets.authority_cell,
        sources.targets
),

weighed as (
    select
        found.platform,
        found.account_id,
        found.all_targets,
        found.targets,
        found.targets * cells.targets as closeness,
        found.all_targets * cells.pointed_at / totals.pointed_at as mean,
        rich.accounts * totals.cells as tests,
        found.size_cell,
        found.authority_cell
    from found
    inner join cells
        on
            found.platform = cells.platform
            and found.size_cell = cells.size_cell
            and found.authority_cell = cells.authority_cell
    inner join totals on found.platform = totals.platform
    inner join rich on found.platform = rich.platform
),

surprising as (
    select
        *,
        case
            when targets <= mean then tests
            else
                tests
                * exp(targets * (1 + ln(mean / targets)) - mean)
                / sqrt(6.283185307179586 * targets)
                / (1 - mean / (targets + 1))
        end as by_chance
    from weighed
),

ranked as (
    select
        *,
        row_number() over (
            partition by platform, account_id
            order by by_chance, size_cell, authority_cell
        ) as place
    from surprising
),

measured as (
    select
        ranked.platform,
        ranked.account_id,
        ranked.all_targets,
        sum(cast(ranked.targets as hugeint) * ranked.targets)
        / (ranked.all_targets * ranked.all_targets) as synchronicity,
        sum(ranked.closeness) / (ranked.all_targets * totals.targets) as normality,
        totals.cells,
        totals.squares / (totals.targets * totals.targets) as background,
        max(case when ranked.place = 1 then ranked.targets end) as alike_targets,
        max(case when ranked.place = 1 then ranked.mean end) as alike_mean,
        max(case when ranked.place = 1 then ranked.by_chance end) as by_chance
    from ranked
    inner join totals on ranked.platform = totals.platform
    group by
        ranked.platform,
        ranked.account_id,
        ranked.all_targets,
        totals.cells,
        totals.targets,
        totals.squares
),

-- In whole millionths: sums of fractions would depend on their order.
in_excess as (
    select
        *,
        cast(
            round(
                1000000
                * (
                    synchronicity
                    - (cells * normality * normality - 2 * normality + background)
                    / nullif(cells * background - 1, 0)
                )
            ) as bigint
        ) as millionths
    from measured
),

spread as (
    select
        platform,
        sum(millionths) / count(*) as mean,
        sqrt(
            greatest(
                sum(cast(millionths as hugeint) * millionths) / count(*)
                - (sum(millionths) / count(*)) * (sum(millionths) / count(*)),
                0
            )
        ) as deviation
    from in_excess
    where millionths is not null
    group by platform
)

select
    in_excess.platform,
    in_excess.account_id,
    in_excess.all_targets as targets,
    in_excess.alike_targets,
    round(in_excess.alike_mean, 6) as alike_targets_expected,
    round(in_excess.by_chance, 6) as alike_targets_by_chance,
    round(in_excess.synchronicity, 6) as synchronicity,
    round(in_excess.normality, 6) as normality,
    in_excess.millionths / 1000000 as synchronicity_excess,
    in_excess.millionths > spread.mean + 3 * spread.deviation as is_synchronous
from in_excess
inner join spread on in_excess.platform = spread.platform
where in_excess.millionths is not null
