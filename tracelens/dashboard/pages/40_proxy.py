"""Proxy failures

Why Front Ends fail to hand mail on, to which server, whose mail it hit, and whether it works again.
"""

from datetime import timedelta
from functools import partial
from typing import Any

import polars as pl
import streamlit as st

from tracelens.agreement import count as number_of
from tracelens.dashboard import charts, data, drill, widgets
from tracelens.dashboard.counted import behind, digest
from tracelens.dashboard.tabs import tabs
from tracelens.dashboard.window import Window, window_or_stop
from tracelens.report.parts import listed

HANDED_ON = {"service": "frontend", "direction": "send"}
THEN = ["not seen again", "the same sender got through", "got through"]
END = ("server", "target", "remote_port")
HOUR = timedelta(hours=1)


def pairs(window: Window) -> None:
    """Shows Front Ends against their targets, and both sides of one pair."""
    asked = {"limit": 1000, **window.params}
    found = data.ask("proxy_pair", **asked)
    if found.is_empty():
        widgets.nothing("No Front End send log in this window.", "Copy FrontEnd/ProtocolLog/SmtpSend and ingest it.")
        return
    broken = found.filter(pl.col("state") == "failing")
    ways = [f"{server} to {target}:{port}" for server, target, port in broken.select(*END).iter_rows()]
    if ways:
        still = "1 way still fails" if len(ways) == 1 else f"{len(ways):,} ways still fail"
        st.markdown(f"**Broken:** {still}, {widgets.markdown(listed(ways))}.")
    else:
        again = " again" if found["failed_count"].sum() else ""
        st.markdown(f"**Works{again}:** the last hand-over of each Front End to each of its targets went well.")
    with st.container(horizontal=True):
        all_of = {**HANDED_ON, **window.params}
        widgets.link(number_of(int(found["session_count"].sum()), "hand-over"), **behind("session", **all_of))
        widgets.link(f"{found['failed_count'].sum():,} failed", **behind("session", failed=True, **all_of))
    inside = found.filter(pl.col("target") != pl.col("remote_ip"))
    if inside.height:
        several = pl.col("remote_ip").n_unique().over("target") > 1
        name = pl.when(several).then(pl.format("{} {}", "target", "remote_ip")).otherwise("target")
        shown = inside.with_columns(pl.format("{}:{}", name, "remote_port").alias("place"))
        ends = {row["place"]: row for row in shown.select("place", "remote_ip", "remote_port").to_dicts()}
        widgets.matrix(
            shown, "server", "place", "session_count", "failed_count", "proxy_matrix",
            lambda server, place: behind_pair(window, ends[place] | {"server": server}),
        )  # fmt: skip
        st.caption("Failed of all sessions between a Front End (left) and servers of ours (above).")
    volume = data.steps("proxy_volume", window.bucket, **window.params)
    st.subheader(f"Sessions per {window.bucket}", anchor=False)
    widgets.bars(
        volume, "outcome", "session_count", window.bucket, charts.OUTCOME, "proxy_volume",
        lambda name, at: behind("session", failed=name == "failed", **HANDED_ON, **window.params | at), window.params,
    )  # fmt: skip
    labels = {
        "server": "Front End",
        "target": "To",
        "remote_ip": "Address",
        "remote_port": "Port",
        "state": "State",
        "session_count": "Sessions",
        "failed_count": "Failed",
        "first_failed_at": "First failure",
        "last_failed_at": "Last failure",
        "last_good_at": "Last success",
        "meaning": "Cause",
        "last_failure": "Last failure's text",
        "connector_id": "Connector",
    }
    st.caption("Select a row to see both sides.")
    opens: widgets.Opens = {
        "session_count": partial(behind_pair, window),
        "failed_count": partial(behind_pair, window, failed=True),
    }
    chosen = drill.drill(found, labels, "proxy_pairs", "pair", "key", opens=opens)
    drill.as_sql("proxy_pair", **asked)
    rows = found.filter(pl.col("key") == chosen)
    if rows.height:
        sides(window, rows.row(0, named=True))


def behind_pair(window: Window, row: dict[str, Any], /, **more: Any) -> dict[str, Any]:
    """Gives the list of the conversations of a pair."""
    same = {"address": row["remote_ip"], "port": row["remote_port"], **HANDED_ON}
    if "connector_id" in row:
        same["connector"] = row["connector_id"]
    return behind("session", **same, **more, **(window.of(row["server"]) | row.get("span", {})))


def sides(window: Window, row: dict[str, Any]) -> None:
    """Shows both sides of one pair: what the Front End logged, what the target logged."""
    st.subheader(widgets.markdown(f"{row['server']} to {row['target']}:{row['remote_port']}"), anchor=False)
    asked = window.params | {name: row[name] for name in ("server", "remote_ip", "remote_port")}
    both = data.ask("proxy_side", **asked)
    labels = {
        "hour": "Hour",
        "tried_count": "Front End tried",
        "failed_count": "Failed",
        "seen_count": "Target saw",
        "refused_count": "Target refused",
        "row_count": "Rows in the target's log",
        "verdict": "Together",
    }

    def behind_hour(hour: dict[str, Any], /, **more: Any) -> dict[str, Any]:
        span = {"since": max(hour["hour"], window.since), "until": min(hour["hour"] + HOUR, window.until)}
        pair = {name: row[name] for name in ("server", "remote_ip", "remote_port")}
        return behind_pair(window, pair | {"span": span}, **more)

    def behind_rows(hour: dict[str, Any], /) -> dict[str, Any]:
        span = {"since": hour["hour"], "until": hour["hour"] + HOUR}
        return behind("log_row", log="smtp_receive", frontend=False, server=row["target"], **span)

    opens: widgets.Opens = {
        "row_count": behind_rows,
        "tried_count": behind_hour,
        "failed_count": partial(behind_hour, failed=True),
        "seen_count": partial(behind_hour, seen="yes"),
        "refused_count": partial(behind_hour, seen="refused"),
    }
    widgets.table(both, labels, "proxy_sides", opens)
    drill.as_sql("proxy_side", **asked)
    sessions = data.ask("proxy_session", limit=200, **asked)
    labels = {
        "opened_at": "Opened",
        "outcome": "Outcome",
        "told": "Said",
        "connector_id": "Connector",
        "tls_version": "TLS",
        "message_count": "Messages",
        "longest_silence_ms": "Longest silence, ms",
    }
    st.caption("Its sessions, failed ones first, at most 200. Select one to see its rows.")
    at = widgets.picked(sessions, labels, "proxy_sessions")
    if at is not None:
        widgets.open_session(sessions["session_key"][at])


def causes(window: Window) -> None:
    """Lists causes, and what clients were told."""
    found = data.ask("proxy_cause", **window.params)
    if found.is_empty():
        if not widgets.unlogged("Why hand-overs fail", widgets.SEND, window.params, "frontend"):
            widgets.nothing("No failed hand-over.", "No send session of a Front End failed in this window.")
    else:
        labels = {
            "meaning": "Cause",
            "failure": "Text",
            "failed_count": "Failed",
            "front_end_count": "Front Ends",
            "targets": "Targets",
            "first_at": "First",
            "last_at": "Last",
        }
        opens: widgets.Opens = {
            name: partial(
                lambda row, by: behind("session", by=by, failure=digest(row["failure"]), **HANDED_ON, **window.params),
                by=by,
            )
            for name, by in {"failed_count": "", "front_end_count": "server"}.items()
        }
        widgets.table(found, labels, "proxy_causes", opens)
        drill.as_sql("proxy_cause", **window.params)
    st.subheader("What clients were told", anchor=False)
    asked = {"limit": 500, **window.params}
    replies = data.ask("proxy_reply", **asked)
    if replies.is_empty():
        if not widgets.unlogged("What clients were told", widgets.RECEIVE, window.params, "frontend"):
            widgets.nothing("No temporary refusal by a Front End.", "Its receive log shows no 4xx answer to a message.")
        return
    labels = {
        "server": "Front End",
        "reply_text": "Reply",
        "meaning": "Meaning",
        "reply_count": "Times",
        "client_count": "Clients",
        "first_at": "First",
        "last_at": "Last",
    }
    leads: widgets.Opens = {
        name: partial(
            lambda row, by: behind("put_off", by=by, text=digest(row["reply_text"]), **window.of(row["server"])), by=by
        )
        for name, by in {"reply_count": "", "client_count": "address"}.items()
    }
    widgets.table(replies, labels, "proxy_replies", leads)
    drill.as_sql("proxy_reply", **asked)


def mail(window: Window) -> None:
    """Lists mail that was put off, and whether it came through later."""
    asked = {"limit": 1000, **window.params}
    found = data.ask("proxy_mail", **asked)
    if found.is_empty():
        if not widgets.unlogged("Which mail was put off", widgets.RECEIVE, window.params, "frontend"):
            widgets.nothing("No mail was put off.", "No Front End answered a message with 4xx in this window.")
        return
    lost = found.filter(pl.col("outcome") == THEN[0]).height
    count = int(found["found_count"][0])
    widgets.link(number_of(count, "message put off", "messages put off"), **behind("put_off", **window.params))
    widgets.cut(found.height, count, "refusals, the newest")
    then = widgets.choice("Show only what", "then", THEN, width=260)
    if lost:
        drill.view(f"{lost:,} not seen again", "lost", then=THEN[0])
    st.caption("A sender that tries again is told by its address, its sender and its recipients.")
    found = found.filter(pl.col("outcome") == then) if then else found
    if found.is_empty():
        widgets.nothing("No such mail in this window.", "")
        return
    labels = {
        "started_at": "At",
        "server": "Front End",
        "remote_ip": "Client",
        "mail_from": "Sender",
        "recipients": "Recipients",
        "outcome": "Then",
        "came_at": "Got through",
        "delay_ms": "After, ms",
        "meaning": "Cause",
        "reply_text": "Reply",
    }
    at = widgets.picked(found, labels, "proxy_mail", 500)
    drill.as_sql("proxy_mail", **asked)
    if at is not None:
        widgets.open_session(found["session_key"][at])


widgets.head("Proxy failures", "The Front End hands each message on at once; here is where that fails.")
chosen = window_or_stop()
tabs(
    {
        "Who to whom": lambda: pairs(chosen),
        "Causes": lambda: causes(chosen),
        "Affected mail": lambda: mail(chosen),
        "Findings and advice": lambda: widgets.findings_of("proxy", chosen.params),
    }
)
