-- Failure texts in all logs by what they mean, also those that cost no recipient, the most frequent first.
select coalesce(c.class, '') as class, coalesce(c.signature_id, '') as signature_id, coalesce(c.meaning, 'a text that no signature knows') as meaning, count(*) as reply_count,
    count(distinct r.text) as text_count, count(distinct r.remote_ip) as peer_count, list_sort(list(distinct r.server) filter (r.server is not null)) as servers,
    min(r.text) as example, min(r.moment) as first_at, max(r.moment) as last_at
from reply r left join reply_class c on c.text = r.text
where not r.is_noise and ($since is null or r.moment >= $since) and ($until is null or r.moment < $until) and ($server = '' or r.server = $server)
group by c.class, c.signature_id, c.meaning
order by reply_count desc, meaning
limit $limit
