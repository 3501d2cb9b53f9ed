-- Lines that could not be read, with their text; those with a text in path, reason or line (all when empty), one page of them.
select r.reason, f.path, r.line_number as line, left(r.text, 2000) as text, count(*) over () as found_count
from reject r left join log_file f on f.file_id = r.file_id
where $text = '' or contains(lower(coalesce(f.path, '')), lower($text)) or contains(lower(r.reason), lower($text)) or contains(lower(r.text), lower($text))
order by f.path, r.line_number
limit $limit offset $offset
