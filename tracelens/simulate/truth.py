"""What really happened in the made-up estate: one row per hop, leg, planted trouble and wrong clock; all times are true."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

_TIME = pa.timestamp("us")
SCHEMA = pa.schema(
    [
        ("record", pa.string()),
        ("message_id", pa.string()),
        ("network_message_id", pa.string()),
        ("hop_number", pa.int64()),
        ("parent_number", pa.int64()),
        ("parent_message_id", pa.string()),
        ("kind", pa.string()),
        ("from_server", pa.string()),
        ("from_service", pa.string()),
        ("from_ip", pa.string()),
        ("to_server", pa.string()),
        ("to_service", pa.string()),
        ("to_ip", pa.string()),
        ("to_port", pa.int64()),
        ("send_connector", pa.string()),
        ("receive_connector", pa.string()),
        ("started_at", _TIME),
        ("ended_at", _TIME),
        ("recipient_address", pa.string()),
        ("status", pa.string()),
        ("trouble", pa.string()),
        ("server", pa.string()),
        ("remote_ip", pa.string()),
        ("connector_id", pa.string()),
        ("first_at", _TIME),
        ("last_at", _TIME),
        ("hit_count", pa.int64()),
        ("offset_ms", pa.int64()),
    ]
)
_TIMES = ("started_at", "ended_at", "first_at", "last_at")
_BATCH_ROWS = 50_000


class Truth:
    """Streams facts to a Parquet file."""

    def __init__(self, path: Path) -> None:
        self.counts = {"hop": 0, "leg": 0, "cause": 0, "trouble": 0, "clock": 0}
        self._rows: list[dict[str, Any]] = []
        self._writer = pq.ParquetWriter(path, SCHEMA, compression="zstd")

    def add(self, record: str, **facts: Any) -> None:
        """Takes one fact; times are microseconds since 1970, cut to the milliseconds a log can show."""
        for name in _TIMES:
            if facts.get(name) is not None:
                moment = facts[name] // 1000 * 1000
                facts[name] = datetime.fromtimestamp(moment // 1_000_000, UTC).replace(
                    microsecond=moment % 1_000_000, tzinfo=None
                )
        self.counts[record] += 1
        self._rows.append({"record": record, **facts})
        if len(self._rows) >= _BATCH_ROWS:
            self._write()

    def close(self) -> None:
        """Writes what is left."""
        self._write()
        self._writer.close()

    def _write(self) -> None:
        if self._rows:
            self._writer.write_table(pa.Table.from_pylist(self._rows, schema=SCHEMA))
            self._rows.clear()
