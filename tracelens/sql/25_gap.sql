-- Places of a path where a row must exist but no log of the store holds it.
-- grain: message_key, after_hop_key, server, service, log
-- kind: table
-- basis: inferred
with missing as (
    select h.message_key, h.hop_key as after_hop_key, h.to_server as server, 'frontend' as service, 'smtp_receive' as log, h.started_at as moment
    from hop h where h.kind = 'receive' and h.to_service = 'frontend' and h.basis = 'inferred'
    union all
    select h.message_key, h.hop_key, h.to_server, 'hub', 'message_tracking', h.ended_at
    from hop h where h.to_service = 'hub' and h.outcome = 'accepted' and h.kind in ('receive', 'proxy', 'transfer', 'submit')
        and not exists (select 1 from receipt r where r.message_key = h.message_key and r.server = h.to_server)
    union all
    select h.message_key, h.hop_key, coalesce(h.to_server, '?'), 'delivery', 'message_tracking', h.ended_at
    from hop h where h.kind = 'deliver' and h.outcome = 'accepted' and not exists (select 1 from track t where t.message_key = h.message_key
        and t.event_id in ('DELIVER', 'DUPLICATEDELIVER') and (t.next_server = h.to_server or t.server = h.to_server))
    union all
    select h.message_key, h.hop_key, t.next_server, 'hub', 'message_tracking', h.ended_at
    from hop h join transaction t on t.is_accepted and t.direction = 'receive' and t.service = 'frontend' and t.server_internal_id is not null
    join message_identity i on i.session_key = t.session_key and i.transaction_number = t.transaction_number and i.message_key = h.message_key
    where h.kind = 'receive' and not exists (select 1 from receipt r where r.message_key = h.message_key)
)
select m.message_key, m.after_hop_key, coalesce(m.server, '?') as server, m.service, m.log, min(date_trunc('hour', m.moment)) as hour,
    min(case when exists (select 1 from coverage c where c.server = m.server and c.log = m.log and c.hour = date_trunc('hour', m.moment)
            and (m.log = 'message_tracking' or c.service = m.service)) then 'the log of that hour is here but has no such row'
        when exists (select 1 from coverage c where c.server = m.server and c.log = m.log) then 'no file covers that hour: file missing or past retention'
        when exists (select 1 from coverage c where c.server = m.server) then 'no such log of this server is in the store: logging off, or file not copied'
        else 'no log of this server is in the store' end) as reason
from missing m group by m.message_key, m.after_hop_key, m.server, m.service, m.log
