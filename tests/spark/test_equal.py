"""Spark gives the rows that DuckDB gives, in all tables and columns."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pipeline.stores import differences
from tests.spark.servers import SESSION, connect_server
from tracelens.care import verify
from tracelens.lake import Lake
from tracelens.lakeside import ingest_lake
from tracelens.spark import Cluster
from tracelens.store import ask


@pytest.mark.slow
@pytest.mark.spark
def test_a_store_built_by_spark_is_the_store_that_duckdb_builds(tmp_path: Path, lake: Path, by_duckdb: Path) -> None:
    with connect_server(tmp_path) as remote:
        ingest_lake(str(lake), tmp_path / "store", build=Cluster(remote, Lake(str(lake)), settings=SESSION).build)
    assert ask(by_duckdb, "select count(*) > 100 from hop").item()
    assert differences(tmp_path / "store", by_duckdb) == {}
    assert verify(tmp_path / "store") == []
    assert not list(lake.glob("builds/*"))
