-- The first envelope command of a transaction, with the answers due before it and those that had come by then.
-- grain: session_number, transaction_number
-- kind: part
-- by: conversation
select session_number, transaction_number,
    min({step: step_number, due: answers_due - case when is_body and length(data) = 4 then 2 else 1 end, here: answers_here}) as place
from step where is_mail or is_rcpt or is_body group by session_number, transaction_number
