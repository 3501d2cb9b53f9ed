"""Relay

Who hands in mail for other people's domains, who tries to, and whether a relay can be switched off.
"""

from functools import partial
from typing import Any

import polars as pl
import streamlit as st

from tracelens.agreement import count as number_of
from tracelens.dashboard import charts, data, drill, reports, widgets, zone
from tracelens.dashboard.counted import behind
from tracelens.dashboard.tabs import tabs
from tracelens.dashboard.window import Window, window_or_stop
from tracelens.render import plain
from tracelens.report.shown import value

UNKNOWN = (
    "Which domains are yours is not known: no delivery is in the logs, and no Get-AcceptedDomain. So mail that was "
    "taken cannot be told from relaying."
)
WHAT = ["relays", "tries", "probes"]
BARS: dict[str, dict[str, Any]] = {
    "denied": {"outcome": "denied"},
    "taken, signed in": {"outcome": "taken", "logon": True},
    "taken, anonymous": {"outcome": "taken", "logon": False},
}
GUESS = "Your domains are those imported, else guessed from deliveries; a domain never delivered to counts as foreign."
OF_MESSAGES = ("messages", "size", "tls", "logon", "senders", "peak_per_minute")
OF_RECIPIENTS = ("inside", "outside", "outside_share", "recipients_per_message", "peak_recipients_per_day")
CARD = {
    "Recipients": ["messages", "inside", "outside", "outside_share", "refused", "recipients_per_message", "size"],
    "How it sends": ["tls", "logon", "senders", "names", "peak_per_minute", "peak_recipients_per_day"],
    "When and where": ["rhythm", "first_at", "last_at", "servers", "connectors", "ports"],
}


def attempts(window: Window) -> None:
    """Shows attempts, probes and successes."""
    asked = {"limit": 1000, **window.params}
    sums = data.one("relay_total", **window.params) or {}
    if not sums["source_count"]:
        if not widgets.unlogged("Who relays or tries to", widgets.RECEIVE, window.params):
            widgets.nothing(
                "Nobody tried.", "No receive log of this window shows a client handing in mail for another domain."
            )
        return
    places = st.columns(5)
    for place, outcome in zip(places, ("taken", "denied"), strict=False):
        of = behind("recipient", relay=True, outcome=outcome, **window.params)
        widgets.tile(f"Recipients {outcome}", sums[f"{outcome}_count"], place=place, **of)
    tiles = {
        "Addresses that relay": (sums["relays_count"], "relays"),
        "Addresses that tried in vain": (sums["tries_count"], "tries"),
        "Addresses that probe": (sums["probes_count"], "probes"),
    }
    for place, (label, (number, what)) in zip(places[2:], tiles.items(), strict=True):
        drill.tile(label, number, place, what=what)
    volume = data.steps("relay_volume", window.bucket, **window.params)
    st.subheader(f"Recipients taken or denied per {window.bucket}", anchor=False)
    widgets.bars(
        volume, "outcome", "recipient_count", window.bucket, charts.OUTCOME, "relay_volume",
        lambda name, at: behind("recipient", relay=True, **BARS[name], **window.params | at), window.params,
    )  # fmt: skip
    what = widgets.choice("Show only who", "what", WHAT, width=220)
    sources = data.ask("relay_source", what=what, **asked)
    count = sources["source_count"][0] if sources.height else 0
    widgets.cut(sources.height, count, "sources, the busiest")
    labels = {
        "what": "What",
        "remote_ip": "Address",
        "helo_name": "Name",
        "server": "Server",
        "connector_id": "Connector",
        "identity": "Identity",
        "taken_count": "Taken",
        "denied_count": "Denied",
        "sender_count": "Senders",
        "domain_count": "Domains",
        "probes": "Probing as",
        "first_at": "First",
        "last_at": "Last",
    }
    opens = {
        name: partial(behind_source, window, **of)
        for name, of in {
            "taken_count": {"outcome": "taken"},
            "denied_count": {"outcome": "denied"},
            "sender_count": {"by": "sender"},
            "domain_count": {"by": "domain"},
        }.items()
    }
    chosen = drill.drill(sources, labels, "relay_sources", "client", "remote_ip", opens=opens)
    st.caption(UNKNOWN if data.ask("own_domain").is_empty() else GUESS)
    drill.as_sql("relay_source", what=what, **asked)
    if chosen:
        with st.container(horizontal=True):
            drill.view(f"What is known of {chosen}", "known", picked=("client", chosen), view="Clients")
            widgets.link(f"Sessions with {chosen}", "sessions", address=chosen)


def behind_source(window: Window, row: dict[str, Any], /, **more: Any) -> dict[str, Any]:
    """Gives the list of the recipients that a row of the sources counts."""
    same = {"address": row["remote_ip"], "connector": row["connector_id"], "service": row["service"]}
    return behind("recipient", relay=True, **more, **same, **window.of(row["server"]))


def clients(window: Window) -> None:
    """Shows the inventory, a card per client."""
    _, cards, left_out = reports.clients(window)
    if cards.is_empty():
        widgets.nothing("No client.", "No machine or stranger handed in mail or tried to relay in this window.")
        hosts(window, left_out)
        return
    st.caption(f"{number_of(cards.height, 'client')}, those that send outside first. Select one to see its card.")
    if data.ask("own_domain").is_empty():
        st.caption(UNKNOWN)
    frame = reports.readable(cards)
    names = ("client", "names", "messages", "inside", "outside", "refused", "tls", "logon", "rhythm", "target")
    labels = {name: reports.heading(name) for name in (*names, "first_at", "last_at")}
    opens = {name: partial(behind_client, window, name) for name in ("messages", "inside", "outside", "refused")}
    chosen = drill.drill(
        frame, labels, "relay_clients", "client", "client", height=min(34 + 31 * frame.height, 330), opens=opens
    )
    drill.as_sql("report_relay_client", **window.params)
    found = cards.filter(pl.col("client") == chosen).to_dicts()
    if found:
        card(window, found[0])
    elif chosen:
        widgets.nothing("Not a client in this window.", "The address in this link handed in nothing.")
    hosts(window, left_out)


def hosts(window: Window, left_out: list[dict[str, Any]]) -> None:
    """Shows the Internet hosts that are no clients, folded away."""
    if not left_out:
        return
    labels = {name: reports.heading(name) for name in ("client", "messages", "inside", "tls", "first_at", "last_at")}
    rows = [{**{name: row.get(name) for name in labels}, "inside": row["recipients"]} for row in left_out]
    frame = reports.readable(pl.DataFrame(rows, infer_schema_length=None))
    opens = {name: partial(behind_client, window, name) for name in ("messages", "inside")}
    words = "that only brought mail for recipients inside and follow the MX record"
    widgets.folded(
        f"Left out: {number_of(frame.height, 'Internet host')} {words}", "left_out",
        lambda: widgets.table(frame, labels, "relay_left_out", opens),
    )  # fmt: skip


def behind_client(window: Window, name: str, row: dict[str, Any]) -> dict[str, Any]:
    """Gives the list of what a number of a client counts, or is computed from."""
    client = row["client"]
    if name == "refused":
        return behind("recipient", outcome="denied", foreign=True, address=client, **window.params)
    if name in OF_RECIPIENTS:
        side = {"side": name} if name in ("inside", "outside") else {}
        return behind("leg", client=client, **side, **window.params)
    by = {"senders": "sender"}.get(name, "message")
    return behind("hop", by=by, entry=True, client=client, **window.params)


def card(window: Window, row: dict[str, Any]) -> None:
    """Shows what is known of one client; each number opens what it counts or is computed from."""
    with st.container(border=True):
        st.subheader(widgets.markdown(row["client"]), anchor=False)
        st.text(plain(f"If it must move: {row['target']} ({row['reason']})"))
        for place, (title, names) in zip(st.columns(3), CARD.items(), strict=True):
            with place.container(gap=None):
                st.markdown(f"**{title}**")
                for name in names:
                    shown = (
                        f"{widgets.stamp(row[name])} {zone.chosen()}"
                        if name.endswith("_at")
                        else value(name, row[name])
                    )
                    told = f"{reports.heading(name).removesuffix(', %')}: {plain(shown) or 'none'}"
                    if name in (*OF_MESSAGES, *OF_RECIPIENTS, "refused") and row[name]:
                        widgets.link(told, **behind_client(window, name, row))
                    else:
                        st.text(told)
        with st.container(horizontal=True):
            widgets.link("Its sessions", "sessions", address=row["client"])
            drill.view("May it go?", "go", **{"view": "Switch off", "going": "address range", "range": row["client"]})


def switch_off(window: Window) -> None:
    """Says who still uses what is to be switched off."""
    left, right = st.columns([1, 2])
    kinds = ["server", "connector", "address range", "TLS version"]
    kind = widgets.choice("What is to go", "going", kinds, left, placeholder="choose")
    if not kind:
        widgets.nothing(
            "Choose what is to go.", "You will see who still uses it, and how long to watch before it goes."
        )
        return
    if kind == "TLS version":
        version = widgets.choice(
            "Version", "tls", ["TLS1.1", "TLS1.0", "SSL3", "none"], right, placeholder="older than TLS1.2"
        )
        tls(window, version or "old")
        return
    if kind == "server":
        if not window.server:
            widgets.nothing("Choose the server above.", "")
            return
        reports.show(reports.made("decommission", window), "decommission", behind_going(window))
        return
    if kind == "connector":
        found = data.ask("connector", **window.params)
        names = (
            found.filter((found["direction"] == "receive") & (found["connector"] != ""))["connector"].unique().sort()
        )
        name = widgets.choice("Receive connector", "name", names.to_list(), right)
        if name:
            told = reports.made("decommission", window, connector=name)
            reports.show(told, "decommission", behind_going(window, within=name))
        return
    wanted = widgets.text("Address or range", "range", right, placeholder="10.0.20.45 or 10.0.20.0/24")
    if wanted:
        told = reports.made("decommission", window, client=wanted)
        one = "/" not in wanted or wanted.endswith(("/32", "/128"))
        reports.show(told, "decommission", behind_going(window, client=wanted.partition("/")[0] if one else ""))


def behind_going(window: Window, within: str = "", client: str = "") -> dict[str, widgets.Opens]:
    """Gives what the numbers of a report on what is to go count: of a connector, of one client, or of all."""

    def sender(row: dict[str, Any], by: str = "message") -> dict[str, Any]:
        who = {"client": client, "sender": row["sender"].strip("<>")} if client else {"client": row["sender"]}
        more = {"within": within} if within else {}
        return behind("hop", by=by, entry=True, **who, **more, **window.params)

    def traffic(row: dict[str, Any]) -> dict[str, Any]:
        ends = {"giver": row["from_place"], "taker": row["to_place"], "way": row["send_connector"]}
        return behind("hop", by="message", accepted=True, timed=True, kind=row["kind"], **ends, **window.params)

    return {
        "Senders": {"messages": sender, "days": partial(sender, by="day"), "silent_days": sender},
        "What else runs over it": {"messages": traffic},
        "Left out": {"messages": partial(behind_client, window, "messages")},
    }


def tls(window: Window, version: str) -> None:
    """Says who still uses a TLS version."""
    peers = data.ask("tls_peer", tls=version, limit=1000, **window.params)
    name = "TLS older than TLS1.2" if version == "old" else "no TLS" if version == "none" else version
    count = int(peers["peer_total"][0]) if peers.height else 0
    if not count:
        widgets.nothing(
            f"Nobody with {name} moved mail or signed in.", "Watch long enough to see those that come rarely."
        )
        return
    st.markdown(f"**Not yet**: {number_of(count, 'peer')} with {name} moved mail or signed in.")
    widgets.link("Who they are", "tls", view="Who uses what", tls=version, server=window.server)


widgets.head("Relay", "Mail from clients to domains that are not yours: taken, denied, probed; and who may be cut off.")
chosen = window_or_stop()
tabs(
    {
        "Attempts": lambda: attempts(chosen),
        "Clients": lambda: clients(chosen),
        "Switch off": lambda: switch_off(chosen),
        "Findings": lambda: widgets.findings_of("relay", chosen.params),
    }
)
