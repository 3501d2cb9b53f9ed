-- Addresses that failed to log on, were denied relaying or named unknown recipients, the busiest first.
with tried as (
    select remote_ip, 1 - cast(is_good as integer) as failed, cast(is_good as integer) as good, 0 as denied, 0 as unknown, account, helo_name, server, moment
    from logon where not is_noise and ($since is null or moment >= $since) and ($until is null or moment < $until)
    union all
    select remote_ip, 0, 0, cast(contains(lower(reply_text), 'unable to relay') as integer), cast(not contains(lower(reply_text), 'unable to relay') as integer), null, helo_name, server, answered_at
    from envelope_recipient where is_denied and not is_first_party and ($since is null or answered_at >= $since) and ($until is null or answered_at < $until)
)
select remote_ip, cast(sum(failed) as bigint) as failed_count, count(distinct account) filter (failed = 1) as account_count, cast(sum(good) as bigint) as good_count,
    cast(sum(denied) as bigint) as denied_count, cast(sum(unknown) as bigint) as unknown_count,
    list_sort(list(distinct helo_name) filter (helo_name is not null))[1:5] as helo_names, list_sort(list(distinct server) filter (server is not null)) as servers,
    min(moment) as first_at, max(moment) as last_at
from tried group by remote_ip having sum(failed + denied + unknown) > 0
order by sum(failed + denied + unknown) desc, remote_ip
limit $limit
