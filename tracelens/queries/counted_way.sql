-- Ways of messages that a number of the map counts, newest first; an empty word lets all pass, a word with `but_` leaves those out (split by chr(31)),
-- `by` names what to show once each, `sum` what to add up.
with kept as (
    select cast(rowid as varchar) as row_key, first_at as moment, way_count as amount, message_key as message_, if(is_failed, 'yes', 'no') as failed_,
-- include: way_place
    from way
    where ($since is null or date_trunc('hour', first_at) >= $since) and ($until is null or date_trunc('hour', first_at) < $until)
        and ($server = '' or server = $server or starts_with(receive_connector, concat($server, '\')))
),
hit as (
    select row_key, moment, amount,
        case $by when 'source' then source_ when 'taken' then taken_ when 'last' then last_ when 'out' then out_ when 'to' then to_ when 'failed' then failed_ when 'message' then message_ else '' end as value
    from kept
    where ($sum = '' or amount > 0)
        and ($source = '' or source_ = $source)
        and ($taken = '' or taken_ = $taken)
        and ($last = '' or last_ = $last)
        and ($out = '' or out_ = $out)
        and ($to = '' or to_ = $to)
        and ($failed = '' or failed_ = $failed)
        and ($message = '' or message_ = $message)
        and ($but_source = '' or source_ not in (select unnest(string_split($but_source, chr(31)))))
        and ($but_taken = '' or taken_ not in (select unnest(string_split($but_taken, chr(31)))))
        and ($but_last = '' or last_ not in (select unnest(string_split($but_last, chr(31)))))
        and ($but_out = '' or out_ not in (select unnest(string_split($but_out, chr(31)))))
        and ($but_to = '' or to_ not in (select unnest(string_split($but_to, chr(31)))))
),
-- include: counted_page
select w.message_key, w.first_at, w.source, w.receive_connector, w.server, w.send_connector, w.destination, w.is_failed, m.sender_address, m.message_subject,
    p.times, p.found_count, p.sum_count
from page p join way w on cast(w.rowid as varchar) = p.row_key join message m on m.message_key = w.message_key
order by p.moment desc nulls last, p.row_key
