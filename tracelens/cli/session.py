"""`tracelens session`."""

from __future__ import annotations

from pathlib import Path

import click

from tracelens.cli.shared import chosen, format_option, put, put_frame, store_option

SHOWN = ("silence_ms", "waited_for", "waited_command", "quiet_from", "session_key")


@click.command()
@click.argument("key", required=False, default="")
@click.option(
    "--silence",
    type=click.FloatRange(0),
    default=5,
    show_default=True,
    help="Mark silences of at least this many seconds.",
)
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="Longest list of silences.")
@store_option
@format_option
def session(key: str, silence: float, limit: int, store: Path | None, form: str) -> None:
    """Show one SMTP conversation, or the longest silences.

    KEY is a session_key or a session-id; without one, the longest silences of all conversations are listed.
    """
    from tracelens import query, story

    if not key:
        found = query.ask(chosen(store), "session_silence", key="", silence=int(silence * 1000), limit=limit)
        put_frame(found.select(SHOWN) if form == "table" else found, form)
        return
    talk, rows = query.conversation(chosen(store), key)
    if form == "table":
        put(story.conversation_text(talk, rows.to_dicts(), int(silence * 1000)))
        return
    put_frame(rows, form)
