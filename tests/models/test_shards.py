"""A large store is built in shards and portions; what it tells is what it would tell if it were built at once."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from tracelens.build import build, models
from tracelens.pipeline import ingest
from tracelens.schema import INVENTORY_SETTING
from tracelens.simulate import simulate
from tracelens.store import create_table, generation


@pytest.fixture(scope="module")
def rich_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("rich")
    simulate(
        place / "logs", messages=60, seed=12, hours=(8, 12), headers=8, exports=True,
        extras=("edge", "hybrid", "old", "nat", "collisions", "centralised"),
    )  # fmt: skip
    ingest([place / "logs"], place / "store")
    return place / "store"


@pytest.mark.parametrize("fixture", ["sample_store", "rich_store"])
def test_a_store_built_in_shards_has_the_rows_of_one_built_at_once(
    fixture: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    store: Path = request.getfixturevalue(fixture)
    name = generation(store)
    assert name
    shutil.copy(store / name, tmp_path / "next.duckdb")
    with duckdb.connect(str(tmp_path / "next.duckdb"), config={"file_search_path": str(store)}) as con:
        con.execute(f"attach '{store / name}' as once (read_only)")
        create_table(con, INVENTORY_SETTING)
        cut: list[str] = []
        build(con, cut.append, shard_rows=1000)
        assert cut.count("step") > 2
        assert cut.count("hop") > 2
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
