"""Rows of the message tracking log.

Source: Microsoft Learn, "Search message tracking logs" and "Message tracking": fields, events, sources.
"""

from __future__ import annotations

from tracelens.simulate.estate import Server, unique_text
from tracelens.simulate.world import Mail, World
from tracelens.simulate.writer import quoted, stamp


def track(
    world: World,
    moment: int,
    server: Server,
    event: str,
    source: str = "SMTP",
    *,
    log: str = "tracking",
    mail: Mail | None = None,
    client: tuple[str, str] = ("", ""),
    target: tuple[str, str] = ("", ""),
    context: str = "",
    connector: str = "",
    internal_id: int | None = None,
    recipients: list[str] | None = None,
    statuses: list[str] | None = None,
    related: str = "",
    reference: str = "",
    info: str = "",
    origin: tuple[str, str] = ("", ""),
    custom: str = "",
    sender: str = "",
) -> None:
    """Writes one row.

    Args:
        world: The estate.
        moment: When.
        server: Whose log.
        event: The event-id.
        source: The component.
        log: Which of the tracking logs.
        mail: The message; None where the vendor leaves its fields empty.
        client: client-ip and client-hostname.
        target: server-ip and server-hostname.
        context: source-context.
        connector: connector-id.
        internal_id: internal-message-id.
        recipients: recipient-address.
        statuses: recipient-status.
        related: related-recipient-address.
        reference: Cause or parent.
        info: message-info.
        origin: original-client-ip and original-server-ip.
        custom: custom-data.
        sender: sender-address, where it is not the message's.
    """
    named = recipients or []
    fields = [
        world.stamp(server, moment), client[0], client[1], target[0], target[1], quoted(context), quoted(connector), source, event,
        "" if internal_id is None else str(internal_id),
    ]  # fmt: skip
    if mail is None:
        fields += ["", "", "", "", "", "", "", "", "", sender, "", quoted(info), "", "", "", "", quoted(custom)]
    else:
        fields += [
            quoted(mail.message_id), mail.network_id, ";".join(named), quoted(";".join(statuses or [])),
            str(mail.size), str(len(named)), related, quoted(reference), quoted(mail.subject), sender or mail.sender,
            mail.return_path or "<>", quoted(info), mail.directionality, "", origin[0], origin[1], quoted(custom),
        ]  # fmt: skip
    if server.is_old:
        del fields[11]
    elif world.is_joined:
        fields += ["Email" if mail is not None else "", unique_text(world.rng), world.build]
    world.sink.add(moment, server.name, log, ",".join(fields))


def latency(world: World, mail: Mail, server: Server, suffix: str, moment: int) -> str:
    """Gives message-info: origination time, then the segments of earlier servers and of this one."""
    total = max(0, moment - mail.sent_at) / 1_000_000
    part = total * (0.3 + 0.5 * world.rng.random())
    codes = {"HUB": "SMR={a:.3f}|CAT={b:.3f}(CATRS-Transport Rule Agent={c:.3f})|QDM={q:.3f}|SMS={c:.3f}",
             "SUB": "SA={a:.3f}|MTSS-PEN={b:.3f}(MTSSD-PEN={c:.3f})",
             "DEL": "SDD={b:.3f}|SDDPM-Mailbox Rules Agent={c:.3f}"}  # fmt: skip
    part = part if suffix == "HUB" else min(part, 0.9)  # messages wait in queues, and only hubs have them
    work = min(part, 0.6) if suffix == "HUB" else part
    detail = codes[suffix].format(a=work * 0.5, b=work * 0.25, c=work * 0.2, q=part - work)
    segments = "".join(f"{segment};" for segment in mail.history)
    return f"{stamp(mail.sent_at)};{segments}LSRV={server.fqdn}:TOTAL-{suffix}={part:.3f}|{detail}"
