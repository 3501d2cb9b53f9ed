"""Results as text a tired administrator can read: a path, a conversation, findings, the account of an ingest."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from tracelens.agreement import count
from tracelens.delay import bounded, duration, took, waited
from tracelens.footing import ambiguous_lines, coverage_lines, header_lines, related_lines
from tracelens.query import Path
from tracelens.render import cell, plain, side_by_side

Row = Mapping[str, Any]


def size(count: float) -> str:
    """Gives bytes as a short text, e.g. `1.5 MB`."""
    for unit in ("B", "KB", "MB", "GB"):
        if count < 1000 or unit == "GB":
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.3g} {unit}"
        count /= 1000
    return ""


def place(hop: Row, side: str) -> str:
    """Gives one end of a hop: server and service, or the address, with the port of the receiving end."""
    server, service, address = hop[f"{side}_server"], hop[f"{side}_service"], hop[f"{side}_ip"]
    name = f"{server} {service or ''}".strip() if server else str(address or "?")
    port = hop["to_port"] if side == "to" else None
    if not port:
        return plain(name)
    return plain(f"[{name}]:{port}" if ":" in name else f"{name}:{port}")


def moment(value: datetime | None) -> str:
    """Gives a UTC time to the millisecond."""
    return value.isoformat(" ", "milliseconds") if value else "unknown"


def path_text(path: Path, again: str) -> str:
    """Gives a message's path as a tree with recipients and gaps.

    Args:
        path: The path.
        again: The command that shows the raw lines.
    """
    m = path.message
    lines = [
        f"Message  {plain(m['message_id']) or '(no message-id)'}",
        f"  from     {plain(m['sender_address']) or '<>'}",
        f"  subject  {plain(m['message_subject']) or '(not in the logs)'}",
        f"  seen     {moment(m['first_at'])} to {moment(m['last_at'])} UTC",
        f"  status   {m['status']}"
        + (f" {_total(m)}" if m["total_ms"] is not None else "")
        + (f", {size(m['message_bytes'])}" if m["message_bytes"] else "")
        + (" (health probe)" if m["is_noise"] else ""),
        f"  origin   {m['origin_class']} {plain(m['origin_ip'])}".rstrip(),
        "",
        f"Path  {len(path.hops)} hops, times in UTC" if path.hops else "Path  no hand-over is in the logs",
    ]
    children: dict[str | None, list[Row]] = {}
    keys = {hop["hop_key"] for hop in path.hops}
    for hop in path.hops:
        parent = hop["parent_hop_key"] if hop["parent_hop_key"] in keys else None
        children.setdefault(parent, []).append(hop)
    gaps: dict[int | None, list[Row]] = {}
    for gap in path.gaps:
        gaps.setdefault(gap["after_hop"], []).append(gap)

    confirmed = {row["hop_key"] for row in path.headers if row["state"] == "confirmed"}

    def grow(parent: str | None, lead: str) -> None:
        below = children.get(parent, [])
        for at, hop in enumerate(below):
            is_last = at == len(below) - 1
            here, under = ("", "") if parent is None else (("└─ ", "   ") if is_last else ("├─ ", "│  "))
            first, *rest = _hop_lines(hop, gaps.get(hop["hop_number"], []), hop["hop_key"] in confirmed)
            more = "│ " if children.get(hop["hop_key"]) else "  "
            lines.append(lead + here + first)
            lines.extend(lead + under + more + line for line in rest)
            grow(hop["hop_key"], lead + under)

    grow(None, "  ")
    lines += ["", f"Recipients  {len(path.legs)}"]
    wide = max([len(plain(leg["recipient_address"])) for leg in path.legs], default=0)
    for leg in path.legs:
        told = plain(leg["reason_text"])
        lines.append(
            f"  {plain(leg['recipient_address']):{wide}}  {leg['status']:<11}  {moment(leg['final_at'])}"
            + (f"  {leg['basis']}" if leg["basis"] != "observed" else "")
            + (f"  {_total(leg)}" if leg["total_ms"] is not None else "")
        )
        for text in (told, _deferred(leg)):
            lines += textwrap.wrap(text, 110, initial_indent="      ", subsequent_indent="      ")
    loose = gaps.get(None, [])
    if path.gaps:
        lines += ["", f"Gaps  {len(path.gaps)} (missing protocol logs are normal and no fault)"]
        lines += [f"  {_gap(gap)}" for gap in loose] if loose else []
    for block in (
        related_lines(path.related),
        header_lines(path.headers),
        ambiguous_lines(path.ambiguous),
        coverage_lines(path.coverage),
    ):
        lines += ["", *block] if block else []
    if path.rows:
        lines += ["", f"Log rows  {len(path.rows)}"]
        lines += [_row(row) for row in path.rows]
    else:
        lines += ["", f"Raw lines: {again}"]
    return "\n".join(lines) + "\n"


def _total(row: Row) -> str:
    """Gives how long it took from the first row on."""
    told = bounded(row["total_ms"], row["total_bound_ms"])
    return told if told.startswith("within") else f"after {told}"


def _deferred(leg: Row) -> str:
    """Gives how often a recipient was put off before it ended, and why."""
    if not leg["deferral_count"] or (leg["status"] == "deferred" and leg["deferral_count"] == 1):
        return ""
    first, last, text = leg["first_deferral_at"], leg["last_deferral_at"], plain(leg["deferral_text"])
    told = f"deferred {count(leg['deferral_count'], 'time')}, {moment(first)}"
    told += f" to {moment(last)}" if last != first else ""
    return told + (f": {text}" if text and text != plain(leg["reason_text"]) else "")


def _hop_lines(hop: Row, gaps: Iterable[Row], is_in_headers: bool) -> list[str]:
    start = hop["started_at"]
    lines = [
        f"{hop['hop_number']} {hop['kind']:<8} {place(hop, 'from')} → {place(hop, 'to')}"
        f"   {hop['outcome']}, {hop['basis']}{', in the headers too' if is_in_headers else ''}"
    ]
    precision = "seconds" if hop["basis"] == "reported" and start and not start.microsecond else "milliseconds"
    times = f"{start.time().isoformat(precision)}" if start else "time unknown"
    times += f", took {took(hop)}" if took(hop) else ""
    times += f", waited {waited(hop)} before" if waited(hop) else ""
    facts = [times]
    facts += [plain(hop["tls_version"])] if hop["tls_version"] else []
    facts += [f"user {plain(hop['auth_user'])}"] if hop["auth_user"] else []
    lines.append("  " + " · ".join(facts))
    connectors = [plain(hop[name]) for name in ("send_connector", "receive_connector") if hop[name]]
    if connectors:
        lines.append("  connector " + " → ".join(connectors))
    if hop["reply_text"]:
        lines += textwrap.wrap(plain(hop["reply_text"]), 110, initial_indent="  reply ", subsequent_indent="        ")
    lines += [f"  gap: {_gap(gap)}" for gap in gaps]
    return lines


def _gap(gap: Row) -> str:
    hour = gap["hour"].isoformat(" ", "minutes") if gap["hour"] else "unknown hour"
    return f"{plain(gap['server'])} {gap['service']} {gap['log'].replace('_', ' ')}, {hour}: {gap['reason']}"


def _row(row: Row) -> str:
    hop = f"hop {row['hop']}" if row["hop"] else "end  "
    said = "  ".join(plain(row[name]) for name in ("log", "event", "text"))
    return f"  {hop}  {moment(row['date_time'])}  {said}\n    {plain(row['path'])}:{row['line']}"


def conversation_text(session: Row, rows: Iterable[Row], silence_ms: int) -> str:
    """Gives a conversation with its silences marked."""
    s = session
    lines = [
        f"Session  {plain(s['session_key'])}",
        f"  {plain(s['server'])} {s['service']} {s['direction']}, connector {plain(s['connector_id'])}",
        f"  local {s['local_ip']}:{s['local_port']}, remote {s['remote_ip']}:{s['remote_port']}",
        f"  {moment(s['opened_at'])} to {moment(s['closed_at'])} UTC, {s['event_count']} rows"
        + ("" if s["is_complete"] else ", not whole: connect or disconnect is missing"),
        f"  HELO {plain(s['helo_name']) or '-'}, TLS {s['tls_version'] or 'none'}"
        f", logon {plain(s['auth_user']) or 'none'} ({s['auth_failure_count']} failed)",
        f"  recipients {s['accepted_count']} accepted, {s['refused_count']} refused",
        f"  closed: {plain(s['close_reason']) or 'unknown'}; longest silence {duration(s['longest_silence_ms'])}",
        "",
    ]
    for row in rows:
        if row["silence_ms"] is not None and row["silence_ms"] >= silence_ms:
            lines.append(
                f"  ......  silence of {duration(row['silence_ms'])}: waited for {row['waited_for']}"
                f" after {plain(row['waited_command'])}"
            )
        said = " | ".join(plain(row[name]) for name in ("data", "context") if row[name])
        lines.append(f"  {row['date_time'].time().isoformat('milliseconds')} {row['event']} {said}")
    return "\n".join(lines) + "\n"


def finding_text(findings: Iterable[Row], unanswered: Iterable[Row]) -> str:
    """Gives findings, the worst first, then what could not be asked."""
    lines = []
    for row in findings:
        lines.append(f"{row['severity'].upper():<8}  {plain(row['title'])}")
        lines += textwrap.wrap(plain(row["summary"]), 110, initial_indent="  ", subsequent_indent="  ")
        lines.append(
            f"  {count(row['hit_count'], 'hit')}"
            + (f", {cell(row['first_at'])} to {cell(row['last_at'])} UTC" if row["first_at"] else "")
            + ";"
            f" rule {row['rule_id']}, finding {row['finding_key']}"
        )
        for part in plain(row["advice"]).split(" Then: "):
            lead = "  " if part.startswith("First") else "  Then: "
            lines += textwrap.wrap(
                lead.strip() + " " + part if lead != "  " else part, 110, initial_indent="  ", subsequent_indent="    "
            )
        lines.append("")
    if not lines:
        lines = ["No findings from the rules that could be evaluated.", ""]
    missing = list(unanswered)
    if missing:
        lines.append(f"Not evaluated, as logs are missing: {len(missing)} rules")
        lines += [f"  {row['rule_id']}: needs {row['missing']}" for row in missing]
    return "\n".join(lines).rstrip() + "\n"


def incident_text(incidents: Iterable[Row], evidence: Iterable[Row]) -> str:
    """Gives incidents, the worst first: each a story of five lines with the raw rows it stands on."""
    places: dict[str, list[str]] = {}
    for row in evidence:
        places.setdefault(row["incident_key"], []).append(f"{plain(row['path'])}:{row['line_number']}")
    lines = []
    for row in incidents:
        lines.append(f"{row['severity'].upper():<8}  {row['kind']}: {plain(row['title'])}")
        for part in row["story"].split("\n"):
            lines += textwrap.wrap(plain(part), 110, initial_indent="  ", subsequent_indent="    ")
        lines += [f"  Evidence: {place}" for place in places.get(row["incident_key"], [])[:4]]
        lines += [f"  {count(row['finding_count'], 'finding')}; incident {row['incident_key']}", ""]
    return "\n".join(lines or ["No incidents from the rules that could be evaluated."]).rstrip() + "\n"


def account_text(
    kinds: Iterable[Row], skipped: list[tuple[str, str]], failed: list[tuple[str, str]], verbose: bool
) -> str:
    """Gives the closing account: lines per log kind, what they became, and what was not read."""
    names = {
        "format": "log", "files": "files", "size_bytes": "bytes", "line_count": "lines", "header_count": "headers",
        "event_count": "events", "reject_count": "rejects", "blank_count": "blank", "pending_count": "pending",
        "continuation_count": "continued",
    }  # fmt: skip
    kinds = list(kinds)
    rows = [{label: row[name] for name, label in names.items()} for row in kinds]
    lines = []
    if rows:
        labels = list(names.values())
        cells = [[row[label] for label in labels] for row in rows]
        lines = side_by_side(labels, cells, [label != "log" for label in labels]).splitlines()
        left = sum(
            r["lines"] - sum(r[k] for k in ("headers", "events", "rejects", "blank", "pending", "continued"))
            for r in rows
        )
        lines.append(
            f"Every line is accounted for: lines - headers - events - rejects - blank - pending - continued = {left}"
        )
        for name, said in (("repeated_count", "stand in two files and count once"), ("pruned_count", "were pruned")):
            number = sum(row.get(name) or 0 for row in kinds)
            lines += [f"{number:,} events {said}"] if number else []
    return "".join(f"{line}\n" for line in lines) + left_out_text(skipped, failed, verbose)


def left_out_text(skipped: list[tuple[str, str]], failed: list[tuple[str, str]], verbose: bool) -> str:
    """Gives what was not read, and why; of many skipped files the first, unless it is to be verbose."""
    lines = []
    for title, entries in (("Skipped", skipped), ("Failed", failed)):
        if entries:
            lines.append(f"{title}: {count(len(entries), 'file')}")
            shown = entries if verbose or title == "Failed" else entries[:5]
            lines += [f"  {plain(name)}: {plain(reason)}" for name, reason in shown]
            if len(shown) < len(entries):
                lines.append(f"  and {len(entries) - len(shown)} more (--verbose lists all)")
    return "".join(f"{line}\n" for line in lines)
