"""Which tracelens made a store: an older one is brought up to date, a newer one refused."""

from __future__ import annotations

from typing import Any

from tracelens.errors import StoreError
from tracelens.schema import SCHEMA_VERSION


def version_of(con: Any) -> int:
    """Gives the version of the tables of events and the ledger; stores from before it was written have version 1."""
    columns = {row[0] for row in con.execute("describe ingest").fetchall()}
    if "schema_version" not in columns:
        return 1
    held = con.execute("select max(schema_version) from ingest").fetchall()[0][0]
    return int(held or 1)


def check_not_newer(version: int, where: str) -> None:
    """Checks that this tracelens knows the tables.

    Raises:
        StoreError: A newer one made them.
    """
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"the store was made by a newer tracelens (schema {version}, this one knows {SCHEMA_VERSION})",
            where=where,
            hint="update tracelens, or ingest the logs into another store",
        )


def check(con: Any, where: str) -> None:
    """Checks that the tables of an open store are those of this tracelens.

    Raises:
        StoreError: They are not.
    """
    check_current(version_of(con), where)


def check_current(version: int, where: str) -> None:
    """Checks that a version is that of this tracelens.

    Raises:
        StoreError: It is not.
    """
    check_not_newer(version, where)
    if version < SCHEMA_VERSION:
        raise StoreError(
            f"the store was made by an older tracelens (schema {version}, this one needs {SCHEMA_VERSION})",
            where=where,
            hint="bring it up to date with `tracelens store rebuild`, or ingest again",
        )
