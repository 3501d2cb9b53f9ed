-- One hand-over put together from all its witnesses, with the times that each side's clock gives.
-- grain: message_key, kind, anchor
-- kind: temp
-- by: message
with told as (
    select witness, message_key, kind, anchor, from_server, from_service, from_ip, to_server, to_service, to_ip, to_port, send_connector, receive_connector,
        -- a reply alone tells when a hand-over ended, not when it began
        case when witness <> 'proto_reply' then started_at end as started_at, ended_at, tls_version, auth_user, outcome, reply_text, basis, from_node, to_node, evidence from hop_part
    union all
    select witness, message_key, kind, anchor, from_server, from_service, from_ip, to_server, to_service, to_ip, null, null, null,
        null, ended_at, tls_version, null, outcome, null, basis, from_node, to_node, evidence from header_part
    union all
    select witness, message_key, kind, anchor, from_server, from_service, from_ip, to_server, to_service, to_ip, null, send_connector, null,
        null, ended_at, null, null, outcome, null, basis, from_node, to_node, evidence from cloud_part
    union all
    select witness, message_key, kind, anchor, from_server, from_service, null, to_server, to_service, to_ip, to_port, send_connector, null,
        null, ended_at, null, null, outcome, reply_text, basis, from_node, to_node, evidence from queue_part
),
part as (
    -- the Front End's own hop, told by the hub's row, bears the hub's times: they are on neither side's clock
    select *, case when witness in ('tracking_out', 'proto_out') then 'from' when witness in ('tracking_in', 'proto_in', 'tracking_deliver') then 'to' end as side
    from told where not (kind in ('dsn') and anchor not like '%>dsn' and exists (
        select 1 from hop_part d where d.message_key = told.message_key and d.kind = 'dsn' and d.anchor = told.anchor || '>dsn'))
)
select message_key, kind, anchor,
    max(from_server) as from_server, max(from_service) as from_service,
    max({rank: case when witness in ('proto_in', 'proto_client') then 2 when witness = 'tracking_frontend' then 3 else 1 end, ip: from_ip}) filter (from_ip is not null).ip as from_ip,
    max(to_server) as to_server, max(to_service) as to_service, max(to_ip) as to_ip, max(to_port) as to_port,
    max(send_connector) as send_connector,
    max({rank: case when witness in ('proto_in', 'proto_client') then 2 else 1 end, name: receive_connector}) filter (receive_connector is not null).name as receive_connector,
    min(started_at) as started_at, max(ended_at) as ended_at, max(tls_version) as tls_version, max(auth_user) as auth_user,
    min(case outcome when 'accepted' then '1accepted' when 'expanded' then '1expanded' when 'redirected' then '1redirected' when 'forked' then '1forked' when 'resubmitted' then '1resubmitted'
        when 'report created' then '1report created' when 'duplicate' then '2duplicate' when 'deferred' then '3deferred' when 'refused' then '4refused' else '5unknown' end) as outcome,
    max({moment: ended_at, text: reply_text}) filter (reply_text is not null).text as reply_text,
    substr(min(case basis when 'observed' then '1observed' when 'inferred' then '2inferred' else '3' || basis end), 2) as basis, max(from_node) as from_node, max(to_node) as to_node,
    list_sort(list_distinct(flatten(list(evidence)))) as evidence,
    min(started_at) filter (side = 'from') as from_started_at, max(ended_at) filter (side = 'from') as from_ended_at,
    min(started_at) filter (side = 'to') as to_started_at, max(ended_at) filter (side = 'to') as to_ended_at,
    -- of several attempts: the last beginning and the first end at the receiver, for limits that hold whichever attempt is meant
    max(started_at) filter (side = 'to') as to_last_started_at, min(ended_at) filter (side = 'to') as to_first_ended_at
from part group by message_key, kind, anchor
