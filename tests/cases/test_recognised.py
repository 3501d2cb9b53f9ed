"""Each file of ../shared/corpus and ../shared/cases is recognised as what its folder and name say, or refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from tracelens.discover import discover

SHARED = Path(__file__).resolve().parents[3] / "shared"
pytestmark = pytest.mark.skipif(not (SHARED / "corpus").is_dir(), reason="../shared is not beside this checkout")
BY_FOLDER = {
    "agent": {"agent"},
    "connectivity": {"connectivity"},
    "connectors": {"receive_connector", "send_connector"},
    "exo-trace": {"exo_validation", "exo_trace_json", "exo_trace_csv"},
    "headers": {"headers"},
    "message-tracking": {"message_tracking", "get_mtl_list", "get_mtl_table", "get_mtl_csv"},
    "smtp-receive": {"smtp_receive", "pasted_smtp_receive"},
    "smtp-send": {"smtp_send", "pasted_smtp_send"},
}
BY_NAME = {
    "RECV": {"smtp_receive"}, "SEND": {"smtp_send", "pasted_smtp_send"}, "MSGTRK": {"message_tracking"},
    "CONNECTLOG": {"connectivity"}, "tracking-fl": {"get_mtl_list"}, "ndr": {"headers"}, "queue": {"get_queue"},
    "receive-connector": {"receive_connector"}, "connector-validation": {"exo_validation"},
    "connectivity-test-error": {"get_queue"},
}  # fmt: skip
REFUSED = {
    "ex2003-tracking.log": "Exchange 2000 or 2003",
    "telnet.txt": "by hand",
    "EdgeSync-ex2019.log": "another log",
    "Mapi-HttpProxy_2023010601-1.LOG": "another log",
    "Rps_Cmdlet_2023011116-1.LOG": "another log",
    "ex-imap4-authfail-nested-quotes.log": "IMAP4",
    "ex2003-smtpsvc-w3c-line.log": "IIS SMTP",
}


def expected(path: Path) -> set[str] | None:
    by_name = next((kinds for word, kinds in BY_NAME.items() if path.name.startswith(word)), None)
    return BY_FOLDER.get(path.parent.name) or by_name


def test_every_file_has_its_format_or_the_reason_why_it_is_not_read() -> None:
    wrong = []
    for entry in discover([SHARED / "corpus", SHARED / "cases"]):
        name = entry.format.name if entry.format else None
        if entry.path.suffix == ".md":
            continue
        if entry.path.name in REFUSED:
            if name or REFUSED[entry.path.name] not in str(entry.reason):
                wrong.append(f"{entry.path}: {name}, {entry.reason}")
        elif name not in (expected(entry.path) or ()):
            wrong.append(f"{entry.path}: {name}, {entry.reason}")
    assert wrong == []
