-- What is worth knowing of the time from `since` to `until`, one sentence a row, the most pressing first: how pressing, the number it is about,
-- the sentence, the page that shows what is behind it, and the filters for that page as in an address.
with leg_now as (
    select l.status, l.reason_text, l.message_key from leg l join message m on m.message_key = l.message_key
    where not m.is_noise and m.first_at >= $since and m.first_at < $until
),
leg_total as (
    select count(*) as leg_count,
        (select count(*) from message where not is_noise and first_at >= $since and first_at < $until) as message_count,
        count(*) filter (status in ('delivered', 'relayed', 'expanded', 'redirected', 'duplicate')) as reached_count,
        count(*) filter (status in ('failed', 'dropped', 'quarantined')) as failed_count,
        count(*) filter (status = 'refused') as refused_count, count(*) filter (status = 'deferred') as deferred_count
    from leg_now
),
failure as (
    select coalesce(c.meaning, 'no reason in the logs') as meaning, count(*) as leg_count
    from leg_now l left join reply_class c on c.text = l.reason_text where l.status in ('failed', 'dropped', 'quarantined') group by all
),
talk as (
    select * from session where not is_noise and opened_at >= $since and opened_at < $until
),
old_tls as (
    select remote_ip, min(tls_version) as tls_version from talk
    where tls_version not in ('TLS1.2', 'TLS1.3') and (accepted_count > 0 or auth_user is not null) and not starts_with(coalesce(remote_ip, ''), '127.') and coalesce(remote_ip, '') <> '::1' group by remote_ip
),
hand_on as (
    select server, remote_ip, remote_port, opened_at, connect_error is not null as is_failed,
        count(*) filter (connect_error is null) over (partition by server, remote_ip, remote_port order by opened_at, session_key) as good_before
    from talk where service = 'frontend' and direction = 'send'
),
run as (
    select server, remote_ip, remote_port, good_before, min(opened_at) filter (not is_failed) as good_at, min(opened_at) filter (is_failed) as first_at,
        max(opened_at) filter (is_failed) as last_at, count(*) filter (is_failed) as failed_count
    from hand_on group by all
),
outage as (
    select r.server, r.remote_ip, r.remote_port, cast(sum(r.failed_count) over (partition by r.server, r.remote_ip, r.remote_port) as bigint) as failed_count,
        count(*) over (partition by r.server, r.remote_ip, r.remote_port) as run_count, bool_or(n.good_at is null) over (partition by r.server, r.remote_ip, r.remote_port) as is_open,
        date_diff('minute', r.first_at, coalesce(n.good_at, r.last_at)) as minutes
    from run r left join run n on n.server is not distinct from r.server and n.remote_ip = r.remote_ip and n.remote_port = r.remote_port and n.good_before = r.good_before + 1
    where r.failed_count > 0
),
worst_outage as (
    select * from outage order by remote_port in (2525, 465, 717) desc, minutes desc, failed_count desc, server, remote_ip, remote_port limit 1
),
relay as (
    select count(distinct remote_ip) filter (is_taken and auth_user is null) as open_count, count(distinct remote_ip) filter (is_taken and auth_user is null and is_public) as public_count,
        count(distinct remote_ip) filter (is_denied) as denied_ip_count, count(*) filter (is_denied) as denied_count
    from envelope_recipient
    where not is_first_party and answered_at >= $since and answered_at < $until
        and ((is_taken and coalesce(is_outside, false)) or (is_denied and contains(lower(coalesce(reply_text, '')), 'unable to relay')))
),
guess as (
    select count(*) filter (not is_good) as failure_count, count(distinct remote_ip) filter (not is_good) as ip_count, count(distinct account) filter (not is_good) as account_count,
        count(*) filter (is_good and not coalesce(has_tls, false)) as clear_count, count(distinct remote_ip) filter (is_good and not coalesce(has_tls, false)) as clear_ip_count
    from logon where not is_noise and moment >= $since and moment < $until
),
urgent as (
    select count(*) as finding_count, min(title) filter (severity = 'critical') as critical_title, min(title) as high_title
    from finding where severity in ('critical', 'high') and coalesce(last_at >= $since, true) and coalesce(first_at < $until, true)
),
slow as (
    select count(*) as message_count, max(total_ms) as total_ms from message where not is_noise and first_at >= $since and first_at < $until and total_ms >= 60000
),
hole as (
    select count(distinct g.message_key) as message_count, count(distinct g.server) as server_count, min(g.server) as server
    from gap g join message m on m.message_key = g.message_key where not m.is_noise and m.first_at >= $since and m.first_at < $until
),
held as (
    select count(*) filter (direction = 'receive') as in_count, count(*) filter (direction = 'send' and service = 'frontend') as handed_count,
        count(*) filter (tls_version is not null) as encrypted_count, (select count(*) from accepted_domain_guess) as domain_count
    from session where opened_at >= $since and opened_at < $until
),
told as (
    select 10 as urgency, message_count as number, case when message_count = 0 then 'No message in this time.' else
        format('{:,} {} for {:,} {}: {:.1f} % reached or handed on, {:,} refused before acceptance, {:,} failed.', message_count,
            case when message_count = 1 then 'message' else 'messages' end, leg_count, case when leg_count = 1 then 'recipient' else 'recipients' end,
            100.0 * reached_count / leg_count, refused_count, failed_count) end as sentence, 'messages' as page, '' as filters
    from leg_total
    union all
    select 20, finding_count, format('{:,} {} critical or high, among them: {}.', finding_count, case when finding_count = 1 then 'finding is' else 'findings are' end,
        coalesce(critical_title, high_title)), 'counted', 'of=finding&severe=yes' from urgent where finding_count > 0
    union all
    select 30, public_count, format('{:,} public {} handed in mail for other people''s domains without logon, and it was taken.', public_count,
        case when public_count = 1 then 'address' else 'addresses' end), 'counted', 'of=recipient&by=address&relay=yes&outcome=taken&logon=no&public=yes' from relay where public_count > 0
    union all
    select 40, failed_count, format('Front End {} could not reach {} port {} {}{}{}: {} without a connection.', coalesce(server, '?'), coalesce(remote_ip, '?'), coalesce(remote_port, 0),
        case when run_count > 1 then format('{:,} times, at worst ', run_count) else '' end, case when minutes > 0 then format('for {:,} {}', minutes, case when minutes = 1 then 'minute' else 'minutes' end) else 'for a moment' end,
        case when is_open then ' and has not since' else '' end, case when failed_count = 1 then '1 try' else format('{:,} tries', failed_count) end),
        'counted', concat('of=session&service=frontend&direction=send&connected=no&server=', coalesce(server, 'none'), '&address=', coalesce(remote_ip, 'none'), '&port=', coalesce(cast(remote_port as varchar), 'none')) from worst_outage
    union all
    select 50, leg_total.failed_count, format('{:,} {} not reached; most often: {}.', leg_total.failed_count, case when leg_total.failed_count = 1 then 'recipient was' else 'recipients were' end,
        (select meaning from failure order by leg_count desc, meaning limit 1)), 'counted', 'of=leg&ending=failed' from leg_total where leg_total.failed_count > 0
    union all
    select 55, deferred_count, format('{:,} {} waiting after a temporary failure.', deferred_count, case when deferred_count = 1 then 'recipient is' else 'recipients are' end),
        'counted', 'of=leg&status=deferred' from leg_total where deferred_count > 0
    union all
    select 60, failure_count, format('{:,} failed {} from {:,} {} on {:,} {}.', failure_count, case when failure_count = 1 then 'logon' else 'logons' end, ip_count,
        case when ip_count = 1 then 'address' else 'addresses' end, account_count, case when account_count = 1 then 'named account' else 'named accounts' end),
        'attacks', '' from guess where failure_count > 0
    union all
    select 65, count(*), format('{:,} {} still {} {}.', count(*), case when count(*) = 1 then 'sender or target' else 'senders and targets' end,
        case when count(*) = 1 then 'uses' else 'use' end, string_agg(distinct tls_version, ' or ' order by tls_version)),
        'tls', 'view=Who uses what&tls=old' from old_tls having count(*) > 0
    union all
    select 70, clear_ip_count, format('{:,} {} a password without TLS, {:,} times.', clear_ip_count, case when clear_ip_count = 1 then 'client sent' else 'clients sent' end, clear_count),
        'counted', 'of=logon&by=address&outcome=worked&tls=no' from guess where clear_count > 0
    union all
    select 75, message_count, format('{:,} {} longer than a minute, the slowest {:,} minutes.', message_count, case when message_count = 1 then 'message took' else 'messages took' end,
        cast(round(total_ms / 60000.0) as bigint)), 'messages', 'slow=1 min' from slow where message_count > 0
    union all
    select 80, denied_ip_count, format('{:,} {} to relay: {:,} {} denied.', denied_ip_count, case when denied_ip_count = 1 then 'address tried' else 'addresses tried' end, denied_count,
        case when denied_count = 1 then 'recipient was' else 'recipients were' end), 'counted', 'of=recipient&by=address&relay=yes&outcome=denied' from relay where denied_ip_count > 0
    union all
    select 85, message_count, format('{:,} {} a gap in the path: rows of {} are missing.', message_count, case when message_count = 1 then 'message has' else 'messages have' end,
        case when server_count = 1 then coalesce(server, 'a server') else format('{:,} servers', server_count) end), 'messages', 'gaps=true' from hole where message_count > 0
    union all
    select 89, 0, case when in_count = 0 and handed_count = 0 then 'No SMTP receive or Front End send log of this time: who relays or signs in, and what Front Ends reached, is not known.'
        when in_count = 0 then 'No SMTP receive log of this time: who relays or signs in is not known.'
        else 'No Front End send log of this time: what Front Ends reached is not known.' end, 'ingest', '' from held where in_count = 0 or handed_count = 0
    union all
    select 89, 0, 'Which domains are yours is not known, and so not who relays: no delivery is in the logs, and no Get-AcceptedDomain.', 'relay', '' from held
        where in_count > 0 and domain_count = 0
    union all
    select 90, 0, 'Nobody without logon had mail taken for other people''s domains.', 'relay', '' from relay, held where open_count = 0 and in_count > 0 and domain_count > 0
    union all
    select 91, 0, 'No logon failed.', 'attacks', '' from guess, held where failure_count = 0 and in_count > 0
    union all
    select 92, 0, 'Front Ends reached every server they called.', 'proxy', '' from (select count(*) as count from outage), held where count = 0 and handed_count > 0
    union all
    select 93, 0, 'Every encrypted conversation used TLS1.2 or newer.', 'sessions', '' from (select count(*) as count from old_tls), held where count = 0 and encrypted_count > 0
)
select urgency, number, sentence, page, filters from told order by urgency limit 8
