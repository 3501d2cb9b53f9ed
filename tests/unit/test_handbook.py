"""docs/findings.md says what the rules and signatures say, and is current."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from click.testing import Result

from tracelens import handbook, pipeline, store
from tracelens.rulebook import load_rules, load_signatures

ROOT = Path(__file__).parents[2]


def test_the_page_of_findings_is_current() -> None:
    written = (ROOT / "docs" / "findings.md").read_text(encoding="utf-8")
    assert written == handbook.page(), "run scripts/document"


def test_the_page_tells_of_every_rule_and_signature_what_it_means_and_what_to_do() -> None:
    page = handbook.page()
    for rule in load_rules():
        assert f"`{rule.id}`" in page and rule.why in page and rule.lookalikes in page and rule.fix in page
    for signature in load_signatures():
        assert f"| `{signature.id}` |" in page


def test_a_rule_explains_itself(call: Callable[..., Result]) -> None:
    told = call("rules", "relay-open-to-internet")
    assert told.exit_code == 0
    assert "Look-alikes: " in told.stdout and "Fix: " in told.stdout and "critical" in told.stdout
    assert call("rules", "no-such-rule").exit_code == 1


def test_unverified_signatures_are_asked_when_the_user_says_so(call: Callable[..., Result], tmp_path: Path) -> None:
    folder = tmp_path / "EX01/TransportRoles/Logs/FrontEnd/ProtocolLog/SmtpSend"
    folder.mkdir(parents=True)
    head = "#Software: Microsoft Exchange Server\n#Version: 15.0.0.0\n#Log-type: SMTP Send Protocol Log\n#Date: 2026-03-02T08:00:00.000Z\n#Fields: date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context\n"
    row = "2026-03-02T08:00:01.000Z,Inbound Proxy,08DC000000000001,0,,10.0.10.11:2525,*,,Unable to find a target for the inbound proxy layer\n"
    (folder / "SEND20260302-1.LOG").write_text(head + row, encoding="utf-8")
    asked = "select signature_id, grade from reply_class"
    pipeline.ingest([tmp_path / "EX01"], tmp_path / "plain", workers=1)
    assert store.ask(tmp_path / "plain", asked).rows() == [(None, None)]
    assert call("ingest", tmp_path / "EX01", "--store", tmp_path / "asked", "--unverified").exit_code == 0
    assert store.ask(tmp_path / "asked", asked).rows() == [("proxy-target-not-found", "U")]


def test_a_rule_that_needs_a_past_is_not_evaluated_before_there_is_one(sample_store: Path) -> None:
    asked = "select state, missing from rule_run where rule_id = 'behaviour-burst'"
    assert store.ask(sample_store, asked).rows() == [("not evaluated", ["history/28"])]
