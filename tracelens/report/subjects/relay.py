"""Who relays: one card per client with what a migration needs, and which target fits."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from tracelens.agreement import count
from tracelens.report.parts import Figure, Report, Section, listed, over_time, wide
from tracelens.report.rhythm import rhythm
from tracelens.report.scope import Scope
from tracelens.report.shown import number
from tracelens.report.target import target

if TYPE_CHECKING:
    import polars as pl

LOGS = ("smtp_receive", "message_tracking")
UNKNOWN = (
    "Which domains are yours is not known: no delivery is in the logs, and no Get-AcceptedDomain. Every recipient"
    " counts as outside here, so mail that came in cannot be told from relaying."
)
ORDER = ("taken", "refused")
SHAPE = (
    "client", "target", "reason", "messages", "inside", "outside", "outside_share", "refused", "peak_per_minute",
    "peak_recipients_per_day", "recipients_per_message", "size", "tls", "logon", "senders", "rhythm", "names",
    "servers", "connectors", "ports", "first_at", "last_at", "evidence",
)  # fmt: skip


def build(scope: Scope) -> Report:
    """Gives the report."""
    import polars as pl

    clients, kept, ordinary = inventory(scope)
    over = scope.ask("report_relay_time")
    taken = [row for row in clients if row["messages"]]
    outside = sum(row["outside"] for row in taken)
    refused = [row for row in clients if row["refused"]]
    fits: Counter[str] = Counter(kept["target"].to_list())
    strangers = [row["client"] for row in taken if row["is_public"] and row["outside"] and not row["signed_in_share"]]
    sentences = [
        f"{count(len(taken), 'client')} sent through these servers,"
        f" {len([row for row in taken if row['outside']]):,} of them to recipients outside"
        f" ({count(outside, 'recipient')}).",
        "Targets: " + ", ".join(f"{name} {held:,}" for name, held in fits.most_common()) + "."
        if fits
        else "No client.",
    ]
    if scope.ask("own_domain").is_empty():
        sentences.insert(0, UNKNOWN)
    elif strangers:
        sentences.insert(0, f"Open to strangers: {listed(strangers)} relayed from the Internet without logon.")
    if refused:
        tries = sum(row["refused"] for row in refused)
        sentences.append(f"{count(len(refused), 'client')} tried to relay and got {count(tries, 'refusal')}.")
    if ordinary:
        sentences.append(
            f"Left out: {count(len(ordinary), 'Internet host')} that only brought mail for recipients inside;"
            " they follow the MX record."
        )
    table = pl.DataFrame(
        {"target": list(fits), "clients": list(fits.values())}, schema={"target": pl.String, "clients": pl.Int64}
    )
    sections = [
        Section(
            "Clients",
            kept,
            note="Recipients are counted after groups are opened; inside are the domains with a mailbox in the logs.",
            cards=True,
            key=("client",),
            measure="messages",
        ),
        Section("Which target fits", table, note="Thresholds and reasons: docs/reports.md."),
        Section(
            "Outside recipients over time",
            wide(over, ORDER),
            over_time(over, "bars", ORDER),
            note="From SMTP receive logs, without clients on 587: the front end does not log what it passes on.",
        ),
    ]
    figures = [
        Figure("clients", len(taken)),
        Figure("messages", sum(row["messages"] for row in taken)),
        Figure("recipients outside", outside),
        Figure("clients refused", len(refused)),
    ]
    return scope.report("Who relays", sentences, sections, LOGS, figures=figures)


def inventory(scope: Scope) -> tuple[list[dict[str, Any]], pl.DataFrame, list[dict[str, Any]]]:
    """Gives who relays: rows of `report_relay_client`, the same as cards, and the rows of Internet hosts left out."""
    import polars as pl

    found = scope.ask("report_relay_client").to_dicts()
    covered = scope.ask("report_day")["day"].to_list()
    parts: dict[bool, list[dict[str, Any]]] = {True: [], False: []}
    for row in found:
        parts[_is_client(row)].append(row)
    clients, left_out = parts[True], parts[False]
    cards = [_card(row, covered) for row in clients]
    kept = pl.from_dicts(cards, infer_schema_length=None) if cards else pl.DataFrame({name: [] for name in SHAPE})
    return clients, kept, left_out


def _is_client(row: dict[str, Any]) -> bool:
    return not row["is_public"] or row["outside"] > 0 or row["refused"] > 0 or bool(row["signed_in_share"])


def _card(row: dict[str, Any], covered: list[Any]) -> dict[str, Any]:
    fit, reason = target(row)
    name, following = rhythm(row["days"] or [], covered)
    signed_in, plain = row["signed_in_share"], row["plain_share"]
    logon = "none" if not signed_in else "always" if signed_in == 1 else f"{number(signed_in, 'share')} of messages"
    tls = listed([part for part in row["tls"] or [] if part != "none"])
    has_mail = row["messages"] > 0
    return {
        "client": row["client"],
        "target": fit,
        "reason": reason,
        "messages": row["messages"],
        "inside": row["recipients"] - row["outside"],
        "outside": row["outside"],
        "outside_share": row["outside"] / row["recipients"] if row["recipients"] else None,
        "refused": row["refused"] or None,
        "peak_per_minute": row["peak_per_minute"],
        "peak_recipients_per_day": row["peak_recipients_per_day"],
        "recipients_per_message": _range(row["recipients_median"], row["recipients_max"]),
        "size": _range(row["median_bytes"], row["max_bytes"], "bytes"),
        "tls": (tls + (f", {number(plain, 'share')} without" if plain else "") if tls else "none")
        if has_mail
        else None,
        "logon": logon + (f" ({listed(row['users'])})" if row["users"] else "") if has_mail else None,
        "senders": _senders(row) if has_mail else None,
        "rhythm": name
        + (f", next about {following.isoformat()}" if following else f" ({count(len(row['days']), 'day')})"),
        "names": listed(row["names"] or []) or None,
        "servers": listed(row["servers"] or []),
        "connectors": listed(row["connectors"] or []) or None,
        "ports": listed([str(port) for port in row["ports"] or []]) or None,
        "first_at": row["first_at"],
        "last_at": row["last_at"],
        "evidence": row["evidence"],
    }


def _range(median: int | None, most: int | None, unit: str = "") -> str | None:
    if not median or most is None:
        return None
    return number(median, unit) if median == most else f"{number(median, unit)}, at most {number(most, unit)}"


def _senders(row: dict[str, Any]) -> str:
    shown = ", ".join(sender or "<>" for sender in row["senders"])
    more = row["sender_count"] - len([sender for sender in row["senders"] if sender])
    return f"{shown} and {more} more" if more > 0 else shown
