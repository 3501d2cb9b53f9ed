-- Accounts that signed in or were tried: good and failed logons, addresses, mechanisms.
select coalesce(account, '(not named in the log)') as account, count(*) filter (is_good) as good_count, count(*) filter (not is_good) as failed_count,
    count(*) filter (is_good and not coalesce(has_tls, false)) as plain_count, count(distinct remote_ip) as client_count,
    array_to_string(list_sort(list(distinct mechanism)), ', ') as mechanisms, min(moment) as first_at, max(moment) as last_at
from logon where not is_noise and moment >= $since and moment < $until and ($server = '' or server = $server)
group by account order by failed_count > 0 and good_count > 0 desc, good_count + failed_count desc, account limit 1000
