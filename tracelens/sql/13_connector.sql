-- A Receive connector as the newest export shows it.
-- column connector_key: SERVER\Name, as connector_id in the logs
-- column changed_at: when it was last changed: UTC, or local where the export gives no more (is_changed_local)
-- column any_recipient: whether whoever needs no logon may send to any domain; NULL: unknown
-- column any_recipient_basis: what says so: externally secured, Get-ADPermission, or the rights that sessions show; NULL: unknown
-- grain: connector_key
-- kind: table
-- basis: observed
with dated as (
    select c.*, coalesce(c.name, nullif(regexp_extract(c.identity, '[^\\]*$'), ''), 'connector at line ' || cast(c.line_number as varchar)) as short_name,
        coalesce(nullif(regexp_extract(c.extra, '"WhenChangedUTC": "([^"]*)"', 1), ''), nullif(regexp_extract(c.extra, '"WhenChanged": "([^"]*)"', 1), '')) as changed,
        not contains(coalesce(c.extra, ''), '"WhenChangedUTC": "') as is_local
    from receive_connector c
),
timed as (
    select *, coalesce(
        try_cast(replace(regexp_extract(changed, '^([0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?)', 1), 'T', ' ') as timestamp),
        -- day first where a dot parts the numbers or the first is above 12; month first with AM and PM
        case when regexp_matches(changed, '^[0-9]{1,2}\.[0-9]{1,2}\.[0-9]{4} ') or try_cast(regexp_extract(changed, '^([0-9]{1,2})/', 1) as integer) > 12
            then try_cast(regexp_replace(changed, '^([0-9]{1,2})[./]([0-9]{1,2})[./]([0-9]{4}) ([0-9]{1,2}):([0-9]{2}).*$', '\3-\2-\1 \4:\5:00') as timestamp)
            when regexp_matches(changed, '^[0-9]{1,2}/[0-9]{1,2}/[0-9]{4} .*[AP]M$')
            then try_cast(regexp_replace(changed, '^([0-9]{1,2})/([0-9]{1,2})/([0-9]{4}) ([0-9]{1,2}):([0-9]{2}).*$', '\3-\1-\2 \4:\5:00') as timestamp)
                + case when contains(changed, 'PM') and not regexp_matches(changed, ' 12:') then interval 12 hours else interval 0 hours end end) as changed_at
    from dated
),
newest as (
    select t.server, lower(t.short_name) as folded, max({changed: coalesce(t.changed_at, timestamp '1970-01-01'), read: coalesce(f.modified_at, timestamp '1970-01-01'),
        file_id: t.file_id, line_number: t.line_number}) as last_one
    from timed t left join log_file f on f.file_id = t.file_id group by t.server, lower(t.short_name)
),
granted as (
    -- whoever needs no logon: anonymous users, and the trusted addresses of an externally secured connector
    select server, lower(connector) as folded, not bool_or(coalesce(is_denied, false)) as any_recipient
    from connector_permission
    where regexp_matches(lower(account), 'anonym|s-1-5-7$') and list_contains(list_transform(extended_rights, lambda x: lower(x)), 'ms-exch-smtp-accept-any-recipient')
    group by server, lower(connector)
),
listed as (
    select server, lower(connector) as folded from connector_permission group by server, lower(connector)
),
shown as (
    select server, lower(regexp_extract(connector_id, '[^\\]*$')) as folded, bool_or(contains(permissions, 'SMTPAcceptAnyRecipient')) as any_recipient
    from session where direction = 'receive' and anonymous and permissions is not null group by server, lower(regexp_extract(connector_id, '[^\\]*$'))
)
select concat_ws('\', t.server, t.short_name) as connector_key, t.server, t.short_name as name, coalesce(t.enabled, true) as is_enabled, t.transport_role,
    coalesce(t.bindings, []) as bindings, coalesce(t.remote_ip_ranges, []) as remote_ip_ranges, coalesce(t.auth_mechanism, []) as auth_mechanism,
    coalesce(t.permission_groups, []) as permission_groups, t.protocol_logging_level, t.require_tls, t.fqdn, t.max_message_bytes, t.tarpit_interval, t.is_incomplete,
    regexp_matches(lower(t.short_name), '^(default|client|outbound proxy)( frontend| proxy)? ?[^ ]*$|^default internal receive connector ') as is_default,
    case when list_contains(t.auth_mechanism, 'ExternalAuthoritative') then true when g.any_recipient is not null then g.any_recipient when l.folded is not null then false when s.any_recipient then true end as any_recipient,
    case when list_contains(t.auth_mechanism, 'ExternalAuthoritative') then 'externally secured' when l.folded is not null then 'Get-ADPermission' when s.any_recipient then 'rights that sessions show' end as any_recipient_basis,
    t.changed_at, t.is_local and t.changed_at is not null as is_changed_local, t.extra, t.file_id, t.line_number
from timed t
join newest n on n.server is not distinct from t.server and n.folded = lower(t.short_name) and n.last_one.file_id = t.file_id and n.last_one.line_number = t.line_number
left join granted g on g.server is not distinct from t.server and g.folded = n.folded
left join listed l on l.server is not distinct from t.server and l.folded = n.folded
left join shown s on s.server = t.server and s.folded = n.folded
