"""Which TLS versions are spoken, by whom an old one or none, and which handshakes fail."""

from __future__ import annotations

from tracelens.agreement import count
from tracelens.report.parts import Figure, Report, Section, listed, over_time, wide
from tracelens.report.scope import Scope
from tracelens.report.shown import number

LOGS = ("smtp_receive", "smtp_send")
VERSIONS = ("TLS1.3", "TLS1.2", "TLS1.1", "TLS1.0", "TLS1", "SSL3", "SSL2", "none")
GOOD = ("TLS1.2", "TLS1.3")


def build(scope: Scope) -> Report:
    """Gives the report."""
    import polars as pl

    held, peers, failed = scope.ask("report_tls"), scope.ask("report_tls_peer"), scope.ask("report_tls_failure")
    over = scope.ask("report_tls_time")
    moved = held.group_by("tls").agg(pl.col("used").sum()).filter(pl.col("used") > 0)
    total = int(moved["used"].sum())
    by_version = dict(moved.iter_rows())
    old = peers.filter(pl.col("tls") != "none")
    bare = peers.filter(pl.col("tls") == "none")
    olds, bares = sorted(set(old["peer"].to_list())), sorted(set(bare["peer"].to_list()))
    shares = ", ".join(
        f"{version} {number(by_version[version] / total, 'share')}"
        for version in sorted(by_version, key=lambda name: VERSIONS.index(name) if name in VERSIONS else len(VERSIONS))
    )
    sentences = [
        f"{count(len(olds), 'peer')} still {'uses' if len(olds) == 1 else 'use'} a version before 1.2: {listed(olds)}."
        if olds
        else "No peer that moved mail or signed in used a version before 1.2.",
        f"{count(len(bares), 'peer')} moved mail without TLS: {listed(bares)}."
        if bares
        else "No mail moved without TLS.",
    ]
    if total:
        sentences.append(f"Of {count(total, 'conversation')} that moved mail or signed in: {shares}.")
    if failed.height:
        handshakes = int(failed["sessions"].sum())
        sentences.append(f"{count(handshakes, 'handshake')} failed, with {count(failed['peer'].n_unique(), 'peer')}.")
    sections = [
        Section(
            "Peers without TLS 1.2 or 1.3",
            peers,
            note="Conversations that moved mail or signed in. A peer that is silent now need not be gone.",
            key=("peer", "direction", "connector", "tls"),
            measure="sessions",
        ),
        Section("Versions over time", wide(over, VERSIONS), over_time(over, "bars", VERSIONS)),
        Section(
            "By server and connector",
            held,
            note="All conversations, also those that moved no mail (probes, scans, proxied logons).",
            key=("server", "service", "direction", "connector", "tls"),
            measure="sessions",
        ),
        Section("Failed handshakes", failed, key=("peer", "connector", "error"), measure="sessions"),
    ]
    safe = sum(by_version.get(version, 0) for version in GOOD)
    figures = [
        Figure("conversations that moved mail or signed in", total),
        Figure("share on TLS 1.2 or 1.3", safe / total if total else None, "share"),
        Figure("peers with an old version", len(olds)),
        Figure("peers without TLS", len(bares)),
        Figure("failed handshakes", int(failed["sessions"].sum())),
    ]
    return scope.report("TLS", sentences, sections, LOGS, figures=figures)
