-- Recipients outside our domains per hour (or day): taken and refused.
with named as (
    select answered_at, is_taken, is_denied from envelope_recipient
    where not is_first_party and answered_at >= $since and answered_at < $until and ($server = '' or server = $server)
        and (coalesce(is_outside, false) or contains(lower(coalesce(reply_text, '')), 'unable to relay'))
)
select date_trunc($bucket, answered_at) as moment, case when is_taken then 'taken' else 'refused' end as series, cast(count(*) as double) as value
from named where is_taken or is_denied group by all order by moment, series
