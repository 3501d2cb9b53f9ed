"""A standalone cluster of two workers, one of which is killed in the middle of a build."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.pipeline.stores import differences
from tests.spark.servers import SESSION, connect_server, end, free_port, process, wait_for
from tracelens.lake import Lake
from tracelens.lakeside import ingest_lake
from tracelens.pipeline import Progress
from tracelens.spark import Cluster

DEPLOY = "org.apache.spark.deploy"


@pytest.mark.slow
@pytest.mark.spark
def test_a_worker_killed_in_the_middle_of_a_build_changes_nothing_in_the_result(
    tmp_path: Path, lake: Path, by_duckdb: Path
) -> None:
    port = free_port()
    address, loopback = f"spark://127.0.0.1:{port}", ("--host", "127.0.0.1", "--webui-port", "0")
    begin = [f"{DEPLOY}.master.Master", *loopback, "--port", str(port)]
    work = [f"{DEPLOY}.worker.Worker", *loopback, "--cores", "1", "--memory", "700m", address]
    with process(tmp_path, "master", "spark-class", *begin) as master:
        wait_for(port, master)
        with (
            process(tmp_path, "one", "spark-class", *work) as one,
            process(tmp_path, "other", "spark-class", *work),
            connect_server(tmp_path, address) as remote,
        ):
            _wait_for_executors(tmp_path / "master.log")
            built: list[str] = []

            def kill(progress: Progress) -> None:
                built.append(progress.stage)
                if progress.stage == "build message_identity":
                    end(one)

            ingest_lake(
                str(lake),
                tmp_path / "store",
                build=Cluster(remote, Lake(str(lake)), settings=SESSION).build,
                on_progress=kill,
            )
    assert one.returncode != 0
    assert "build message_identity" in built
    assert differences(tmp_path / "store", by_duckdb) == {}


def _wait_for_executors(log: Path) -> None:
    """Waits until the master has given work to both workers."""
    deadline = time.monotonic() + 60
    while log.read_text(errors="replace").count("Launching executor") < 2 and time.monotonic() < deadline:
        time.sleep(0.2)
