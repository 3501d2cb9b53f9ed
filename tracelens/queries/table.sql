-- Tables and columns of the store.
select table_name, column_name, data_type from information_schema.columns
where table_schema = 'main' and table_catalog not in ('temp', 'memory') and ($table = '' or table_name = $table) order by table_name, ordinal_position
