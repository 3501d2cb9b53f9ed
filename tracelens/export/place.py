"""Files and folders get their final name only when they are whole."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from tracelens.errors import InputError, UsageError


def check_free(targets: Iterable[Path], force: bool) -> None:
    """Checks that nothing would be overwritten unasked.

    Raises:
        UsageError: A target is there already.
    """
    there = [path for path in targets if path.exists() or path.is_symlink()]
    if there and not force:
        more = f" and {len(there) - 1} more" if len(there) > 1 else ""
        raise UsageError(
            f"'{there[0]}'{more} is there already", hint="replace it with --force, or choose another --out"
        )


@contextlib.contextmanager
def workshop(folder: Path) -> Iterator[Path]:
    """Makes a hidden folder inside `folder` to write in; it is gone in the end, with all that got no final name.

    Raises:
        InputError: The folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        hidden = Path(tempfile.mkdtemp(prefix=".tracelens-", dir=folder))
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}", str(folder)) from error
    try:
        yield hidden
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror or error}", str(folder)) from error
    finally:
        shutil.rmtree(hidden, ignore_errors=True)


def settle(made: Path, target: Path) -> None:
    """Gives a finished file or folder its final name; what had it before is gone only after that."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.is_dir() or target.is_symlink():
        if made.is_dir() and target.exists():
            target.unlink()
        os.replace(made, target)
        return
    old = made.with_name(f"{made.name}.old")
    os.replace(target, old)
    try:
        os.replace(made, target)
    except OSError:
        os.replace(old, target)
        raise


def write_file(target: Path, content: bytes, force: bool) -> None:
    """Writes a file as a whole.

    Raises:
        UsageError: It is there already.
        InputError: It cannot be written.
    """
    check_free([target], force)
    if target.is_dir():
        raise UsageError(f"'{target}' is a folder", hint="name a file")
    with workshop(target.absolute().parent) as hidden:
        made = hidden / "made"
        made.write_bytes(content)
        settle(made, target)
