"""Connectivity log: what a transport service did to reach a destination, beside its SMTP conversations.

Source: Microsoft Learn, "Connectivity logging in Exchange Server", fields in the connectivity log.
"""

from tracelens.formats import LogFormat
from tracelens.schema import CONNECTIVITY_EVENT

FORMAT = LogFormat(
    name="connectivity",
    title="connectivity logs of all services",
    log_type="Transport Connectivity Log",
    table=CONNECTIVITY_EVENT,
    generations=(("date-time", "session", "source", "destination", "direction", "description"),),
    samples=(
        "2026-03-02T08:00:00.000Z,08DC0000000000C1,SMTP,internalproxy,+,Undefined 00000000-0000-0000-0000-000000000000;QueueLength=0",
        "2026-03-02T08:00:00.120Z,08DC0000000000C1,SMTP,internalproxy,-,Messages: 0 Bytes: 0 (Retry : Service not active)",
    ),
)
