-- Days of which the store holds rows that show who hands mail in.
select distinct cast(hour as date) as day from coverage
where state = 'covered' and hour >= date_trunc('hour', $since) and hour < $until and ($server = '' or server = $server)
    and (log = 'smtp_receive' and service in ('frontend', 'hub', 'edge', 'unknown') or log = 'message_tracking')
order by day
