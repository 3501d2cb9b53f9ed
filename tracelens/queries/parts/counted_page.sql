numbered as (
    select row_key, moment, amount, count(*) over (partition by value) as times, row_number() over (partition by value order by moment desc nulls last, row_key) as place
    from hit where $by <> '' and value <> 'none'
),
once as (
    select row_key, moment, amount, 1 as times from hit where $by = ''
    union all
    select row_key, moment, amount, times from numbered where place = 1
),
page as (
    select row_key, times, moment, (select count(*) from once) as found_count, (select cast(sum(amount) as bigint) from once) as sum_count
    from once order by moment desc nulls last, row_key limit $limit offset $offset
)
