-- An IP address as some log, connector or setting writes it, with a text that sorts and compares: its 128 bits as 32 hex digits.
-- IPv4 stands as ::ffff:a.b.c.d, so an IPv4-mapped address is the IPv4 address; zone ids (%12) and brackets count for nothing.
-- grain: text
-- kind: temp
with written as (
    select remote_ip as text from seen_address where remote_ip is not null
    union
    select local_ip from seen_address where local_ip is not null
    union
    select regexp_extract(b.binding, '^(.+):[0-9]+$', 1) from receive_connector c cross join unnest(c.bindings) as b(binding)
    union
    select unnest(regexp_split_to_array(r.text, '[-/()]')) from receive_connector c cross join unnest(c.remote_ip_ranges) as r(text)
    union
    select unnest(regexp_split_to_array(network, '[-/()]')) from inventory_setting
    union
    select h.host from send_connector c cross join unnest(c.smart_hosts) as h(host)
),
cleaned as (
    select text, split_part(lower(replace(replace(trim(text), '[', ''), ']', '')), '%', 1) as clean from written where text <> ''
),
dotted as (
    select text, clean, regexp_extract(clean, '(^|:)([0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3})$', 2) as quad from cleaned
),
bytes as (
    select text, clean, quad, list_transform(string_split(nullif(quad, ''), '.'), lambda x: cast(x as integer)) as numbers from dotted
),
hexed as (
    select text, clean, quad, array_to_string(list_transform(numbers, lambda x: substr('0123456789abcdef', cast(floor(x / 16) as integer) + 1, 1) || substr('0123456789abcdef', x % 16 + 1, 1)), '') as low
    from bytes where quad = '' or len(list_filter(numbers, lambda x: x > 255)) = 0
),
spelled as (
    select text, clean, quad, low,
        case when quad = '' then clean else left(clean, length(clean) - length(quad)) || left(low, 4) || ':' || right(low, 4) end as groups
    from hexed
),
grouped as (
    select text, quad, clean, low, groups, contains(groups, '::') as has_gap,
        array_to_string(list_transform(list_filter(string_split(split_part(groups, '::', 1), ':'), lambda x: x <> ''), lambda x: lpad(x, 4, '0')), '') as head,
        array_to_string(list_transform(list_filter(string_split(split_part(groups, '::', 2), ':'), lambda x: x <> ''), lambda x: lpad(x, 4, '0')), '') as tail
    from spelled where clean = quad or regexp_matches(groups, '^([0-9a-f]{1,4}:)*([0-9a-f]{1,4})?(::)?([0-9a-f]{1,4}:)*([0-9a-f]{1,4})?$') and contains(groups, ':')
),
keyed as (
    select text, case when clean = quad then '00000000000000000000ffff' || low
        when has_gap then rpad(head, 32 - cast(length(tail) as integer), '0') || tail else head end as address_key
    from grouped where clean = quad or length(head) + length(tail) <= 32
)
select text, address_key, case when starts_with(address_key, '00000000000000000000ffff') then 4 else 6 end as family
from keyed where regexp_matches(address_key, '^[0-9a-f]{32}$')
