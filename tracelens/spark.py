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
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

from tracelens import parquet
from tracelens import store as stores
from tracelens.asker import Answer, Asker, Here
from tracelens.build import Model, build, check_grain, models
from tracelens.dialect import spark, steps, type_of
from tracelens.errors import StoreError, UsageError
from tracelens.lake import Lake
from tracelens.rewrites import UnportableError
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
    "spark.sql.adaptive.skewJoin.skewedPartitionThresholdInBytes": "64MB",
    "spark.sql.adaptive.forceOptimizeSkewedJoin": "true",
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

    @contextmanager
    def build(
        self, con: Any, on_model: Callable[[str], None], inventory: Sequence[Mapping[str, Any]]
    ) -> Iterator[Asker]:
        """Makes every derived table anew, and answers the questions of rules there; see `tracelens.pipeline.Build`."""
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
                yield There(con, session, f"{self.root}/{work}")
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
        try:
            session = SparkSession.builder.remote(self.remote).create()
            try:
                chosen = {
                    **SETTINGS,
                    "spark.sql.shuffle.partitions": str(partitions_of(segment_bytes)),
                    **(self.settings or {}),
                }
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
            _keep(session, step.name, step.sql, f"{self.root}/{work}")

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


class There:
    """Spark over the tables of a build, and over what detection adds; see `tracelens.asker.Asker`."""

    def __init__(self, con: Any, session: Any, work: str) -> None:
        self._here, self._session, self._work = Here(con), session, work

    def ask(self, sql: str, params: Mapping[str, Any] | None = None) -> Answer:
        """Answers a question; one that uses what Spark has no equal of is answered here, over the loaded tables."""
        try:
            told = spark(filled(sql, params or {}))
        except UnportableError:
            return self._here.ask(sql, params)
        answer = self._session.sql(told).toArrow()
        columns = [[_plain(value) for value in column.to_pylist()] for column in answer.columns]
        return answer.column_names, list(zip(*columns, strict=True))

    def give(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Puts rows into a table, there and here."""
        self._here.give(table, rows)
        named = [tuple(row.get(name) for name in table.names) for row in rows]
        _view(self._session, table, self._session.createDataFrame(named, _schema(table)))

    def keep(self, name: str, sql: str, order: str) -> None:
        """Makes a table of the lake's working folder, and one here."""
        self._here.keep(name, sql, order)
        _keep(self._session, name, spark(sql), self._work)

    def settle(self) -> None:
        """Locks the connection here."""
        self._here.settle()


def filled(sql: str, params: Mapping[str, Any]) -> str:
    """Gives a question with its parameters written out."""
    return re.sub(r"\$([a-z][a-z0-9_]*)", lambda found: _constant(params[found[1]]), sql)


def _constant(value: Any) -> str:
    """Gives a rule's parameter as a literal of DuckDB."""
    if isinstance(value, list):
        return f"[{', '.join(_constant(one) for one in value)}]"
    return f"cast({value!r} as double)" if isinstance(value, float) else stores.literal(value)


def _plain(value: Any) -> Any:
    """Gives a value as DuckDB gives it: times without their zone, which is UTC."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    return value


def _keep(session: Any, name: str, sql: str, folder: str) -> None:
    """Writes the rows of a SELECT of Spark to a folder, from which they are read as a view."""
    place = f"{folder}/{name}"
    session.sql(f"insert overwrite directory {_quoted(place)} using parquet {sql}")
    session.read.parquet(place).createOrReplaceTempView(name)


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


def partitions_of(segment_bytes: int) -> int:
    """Gives the partitions of a shuffle for some bytes of segments."""
    return max(1, min(MOST_PARTITIONS, math.ceil(segment_bytes / PARTITION_BYTES)))


def _bytes_of(con: Any) -> int:
    rows = con.execute("select cast(sum(row_count) as bigint) from segment").fetchall()
    return int(rows[0][0] or 0) * ROW_BYTES
