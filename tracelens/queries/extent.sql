-- What the store holds, in one row: from when to when, which servers, in how many hours a server wrote nothing between its first and last row.
with busy as (
    select server, count(distinct hour) as hour_count, min(hour) as first_hour, max(hour) as last_hour from coverage where hour is not null group by server
)
select min(first_hour) as first_at, max(last_hour) + interval 1 hour as until, coalesce(list(server order by server), []) as servers,
    cast(coalesce(sum(date_diff('hour', first_hour, last_hour) + 1 - hour_count), 0) as bigint) as hole_count,
    (select count(*) from reject) as reject_count
from busy
