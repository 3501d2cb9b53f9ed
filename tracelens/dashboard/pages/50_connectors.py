"""Connectors and ports

Who hands what to whom, over which connector and port, how safely; and what must not be.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

import polars as pl
import streamlit as st

from tracelens.agreement import count as number_of
from tracelens.configuration import TLS_VERSIONS
from tracelens.dashboard import charts_map, data, drill, widgets
from tracelens.dashboard import rehearsal as rehearsals
from tracelens.dashboard.counted import NONE, behind
from tracelens.dashboard.tabs import tabs
from tracelens.dashboard.window import Window, window_or_stop
from tracelens.render import plain

SOURCES = ["internet", "internal", "client", "mailbox", "system", "unknown"]


def journey(window: Window) -> None:
    """Shows the map, and the hand-overs that must not be."""
    source = widgets.choice("Came from", "source", SOURCES, width=220)
    asked = window.params | {"source": source}
    routes, edges = data.ask("route", **asked), data.ask("forbidden_edge", **window.params)
    if routes.is_empty():
        widgets.nothing("No message in this window.", "The map is drawn from the paths of messages.")
    else:
        red = edges.filter(pl.col("remote_ip").is_not_null() & (pl.col("connector_id") != "")).to_dicts()
        ports = {name.rsplit(" :", 1)[0]: name for name in routes["receive_connector"].to_list()}
        forbidden = [row | {"receive_connector": ports.get(row["connector_id"], row["connector_id"])} for row in red]

        def behind_way(at: int, names: Sequence[str]) -> dict[str, Any]:
            words = charts_map.behind_places(routes, at, names)
            return behind("way", sum="ways", **({"source": source} if source else {}) | words, **window.params)

        figure = charts_map.journey(routes, forbidden, lambda at, names: widgets.written(**behind_way(at, names)))
        st.plotly_chart(figure, key="journey", config={"displayModeBar": False})
        widgets.link(
            number_of(int(routes["message_count"].sum()), "way of a message", "ways of messages"),
            **behind("way", sum="ways", **({"source": source} if source else {}), **window.params),
        )
        st.caption(
            "Click a place or a band to open the messages it counts; a message to several places counts once for each. "
            "Width: messages. Redder: more of them failed. Bright red: a hand-over that must not be. "
            "Health probes are left out."
        )

        def as_table() -> None:
            labels = {
                "source": "From",
                "receive_connector": "Taken in by",
                "server": "Last server",
                "send_connector": "Handed out by",
                "destination": "To",
                "message_count": "Messages",
                "failed_count": "Failed",
            }

            def behind_row(row: dict[str, Any], /, **more: Any) -> dict[str, Any]:
                words = dict(zip(charts_map.WORDS, (row[name] for name in charts_map.STAGES), strict=True))
                return behind("way", sum="ways", **words, **more, **window.params)

            opens: widgets.Opens = {"message_count": behind_row, "failed_count": partial(behind_row, failed=True)}
            widgets.table(routes, labels, "routes", opens)
            drill.as_sql("route", **asked)

        widgets.folded(widgets.AS_TABLE, "journey_table", as_table)
    st.subheader("Hand-overs that must not be", anchor=False)
    if edges.is_empty():
        if not widgets.unlogged("Which hand-over must not be", widgets.RECEIVE | widgets.SEND, window.params):
            widgets.nothing("None seen.", "No session used a port or a direction that is for other servers alone.")
        return
    row = widgets.findings(edges, "edges")
    if row:
        widgets.finding(row, widgets.evidence(row), "edge")


def connectors(window: Window) -> None:
    """Shows all connectors, and one of them."""
    found = data.ask("connector", **window.params)
    if found.is_empty():
        widgets.nothing("No SMTP session in this window.", "Connectors are known from the SMTP protocol logs.")
        return
    labels = {
        "direction": "Direction",
        "connector": "Connector",
        "server": "Server",
        "service": "Service",
        "port": "Port",
        "session_count": "Sessions",
        "peer_count": "Peers",
        "accepted_count": "Recipients taken",
        "refused_count": "Refused",
        "tls_percent": "With TLS, %",
        "logon_percent": "Signed in, %",
        "logon_failures": "Failed logons",
        "last_at": "Last",
    }
    said: dict[str, dict[str, Any]] = {
        "session_count": {},
        "peer_count": {"by": "address"},
        "accepted_count": {"sum": "accepted"},
        "refused_count": {"sum": "refused"},
        "logon_failures": {"sum": "failed logons"},
        "tls_percent": {"secured": True},
        "logon_percent": {"signed": True},
    }
    opens = {name: partial(behind_connector, window, **of) for name, of in said.items()}
    chosen = drill.drill(
        found, labels, "connectors", "connector", "key", height=min(34 + 31 * found.height, 330), opens=opens
    )
    drill.as_sql("connector", **window.params)
    rows = found.filter(pl.col("key") == chosen)
    if rows.is_empty():
        st.caption("Select a connector to see its clients, TLS, logon and configuration.")
        return
    connector(window, rows.row(0, named=True))


def behind_connector(window: Window, row: dict[str, Any], /, **more: Any) -> dict[str, Any]:
    """Gives the list of the conversations of a connector."""
    same = {name: row[name] for name in ("direction", "connector", "service") if name in row}
    return behind("session", **more, **same, **window.of(row["server"]))


def connector(window: Window, row: dict[str, Any]) -> None:
    """Shows one connector."""
    st.subheader(widgets.markdown(row["connector"] or "(no name in the log)"), anchor=False)
    asked = {
        "since": window.since,
        "until": window.until,
        "direction": row["direction"],
        "server": row["server"],
        "connector": row["connector"],
    }
    clients, mix = data.ask("connector_client", limit=500, **asked), data.ask("connector_mix", **asked)
    setting = data.ask(
        "connector_setting", direction=row["direction"], server=row["server"], connector=row["connector"]
    )
    about = {name: row[name] for name in ("direction", "server", "connector")}
    left, right = st.columns([3, 2])
    with left:
        st.caption("Clients" if row["direction"] == "receive" else "Servers it hands to")
        labels = {
            "remote_ip": "Address",
            "helo_name": "Name",
            "session_count": "Sessions",
            "accepted_count": "Taken",
            "refused_count": "Refused",
            "tls": "TLS",
            "logon": "Logon",
            "user_count": "Accounts",
            "first_at": "First",
            "last_at": "Last",
        }

        def client(client: dict[str, Any], /, **more: Any) -> dict[str, Any]:
            return behind_connector(window, about, address=client["remote_ip"], **more)

        opens: widgets.Opens = {
            "session_count": client,
            "accepted_count": partial(client, sum="accepted"),
            "refused_count": partial(client, sum="refused"),
            "user_count": partial(client, by="account"),
        }
        widgets.table(clients, labels, "connector_clients", opens)
        drill.as_sql("connector_client", limit=500, **asked)
    with right:
        st.caption("TLS and logon")
        labels = {
            "tls": "TLS",
            "cipher": "Cipher",
            "logon": "Logon",
            "session_count": "Sessions",
            "peer_count": "Peers",
        }

        def secured(how: dict[str, Any], /, **more: Any) -> dict[str, Any]:
            same = {name: how[name] for name in ("tls", "cipher", "logon")}
            return behind_connector(window, about, **same, **more)

        leads: widgets.Opens = {"session_count": secured, "peer_count": partial(secured, by="address")}
        widgets.table(mix, labels, "connector_mix", leads)
        st.caption("Configuration")
        if setting.is_empty():
            widgets.nothing(
                "Not imported.", "Ingest an export of Get-ReceiveConnector and Get-SendConnector to see it."
            )
        else:
            widgets.table(setting, {"name": "Property", "value": "Value"}, "connector_setting")


def rehearsal(window: Window) -> None:
    """Tries edited connectors on past mail."""
    st.caption(
        "Edit an export of Get-ReceiveConnector, or choose what is to be required: you see whose recorded mail would "
        "have been refused or taken by another connector. The store is only read; all of it is replayed."
    )
    names = data.ask("connector", **window.params)
    receiving = names.filter((pl.col("direction") == "receive") & (pl.col("connector") != ""))
    one, two, three = st.columns([2, 1, 2])
    taken = one.file_uploader(
        "Edited export of Get-ReceiveConnector", accept_multiple_files=True, key="edited",
        max_upload_size=rehearsals.MOST_MB,
    )  # fmt: skip
    lowest = widgets.choice("Lowest TLS version", "min_tls", TLS_VERSIONS, two)
    bare = three.multiselect(
        "Logon required on", receiving["connector"].unique().sort().to_list(), key="need_logon", format_func=plain
    )
    if not (taken or lowest or bare):
        widgets.nothing("Nothing is changed yet.", "Choose a change above.")
        return
    change = ([one.getvalue() for one in taken], lowest, bare)
    told = rehearsals.rehearse(*change)
    for note in told.notes:
        st.caption(widgets.markdown(note))
    refused = int(told.changes.filter(pl.col("outcome") == "refused")["message_count"].sum())
    st.markdown(
        f"Of {number_of(told.replayed_count, 'session')} with mail: **{number_of(refused, 'message')} would have been "
        "refused**, "
        f"{int(told.changes['message_count'].sum()) - refused:,} taken by another connector."
    )
    if told.changes.height:
        labels = {
            "outcome": "Outcome",
            "server": "Server",
            "remote_ip": "Client",
            "helo_name": "Name",
            "session_count": "Sessions",
            "message_count": "Messages",
            "reason": "Why",
            "connector_before": "Now",
            "connector_after": "Then",
            "senders": "Senders",
            "first_at": "First",
            "last_at": "Last",
        }
        st.caption("Select a row to see the sessions it counts.")
        at = widgets.picked(told.changes, labels, "what_if_changes")
        if at is not None:
            rehearsed(rehearsals.sessions(*change, told.changes.row(at, named=True)), "what_if_changed")
    if told.left_out.height:
        st.subheader("Not replayed", anchor=False)
        labels = {"reason": "Why", "session_count": "Sessions", "message_count": "Messages"}
        at = widgets.picked(told.left_out, labels, "what_if_left_out")
        if at is not None:
            rehearsed(rehearsals.sessions(*change, told.left_out.row(at, named=True)), "what_if_kept")


def rehearsed(found: pl.DataFrame, key: str) -> None:
    """Shows the sessions that a row of a rehearsal counts; a selected one opens."""
    if found.is_empty():
        widgets.nothing("No session.", "This mail is known from message tracking alone.")
        return
    count, messages = int(found["found_count"][0]), int(found["mail_count"][0])
    widgets.cut(found.height, count, "sessions, the newest")
    st.caption(
        f"{number_of(count, 'session')} with {number_of(messages, 'message')}. A selected row opens its session."
    )
    labels = {
        "opened_at": "Opened",
        "server": "Server",
        "remote_ip": "Client",
        "helo_name": "Name",
        "message_count": "Messages",
        "senders": "Senders",
        "connector_before": "Now",
        "connector_after": "Then",
    }
    at = widgets.picked(found, labels, key, min(34 + 31 * found.height, 330))
    if at is not None:
        widgets.open_session(found["session_key"][at])


def choices() -> None:
    """Lists sessions that another connector should have taken, by the imported configuration."""
    found = data.ask("connector_choice", state="differs", limit=500)
    if found.is_empty():
        widgets.nothing("None known.", "That takes an imported configuration; the most specific address range wins.")
        return
    labels = {
        "server": "Server",
        "actual_connector": "Taken by",
        "expected_connector": "Should have been",
        "session_count": "Sessions",
        "message_count": "Messages",
        "client_count": "Clients",
        "clients": "Addresses",
        "ranges": "Range that fits best",
        "reason": "Why",
        "is_ambiguous": "Others fit as well",
        "is_changed_since": "Changed since",
        "first_at": "First",
        "last_at": "Last",
    }

    def behind_choice(row: dict[str, Any], /, **more: Any) -> dict[str, Any]:
        ways = {"expected": row["expected_connector"], "actual": row["actual_connector"], "reason": row["reason"]}
        return behind("choice", state=row["state"], server=row["server"] or NONE, **ways, **more)

    opens: widgets.Opens = {
        "session_count": behind_choice,
        "message_count": partial(behind_choice, sum="messages"),
        "client_count": partial(behind_choice, by="address"),
    }
    st.caption("Of all that the store holds, by the imported configuration: the most specific address range wins.")
    widgets.table(found, labels, "choices", opens)
    drill.as_sql("connector_choice", state="differs", limit=500)


widgets.head("Connectors and ports", "Who hands what to whom, over which connector and port, and how safely.")
chosen = window_or_stop()
tabs(
    {
        "Map": lambda: journey(chosen),
        "Connectors": lambda: connectors(chosen),
        "Wrong connector": choices,
        "What if": lambda: rehearsal(chosen),
    }
)
