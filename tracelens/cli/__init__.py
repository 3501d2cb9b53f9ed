"""The command line: `tracelens …`. Results go to stdout, talk to stderr; each command is a file here."""

from __future__ import annotations

import errno
import pkgutil
from importlib import import_module
from typing import Any

import click

from tracelens import __version__
from tracelens.errors import InputError, TracelensError
from tracelens.follow import Ending

NO_COMMANDS = ("shared",)


class Group(click.Group):
    """Turns errors of tracelens into one line on stderr and their exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Gives the names of all commands."""
        assert ctx is not None
        return sorted(
            name.replace("_", "-")
            for name in (entry.name for entry in pkgutil.iter_modules(__path__))
            if name not in NO_COMMANDS
        )

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Gives the command of a name: `cli/<name>.py` holds it under the same name."""
        if cmd_name not in self.list_commands(ctx):
            return None
        name = cmd_name.replace("-", "_")
        command: click.Command = getattr(import_module(f"{__name__}.{name}"), name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command; SIGTERM ends it as Ctrl-C does."""
        try:
            with Ending().caught():
                return super().invoke(ctx)
        except TracelensError as error:
            click.echo(f"tracelens: {error}", err=True)
            ctx.exit(error.exit_code)
        except OSError as error:
            if error.errno == errno.EPIPE:  # the reader of a pipe has gone, which is no fault
                raise
            where = f" ({error.filename})" if error.filename else ""
            click.echo(f"tracelens: cannot be read or written: {error.strerror or error}{where}", err=True)
            ctx.exit(InputError.exit_code)
        except KeyboardInterrupt:
            click.echo("tracelens: interrupted; the store shows its last published state", err=True)
            ctx.exit(130)


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__)
def main() -> None:
    """Where a message went, who refused it, who relays, why proxying fails: from Exchange logs."""
