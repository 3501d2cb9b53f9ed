-- A message that the Submission service handed to a hub, by its own rows.
-- grain: message_key, next_server
-- kind: temp
select message_key, next_server, min(date_time) as date_time, min(client_server) as client_server, min(client_ip) as client_ip,
    min({file_id: file_id, line_number: line_number}) as first_row
from track where event_id = 'SUBMIT' and next_server is not null and next_server <> '' group by message_key, next_server
