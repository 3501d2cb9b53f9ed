"""Messages

Find a message by any part of a text, narrow the list, open its path. Refused messages are listed too.
"""

from typing import Any

import streamlit as st

from tracelens.dashboard import charts, widgets

widgets.head("Messages", "Any part of a text finds. Refused mail is listed too. A selected row opens its path.")
widgets.extent_or_stop()
if st.query_params.get("message"):
    widgets.open_message(st.query_params["message"])
names = widgets.options()
filters: dict[str, Any] = {
    "text": widgets.text(
        "Message-ID, sender, recipient, subject or address", "text", placeholder="any part of it", type="search"
    ).strip("<>")
}
one, two, three, four, five = st.columns(5)
filters["since"] = widgets.moment("From", "since", one)
filters["until"] = widgets.moment("Before", "until", two)
filters["status"] = widgets.choice("Status", "status", ["not reached", *charts.STATUS], three)
filters["server"] = widgets.choice("Server", "server", names["server"], four)
filters["sort"] = widgets.choice("Sort by", "sort", widgets.MESSAGE_ORDERS, five, placeholder="newest")
with widgets.more(
    "More filters",
    (
        "sender",
        "recipient",
        "subject",
        "domain",
        "connector",
        "code",
        "tls",
        "account",
        "slow",
        "gaps",
        "origin",
        "noise",
    ),
):
    one, two, three, four = st.columns(4)
    filters["sender"] = widgets.text("Sender", "sender", one)
    filters["recipient"] = widgets.text("Recipient", "recipient", two)
    filters["subject"] = widgets.text("Subject", "subject", three)
    filters["domain"] = widgets.text("Domain of either side", "domain", four)
    filters["message_id"] = widgets.text("Message-ID", "message_id", one).strip("<>")
    filters["connector"] = widgets.choice("Connector", "connector", names["connector"], two)
    filters["code"] = widgets.text("Code", "code", three, placeholder="5xx, 5.7.1 or 550")
    filters["tls"] = widgets.choice("TLS on any hop", "tls", names["tls"], four)
    filters["account"] = widgets.text("Account", "account", one)
    filters["slow_ms"] = widgets.slower("Slower than", "slow", two)
    filters["reason"] = widgets.text("Signature", "reason", three, placeholder="e.g. auth-failed")
    filters["gaps"] = widgets.switch("Only with gaps", "gaps", four)
    filters["origin"] = widgets.choice("Came from", "origin", list(charts.ORIGIN), one)
    filters["noise"] = widgets.switch("Health probes too", "noise", four)
found = widgets.paged("mail_search", filters, "messages", "No message matches.", "Use fewer or shorter filters.")
if not found.is_empty():
    widgets.messages(found, "found")
