"""Ingest

What has been read, what has not and why, and the way to read more.
"""

from datetime import timedelta
from functools import partial
from typing import Any

import polars as pl
import streamlit as st

from tracelens.agreement import count as told
from tracelens.dashboard import data, drill, upload, widgets, zone
from tracelens.dashboard.counted import behind
from tracelens.dashboard.job import Job
from tracelens.dashboard.tabs import tabs
from tracelens.render import plain

LOGS = ("smtp_receive", "smtp_send", "message_tracking")
LINES = {
    "event_count": ("row", "rows"),
    "reject_count": ("rejected line", "rejected lines"),
    "header_count": ("line of a header", "lines of headers"),
    "blank_count": ("empty line", "empty lines"),
    "continuation_count": ("line that goes on with the row before", "lines that go on with the row before"),
    "pending_count": ("last line that is still being written", "last lines that are still being written"),
}
MINUTE = timedelta(minutes=1)
PAGE_SIZE = 100
STATES = ["ingested", "partial", "skipped", "failed"]
SERVICES = ["frontend", "hub", "delivery", "submission", "edge"]


def files() -> None:
    """Lists files with their state and why they were left out."""
    kinds = spaced(data.ask("ledger_kind").with_columns(pl.col("format").alias("kind")))
    labels = {
        "state": "State",
        "format": "Kind",
        "file_count": "Files",
        "size_bytes": "Bytes",
        "line_count": "Lines",
        "event_count": "Rows",
        "reject_count": "Rejected",
        "first_at": "First",
        "last_at": "Last",
    }
    opens = {
        name: partial(lambda row, what: behind("file", sum=what, state=row["state"], format=row["kind"]), what=what)
        for name, what in {
            "file_count": "", "size_bytes": "bytes", "line_count": "lines", "event_count": "rows",
            "reject_count": "rejects",
        }.items()
    }  # fmt: skip
    widgets.table(kinds, labels, "ledger_kinds", opens)
    left, right = st.columns([1, 3])
    state = widgets.choice("State", "state", STATES, left)
    text = widgets.text("In path or reason", "file", right)
    page = widgets.page_number((state, text))
    asked = {"state": state, "text": text, "limit": PAGE_SIZE, "offset": (page - 1) * PAGE_SIZE}
    found = data.ask("ledger", **asked)
    if found.is_empty():
        widgets.nothing("No such file.", "")
        return
    count = found["found_count"][0]
    st.caption(
        told(count, "file")
        + (", unreadable ones first, skipped ones last" if count > 1 else "")
        + (f"; page {page}" if count > PAGE_SIZE else "")
    )
    labels = {
        "file": "File",
        "state": "State",
        "reason": "Why",
        "format": "Kind",
        "server": "Server",
        "service": "Service",
        "line_count": "Lines",
        "event_count": "Rows",
        "reject_count": "Rejected",
        "first_at": "First",
        "last_at": "Last",
        "path": "Path",
    }

    def behind_rows(row: dict[str, Any]) -> dict[str, Any]:
        if row["format"] not in LOGS:
            return {}
        span = {"since": row["first_at"], "until": row["last_at"] + MINUTE} if row["first_at"] else {}
        return behind("log_row", file=row["path"], **span)

    leads = {
        "line_count": lambda row: {"page": "ingest", "file": row["path"]},
        "event_count": behind_rows,
        "reject_count": lambda row: {"page": "ingest", "view": "Rejected lines", "line": row["path"]},
    }
    widgets.table(spaced(named(found)), labels, "ledger", leads)
    for row in found.filter(pl.col("path") == text).to_dicts():
        st.markdown(f"Its **{row['line_count']:,}** line{'' if row['line_count'] == 1 else 's'}: {lines(row)}.")
    widgets.pages(count, PAGE_SIZE)
    drill.as_sql("ledger", **asked)


def lines(row: dict[str, Any]) -> str:
    """Says what became of each line of a file."""
    parts = [told(row[name], *words) for name, words in LINES.items() if row[name]]
    return ", ".join(parts) or "none was read"


def named(frame: pl.DataFrame) -> pl.DataFrame:
    """Gives files with their names, without the folders."""
    return frame.with_columns(pl.col("path").str.extract(r"([^/\\]+)$").alias("file"))


def spaced(frame: pl.DataFrame) -> pl.DataFrame:
    """Gives files with the kind of log as words, as the other pages name it."""
    return frame.with_columns(pl.col("format").str.replace_all("_", " "))


def rejects() -> None:
    """Lists lines that could not be read."""
    text = widgets.text("In path, reason or line", "line")
    page = widgets.page_number(text)
    asked = {"text": text, "limit": PAGE_SIZE, "offset": (page - 1) * PAGE_SIZE}
    found = data.ask("reject_line", **asked)
    if found.is_empty():
        widgets.nothing("No such line." if text else "Every line could be read.", "")
        return
    count = found["found_count"][0]
    st.caption(told(count, "line") + (f"; page {page}" if count > PAGE_SIZE else ""))
    labels = {"reason": "Why", "file": "File", "line": "Line", "text": "Text", "path": "Path"}
    widgets.table(named(found), labels, "rejects")
    widgets.pages(count, PAGE_SIZE)
    drill.as_sql("reject_line", **asked)


def uploads() -> None:
    """Takes logs and archives and ingests them."""
    store = data.store_path()
    why = upload.refusal(store)
    if why:
        widgets.nothing("Nothing can be uploaded here.", why)
        return
    job = upload.running().get(str(store))
    if job and not job.is_done():
        progress(job)
        return
    if job:
        account(job)
    most = upload.limit_mb()
    taken = st.file_uploader(
        f"Logs, exports or archives (.zip, .gz), up to {most:,} MB each", accept_multiple_files=True,
        key="upload_files", max_upload_size=most,
    )  # fmt: skip
    left, right = st.columns(2)
    server = left.text_input("Server, when the logs do not say it", key="upload_server")
    service = right.selectbox(
        "Service, when the logs do not say it",
        SERVICES,
        index=None,
        placeholder="as the logs say",
        key="upload_service",
    )
    if st.button("Ingest now", key="upload_start", type="primary", disabled=not taken):
        paths = [upload.keep(store, one.name, one.getvalue()) for one in taken]
        upload.start(store, paths, (server or "").strip(), service or "")
        st.rerun()
    st.caption("Uploads are kept in the store's folder 'uploads', so that each number leads back to its line.")


@st.fragment(run_every=0.5)
def progress(job: Job) -> None:
    """Shows how far an ingest is; shows the page anew when it is done."""
    if job.is_done():
        st.rerun()
    told = job.told
    share = told.bytes_done / told.bytes_total if told and told.bytes_total and told.stage == "read" else None
    stage = plain(told.stage) if told else "waiting for the store"
    st.progress(share if share is not None else 0.0 if told is None or told.stage == "discover" else 1.0, text=stage)
    st.caption(f"Running for {job.seconds:,.0f} s.")


def account(job: Job) -> None:
    """Shows what became of an ingest."""
    if job.error:
        st.error(widgets.markdown(job.error.what[:1].upper() + job.error.what[1:]))
        if job.error.hint:
            st.caption(widgets.markdown(job.error.hint))
        return
    done = job.answer
    st.success(
        f"{told(done.new_files, 'new file')} read, {done.known_files:,} already known, "
        f"{len(done.skipped):,} skipped, {len(done.failed):,} unreadable, in {done.seconds:,.1f} s."
    )
    for path, reason in [*done.failed, *done.skipped][:20]:
        st.text(f"{plain(path)}: {plain(reason)}")


widgets.head("Ingest", "What has been read, what has not and why, and the way to read more.")
total = data.one("total") or {}
if not total.get("first_at"):
    widgets.empty_store()
live = data.one("publication") or {}
if live:
    with st.container(horizontal=True):
        states = dict(data.ask("ledger_kind").group_by("state").agg(pl.col("file_count").sum()).iter_rows())
        for state in filter(states.get, STATES):
            widgets.link(f"{told(states[state], 'file')} {state}", **behind("file", state=state))
        if total["reject_count"]:
            widgets.link(f"{told(total['reject_count'], 'line')} rejected", "ingest", view="Rejected lines")
    st.caption(
        f"Published by run {live['ingest_id']}, {widgets.stamp(live['published_at'], '%Y-%m-%d %H:%M')} "
        f"{zone.chosen()}, tracelens {plain(live['version']).split()[0]}."
    )
if upload.is_busy(data.store_path()):
    widgets.nothing("An ingest is running.", "The pages show what was there before until it is done.")
tabs({"Files": files, "Rejected lines": rejects, "Upload": uploads})
