"""`tracelens watch`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tracelens.cli.shared import SEVERITIES, Seconds, chosen, put, store_option
from tracelens.errors import InputError, StoreError, UsageError

if TYPE_CHECKING:
    from tracelens.alert import News, Quiet
    from tracelens.deliver import Channel, Mail

TOLD, UNDELIVERED = 10, 5


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@store_option
@click.option(
    "--severity", type=click.Choice(SEVERITIES), default="high", show_default=True, help="From this severity up."
)
@click.option("--once", is_flag=True, help="One look, for a scheduler: exit code 10 when something was told.")
@click.option("--interval", type=Seconds(0.1), default=60, show_default=True, help="Seconds from one look to the next.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "jsonl"]),
    default="table",
    show_default=True,
    help="Form of the result.",
)
@click.option("--mail-to", multiple=True, help="Send a mail to this address; may be repeated.")
@click.option("--mail-from", help="Address of the sender.")
@click.option("--smtp", metavar="HOST:PORT", help="SMTP server.")
@click.option("--smtp-tls", is_flag=True, help="Demand TLS: STARTTLS, or from the first byte on port 465.")
@click.option("--smtp-user", help="Logon name; the password comes from TRACELENS_SMTP_PASSWORD.")
@click.option(
    "--webhook",
    multiple=True,
    envvar="TRACELENS_WEBHOOK",
    help="Post to this apprise address; may be repeated; else TRACELENS_WEBHOOK.",
)
@click.option("--quiet-hours", metavar="22:00-06:00", help="Tell nothing then, and all at once afterwards.")
@click.option("--zone", default="UTC", show_default=True, help="Time zone of the quiet hours, e.g. Europe/Berlin.")
@click.option("--quiet-passes", type=click.Choice(SEVERITIES), help="From this severity up, quiet hours do not hold.")
@click.option("--max-age", metavar="36h", help="Leave out findings last seen longer ago: 90m, 36h, 7d, 2w.")
@click.option("--wait", type=Seconds(0), default=60, show_default=True, help="Seconds to wait for another ingest.")
def watch(
    paths: tuple[Path, ...],
    store: Path | None,
    severity: str,
    once: bool,
    interval: float,
    form: str,
    mail_to: tuple[str, ...],
    mail_from: str | None,
    smtp: str | None,
    smtp_tls: bool,
    smtp_user: str | None,
    webhook: tuple[str, ...],
    quiet_hours: str | None,
    zone: str,
    quiet_passes: str | None,
    max_age: str | None,
    wait: float,
) -> None:
    """Read what has come, tell findings that are new or worse.

    Without PATHS only the store is looked at. Exit codes: with --once 0 nothing new, 10 something was told, 5 a
    delivery failed; without it 0 when stopped by Ctrl-C, 5 when a delivery of the last look had failed.
    """
    from tracelens.alert import read_span
    from tracelens.cli.ingest import run_ingest
    from tracelens.deliver import Webhook
    from tracelens.follow import Ending, check, rounds
    from tracelens.lookout import Outcome, look

    folder = chosen(store)
    check(paths, folder)
    channels: list[Channel] = [Stdout(form)]
    if mail := mail_channel(mail_to, mail_from, smtp, smtp_tls, smtp_user):
        channels.append(mail)
    channels += [Webhook(url) for url in webhook]
    quiet = quiet_of(quiet_hours, zone, quiet_passes)
    age = read_span(max_age) if max_age else None
    ending, outcome, said = Ending(), Outcome(), ""
    try:
        with ending.caught():
            if not once:
                click.echo(f"looking every {interval:g} s (stop with Ctrl+C)", err=True)
            for _ in rounds(paths, interval, notices=False):
                try:
                    if paths:
                        run_ingest(paths, folder, wait_s=wait, quiet=True)
                    with ending.held_off():
                        outcome = look(
                            folder, channels, now=datetime.now(UTC), severity=severity, quiet=quiet, max_age=age,
                            wait_s=wait,
                        )  # fmt: skip
                        for failure in outcome.failures:
                            click.echo(f"tracelens: {failure}", err=True)
                except (InputError, StoreError) as error:
                    if once or ending.is_asked:
                        raise
                    if str(error) != said:
                        click.echo(f"tracelens: {error}; looking again", err=True)
                    said = str(error)
                    continue
                said = ""
                if once:
                    break
    except KeyboardInterrupt:
        if once:
            raise
        click.echo("stopped", err=True)
    if once and outcome.held:
        click.echo(f"{outcome.held} held back in quiet hours", err=True)
    code = UNDELIVERED if outcome.failures else TOLD if once and outcome.told else 0
    click.get_current_context().exit(code)


class Stdout:
    """The result: blocks of text, or a JSON object per line."""

    name = "stdout"

    def __init__(self, form: str) -> None:
        self.form = form

    def send(self, entries: Sequence[News], now: datetime) -> None:
        """Writes news to stdout."""
        import polars as pl

        from tracelens.deliver import headline, text_of
        from tracelens.render import FORMATS

        if self.form == "table":
            put(f"{now:%Y-%m-%d %H:%M:%S} UTC  {headline(entries)}\n\n{text_of(entries, None)}\n")
            return
        for entry in entries:
            before = entry.before
            row = {
                "change": entry.change,
                "severity_before": before.severity if before else None,
                "hit_count_before": before.hit_count if before else None,
                **entry.finding,
            }
            put(FORMATS["jsonl"](pl.from_dicts([row])))


def mail_channel(
    recipients: tuple[str, ...], sender: str | None, server: str | None, tls: bool, user: str | None
) -> Mail | None:
    """Gives the mail channel, None when no mail is asked for.

    Raises:
        UsageError: A part of it is missing or wrong.
    """
    from tracelens.deliver import Mail

    if not (recipients or sender or server or tls or user):
        return None
    if not (recipients and sender and server):
        raise UsageError("mail needs --mail-to, --mail-from and --smtp")
    host, _, port = server.rpartition(":") if ":" in server and not server.endswith("]") else (server, "", "25")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise UsageError(f"no SMTP server: '{server}'", hint="write it as mail.example.com:25")
    password = os.environ.get("TRACELENS_SMTP_PASSWORD")
    return Mail(host.strip("[]"), int(port), sender, recipients, tls, user, password)


def quiet_of(hours: str | None, zone: str, passes: str | None) -> Quiet | None:
    """Gives the quiet hours, None when there are none.

    Raises:
        UsageError: They are not understood.
    """
    from tracelens.alert import Quiet, read_hours, read_zone

    known = read_zone(zone)
    if hours is None:
        if passes:
            raise UsageError("--quiet-passes needs --quiet-hours")
        return None
    return Quiet(*read_hours(hours), known, passes)
