-- Failure texts that no signature knows, or by their bare code only, the most frequent first; what differs in addresses and stamps only is one.
with told as (
    select r.text, r.server, r.log, r.moment, c.signature_id,
        regexp_replace(coalesce(c.inner_text, lower(r.text)), '<[^<>]*@[^<>]*>|\b[0-9a-f]{12,}\b|\b[0-9]{4}-[0-9][0-9]-[0-9][0-9]t[0-9:.]+z?', '…', 'g') as shape
    from reply r left join reply_class c on c.text = r.text
    where not r.is_noise and (c.signature_id is null or starts_with(c.signature_id, 'code-'))
)
select count(*) as reply_count, count(distinct text) as text_count, list_sort(list(distinct coalesce(server, '?'))) as servers, list_sort(list(distinct log)) as logs,
    min(moment) as first_at, max(moment) as last_at, min(signature_id) as known_as, min(text) as text
from told group by shape order by reply_count desc, text
limit $limit
