-- The legs of one message: each recipient's end.
select recipient_address, status, basis, final_at, total_ms, total_bound_ms, reason_code, reason_text, deferral_count, first_deferral_at, last_deferral_at, deferral_text
from leg where message_key = $message
order by case status when 'failed' then 0 when 'refused' then 1 when 'quarantined' then 2 when 'dropped' then 3 when 'deferred' then 4
    when 'in transit' then 5 when 'unknown' then 6 else 7 end, recipient_address
limit $limit
