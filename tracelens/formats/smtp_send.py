"""SMTP send log: one line per step of a conversation on a Send connector.

Source: Microsoft Learn, "Protocol logging", fields in the protocol log.
"""

from tracelens.formats import LogFormat
from tracelens.schema import SMTP_EVENT, SMTP_FIELDS

FORMAT = LogFormat(
    name="smtp_send",
    title="SMTP send protocol logs of all services",
    log_type="SMTP Send Protocol Log",
    table=SMTP_EVENT,
    direction="send",
    generations=(SMTP_FIELDS,),
    samples=("2026-03-02T08:00:00.000Z,To Internet,08DC0000000000B1,0,,198.51.100.25:25,*,,attempting to connect",),
)
