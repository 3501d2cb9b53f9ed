"""Message tracking log: one line per thing that happened to a message in a Transport, Submission or Delivery service.

Source: Microsoft Learn, "Message tracking", fields in the message tracking log; field lists of 2007 to 2019 as in
the project's format reference 1.5.
"""

from tracelens.formats import LogFormat
from tracelens.schema import TRACKING_2007, TRACKING_2010, TRACKING_2013, TRACKING_2016, TRACKING_EVENT

FORMAT = LogFormat(
    name="message_tracking",
    title="message tracking logs (MSGTRK, MSGTRKM, MSGTRKMS, MSGTRKMD, MSGTRKMA), 21 to 30 columns",
    log_type="Message Tracking Log",
    table=TRACKING_EVENT,
    generations=tuple(tuple(names) for names in (TRACKING_2007, TRACKING_2010, TRACKING_2013, TRACKING_2016)),
    samples=(
        "2026-03-02T08:00:00.000Z,192.0.2.5,ex01,192.0.2.5,ex01,08DC0000000000A1;2026-03-02T08:00:00.000Z;0,EX01\\Default EX01,"
        "SMTP,RECEIVE,4711,<a1@example.com>,bob@contoso.com,,2048,1,,,Hello,ann@example.com,ann@example.com,0cA: ",
    ),
)
