"""Sessions

SMTP conversations: find one, read it with its silences, go to its messages and to the other side.
"""

from typing import Any

import streamlit as st

from tracelens.dashboard import widgets

widgets.head("Sessions", "SMTP conversations on one server each. A selected row opens the session.")
widgets.extent_or_stop()
names = widgets.options()
filters: dict[str, Any] = {
    "text": widgets.text(
        "Session-id, address, HELO name, connector, account or reply",
        "text",
        placeholder="any part of it",
        type="search",
    )
}
one, two, three, four, five = st.columns(5)
filters["since"] = widgets.moment("From", "since", one)
filters["until"] = widgets.moment("Before", "until", two)
filters["server"] = widgets.choice("Server", "server", names["server"], three)
filters["outcome"] = widgets.choice("Outcome", "outcome", widgets.OUTCOMES, four)
filters["sort"] = widgets.choice("Sort by", "sort", widgets.SESSION_ORDERS, five, placeholder="newest")
unusual = (
    "service",
    "direction",
    "connector",
    "address",
    "helo",
    "account",
    "tls",
    "logon",
    "silence",
    "signature",
    "noise",
)
with widgets.more("More filters", unusual):
    one, two, three, four = st.columns(4)
    filters["service"] = widgets.choice("Service", "service", widgets.SERVICES, one)
    filters["direction"] = widgets.choice("Direction", "direction", ["receive", "send"], two)
    filters["connector"] = widgets.choice("Connector", "connector", names["connector"], three)
    filters["address"] = widgets.text("Address begins with", "address", four)
    filters["helo"] = widgets.text("HELO name", "helo", one)
    filters["account"] = widgets.text("Account", "account", two)
    filters["tls"] = widgets.choice("TLS", "tls", ["none", "old", *names["tls"]], three)
    filters["logon"] = widgets.choice("Logon", "logon", widgets.LOGONS, four)
    filters["silence_ms"] = widgets.slower("Silent for at least", "silence", one)
    filters["signature"] = widgets.text("Signature of a failure text", "signature", two, placeholder="e.g. auth-failed")
    filters["noise"] = widgets.switch("Health probes too", "noise", four)
found = widgets.paged("session_search", filters, "sessions", "No session matches.", "Use fewer or shorter filters.")
if not found.is_empty():
    widgets.sessions(found, "found")
