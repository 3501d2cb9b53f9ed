-- An address that had a session with a server whose Receive connectors are imported, probes left out.
-- column address_key: its 128 bits as 32 hex digits, to compare with connector_range
-- grain: server, remote_ip
-- kind: table
-- basis: observed
select s.server, s.remote_ip, a.family, a.address_key, count(*) as session_count, cast(sum(s.message_count) as bigint) as message_count
from session s join (select distinct server from connector) c on c.server = s.server join address a on a.text = s.remote_ip
where s.direction = 'receive' and not s.is_noise group by s.server, s.remote_ip, a.family, a.address_key
