"""Groups findings into incidents: what shares an address, an account, a connector or a server at one time is one story.

Source of the order: signatures.md 4, "Design notes for the engine".
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tracelens.agreement import count
from tracelens.kinship import WINDOW, Kinship
from tracelens.rulebook import KINDS, SEVERITIES, Rule
from tracelens.schema import INCIDENT, INCIDENT_FINDING
from tracelens.store import fill_table

Row = Mapping[str, Any]


@dataclass
class Estate:
    """What the store knows of the places that findings name.

    Attributes:
        servers: Our servers by address.
        last_at: Newest event; None in a store without any.
        messages: Messages that the evidence of a finding belongs to, by finding_key.
    """

    servers: Mapping[str, str] = field(default_factory=dict)
    last_at: datetime | None = None
    messages: Mapping[str, set[str]] = field(default_factory=dict)


def group(con: Any, rules: Sequence[Rule], findings: Sequence[Row]) -> None:
    """Makes `incident` and `incident_finding` from the findings of a build.

    Args:
        con: Open DuckDB connection that has the models and `finding`.
        rules: Rules the findings come from.
        findings: Rows of `finding`.
    """
    servers = dict(
        con.execute(
            "select network, coalesce(min(server), network) from inventory where role in ('server', 'loadbalancer')"
            " group by network"
        ).fetchall()
    )
    last = con.execute("select max(last_at) from log_file").fetchall()[0][0]
    messages: dict[str, set[str]] = {}
    for key, message in con.execute("""
        with place as (select finding_key, unnest(evidence, recursive := true) from finding)
        select distinct p.finding_key, r.message_key
        from place p join reply r on r.file_id = p.file_id and r.line_number = p.line_number
        where r.message_key is not null""").fetchall():
        messages.setdefault(key, set()).add(message)
    incidents, members = grouped(rules, findings, Estate(servers, last, messages))
    fill_table(con, INCIDENT, incidents)
    fill_table(con, INCIDENT_FINDING, members)


def grouped(
    rules: Sequence[Rule], findings: Sequence[Row], estate: Estate
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Gives the rows of `incident` and `incident_finding`; each finding is in one incident, the most telling first."""
    kinds = {rule.id: rule.kind for rule in rules}
    ordered = sorted(findings, key=lambda row: _rank(row, kinds))
    chief = {row["finding_key"]: row["finding_key"] for row in ordered}

    def head(key: str) -> str:
        while chief[key] != key:
            chief[key] = chief[chief[key]]
            key = chief[key]
        return key

    loud = [row for row in ordered if row["severity"] != "info"]
    kinship = Kinship(loud, estate.servers)
    for one, other in kinship.pairs():
        first, second = head(loud[one]["finding_key"]), head(loud[other]["finding_key"])
        chief[second] = first
    for row in ordered:  # what is worth knowing only joins one story, and joins no two
        if row["severity"] == "info":
            near = kinship.nearest(row)
            chief[row["finding_key"]] = row["finding_key"] if near is None else head(loud[near]["finding_key"])
    members: dict[str, list[Row]] = {}
    for row in ordered:
        members.setdefault(head(row["finding_key"]), []).append(row)
    incidents = [_incident(rows, kinds, estate) for rows in members.values()]
    incidents.sort(key=lambda row: (-SEVERITIES.index(row["severity"]), KINDS.index(row["kind"]), row["incident_key"]))
    listed = [
        {"incident_key": _key(rows[0]), "finding_key": row["finding_key"], "position": place}
        for rows in members.values()
        for place, row in enumerate(rows, 1)
    ]
    return incidents, sorted(listed, key=lambda row: (row["incident_key"], row["position"]))


def _rank(row: Row, kinds: Mapping[str, str]) -> tuple[Any, ...]:
    return (
        KINDS.index(_kind(row, kinds)), -SEVERITIES.index(row["severity"]), -row["hit_count"],
        row["first_at"] or datetime.max, row["finding_key"],
    )  # fmt: skip


def _kind(row: Row, kinds: Mapping[str, str]) -> str:
    return "inventory" if row["severity"] == "info" else kinds.get(row["rule_id"], "misconfiguration")


def _key(leader: Row) -> str:
    return hashlib.blake2b(f"incident|{leader['finding_key']}".encode(), digest_size=8).hexdigest()


def _incident(rows: Sequence[Row], kinds: Mapping[str, str], estate: Estate) -> dict[str, Any]:
    leader = rows[0]
    first = min((row["first_at"] for row in rows if row["first_at"]), default=None)
    last = max((row["last_at"] or row["first_at"] for row in rows if row["first_at"]), default=None)
    messages = {row["message_key"] for row in rows if row["message_key"]}
    messages |= {key for row in rows for key in estate.messages.get(row["finding_key"], ())}
    found: dict[str, Any] = {
        "incident_key": _key(leader),
        "kind": _kind(leader, kinds),
        "class": leader["class"],
        "severity": max((row["severity"] for row in rows), key=SEVERITIES.index),
        "title": leader["title"],
        **{name: leader[name] or _single(rows, name) for name in ("server", "connector_id", "remote_ip", "account")},
        "first_at": first,
        "last_at": last,
        "finding_count": len(rows),
        "message_count": len(messages),
    }
    return {**found, "story": "\n".join(_story(found, rows, messages, estate))}


def _single(rows: Sequence[Row], name: str) -> str | None:
    values = {row[name] for row in rows if row[name]}
    return str(values.pop()) if len(values) == 1 else None


def _story(found: Row, rows: Sequence[Row], messages: set[str], estate: Estate) -> list[str]:
    """Gives five lines: what, when, to whom, what else, what to do."""
    leader = rows[0]
    first_out, _, do = str(leader["advice"]).partition(" Then: ")
    return [
        f"What: {leader['title']}. {_line(leader['summary'])}",
        f"When: {_times(found['first_at'], found['last_at'], estate.last_at)}, {count(leader['hit_count'], 'time')}.",
        f"Whom: {_whom(rows, messages)}.",
        f"With it: {_beside(rows[1:])}.",
        f"Do: {do or first_out} {first_out if do else ''}".rstrip(),
    ]


def _line(text: str) -> str:
    return " ".join(text.split())


def _times(first: datetime | None, last: datetime | None, newest: datetime | None) -> str:
    if first is None or last is None:
        return "the logs give no time"
    told = f"{first:%Y-%m-%d %H:%M:%S} to {last:%Y-%m-%d %H:%M:%S} UTC"
    if newest and newest - last <= WINDOW:
        return f"{told}, still there when the logs end"
    return f"{told}, not seen since"


def _whom(rows: Sequence[Row], messages: set[str]) -> str:
    told = []
    for name, word in (("server", "server"), ("remote_ip", "address"), ("account", "account")):
        values = list(dict.fromkeys(str(row[name]) for row in rows if row[name]))
        if values:
            more = f" and {len(values) - 3} more" if len(values) > 3 else ""
            told.append(f"{word} {', '.join(values[:3])}{more}")
    told.append(f"{count(len(messages), 'message')} in the evidence" if messages else "no message in the evidence")
    return "; ".join(told)


def _beside(rows: Sequence[Row]) -> str:
    if not rows:
        return "nothing else at that time and place"
    counts: dict[str, int] = {}
    for row in rows:
        counts[row["title"]] = counts.get(row["title"], 0) + row["hit_count"]
    told = [f"{title} ({count(number, 'time')})" for title, number in list(counts.items())[:4]]
    return ", ".join(told) + (f" and {len(counts) - 4} more" if len(counts) > 4 else "")


def account_of(rule: Rule, row: Row) -> str | None:
    """Gives the account that a finding is about: name without domain, lower case."""
    about = row.get("auth_user") or row.get("subject") if rule.finds in ("account", "sender", "mailbox") else None
    name = row.get("account") or about
    return str(name).rpartition("\\")[2].partition("@")[0].lower() or None if name else None
