"""Where a client that sends through a server of ours fits best when this server goes, and why.

Source: Microsoft Learn, "How to set up a multifunction device or application to send email"; "Message storage and
concurrent connection throttling for SMTP Authenticated Submission" (30 messages a minute, 10,000 recipients a day);
"High Volume Email for Microsoft 365" (recipients inside only).
"""

from __future__ import annotations

from typing import Any

SUBMISSION_PER_MINUTE = 30  # messages, one mailbox
SUBMISSION_PER_DAY = 10_000  # recipients, one mailbox
BULK_PER_DAY = 2_000  # recipients, from which on a bulk service is worth its set-up

CONNECTOR, OAUTH, BULK, CLOUD, OTHER = (
    "connector relay",
    "OAuth submission",
    "high-volume service",
    "cloud connector",
    "other",
)


def target(client: dict[str, Any]) -> tuple[str, str]:
    """Gives the target and the reason, from a row of `report_relay_client`."""
    if not client["messages"]:
        return OTHER, "nothing was accepted from it, so there is nothing to move: find out who it is"
    outside, recipients = client["outside"], client["recipients"]
    signed_in, plain = client["signed_in_share"] or 0, client["plain_share"] or 0
    per_minute, per_day = client["peak_per_minute"] or 0, client["peak_recipients_per_day"] or 0
    where = "inside only" if not outside else "outside only" if outside == recipients else "inside and outside"
    if client["is_public"] and not signed_in:
        if (client["own_sender_share"] or 0) < 0.5 and outside:
            return OTHER, "a public address relays for senders of other domains without logon: stop it before moving it"
        if plain:
            return (
                OTHER,
                "a public address without logon and without TLS: it needs TLS with a certificate before it can move",
            )
        return (
            CLOUD,
            "a public address that sends as one of our domains over TLS: a connector that knows its certificate",
        )
    if per_day > SUBMISSION_PER_DAY or (per_day >= BULK_PER_DAY and not outside):
        service = (
            "High Volume Email takes inside recipients" if not outside else "a bulk service for outside recipients"
        )
        return BULK, f"up to {per_day:,} recipients a day, {where}: {service}"
    if signed_in == 1 and per_minute <= SUBMISSION_PER_MINUTE:
        users = len(client["users"] or [])
        who = "one account" if users == 1 else f"{users} accounts"
        return OAUTH, f"it signs in already ({who}) and stays below {SUBMISSION_PER_MINUTE} messages a minute"
    if signed_in == 1:
        return (
            CONNECTOR,
            f"it signs in, but sends {per_minute:,} messages a minute where submission takes {SUBMISSION_PER_MINUTE}",
        )
    reasons = ["no logon" if not signed_in else "not always a logon", f"{where} recipients"]
    if plain:
        reasons.append("no TLS" if plain == 1 else "not always TLS")
    if (client["sender_count"] or 0) > 1:
        reasons.append(f"{client['sender_count']:,} sender addresses")
    return CONNECTOR, ", ".join(reasons) + ": relay it through a connector that knows its address"
