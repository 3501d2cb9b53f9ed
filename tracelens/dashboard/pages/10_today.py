"""Today

What is worth knowing first: each line opens what is behind it.
"""

import streamlit as st

from tracelens.dashboard import charts, data, widgets
from tracelens.dashboard.counted import behind

widgets.head("Today", "What is worth knowing first; each line and each number opens what is behind it.")
widgets.extent_or_stop(widgets.without_logs)
left, right = st.columns([4, 1], vertical_alignment="bottom")
with left:
    widgets.seek()
with right:
    span = widgets.window()
widgets.within(span)
with st.container(key="sentences", gap=None):
    for row in data.ask("today", since=span.since, until=span.until).to_dicts():
        widgets.told(row["sentence"], row["page"], row["filters"], span)

st.subheader("What the store holds", anchor=False)
widgets.coverage()

times = {"since": span.since, "until": span.until}
step = data.bucket(span.since, span.until)
left, right = st.columns(2)
with left:
    st.subheader(f"Messages per {step}, by origin", anchor=False)
    volume = data.steps("volume", step, noise=False, since=span.since, until=span.until)
    if volume.is_empty():
        widgets.nothing("No messages.", "There are no tracking rows, and no session handed a message over.")
    else:
        widgets.bars(
            volume, "origin_class", "message_count", step, charts.ORIGIN, "volume",
            lambda name, at: {"page": "messages", "origin": name, **at}, times,
        )  # fmt: skip
with right:
    st.subheader(f"Recipients per {step}, by outcome", anchor=False)
    outcome = data.steps("outcome", step, noise=False, since=span.since, until=span.until)
    if outcome.is_empty():
        widgets.nothing("No outcome.", "No recipient of a message is known.")
    else:
        widgets.bars(
            outcome, "status", "recipient_count", step, charts.STATUS, "outcome",
            lambda name, at: behind("leg", status=name, **at), times,
        )  # fmt: skip
        counts = outcome.group_by("status").sum().sort("recipient_count", descending=True)
        with st.container(horizontal=True):
            for status, count in counts.select("status", "recipient_count").iter_rows():
                widgets.link(f"{count:,} {status}", **behind("leg", status=status, **times))

widgets.changes(span)
widgets.troubles(span)

unanswered = data.ask("rule_run")
if not unanswered.is_empty():
    with st.expander(f"Rules not evaluated because logs are missing: {unanswered.height}", key="unanswered"):
        widgets.table(unanswered, {"rule_id": "Rule", "state": "State", "missing": "Missing logs"}, "rules")
files = data.ask("log_file", limit=500)
if not files.is_empty():
    labels = {"path": "File", "state": "State", "reason": "Reason", "reject_count": "Rejects", "line_count": "Lines"}
    with st.expander("Files left out, unfinished or with rejects", key="files"):
        widgets.table(files, labels, "file_table")
