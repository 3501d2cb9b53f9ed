"""Raw rows to events, as SQL: types, endpoints, lists, and which server and service wrote the row.

A raw relation has the vendor's columns as text (`-` → `_`; NULL where empty), `file_id`, `line_number`, and
`known_server`, `known_service`, `is_old` (14 and below have no Front End service) of its file; NULL where the folder
does not say it.
"""

from __future__ import annotations

from collections.abc import Sequence

from tracelens.formats import LogFormat
from tracelens.read import REAL_TIME
from tracelens.schema import TRACKING_EVENT
from tracelens.tracking_export import BY_CLIENT, STATUS

OURS = ("file_id", "line_number", "known_server", "known_service", "is_old")


def column(described: LogFormat, field: str) -> str:
    """Gives the column of a vendor's field; one that would take the name of ours gets a word behind it."""
    name = described.column(field)
    return f"{name}_logged" if name in OURS else name


def events(described: LogFormat, fields: Sequence[str], raw: str, is_known: bool, has_exact_times: bool = False) -> str:
    """Gives the SELECT that turns a raw relation into events.

    Shape: one row per raw row, the columns of the format's table in `tracelens.schema`, unordered.

    Args:
        described: Format of the rows.
        fields: Fields of their header.
        raw: Relation with the raw rows, as SQL.
        is_known: All files of it have a known server and, for SMTP logs, service; these may be of an enum type, which
            is written as text without looking up the word of each row.
        has_exact_times: The guard has seen that each time is one; else each is matched again here.
    """
    names = [column(described, field) for field in fields]
    text = ", ".join(map(quote, names))
    missing = [c.name for c in described.table.columns if c.name not in names and c.name not in OURS]
    empty = "".join(f", cast(null as varchar) as {quote(name)}" for name in missing if not _is_made(name, described))
    base = f"select {text}{empty}, {', '.join(OURS)} from {raw}"
    known = {c.name for c in described.table.columns} | {"local_endpoint", "remote_endpoint"}
    unknown = [name for name in names if name not in known]
    extra = (
        f"cast(to_json({{{', '.join(f'{quote(n)}: {quote(n)}' for n in unknown)}}}) as varchar)" if unknown else "null"
    )
    if described.direction:
        made, source = _smtp(described.direction, base, is_known)
    elif described.table is TRACKING_EVENT:
        made, source = _tracking(base)
    else:
        made, source = {"server": "known_server"}, base
    if is_known:
        made["server"] = "known_server"
    made |= {
        "date_time": "try_cast(date_time as timestamp)"
        if has_exact_times
        else f"case when regexp_full_match(date_time, '{REAL_TIME.pattern}') then try_cast(date_time as timestamp) end",
        "extra": extra,
    }
    columns = ", ".join(
        f"{made[c.name]} as {c.name}"
        if is_known and c.name in ("server", "service", "direction") and c.name in made
        else f"cast({made.get(c.name, quote(c.name))} as {c.type}) as {c.name}"
        if c.type == "VARCHAR[]" or c.name in made
        else f"try_cast({quote(c.name)} as {c.type}) as {c.name}"
        for c in described.table.columns
    )
    return f"select {columns} from ({source})"


def quote(name: str) -> str:
    """Gives a name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def short(name: str) -> str:
    """Gives the SQL of a host's short upper-case name."""
    return f"upper(trim(split_part({name}, '.', 1)))"


def _is_made(name: str, described: LogFormat) -> bool:
    return name in ("server", "extra") or bool(
        described.direction and name in ("service", "direction", "local_ip", "local_port", "remote_ip", "remote_port")
    )


def _near_port(side: str) -> str:
    """Gives the number behind the only colon, as nearly all endpoints are written; it is cheap to find."""
    raw = f"{side}_endpoint"
    is_short = f"contains({raw}, ':') and not contains({raw}, '[') and not contains({raw}, '%')"
    return f"case when {is_short} then try_cast(substr({raw}, instr({raw}, ':') + 1) as integer) end as {side}_near"


def _endpoint(side: str) -> dict[str, str]:
    """Splits address and port at the last colon, next to `_near_port`. Source: formats.md 1.6."""
    raw, near, last = f"{side}_endpoint", f"{side}_near", f"split_part({side}_endpoint, ':', -1)"
    port = f"try_cast({last} as integer)"
    address = f"left({raw}, length({raw}) - length({last}) - 1)"
    return {
        f"{side}_ip": f"case when {near} is not null then left({raw}, instr({raw}, ':') - 1)"
        f" when contains({raw}, ':') and {port} is not null then split_part(trim({address}, '[]'), '%', 1) end",
        f"{side}_port": f"case when {near} is not null then {near} when contains({raw}, ':') then {port} end",
    }


def _smtp(direction: str, base: str, is_known: bool) -> tuple[dict[str, str], str]:
    made = {
        "server": "known_server",
        "service": "known_service",
        "direction": f"cast('{direction}' as enum('receive', 'send'))",
        **_endpoint("local"),
        **_endpoint("remote"),
    }
    base = f"select *, {_near_port('local')}, {_near_port('remote')} from ({base})"
    if is_known:
        return made, base
    # one conversation has one server, even where a masked copy names it differently from row to row
    if direction == "receive":
        prefix = short("split_part(connector_id, chr(92), 1)")
        named = f"case when contains(connector_id, chr(92)) then {prefix} end"
        scope = "file_id, session_id"
    else:
        greeting = "event = '>' and upper(left(data, 5)) in ('EHLO ', 'HELO ')"
        greeted = short("substr(data, 6)")
        named = f"case when {greeting} then {greeted} end"
        scope = "file_id"
    counted = (
        f"select *, {named} as named, count({named}) over (partition by {scope}, {named}) as named_count from ({base})"
    )
    most = f"select *, max(named_count) over (partition by {scope}) as most from ({counted})"
    source = (
        f"select *, min(case when named_count = most then named end) over (partition by {scope}) as guessed_server, "
        f"bool_or(starts_with(coalesce(context, ''), 'Proxying inbound session')) over (partition by file_id) as is_proxying "
        f"from ({most})"
    )
    made["server"] = "coalesce(known_server, guessed_server)"
    made["service"] = f"coalesce(known_service, {_service(direction, made)})"
    return made, source


def _service(direction: str, made: dict[str, str]) -> str:
    """Judges the service by port and connector where the folder does not say it. Source: formats.md 4.1."""
    if direction == "receive":
        port = made["local_port"]
        return (
            "case when contains(lower(coalesce(connector_id, '')), 'default internal receive connector') then 'edge' "
            f"when {port} in (25, 587, 717) then case when is_old then 'hub' else 'frontend' end "
            f"when {port} in (2525, 465) then 'hub' when {port} in (475, 476, 477) then 'delivery' else 'unknown' end"
        )
    port = made["remote_port"]
    return (
        f"case when contains(lower(coalesce(connector_id, '')), 'inbound proxy') or {port} = 465 then 'frontend' "
        f"when {port} = 2525 and is_proxying then 'frontend' when {port} in (475, 717) then 'hub' "
        f"when {port} = 25 or is_old then 'hub' else 'unknown' end"
    )


def _tracking(base: str) -> tuple[dict[str, str], str]:
    client, server = short("client_hostname"), short("server_hostname")
    by_client = ", ".join(f"'{name}'" for name in sorted(BY_CLIENT))
    nmid = "lower(network_message_id)"
    recipients = "list_filter(string_split(coalesce(recipient_address, ''), ';'), lambda x: x <> '')"
    parts = "string_split(recipient_status, ';')"
    tokens = f"regexp_extract_all(recipient_status, '{STATUS.pattern}', 1)"
    coded = "string_split(regexp_replace(recipient_status, ';([245][0-9][0-9][ -])', chr(1) || '\\1', 'g'), chr(1))"
    made = {
        "server": f"coalesce(known_server, case when upper(event_id) in ({by_client}) then coalesce({client}, {server}) "
        f"else coalesce({server}, {client}) end)",
        "event_id": "upper(event_id)",
        "message_id": "trim(message_id)",
        # one document writes the id without dashes
        "network_message_id": f"case when length({nmid}) = 32 then regexp_replace({nmid}, "
        f"'^([0-9a-f]{{8}})([0-9a-f]{{4}})([0-9a-f]{{4}})([0-9a-f]{{4}})([0-9a-f]{{12}})$', '\\1-\\2-\\3-\\4-\\5') else {nmid} end",
        "recipient_address": recipients,
        "recipient_status": f"case when recipient_status is null then [] "
        f"when len({recipients}) = 0 then [recipient_status] "
        f"when not contains(recipient_status, '[') and len({parts}) = len({recipients}) then {parts} "
        # a bracket that is not closed would leave out a part
        f"when len({tokens}) = len({recipients}) and array_to_string({tokens}, ';') = recipient_status then {tokens} "
        # a text may have a semicolon of its own: each begins with its code
        f"when len({coded}) = len({recipients}) then {coded} "
        f"else list_transform({recipients}, lambda x: recipient_status) end",
    }
    return made, base
