"""`tracelens sql`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from tracelens.cli.shared import Seconds, chosen, format_option, put_frame, store_option


class Question(click.Command):
    """Takes a text that begins with an SQL comment, `-- …`, for the question and not for an option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Puts such a text behind `--`."""
        known = {name for param in self.params for name in (*param.opts, *param.secondary_opts)}
        for at, arg in enumerate(args if "--" not in args else ()):
            words = arg.split("=")[0].split()
            if arg.startswith("--") and len(arg.split()) > 1 and words and words[0] not in known:
                return super().parse_args(ctx, [*args[:at], *args[at + 1 :], "--", arg])
        return super().parse_args(ctx, args)


@click.command(cls=Question)
@click.argument("query_text", metavar="QUERY")
@click.option("--timeout", type=Seconds(0.1), default=300, show_default=True, help="Seconds before it is stopped.")
@store_option
@format_option
def sql(query_text: str, timeout: float, store: Path | None, form: str) -> None:
    """Answer one SELECT on the store; QUERY `-`: from stdin."""
    from tracelens.store import ask

    text = sys.stdin.read() if query_text == "-" else query_text
    put_frame(ask(chosen(store), text, timeout_s=timeout), form)
