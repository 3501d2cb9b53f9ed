"""`tracelens trace`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from tracelens.cli.shared import chosen, cut, format_option, not_found_hint, put, put_frame, quoted, store_option
from tracelens.errors import QueryError, UsageError


@click.command()
@click.argument("message_id", required=False, default="")
@click.option("--network-message-id", default="", help="Network message-id (GUID) of one copy.")
@click.option("--sender", default="", help="Part of the sender's address.")
@click.option("--recipient", default="", help="Part of a recipient's address.")
@click.option("--subject", default="", help="Part of the subject.")
@click.option("--since", type=click.DateTime(), help="Not before this UTC time.")
@click.option("--until", type=click.DateTime(), help="Before this UTC time.")
@click.option("--noise", is_flag=True, help="Health probes too.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="Longest list to choose from.")
@click.option("--raw", is_flag=True, help="Print the log rows behind the hops, with file and line.")
@store_option
@format_option
def trace(
    message_id: str,
    network_message_id: str,
    sender: str,
    recipient: str,
    subject: str,
    since: datetime | None,
    until: datetime | None,
    noise: bool,
    limit: int,
    raw: bool,
    store: Path | None,
    form: str,
) -> None:
    """Show the path of one message; several that match: a list to choose from.

    MESSAGE_ID may be a part of it, a network message-id or a message_key.
    """
    from tracelens import query, render, story
    from tracelens.latency import latency_text

    folder = chosen(store)
    if not any((message_id, network_message_id, sender, recipient, subject, since, until)):
        raise UsageError("nothing to look for", hint="give a message-id, --sender, --recipient, --subject or --since")
    texts = {
        "message_id": network_message_id or message_id,
        "sender": sender,
        "recipient": recipient,
        "subject": subject,
    }
    found = query.search(folder, **texts, since=since, until=until, noise=noise or bool(message_id), limit=limit)
    if found.is_empty():
        raise QueryError("no message matches", str(folder), not_found_hint(folder))
    if found.height > 1:
        columns = [
            "first_at",
            "status",
            "sender_address",
            "recipient_count",
            "hop_count",
            "message_subject",
            "message_key",
        ]
        put_frame(found.select(columns) if form == "table" else found.drop("found_count"), form)
        count = found["found_count"][0]
        cut(found.height, count, "--limit")
        click.echo(f"{count:,} messages match; choose one: tracelens trace MESSAGE_KEY", err=True)
        return
    path = query.path(folder, found["message_key"][0], with_rows=raw)
    if form == "table":
        put(
            story.path_text(
                path, f"tracelens trace {quoted(path.message['message_key'])} --raw --store {quoted(str(folder))}"
            )
        )
        parts = query.ask(folder, "message_latency", message=path.message["message_key"])
        slow = query.ask(folder, "slow_hop", message=path.message["message_key"], limit=1000)
        put(latency_text(parts.to_dicts(), slow.to_dicts()))
    elif form == "json":
        put(render.dump({name: getattr(path, name) for name in ("message", "hops", "legs", "gaps", "rows")}))
    else:
        put_frame(query.ask(folder, "hop", message=path.message["message_key"]), form)
