"""Shared by the tests of Spark: an estate with all troubles and forks, its lake and the store that DuckDB builds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tracelens.collect import collect
from tracelens.lakeside import ingest_lake
from tracelens.simulate import simulate


@pytest.fixture(scope="session")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("spark")
    simulate(
        place / "logs", messages=60, seed=11, hours=(8, 11), headers=8, exports=True,
        extras=("edge", "hybrid", "old", "nat", "collisions", "catalogue"),
    )  # fmt: skip
    collect([place / "logs"], str(place / "lake"), workers=2)
    return place / "lake"


@pytest.fixture(scope="session")
def by_duckdb(tmp_path_factory: pytest.TempPathFactory, lake: Path) -> Path:
    store = tmp_path_factory.mktemp("duckdb") / "store"
    ingest_lake(str(lake), store)
    return store
