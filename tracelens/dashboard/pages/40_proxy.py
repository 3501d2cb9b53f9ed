"""Proxy failures

Why Front Ends fail to hand mail on, to which server, and whether it works again.
"""

import streamlit as st

from tracelens.dashboard import charts, data, widgets

widgets.head(
    "Proxy failures", "The Front End hands each message on at once; here is where that fails. All times are UTC."
)
total = widgets.total_or_stop(noise=False)
step = data.bucket(total["first_at"], total["last_at"])

widgets.findings_of("proxy")

pairs = data.ask("proxy_pair", limit=1000)
st.subheader("Front End to its next server", anchor=False)
if pairs.is_empty():
    widgets.nothing("No Front End send log is in the store.", "Copy FrontEnd/ProtocolLog/SmtpSend and ingest it.")
else:
    volume = data.ask("proxy_volume", bucket=step)
    st.plotly_chart(charts.by_time(volume, "outcome", "session_count", step, charts.OUTCOME), key="proxy_volume")
    labels = {
        "server": "Front End",
        "remote_ip": "To address",
        "remote_port": "Port",
        "connector_id": "Connector",
        "state": "State",
        "session_count": "Sessions",
        "failed_count": "Failed",
        "last_failed_at": "Last failure (UTC)",
        "last_good_at": "Last success (UTC)",
        "last_failure": "Last failure's text",
    }
    widgets.table(pairs, labels, "proxy_pairs")

replies = data.ask("proxy_reply", limit=500)
st.subheader("What clients were told", anchor=False)
if replies.is_empty():
    widgets.nothing("No temporary refusal by a Front End.", "Its receive log shows no 4xx answer to a message.")
else:
    labels = {
        "server": "Front End",
        "reply_text": "Reply",
        "reply_count": "Times",
        "client_count": "Clients",
        "first_at": "First (UTC)",
        "last_at": "Last (UTC)",
    }
    widgets.table(replies, labels, "proxy_replies")
