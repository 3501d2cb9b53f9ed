-- Recipients outside our domains per hour (or day): taken from signed-in and anonymous clients, or denied.
select date_trunc($bucket, answered_at) as hour,
    case when not is_taken then 'denied' when auth_user is not null then 'taken, signed in' else 'taken, anonymous' end as outcome, count(*) as recipient_count
from envelope_recipient
where not is_first_party and (is_taken or is_denied) and answered_at >= $since and answered_at < $until and ($server = '' or server = $server)
    and ((is_taken and coalesce(is_outside, false)) or contains(lower(coalesce(reply_text, '')), 'unable to relay'))
group by all order by hour, outcome
