-- Sessions of one Front End to one target, those that failed first.
select s.opened_at, s.closed_at, case when coalesce(s.connect_error, s.tls_error) is not null or regexp_matches(s.last_reply, '^[45]') then 'failed' else 'worked' end as outcome,
    coalesce(s.connect_error, s.tls_error, s.last_reply) as told, s.connector_id, s.tls_version, s.message_count, s.longest_silence_ms, s.session_key
from session s
where s.service = 'frontend' and s.direction = 'send' and not s.is_noise and s.server = $server and s.remote_ip = $remote_ip and s.remote_port = $remote_port
    and s.opened_at >= $since and s.opened_at < $until
order by outcome, s.opened_at desc, s.session_key limit $limit
