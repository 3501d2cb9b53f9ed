-- What the store holds, in one row: from when to when, which servers its logs name, in how many hours a log that usually writes has no row though its server was busy.
select min(hour) filter (state = 'covered') as first_at, max(hour) filter (state = 'covered') + interval 1 hour as until,
    coalesce(list_sort(list(distinct server) filter (state = 'covered' and server <> '?')), []) as servers, count(*) filter (state = 'hole') as hole_count,
    (select count(*) from reject) as reject_count
from coverage
