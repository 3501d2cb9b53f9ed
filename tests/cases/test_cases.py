"""Real problem reports with the right answer (../shared/cases): what a right tool says, and must not say."""

from __future__ import annotations

from pathlib import Path

import pytest

from tracelens import pipeline, store
from tracelens.classify import classify
from tracelens.rulebook import load_signatures

SHARED = Path(__file__).resolve().parents[3] / "shared"
pytestmark = pytest.mark.skipif(not (SHARED / "cases").is_dir(), reason="../shared/cases is not beside this checkout")


def ingest(case: str, tmp_path: Path) -> Path:
    pipeline.ingest([SHARED / "cases" / case], tmp_path / "S")
    return tmp_path / "S"


def test_case_01_inbound_mail_refused_by_the_default_frontend(tmp_path: Path) -> None:
    folder = ingest("01-inbound-unable-to-relay", tmp_path)
    sessions = store.ask(folder, "select * from session").to_dicts()
    assert len(sessions) == 1
    assert sessions[0]["refused_count"] == 1
    assert sessions[0]["accepted_count"] == 0
    assert sessions[0]["auth_failure_count"] == 0
    assert "Default Frontend" in sessions[0]["connector_id"]
    hops = store.ask(folder, "select * from hop").to_dicts()
    assert [(h["kind"], h["from_ip"], h["to_service"], h["to_port"], h["outcome"]) for h in hops] == [
        ("receive", "192.0.2.96", "frontend", 25, "refused")
    ]
    legs = store.ask(folder, "select recipient_address, status, reason_code from leg").rows()
    assert legs == [("user@contoso.com", "refused", "5.7.1")]
    findings = store.ask(folder, "select * from finding").to_dicts()
    assert {f["rule_id"] for f in findings if f["class"] == "relay"} == {"relay-denied-non-accepted"}
    denied = next(f for f in findings if f["rule_id"] == "relay-denied-non-accepted")
    assert "accepted domain" in denied["advice"].lower()
    assert not any(word in f["title"].lower() for f in findings for word in ("open relay", "attack", "logon", "slow"))


def test_case_04_front_end_of_the_new_server_hands_on_to_the_old_hub(tmp_path: Path) -> None:
    folder = ingest("04-hub-2525-proxied-to-empty-server", tmp_path)
    hop = store.ask(folder, "select * from hop").to_dicts()
    assert [
        (h["kind"], h["from_ip"], h["from_service"], h["to_server"], h["to_service"], h["to_port"]) for h in hop
    ] == [("proxy", "192.168.30.30", "frontend", "OLDEXCHANGE", "hub", 2525)]
    assert hop[0]["receive_connector"] == "OLDEXCHANGE\\Default OLDEXCHANGE"
    assert hop[0]["outcome"] == "accepted"
    assert 700 <= hop[0]["transit_ms"] <= 900
    transaction = store.ask(folder, 'select * from "transaction"').to_dicts()[0]
    assert transaction["server_internal_id"] == 42842298777605
    assert transaction["next_server"] == "OLDEXCHANGE"
    findings = store.ask(folder, "select rule_id, severity from finding where severity <> 'info'").to_dicts()
    assert findings == []


def test_case_07_the_inner_error_counts() -> None:
    signatures = load_signatures()
    texts = (SHARED / "cases" / "07-dag-peer-421-service-not-available" / "queue-lasterror.txt").read_text(
        encoding="utf-8"
    )
    found = [classify(line, signatures) for line in texts.splitlines() if line.strip()]
    assert [(s.id, s.class_) for s in found if s] == [
        ("proxy-service-not-available", "proxy"),
        ("proxy-backend-reset", "proxy"),
    ]
    said = " ".join(s.meaning + s.lookalikes + s.fix for s in found if s).lower()
    assert "component state" in said and "resources" in said and "filter" in said
    assert not any(word in said for word in ("back pressure", "relay", "tls"))


def test_case_11_transport_service_refuses_the_front_end(tmp_path: Path) -> None:
    folder = ingest("11-frontend-proxy-2525-refused", tmp_path)
    sends = store.ask(folder, "select * from session where direction = 'send' order by session_id").to_dicts()
    assert any("10061" in (s["connect_error"] or "") for s in sends)
    assert {s["connector_id"] for s in sends} == {"Inbound Proxy Internal Send Connector"}
    assert {s["service"] for s in sends} == {"frontend"}
    finding = store.ask(folder, "select * from finding where class = 'proxy'").to_dicts()
    assert [f["rule_id"] for f in finding] == ["proxy-backend-connect-fail"]
    assert finding[0]["severity"] == "critical"
    assert "refused" in (finding[0]["title"] + finding[0]["summary"]).lower()
    assert store.ask(folder, "select count(*) as n from link where basis = 'observed'")["n"][0] == 0
    assert store.ask(folder, "select count(*) as n from message")["n"][0] == 0


def test_corpus_and_cases_are_accounted_for_by_the_law(tmp_path: Path) -> None:
    pipeline.ingest([SHARED / "corpus", SHARED / "cases"], tmp_path / "S")
    files = store.ask(tmp_path / "S", "select * from log_file").to_dicts()
    assert len(files) == sum(1 for base in ("corpus", "cases") for path in (SHARED / base).rglob("*") if path.is_file())
    for row in files:
        if row["state"] in ("ingested", "partial"):
            parts = (
                "header_count",
                "event_count",
                "reject_count",
                "blank_count",
                "pending_count",
                "continuation_count",
            )
            assert row["line_count"] == sum(row[part] or 0 for part in parts), row["path"]
        else:
            assert row["reason"], row["path"]
        # one paste has its dates blanked out, another breaks off in its last record
        torn = ("placeholders", "connector-validation-pl")
        if not any(word in row["path"] for word in torn) and row["state"] == "ingested":
            assert not row["reject_count"], row["path"]
    skipped = {Path(row["path"]).name for row in files if row["state"] == "skipped"}
    assert {path.name for path in (SHARED / "corpus" / "other").iterdir()} <= skipped
