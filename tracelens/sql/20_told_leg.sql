-- How a message ended for a recipient, as an Exchange Online trace or a non-delivery report tells it.
-- column moment: when, UTC; unknown where only the time of receipt is told
-- grain: message_key, address
-- kind: temp
-- by: message
-- source: formats.md 5.2 (status words), 5.4
with told as (
    select m.message_key, lower(trim(e.recipient_address)) as address, lower(replace(coalesce(e.status, e.event), ' ', '')) as status_word,
        -- what went out to another system is delivered there at most: ToIP is empty for mailboxes of the cloud
        e.to_ip is not null as is_sent,
        case when e.kind not in ('summary', 'enhanced', 'reporting') then e.date_time end as moment, e.detail as reason, e.file_id, e.line_number
    from exo_trace_event e join told_message m on m.source = 'cloud' and m.mid is not distinct from nullif(trim(e.message_id, '<> '), '') and m.nmid is not distinct from e.network_message_id
    where coalesce(e.recipient_address, '') <> '' and coalesce(e.status, e.event) is not null
    union all
    select m.message_key, lower(h.recipient_address), case when starts_with(h.status_code, '5') then 'failed' else 'deferred' end, false, h.date_time, h.text, h.file_id, h.line_number
    from header_hop h join told_message m on m.source = 'header' and m.mid = trim(h.message_id, '<> ')
    where h.kind = 'diagnostic' and h.recipient_address is not null and (starts_with(h.status_code, '5') or starts_with(h.status_code, '4'))
),
worded as (
    select *, case when is_sent and status_word in ('delivered', 'deliver') then 'send' else status_word end as word from told
),
ranked as (
    select *, case when word in ('delivered', 'deliver') then 1 when word in ('duplicatedeliver', 'duplicate') then 2 when word in ('failed', 'fail', 'badmail') then 3
            when word in ('quarantined', 'quarantine') then 4 when word in ('filteredasspam', 'drop', 'dropped', 'spam') then 5 when word in ('redirect', 'redirected') then 6
            when word in ('expanded', 'expand') then 7 when word in ('send', 'sendexternal') then 8 when word in ('defer', 'deferred') then 9
            when word in ('pending', 'gettingstatus', 'receive', 'submit', 'transfer', 'resolve', 'setroute') then 10 else 11 end as rank
    from worded
),
best as (
    select message_key, address, min({rank: rank, later: -date_diff('microsecond', timestamp '1970-01-01 00:00:00', moment), file_id: file_id, line_number: line_number, moment: moment, reason: reason}) as best
    from ranked group by message_key, address
)
select message_key, address, case best.rank when 1 then 'delivered' when 2 then 'duplicate' when 3 then 'failed' when 4 then 'quarantined' when 5 then 'dropped' when 6 then 'redirected'
        when 7 then 'expanded' when 8 then 'relayed' when 9 then 'deferred' when 10 then 'in transit' else 'unknown' end as status,
    best.moment as moment, case when best.rank in (3, 4, 5, 9) then best.reason end as reason, best.file_id as file_id, best.line_number as line_number
from best
