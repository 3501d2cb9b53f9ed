-- A range of addresses as a connector or a setting writes it (address, a-b, a/n, a(mask)) with its first and last address.
-- A range that cannot be read has no keys.
-- grain: text
-- kind: temp
with written as (
    select r.text as text from receive_connector c cross join unnest(c.remote_ip_ranges) as r(text)
    union
    select network from inventory_setting
),
parts as (
    select text, regexp_extract(text, '^([^-/()]+)', 1) as base,
        nullif(regexp_extract(text, '^[^-/()]+-([^-/()]+)$', 1), '') as upper_end,
        nullif(regexp_extract(text, '^[^-/()]+(?:/|\()([^-/()]*[.:][^-/()]*)\)?$', 1), '') as mask,
        try_cast(nullif(regexp_extract(text, '^[^-/()]+(?:/|\()([0-9]{1,3})\)?$', 1), '') as integer) as bits
    from written
),
located as (
    select p.text, b.address_key as base_key, b.family, u.address_key as upper_key, u.family as upper_family, p.upper_end, p.mask, p.bits,
        case when b.family = 4 then right(m.address_key, 8) else m.address_key end as mask_key
    from parts p join address b on b.text = p.base left join address u on u.text = p.upper_end left join address m on m.text = p.mask
),
measured as (
    select *, case when family = 4 then 96 else 0 end + case when mask_key is not null then
            4 * (length(mask_key) - length(replace(mask_key, 'f', ''))) + 3 * (length(mask_key) - length(replace(mask_key, 'e', '')))
            + 2 * (length(mask_key) - length(replace(mask_key, 'c', ''))) + (length(mask_key) - length(replace(mask_key, '8', '')))
        when mask is not null then null when bits is not null then bits
        when upper_end is null then case when family = 4 then 32 else 128 end end as prefix
    from located
),
cut as (
    select *, cast(floor(prefix / 4) as integer) as whole, cast(power(2, 4 - prefix % 4) as integer) as step_size,
        strpos('0123456789abcdef', substr(base_key, cast(floor(prefix / 4) as integer) + 1, 1)) - 1 as digit
    from measured where prefix between 0 and 128 or upper_end is not null
),
ended as (
    select text, family, case when upper_end is not null then base_key when whole = 32 then base_key
            else left(base_key, whole) || substr('0123456789abcdef', digit - digit % step_size + 1, 1) || repeat('0', 31 - whole) end as first_key,
        case when upper_end is not null then case when upper_family = family or base_key = repeat('0', 32) then upper_key end when whole = 32 then base_key
            else left(base_key, whole) || substr('0123456789abcdef', digit - digit % step_size + step_size, 1) || repeat('f', 31 - whole) end as last_key
    from cut
),
sized as (
    select text, family, first_key, last_key, list_sum(list_transform(range(1, 33), lambda x:
            (strpos('0123456789abcdef', substr(last_key, x, 1)) - strpos('0123456789abcdef', substr(first_key, x, 1))) * power(16.0, 32 - x))) + 1 as address_count
    from ended where last_key >= first_key
)
select text, family, first_key, last_key, cast(address_count as double) as address_count,
    -- private, loopback, link-local, shared and documentation-free: RFC 1918, 3927, 4193, 4291, 6598
    family = 4 and not (left(first_key, 26) = left(last_key, 26) and substr(first_key, 25, 2) in ('0a', '7f')
            or left(first_key, 28) = left(last_key, 28) and substr(first_key, 25, 4) in ('c0a8', 'a9fe')
            or substr(first_key, 25, 3) = 'ac1' and left(first_key, 27) = left(last_key, 27)
            or first_key >= repeat('0', 20) || 'ffff64400000' and last_key <= repeat('0', 20) || 'ffff647fffff')
        or family = 6 and not (left(first_key, 2) = left(last_key, 2) and substr(first_key, 1, 2) in ('fc', 'fd', 'fe') or last_key <= repeat('0', 31) || '1') as has_public
from sized
