-- Failed logons and denied relaying in a window, in one row: how often, from how many addresses, on how many accounts, and how many accounts were entered.
with tried as (
    select account, remote_ip, is_good, not is_good as is_failed, false as is_denied, false as is_relaying from logon
    where not is_noise and ($since is null or moment >= $since) and ($until is null or moment < $until)
    union all
    select null, remote_ip, false, false, true, contains(lower(reply_text), 'unable to relay') from envelope_recipient
    where is_denied and not is_first_party and ($since is null or answered_at >= $since) and ($until is null or answered_at < $until)
),
pair as (
    select account, remote_ip, count(*) filter (is_failed) as failed_count, count(*) filter (is_good) as good_count from tried where account is not null group by all
)
select count(*) filter (is_failed) as failed_count, count(*) filter (is_relaying) as denied_count,
    count(distinct remote_ip) filter (is_failed or is_denied) + coalesce(max(cast(remote_ip is null and (is_failed or is_denied) as bigint)), 0) as address_count,
    count(distinct account) filter (is_failed) as account_count, (select count(distinct account) from pair where failed_count > 0 and good_count > 0) as entered_count
from tried
