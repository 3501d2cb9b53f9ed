-- Servers of which the store holds rows.
select distinct server from coverage where server is not null order by server
