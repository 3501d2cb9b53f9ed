-- The reasons why recipients of one message were not reached, with what each means: as the dashboard's page Message explains them.
select l.status, l.reason_code, c.signature_id, l.reason_text, count(*) as recipient_count, list_sort(list(distinct l.recipient_address))[1:3] as recipients
from leg l left join reply_class c on c.text = l.reason_text
where l.message_key = $message and l.status in ('failed', 'refused', 'quarantined', 'dropped', 'deferred')
group by l.status, l.reason_code, c.signature_id, l.reason_text
order by list_position(['failed', 'refused', 'quarantined', 'dropped', 'deferred'], l.status), recipient_count desc, l.reason_code, l.reason_text
limit $limit
