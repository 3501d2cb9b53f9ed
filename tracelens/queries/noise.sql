-- Sessions hidden as noise, per filter: how many, from how many addresses, and how many of them were turned away.
select noise_filter as filter, count(*) as session_count, count(distinct remote_ip) as address_count,
    count(*) filter (refused_count > 0 or regexp_matches(coalesce(last_reply, ''), '^[45][0-9][0-9]')) as failed_count, min(opened_at) as first_at, max(opened_at) as last_at
from session where is_noise group by noise_filter order by session_count desc, noise_filter
