-- An address in the logs to which `[[inventory]]` in tracelens.toml gives a role; the smallest network that holds it wins.
-- grain: address
-- kind: temp
select a.text as address, min({size: n.address_count, network: n.text, role: s.role, server: s.server, site: s.site}).role as role,
    min({size: n.address_count, network: n.text, role: s.role, server: s.server, site: s.site}).server as server,
    min({size: n.address_count, network: n.text, role: s.role, server: s.server, site: s.site}).site as site,
    min({size: n.address_count, network: n.text, role: s.role, server: s.server, site: s.site}).network as range_text
from inventory_setting s join network n on n.text = s.network
join address a on a.family = n.family and a.address_key between n.first_key and n.last_key
group by a.text
