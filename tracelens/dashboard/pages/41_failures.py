"""Failures

Recipients that were not reached: what the codes mean, the texts behind them, the domains, the messages.
"""

import streamlit as st

from tracelens.dashboard import charts, data, widgets
from tracelens.dashboard.counted import behind

widgets.head("Failures", "Recipients that were not reached: what the codes mean, the texts behind them, the mail.")
extent = widgets.extent_or_stop()
one, two, three, four = st.columns(4)
span = {"since": widgets.moment("From", "since", one), "until": widgets.moment("Before", "until", two)}
status = widgets.choice("Status", "status", list(widgets.MISSED), three)
server = widgets.choice("Server", "server", widgets.options()["server"], four)
reasons = data.ask("failure", **span, status=status, server=server, limit=500)
if reasons.is_empty():
    if not widgets.unlogged(
        "Who was not reached", {"message_tracking": "message tracking"} | widgets.RECEIVE, {**span, "server": server}
    ):
        widgets.nothing("Every recipient was reached.", "No leg of these messages failed, was refused or put off.")
else:
    kinds = [status] if status else widgets.MISSED
    counts = {name: int(reasons.filter(reasons["status"] == name)["recipient_count"].sum()) for name in kinds}
    for place, (name, count) in zip(st.columns(len(widgets.MISSED)), counts.items(), strict=False):
        widgets.tile(f"Recipients {name}", count, place=place, **behind("leg", status=name, server=server, **span))
    step = data.bucket(span["since"] or extent["first_at"], span["until"] or extent["until"])
    volume = data.steps("failure_hour", step, **span, status=status, server=server)
    st.subheader(f"Recipients not reached per {step}, by status", anchor=False)
    widgets.bars(
        volume, "status", "recipient_count", step, charts.STATUS, "failure_hour",
        lambda name, at: behind("leg", status=name, server=server, **at), span,
    )  # fmt: skip
    widgets.reasons(reasons, span, server)
    st.subheader("Domains", anchor=False)
    widgets.domains(data.ask("failure_domain", **span, status=status, server=server, limit=500), span, server)
replies = data.ask("failure_reply", **span, server=server, limit=500)
if not replies.is_empty():
    st.subheader("All failure texts in the logs", anchor=False)
    st.caption("Also those that cost no recipient, as a later try worked. A selected row opens the sessions.")
    widgets.replies(replies, span, server)
