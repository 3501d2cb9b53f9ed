"""Blocks of the page of one message. Every text from a log passes `plain` or `markdown` on its way to the page."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import streamlit as st

from tracelens import casefile, compare, query, told
from tracelens.agreement import count
from tracelens.dashboard import data, path_chart, widgets, zone
from tracelens.dashboard.lane_chart import SHOWN, lane_chart
from tracelens.delay import duration
from tracelens.errors import TracelensError
from tracelens.render import dump, plain
from tracelens.story import size

Row = Mapping[str, Any]
COLOURS = {
    "delivered": "green", "relayed": "blue", "expanded": "blue", "redirected": "blue", "duplicate": "gray",
    "in transit": "yellow", "deferred": "orange", "quarantined": "violet", "dropped": "violet", "refused": "red",
    "failed": "red",
}  # fmt: skip
MOST_REASONS = 5
STATES = {"confirmed": "green", "reported": "blue", "not confirmed": "red"}
SERVICES = {"FE": "frontend", "HUB": "hub", "DEL": "delivery", "SUB": "submission"}  # as message-info writes them
LEGEND = (
    "An arrow is a hand-over, labelled connector:port; dashed is inferred, dotted is only reported by a header or a "
    "cloud trace, thick is the critical path, red did not succeed. A hollow ring is a gap: a row must be there, and no "
    "log has it."
)


def card(row: Row, fates: Sequence[Row]) -> None:
    """Shows what is known of a message as a whole."""
    with st.container(border=True):
        title = plain(row["message_subject"])[:300] or "(no subject in the logs)"
        with st.container(horizontal=True, vertical_alignment="center"):
            st.badge(plain(row["status"]), color=COLOURS.get(row["status"], "gray"))  # type: ignore[arg-type,unused-ignore]
            st.text(title)
        total = duration(row["total_ms"]) or "unknown"
        facts = {
            "From": plain(row["sender_address"]) or "<>",
            "Origin": f"{row['origin_class']} {plain(row['origin_ip'])}".strip(),
            f"First seen ({zone.chosen()})": zone.stamp(row["first_at"]),
            "Total": total,
            "Size": size(row["message_bytes"]) if row["message_bytes"] else "unknown",
            "Recipients": " · ".join(f"{count} {status}" for status, count in _counts(fates)) or "none known",
        }
        for column, (label, value) in zip(st.columns([2.4, 1.8, 1.8, 0.9, 0.9, 2.2]), facts.items(), strict=True):
            column.caption(label)
            column.text(value)
        ids = [plain(row[name]) for name in ("message_id", "network_message_id") if row[name]]
        st.code("\n".join(ids) or plain(row["message_key"]), language=None)


def why(message_key: str) -> None:
    """Says of a message that did not reach everybody why: what each reason means, for whom, and what to do."""
    reasons = data.ask("leg_reason", message=message_key, limit=MOST_REASONS + 1).to_dicts()
    if not reasons:
        return
    st.subheader("Why it did not arrive", anchor=False)
    for row in reasons[:MOST_REASONS]:
        with st.container(border=True, gap=None):
            names = ", ".join(widgets.short(name or "?") for name in row["recipients"])
            more = row["recipient_count"] - len(row["recipients"])
            told_more = f" and {more:,} more" if more > 0 else ""
            st.text(f"{names}{told_more}: {row['status']} {plain(row['reason_code'] or '')}".rstrip())
            if row["reason_text"]:
                st.code(widgets.short(row["reason_text"]), language=None, wrap_lines=True)
                widgets.explained(row["signature_id"] or "")
            else:
                st.caption("The logs give no reason.")
    if len(reasons) > MOST_REASONS:
        st.caption(f"Shown are the first {MOST_REASONS} reasons; the recipients below have all.")


def _counts(fates: Sequence[Row]) -> list[tuple[str, int]]:
    found: dict[str, int] = {}
    for leg in fates:
        found[leg["status"]] = found.get(leg["status"], 0) + 1
    return sorted(found.items(), key=lambda entry: -entry[1])


def pictures(hops: pl.DataFrame, gaps: pl.DataFrame) -> None:
    """Shows the path across the servers and over time."""
    rows = hops.to_dicts()
    if hops.height > SHOWN:
        st.caption(f"The pictures show the first {SHOWN} of {hops.height:,} hops; the table below has all.")
    chain = path_chart.critical_path(rows)
    told_basis = ", ".join(f"{count} {basis}" for basis, count in _bases(rows))
    st.plotly_chart(
        lane_chart(rows, gaps.to_dicts(), chain), key="lanes", config={"displayModeBar": False},
        alt="Servers as lanes, hand-overs as arrows",
    )  # fmt: skip
    st.caption(LEGEND)
    st.plotly_chart(path_chart.waterfall(hops), key="waterfall", config={"displayModeBar": False}, alt="Hops over time")
    st.caption(
        f"{count(hops.height, 'hop')}: {told_basis}. "
        "The framed bars are the critical path: what the last end waited for."
    )


def _bases(rows: Sequence[Row]) -> list[tuple[str, int]]:
    found: dict[str, int] = {}
    for hop in rows:
        found[hop["basis"]] = found.get(hop["basis"], 0) + 1
    return list(found.items())


def latency(message_key: str) -> None:
    """Shows where the time went, if the logs tell."""
    found = data.ask("message_latency", message=message_key)
    found = found.filter(pl.col("own_ms") > 0).with_columns(
        pl.col("service").replace(SERVICES), pl.col("path").str.extract(r"([^/\\]+)$").alias("file")
    )
    if found.is_empty():
        return
    st.subheader("Where the time went", anchor=False)
    st.caption("Each server's own account (message-info), by its own clock; a part's time without the parts inside it.")
    labels = {
        "server": "Server",
        "service": "Service",
        "kind": "Kind",
        "component": "Component or agent",
        "own_ms": "Own ms",
        "duration_ms": "With inner parts ms",
        "file": "File",
        "line": "Line",
        "path": "Path",
    }
    widgets.table(found, labels, "latency")


def rests_on(message_key: str) -> None:
    """Shows what the store holds of the servers on the path, in its hours."""
    rows = data.ask("path_coverage", message=message_key).to_dicts()
    if not rows:
        return
    names = {(row["log"], row["service"]): _log_name(row) for row in rows}
    grid = [
        {"server": server} | {names[row["log"], row["service"]]: _held(row) for row in rows if row["server"] == server}
        for server in dict.fromkeys(row["server"] for row in rows)
    ]
    first, last = rows[0]["first_hour"], rows[0]["last_hour"]
    hours = " to ".join(dict.fromkeys(zone.stamp(hour, "%Y-%m-%d %H:%M") for hour in (first, last)))
    st.caption(f"Logs held of these servers in the hours of the path, {hours} {zone.chosen()}")
    frame = pl.from_dicts(grid, infer_schema_length=None)
    widgets.table(frame, {name: "Server" if name == "server" else name for name in frame.columns}, "rests_on")


def _log_name(row: Row) -> str:
    name = {"message_tracking": "Tracking", "smtp_receive": "Receive", "smtp_send": "Send"}.get(row["log"], row["log"])
    return f"{name} {row['service']}".removesuffix(" transport")


def _held(row: Row) -> str:
    if row["hours_held"] == row["hours_wanted"]:
        return "held"
    part = f"{row['hours_held']} of {row['hours_wanted']} h" if row["hours_held"] else "none"
    return f"{part}: {row['lacking']}" if row["lacking"] else part


def ambiguous(message_key: str) -> None:
    """Shows joins that were not used because another candidate fits as well."""
    found = data.ask("ambiguous_link", message=message_key)
    if found.height:
        st.caption("Joins that another candidate fits as well; they are not used.")
        labels = {"join_name": "Join", "from_kind": "Record", "from_key": "Key", "to_kind": "With", "to_key": "Its key"}
        widgets.table(found, labels, "ambiguous")


def related(message_key: str) -> None:
    """Shows the message that this one was made of, and the reports and copies that were made of it."""
    found = data.ask("related", message=message_key)
    if found.height:
        st.caption("Reports and copies: the message that is the cause of this one, and those that Exchange made of it.")
        labels = {
            "relation": "Is", "kind": "Kind", "message_id": "Message-id", "status": "Status", "first_at": "First row",
            "message_key": "Key",
        }  # fmt: skip
        widgets.table(found.select(list(labels)), labels, "related")


def headers(rows: Sequence[Row], key: str) -> None:
    """Shows header lines with what the logs say of each."""
    counts = {state: sum(row["state"] == state for row in rows) for state in STATES}
    with st.container(horizontal=True):
        for state, count in counts.items():
            if count:
                st.badge(f"{count} {state}", color=STATES[state])  # type: ignore[arg-type,unused-ignore]
    if counts["not confirmed"]:
        st.warning("Lines that are not confirmed may be forged: trust the way from the first confirmed line on.")
    names = ["hop_number", "state", "from_host", "from_ip", "by_host", "said_at", "logged_at", "reason", "line"]
    frame = pl.from_dicts([{name: row[name] for name in names} for row in rows], infer_schema_length=None)
    labels = {
        "hop_number": "Line", "state": "State", "from_host": "From", "from_ip": "Address", "by_host": "By",
        "said_at": "Header says", "logged_at": "Log says", "reason": "Why",
    }  # fmt: skip
    widgets.table(frame, labels, key)


def paste(message_key: str) -> None:
    """Offers to paste headers, and holds them against the logs; nothing is read into the store."""
    with st.form("paste", border=False):
        text = st.text_area(
            "Headers of this message, as text", key="pasted", height=140, placeholder="Received: from …",
            help="They are held against the logs and forgotten; to keep them, ingest them as a file.",
        )  # fmt: skip
        st.form_submit_button("Hold against the logs", key="hold")
    if not (text or "").strip():
        return
    try:
        found = told.judge(data.store_path(), str(text).encode(), "the pasted text")
    except TracelensError as error:
        st.error(widgets.markdown(str(error)))
        return
    for at, entry in enumerate(found):
        if entry.message_key != message_key:
            st.info("These headers are of another message:")
            st.code(plain(entry.message_id), language=None)
            if entry.message_key and st.button("Show that message", key=f"other_{at}"):
                widgets.open_message(entry.message_key)
        headers(entry.lines, f"pasted_{at}")


def beside(message_key: str) -> None:
    """Sets a second message beside this one."""
    text = widgets.text("Message-id or key of the other message", "beside", placeholder="<a1b2@example.com>")
    if not text:
        return
    found = query.search(data.store_path(), message_id=text, noise=True, limit=2)
    if found.height != 1:
        st.info("No message matches." if found.is_empty() else "Several messages match: give the whole id or a key.")
        return
    left, right = data.path(message_key), data.path(found["message_key"][0])
    facts = pl.from_dicts(compare.facts(left, right))
    widgets.table(facts, {"fact": "", "left": "This message", "right": "The other"}, "facts")
    rows = compare.compare(left, right)
    if not rows:
        widgets.nothing("Neither has a hop.", "The rows of both messages name no hand-over.")
        return
    st.plotly_chart(
        path_chart.side_by_side(rows), key="aligned_chart", config={"displayModeBar": False}, alt="Aligned hops"
    )
    labels = {
        "step": "Step", "kind": "Kind", "left": "This message", "right": "The other", "left_transit_ms": "Took ms",
        "right_transit_ms": "Other took ms", "difference": "Difference",
    }  # fmt: skip
    widgets.table(pl.from_dicts(rows, infer_schema_length=None), labels, "aligned")


def hand_on(message_key: str) -> None:
    """Offers the address of this page, the path as JSON, and a case file."""
    store = data.store_path()
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.popover("Copy link"):
            st.code(link(message_key), language=None)
        st.download_button(
            "Path as JSON", data=lambda: dump(query.document(store, query.path(store, message_key, with_rows=True))),
            file_name="path.json", mime="application/json", key="json", on_click="ignore",
        )  # fmt: skip
        st.download_button(
            "Case file, names as logged", data=lambda: case_file(store, message_key), file_name="case.zip",
            mime="application/zip", key="case", on_click="ignore",
            help="With names replaced by tokens: tracelens case create --message KEY --out case.zip",
        )  # fmt: skip


def link(message_key: str) -> str:
    """Gives the address of this page."""
    from urllib.parse import quote

    here = str(st.context.url or "").split("?")[0]
    return f"{here}?message={quote(message_key, safe='')}"


def case_file(store: Path, message_key: str) -> bytes:
    """Gives a case file of one message, names as logged."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "case.zip"
        casefile.write(casefile.gather(store, [message_key], []), out)
        return out.read_bytes()
