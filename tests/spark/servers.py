"""Spark for tests, on loopback: a Connect server, alone or in front of a standalone cluster of two workers."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

THRIFTY = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xss4m"
SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.log.level": "WARN",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.connect.grpc.binding.address": "127.0.0.1",
    "spark.sql.catalogImplementation": "in-memory",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.driver.extraJavaOptions": THRIFTY,
    "spark.executor.extraJavaOptions": THRIFTY,
    "spark.executor.memory": "512m",
    "spark.driver.memory": "1g",
}
"""Small queries by the hundred: compiling them would cost more than running them."""
SESSION = {
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.sources.parallelPartitionDiscovery.threshold": "10000",
    "spark.sql.files.openCostInBytes": "1048576",
}
"""Nothing to adapt in so little."""


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def home() -> Path:
    found = importlib.util.find_spec("pyspark")
    if found is None or not found.submodule_search_locations:
        pytest.skip("pyspark is not installed")
    place = Path(next(iter(found.submodule_search_locations)))
    if not (place / "bin" / "spark-submit").is_file():
        pytest.skip("pyspark is here as a client only")
    if shutil.which("java") is None:
        pytest.skip("Java 17 is not installed")
    return place


@contextmanager
def process(work: Path, name: str, *command: str) -> Iterator[subprocess.Popen[bytes]]:
    """Runs one of Spark's programs until the block ends."""
    variables = {**os.environ, "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_LOCAL_DIRS": str(work), "SPARK_HOME": str(home())}
    if command[0] == "spark-class":
        variables |= {"SPARK_DAEMON_JAVA_OPTS": THRIFTY, "SPARK_DAEMON_MEMORY": "256m"}
    with (work / f"{name}.log").open("wb") as log:
        started = subprocess.Popen(
            [str(home() / "bin" / command[0]), *command[1:]], cwd=work, env=variables, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip
    try:
        yield started
    finally:
        end(started)


def end(started: subprocess.Popen[bytes]) -> None:
    """Kills a program and what it started."""
    if started.poll() is None:
        os.killpg(started.pid, signal.SIGKILL)
    started.wait()


def wait_for(port: int, started: subprocess.Popen[bytes], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and started.poll() is None:
        with socket.socket() as asked:
            if asked.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError("Spark does not start")


@contextmanager
def connect_server(work: Path, master: str = "local[2]", settings: Mapping[str, str] = SETTINGS) -> Iterator[str]:
    """Starts a Connect server and gives its URL."""
    with connect_process(work, master, settings) as (remote, _):
        yield remote


@contextmanager
def connect_process(work: Path, master: str, chosen: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    """Starts a Connect server and gives its URL and process id."""
    port = free_port()
    settings = {**chosen, "spark.connect.grpc.binding.port": str(port)}
    words = [word for name, value in settings.items() for word in ("--conf", f"{name}={value}")]
    server = "org.apache.spark.sql.connect.service.SparkConnectServer"
    with process(
        work, "connect", "spark-submit", "--class", server, "--master", master, *words, "spark-internal"
    ) as it:
        wait_for(port, it)
        yield f"sc://127.0.0.1:{port}", it.pid
