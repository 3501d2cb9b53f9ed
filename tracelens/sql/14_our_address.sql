-- An address of a server of ours.
-- grain: ip
-- kind: temp
select network as ip, min(server) as server from inventory where server is not null group by network
