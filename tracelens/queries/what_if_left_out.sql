-- Sessions with mail that could not be replayed, and why.
select left_out as reason, count(*) as session_count, cast(sum(message_count) as bigint) as message_count
from replayed where left_out is not null group by left_out order by session_count desc, reason
