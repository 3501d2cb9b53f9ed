-- Where the path of one message has no rows.
select h.hop_number as after_hop, g.side, g.server, g.service, g.log, g.hour, g.reason
from gap g left join hop h on h.hop_key = g.after_hop_key
where g.message_key = $message order by h.hop_number, g.server, g.log
