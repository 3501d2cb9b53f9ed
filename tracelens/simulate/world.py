"""What every flow shares: chance, clock-free counters, logs, truth and the sessions that stay open for a while."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from tracelens.simulate.estate import BUILDS, Estate, Server, unique_text
from tracelens.simulate.truth import Truth
from tracelens.simulate.writer import Sink, stamp

if TYPE_CHECKING:
    from tracelens.simulate.smtp import Talk

CLOCK_OFF_MS = 2_000
"""From here on a wrong clock counts as a trouble."""
CLOUD_NAME = "Exchange Online"
_EPOCH_TICKS = (datetime(1970, 1, 1) - datetime(1, 1, 1)).days * 86_400 * 10_000_000


@dataclass
class Mail:
    """One message on its way.

    Attributes:
        by_cloud: It leaves this organisation by way of the cloud.
        before: Number of the hop by which the cloud took it before it came here; 0 for none.
    """

    message_id: str
    network_id: str
    sender: str
    recipients: list[str]
    subject: str
    size: int
    sent_at: int
    directionality: str = "Incoming"
    return_path: str = ""
    origin_ip: str = ""
    is_probe: bool = False
    submitted_at: int | None = None
    history: list[str] = field(default_factory=list)
    hop_count: int = 0
    shadows: dict[tuple[str, int], tuple[Server, int]] = field(default_factory=dict)
    by_cloud: bool = False
    before: int = 0


class World:
    """The estate in motion."""

    def __init__(
        self,
        sink: Sink,
        truth: Truth,
        rng: random.Random,
        estate: Estate,
        version: str,
        start: int,
        is_translated: bool = False,
        collide: bool = False,
    ) -> None:
        self.is_translated = is_translated
        self.collide = collide
        self.sink = sink
        self.truth = truth
        self.rng = rng
        self.estate = estate
        self.version = version
        self.build = BUILDS[version]
        self.is_joined = version != "2013"
        self.pool: dict[tuple[str, str], tuple[Talk, int]] = {}
        self.keep_open = False
        self.trouble_until: dict[tuple[str, str], int] = {}
        self._sessions: dict[tuple[str, str], int] = {}
        self._queue: dict[str, int] = {}
        self._events: dict[str, int] = {}
        self.last_reply = ""
        self._tallies: dict[tuple[str, str, str, str], tuple[int, int, int]] = {}
        self._start = start
        self.has_exports = False
        self.cloud_rows: list[tuple[str, ...]] = []

    def session_id(self, server: Server, service: str) -> str:
        """Gives the next session id of one service process: 16 hex digits, counted up from its start."""
        key = (server.name, service)
        if key not in self._sessions:
            days = 3 if self.collide else self.rng.uniform(2, 20)
            started = self._start - int(days * 86_400_000_000)
            self._sessions[key] = _EPOCH_TICKS + started * 10
        self._sessions[key] += 1
        return f"{self._sessions[key]:016X}"

    def restart(self) -> None:
        """Starts every process anew: session-ids and queue numbers begin where they once began."""
        self._sessions.clear()
        self._queue.clear()
        self.pool.clear()

    def stamp(self, server: Server, moment: int) -> str:
        """Gives a true moment as the clock of a server shows it."""
        return stamp(self.sink.clocks.shown(server.name, moment))

    def queue_id(self, server: Server) -> int:
        """Gives the next internal-message-id of a server's queue."""
        if server.name not in self._queue:
            start = 7_000_000 if self.collide else self.rng.randrange(2_000_000, 90_000_000)
            self._queue[server.name] = start * 1_048_576
        self._queue[server.name] += self.rng.randint(1, 4)
        return self._queue[server.name]

    def event_number(self, database: str) -> int:
        """Gives the next event number of a mailbox database."""
        self._events[database] = self._events.get(database, self.rng.randrange(10_000, 900_000)) + self.rng.randint(
            1, 9
        )
        return self._events[database]

    def new_mail(self, moment: int, sender: str, recipients: list[str], host: str, **more: object) -> Mail:
        """Gives a message with fresh ids."""
        rng = self.rng
        local = f"{rng.getrandbits(112):028x}"
        if rng.random() < 0.03:
            local = f'"batch,{rng.randrange(1000)}"={local[:12]}'
        size = int(min(25_000_000, 2_500 + rng.expovariate(1 / 40_000)))
        mail = Mail(
            f"<{local}@{host}>", unique_text(rng), sender, recipients, self.estate.subject(rng), size, moment,
            return_path=sender,
        )  # fmt: skip
        for name, value in more.items():
            setattr(mail, name, value)
        return mail

    def hop(
        self,
        mail: Mail,
        kind: str,
        started_at: int,
        ended_at: int,
        source: tuple[str | None, str | None, str | None],
        target: tuple[str | None, str | None, str | None, int | None],
        send_connector: str | None = None,
        receive_connector: str | None = None,
        parent: int = 0,
    ) -> int:
        """Records a true hop and gives its number.

        Args:
            mail: The message.
            kind: Kind of hop, as in the hop table.
            started_at: Begin.
            ended_at: End.
            source: Server, service and address that handed over.
            target: Server, service, address and port that took it.
            send_connector: Name at the sending side.
            receive_connector: Name at the receiving side.
            parent: Number of the hop it follows on; 0 for the first.
        """
        if mail.is_probe:
            return 0
        mail.hop_count += 1
        self.truth.add(
            "hop", message_id=mail.message_id, network_message_id=mail.network_id, hop_number=mail.hop_count,
            parent_number=parent or None, kind=kind, from_server=source[0],
            from_service=source[1], from_ip=source[2], to_server=target[0], to_service=target[1], to_ip=target[2],
            to_port=target[3], send_connector=send_connector, receive_connector=receive_connector,
            started_at=started_at, ended_at=ended_at,
        )  # fmt: skip
        return mail.hop_count

    def leg(self, mail: Mail, recipient: str, status: str, moment: int) -> None:
        """Records how a message truly ended for one recipient."""
        if not mail.is_probe:
            self.truth.add(
                "leg",
                message_id=mail.message_id,
                network_message_id=mail.network_id,
                recipient_address=recipient,
                status=status,
                ended_at=moment,
            )

    def cause(self, child: Mail, kind: str, parent: Mail, moment: int) -> None:
        """Records that one message made Exchange write another: a report, a journal copy, a rule's copy."""
        if not parent.is_probe:
            self.truth.add(
                "cause", message_id=child.message_id, network_message_id=child.network_id, kind=kind,
                parent_message_id=parent.message_id, ended_at=moment,
            )  # fmt: skip

    def tally(self, name: str, server: Server | str, ip: str, connector: str, moment: int) -> None:
        """Counts one occurrence of a planted trouble; a place that is empty may be any."""
        key = (name, server if isinstance(server, str) else server.name, ip, connector)
        first, last, hits = self._tallies.get(key, (moment, moment, 0))
        self._tallies[key] = (min(first, moment), max(last, moment), hits + 1)

    def record_clocks(self) -> None:
        """Writes how far each planned clock is off, from which true moment on, to the truth, and the troubles of it."""
        before: dict[str, int] = {}
        for server, moment, offset in self.sink.clocks.turns():
            self.truth.add("clock", server=server, first_at=max(moment, self._start), offset_ms=offset)
            if abs(offset) >= CLOCK_OFF_MS:
                self.tally("topo-clock-offset", "", "", "", max(moment, self._start))
            if server in before and abs(offset - before[server]) >= CLOCK_OFF_MS:
                self.tally("topo-clock-step", "", "", "", moment)
            before[server] = offset

    def plant(self, name: str, server: str | None, connector: str | None) -> None:
        """Records a planted mistake of the configuration."""
        self.truth.add("trouble", trouble=name, server=server, connector_id=connector, hit_count=1)

    def record_troubles(self) -> None:
        """Writes the troubles to the truth, one row per name, server, address and connector."""
        for (name, server, ip, connector), (first, last, hits) in sorted(self._tallies.items()):
            self.truth.add(
                "trouble", trouble=name, server=server, remote_ip=ip, connector_id=connector, first_at=first,
                last_at=last, hit_count=hits,
            )  # fmt: skip
