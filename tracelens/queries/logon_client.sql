-- Addresses with failed logons: how often, whom they tried, whether one succeeded.
select remote_ip, max(helo_name) as helo_name, max(is_public) as is_public, count(*) filter (not is_good) as failed_count, count(*) filter (is_good) as good_count,
    count(distinct account) as account_count, array_to_string(list_sort(list(distinct account) filter (is_good))[1:5], ', ') as signed_in,
    max(reason) as reason, min(moment) as first_at, max(moment) as last_at
from logon where not is_noise and moment >= $since and moment < $until and ($server = '' or server = $server)
group by remote_ip having count(*) filter (not is_good) > 0 order by failed_count desc, remote_ip limit 1000
