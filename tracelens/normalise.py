"""Raw rows to events: types, endpoints, lists, and which server and service wrote the row."""

from __future__ import annotations

import re
from functools import reduce
from typing import TYPE_CHECKING, Any

from tracelens.discover import LogFile
from tracelens.schema import Table

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

BY_SERVER = (
    "RECEIVE",
    "HAREDIRECT",
    "HAREDIRECTFAIL",
    "HARECEIVE",
    "HADISCARD",
    "DELIVER",
    "DELIVERFAIL",
    "DUPLICATEDELIVER",
)
BY_CLIENT = ("SEND", "SENDEXTERNAL", "NOTIFYMAPI", "NOTIFYSHADOW", "SUBMIT", "SUBMITDEFER", "SUBMITFAIL", "AGENTINFO")


def normalise(log_file: LogFile, table: pa.Table, version: str | None = None) -> pa.Table:
    """Gives the events of a raw table.

    Shape: one row per raw row, the columns of the format's table in `tracelens.schema`, in file order.

    Args:
        log_file: File the rows come from.
        table: All-string columns named as in `#Fields`, plus `line_number`.
        version: Value of `#Version`; 14 and below have no Front End service.
    """
    import polars as pl

    described = log_file.format
    assert described is not None
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    frame = frame.rename({name: name.replace("-", "_") for name in frame.columns})
    known = {column.name for column in described.table.columns}
    unknown = [name for name in frame.columns if name not in known and name != "line_number" and not _is_endpoint(name)]
    for column in described.table.columns:
        if column.name not in frame.columns and column.name not in ("file_id", "line_number"):
            frame = frame.with_columns(pl.lit("").alias(column.name))
    text = [name for name in frame.columns if frame.schema[name] == pl.String]
    frame = frame.with_columns(
        [pl.when(pl.col(name) == "").then(None).otherwise(pl.col(name)).alias(name) for name in text]
    )
    frame = frame.with_columns(
        pl.lit(log_file.file_id, pl.Int64).alias("file_id"),
        pl.col("date_time").str.strip_suffix("Z").str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", time_unit="us", strict=False),
        _extra(unknown),
    )
    if described.direction:
        frame = _smtp(frame, log_file, described.direction, version)
    else:
        frame = _tracking(frame, log_file)
    return _cast(frame, described.table)


def _is_endpoint(name: str) -> bool:
    return name in ("local_endpoint", "remote_endpoint")


def _extra(unknown: list[str]) -> pl.Expr:
    import polars as pl

    if not unknown:
        return pl.lit(None, pl.String).alias("extra")
    return pl.struct(unknown).struct.json_encode().alias("extra")


def _cast(frame: pl.DataFrame, table: Table) -> pa.Table:
    import polars as pl

    kinds: dict[str, Any] = {
        "VARCHAR": pl.String,
        "BIGINT": pl.Int64,
        "INTEGER": pl.Int32,
        "TIMESTAMP": pl.Datetime("us"),
        "VARCHAR[]": pl.List(pl.String),
    }
    columns = []
    for column in table.columns:
        kind = kinds[column.type]
        expression = pl.col(column.name)
        columns.append(expression.cast(kind, strict=False))
    return frame.select(columns).to_arrow(compat_level=pl.CompatLevel.oldest())


def short(expression: pl.Expr) -> pl.Expr:
    """Gives the short upper-case form of a host name."""
    return expression.str.split(".").list.first().str.strip_chars().str.to_uppercase()


def _endpoint(side: str) -> list[pl.Expr]:
    """Splits address and port at the last colon. Source: formats.md 1.6."""
    import polars as pl

    raw = pl.col(f"{side}_endpoint")
    return [
        raw.str.extract(r"^(.*):\d+$", 1).str.strip_chars("[]").str.replace(r"%.*$", "").alias(f"{side}_ip"),
        raw.str.extract(r":(\d{1,5})$", 1).cast(pl.Int32, strict=False).alias(f"{side}_port"),
    ]


def _smtp(frame: pl.DataFrame, log_file: LogFile, direction: str, version: str | None) -> pl.DataFrame:
    import polars as pl

    frame = frame.with_columns(*_endpoint("local"), *_endpoint("remote"), pl.lit(direction).alias("direction"))
    if direction == "receive":
        named = short(pl.col("connector_id").str.extract(r"^([^\\]+)\\", 1))
        # one conversation has one server, even where a masked copy names it differently from row to row
        server = named.mode().sort().first().over("session_id")
    else:
        hello = pl.when((pl.col("event") == ">") & pl.col("data").str.contains(r"(?i)^(EHLO|HELO) ")).then(
            short(pl.col("data").str.slice(5))
        )
        server = hello.drop_nulls().mode().sort().first()
    chosen = pl.lit(log_file.server) if log_file.server else server
    return frame.with_columns(chosen.alias("server"), _service(log_file, direction, version).alias("service"))


def _service(log_file: LogFile, direction: str, version: str | None) -> pl.Expr:
    """Judges the service by port and connector where the folder does not say it. Source: formats.md 4.1."""
    import polars as pl

    if log_file.service:
        return pl.lit(log_file.service)
    is_old = bool(version and re.match(r"(8|14)\.", version))
    connector = pl.col("connector_id").fill_null("").str.to_lowercase()
    if direction == "receive":
        port = pl.col("local_port")
        front = pl.lit("hub" if is_old else "frontend")
        return (
            pl.when(connector.str.contains("default internal receive connector", literal=True))
            .then(pl.lit("edge"))
            .when(port.is_in([25, 587, 717]))
            .then(front)
            .when(port.is_in([2525, 465]))
            .then(pl.lit("hub"))
            .when(port.is_in([475, 476, 477]))
            .then(pl.lit("delivery"))
            .otherwise(pl.lit("unknown"))
        )
    port = pl.col("remote_port")
    proxies = pl.col("context").fill_null("").str.starts_with("Proxying inbound session").any()
    return (
        pl.when(connector.str.contains("inbound proxy", literal=True) | (port == 465))
        .then(pl.lit("frontend"))
        .when(port.is_in([2525]) & proxies)
        .then(pl.lit("frontend"))
        .when(port.is_in([475, 717]))
        .then(pl.lit("hub"))
        .when((port == 25) | is_old)
        .then(pl.lit("hub"))
        .otherwise(pl.lit("unknown"))
    )


def _tracking(frame: pl.DataFrame, log_file: LogFile) -> pl.DataFrame:
    import polars as pl

    client, server = short(pl.col("client_hostname")), short(pl.col("server_hostname"))
    event = pl.col("event_id").str.to_uppercase()
    wrote = pl.when(event.is_in(BY_CLIENT)).then(pl.coalesce(client, server)).otherwise(pl.coalesce(server, client))
    frame = frame.with_columns(
        (pl.lit(log_file.server) if log_file.server else wrote).alias("server"),
        event.alias("event_id"),
        pl.col("message_id").str.strip_chars(),
        _dashed(pl.col("network_message_id").str.to_lowercase()).alias("network_message_id"),
        pl.col("recipient_address").fill_null("").str.split(";").list.eval(pl.element().filter(pl.element() != "")),
    )
    return _statuses(frame)


def _dashed(text: pl.Expr) -> pl.Expr:
    """Gives the dashed form of an id; one document writes it without dashes."""
    import polars as pl

    plain = text.str.replace(r"^([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})$", "$1-$2-$3-$4-$5")
    return pl.when(text.str.len_chars() == 32).then(plain).otherwise(text)


def _statuses(frame: pl.DataFrame) -> pl.DataFrame:
    """Splits recipient-status beside the recipients; only bracket forms and mismatches are looked at one by one."""
    import polars as pl

    status = pl.col("recipient_status")
    parts = status.fill_null("").str.split(";")
    count = pl.col("recipient_address").list.len()
    empty = pl.lit([], dtype=pl.List(pl.String))
    simple = status.is_not_null() & ~status.str.contains("[", literal=True) & (parts.list.len() == count)
    frame = frame.with_columns(
        pl.when(status.is_null()).then(empty).when(simple).then(parts).alias("status_list"),
    )
    odd = frame.select(status, count.alias("count"), pl.col("status_list").is_null().alias("is_odd"))
    if odd["is_odd"].any():
        fixed = [protected_split(text, number) if is_odd else None for text, number, is_odd in odd.iter_rows()]
        frame = frame.with_columns(
            pl.coalesce("status_list", pl.Series(fixed, dtype=pl.List(pl.String))).alias("status_list")
        )
    return frame.drop("recipient_status").rename({"status_list": "recipient_status"})


def protected_split(text: str, count: int) -> list[str]:
    """Splits a status list at the semicolons outside `[…]`; the whole text for each recipient when counts differ.

    Source: formats.md 2.4.
    """

    def step(state: tuple[list[str], int], char: str) -> tuple[list[str], int]:
        parts, depth = state
        depth += {"[": 1, "]": -1}.get(char, 0)
        if char == ";" and depth <= 0:
            return [*parts, ""], depth
        parts[-1] += char
        return parts, depth

    parts, _ = reduce(step, text, ([""], 0))
    return parts if len(parts) == count else [text] * max(count, 1)
