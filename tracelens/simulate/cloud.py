"""What the message trace of Exchange Online tells of mail that the cloud takes, keeps and sends on.

Source: Microsoft Learn, Get-MessageTrace (Received is UTC; ToIP is empty for mailboxes of the cloud).
"""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path

from tracelens.simulate.estate import REMOTES, Remote
from tracelens.simulate.world import CLOUD_NAME, Mail, World
from tracelens.simulate.writer import SECOND

PUBLIC_IP = "203.0.113.80"
"""Address of this organisation as the cloud sees it, whichever server it is."""
COLUMNS = (
    "MessageId", "Received", "SenderAddress", "RecipientAddress", "Subject", "Status", "ToIP", "FromIP", "Size",
    "MessageTraceId",
)  # fmt: skip


def arrive(world: World, mail: Mail, recipients: list[str], moment: int, parent: int) -> None:
    """Tells how the cloud goes on with what it took from here: to its own mailboxes, or out."""
    outside = {remote.domain: remote for remote in REMOTES}
    stay: tuple[str, str, None] = (CLOUD_NAME, "cloud", None)
    ways: dict[str, Remote | None] = {}
    for address in recipients:
        remote = outside.get(address.rsplit("@", 1)[1])
        ways[remote.ip if remote else ""] = remote
        told(world, mail, address, moment, PUBLIC_IP, remote.ip if remote else "")
        world.leg(mail, address, "relayed" if remote else "delivered", moment)
    for remote in ways.values():
        if remote is None:
            world.hop(mail, "deliver", moment, moment, stay, (CLOUD_NAME, "mailbox", None, None), parent=parent)
        else:
            world.hop(mail, "external", moment, moment, stay, (None, None, remote.ip, None), parent=parent)


def write_trace(world: World, folder: Path) -> None:
    """Writes the message trace as Get-MessageTrace exports it."""
    rows = sorted(world.cloud_rows, key=lambda row: (row[1], row[0]))
    with (folder / "MessageTrace.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow(COLUMNS)
        writer.writerows(rows)


def told(world: World, mail: Mail, address: str, moment: int, from_ip: str, to_ip: str) -> None:
    """Adds a row of the trace."""
    received = datetime.fromtimestamp(moment // SECOND, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    world.cloud_rows.append((
        mail.message_id, received, mail.sender, address, mail.subject, "Delivered", to_ip, from_ip, str(mail.size),
        mail.network_id,
    ))  # fmt: skip
