-- Failure texts in the logs by server and signature, also those that cost no recipient.
select r.server, coalesce(r.service, '') as service, coalesce(r.direction, '') as direction, coalesce(c.signature_id, '(no signature)') as signature,
    case when c.signature_id is null then min(r.text) else max(c.meaning) end as meaning, count(*) as replies, count(distinct r.remote_ip) as peers,
    min(r.moment) as first_at, max(r.moment) as last_at, list({file_id: r.file_id, line_number: r.line_number} order by r.moment desc, r.reply_key)[1:2] as evidence
from reply r left join reply_class c on c.text = r.text
where not r.is_noise and r.moment >= $since and r.moment < $until and ($server = '' or r.server = $server)
group by r.server, r.service, r.direction, c.signature_id, case when c.signature_id is null then r.text end
order by replies desc, r.server, service, direction, signature, meaning
limit 200
