"""What a peer loses or merges while reading: a banner with a comma, a bad row, subjects beyond ASCII."""

from __future__ import annotations

from pathlib import Path

import pytest

from tracelens import pipeline, store

RECV = """#Software: Microsoft Exchange Server
#Version: 15.0.0.0
#Log-type: SMTP Receive Protocol Log
#Date: 2026-03-02T08:00:00.000Z
#Fields: date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context
2026-03-02T08:00:00.000Z,EX01\\In,08DC01,0,10.0.0.1:25,192.0.2.1:4000,+,,
2026-03-02T08:00:00.100Z,EX01\\In,08DC01,1,10.0.0.1:25,192.0.2.1:4000,>,"220 EX01.contoso.com Microsoft ESMTP MAIL Service ready at Mon, 2 Mar 2026 09:00:00 +0100",
2026-03-02T08:00:00.200Z,EX01\\In,08DC01,two,nonsense
2026-03-02T08:00:00.300Z,EX01\\In,08DC01,3,10.0.0.1:25,192.0.2.1:4000,<,EHLO mx.example.com,
2026-03-02T08:00:00.400Z,EX01\\In,08DC01,4,10.0.0.1:25,192.0.2.1:4000,-,,Local
"""
FIELDS = (
    "date-time,client-ip,client-hostname,server-ip,server-hostname,source-context,connector-id,source,event-id,"
    "internal-message-id,message-id,network-message-id,recipient-address,recipient-status,total-bytes,recipient-count,"
    "related-recipient-address,reference,message-subject,sender-address,return-path,message-info,directionality,"
    "tenant-id,original-client-ip,original-server-ip,custom-data"
)
SUBJECTS = ("Отчёт за февраль", "会議の議事録", "تقرير المبيعات", "Angebot für März – Änderungen 📦")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of one receive log and one tracking log."""
    root = tmp_path_factory.mktemp("defects")
    logs = root / "EX01" / "TransportRoles" / "Logs"
    receive, tracking = logs / "FrontEnd" / "ProtocolLog" / "SmtpReceive", logs / "MessageTracking"
    receive.mkdir(parents=True)
    tracking.mkdir()
    (receive / "RECV2026030208-1.LOG").write_bytes(RECV.replace("\n", "\r\n").encode())
    rows = [
        f"2026-03-02T08:00:0{n}.000Z,192.0.2.1,mx,10.0.0.1,EX01,,EX01\\Default EX01,SMTP,RECEIVE,{n},<m{n}@example.com>,,"
        f"anna@contoso.com,,900,1,,,{subject},p@example.com,p@example.com,0cA:,Incoming,,,,"
        for n, subject in enumerate(SUBJECTS)
    ]
    head = f"#Software: Microsoft Exchange Server\r\n#Version: 15.00.1497.048\r\n#Log-type: Message Tracking Log\r\n#Date: 2026-03-02T08:00:00.000Z\r\n#Fields: {FIELDS}\r\n"
    (tracking / "MSGTRK2026030208-1.LOG").write_bytes((head + "\r\n".join(rows) + "\r\n").encode())
    pipeline.ingest([root / "EX01"], root / "S", workers=1)
    return root / "S"


def test_a_quoted_banner_with_a_comma_stays_one_field(folder: Path) -> None:
    banner = store.ask(folder, "select data from smtp_event where data like '220 %'")["data"][0]
    assert banner.endswith("ready at Mon, 2 Mar 2026 09:00:00 +0100")


def test_one_bad_row_is_a_reject_and_costs_no_other_row(folder: Path) -> None:
    assert store.ask(folder, "select count(*) as n from smtp_event")["n"][0] == 4
    assert store.ask(folder, "select line_number from reject")["line_number"].to_list() == [8]
    assert store.ask(folder, "select event_count, is_complete from session").rows() == [(4, True)]


def test_subjects_in_any_script_are_kept(folder: Path) -> None:
    told = store.ask(folder, "select message_subject from message order by message_id")["message_subject"].to_list()
    assert told == list(SUBJECTS)


def test_a_session_id_given_again_minutes_after_a_restart_is_another_session(tmp_path: Path) -> None:
    logs = tmp_path / "EX01" / "TransportRoles" / "Logs" / "FrontEnd" / "ProtocolLog" / "SmtpReceive"
    logs.mkdir(parents=True)
    again = "".join(line + "\n" for line in RECV.splitlines() if not line.startswith("#") and "nonsense" not in line)
    text = RECV + again.replace("T08:00", "T08:10").replace("192.0.2.1:4000", "192.0.2.9:5000")
    (logs / "RECV2026030208-1.LOG").write_bytes(text.replace("\n", "\r\n").encode())
    pipeline.ingest([tmp_path / "EX01"], tmp_path / "S", workers=1)
    found = store.ask(tmp_path / "S", "select remote_ip, event_count from session order by opened_at").rows()
    assert found == [("192.0.2.1", 4), ("192.0.2.9", 4)]
