-- Sessions with mail that could not be replayed, and why; and mail that no receive log shows.
with untold as (
    select left_out as reason, count(*) as session_count, cast(sum(message_count) as bigint) as message_count
    from replayed where left_out is not null group by left_out
    union all
    select 'known from message tracking alone: no receive log of that server and hour', 0, count(distinct h.message_key)
    from hop h join message m on m.message_key = h.message_key
    left join (select distinct server, hour from coverage where log = 'smtp_receive' and service <> 'delivery' and state = 'covered') c
        on c.server = h.to_server and c.hour = date_trunc('hour', h.started_at)
    where h.kind = 'receive' and h.outcome = 'accepted' and h.to_server is not null and h.started_at is not null and not m.is_noise and c.server is null
)
select reason, session_count, message_count from untold where message_count > 0 order by session_count desc, message_count desc, reason
