-- Findings of the given keys in the order of time.
select finding_key, severity, class, title, summary, server, connector_id, remote_ip, message_key, hit_count, first_at, last_at, advice, rule_id,
    if(subject_kind in ('account', 'sender') and contains(subject, '@'), split_part(subject, ' ', 1), null) as sender
from finding where list_contains($keys, finding_key) order by first_at, finding_key
