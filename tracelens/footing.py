"""What an answer rests on, as text: headers held against the logs, the logs held, where a search looked."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from tracelens.render import plain

Row = Mapping[str, Any]
LOGS = {"message_tracking": "message tracking", "smtp_receive": "SMTP receive", "smtp_send": "SMTP send"}
MOST_SERVERS = 12
BLIND = {
    ("message_tracking", "transport"): "ends inside Exchange (delivered, expanded, dropped), sender and subject",
    ("smtp_receive", "frontend"): "what was refused before acceptance, and clients",
    ("smtp_send", "hub"): "replies of the systems that mail was handed to",
}


def log_name(log: str, services: Iterable[str] = ()) -> str:
    """Gives a log's name as people say it, e.g. `SMTP receive (frontend, hub)`."""
    services = list(services)
    told = ", ".join(service for service in services if service and (service != "transport" or len(services) > 1))
    return LOGS.get(log, log.replace("_", " ")) + (f" ({plain(told)})" if told else "")


def header_lines(rows: Sequence[Row]) -> list[str]:
    """Gives the Received lines of a message with what the logs say of each, the first hand-over first."""
    if not rows:
        return []
    counts = {state: sum(row["state"] == state for row in rows) for state in ("confirmed", "not confirmed", "reported")}
    summary = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
    lines = [f"Headers  {len(rows)} lines, the first hand-over first: {summary}"]
    for row in rows:
        ends = " → ".join(_host(row, side) for side in ("from", "by"))
        logged = f", logged {row['logged_at'].isoformat(' ', 'milliseconds')}" if row["state"] == "confirmed" else ""
        lines.append(f"  {row['hop_number']:>2} {row['state'].upper():<13}  {ends}  {_moment(row['said_at'])}{logged}")
        if row["state"] != "confirmed":
            where = f"{plain(row['path'])}:{row['line']}" if row["path"] else f"line {row['line']}"
            told = f"{plain(row['reason'])} ({where})"
            lines += textwrap.wrap(told, 110, initial_indent=" " * 20, subsequent_indent=" " * 20)
    if counts["not confirmed"]:
        lines.append("  Lines that are not confirmed may be forged: trust the way from the first confirmed line on.")
    return lines


def _host(row: Row, side: str) -> str:
    name, address = row[f"{side}_host"], row[f"{side}_ip"]
    return plain(name or address or "?") + (f" ({plain(address)})" if name and address and address != name else "")


def _moment(value: datetime | None) -> str:
    return f"{value:%Y-%m-%d %H:%M:%S}" if value else "no time"


MADE = {
    "dsn": "report",
    "journal": "journal copy",
    "rule": "copy by an inbox rule",
    "moderation": "request to a moderator",
}


def related_lines(related: Iterable[Row]) -> list[str]:
    """Gives the message that this one was made of, and those that were made of it."""
    lines = []
    for row in related:
        kind, name = MADE.get(row["kind"], "copy"), plain(row["message_id"]) or plain(row["message_key"])
        if row["relation"] == "cause":
            lines.append(f"Made by Exchange  {kind} because of {name} ({row['status']})")
        else:
            lines.append(f"Because of it  {kind} {name} ({row['status']})")
    return lines


def ambiguous_lines(rows: Sequence[Row]) -> list[str]:
    """Gives the joins that were not used because another candidate fits as well."""
    if not rows:
        return []
    lines = [f"Ambiguous  {len(rows)} joins that another candidate fits as well; they are not used"]
    for row in rows:
        ends = (f"{row[f'{side}_kind'].replace('_', ' ')} {plain(row[f'{side}_key'])}" for side in ("from", "to"))
        lines.append(f"  {row['join_name']}  {' ~ '.join(ends)}")
    return lines


def coverage_lines(rows: Sequence[Row]) -> list[str]:
    """Gives what the store holds of the servers on a path, and what it lacks, for the hours of the path."""
    if not rows:
        return []
    first, last = rows[0]["first_hour"], rows[0]["last_hour"]
    hours = f"{first:%Y-%m-%d %H}:00" + (f" to {last:%Y-%m-%d %H}:59" if last != first else " to :59")
    lines = [f"Rests on  the logs of these servers, {hours} UTC"]
    servers = list(dict.fromkeys(row["server"] for row in rows))
    wide = max(len(plain(server)) for server in servers)
    for server in servers:
        own = [row for row in rows if row["server"] == server]
        held, lacking = (_lanes(own, is_held) for is_held in (True, False))
        told = [f"{held or 'nothing'}"] + ([f"not here: {lacking}"] if held and lacking else [])
        for at, text in enumerate(told):
            lead = f"  {plain(server) if not at else '':{wide}}  "
            lines += textwrap.wrap(text, 110, initial_indent=lead, subsequent_indent=" " * len(lead))
    return lines


def _lanes(rows: Sequence[Row], is_held: bool) -> str:
    found: dict[str, list[str]] = {}
    for row in rows:
        if (row["hours_held"] > 0) == is_held:
            part = (
                f" {row['hours_held']} of {row['hours_wanted']} h"
                if 0 < row["hours_held"] < row["hours_wanted"]
                else ""
            )
            why = f": {row['lacking']}" if row["lacking"] and row["hours_held"] < row["hours_wanted"] else ""
            found.setdefault(row["log"], []).append(row["service"] + part + why)
    return "; ".join(log_name(log, services) for log, services in found.items())


def looked_lines(held: Sequence[Row], since: datetime | None = None, until: datetime | None = None) -> list[str]:
    """Gives where a search looked and what it could not see.

    Args:
        held: Rows of the question `holding`.
        since: Begin of the time asked for.
        until: Its end.
    """
    if not held:
        return ["the store holds no rows"]
    first, last = min(row["first_hour"] for row in held), max(row["last_hour"] for row in held)
    lines = [f"the store holds {_hour(first)} to {_hour(last)} UTC; looked at"]
    blind: dict[str, list[str]] = {}
    servers = list(dict.fromkeys(row["server"] for row in held))
    for at, server in enumerate(servers):
        own = [row for row in held if row["server"] == server]
        told: dict[str, list[str]] = {}
        for row in own:
            told.setdefault(row["log"], []).append(row["service"])
        spans = f"{_hour(min(row['first_hour'] for row in own))} to {_hour(max(row['last_hour'] for row in own))}"
        named = "; ".join(log_name(log, services) for log, services in told.items())
        if at < MOST_SERVERS:
            told_here = f"{plain(server)}: {named}, {spans}"
            lines += textwrap.wrap(told_here, 110, initial_indent="  ", subsequent_indent="    ")
        if server != "?" and not set(told) <= {"exo_trace"}:
            for (log, service), what in BLIND.items():
                if not any(row["log"] == log and row["service"] == service for row in own):
                    blind.setdefault(f"no {log_name(log, [service])}, so not {what}", []).append(plain(server))
    if len(servers) > MOST_SERVERS:
        lines.append(f"  and {len(servers) - MOST_SERVERS} more servers")
    if (since and since < first) or (until and until > last.replace(minute=59, second=59)):
        lines.append("the time asked for reaches beyond that")
    lines += [f"could not see: {what}: {', '.join(names[:MOST_SERVERS])}" for what, names in blind.items()]
    lines.append("what it covers hour by hour: tracelens status")
    return lines


def _hour(value: datetime) -> str:
    return f"{value:%Y-%m-%d %H:%M}"
