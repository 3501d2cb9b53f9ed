"""Two stores compared, and an hour of logs to fill them with."""

from __future__ import annotations

from pathlib import Path

import duckdb
import polars as pl

from tracelens.simulate import simulate


def content(folder: Path) -> dict[str, pl.DataFrame]:
    """Gives every table of the live database, without the columns that tell how it came about."""
    name = (folder / "CURRENT").read_text().strip()
    tables = {}
    with duckdb.connect(str(folder / name), read_only=True, config={"file_search_path": str(folder)}) as con:
        for (table,) in con.execute("select table_name from information_schema.tables").fetchall():
            if table not in ("segment", "ingest"):
                spare = "exclude (ingest_id)" if table == "log_file" else ""
                tables[table] = con.sql(f"select * {spare} from {table}").pl()
    return tables


def differences(left: Path, right: Path) -> dict[str, int]:
    """Gives the tables in which two stores differ, with the number of rows that only one of them has."""
    ours, theirs = content(left), content(right)
    assert ours.keys() == theirs.keys()
    found = {}
    with duckdb.connect() as con:
        for table in ours:
            con.register("ours", ours[table])
            con.register("theirs", theirs[table])
            one, other = "(from ours except all from theirs)", "(from theirs except all from ours)"
            count = con.execute(f"select (select count(*) from {one}) + (select count(*) from {other})").fetchall()[0][
                0
            ]
            if count:
                found[table] = count
    return found


def an_hour(out: Path) -> Path:
    """Writes one hour of logs, in the folders of two servers."""
    simulate(out, messages=60, servers=2, seed=3)
    for log in out.rglob("*.LOG"):
        if log.stem.split("-")[0][-2:] != "09":
            log.unlink()
    return out
