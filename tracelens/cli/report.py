"""`tracelens report`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tracelens.cli.shared import FORMATS, chosen, cut, put, quoted, store_option
from tracelens.errors import InputError, UsageError
from tracelens.report import REPORTS

if TYPE_CHECKING:
    from tracelens.report.parts import Report, Section

ROWS = 20
ALL = (*FORMATS, "html")


@click.command()
@click.argument("name", type=click.Choice(REPORTS), metavar="NAME")
@click.option("--since", type=click.DateTime(), help="Not before this UTC time.")
@click.option("--until", type=click.DateTime(), help="Before this UTC time.")
@click.option("--server", default="", help="Only what this server took part in.")
@click.option("--compare-since", type=click.DateTime(), help="Start of a second window to compare with.")
@click.option("--compare-until", type=click.DateTime(), help="End of the second window; else the start of the first.")
@click.option("--connector", default="", help="For decommission: part of a receive connector's name.")
@click.option("--client", default="", help="For decommission: an address or a range such as 10.0.20.0/24.")
@click.option("--section", default="", help="For csv, jsonl, parquet: part of a section's title; else the first one.")
@click.option(
    "--rows", type=click.IntRange(1), default=ROWS, show_default=True, help="Most rows per section in a table."
)
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="Write to this file; its ending names the form."
)
@click.option("--format", "form", type=click.Choice(ALL), help="Form of the result; else by --out, else table.")
@store_option
def report(
    name: str,
    since: datetime | None,
    until: datetime | None,
    server: str,
    compare_since: datetime | None,
    compare_until: datetime | None,
    connector: str,
    client: str,
    section: str,
    rows: int,
    out: Path | None,
    form: str | None,
    store: Path | None,
) -> None:
    """Make a report to hand on: text, rows or one HTML file.

    digest: ten worst findings and what changed. relay: who relays, and where to move it. decommission: may this server,
    connector or range go. tls, auth, latency, failures, connectors, volume, coverage.
    """
    from tracelens.report import make

    if (connector or client) and name != "decommission":
        raise UsageError(f"--connector and --client mean nothing to '{name}'", hint="use them with decommission")
    compare = _second(compare_since, compare_until, since)
    made = make(
        name,
        chosen(store),
        since=since,
        until=until,
        server=server,
        connector=connector,
        client=client,
        compare=compare,
    )
    form = form or (_by_ending(out) if out else "table")
    result = _as(made, form, section, rows)
    if out is None:
        put(result)
        return
    try:
        out.write_bytes(result)
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}", str(out)) from error
    click.echo(f"written: {out}", err=True)


def _second(start: datetime | None, end: datetime | None, since: datetime | None) -> tuple[datetime, datetime] | None:
    if start is None and end is None:
        return None
    end = end or since
    if start is None or end is None:
        raise UsageError("the second window needs both ends", hint="give --compare-since and --compare-until")
    return start, end


def _by_ending(out: Path) -> str:
    ending = out.suffix.lower().removeprefix(".")
    names = {"htm": "html", "txt": "table", "ndjson": "jsonl", "pq": "parquet"}
    form = names.get(ending, ending)
    if form not in ALL:
        raise UsageError(f"the ending of '{out.name}' names no form", hint="give --format " + "|".join(ALL))
    return form


def _as(made: Report, form: str, section: str, rows: int) -> bytes:
    if form == "html":
        from tracelens.report.html import report_html

        return report_html(made).encode()
    if form == "table":
        from tracelens.report.text import report_text

        text, is_cut = report_text(made, rows)
        if is_cut:
            cut(rows, max(part.frame.height for part in made.sections), "--rows")
        return text.encode()
    if form == "json":
        from tracelens.render import dump

        return dump(_tree(made))
    from tracelens.render import FORMATS as WRITERS

    part = _part(made, section)
    others = [other.title for other in made.sections if other is not part]
    if others and not section:
        click.echo(
            f"section '{part.title}'; others with --section: {', '.join(quoted(title) for title in others)}", err=True
        )
    return WRITERS[form](part.frame)


def _part(made: Report, section: str) -> Section:
    if not section:
        return made.sections[0]
    for part in made.sections:
        if section.lower() in part.title.lower():
            return part
    titles = ", ".join(f"'{part.title}'" for part in made.sections)
    raise UsageError(f"no section '{section}'", "--section", f"sections: {titles}")


def _tree(made: Report) -> dict[str, object]:
    return {
        "title": made.title,
        "window": made.window,
        "sentences": list(made.sentences),
        "figures": [{"name": figure.name, "value": figure.value, "unit": figure.unit} for figure in made.figures],
        "sections": [
            {
                "title": part.title,
                "note": part.note,
                "rows": part.frame.to_dicts(),
                "log_rows": [] if part.raw is None else part.raw.to_dicts(),
            }
            for part in made.sections
        ],
        "coverage": list(made.coverage),
    }
