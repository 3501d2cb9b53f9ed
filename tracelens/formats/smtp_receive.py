"""SMTP receive log: one line per step of a conversation on a Receive connector.

Source: Microsoft Learn, "Protocol logging", fields in the protocol log.
"""

from tracelens.formats import LogFormat
from tracelens.schema import SMTP_EVENT, SMTP_FIELDS

FORMAT = LogFormat(
    name="smtp_receive",
    title="SMTP receive protocol logs of all services",
    log_type="SMTP Receive Protocol Log",
    table=SMTP_EVENT,
    direction="receive",
    generations=(SMTP_FIELDS,),
    samples=(
        "2026-03-02T08:00:00.000Z,EX01\\Default Frontend EX01,08DC0000000000A1,0,192.0.2.1:25,198.51.100.7:4100,+,,",
    ),
)
