"""TLS and logon

Which TLS versions and ciphers are spoken, who still uses an old one or none, who signs in and how.
"""

from datetime import timedelta
from functools import partial
from typing import Any

import polars as pl
import streamlit as st

from tracelens.agreement import count
from tracelens.dashboard import charts, charts_series, data, drill, widgets
from tracelens.dashboard.counted import NONE, behind, digest
from tracelens.dashboard.tabs import tabs
from tracelens.dashboard.window import Window, window_or_stop
from tracelens.report.subjects.tls import GOOD, VERSIONS

MINUTE = timedelta(minutes=1)
WAYS = {"receive": "Sessions in", "send": "Sessions out"}
Panel = tuple[str, str, str, pl.DataFrame, dict[str, str]]
UNNAMED = "(not named in the log)"
OUTDATED = {"": "yes", "old": "old", "none": "none"}
OLD = {"": "old TLS or none", "old": "TLS older than TLS1.2", "none": "no TLS"}


def versions(window: Window) -> None:
    """Shows versions and ciphers by direction and connector; each sentence opens the list behind it."""
    mix = data.ask("tls_mix", **window.params)
    peers = dict(data.ask("tls_count", **window.params).iter_rows())
    if mix.is_empty():
        widgets.nothing("No SMTP session in this window.", "TLS is known from the SMTP protocol logs.")
        return
    for name in [name for name in VERSIONS if name not in GOOD]:
        found = peers.get(name, 0)
        if found:
            how = (
                "moved mail or signed in without TLS"
                if name == "none"
                else f"still {'uses' if found == 1 else 'use'} {name}"
            )
            drill.view(f"{count(found, 'peer')} {how}", name, view="Who uses what", tls=name)
    if not set(peers) - set(GOOD):
        st.markdown("Every peer that moved mail or signed in used TLS1.2 or TLS1.3.")
    used = mix.filter(pl.col("used_count") > 0)
    panels = [panel for word in ("tls", "cipher") for way in WAYS if (panel := share(used, way, word))]
    if panels:
        st.subheader("Sessions that moved mail or signed in", anchor=False)
        widgets.ranks(
            [charts_series.Ranks(title, frame, colours) for _, _, title, frame, colours in panels], "Sessions",
            "versions", lambda at, name: behind_use(window, panels[at][0], panels[at][1], name),
        )  # fmt: skip
    over = data.in_steps(data.ask("report_tls_time", bucket="hour", **window.params), window.bucket, "moment")
    held = data.held(window.bucket, window.server, ("smtp_receive", "smtp_send"))
    if over.height:
        st.subheader(f"Versions per {window.bucket}", anchor=False)
        widgets.lines(
            over, charts_series.TLS, "Sessions", window.bucket, "versions_time",
            lambda name, at: behind("session", tls=name, used=True, **window.params | at), window.params, held,
        )  # fmt: skip
    st.subheader("By server and connector", anchor=False)
    labels = {
        "direction": "Direction",
        "server": "Server",
        "service": "Service",
        "connector": "Connector",
        "tls": "TLS",
        "cipher": "Cipher",
        "session_count": "Sessions",
        "used_count": "Moved mail",
        "peer_count": "Peers",
        "last_at": "Last",
    }
    opens: widgets.Opens = {
        "session_count": partial(behind_mix, window),
        "used_count": partial(behind_mix, window, used=True),
        "peer_count": partial(behind_mix, window, by="address"),
    }
    widgets.table(mix, labels, "tls_mix", opens)
    drill.as_sql("tls_mix", **window.params)


def share(used: pl.DataFrame, way: str, word: str) -> Panel | None:
    """Gives the conversations of one direction by version or cipher, for one panel of the picture."""
    rows = used.filter((pl.col("direction") == way) & (pl.col(word) != ""))
    if rows.is_empty():
        return None
    counts = rows.group_by(pl.col(word).alias("name")).agg(pl.col("used_count").sum().alias("count"))
    top = counts.sort("count", "name", descending=[True, False]).head(8)
    title = f"{WAYS[way]}, by {'version' if word == 'tls' else word}"
    return way, word, title, top, charts_series.TLS if word == "tls" else {}


def behind_use(window: Window, way: str, word: str, name: str) -> dict[str, Any]:
    """Gives the list of the conversations of one direction that moved mail or signed in with a version or cipher."""
    return behind("session", direction=way, used=True, **{word: name}, **window.params)


def behind_mix(window: Window, row: dict[str, Any], /, **more: Any) -> dict[str, Any]:
    """Gives the list of the conversations that a row of the mix counts."""
    same = {name: row[name] for name in ("direction", "service", "connector", "tls", "cipher")}
    return behind("session", **more, **same, **window.of(row["server"]))


def behind_peer(window: Window, row: dict[str, Any], /, **more: Any) -> dict[str, Any]:
    """Gives the list of the conversations that a row of the peers counts."""
    same = {name: row[name] for name in ("direction", "connector", "tls")}
    return behind("session", used=True, address=row["remote_ip"], **more, **same, **window.of(row["server"]))


def peers(window: Window) -> None:
    """Lists the peers of a version."""
    wanted = widgets.choice("TLS version (any: old or none)", "tls", ["old", *reversed(VERSIONS)], width=260)
    name = OLD.get(wanted, wanted)
    found = data.ask("tls_peer", tls=wanted, limit=1000, **window.params)
    if found.is_empty():
        if not widgets.unlogged("Who uses which TLS version", widgets.RECEIVE | widgets.SEND, window.params):
            widgets.nothing(f"No peer with {name}.", "Counted are sessions that moved mail or signed in.")
        return
    peers = int(found["peer_total"][0])
    which = {"tls": wanted} if wanted and wanted not in OUTDATED else {"outdated": OUTDATED[wanted]}
    told = f"{count(peers, 'peer')} with {name}, in sessions that moved mail or signed in"
    widgets.link(told, **behind("session", by="address", used=True, **which, **window.params))
    widgets.cut(found.height, int(found["row_total"][0]), "rows, the busiest")
    labels = {
        "remote_ip": "Address",
        "helo_name": "Name",
        "direction": "Direction",
        "server": "Server",
        "connector": "Connector",
        "tls": "TLS",
        "ciphers": "Ciphers",
        "session_count": "Sessions",
        "accepted_count": "Recipients",
        "user_count": "Accounts",
        "first_at": "First",
        "last_at": "Last",
    }
    opens = {
        name: partial(behind_peer, window, **more)
        for name, more in {
            "session_count": {},
            "accepted_count": {"sum": "accepted"},
            "user_count": {"by": "account"},
        }.items()
    }
    chosen = drill.drill(found, labels, "tls_peers", "peer", "remote_ip", opens=opens)
    drill.as_sql("tls_peer", tls=wanted, limit=1000, **window.params)
    if chosen:
        widgets.link(f"Sessions with {chosen}", "sessions", address=chosen)


def failures(window: Window) -> None:
    """Lists failed handshakes."""
    found = data.ask("tls_failure", **window.params)
    if found.is_empty():
        if not widgets.unlogged("Which handshakes failed", widgets.RECEIVE | widgets.SEND, window.params):
            widgets.nothing("No failed handshake.", "No session of this window shows one.")
    else:
        labels = {
            "remote_ip": "Address",
            "helo_name": "Name",
            "direction": "Direction",
            "server": "Server",
            "connector": "Connector",
            "tls_error": "Error",
            "session_count": "Sessions",
            "first_at": "First",
            "last_at": "Last",
        }

        def behind_failure(row: dict[str, Any]) -> dict[str, Any]:
            same = {name: row[name] for name in ("direction", "service", "connector")}
            error = digest(row["tls_error"])
            return behind("session", address=row["remote_ip"], handshake=error, **same, **window.of(row["server"]))

        widgets.table(found, labels, "tls_failures", {"session_count": behind_failure})
        drill.as_sql("tls_failure", **window.params)
    widgets.findings_of("tls", window.params)


def certificates(window: Window) -> None:
    """Lists certificates."""
    found = data.ask("certificate", **window.params)
    if found.is_empty():
        widgets.nothing("No certificate is known.", "Protocol logs name them when a handshake is logged.")
        return
    labels = {
        "not_after": "Ends",
        "side": "Shown by",
        "subject": "Subject",
        "names": "Names",
        "server": "Server",
        "connector": "Connector",
        "remote_ip": "Peer",
        "session_count": "Sessions",
        "last_at": "Last",
    }

    def behind_certificate(row: dict[str, Any]) -> dict[str, Any]:
        same = {name: row[name] for name in ("direction", "service", "connector")}
        peer = {"address": row["remote_ip"]} if row["remote_ip"] else {}
        span = {"since": row["first_at"] - MINUTE, "until": row["last_at"] + MINUTE, "server": row["server"] or NONE}
        return behind("session", certificate=row["thumbprint"], **same, **peer, **span)

    st.caption("Sessions are counted over all that the store holds, as an end of life does not depend on the window.")
    widgets.table(found, labels, "certificates", {"session_count": behind_certificate})
    drill.as_sql("certificate", **window.params)


def logons(window: Window) -> None:
    """Shows mechanisms, logons over time and where failed ones come from."""
    mechanisms, clients = data.ask("logon_mechanism", **window.params), data.ask("logon_client", **window.params)
    if mechanisms.is_empty():
        if not widgets.unlogged("Who signs in", widgets.RECEIVE, window.params):
            widgets.nothing("Nobody signed in or tried to.", "Logons are known from the SMTP receive logs.")
        return
    good, failed = int(mechanisms["good_count"].sum()), int(mechanisms["failed_count"].sum())
    more = "at least " if clients.height == data.most("logon_client") else ""
    with st.container(horizontal=True):
        widgets.link(f"{count(good, 'logon')} worked", **behind("logon", outcome="worked", **window.params))
        widgets.link(f"{count(failed, 'logon')} failed", **behind("logon", outcome="failed", **window.params))
        if failed:
            where = behind("logon", outcome="failed", by="address", **window.params)
            widgets.link(f"{more}{count(clients.height, 'client')} failed", **where)
    over = data.steps("attack_hour", window.bucket, **window.params)
    widgets.bars(
        over, "outcome", "logon_count", window.bucket, charts.OUTCOME, "logons_time",
        lambda name, at: behind("logon", outcome=name, **window.params | at), window.params,
    )  # fmt: skip
    st.subheader("By connector and mechanism", anchor=False)
    labels = {
        "server": "Server",
        "connector": "Connector",
        "mechanism": "Mechanism",
        "good_count": "Signed in",
        "failed_count": "Failed",
        "plain_count": "Without TLS",
        "client_count": "Clients",
        "account_count": "Accounts",
        "last_at": "Last",
    }
    opens = {
        name: partial(
            lambda row, of: behind(
                "logon", connector=row["connector"], mechanism=row["mechanism"], **of, **window.of(row["server"])
            ),
            of=of,
        )
        for name, of in {
            "good_count": {"outcome": "worked"},
            "failed_count": {"outcome": "failed"},
            "plain_count": {"tls": False},
            "client_count": {"by": "address"},
            "account_count": {"by": "account"},
        }.items()
    }
    widgets.table(mechanisms, labels, "mechanisms", opens)
    drill.as_sql("logon_mechanism", **window.params)
    st.subheader("Where failed logons come from", anchor=False)
    if clients.is_empty():
        widgets.nothing("No failed logon.", "")
        return
    labels = {
        "remote_ip": "Address",
        "helo_name": "Name",
        "failed_count": "Failed",
        "good_count": "Signed in",
        "signed_in": "As",
        "account_count": "Accounts tried",
        "reason": "Reason",
        "first_at": "First",
        "last_at": "Last",
    }
    opens = {
        name: partial(lambda row, of: behind("logon", address=row["remote_ip"], **of, **window.params), of=of)
        for name, of in {
            "failed_count": {"outcome": "failed"},
            "good_count": {"outcome": "worked"},
            "account_count": {"by": "account"},
        }.items()
    }
    widgets.table(clients, labels, "logon_clients", opens)
    drill.as_sql("logon_client", **window.params)


def named(row: dict[str, Any]) -> str | None:
    """Gives the account of a row, or None where the log names none."""
    return None if row["account"] == UNNAMED else row["account"]


def accounts(window: Window) -> None:
    """Lists accounts."""
    found = data.ask("logon_account", **window.params)
    if found.is_empty():
        widgets.nothing("No account is known.", "Logons are known from the SMTP receive logs.")
        return
    both = found.filter((pl.col("good_count") > 0) & (pl.col("failed_count") > 0)).height
    more = " or more" if found.height == data.most("logon_account") else ""
    st.caption(
        f"{count(found.height, 'account')}{more}. Those that failed and worked come first ({both:,}): "
        "a mistyped password, or a guessed one."
    )
    labels = {
        "account": "Account",
        "good_count": "Signed in",
        "failed_count": "Failed",
        "plain_count": "Signed in without TLS",
        "client_count": "Clients",
        "mechanisms": "Mechanisms",
        "first_at": "First",
        "last_at": "Last",
    }
    opens = {
        name: partial(lambda row, of: behind("logon", account=named(row), **of, **window.params), of=of)
        for name, of in {
            "good_count": {"outcome": "worked"},
            "failed_count": {"outcome": "failed"},
            "plain_count": {"outcome": "worked", "tls": False},
            "client_count": {"by": "address"},
        }.items()
    }
    widgets.table(found, labels, "accounts", opens)
    drill.as_sql("logon_account", **window.params)


widgets.head("TLS and logon", "Which TLS is spoken, who still uses an old version or none, who signs in and how.")
chosen = window_or_stop()
parts = (versions, peers, failures, certificates, logons, accounts)
tabs(
    {
        "Versions": lambda: versions(chosen),
        "Who uses what": lambda: peers(chosen),
        "Failed handshakes": lambda: failures(chosen),
        "Certificates": lambda: certificates(chosen),
        "Logons": lambda: logons(chosen),
        "Accounts": lambda: accounts(chosen),
    }
)
