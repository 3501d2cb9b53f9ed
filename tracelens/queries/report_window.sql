-- First hour and end of the rows that the store holds of a server (of all when empty).
select min(hour) as since, max(hour) + interval 1 hour as until from coverage where state = 'covered' and ( $server = '' or server = $server)
