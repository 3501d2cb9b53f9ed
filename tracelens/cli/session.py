"""`tracelens session`."""

from __future__ import annotations

from pathlib import Path

import click

from tracelens.cli.shared import chosen, format_option, put, put_frame, store_option


@click.command()
@click.argument("key")
@click.option(
    "--silence",
    type=click.FloatRange(0),
    default=5,
    show_default=True,
    help="Mark silences of at least this many seconds.",
)
@store_option
@format_option
def session(key: str, silence: float, store: Path | None, form: str) -> None:
    """Show one SMTP conversation, by session_key or session-id."""
    from tracelens import query, story

    found, rows = query.conversation(chosen(store), key)
    if form == "table":
        put(story.conversation_text(found, rows.to_dicts(), int(silence * 1000)))
        return
    put_frame(rows, form)
