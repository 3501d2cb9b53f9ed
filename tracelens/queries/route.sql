-- Who hands what to whom: source, receive connector and port, server, send connector, destination; messages and failures.
with placed as (
    select message_count, failed_count,
-- include: way_place
    from route
    where hour >= $since and hour < $until and ($server = '' or server = $server or starts_with(receive_connector, concat($server, '\')))
        and ($source = '' or source = $source)
)
select source_ as source, taken_ as receive_connector, last_ as server, out_ as send_connector, to_ as destination,
    cast(sum(message_count) as bigint) as message_count, cast(sum(failed_count) as bigint) as failed_count
from placed
group by all order by message_count desc, source, receive_connector, server, send_connector, destination
limit 5000
