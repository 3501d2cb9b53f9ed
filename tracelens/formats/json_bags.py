"""Objects of ConvertTo-Json as bags of properties, each value as Format-List would show it.

Source: Microsoft Learn, ConvertTo-Json (`-Depth`: what lies deeper becomes one text, `-EnumsAsStrings`: else numbers);
formats.md 5.3 (bindings, ranges, address spaces). Windows PowerShell wraps a list as `{"value": […], "Count": n}`, a
remote enumeration as `{"value": 1, "Value": "Verbose"}` and a time as `{"value": "/Date(…)/", "DateTime": …}`.
"""

from __future__ import annotations

import json
import re
from typing import Any

from tracelens.formats.bags import PROMPT, Bag, Listing, physical
from tracelens.formats.exo_time import dated
from tracelens.formats.json_objects import read_objects

OPENS = re.compile(r'\ufeff?\s*(?:(?:\[PS\]|PS |WARNING:)[^\n]*\n\s*){0,9}(?:\[\s*)?\{\s*"')
KEY = re.compile(r'"([A-Za-z]\w{1,80})"\s*:')
CONNECTOR = re.compile(r"CN=([^,]+),CN=SMTP Receive Connectors,CN=Protocols,CN=([^,]+),")
FLAT = re.compile(r"@\{(.*?)\}(?=\s*(?:@\{|$))", re.S)
PAIR = re.compile(r"(\w+)=([^;]*)(?:; |$)")


def begins(head: str) -> bool:
    """Tells whether a text is JSON, below what PowerShell may have written above it."""
    return bool(OPENS.match(head))


def keys(head: str) -> set[str]:
    """Gives the names of all properties, in lower case."""
    return {name.lower() for name in KEY.findall(head)}


def read_json(text: str) -> Listing:
    """Reads objects one after the other; a broken one costs the lines it stands on."""
    read = read_objects(text, lambda held: held if isinstance(held, dict) and held else None, "is no object")
    listing = Listing([], read.kinds, read.rejects, read.assumed)
    for number, line in enumerate(physical(text)[:20], 1):
        if number in read.rejects and (PROMPT.match(line) or line.startswith("WARNING:")):
            listing.lines[number - 1] = "h"
            del listing.rejects[number]
    for number, held in read.rows:
        until = number
        while until < len(read.kinds) and read.kinds[until] == "c":
            until += 1
        values = {name: shown(value) for name, value in held.items()}
        listing.bags.append(Bag(number, values, line_count=until - number + 1))
    return listing


def shown(value: Any) -> str | list[str] | None:
    """Gives a value as text, or a list as its texts."""
    value = unwrapped(value)
    if isinstance(value, list):
        return [text for part in value for text in _texts(shown(part))]
    if isinstance(value, str):
        found = FLAT.findall(value) if value.startswith("@{") else []
        flat = [_object(dict(PAIR.findall(part))) for part in found]
        return flat if len(flat) > 1 else flat[0] if flat else value
    if isinstance(value, dict):
        return _object(value)
    return None if value is None else str(value)


def unwrapped(value: Any) -> Any:
    """Gives a time or a list without what Windows PowerShell wraps around it."""
    value = dated(value)
    is_list = isinstance(value, dict) and isinstance(value.get("value"), list) and value.keys() <= {"value", "Count"}
    return value["value"] if is_list else value


def _texts(held: str | list[str] | None) -> list[str]:
    return held if isinstance(held, list) else [] if held is None else [held]


def _object(held: dict[str, Any]) -> str:
    """Gives an object as its own ToString writes it, as far as it is known; else as JSON."""
    if isinstance(held.get("Value"), str) and not isinstance(held.get("value"), list | dict):
        return str(held["Value"])
    for name in ("Expression", "IPAddressToString", "HostnameString", "RawIdentity"):
        if held.get(name):
            return str(held[name])
    address = shown(held.get("Address"))
    if "Port" in held and isinstance(address, str):
        return f"[{address}]:{held['Port']}" if ":" in address else f"{address}:{held['Port']}"
    if "Cost" in held and isinstance(address, str):
        return f"{held.get('Type') or 'SMTP'}:{address};{held['Cost']}"
    if "IsIPAddress" in held and _is_true(held["IsIPAddress"]):
        return f"[{address}]"
    if "IsPresent" in held:
        return str(_is_true(held["IsPresent"]))
    if "IsUnlimited" in held:
        size = shown(held.get("Value"))
        return "Unlimited" if _is_true(held["IsUnlimited"]) else size if isinstance(size, str) else json.dumps(held)
    if isinstance(held.get("Ticks"), int) and "TotalSeconds" in held:
        return _span(held["Ticks"])
    if connector := CONNECTOR.search(str(held.get("DistinguishedName") or "")):
        return f"{connector[2]}\\{connector[1]}"
    if held.keys() >= {"Server", "RowId"}:
        return f"{held['Server']}\\{held['RowId']}"
    if held.keys() >= {"Major", "Minor", "Build", "Revision"}:
        return "Version {Major}.{Minor} (Build {Build}.{Revision})".format_map(held)
    for part in (address, shown(held.get("Domain")), held.get("Name")):
        if isinstance(part, str) and part:
            return part
    return json.dumps(held, ensure_ascii=False)


def _span(ticks: int) -> str:
    """Gives a TimeSpan as it is shown: `[d.]hh:mm:ss[.fffffff]`."""
    seconds, fraction = divmod(abs(ticks), 10_000_000)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    clock = f"{hour:02}:{minute:02}:{second:02}" + (f".{fraction:07}" if fraction else "")
    return f"{'-' if ticks < 0 else ''}{f'{days}.' if days else ''}{clock}"


def _is_true(value: Any) -> bool:
    return str(value).lower() == "true"
