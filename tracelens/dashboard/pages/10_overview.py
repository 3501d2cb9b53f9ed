"""Overview

What the store holds: volume, how messages ended, what is wrong, and which logs are here.
"""

import streamlit as st

from tracelens.dashboard import charts, data, widgets

widgets.head("Overview", "What the logs of this store say. All times are UTC.")
noise = st.toggle("Count health probes too", key="noise", bind="query-params")
total = widgets.total_or_stop(noise)
step = data.bucket(total["first_at"], total["last_at"])

tiles = {
    "Messages": total["message_count"],
    "Recipients' legs": total["leg_count"],
    "SMTP sessions": total["session_count"],
    "Findings": total["finding_count"],
    "Critical or high": total["urgent_count"],
    "Log files": total["file_count"],
    "Rejected lines": total["reject_count"],
}
for place, (label, count) in zip(st.columns(len(tiles)), tiles.items(), strict=True):
    place.metric(label, f"{count:,}", border=True)
st.caption(
    f"Rows from {total['first_at']:%Y-%m-%d %H:%M} to {total['last_at']:%Y-%m-%d %H:%M}, counted per {step}; "
    f"{total['noise_count']:,} messages are health probes; left-out files: {total['left_out_count']:,}."
)

left, right = st.columns([3, 2])
with left:
    st.subheader(f"Messages per {step}, by origin", anchor=False)
    volume = data.ask("volume", bucket=step, noise=noise)
    if volume.is_empty():
        widgets.nothing("No messages.", "There are no tracking rows, and no session handed a message over.")
    else:
        st.plotly_chart(charts.by_time(volume, "origin_class", "message_count", step, charts.ORIGIN), key="volume")
with right:
    st.subheader("How legs ended", anchor=False)
    status = data.ask("status", noise=noise)
    if status.is_empty():
        widgets.nothing("No legs.", "A leg is one message's way to one recipient.")
    else:
        picked = st.plotly_chart(charts.statuses(status), key="statuses", on_select="rerun", selection_mode="points")
        if picked.selection.points:
            chosen = picked.selection.points[0]["y"]
            st.switch_page(st.session_state["pages"]["messages"], query_params={"status": chosen})
        st.caption("Click a bar to list its messages.")

st.subheader("Findings", anchor=False)
found = data.ask("finding", kind="", rule="", severity="info", limit=200)
if found.is_empty():
    widgets.nothing("No findings.", "None of the rules that could be evaluated found anything.")
else:
    left, right = st.columns([2, 3])
    left.plotly_chart(charts.findings(data.ask("finding_count")), key="finding_counts")
    with right:
        row = widgets.findings(found, "findings")
    if row:
        widgets.finding(row, widgets.evidence(row), "finding")
unanswered = data.ask("rule_run")
if not unanswered.is_empty():
    with st.expander(f"Rules not evaluated because logs are missing: {unanswered.height}", key="unanswered"):
        widgets.table(unanswered, {"rule_id": "Rule", "state": "State", "missing": "Missing logs"}, "rules")

st.subheader("Coverage", anchor=False)
st.caption(
    f"Rows per server, log and {step}; darker is more. A reddish place has no rows: no log, or nothing happened."
)
st.plotly_chart(charts.coverage(data.ask("coverage", bucket=step), step), key="coverage")
files = data.ask("log_file", limit=500)
if not files.is_empty():
    labels = {"path": "File", "state": "State", "reason": "Reason", "reject_count": "Rejects", "line_count": "Lines"}
    with st.expander("Files left out, unfinished or with rejects", key="files"):
        widgets.table(files, labels, "file_table")
