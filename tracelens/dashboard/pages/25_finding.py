"""Finding

One finding: what a rule says, what to do, and the log rows it rests on.
"""

import streamlit as st

from tracelens.dashboard import data, widgets, zone

MOST_ROWS = 1000

widgets.head("Finding", "What a rule found, what to do about it, and the log rows that show it.")
key = st.query_params.get("finding", "")
found = data.ask("campaign_finding", keys=[key]) if key else None
if found is None or found.is_empty():
    widgets.extent_or_stop()
    if key:
        widgets.nothing("No such finding.", "A later ingest may have settled it, or the rule says more now.")
    widgets.link("All findings", "today")
    st.stop()
row = found.row(0, named=True)
rows = widgets.evidence(row, MOST_ROWS)
known = f", {widgets.stamp(row['first_at'])} to {widgets.stamp(row['last_at'])} {zone.chosen()}"
span = known if row["first_at"] else ", without a time"
st.markdown(f"**{row['hit_count']:,}** {'hit' if row['hit_count'] == 1 else 'hits'}{widgets.markdown(span)}")
st.caption("A hit is what the rule counts, as its summary says; its log rows stand below, of many hits the first.")
if rows.height == MOST_ROWS:
    st.caption(f"Showing the first {MOST_ROWS:,} log rows; the others are those of the sessions and messages named.")
if row["remote_ip"]:
    widgets.link(f"Sessions with {row['remote_ip']}", "sessions", address=row["remote_ip"], noise=True)
if row["sender"]:
    widgets.link(f"Mail of {row['sender']}", "messages", sender=row["sender"], noise=True)
widgets.finding(row, rows, "finding")
