-- Legs per status.
select l.status, count(*) as leg_count
from leg l join message m on m.message_key = l.message_key
where $noise or not m.is_noise
group by l.status order by leg_count desc, l.status
