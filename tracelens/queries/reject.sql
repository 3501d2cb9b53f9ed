-- Lines that could not be read.
select f.path, r.line_number as line, r.reason, r.text from reject r join log_file f on f.file_id = r.file_id order by f.path, r.line_number limit $limit
