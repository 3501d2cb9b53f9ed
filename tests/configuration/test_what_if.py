"""`tracelens what-if`: recorded mail replayed against edited connectors."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

from tracelens import store
from tracelens.cli import main
from tracelens.configuration import what_if, what_if_sessions
from tracelens.errors import InputError, UsageError
from tracelens.pipeline import ingest
from tracelens.simulate.estate import DEVICES


def call(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def edited(logs: Path, folder: Path, old: str, new: str, server: str = "EX01") -> Path:
    """Gives the export of one server with a text replaced in its relay connector."""
    text = (logs / "Configuration" / "receive-connectors.txt").read_text(encoding="utf-8")
    parts = [part for part in text.split("\n\n") if f"{server}\\" in part]
    changed = [part.replace(old, new) if f"\\Relay {server}" in part else part for part in parts]
    assert changed != parts or old == new
    path = folder / "edited.txt"
    path.write_text("\n" + "\n\n".join(part.strip("\n") for part in changed) + "\n", encoding="utf-8")
    return path


def relayed(folder: Path, device: str, server: str = "EX01") -> int:
    sql = f"""select count(*) as n from transaction where direction = 'receive' and is_accepted
        and remote_ip = '{device}' and connector_id = '{server}\\Relay {server}'"""
    count: int = store.ask(folder, sql)["n"].item()
    return count


def test_unedited_configuration_changes_nothing(right: tuple[Path, Path]) -> None:
    logs, folder = right
    made = what_if(folder, [logs / "Configuration" / "receive-connectors.txt"])
    assert made.changes.to_dicts() == []
    assert made.replayed_count > 50


def test_a_range_that_is_taken_out_moves_its_client(right: tuple[Path, Path], tmp_path: Path) -> None:
    logs, folder = right
    gone = DEVICES[0]
    made = what_if(folder, [edited(logs, tmp_path, f"{gone.ip}, ", "")])
    (row,) = made.changes.filter(pl.col("server") == "EX01").to_dicts()
    assert (row["remote_ip"], row["helo_name"], row["senders"]) == (gone.ip, gone.name, [gone.sender])
    assert (row["connector_before"], row["connector_after"]) == (
        "EX01\\Relay EX01", "EX01\\Default Frontend EX01",
    )  # fmt: skip
    assert row["message_count"] == relayed(folder, gone.ip)
    # the default connector gives no right to send outside
    assert row["outcome"] == "refused"
    assert "recipients outside" in row["reason"]
    assert row["last_at"] is not None


def test_a_server_without_configuration_in_the_store_is_not_replayed(
    sample_store: Path, right: tuple[Path, Path], tmp_path: Path
) -> None:
    path = edited(right[0], tmp_path, "Relay EX01", "Relay EX01")
    made = what_if(sample_store, [path])
    assert "no export of this server's connectors" in made.left_out["reason"].to_list()
    said = call("what-if", "--receive-connectors", path, "--store", sample_store).stdout
    assert "Not replayed: " in said


def test_mail_that_tracking_alone_knows_is_counted_as_not_replayed(right: tuple[Path, Path], tmp_path: Path) -> None:
    ingest([right[0] / "EX01" / "TransportRoles" / "Logs" / "MessageTracking"], tmp_path / "S", workers=1)
    made = what_if(tmp_path / "S", min_tls="1.2")
    assert made.replayed_count == 0
    (row,) = made.left_out.to_dicts()
    assert "tracking alone" in row["reason"]
    assert row["message_count"] > 10
    assert "this tells nothing" in call("what-if", "--min-tls", "1.2", "--store", tmp_path / "S").stdout


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("AnonymousUsers, Custom", "ExchangeUsers", "no AnonymousUsers"),
        ("RequireTLS               : False", "RequireTLS               : True", "used no TLS"),
        ("36 MB (37,748,736 bytes)", "1 KB (1,024 bytes)", "larger than"),
    ],
)  # fmt: skip
def test_each_setting_refuses_whom_it_concerns(
    right: tuple[Path, Path], tmp_path: Path, old: str, new: str, reason: str
) -> None:
    made = what_if(right[1], [edited(right[0], tmp_path, old, new)])
    rows = made.changes.filter(pl.col("server") == "EX01")
    assert rows.height
    assert set(rows["outcome"]) == {"refused"}
    assert all(reason in text for text in rows["reason"])
    assert set(rows["remote_ip"]) <= {device.ip for device in DEVICES}


def test_a_connector_that_is_switched_off_hands_its_clients_to_the_next(
    right: tuple[Path, Path], tmp_path: Path
) -> None:
    made = what_if(right[1], [edited(right[0], tmp_path, "Enabled                  : True", "Enabled : False")])
    rows = made.changes.filter(pl.col("server") == "EX01")
    assert set(rows["connector_after"]) == {"EX01\\Default Frontend EX01"}
    assert sum(rows["message_count"]) == sum(relayed(right[1], device.ip) for device in DEVICES)


def test_a_higher_tls_version_hits_old_clients_alone(wrong: tuple[Path, Path]) -> None:
    made = what_if(wrong[1], min_tls="1.2")
    old = [device.ip for device in DEVICES if device.tls == "TLS1_0"]
    assert set(made.changes["remote_ip"]) == set(old)
    assert all("TLS1.0" in text and "fall" in text for text in made.changes["reason"])


def test_asking_for_a_logon_names_who_sends_without_one(right: tuple[Path, Path]) -> None:
    made = what_if(right[1], require_auth=["relay ex01"])
    assert set(made.changes["remote_ip"]) <= {device.ip for device in DEVICES}
    assert set(made.changes["connector_before"]) == {"EX01\\Relay EX01"}
    assert set(made.changes["outcome"]) == {"refused"}
    row = made.changes.row(0, named=True)
    sessions = what_if_sessions(right[1], row=row, require_auth=["relay ex01"])
    assert sessions.height == row["session_count"]
    assert sessions["message_count"].sum() == row["message_count"]
    assert set(sessions["remote_ip"]) == {row["remote_ip"]}
    assert what_if(right[1], require_auth=["Client Frontend EX01"]).changes.is_empty()


def test_the_store_is_not_changed(right: tuple[Path, Path], tmp_path: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in right[1].rglob("*") if path.is_file()}
    what_if(right[1], [edited(right[0], tmp_path, "AnonymousUsers, Custom", "ExchangeUsers")], min_tls="1.3")
    assert {path: path.stat().st_mtime_ns for path in right[1].rglob("*") if path.is_file()} == before


def test_connectors_that_are_left_out_of_the_file_are_named(right: tuple[Path, Path], tmp_path: Path) -> None:
    text = (right[0] / "Configuration" / "receive-connectors.txt").read_text(encoding="utf-8")
    path = tmp_path / "one.txt"
    path.write_text(
        "\n" + "\n\n".join(part for part in text.split("\n\n") if "\\Default Frontend EX01" in part).strip("\n") + "\n",
        encoding="utf-8",
    )
    made = what_if(right[1], [path])
    assert any("EX01\\Relay EX01" in note for note in made.notes)
    assert "the connector that took it is not in the export" in made.left_out["reason"].to_list()


def test_wrong_requests_say_what_to_do(right: tuple[Path, Path]) -> None:
    with pytest.raises(UsageError, match="nothing is changed"):
        what_if(right[1])
    with pytest.raises(UsageError, match="no connector 'Nobody'"):
        what_if(right[1], require_auth=["Nobody"])
    with pytest.raises(InputError, match="no Receive connectors"):
        what_if(right[1], [right[0] / "Configuration" / "accepted-domains.txt"])


def test_the_command_gives_rows(wrong: tuple[Path, Path], right: tuple[Path, Path]) -> None:
    done = call("what-if", "--min-tls", "1.2", "--store", wrong[1], "--format", "json")
    assert done.exit_code == 0
    assert {row["outcome"] for row in json.loads(done.stdout)} == {"refused"}
    text = call("what-if", "--require-auth", "Relay EX01", "--store", right[1]).stdout
    assert "REFUSED" in text
    assert "Replayed: " in text
