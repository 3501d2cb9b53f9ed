-- The message whose path shows most: accepted at a front end, several hops, one that did not end well if there is one.
select message_key from message where not is_noise and message_id is not null
order by case when status in ('failed', 'deferred') and hop_count >= 3 and origin_class in ('internet', 'client') then 0 else 1 end, hop_count desc, message_key limit 1
