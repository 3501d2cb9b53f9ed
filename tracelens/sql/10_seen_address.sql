-- Both addresses of connections, as the protocol logs write them.
-- grain: remote_ip, local_ip
-- kind: temp
select remote_ip, local_ip from smtp_event group by remote_ip, local_ip
