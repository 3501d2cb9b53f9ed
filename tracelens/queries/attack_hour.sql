-- Logons of clients per hour, good and failed.
select date_trunc($bucket, moment) as hour, case when is_good then 'worked' else 'failed' end as outcome, count(*) as logon_count
from logon where not is_noise and ($since is null or moment >= $since) and ($until is null or moment < $until) and ($server = '' or server = $server)
group by all order by hour, outcome
