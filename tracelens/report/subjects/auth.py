"""Who signs in and how, who does not, and where failed logons come from."""

from __future__ import annotations

from tracelens.agreement import count
from tracelens.report.parts import Figure, Report, Section, listed, over_time, wide
from tracelens.report.scope import Scope

LOGS = ("smtp_receive",)
ORDER = ("signed in", "failed")


def build(scope: Scope) -> Report:
    """Gives the report."""
    import polars as pl

    held, users, failed = scope.ask("report_auth"), scope.ask("report_auth_user"), scope.ask("report_auth_failure")
    over = scope.ask("report_auth_time")
    failures = int(failed["failures"].sum())
    broken = failed.filter(pl.col("signed_in_users").list.len() > 0)
    bare = users.filter(pl.col("sessions_without_tls") > 0)
    anonymous = held.filter(pl.col("logon") == "anonymous")
    sentences = [f"{count(users.height, 'user')} signed in, {count(failures, 'logon')} failed."]
    if broken.height:
        sentences.insert(
            0,
            f"Look first: {listed(broken['client'].to_list())} failed to sign in and also succeeded;"
            " a mistyped password, or a guessed one.",
        )
    if failed.height:
        top = failed.row(0, named=True)
        sentences.append(
            f"Failed logons come from {count(failed.height, 'address', 'addresses')},"
            f" most from {top['client']} ({top['failures']:,})."
        )
    if bare.height:
        sentences.append(f"{count(bare.height, 'user')} signed in without TLS: {listed(bare['user'].to_list())}.")
    mechanisms = sorted({name for row in users["mechanisms"].to_list() for name in row or []})
    if mechanisms:
        sentences.append(f"Mechanisms of good logons: {', '.join(mechanisms)}.")
    sentences.append(f"{count(int(anonymous['sessions'].sum()), 'conversation')} without a logon.")
    sections = [
        Section("Failed logons by address", failed, key=("client",), measure="failures"),
        Section("Logons over time", wide(over, ORDER), over_time(over, "bars", ORDER)),
        Section("Users", users, key=("user",), measure="sessions"),
        Section(
            "By connector",
            held,
            note="Inbound conversations; those of Exchange servers among themselves are left out.",
            key=("server", "connector", "mechanism", "logon"),
            measure="sessions",
        ),
    ]
    figures = [
        Figure("users", users.height),
        Figure("failed logons", failures),
        Figure("addresses with failed logons", failed.height),
        Figure("conversations without logon", int(anonymous["sessions"].sum())),
    ]
    return scope.report("Logons", sentences, sections, LOGS, figures=figures)
