-- Findings that a number counts, newest first; an empty word lets all pass, `by` names what to show once each, `sum` what to add up.
with kept as (
    select finding_key as row_key, last_at as moment, case $sum when 'hits' then hit_count else 1 end as amount,
        coalesce(remote_ip, if(contains(split_part(subject, ' ', 1), '@'), split_part(subject, ' ', 1), subject), 'none') as actor_,
        if(severity in ('critical', 'high'), 'yes', 'no') as severe_,
        if((class in ('auth', 'relay') or (class = 'behaviour' and subject_kind in ('client', 'account', 'sender', 'session')) or rule_id = 'topo-internal-port-foreign')
            and severity <> 'info', 'yes', 'no') as attack_
    from finding where coalesce(last_at >= $since, true) and coalesce(first_at < $until, true) and ($server = '' or coalesce(server, 'none') = $server)
        and ($incident = '' or finding_key in (select finding_key from incident_finding where incident_key = $incident))
),
hit as (
    select row_key, moment, amount,
        case $by when 'actor' then actor_ when 'severe' then severe_ when 'attack' then attack_ else '' end as value
    from kept
    where ($sum = '' or amount > 0)
        and ($actor = '' or actor_ = $actor)
        and ($severe = '' or severe_ = $severe)
        and ($attack = '' or attack_ = $attack)
),
-- include: counted_page
select f.finding_key, f.severity, f.class, f.title, f.hit_count, f.server, f.summary, f.remote_ip, f.first_at, f.last_at, p.times, p.found_count, p.sum_count
from page p join finding f on f.finding_key = p.row_key
order by p.moment desc nulls last, p.row_key
