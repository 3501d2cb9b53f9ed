"""`tracelens trace`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from tracelens.cli.shared import (
    check_window,
    chosen,
    cut,
    format_option,
    not_found_hint,
    put,
    put_frame,
    quoted,
    store_option,
)
from tracelens.errors import QueryError, UsageError

if TYPE_CHECKING:
    import polars as pl

    from tracelens import query

SHOWN = ("first_at", "status", "sender_address", "recipient_count", "hop_count", "message_subject", "message_key")


@click.command()
@click.argument("message_id", required=False, default="")
@click.option("--network-message-id", default="", help="Network message-id (GUID) of one copy.")
@click.option("--sender", default="", help="Part of the sender's address.")
@click.option("--recipient", default="", help="Part of a recipient's address.")
@click.option("--subject", default="", help="Part of the subject.")
@click.option("--since", type=click.DateTime(), help="Not before this UTC time.")
@click.option("--until", type=click.DateTime(), help="Before this UTC time.")
@click.option("--headers", type=click.File("rb"), help="Headers of the message, as text or .eml (- for stdin).")
@click.option("--compare", "other", default="", help="A second message to set beside it.")
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
    headers: BinaryIO | None,
    other: str,
    noise: bool,
    limit: int,
    raw: bool,
    store: Path | None,
    form: str,
) -> None:
    """Show the path of one message, or a list of those found.

    MESSAGE_ID may be a part of it, a network message-id or a message_key. With --headers the message is the one that
    the headers name, and each of their lines is held against the logs; nothing is read into the store.
    """
    from tracelens import query

    folder = chosen(store)
    texts = {
        "message_id": network_message_id or message_id,
        "sender": sender,
        "recipient": recipient,
        "subject": subject,
    }
    asked = any((*texts.values(), since, until))
    if headers:
        if asked or other:
            raise UsageError("--headers names the message", hint="leave the other options out")
        _trace_headers(folder, headers, raw, form)
        return
    check_window(since, until)
    if not asked:
        raise UsageError("nothing to look for", hint="give a message-id, --sender, --recipient, --subject or --since")
    found = query.search(folder, **texts, since=since, until=until, noise=noise or bool(message_id), limit=limit)
    if found.is_empty():
        raise QueryError("no message matches", str(folder), not_found_hint(folder, since, until))
    if found.height > 1:
        if other:
            raise QueryError(
                f"{found['found_count'][0]:,} messages match", hint="compare needs one: give its message_key"
            )
        _choose(found, form)
        return
    path = query.path(folder, found["message_key"][0], with_rows=raw)
    if other:
        _compare(path, query.path(folder, _key(folder, other)), form)
        return
    _show(folder, path, form)


def _choose(found: pl.DataFrame, form: str) -> None:
    """Puts the list of messages that match."""
    put_frame(found.select(SHOWN) if form == "table" else found.drop("found_count"), form)
    count = found["found_count"][0]
    cut(found.height, count, "--limit")
    click.echo(f"{count:,} messages match; choose one: tracelens trace MESSAGE_KEY", err=True)


def _key(folder: Path, text: str) -> str:
    """Gives the key of the one message that a text names.

    Raises:
        QueryError: No message, or more than one.
    """
    from tracelens import query

    found = query.search(folder, message_id=text, noise=True, limit=2)
    if found.is_empty():
        raise QueryError(f"no message matches '{text}'", str(folder), not_found_hint(folder))
    if found.height > 1:
        raise QueryError(f"{found['found_count'][0]:,} messages match '{text}'", hint="give a message_key")
    return str(found["message_key"][0])


def _show(folder: Path, path: query.Path, form: str) -> None:
    """Puts one path."""
    from tracelens import query, render, story
    from tracelens.latency import latency_text

    key = path.message["message_key"]
    if form not in ("table", "json"):
        put_frame(query.ask(folder, "hop", message=key), form)
        return
    if form == "json":
        put(render.dump(query.document(folder, path)))
        return
    latency = query.ask(folder, "message_latency", message=key).to_dicts()
    usual = query.ask(folder, "slow_hop", message=key, limit=1000).to_dicts()
    put(story.path_text(path, f"tracelens trace {quoted(key)} --raw --store {quoted(str(folder))}"))
    put(latency_text(latency, usual))


def _compare(left: query.Path, right: query.Path, form: str) -> None:
    """Puts two paths side by side."""
    import polars as pl

    from tracelens import compare, render

    if form == "table":
        put(compare.compare_text(left, right))
    elif form == "json":
        put(render.dump({"facts": compare.facts(left, right), "hops": compare.compare(left, right)}))
    else:
        put_frame(pl.from_dicts(compare.compare(left, right), infer_schema_length=None), form)


def _trace_headers(folder: Path, headers: BinaryIO, raw: bool, form: str) -> None:
    """Puts the paths of the messages that headers name, and what the logs say of each line."""
    from dataclasses import replace

    from tracelens import footing, query, render, told

    found = told.judge(folder, headers.read(told.MAX_BYTES + 1), getattr(headers, "name", "-"))
    documents = []
    for entry in found:
        if entry.message_key:
            path = replace(query.path(folder, entry.message_key, with_rows=raw), headers=entry.lines)
            if form == "table":
                _show(folder, path, form)
            if form == "json":
                documents.append(query.document(folder, path))
            continue
        why = (
            f"{entry.message_count} messages of the store have this message-id; name one by its message_key"
            if entry.message_count
            else "no row of the store names this message"
        )
        documents.append({"message_id": entry.message_id, "not_found": why, "headers": entry.lines})
        if form == "table":
            put("\n".join((f"Message  {render.plain(entry.message_id)}", "", *footing.header_lines(entry.lines), "")))
            put(f"\nNot found  {why};\n  {not_found_hint(folder)}\n")
    if form == "json":
        put(render.dump(documents[0] if len(documents) == 1 else documents))
    elif form != "table":
        import polars as pl

        rows = [{"message_id": entry.message_id, **line} for entry in found for line in entry.lines]
        put_frame(pl.from_dicts(rows, infer_schema_length=None), form)
