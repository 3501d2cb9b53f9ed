"""`tracelens case`."""

from __future__ import annotations

from pathlib import Path

import click

from tracelens.cli.shared import chosen, format_option, put, put_frame, store_option
from tracelens.errors import UsageError


@click.group()
def case() -> None:
    """Hand on chosen messages and findings as one sealed file."""


@case.command()
@click.option("--message", "messages", multiple=True, help="Key or message-id of a message; may be repeated.")
@click.option("--finding", "findings", multiple=True, help="Key of a finding; may be repeated.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="New zip file to write.")
@click.option(
    "--pseudonymise/--plain", default=True, show_default=True, help="Replace names by tokens, or keep them as logged."
)
@click.option(
    "--key",
    type=click.Path(path_type=Path),
    help="File with the key; made where there is none. Else ./tracelens-pseudonyms.key.",
)
@click.option(
    "--map", "map_", type=click.Path(path_type=Path), help="File that makes names readable again; else KEY.map."
)
@click.option("--limit", type=click.IntRange(1), default=20_000, show_default=True, help="At most this many log rows.")
@store_option
def create(
    messages: tuple[str, ...],
    findings: tuple[str, ...],
    out: Path,
    pseudonymise: bool,
    key: Path | None,
    map_: Path | None,
    limit: int,
    store: Path | None,
) -> None:
    """Write a case file of chosen messages and findings."""
    from tracelens import casefile, keyfile
    from tracelens.config import rule_params, setting
    from tracelens.pseudonym import Tokens

    if not messages and not findings:
        raise UsageError("a case needs a message or a finding", hint="give --message or --finding")
    if not pseudonymise and (key or map_):
        raise UsageError("--plain goes without --key and --map")
    if out.exists():
        raise UsageError(f"'{out}' exists already", hint="name a new file with --out")
    folder = chosen(store)
    more = setting("rules")
    dirs = [*([Path(more)] if more else []), folder / "rules"]
    made = casefile.gather(folder, messages, findings, rule_dirs=dirs, overrides=rule_params(), limit=limit)
    if pseudonymise:
        key = key or keyfile.DEFAULT_KEY
        map_ = map_ or keyfile.map_beside(key)
        tokens = Tokens(keyfile.key_of(key, create=True))
        keyfile.check_key(keyfile.known_of(map_), tokens, map_)
        made = casefile.veiled(made, tokens)
        click.echo(f"key: {key}; map of {keyfile.write_map(map_, tokens):,} tokens: {map_}; keep both", err=True)
    seal = casefile.write(made, out)
    counts = ", ".join(f"{len(rows):,} {name.replace('_', ' ')}" for name, rows in made.tables.items() if rows)
    put(f"{out}: {counts}\nSHA-256 of its manifest: {seal}\n")
    for name in made.cut:
        click.echo(f"{name} is cut at {limit:,} rows; more with --limit", err=True)


@case.command()
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@format_option
def verify(path: Path, form: str) -> None:
    """Tell whether a case file is as it was written.

    Its hashes are recomputed; exit code 1 when something was altered, added or is missing.
    """
    import polars as pl

    from tracelens import casefile
    from tracelens.render import plain

    rows, seal = casefile.verify(path)
    wrong = [row for row in rows if row["state"] != "same"]
    if form == "table":
        for row in wrong:
            put(f"{row['state']}: {plain(row['member'])}\n")
        put(f"{len(rows) - len(wrong)} of {len(rows)} members are as in the manifest\n")
        put(f"SHA-256 of the manifest: {seal}\n")
    else:
        put_frame(pl.from_dicts(rows, schema={"member": pl.String, "state": pl.String, "sha256": pl.String}), form)
    click.get_current_context().exit(1 if wrong else 0)
