"""The models on Apache Spark, by Spark Connect: the same SQL over the same segments, results as Parquet.

Each model's rows are written to a working folder of the lake and read back by those that follow, so that a lost worker
costs a task and never the build; what stays is loaded into the store's next generation.
"""

from __future__ import annotations

import math
import re
import socket
import uuid
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

from tracelens import parquet
from tracelens import store as stores
from tracelens.build import Model, build, check_grain, models
from tracelens.dialect import steps, type_of
from tracelens.errors import StoreError, UsageError
from tracelens.lake import Lake
from tracelens.schema import DUPLICATE, INVENTORY_SETTING, LOG_FILE, Table

PARTITION_BYTES = 8_000_000
"""Bytes of segments for one task of a shuffle; they hold about ten times as many bytes of logs."""
MOST_PARTITIONS = 4000
CONNECT_PORT = 15002
ROW_BYTES = 40
"""Of a segment: what one event takes, measured on estates of the simulator."""
SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.cteRecursionRowLimit": "-1",
    "spark.sql.cteRecursionLevelLimit": "-1",
    "spark.sql.parquet.inferTimestampNTZ.enabled": "false",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.adaptive.enabled": "true",
    "spark.sql.adaptive.skewJoin.enabled": "true",
    "spark.sql.caseSensitive": "false",
}


@dataclass(frozen=True)
class Cluster:
    """Spark and the lake it reads.

    Attributes:
        remote: URL of Spark Connect, `sc://host:port`.
        lake: Where the segments are, as this machine sees it.
        seen_as: URI of the lake as the cluster's workers see it; the same when not given.
        settings: Further settings of the session.
    """

    remote: str
    lake: Lake
    seen_as: str = ""
    settings: Mapping[str, str] | None = None

    @property
    def root(self) -> str:
        """URI of the lake for Spark."""
        if self.seen_as:
            return self.seen_as.rstrip("/")
        if self.lake.local:
            return self.lake.local.as_uri()
        return re.sub("^s3://", "s3a://", self.lake.place)

    def build(self, con: Any, on_model: Callable[[str], None], inventory: Sequence[Mapping[str, Any]]) -> None:
        """Makes every derived table anew; see `tracelens.build.build`."""
        stores.fill_table(con, INVENTORY_SETTING, inventory)
        work = f"builds/{uuid.uuid4().hex}"
        every = models()
        with warnings.catch_warnings(), self.session(_bytes_of(con)) as session:
            try:
                self._give(con, session)
                for model in every:
                    on_model(model.name)
                    self._run(session, model, work)
                self._take(con, [model for model in every if model.kind == "table"], work)
            finally:
                self.lake.remove_folder(work)

    @contextmanager
    def session(self, segment_bytes: int) -> Iterator[Any]:
        """Opens a session, set so that results are those of DuckDB.

        Raises:
            StoreError: Spark cannot be reached, or a statement fails.
            UsageError: The client is not installed.
        """
        # it warns of pandas 3, of which nothing is used here
        warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
        try:
            from pyspark.errors import PySparkException
            from pyspark.sql.connect.session import SparkSession
        except ImportError as error:
            raise UsageError("the client of Spark is not installed", hint="pip install 'tracelens[spark]'") from error
        import grpc

        _check_there(self.remote)
        partitions = max(1, min(MOST_PARTITIONS, math.ceil(segment_bytes / PARTITION_BYTES)))
        try:
            session = SparkSession.builder.remote(self.remote).create()
            try:
                chosen = {**SETTINGS, "spark.sql.shuffle.partitions": str(partitions), **(self.settings or {})}
                for name, value in chosen.items():
                    session.conf.set(name, value)
                yield session
            finally:
                session.stop()
        except (PySparkException, grpc.RpcError) as error:
            raise StoreError(f"Spark fails: {str(error).strip().splitlines()[0]}", where=self.remote) from error

    def _give(self, con: Any, session: Any) -> None:
        """Gives Spark the ledger and the events."""
        for table in (LOG_FILE, DUPLICATE, INVENTORY_SETTING):
            rows = con.sql(f"select * from {table.name}").to_arrow_table()
            _view(session, table, session.createDataFrame(rows, _schema(table)))
        listed = con.execute("select distinct table_name, path from segment order by path").fetchall()
        for table in stores.EVENT_TABLES:
            paths = [self._uri(path) for name, path in listed if name == table.name]
            read = session.read.schema(_schema(table)).parquet(*paths) if paths else None
            _view(session, table, session.createDataFrame([], _schema(table)) if read is None else read)

    def _uri(self, path: str) -> str:
        return f"{self.root}/segments/{path.rpartition('segments/')[2]}"

    def _run(self, session: Any, model: Model, work: str) -> None:
        for step in steps(model.name, model.sql):
            place = f"{self.root}/{work}/{step.name}"
            session.sql(f"insert overwrite directory {_quoted(place)} using parquet {step.sql}")
            session.read.parquet(place).createOrReplaceTempView(step.name)

    def _take(self, con: Any, kept: Sequence[Model], work: str) -> None:
        """Loads results into the open database."""
        types = shapes()
        with TemporaryDirectory(prefix="tracelens-") as place:
            for model in kept:
                names = [n for n in self.lake.names(f"{work}/{model.name}") if n.endswith(".parquet")]
                if self.lake.local:
                    paths = [str(self.lake.local / name) for name in names]
                else:
                    paths = [str(Path(place) / name) for name in names]
                    for name, path in zip(names, paths, strict=True):
                        self.lake.fetch(name, Path(path))
                stores.load_parquet(con, model.name, types[model.name], paths)
                check_grain(con, model)


def _check_there(remote: str) -> None:
    """Checks that somebody answers at a URL: the client itself would try for minutes.

    Raises:
        StoreError: Nobody does.
        UsageError: It is no URL of Spark Connect.
    """
    place = urlsplit(remote)
    if place.scheme != "sc" or not place.hostname:
        raise UsageError(f"'{remote}' is no URL of Spark Connect", hint="--remote sc://host:15002")
    try:
        socket.create_connection((place.hostname, place.port or CONNECT_PORT), timeout=10).close()
    except OSError as error:
        raise StoreError(f"Spark cannot be reached: {error.strerror or error}", where=remote) from error


def shapes() -> dict[str, dict[str, str]]:
    """Gives the columns of every derived table with their types, as DuckDB makes them."""
    with parquet.blank() as con:
        build(con)
        return {model.name: stores.types_of(con, model.name) for model in models() if model.kind == "table"}


def _quoted(text: str) -> str:
    """Gives a text as a literal of Spark."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _schema(table: Table) -> str:
    return ", ".join(f"`{column.name}` {type_of(column.type)}" for column in table.columns)


def _view(session: Any, table: Table, frame: Any) -> None:
    if table.name == "tracking_event":
        frame = frame.join(session.table("duplicate"), ["file_id", "line_number"], "left_anti")
    frame.createOrReplaceTempView(table.name)


def _bytes_of(con: Any) -> int:
    rows = con.execute("select cast(sum(row_count) as bigint) from segment").fetchall()
    return int(rows[0][0] or 0) * ROW_BYTES
