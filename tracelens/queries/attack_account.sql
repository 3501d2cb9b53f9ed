-- Accounts with failed logons: from how many addresses, and whether a logon from one of them worked.
with tried as (
    select account, remote_ip, is_good, moment, count(*) filter (not is_good) over (partition by account, remote_ip) as failures_from_there
    from logon where not is_noise and account is not null and ($since is null or moment >= $since) and ($until is null or moment < $until)
)
select account, count(*) filter (not is_good) as failed_count, count(distinct remote_ip) filter (not is_good) as address_count, count(*) filter (is_good) as good_count,
    count(*) filter (is_good and failures_from_there > 0) as entered_count, list_sort(list(distinct remote_ip) filter (not is_good))[1:5] as addresses,
    min(moment) filter (not is_good) as first_at, max(moment) filter (not is_good) as last_at, max(moment) filter (is_good) as good_at
from tried
group by account having count(*) filter (not is_good) > 0
order by entered_count desc, failed_count desc, account
limit $limit
