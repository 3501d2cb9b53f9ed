"""A large store is built in shards; what it then tells is what it would tell if it were built at once."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb

from tracelens.build import build, models
from tracelens.schema import INVENTORY_SETTING
from tracelens.store import create_table, generation


def test_a_store_built_in_shards_has_the_rows_of_one_built_at_once(sample_store: Path, tmp_path: Path) -> None:
    name = generation(sample_store)
    assert name
    shutil.copy(sample_store / name, tmp_path / "next.duckdb")
    with duckdb.connect(str(tmp_path / "next.duckdb"), config={"file_search_path": str(sample_store)}) as con:
        con.execute(f"attach '{sample_store / name}' as once (read_only)")
        create_table(con, INVENTORY_SETTING)
        cut: list[int] = []
        build(con, lambda model: cut.append(1) if model == "step" else None, shard_rows=1000)
        assert len(cut) > 2
        kept = [model.name for model in models() if model.kind == "table"]
        differing = [
            table
            for table in kept
            if con.execute(
                f"from ((from {table} except all from once.{table}) union all (from once.{table} except all from {table}))"
            ).fetchall()
        ]
        assert differing == []
        left = con.execute("select table_name from duckdb_tables() where temporary").fetchall()
        assert left == []
