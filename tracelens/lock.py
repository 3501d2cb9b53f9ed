"""The lock that one writer of a store holds; readers need none."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

from tracelens.errors import StoreBusyError, StoreError


@contextlib.contextmanager
def lock(store: Path, wait_s: float) -> Iterator[None]:
    """Holds the store for one ingest; a dead holder's lock is taken over by the operating system.

    Raises:
        StoreBusyError: Another ingest still holds it after `wait_s` seconds.
        StoreError: DuckDB cannot work in a folder of that name.
    """
    if any(sign in part for part in store.parts[1:] for sign in ",?"):
        raise StoreError(
            "the path of the store holds a comma or a question mark, which DuckDB takes for something else",
            where=str(store),
            hint="choose another folder with --store",
        )
    store.mkdir(parents=True, exist_ok=True)
    path = store / "LOCK"
    stream = path.open("a+", encoding="ascii")
    deadline = time.monotonic() + wait_s
    try:
        while not _try_lock(stream.fileno()):
            if time.monotonic() >= deadline:
                stream.seek(0)
                holder = stream.read().strip() or "another process"
                raise StoreBusyError(
                    f"another ingest holds the store (process {holder})",
                    where=str(store),
                    hint="wait for it, or give it longer with --wait SECONDS",
                )
            time.sleep(0.2)
        stream.seek(0)
        stream.truncate()
        stream.write(str(os.getpid()))
        stream.flush()
        yield
    finally:
        stream.close()


def is_held(store: Path) -> bool:
    """Tells whether a writer holds the store right now; never so on Windows, where looking would be holding."""
    if os.name == "nt":  # pragma: no cover - Windows only
        return False
    import fcntl

    try:
        with (store / "LOCK").open("rb") as stream:
            fcntl.flock(stream.fileno(), fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # no writer has been here, or it may not be looked at
        return False
    return False


def _try_lock(number: int) -> bool:
    if os.name == "nt":  # pragma: no cover - Windows only
        import msvcrt

        try:
            msvcrt.locking(number, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        except OSError:
            return False
        return True
    import fcntl

    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
