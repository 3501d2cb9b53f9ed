"""Troubles of one day that show in message tracking alone, as data: which rows a message leaves, and how many messages.

Source: Microsoft Learn, "Message tracking": events, sources and what stands in their fields.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from tracelens.simulate.estate import INTERNAL, Server
from tracelens.simulate.stage import Planned, within_hour
from tracelens.simulate.tracking import track
from tracelens.simulate.world import Mail, World
from tracelens.simulate.writer import HOUR, SECOND, stamp


@dataclass(frozen=True)
class Step:
    """A tracking row.

    Attributes:
        step: `EVENT/SOURCE`.
        after_s: Seconds after the message came in.
        connector: connector-id; `{name}` is the server.
        target: server-ip and server-hostname.
        reference: `parent`: the message before it made this one.
        info: message-info after the time of origin.
        related: related-recipient-address.
        origin: original-client-ip: whom a front end took the message from.
        log: Which of the tracking logs.
    """

    step: str
    after_s: float = 0
    connector: str = ""
    target: tuple[str, str] = ("", "")
    reference: str = ""
    info: str = ""
    related: str = ""
    origin: str = ""
    log: str = "tracking"


@dataclass(frozen=True)
class Tale:
    """A trouble that shows in tracking rows.

    Attributes:
        rule: Rule that must find it; none if it is only what is usual.
        steps: Rows of each message.
        sender: Sender; `{n}` is the number of the message.
        recipients: How many each message has.
        to: Address of a recipient; `{n}` is its number, `{m}` the number of the message.
        count: Messages.
        every_s: Seconds between two.
        ip: Address that the truth names.
        connector: Connector that the truth names.
        subject: Subject; one of their own each if empty.
        size: Bytes of each message; any if 0.
    """

    rule: str
    steps: tuple[Step, ...]
    sender: str
    to: str
    recipients: int = 1
    count: int = 1
    every_s: float = 5
    ip: str = ""
    connector: str = ""
    subject: str = ""
    size: int = 0


SUBMITTED = (Step("SUBMIT/STOREDRIVER", log="tracking_submission"), Step("RECEIVE/SMTP", 0.4, "{name}\\Default {name}"))
BY_SMTP = Step("RECEIVE/SMTP", 0, "{name}\\Default {name}", origin="203.0.113.151")
SLOW = "SRV={server}:TOTAL-HUB=95.200|SMR=0.100|CAT=95.000(CATRS-Transport Rule Agent=94.500)|SMS=0.100"
FAR = ("203.0.113.150", "mx.example.net")

TALES = (
    Tale("auth-account-spam-run", SUBMITTED, f"jonas.jansen@{INTERNAL}", "target@box{m}-{n}.example", 35, 8, 60),
    Tale("behaviour-mass-mailing", SUBMITTED, f"news@{INTERNAL}", f"reader{{m}}-{{n}}@{INTERNAL}", 130, 5),
    Tale("behaviour-mail-storm", SUBMITTED, f"monitor@{INTERNAL}", f"anna.berg@{INTERNAL}", 1, 110, subject="Disk C: is full"),
    Tale("behaviour-backscatter", (Step("DSN/DSN"),), "<>", "victim{m}@spoofed.example", 1, 55, 8),
    Tale("behaviour-forwarding-exfil", (BY_SMTP, Step("REDIRECT/ROUTING", 1, related=f"kavya.kowalska@{INTERNAL}")),
         "office@example.net", "collector@hidden.example", 1, 12, 30),
    Tale("cap-queue-throughput", (*SUBMITTED, Step("SENDEXTERNAL/SMTP", 400, "Internet Mail", FAR)), f"lena.lund@{INTERNAL}",
         "desk{m}@example.net", 1, 25, 10, FAR[0], "Internet Mail"),
    Tale("cap-transport-rule-latency", (*SUBMITTED, Step("SENDEXTERNAL/SMTP", 100, "Internet Mail", FAR, info=SLOW)), f"marco.moreau@{INTERNAL}",
         "office@example.net", 1, 5, 10),
    Tale("journal-loop", (Step("RECEIVE/AGENT", reference="parent"),), f"journal@{INTERNAL}", f"archive@{INTERNAL}", 1, 5, 20),
    Tale("routing-loop", (BY_SMTP, Step("RECEIVE/SMTP", 60, "{name}\\Default {name}"),
                          Step("RECEIVE/SMTP", 120, "{name}\\Default {name}"), Step("RECEIVE/SMTP", 180, "{name}\\Default {name}")),
         "office@example.net", f"nadia.novak@{INTERNAL}"),
    Tale("config-connector-not-logged", (Step("RECEIVE/SMTP", 0, "{name}\\Quiet {name}"),), "office@example.net", f"oskar.okafor@{INTERNAL}",
         1, 3, 20, connector="{name}\\Quiet {name}"),
)  # fmt: skip


def planned(world: World, tales: Sequence[Tale], first: int, length: int) -> list[Planned]:
    """Gives when each tale begins and what begins there, spread over a working day, each within one hour."""
    servers = world.estate.servers
    found: list[tuple[int, Callable[[int], None]]] = []
    for number, tale in enumerate(tales):
        moment = within_hour(first + number * (length - HOUR) // max(len(tales), 1))
        found.append((moment, partial(tell, world, servers[number % len(servers)], tale)))
    return found


def tell(world: World, server: Server, tale: Tale, moment: int) -> None:
    """Writes the rows of all messages of a tale and its row of the truth."""
    connector = tale.connector.format(name=server.name)
    parent = ""
    for number in range(tale.count):
        came = moment + int(number * tale.every_s * SECOND)
        named = [tale.to.format(m=number, n=n) for n in range(tale.recipients)]
        mail = world.new_mail(came, tale.sender, named, server.fqdn)
        mail.subject = tale.subject or f"{mail.subject} {number}"
        mail.size = tale.size or mail.size
        queue = world.queue_id(server)
        for step in tale.steps:
            _row(world, server, step, mail, queue, parent, came + int(step.after_s * SECOND))
        for seconds in (0, tale.steps[-1].after_s) if tale.rule else ():
            world.tally(tale.rule, server, tale.ip, connector, came + int(seconds * SECOND))
        parent = mail.message_id


def _row(world: World, server: Server, step: Step, mail: Mail, queue: int, parent: str, moment: int) -> None:
    event, source = step.step.split("/")
    info = f"{stamp(mail.sent_at)};{step.info.format(server=server.fqdn)}" if step.info else ""
    track(
        world, moment, server, event, source, log=step.log, mail=mail, internal_id=queue, recipients=mail.recipients,
        client=(server.ip, server.fqdn), target=step.target if any(step.target) else (server.ip, server.fqdn),
        connector=step.connector.format(name=server.name), related=step.related, info=info,
        reference=parent if step.reference == "parent" else "",
        origin=(step.origin, server.ip) if step.origin else ("", ""), statuses=["250 2.1.5 Recipient OK"] if event == "SENDEXTERNAL" else None,
    )  # fmt: skip
