"""Which database of a store is live: the pointer `CURRENT`, and the way out where it leads nowhere."""

from __future__ import annotations

import re
from pathlib import Path

from tracelens.errors import StoreError

DATABASE = re.compile(r"tracelens-(\d{6})\.duckdb$")
FIRST = "tracelens-000001.duckdb"


def databases(store: Path) -> list[str]:
    """Gives the names of all databases of a store, published or not, the oldest first."""
    return sorted(path.name for path in store.iterdir() if DATABASE.match(path.name)) if store.is_dir() else []


def generation(store: Path) -> str | None:
    """Gives the name of the live database file, or None when nothing is published yet.

    Raises:
        StoreError: The folder exists but is not a store, or its pointer is lost.
    """
    pointer = store / "CURRENT"
    try:
        name = pointer.read_bytes().decode("ascii", "backslashreplace").strip()
    except FileNotFoundError:
        if databases(store) in ([], [FIRST]):  # the first one may not be published yet
            return None
        raise StoreError("CURRENT is missing, but databases are here", str(store), way_back(store)) from None
    except OSError as error:
        hint = "see to its rights, or choose another folder with --store"
        raise StoreError(f"the store cannot be read: {error.strerror}", str(pointer), hint) from error
    if not DATABASE.match(name) or not (store / name).is_file():
        raise StoreError(f"CURRENT names {name!r}, which is not here", str(store), way_back(store, name))
    return name


def way_back(store: Path, lost: str = "") -> str:
    """Gives what to do where the live database, or its name, is lost."""
    here = [name for name in databases(store) if name != lost]
    before = [name for name in here if name < lost] or here
    if not before:
        return "ingest the logs into a new store"
    return (
        f"write '{before[-1]}', which is here, into CURRENT and ask `tracelens store verify` whether it is whole; "
        "or ingest the logs into a new store"
    )
