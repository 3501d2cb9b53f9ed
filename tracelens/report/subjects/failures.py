"""Who was not reached and why: reasons, domains, replies, over time."""

from __future__ import annotations

from tracelens.agreement import count
from tracelens.report.parts import Figure, Report, Section, are, over_time, wide
from tracelens.report.scope import Scope, has
from tracelens.report.shown import number

LOGS = ("message_tracking", "smtp_receive", "smtp_send")
STATUSES = ("failed", "refused", "deferred", "dropped", "quarantined")


def build(scope: Scope) -> Report:
    """Gives the report."""
    import polars as pl

    reasons, domains = scope.ask("report_failure"), scope.ask("report_failure_domain")
    replies = scope.ask("report_failure_reply")
    over = scope.ask("report_failure_time")
    counts = {status: int(reasons.filter(pl.col("status") == status)["recipients"].sum()) for status in STATUSES}
    missed = sum(counts.values())
    sentences = []
    if missed:
        told = ", ".join(f"{counts[status]:,} {status}" for status in STATUSES if counts[status])
        top = reasons.row(0, named=True)
        sentences.append(f"{count(missed, 'recipient')} not reached: {told}.")
        sentences.append(
            f"Most often ({top['recipients']:,}, {top['status']}): {top['reason'] or 'no reason in the logs'}."
        )
        domain = domains.row(0, named=True)
        sentences.append(
            f"Hit most: {domain['domain']}, {number(domain['missed_share'], 'share')}"
            f" of {count(domain['recipients'], 'recipient')}."
        )
    else:
        sentences.append("Every recipient in the window was reached.")
    unknown = replies.filter(pl.col("signature") == "(no signature)")
    if unknown.height:
        sentences.append(
            f"{count(unknown.height, 'failure text')} of the logs {are(unknown.height)} known to no signature."
        )
    if not has(scope, "smtp_receive"):
        sentences.append("Recipients refused at the door cannot be known without SMTP receive logs.")
    sections = [
        Section(
            "Reasons",
            reasons,
            note="The meaning where a signature knows the text, else the innermost text itself.",
            key=("status", "code", "reason"),
            measure="recipients",
        ),
        Section("Over time", wide(over, STATUSES), over_time(over, "bars", STATUSES)),
        Section("Recipient domains", domains, key=("domain",), measure="recipients"),
        Section(
            "Failure texts in the logs",
            replies,
            note="Also those that cost no recipient, as a retry went through.",
            key=("server", "service", "direction", "meaning"),
            measure="replies",
        ),
    ]
    figures = [Figure(status, counts[status]) for status in STATUSES]
    return scope.report("Failures", sentences, sections, LOGS, figures=figures)
