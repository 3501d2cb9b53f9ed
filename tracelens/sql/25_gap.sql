-- Places of a path where a row must exist but no log of the store holds it.
-- column after_hop_key: the hop beside the missing one; NULL when no hop of the message is known
-- column side: after, the missing hop follows that hop; before, it leads to it
-- column service: the service that would have written the row; "hub or edge" where no row tells which of the two the server is
-- column log: message_tracking, smtp_receive or smtp_send
-- column hour: the hour whose file would have the row
-- column reason: why it is absent: server not loaded, log off, file missing, before retention, after last file, not covered, or no such row in the log of that hour
-- grain: message_key, after_hop_key, server, service, log
-- kind: table
-- basis: inferred
with hop_end as (
    select h.hop_key, h.message_key, h.kind, h.from_server, h.from_service, h.from_ip, h.to_server, h.to_service, h.to_ip, h.to_port, h.outcome, h.basis, h.started_at, h.ended_at,
        h.parent_hop_key, n.from_node, n.to_node
    from hop h join hop_node n on n.hop_key = h.hop_key
),
queue_service as (
    select server, case when is_edge then 'edge' when is_hub then 'hub' else 'hub or edge' end as name, coalesce(service, 'hub') as usual from our_server
),
left_node as (
    select distinct message_key, from_node as node from hop_end where from_node is not null and kind <> 'expand' and not (kind = 'fork' and to_node is null)
),
open_leg as (
    select distinct message_key from leg where basis = 'inferred' and status in ('in transit', 'unknown')
),
taken as (
    select distinct message_key, server from receipt
),
shadow as (
    -- whose shadow copy a server held: it is the primary's row that names the copy
    select message_key, server, max(client_server) as primary_server, min(date_time) as moment from track
    where event_id = 'HARECEIVE' and message_key is not null and coalesce(client_server, '') <> '' group by message_key, server
),
fronted as (
    -- the Front End's own receive log shows it
    select distinct message_key, to_server as server from hop_part where witness in ('proto_in', 'proto_client') and to_service = 'frontend'
),
tried as (
    -- the queue met another system, or a mailbox, and was turned away
    select message_key, concat(server, '#', internal_message_id) as node, server, source, max(next_server) as next_server, max(date_time) as moment
    from track where event_id in ('FAIL', 'DEFER') and source in ('SMTP', 'STOREDRIVER') and internal_message_id is not null
        and (coalesce(server_ip, '') <> '' or coalesce(next_server, '') <> '')
    group by message_key, concat(server, '#', internal_message_id), server, source
),
seen_row as (
    select t.message_key, t.date_time as moment, case when t.event_id = 'HARECEIVE' then coalesce(nullif(t.client_server, ''), t.server) else coalesce(o.server, t.server) end as server
    -- who dropped a shadow copy names the server that had the message
    from track t left join our_server o on t.event_id = 'HADISCARD' and o.server = upper(split_part(t.source_context, '.', 1))
    where t.message_key is not null and not exists (select 1 from hop h where h.message_key = t.message_key and h.basis <> 'reported')
    union all
    -- the session in which it was copied, at either end
    select i.message_key, t.started_at, case when t.direction = 'send' then t.server else a.server end
    from transaction t join message_identity i on i.session_key = t.session_key and i.transaction_number = t.transaction_number
    left join our_address a on a.ip = t.remote_ip
    where t.is_shadow and i.mid is not null and not exists (select 1 from hop h where h.message_key = i.message_key and h.basis <> 'reported')
),
hopless as (
    select message_key, min({moment: moment, server: server}) as first_row from seen_row group by message_key
),
client_hop as (
    select h.message_key, h.hop_key, h.started_at, c.to_server as hub_server from hop_end h join hop_end c on c.parent_hop_key = h.hop_key and c.kind = 'proxy' and c.to_port = 465
    where h.kind = 'receive' and h.to_service = 'frontend' and h.basis = 'inferred'
),
guess as (
    -- from that server's Submission service or from its queue: the one whose log is here would show it
    select h.hop_key, case when s.state = 'covered' and coalesce(q.state, '') <> 'covered' then 'hub' when q.state = 'covered' and coalesce(s.state, '') <> 'covered' then 'submission'
            when h.kind = 'submit' then 'submission' else 'hub' end as service
    from hop_end h left join coverage s on s.server = h.from_server and s.service = 'submission' and s.log = 'message_tracking' and s.hour = date_trunc('hour', h.started_at)
    left join coverage q on q.server = h.from_server and q.service = 'transport' and q.log = 'message_tracking' and q.hour = date_trunc('hour', h.started_at)
    where h.basis = 'inferred' and h.from_server is not null and (h.kind = 'submit' or h.kind = 'transfer' and h.to_service = 'hub' and h.from_service = 'hub' and h.parent_hop_key is null)
),
missing as (
    -- the front end's hop is known from the hub's row, or from a header, only
    select h.message_key, h.hop_key as after_hop_key, h.to_server as server, 'frontend' as service, 'smtp_receive' as log, h.started_at as moment, 'before' as side, false as is_prompt
    from hop_end h left join fronted f on f.message_key = h.message_key and f.server = h.to_server
    where h.kind = 'receive' and h.to_service = 'frontend' and h.basis in ('inferred', 'reported') and f.server is null
    union all
    -- a client's session at the Front End does not name the message: the hub's session, which names both, does
    select message_key, hop_key, hub_server, 'hub', 'smtp_receive', started_at, 'after', false from client_hop
    union all
    -- the front end's own receive session of a message it passed on
    select h.message_key, h.hop_key, h.from_server, 'frontend', 'smtp_receive', h.started_at, 'before', false
    from hop_end h where h.kind = 'proxy' and h.from_service = 'frontend' and h.parent_hop_key is null
    union all
    -- a hub or Edge server took the message and its tracking does not say so
    select h.message_key, h.hop_key, h.to_server, coalesce(h.to_service, q.name, 'hub or edge'), 'message_tracking', h.ended_at, 'after', true
    from hop_end h left join queue_service q on q.server = h.to_server left join taken r on r.message_key = h.message_key and r.server = h.to_server
    where (h.to_service in ('hub', 'edge') or h.to_service is null and h.kind = 'transfer') and h.outcome = 'accepted' and h.kind in ('receive', 'proxy', 'transfer', 'submit') and r.server is null
    union all
    -- a queue entry that nothing left, of a message that has not arrived
    select h.message_key, h.hop_key, h.to_server, h.to_service, 'message_tracking', h.ended_at, 'after', false
    from hop_end h join open_leg l on l.message_key = h.message_key left join left_node n on n.message_key = h.message_key and n.node = h.to_node
    where h.to_service in ('hub', 'edge') and h.to_node is not null and h.kind <> 'expand' and n.node is null
    union all
    -- a front end passed it to a hub that its answer names, and nothing of the hub is here
    select h.message_key, h.hop_key, regexp_extract(h.to_node, '^fe:(.+)#[0-9]+$', 1), 'hub', 'message_tracking', coalesce(h.ended_at, h.started_at), 'after', true
    from hop_end h where h.kind = 'receive' and h.to_service = 'frontend' and h.outcome = 'accepted' and regexp_matches(h.to_node, '^fe:.+#[0-9]+$')
        and not exists (select 1 from hop_end c where c.parent_hop_key = h.hop_key)
    union all
    -- a mailbox service accepted and no DELIVER row is here
    select h.message_key, h.hop_key, coalesce(h.to_server, '?'), 'delivery', 'message_tracking', h.ended_at, 'after', true
    from hop_end h where h.kind = 'deliver' and h.outcome = 'accepted' and coalesce(h.to_service, '') <> 'mailbox' and not exists (select 1 from track t where t.message_key = h.message_key
        and t.event_id in ('DELIVER', 'DUPLICATEDELIVER') and (t.next_server = h.to_server or t.server = h.to_server))
    union all
    -- the front end took it for the outside and its send session is not here
    select h.message_key, h.hop_key, h.to_server, 'frontend', 'smtp_send', h.started_at, 'after', true
    from hop_end h where h.kind = 'proxy' and h.to_service = 'frontend' and not exists (select 1 from hop_end c where c.parent_hop_key = h.hop_key)
    union all
    -- a queue's error tells what the front end met outside, and its send session is not here
    select h.message_key, h.parent_hop_key, h.from_server, 'frontend', 'smtp_send', coalesce(q.ended_at, q.entered_at), 'after', false
    from queue_part q join hop_end h on h.message_key = q.message_key and h.kind = 'external' and h.from_node = q.from_node and q.from_service = 'frontend' and h.from_server = q.from_server
    where h.outcome = 'deferred' and not exists (select 1 from hop_part p where p.message_key = h.message_key and p.from_node = h.from_node)
    union all
    -- a queue's hop that nothing leads to; what no row names, only the queue's own conversation could have named
    select h.message_key, h.hop_key, coalesce(s.primary_server, h.from_server), coalesce(g.service, h.from_service), case when starts_with(h.message_key, 'smtp:') then 'smtp_send' else 'message_tracking' end, coalesce(s.moment, h.started_at), 'before', coalesce(g.service, '') = 'submission'
    from hop_end h join headless_hop u on u.hop_key = h.hop_key and u.source = 'queue'
    left join guess g on g.hop_key = h.hop_key left join shadow s on h.outcome = 'resubmitted' and s.message_key = h.message_key and s.server = h.from_server
    union all
    -- to a front end's port 25 an Edge server hands mail, or a hub of 2007 or 2010
    select h.message_key, h.hop_key, h.from_server, coalesce(q.name, 'hub or edge'), 'message_tracking', h.started_at, 'before', false
    from hop_end h join headless_hop u on u.hop_key = h.hop_key and u.source = 'server' left join queue_service q on q.server = h.from_server
    union all
    -- a guess: the mail came from that server, by its Submission service or by its queue
    select h.message_key, h.hop_key, h.from_server, g.service, 'message_tracking', h.started_at, 'before', true from hop_end h join guess g on g.hop_key = h.hop_key where h.kind = 'submit'
    union all
    -- the front end sent it outside and its session with the hub is not here
    select h.message_key, h.hop_key, h.from_server, 'frontend', 'smtp_receive', h.started_at, 'before', false
    from hop_end h join headless_hop u on u.hop_key = h.hop_key and u.source = 'front end'
    union all
    -- the cloud says that a server of ours gave it the message, whose queue or, for another server's queue, whose front end passed it on
    select h.message_key, h.hop_key, a.server, case when c.state = 'covered' and coalesce(q.name, 'hub') <> 'edge' then 'frontend' else coalesce(q.name, 'hub') end,
        case when c.state = 'covered' and coalesce(q.name, 'hub') <> 'edge' then 'smtp_send' else 'message_tracking' end, h.started_at, 'before', true
    from hop_end h join our_address a on a.ip = h.from_ip left join queue_service q on q.server = a.server
    left join coverage c on c.server = a.server and c.service = 'transport' and c.log = 'message_tracking' and c.hour = date_trunc('hour', h.started_at)
    where h.basis = 'reported' and h.to_service = 'cloud' and h.parent_hop_key is null
        and not exists (select 1 from hop_end x where x.message_key = h.message_key and x.from_server = a.server and x.kind in ('external', 'proxy'))
    union all
    -- or that one took it
    select h.message_key, h.hop_key, a.server, case when q.name = 'edge' then 'edge' else 'frontend' end, case when q.name = 'edge' then 'message_tracking' else 'smtp_receive' end, h.started_at, 'after', true
    from hop_end h join our_address a on a.ip = h.to_ip left join queue_service q on q.server = a.server
    where h.basis = 'reported' and h.kind = 'external' and h.from_service = 'cloud'
        and not exists (select 1 from hop_end x where x.message_key = h.message_key and x.to_server = a.server and x.kind = 'receive')
    union all
    -- tracking says that a hand-over was tried, the conversation is not here
    select t.message_key, m.hop_key, t.server, coalesce(q.usual, 'hub'), 'smtp_send', t.moment, 'after', false
    from tried t left join queue_service q on q.server = t.server join (select message_key, to_node, min(hop_key) as hop_key from hop_end where to_node is not null group by message_key, to_node) m
        on m.message_key = t.message_key and m.to_node = t.node
    left join left_node n on n.message_key = t.message_key and n.node = t.node
    where n.node is null
    union all
    -- no hand-over is known at all
    select h.message_key, null, h.first_row.server, coalesce(q.usual, 'hub'), 'message_tracking', h.first_row.moment, 'before', false
    from hopless h left join queue_service q on q.server = h.first_row.server
),
asked as (
    select message_key, coalesce(after_hop_key, '') as hop_key, coalesce(server, '?') as server, coalesce(service, 'hub') as service, log,
        max(side) as side, min(date_trunc('hour', moment)) as hour, min(moment) as moment, bool_or(is_prompt) as is_prompt
    from missing group by message_key, coalesce(after_hop_key, ''), coalesce(server, '?'), coalesce(service, 'hub'), log
),
lane as (
    select a.*, case when a.log = 'message_tracking' and a.service in ('hub', 'edge', 'hub or edge') then 'transport' else a.service end as writer from asked a
),
uncovered as (
    select server, service, log, hour, state from coverage where state not in ('covered', 'quiet')
    union all
    select server, service, log, hour, state from coverage where state = 'quiet'
),
known_server as (
    select distinct server from coverage where state = 'covered'
),
known_lane as (
    select distinct server, service, log from coverage where state = 'covered'
),
near as (
    -- the nearest hour without rows on that side; the hour itself, if it has none
    select l.message_key, l.hop_key, l.server, l.service, l.log,
        case when max(l.side) = 'after' then min(case when u.hour >= l.hour then {hour: u.hour, state: u.state} end) else max(case when u.hour <= l.hour then {hour: u.hour, state: u.state} end) end as place
    from lane l join uncovered u on u.server = l.server and u.service = l.writer and u.log = l.log and u.hour between l.hour - interval 12 hours and l.hour + interval 12 hours
        -- what is received, or taken by a queue or a mailbox, is written at that time, by a clock that may be off; a queue may have waited
        and (l.log <> 'smtp_receive' or u.hour = l.hour)
        and (not l.is_prompt or u.hour between date_trunc('hour', l.moment - interval 2 minutes) and date_trunc('hour', l.moment + interval 2 minutes))
    group by l.message_key, l.hop_key, l.server, l.service, l.log
)
select l.message_key, nullif(l.hop_key, '') as after_hop_key, l.side, l.server, l.service, l.log, coalesce(n.place.hour, l.hour) as hour,
    case when s.server is null then 'server not loaded: no log of this server is in the store'
        when k.server is null then 'log off: the store has no such log of this server: logging off, or file not copied'
        when n.place.state = 'before first file' then 'before retention: the oldest file of this log begins later'
        when n.place.state = 'after last file' then 'after last file: the newest file of this log ends earlier'
        when n.place.state is not null then 'file missing: no file of this log covers that hour'
        when c.state = 'covered' then 'no such row: the log of that hour is here but has no such row' else 'not covered: that hour is outside the days in the store' end as reason
from lane l
left join near n on n.message_key = l.message_key and n.hop_key = l.hop_key and n.server = l.server and n.service = l.service and n.log = l.log
left join known_server s on s.server = l.server
left join known_lane k on k.server = l.server and k.service = l.writer and k.log = l.log
left join coverage c on c.server = l.server and c.service = l.writer and c.log = l.log and c.hour = l.hour
-- what a client's hop lacks is told by that of the two logs which is not here
where not (s.server is not null and k.server is not null and n.place.state is null and c.state = 'covered' and exists (
    select 1 from client_hop x where x.message_key = l.message_key and x.hop_key = l.hop_key and l.log = 'smtp_receive'))
