"""An estate with one device and one journal that have half of all mail: joins on them are split, and rows stay equal."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pipeline.stores import differences
from tests.spark.servers import SESSION, SETTINGS, connect_server
from tracelens.collect import collect
from tracelens.lake import Lake
from tracelens.lakeside import ingest_lake
from tracelens.simulate import simulate
from tracelens.spark import MOST_PARTITIONS, PARTITION_BYTES, Cluster, partitions_of
from tracelens.store import ask

SPLITTING = {
    **SESSION,
    "spark.sql.adaptive.enabled": "true",
    "spark.sql.autoBroadcastJoinThreshold": "-1",
    "spark.sql.shuffle.partitions": "6",
    "spark.sql.files.maxPartitionBytes": "24KB",
    "spark.sql.files.openCostInBytes": "0",
    "spark.sql.adaptive.advisoryPartitionSizeInBytes": "3KB",
    "spark.sql.adaptive.skewJoin.skewedPartitionThresholdInBytes": "3KB",
    "spark.sql.adaptive.skewJoin.skewedPartitionFactor": "1.2",
}
"""What is uneven at millions of rows, made uneven at some thousands."""


@pytest.mark.parametrize(("size", "count"), [(0, 1), (10 * PARTITION_BYTES, 10), (10**13, MOST_PARTITIONS)])
def test_partitions_follow_the_bytes_of_the_segments(size: int, count: int) -> None:
    assert partitions_of(size) == count


@pytest.mark.slow
@pytest.mark.spark
def test_a_build_whose_uneven_joins_are_split_gives_the_rows_of_duckdb(tmp_path: Path) -> None:
    simulate(tmp_path / "logs", messages=100, seed=5, hours=(8, 10), extras=("uneven",))
    lake, told = str(tmp_path / "lake"), tmp_path / "told"
    collect([tmp_path / "logs"], lake, workers=2)
    ingest_lake(lake, tmp_path / "here")
    counts = ask(
        tmp_path / "here",
        "select (select count(*) from session where remote_ip = '10.0.20.40') as device,"
        " (select max(n) from (select count(*) as n from leg group by recipient_address)) as journal",
    ).row(0)
    assert min(counts) > 40
    told.mkdir()
    events = {"spark.eventLog.enabled": "true", "spark.eventLog.dir": told.as_uri(), "spark.eventLog.compress": "false"}
    with connect_server(tmp_path, settings={**SETTINGS, **events}) as remote:
        ingest_lake(lake, tmp_path / "there", build=Cluster(remote, Lake(lake), settings=SPLITTING).build)
    assert any("skew=true" in path.read_text(errors="replace") for path in told.rglob("*") if path.is_file())
    assert differences(tmp_path / "there", tmp_path / "here") == {}
