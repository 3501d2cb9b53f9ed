"""SQL

Ask the store anything that a SELECT can ask. Nothing can be changed from here.
"""

from functools import partial

import polars as pl
import streamlit as st

from tracelens import query
from tracelens.agreement import count
from tracelens.dashboard import charts_series, console, data, widgets
from tracelens.dashboard.job import Job
from tracelens.render import FORMATS, plain

START = (
    "select server, direction, tls_version, count(*) as sessions\nfrom session\ngroup by all\norder by sessions desc"
)
widgets.head("SQL", "One SELECT at a time on a locked, read-only connection. Times in the store are UTC.")


def load(name: str) -> None:
    """Puts a saved question into the editor."""
    chosen = st.session_state[name]
    if chosen:
        st.session_state["sql_text"] = query.filled(chosen, {})


@st.fragment(run_every=0.5)
def wait(job: Job) -> None:
    """Shows that a question runs, with a way to call it off; shows the page anew when it is done."""
    if job.is_done():
        st.rerun()
    place, other = st.columns([1, 5], vertical_alignment="center")
    if place.button("Cancel", key="sql_cancel"):
        job.stop.set()
    other.caption(f"Running for {job.seconds:,.0f} s …")


def answer(job: Job) -> None:
    """Shows what came back: table, chart, downloads."""
    if job.error and job.stop.is_set():
        widgets.nothing(f"Called off after {job.seconds:,.0f} s.", "Run asks again.")
        return
    if job.error:
        st.error(widgets.markdown(job.error.what[:1].upper() + job.error.what[1:]))
        if job.error.hint:
            st.caption(widgets.markdown(job.error.hint))
        return
    frame = console.showable(job.answer)
    more = frame.height > console.HELD
    frame = frame.head(console.HELD)
    shown = frame.head(console.SHOWN)
    told = f"{count(frame.height, 'row')} in {job.seconds:,.2f} s"
    if more:
        told = f"The first {frame.height:,} rows in {job.seconds:,.2f} s; for more ask narrower, or use tracelens sql"
    if frame.height > shown.height:
        told += f"; the table shows {shown.height:,}, the downloads hold all {frame.height:,}"
    st.caption(told + ".")
    table, chart = st.tabs(["Table", "Chart"], key="sql_view", on_change="rerun")
    if table.open:
        with table:
            widgets.table(shown, {name: plain(name) for name in shown.columns}, "sql_rows")
            with st.container(horizontal=True):
                for form, label in (("csv", "CSV"), ("parquet", "Parquet")):
                    make = FORMATS[form]
                    st.download_button(
                        f"Download {label}", partial(make, frame), f"answer.{form}", key=f"sql_{form}",
                        on_click="ignore",
                    )  # fmt: skip
    if chart.open:
        with chart:
            draw(shown)


def draw(frame: pl.DataFrame) -> None:
    """Shows a chart of chosen columns."""
    numbers = [name for name, kind in frame.schema.items() if kind.is_numeric()]
    if frame.is_empty() or not numbers:
        widgets.nothing("Nothing to draw.", "A chart takes a column of numbers, for example a count(*).")
        return
    first, second, third = st.columns([1, 2, 3])
    kind = first.selectbox("Kind", ["bars", "lines", "points"], key="sql_kind")
    across = second.selectbox("Across", frame.columns, key="sql_across", format_func=plain)
    up = third.multiselect("Up", numbers, default=numbers[:1], key="sql_up", format_func=plain)
    if up:
        st.plotly_chart(charts_series.free(frame.head(2000), kind, across, up), key="sql_chart")
        if frame.height > 2000:
            st.caption("Drawn: the first 2,000 rows.")


asked = "|".join(st.query_params.get(name, "") for name in ("question", "with", "sql"))
is_opened = asked.strip("|") and st.session_state.get("sql_asked") != asked
if is_opened:
    st.session_state["sql_asked"] = asked
    st.session_state["sql_text"] = console.opened(st.query_params.to_dict())
st.session_state.setdefault("sql_text", START)

left, right = st.columns([3, 2])
with left:
    st.selectbox(
        "Saved questions", list(console.QUESTIONS), index=None, key="sql_saved", placeholder="choose one to start from",
        format_func=lambda name: console.QUESTIONS[name], on_change=load, args=("sql_saved",),
    )  # fmt: skip
    text = st.text_area("SELECT", key="sql_text", height=260) or ""
    one, two = st.columns([3, 2], vertical_alignment="bottom")
    limit = two.number_input("Seconds at most", 1, 600, 60, key="sql_seconds")
    run = one.button("Run", key="sql_run", type="primary", shortcut="Ctrl+Enter")
with right:
    tables = console.schema(data.fingerprint(), str(data.store_path()))
    names = tables["table_name"].unique(maintain_order=True).to_list()
    first = names.index("message") if "message" in names else 0
    table = st.selectbox("Tables and their columns", names, index=first, key="sql_table")
    columns = tables.filter(tables["table_name"] == table)
    st.caption(widgets.markdown(columns["table_doc"][0]))
    widgets.table(columns, {"column_name": "Column", "data_type": "Type", "doc": "Meaning"}, "sql_columns", height=330)

if run or (is_opened and not st.query_params.get("sql")):
    old = st.session_state.get("sql_job")
    if old:
        old.stop.set()
    st.session_state["sql_job"] = console.start(data.store_path(), text, limit)
job = st.session_state.get("sql_job")
if job:
    if job.is_done(wait_s=0.3):
        answer(job)
    else:
        wait(job)
