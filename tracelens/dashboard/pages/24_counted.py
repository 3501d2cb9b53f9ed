"""Counted

The rows that a number of another page counts.
"""

from typing import Any

import streamlit as st

from tracelens.dashboard import counted, drill, widgets

address = st.query_params.to_dict()
kind = counted.KINDS.get(address.get("of", ""))
follow = f" A selected row opens its {kind.opens}." if kind and kind.opens else ""
widgets.head("Counted", f"The rows that a number of another page counts.{follow}")
widgets.extent_or_stop()
if kind is None:
    widgets.nothing("No number is chosen.", "Each number of the other pages leads here or to a list of its own.")
    st.stop()
st.markdown(widgets.markdown(f"{kind.things.capitalize()}: {counted.told(address)}."))
one, two, _ = st.columns([1, 1, 2])
filters: dict[str, Any] = {
    "since": widgets.moment("From", "since", one),
    "until": widgets.moment("Before", "until", two),
    **counted.asked(address),
}
by = address.get("by", "")
things = f"different {by}{'es' if by.endswith('s') else 's'}" if by else kind.things
found = widgets.paged(kind.question, filters, things, "No such row.", "The window may be too narrow.")
if not found.is_empty():
    if address.get("sum"):
        st.markdown(widgets.markdown(f"Together {int(found['sum_count'][0]):,} {address['sum']}."))
    if address.get("by"):
        st.caption("Shown is the newest row of each, and how many there are.")
    widgets.counted(found, kind, bool(address.get("by")))
    drill.as_sql(kind.question, limit=10_000, **filters)
