"""Agent log: what anti-spam and other transport agents did to a message, and why.

Source: Microsoft Learn, "Antispam agent logging", information in the agent log; newer columns as seen in 2016 logs.
"""

from tracelens.formats import LogFormat
from tracelens.schema import AGENT_EVENT

FIELDS = (
    "timestamp", "sessionid", "localendpoint", "remoteendpoint", "enteredorgfromip", "messageid", "p1fromaddress",
    "p2fromaddresses", "recipient", "numrecipients", "agent", "event", "action", "smtpresponse", "reason", "reasondata",
    "diagnostics", "networkmsgid", "tenantid", "directionality",
)  # fmt: skip

FORMAT = LogFormat(
    name="agent",
    title="agent logs",
    log_type="Agent Log",
    table=AGENT_EVENT,
    generations=(FIELDS[:16], FIELDS),
    names={
        "timestamp": "date_time", "sessionid": "session_id", "localendpoint": "local_endpoint",
        "remoteendpoint": "remote_endpoint", "enteredorgfromip": "entered_org_from_ip", "messageid": "message_id",
        "p1fromaddress": "p1_from_address", "p2fromaddresses": "p2_from_addresses", "numrecipients": "num_recipients",
        "smtpresponse": "smtp_response", "reasondata": "reason_data", "networkmsgid": "network_msg_id",
        "tenantid": "tenant_id",
    },
    samples=(
        "2026-03-02T08:00:00.000Z,08DC0000000000A1,192.0.2.1:25,198.51.100.7:4100,198.51.100.7,<a1@example.com>,a@example.com,"
        "a@example.com;,anna@contoso.com,1,Content Filter Agent,OnEndOfData,RejectMessage,550 5.7.1 Message rejected as spam by"
        " Content Filtering.,SclAtOrAboveRejectThreshold,9,,,,Incoming",
    ),
)  # fmt: skip
