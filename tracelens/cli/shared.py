"""What all commands share: options, output, errors."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from tracelens.errors import UsageError

if TYPE_CHECKING:
    import polars as pl

FORMATS = ("table", "csv", "json", "jsonl", "parquet")
SEVERITIES = ("info", "low", "medium", "high", "critical")
Command = TypeVar("Command", bound=Callable[..., Any])


class Seconds(click.FloatRange):
    """A number of seconds: no infinite one, and none that is no number."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Gives the number."""
        number = super().convert(value, param, ctx)
        if not isfinite(number):
            self.fail(f"{value} is no number of seconds", param, ctx)
        return number


def store_option(command: Command) -> Command:
    """Adds --store."""
    text = "Folder of the store; else TRACELENS_STORE, else ./tracelens-store."
    return click.option("--store", type=click.Path(path_type=Path), default=None, help=text)(command)


def source_options(command: Command) -> Command:
    """Adds --server, --service and --culture: what the folders of logs and the exports may not say themselves."""
    told = (
        click.option("--server", help="Server of files whose folders do not say it."),
        click.option(
            "--service",
            type=click.Choice(["frontend", "hub", "delivery", "submission", "edge"]),
            help="Service of SMTP logs whose folders do not say it.",
        ),
        click.option(
            "--culture", default="", help="Culture of local times in exports that do not show it, e.g. de-DE."
        ),
    )
    for add in reversed(told):
        command = add(command)
    return command


def format_option(command: Command) -> Command:
    """Adds --format."""
    text = "Form of the result."
    return click.option("--format", "form", type=click.Choice(FORMATS), default="table", show_default=True, help=text)(
        command
    )


def chosen(store: Path | None) -> Path:
    """Gives the store to use."""
    from tracelens.config import setting

    return store or Path(setting("store"))


def put(result: bytes | str) -> None:
    """Writes a result to stdout as it is."""
    sys.stdout.flush()
    sys.stdout.buffer.write(result.encode() if isinstance(result, str) else result)
    sys.stdout.buffer.flush()


def put_frame(frame: pl.DataFrame, form: str) -> None:
    """Writes a frame to stdout."""
    from tracelens.render import FORMATS as WRITERS

    put(WRITERS[form](frame))


def cut(shown: int, count: int, option: str) -> None:
    """Says on stderr that a result is cut."""
    if shown < count:
        click.echo(f"showing {shown:,} of {count:,}; more with {option}", err=True)


def check_window(since: datetime | None, until: datetime | None) -> None:
    """Checks that a window of time is not empty.

    Raises:
        UsageError: It is.
    """
    if since and until and until <= since:
        raise UsageError(f"nothing is from {since} on and before {until}", hint="--since is the earlier of the two")


def not_found_hint(folder: Path, since: datetime | None = None, until: datetime | None = None) -> str:
    """Says where a search looked and what it could not see, so that `not found` can be judged."""
    from tracelens import footing, query

    return "\n  ".join(footing.looked_lines(query.ask(folder, "holding").to_dicts(), since, until))


def quoted(text: str) -> str:
    """Gives a text as one word of a command line."""
    import shlex

    return shlex.quote(text)


def put_faults(faults: Sequence[Mapping[str, str]], form: str, thing: str, hint: str) -> None:
    """Prints where something is not whole, or that it is; ends with exit code 1 when it is not."""
    import polars as pl

    from tracelens.agreement import count

    if faults or form != "table":
        put_frame(pl.DataFrame(faults, schema={"where": pl.String, "what": pl.String}), form)
    else:
        put(f"the {thing} is whole\n")
    if faults:
        click.echo(f"{count(len(faults), 'fault')}; {hint}", err=True)
        click.get_current_context().exit(1)
