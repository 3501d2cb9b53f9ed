"""`tracelens rules`."""

from __future__ import annotations

from pathlib import Path

import click

from tracelens.cli.shared import chosen, format_option, put, put_frame, store_option
from tracelens.errors import QueryError


@click.command()
@click.argument("rule", required=False)
@store_option
@format_option
def rules(rule: str | None, store: Path | None, form: str) -> None:
    """Show what was asked of the logs, and what could not be.

    With RULE: what that rule means, what it can be mistaken for, what to do.
    """
    if rule:
        put(explained(rule))
        return
    from tracelens import query

    put_frame(query.ask(chosen(store), "rule"), form)


def explained(name: str) -> str:
    """Gives what there is to say of a rule.

    Raises:
        QueryError: There is no such rule.
    """
    from tracelens.config import setting
    from tracelens.handbook import about
    from tracelens.rulebook import load_rules

    folder = setting("rules")
    for rule in load_rules([Path(folder)] if folder else []):
        if rule.id == name:
            return about(rule)
    raise QueryError(f"no rule '{name}'", hint="names: tracelens rules")
