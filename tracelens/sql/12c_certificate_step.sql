-- A protocol row that tells of a certificate: who showed it, or one of its fields.
-- grain: file_id, line_number
-- kind: temp
-- by: conversation
select session_number, step_number, date_time, data, context, file_id, line_number,
    case when starts_with(context, 'Sending certificate') then 'own'
        when starts_with(context, 'Received certificate') or starts_with(context, 'Remote certificate') then 'peer' end as opens
from step where event = '*' and contains(context, 'ertificate') and not contains(context, 'chain validation')
