-- Who hands what to whom: source, receive connector and port, server, send connector, destination; messages and failures.
select source, case when receive_connector is null then case when source = 'mailbox' then 'submission' else 'not known' end
        else concat(receive_connector, case when to_port is null then '' else concat(' :', to_port) end) end as receive_connector,
    coalesce(server, 'not known') as server, coalesce(send_connector, 'not handed out') as send_connector, destination,
    cast(sum(message_count) as bigint) as message_count, cast(sum(failed_count) as bigint) as failed_count
from route
where hour >= $since and hour < $until and ($server = '' or server = $server or starts_with(receive_connector, concat($server, '\')))
    and ($source = '' or source = $source)
group by all order by message_count desc, source, receive_connector, server, send_connector, destination
limit 5000
