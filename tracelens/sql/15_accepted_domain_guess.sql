-- Mail domains that are ours: the imported configuration says so, or a mailbox here received or sent with them.
-- grain: domain
-- kind: table
-- basis: inferred
with seen as (
    select lower(split_part(a.address, '@', 2)) as domain, 'delivered to a mailbox here' as basis
    from tracking_event t cross join unnest(t.recipient_address) as a(address) where t.event_id in ('DELIVER', 'DUPLICATEDELIVER')
    union all
    select lower(split_part(sender_address, '@', 2)), 'submitted from a mailbox here' from tracking_event
    where source = 'STOREDRIVER' and event_id in ('RECEIVE', 'SUBMIT', 'NOTIFYMAPI')
    union all
    select lower(split_part(a.address, '@', 2)), 'accepted for mailbox delivery (475)' from transaction t
    cross join unnest(t.accepted_recipients) as a(address) where t.direction = 'send' and t.remote_port = 475
    union all
    select lower(domain_name), 'imported configuration' from accepted_domain where domain_name <> '*'
)
select domain, string_agg(distinct basis, '; ' order by basis) as basis from seen where domain <> '' and domain is not null group by domain
