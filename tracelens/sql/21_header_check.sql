-- One Received line of a message's headers, held against the logs.
-- column state: confirmed (a log shows the hand-over), not confirmed (the logs that would show it are here and do not: possible forgery), reported (no log here could tell)
-- column reason: what the state rests on
-- column hop_key: the hop that confirms it, or the hop it makes
-- column kind: of that hop
-- column anchor: what names that hop
-- column role: who wrote the line: frontend, hub, delivery, submission, or other for a host that is not ours
-- column said_at: UTC, as the header says
-- column logged_at: UTC, as the logs say
-- column by_server: host of ours that wrote the line
-- column from_server: host of ours that the line says handed on
-- column hop_number: of the header: 1 is the first hand-over
-- grain: file_id, line_number, hop_number
-- kind: table
-- basis: reported
-- source: formats.md 5.4
with line as (
    select h.file_id, h.line_number, h.hop_number, m.message_key, m.mid as message_id, h.date_time as said_at, date_trunc('hour', h.date_time) as hour,
        h.from_host, h.from_ip, h.by_host, h.by_ip, h.server as by_name, upper(split_part(h.from_host, '.', 1)) as from_name, 'hdr:' || md5(h.text) as told_anchor,
        case when contains(lower(h.via), 'frontend') then 'frontend' when contains(lower(h.via), 'mailbox') then 'delivery'
            when starts_with(lower(h.protocol), 'mapi') then 'submission' else 'hub' end as form,
        row_number() over (partition by h.file_id, h.line_number, h.hop_number order by h.text) as copy
    from header_hop h join told_message m on m.source = 'header' and m.mid = trim(h.message_id, '<> ')
    where h.kind = 'received'
),
wanted as (
    select distinct l.hour + to_hours(o.hours) as hour from line l, (select unnest([-1, 0, 1]) as hours) o where l.hour is not null
),
tracked as (
    select server, date_time, event_id, source, client_hostname, server_hostname from tracking_event where date_trunc('hour', date_time) in (select hour from wanted)
),
covered as (
    -- what the store holds around the hours that the headers name
    select server, case when event_id in ('DELIVER', 'DELIVERFAIL', 'DUPLICATEDELIVER') then 'delivery'
            when event_id in ('NOTIFYMAPI', 'NOTIFYSHADOW', 'SUBMIT', 'SUBMITDEFER', 'SUBMITFAIL') or event_id = 'RECEIVE' and source = 'STOREDRIVER' then 'submission' else 'hub' end as service,
        'tracking' as log, date_trunc('hour', date_time) as hour, min(date_time) as first_at, max(date_time) as last_at
    from tracked where server is not null group by 1, 2, 3, 4
    union all
    select server, service, direction, date_trunc('hour', opened_at), min(opened_at), max(closed_at)
    from session where server is not null and date_trunc('hour', opened_at) in (select hour from wanted) group by 1, 2, 3, 4
),
held as (
    -- with the first and the last row of that log here
    select c.*, min(first_at) over (partition by server, service, log) as lane_first, max(last_at) over (partition by server, service, log) as lane_last from covered c
),
named as (
    select by_name as name from line union select from_name from line
),
ours as (
    select server from inventory where server in (select name from named) union select server from covered where server in (select name from named)
),
full_name as (
    select upper(split_part(host, '.', 1)) as server, host from (
        select lower(next_hostname) as host from transaction where next_server in (select server from ours)
        union select lower(client_hostname) from tracked union select lower(server_hostname) from tracked)
    where contains(host, '.') and upper(split_part(host, '.', 1)) in (select server from ours)
),
address as (
    select network as ip, min(server) as server from inventory
    where server is not null and network not in ('::1', '127.0.0.1') and not starts_with(lower(network), 'fe80') group by network
),
own_name as (
    -- a short name is ours; a full one if it is the full name our logs know, or they know none
    select distinct l.host, o.server
    from (select by_host as host, by_name as name from line union select from_host, from_name from line) l join ours o on o.server = l.name
    where not contains(l.host, '.') or not exists (select 1 from full_name f where f.server = o.server)
        or exists (select 1 from full_name f where f.server = o.server and f.host = lower(l.host))
),
placed as (
    select l.*, coalesce(nb.server, ab.server) as by_server, coalesce(nf.server, af.server) as from_server,
        case when coalesce(nb.server, ab.server) is null then 'other' else l.form end as role
    from line l left join own_name nb on nb.host = l.by_host left join address ab on ab.ip = l.by_ip
    left join own_name nf on nf.host = l.from_host left join address af on af.ip = l.from_ip
    where l.copy = 1
),
client as (
    -- behind the client proxy the hub writes the client's address, and the Front End writes no line
    select message_key, flatten(list(from_ips)) as ips from logged_hop where kind = 'receive' group by message_key
),
candidate as (
    select p.file_id, p.line_number, p.hop_number, g.hop_key, g.kind, g.anchor, coalesce(g.started_at, g.ended_at) as logged_at, g.from_server as logged_from, g.from_ips,
        case when p.role in ('submission', 'other') or p.from_ip is null and p.from_server is null or list_contains(g.from_ips, p.from_ip) or p.from_server = g.from_server
                or g.from_server is null and len(g.from_ips) = 0 
                or p.role = 'hub' and list_contains(c.ips, p.from_ip) and not exists (select 1 from placed f where f.file_id = p.file_id and f.message_key = p.message_key and f.role = 'frontend'
                    and f.from_ip = p.from_ip) then 0 else 1 end as other_sender,
        case when p.said_at is null or p.role = 'other' then 0
            when p.said_at < coalesce(g.started_at, g.ended_at) then date_diff('second', p.said_at, coalesce(g.started_at, g.ended_at))
            when p.said_at > coalesce(g.ended_at, g.started_at) then date_diff('second', coalesce(g.ended_at, g.started_at), p.said_at) else 0 end as seconds
    from placed p join logged_hop g on g.message_key = p.message_key
        and (p.role = 'frontend' and g.kind = 'receive' and g.to_service = 'frontend' and g.to_server = p.by_server
            or p.role = 'delivery' and g.kind = 'deliver' and (g.to_server = p.by_server or g.to_ip = p.by_ip)
            or p.role = 'submission' and g.kind = 'submit' and g.from_server = p.by_server
            or p.role = 'hub' and g.kind in ('receive', 'proxy', 'transfer', 'submit') and g.to_service <> 'frontend' and g.to_server = p.by_server
            or p.role = 'other' and g.kind = 'external' and g.from_server = p.from_server)
    left join client c on c.message_key = p.message_key
),
nearest as (
    select file_id, line_number, hop_number, min({is_bad: case when other_sender = 0 and seconds <= 120 then 0 else 1 end, other_sender: other_sender, seconds: seconds, hop_key: hop_key, kind: kind,
        anchor: anchor, logged_at: logged_at, logged_from: logged_from}) as best
    from candidate group by file_id, line_number, hop_number
),
header as (
    -- one header of several in a file ends with its first hand-over
    select p.file_id, p.line_number, p.hop_number, p.role, coalesce(min(q.line_number), -1) as last_line from placed p
    left join placed q on q.file_id = p.file_id and q.message_key = p.message_key and q.hop_number = 1 and q.line_number >= p.line_number
    group by p.file_id, p.line_number, p.hop_number, p.role
),
chosen as (
    select file_id, line_number, hop_number, best, best.hop_key as hop_key, best.is_bad as is_bad from nearest
),
told_once as (
    -- a hand-over confirms one line of a header, the one nearest to the recipient: those who wrote what is below it could copy it
    select n.*, row_number() over (partition by n.file_id, h.last_line, h.role, n.hop_key, n.is_bad order by n.hop_number desc, n.line_number) as rank
    from chosen n join header h on h.file_id = n.file_id and h.line_number = n.line_number and h.hop_number = n.hop_number
),
taken as (
    select distinct file_id, hop_key from chosen
),
spare as (
    -- a message that came by twice is told by two lines: the other one means the hand-over that no line took
    select c.file_id, c.line_number, c.hop_number, min({is_bad: 0, other_sender: c.other_sender, seconds: c.seconds, hop_key: c.hop_key, kind: c.kind, anchor: c.anchor, logged_at: c.logged_at, logged_from: c.logged_from}) as best
    from told_once t join candidate c on c.file_id = t.file_id and c.line_number = t.line_number and c.hop_number = t.hop_number and c.other_sender = 0 and c.seconds <= 120
    left join taken k on k.file_id = c.file_id and k.hop_key = c.hop_key
    where t.rank = 2 and t.is_bad = 0 and k.hop_key is null
    group by c.file_id, c.line_number, c.hop_number
),
best as (
    select t.file_id, t.line_number, t.hop_number, coalesce(s.best, t.best) as best, t.rank > 1 and t.is_bad = 0 and s.best is null as is_copy
    from told_once t left join spare s on s.file_id = t.file_id and s.line_number = t.line_number and s.hop_number = t.hop_number
),
preceded as (
    -- the nearest line below it with the number before: the hop before in the same header
    select p.file_id, p.line_number, p.hop_number, p.message_key, min({line_number: q.line_number, role: q.role, server: q.by_server}) as before
    from placed p join placed q on q.file_id = p.file_id and q.message_key = p.message_key and q.hop_number = p.hop_number - 1 and q.line_number > p.line_number
    group by p.file_id, p.line_number, p.hop_number, p.message_key
),
judged as (
    select p.*, b.best, coalesce(b.is_copy, false) as is_copy, q.before.role as before_role, q.before.server as before_server,
        exists (select 1 from held c where c.hour = p.hour and c.server = coalesce(p.by_server, p.from_server)
            and (p.role = 'frontend' and c.log = 'receive' and c.service = 'frontend' or p.role = 'hub' and (c.log = 'tracking' and c.service = 'hub' or c.log = 'receive' and c.service in ('hub', 'edge'))
                or p.role in ('delivery', 'submission') and c.log = 'tracking' and c.service = p.role or p.role = 'other' and (c.log = 'tracking' and c.service = 'hub' or c.log = 'send' and c.service in ('hub', 'edge')))
            and c.lane_first <= p.said_at and c.lane_last >= p.said_at) as is_covered
    from placed p left join best b on b.file_id = p.file_id and b.line_number = p.line_number and b.hop_number = p.hop_number
    left join preceded q on q.file_id = p.file_id and q.line_number = p.line_number and q.hop_number = p.hop_number and q.message_key = p.message_key
),
stated as (
    select *, case when is_copy then 'not confirmed' when best.is_bad = 0 then 'confirmed' when by_server is null and from_server is null then 'reported' when is_covered then 'not confirmed' else 'reported' end as state,
        case role when 'frontend' then 'receive' when 'delivery' then 'deliver' when 'submission' then null when 'other' then 'external'
            else case when before_role = 'submission' then 'submit' when before_role = 'frontend' and before_server = from_server then 'proxy'
                when from_server is not null then 'transfer' else 'receive' end end as told_kind
    from judged
)
select file_id, line_number, hop_number, message_key, message_id, said_at, from_host, from_ip, from_server, by_host, by_ip, by_server, role, state,
    case when state = 'confirmed' then 'the logs show this hand-over'
        when is_copy then 'the logs show this hand-over once, and another line of this header, nearer to the recipient, tells it'
        when state = 'not confirmed' and best.other_sender = 1 then concat('the logs show that ', coalesce(best.logged_from, 'another address'), ' handed it to this server, not the host in the header')
        when state = 'not confirmed' and best.seconds is not null then concat('the logs show this hand-over ', best.seconds, ' s away from the time in the header')
        when state = 'not confirmed' then concat('the logs of ', coalesce(by_server, from_server), ' around that time are here and hold no such hand-over of this message')
        when by_server is null and from_server is null then 'both hosts are not ours: no log here could tell'
        when said_at is null then 'the header has no time, and the logs no such hand-over'
        else concat('no rows of ', coalesce(by_server, from_server), case when role <> 'other' then concat(' (', role, ')') else '' end, ' on both sides of that time are here') end as reason,
    case when state = 'confirmed' then best.hop_key when state = 'reported' and told_kind is not null then md5(concat_ws('|', message_key, told_kind, told_anchor)) end as hop_key,
    case when state = 'confirmed' then best.kind when state = 'reported' then told_kind end as kind,
    case when state = 'confirmed' then best.anchor when state = 'reported' and told_kind is not null then told_anchor end as anchor, best.logged_at as logged_at
from stated
