"""Messages per user and day and their mean size: what a sizing calculator asks."""

from __future__ import annotations

from tracelens.agreement import count
from tracelens.report.parts import Figure, Report, Section, over_time, wide
from tracelens.report.scope import Scope
from tracelens.report.shown import number

LOGS = ("message_tracking", "smtp_receive", "smtp_send")
FULL_DAY = 18  # hours of the window for each day with rows


def build(scope: Scope) -> Report:
    """Gives the report."""
    import polars as pl

    users = scope.ask("report_volume_user")
    covered = scope.ask("report_day")["day"].to_list()
    days = max(len(covered), 1)
    sent, received = int(users["sent"].sum()), int(users["received"].sum())
    total, size = sent + received, int(users["total_bytes"].sum())
    mean = size / total if total else None
    hours, sizes = scope.ask("report_volume_hour"), scope.ask("report_volume_size")
    over = scope.ask("report_volume_time")
    messages = int(over["value"].sum())
    sentences = []
    if users.height:
        each = users.height * days
        sentences.append(
            f"{total / each:,.1f} messages per user and day ({sent / each:,.1f} sent, {received / each:,.1f} received),"
            f" mean size {number(mean or 0, 'bytes')}: {count(users.height, 'mailbox', 'mailboxes')}"
            f" seen in {count(days, 'day')} with rows."
        )
    else:
        sentences.append("No mailbox sent or received mail in the window.")
    sentences.append(f"{count(messages, 'message')} in all, {messages / days:,.0f} a day.")
    if hours.height and messages:
        peak = hours.row(0, named=True)
        sentences.append(
            f"Busiest hour: {peak['hour_at'].isoformat(' ', 'minutes')} UTC with {count(peak['messages'], 'message')},"
            f" {number(peak['messages'] / messages, 'share')} of all and {number(peak['total_bytes'], 'bytes')}."
        )
    if scope.hours / days < FULL_DAY:
        sentences.append(f"The window holds part of a day only: {count(scope.hours, 'hour')} for {count(days, 'day')}.")
    sentences.append("Mailboxes that neither sent nor received are not in the logs: add them for a sizing.")
    shown = users.with_columns((pl.col("messages") / days).alias("messages_per_day")).drop("total_bytes")
    sections = [
        Section("Messages over time", wide(over), over_time(over, "bars"), note="By where they came from."),
        Section(
            "Messages per user",
            shown.select("user", "messages_per_day", "sent", "received", "messages", "days", "mean_bytes", "max_bytes"),
            note="A message to five mailboxes counts once as sent and five times as received.",
            key=("user",),
            measure="messages",
        ),
        Section("Sizes", sizes, key=("size",), measure="messages"),
        Section("Busiest hours", hours),
    ]
    figures = [
        Figure("messages", messages),
        Figure("mailboxes", users.height),
        Figure("messages per user and day", total / (users.height * days) if users.height else None),
        Figure("mean size", mean, "bytes"),
    ]
    return scope.report("Volume", sentences, sections, LOGS, figures=figures)
