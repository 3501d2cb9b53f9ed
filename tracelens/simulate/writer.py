"""Log files of a made-up server: names, headers, rotation and CSV quoting as Exchange writes them.

Source: Microsoft Learn, "Protocol logging in Exchange Server" and "Message tracking": fields, file names, limits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import BinaryIO

from tracelens.errors import UsageError
from tracelens.simulate.clock import Clocks

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
FILE_LIMIT_BYTES = 10 * 1024 * 1024
PENDING_ROWS = 20_000

SMTP_FIELDS = "date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context"
TRACKING_FIELDS_27 = (
    "date-time,client-ip,client-hostname,server-ip,server-hostname,source-context,connector-id,source,event-id,"
    "internal-message-id,message-id,network-message-id,recipient-address,recipient-status,total-bytes,recipient-count,"
    "related-recipient-address,reference,message-subject,sender-address,return-path,message-info,directionality,"
    "tenant-id,original-client-ip,original-server-ip,custom-data"
)
TRACKING_FIELDS_30 = TRACKING_FIELDS_27 + ",transport-traffic-type,log-id,schema-version"

LOG_KINDS = {
    "tracking": ("MessageTracking", "MSGTRK", "Message Tracking Log"),
    "tracking_delivery": ("MessageTracking", "MSGTRKMD", "Message Tracking Log"),
    "tracking_submission": ("MessageTracking", "MSGTRKMS", "Message Tracking Log"),
    "tracking_mailbox": ("MessageTracking", "MSGTRKM", "Message Tracking Log"),
    "tracking_moderation": ("MessageTracking", "MSGTRKMA", "Message Tracking Log"),
    "frontend_receive": ("FrontEnd/ProtocolLog/SmtpReceive", "RECV", "SMTP Receive Protocol Log"),
    "frontend_send": ("FrontEnd/ProtocolLog/SmtpSend", "SEND", "SMTP Send Protocol Log"),
    "hub_receive": ("Hub/ProtocolLog/SmtpReceive", "RECV", "SMTP Receive Protocol Log"),
    "hub_send": ("Hub/ProtocolLog/SmtpSend", "SEND", "SMTP Send Protocol Log"),
    "delivery_receive": ("Mailbox/ProtocolLog/SmtpReceive/Delivery", "RECV", "SMTP Receive Protocol Log"),
    "edge_receive": ("Edge/ProtocolLog/SmtpReceive", "RECV", "SMTP Receive Protocol Log"),
    "edge_send": ("Edge/ProtocolLog/SmtpSend", "SEND", "SMTP Send Protocol Log"),
    "submission_send": ("Mailbox/ProtocolLog/SmtpSend/Submission", "SEND", "SMTP Send Protocol Log"),
}


@lru_cache(maxsize=8192)
def _second_text(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def stamp(moment: int) -> str:
    """Gives the time of a log row.

    Args:
        moment: Microseconds since 1970, UTC.
    """
    second, rest = divmod(moment, SECOND)
    return f"{_second_text(second)}.{rest // 1000:03d}Z"


def quoted(text: str) -> str:
    """Gives a CSV field: quoted only where a comma, a quote or a line break demands it."""
    if "," in text or '"' in text or "\n" in text:
        return '"' + text.replace('"', '""') + '"'
    return text


class Log:
    """One kind of log of one server; rows come in any order and leave sorted by true time; files bear the server's."""

    def __init__(self, folder: Path, prefix: str, head: str, hourly: bool, clock: Callable[[int], int]) -> None:
        self.folder = folder
        self.prefix = prefix
        self.head = head
        self.hourly = hourly
        self.clock = clock
        self.pending: list[tuple[int, int, str]] = []
        self.written_bytes = 0
        self.file_count = 0
        self.row_count = 0
        self._file: BinaryIO | None = None
        self._period = -1
        self._number = 0
        self._size = 0

    def write_until(self, moment: int | None) -> None:
        """Writes the pending rows that are older than a moment; all of them if it is None."""
        if not self.pending:
            return
        self.pending.sort()
        cut = len(self.pending)
        if moment is not None:
            low, high = 0, cut
            while low < high:
                middle = (low + high) // 2
                if self.pending[middle][0] < moment:
                    low = middle + 1
                else:
                    high = middle
            cut = low
        length = HOUR if self.hourly else 24 * HOUR
        for row_at, _, text in self.pending[:cut]:
            raw = text.encode()
            shown = self.clock(row_at)
            period = shown // length
            if self._file is None or period > self._period or self._size + len(raw) > FILE_LIMIT_BYTES:
                self._open(shown, period)
            assert self._file is not None
            self._file.write(raw)
            self._size += len(raw)
            self.written_bytes += len(raw)
        self.row_count += cut
        del self.pending[:cut]

    def close(self) -> None:
        """Writes what is left and closes the file."""
        self.write_until(None)
        if self._file is not None:
            self._file.close()
            self._file = None

    def _open(self, row_at: int, period: int) -> None:
        if self._file is not None:
            self._file.close()
        self._number = self._number + 1 if period == self._period else 1
        self._period = period
        day = datetime.fromtimestamp(row_at // SECOND, UTC).strftime("%Y%m%d%H" if self.hourly else "%Y%m%d")
        self.folder.mkdir(parents=True, exist_ok=True)
        self._file = (self.folder / f"{self.prefix}{day}-{self._number}.LOG").open("wb")
        raw = self.head.format(date=stamp(row_at)).encode()
        self._file.write(raw)
        self._size = len(raw)
        self.written_bytes += len(raw)
        self.file_count += 1


@dataclass(frozen=True)
class Loss:
    """A log that nobody kept: of a server (`*` for each), a kind of log (`*` for each), an hour of the day or all of it.

    Attributes:
        day: Begin of the one day that is lost; every day if None.
    """

    server: str
    log: str
    hour: int | None = None
    day: int | None = None

    def takes(self, server: str, kind: str, moment: int) -> bool:
        """Says whether a row is lost."""
        return (
            self.server in ("*", server)
            and self.log in ("*", kind)
            and (self.hour is None or moment // HOUR % 24 == self.hour)
            and (self.day is None or self.day <= moment < self.day + DAY)
        )


def parse_loss(text: str) -> Loss:
    """Reads `SERVER:LOG[:HOUR]`, e.g. `EX02:tracking`, `*:frontend_send:14`.

    Raises:
        UsageError: It is not of that form, or there is no such log.
    """
    server, _, rest = text.partition(":")
    log, _, hour = rest.partition(":")
    if not server or log not in (*LOG_KINDS, "*") or (hour and not (hour.isdigit() and int(hour) < 24)):
        raise UsageError(
            f"not a log to lose: '{text}'", "lose", f"write SERVER:LOG[:HOUR], LOG one of *, {', '.join(LOG_KINDS)}"
        )
    return Loss(server.upper(), log, int(hour) if hour else None)


class Sink:
    """All logs of the estate, made when their first row comes."""

    def __init__(self, out: Path, version: str, build: str, clocks: Clocks, losses: tuple[Loss, ...] = ()) -> None:
        self.out = out
        self.losses = losses
        self.old_builds: dict[str, str] = {}
        self.version = version
        self.build = build
        self.clocks = clocks
        self.logs: dict[tuple[str, str], Log] = {}
        self._counter = 0
        self._unwritten = 0

    def add(self, moment: int, server: str, kind: str, text: str) -> None:
        """Takes one row without its line end."""
        if any(loss.takes(server, kind, moment) for loss in self.losses):
            return
        log = self.logs.get((server, kind))
        if log is None:
            log = self.logs[(server, kind)] = self._make(server, kind)
        self._counter += 1
        self._unwritten += 1
        log.pending.append((moment, self._counter, text + "\r\n"))

    def write_until(self, moment: int) -> None:
        """Writes rows older than a moment, once enough of them wait."""
        if self._unwritten < PENDING_ROWS:
            return
        for log in self.logs.values():
            log.write_until(moment)
        self._unwritten = 0

    def close(self) -> None:
        """Writes and closes every file."""
        for log in self.logs.values():
            log.close()

    def _make(self, server: str, kind: str) -> Log:
        folder, prefix, log_type = LOG_KINDS[kind]
        is_tracking = kind.startswith("tracking")
        fields = SMTP_FIELDS
        old_build = self.old_builds.get(server)
        if is_tracking:
            fields = TRACKING_FIELDS_27 if self.version == "2013" else TRACKING_FIELDS_30
        if old_build is not None:
            folder = folder.removeprefix("Hub/")
            fields = fields if not is_tracking else TRACKING_FIELDS_27.replace("network-message-id,", "")
        lines = (
            "#Software: Microsoft Exchange Server",
            f"#Version: {old_build or (self.build if is_tracking else '15.0.0.0')}",
            f"#Log-type: {log_type}",
            "#Date: {date}",
            f"#Fields: {fields}",
        )
        head = "".join(line + "\r\n" for line in lines)
        return Log(
            self.out / server / "TransportRoles" / "Logs" / folder,
            prefix,
            head,
            self.version != "2013" and not old_build,
            partial(self.clocks.shown, server),
        )
