    select distinct e.file_id, e.line_number from hop h, lateral (select unnest(h.evidence, recursive := true)) e(file_id, line_number)
    where list_contains($messages, h.message_key)
    union
    select e.file_id, e.line_number from leg g, lateral (select unnest(g.evidence, recursive := true)) e(file_id, line_number)
    where list_contains($messages, g.message_key)
    union
    select e.file_id, e.line_number from finding f, lateral (select unnest(f.evidence, recursive := true)) e(file_id, line_number)
    where list_contains($findings, f.finding_key)
