"""Relay

Who hands in mail for other people's domains, who tries to, and what the rules say about it.
"""

import streamlit as st

from tracelens.dashboard import charts, data, widgets

widgets.head("Relay", "Mail from clients to domains that are not yours: taken or denied. All times are UTC.")
total = widgets.total_or_stop(noise=False)
step = data.bucket(total["first_at"], total["last_at"])

widgets.findings_of("relay")

sources = data.ask("relay_source", limit=1000)
st.subheader("Who relays, who tries", anchor=False)
if sources.is_empty():
    widgets.nothing("Nobody tried.", "No receive log of the store shows a client handing in mail for another domain.")
    st.stop()
taken = sources.filter(sources["taken_count"] > 0)
for place, (label, count) in zip(
    st.columns(4),
    {
        "Recipients taken": sources["taken_count"].sum(),
        "Recipients denied": sources["denied_count"].sum(),
        "Addresses that relay": taken["remote_ip"].n_unique(),
        "Addresses that tried": sources["remote_ip"].n_unique(),
    }.items(),
    strict=True,
):
    place.metric(label, f"{count:,}", border=True)
volume = data.ask("relay_volume", bucket=step)
st.plotly_chart(charts.by_time(volume, "outcome", "recipient_count", step, charts.OUTCOME), key="relay_volume")
labels = {
    "remote_ip": "Remote address",
    "server": "Server",
    "service": "Service",
    "connector_id": "Connector",
    "identity": "Identity",
    "taken_count": "Taken",
    "denied_count": "Denied",
    "sender_count": "Senders",
    "domain_count": "Domains",
    "first_at": "First (UTC)",
    "last_at": "Last (UTC)",
}
widgets.table(sources, labels, "relay_sources")
st.caption(
    "Your domains are guessed from deliveries in the tracking logs; a domain never delivered to counts as foreign."
)
