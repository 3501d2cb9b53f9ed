"""`tracelens pseudonymise`."""

from __future__ import annotations

from pathlib import Path

import click

from tracelens.cli.shared import put
from tracelens.errors import QueryError, UsageError


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="New folder to write to.")
@click.option(
    "--key",
    type=click.Path(path_type=Path),
    help="File with the key; made where there is none. Else ./tracelens-pseudonyms.key.",
)
@click.option(
    "--map", "map_", type=click.Path(path_type=Path), help="File that makes names readable again; else KEY.map."
)
@click.option("--reveal", metavar="TOKEN", help="Say what a token, or the tokens in a text, stand for.")
def pseudonymise(paths: tuple[Path, ...], out: Path | None, key: Path | None, map_: Path | None, reveal: str) -> None:
    """Copy log folders with all names replaced by keyed tokens.

    Names, addresses and subjects are replaced; --reveal says what a token stands for. The copy keeps files, lines,
    columns, times, ids and known wording, so that it ingests to the same paths. Hand on the copy alone: the key and the
    map stay with you.
    """
    from tracelens import keyfile
    from tracelens.pseudonym import Tokens

    key = key or keyfile.DEFAULT_KEY
    map_ = map_ or keyfile.map_beside(key)
    if reveal:
        if paths or out:
            raise UsageError("--reveal goes without PATHS and --out")
        tokens, known = Tokens(keyfile.key_of(key)), keyfile.known_of(map_)
        keyfile.check_key(known, tokens, map_)
        text, count = keyfile.reveal(reveal, tokens, known)
        if not count:
            raise QueryError(f"'{reveal}' holds no token of this key and map", where=str(map_))
        put(text + "\n")
        return
    if not paths or out is None:
        raise UsageError("nothing to do", hint="give PATHS and --out, or --reveal")
    run(paths, out, key, map_)


def run(paths: tuple[Path, ...], out: Path, key: Path, map_: Path) -> None:
    """Writes the copy and the map, and says what was done."""
    from tracelens import keyfile
    from tracelens.disguise import disguise
    from tracelens.pseudonym import Tokens
    from tracelens.render import plain
    from tracelens.scrub import Scrub

    keyfile.check_apart(out, key, map_)
    is_new = not key.exists()
    tokens = Tokens(keyfile.key_of(key, create=True))
    keyfile.check_key(keyfile.known_of(map_), tokens, map_)
    done = disguise(paths, out, Scrub(tokens))
    count = keyfile.write_map(map_, tokens)
    put(f"{len(done.files):,} files, {done.rows:,} rows, {done.odd_lines:,} lines that are no rows, in {out}\n")
    for path, reason in done.skipped:
        put(f"left out: {plain(path)}: {plain(reason)}\n")
    click.echo(f"key {'made' if is_new else 'used'}: {key}; map of {count:,} tokens: {map_}; keep both", err=True)
