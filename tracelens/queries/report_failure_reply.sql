-- Failure texts in the logs by server and signature, also those that cost no recipient.
select r.server, coalesce(r.service, '') as service, coalesce(r.direction, '') as direction, coalesce(c.signature_id, '(no signature)') as signature,
    coalesce(c.meaning, regexp_replace(coalesce(c.inner_text, r.text), '[0-9a-f]{8,}|\d{4}-\d\d-\d\dT[0-9:.Z]+', '…', 'g')) as meaning, count(*) as replies, count(distinct r.remote_ip) as peers,
    min(r.moment) as first_at, max(r.moment) as last_at, list({file_id: r.file_id, line_number: r.line_number} order by r.moment desc, r.reply_key)[1:2] as evidence
from reply r left join reply_class c on c.text = r.text
where not r.is_noise and r.moment >= $since and r.moment < $until and ($server = '' or r.server = $server)
group by all
order by replies desc, r.server, service, direction, signature, meaning
limit 200
