-- Messages by size class.
with sized as (
    select m.message_bytes as bytes, case when m.message_bytes < 10000 then 1 when m.message_bytes < 100000 then 2 when m.message_bytes < 1000000 then 3 when m.message_bytes < 10000000 then 4 else 5 end as step
    from message m
    where not m.is_noise and m.message_bytes is not null and m.first_at >= $since and m.first_at < $until
        and ($server = '' or exists (select 1 from hop h where h.message_key = m.message_key and (h.from_server = $server or h.to_server = $server)))
)
select case step when 1 then 'under 10 KB' when 2 then '10 to 100 KB' when 3 then '100 KB to 1 MB' when 4 then '1 to 10 MB' else '10 MB and more' end as size,
    count(*) as messages, cast(sum(bytes) as bigint) as total_bytes, cast(round(avg(bytes)) as bigint) as mean_bytes
from sized group by step order by step
