-- A conversation that lacks sequence numbers between those it has, and how many.
-- grain: session_number
-- kind: temp
-- by: conversation
select session_number, min(date_time) as opened_at, max(sequence_number) - min(sequence_number) + 1 - count(*) as hole_count
from step group by session_number
having max(sequence_number) - min(sequence_number) + 1 > count(*)
