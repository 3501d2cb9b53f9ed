-- The segments that hold the rows of some log files.
select distinct table_name, path, (select count(*) from duplicate) > 0 as has_duplicates from segment where file_id in (select unnest($files)) order by path
