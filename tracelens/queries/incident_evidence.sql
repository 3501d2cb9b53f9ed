-- Raw rows that incidents stand on: the first rows of each of their three most telling findings.
with place as (
    select i.incident_key, i.position, unnest(f.evidence[1:2], recursive := true)
    from incident_finding i join finding f on f.finding_key = i.finding_key where i.position <= 3
)
select p.incident_key, p.position, l.path, p.line_number from place p join log_file l on l.file_id = p.file_id
order by p.incident_key, p.position, l.path, p.line_number
