"""`tracelens check-config`: verdicts from a store, from files, and what is said when something is missing."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

from tests.configuration.given import connector, given, session
from tracelens import store
from tracelens.cli import main
from tracelens.configuration import check, choices, connectors
from tracelens.rulebook import SEVERITIES

LISTED = (
    "\nIdentity : EX01\\{name}\nName : {name}\nServer : EX01\nEnabled : True\nTransportRole : FrontendTransport\n"
    "Bindings : {{0.0.0.0:25}}\nRemoteIPRanges : {{{ranges}}}\nAuthMechanism : Tls\nPermissionGroups : {groups}\n\n"
)
RIGHT = (
    "User : NT AUTHORITY\\ANONYMOUS LOGON\nIdentity : EX01\\Relay\nDeny : False\nIsInherited : False\n"
    "ExtendedRights : {ms-Exch-SMTP-Accept-Any-Recipient}\n\n"
)


def call(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def file(folder: Path, text: str, name: str = "receive.txt") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def verdict(files: list[Path], rule: str) -> dict[str, object]:
    found, _ = check(files=files)
    row: dict[str, object] = found.filter(pl.col("rule_id") == rule).to_dicts()[0]
    return row


def test_planted_mistakes_are_found_where_they_are(wrong: tuple[Path, Path]) -> None:
    logs, folder = wrong
    truth = pl.read_parquet(logs / "truth.parquet").filter(pl.col("record") == "trouble")
    found = store.ask(folder, "select * from finding where class in ('config', 'topology')")
    told = truth.filter(pl.col("trouble").str.contains("^(config|topo)-"))
    assert set(told["trouble"]) == {
        "config-external-authoritative-wide", "config-range-overlap", "config-wildcard-accepted-domain",
        "topo-wrong-connector",
    }  # fmt: skip
    for place in told.to_dicts():
        row = found.filter(pl.col("rule_id") == place["trouble"]).row(0, named=True)
        assert (row["server"], row["connector_id"]) == (place["server"], place["connector_id"]), place
        if place["trouble"] == "topo-wrong-connector":
            assert (row["hit_count"], row["remote_ip"]) == (place["hit_count"], place["remote_ip"])
            assert "older than these sessions" in row["summary"]
    loud = found.filter(pl.col("severity").is_in(SEVERITIES[1:]))
    assert sorted(loud["rule_id"]) == sorted(told["trouble"])


def test_an_estate_in_order_has_nothing_above_info(right: tuple[Path, Path]) -> None:
    found, notes = check(right[1])
    assert notes == []
    loud = found.filter((pl.col("state") == "finding") & pl.col("severity").is_in(SEVERITIES[1:]))
    assert loud.to_dicts() == []
    agreed = choices(right[1])
    assert set(agreed["state"]) == {"agrees", "no configuration"}
    assert set(agreed.filter(pl.col("state") == "no configuration")["reason"]) == {
        "the connector of mailbox delivery is in no export"
    }


def test_connectors_come_with_their_use(right: tuple[Path, Path]) -> None:
    rows = connectors(right[1])
    relay = rows.filter(pl.col("connector_key") == "EX01\\Relay EX01").row(0, named=True)
    front = rows.filter(pl.col("connector_key") == "EX01\\Default Frontend EX01").row(0, named=True)
    assert relay["client_count"] >= 1
    assert front["session_count"] > relay["session_count"] > 0


def test_the_right_to_any_recipient_is_proven_by_the_rights_export_alone(tmp_path: Path) -> None:
    wide = file(
        tmp_path, LISTED.format(name="Relay", ranges="0.0.0.0-255.255.255.255", groups="AnonymousUsers, Custom")
    )
    guess = verdict([wide], "config-anon-any-recipient-wide")
    assert guess["severity"] == "medium"
    assert "not proven" in str(guess["summary"])
    proven = verdict([wide, file(tmp_path, RIGHT, "rights.txt")], "config-anon-any-recipient-wide")
    assert proven["severity"] == "critical"
    assert "Get-ADPermission" in str(proven["summary"])
    other = file(tmp_path, RIGHT.replace("Any-Recipient", "Any-Sender"), "others.txt")
    assert verdict([wide, other], "config-anon-any-recipient-wide")["state"] == "nothing found"


def test_equal_nested_and_crossing_ranges_are_told_apart(tmp_path: Path) -> None:
    ranges = {
        "Equal1": "10.0.20.0/24", "Equal2": "10.0.20.0-10.0.20.255", "Inner": "10.1.20.0/24", "Outer": "10.1.0.0/16",
        "Low": "10.2.0.1-10.2.0.50", "High": "10.2.0.40-10.2.0.60", "Beside": "10.3.0.0/24",
    }  # fmt: skip
    text = "".join(LISTED.format(name=name, ranges=part, groups="AnonymousUsers") for name, part in ranges.items())
    found, _ = check(files=[file(tmp_path, text)])
    rows = found.filter(pl.col("state") == "finding").select("rule_id", "severity", "connector_id").rows()
    assert sorted(rows) == [
        ("config-duplicate-binding", "high", "EX01\\Equal1"),
        ("config-range-nested", "info", "EX01\\Inner"),
        ("config-range-partial-overlap", "medium", "EX01\\Low"),
    ]


def test_rights_that_sessions_show_count_without_an_export_of_rights(con: object) -> None:
    seen = session("a", "10.0.20.9", "Relay", anonymous=True, permissions="SMTPSubmit SMTPAcceptAnyRecipient")
    with given(con, receive_connector=[connector("Relay", "10.0.20.0/24")], session=[seen]) as made:  # type: ignore[arg-type]
        assert made.execute("select any_recipient, any_recipient_basis from connector").fetchall() == [
            (True, "rights that sessions show")
        ]


def test_the_command_lists_verdicts_and_ends_well(tmp_path: Path, wrong: tuple[Path, Path]) -> None:
    path = file(tmp_path, LISTED.format(name="R", ranges="10.0.0.0/8...", groups="AnonymousUsers, Custom"))
    done = call("check-config", path)
    assert done.exit_code == 0
    assert "MEDIUM" in done.stdout
    assert "config-wildcard-accepted-domain: needs accepted_domain" in done.stdout
    assert "lists are cut" in done.stderr
    rows = json.loads(call("check-config", "--store", wrong[1], "--format", "json", "--severity", "critical").stdout)
    assert {row["rule_id"] for row in rows if row["state"] == "finding"} == {
        "config-external-authoritative-wide", "config-wildcard-accepted-domain",
    }  # fmt: skip
    assert "EX01\\Relay EX01" in call("check-config", "--choices", "--store", wrong[1]).stdout
    assert "EX01\\Relay EX01" in call("check-config", "--connectors", "--store", wrong[1]).stdout


def test_files_stand_in_for_what_was_imported(tmp_path: Path, wrong: tuple[Path, Path]) -> None:
    path = file(
        tmp_path, LISTED.format(name="Default Frontend EX01", ranges="0.0.0.0-255.255.255.255", groups="AnonymousUsers")
    )
    found, _ = check(wrong[1], [path])
    rules = set(found.filter(pl.col("state") == "finding")["rule_id"])
    assert "config-exchangeserver-auth-missing" in rules
    assert "config-external-authoritative-wide" not in rules
    assert store.ask(wrong[1], "select count(*) as n from connector")["n"].item() > 6


@pytest.mark.parametrize("text", ["", "just words\n", "#Log-type: SMTP Receive Protocol Log\n"])
def test_a_file_without_configuration_is_refused(tmp_path: Path, text: str) -> None:
    done = call("check-config", file(tmp_path, text))
    assert done.exit_code == 4
    assert "Get-ReceiveConnector" in done.stderr


def test_hostile_names_do_not_reach_the_terminal(tmp_path: Path) -> None:
    path = file(tmp_path, LISTED.format(name="R\x1b[31m", ranges="10.0.0.0/8", groups="AnonymousUsers, Custom"))
    done = call("check-config", path)
    assert done.exit_code == 0
    assert "\x1b" not in done.stdout
