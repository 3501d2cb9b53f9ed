"""Who is who: from the logs, and by `[[inventory]]` in tracelens.toml; what is hidden as noise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner

from tests.configuration.given import given, session
from tracelens import store
from tracelens.asker import Here
from tracelens.cli import main
from tracelens.config import inventory
from tracelens.detect import run
from tracelens.errors import ConfigError
from tracelens.pipeline import ingest
from tracelens.rulebook import load_rules
from tracelens.simulate import simulate


def roles(con: duckdb.DuckDBPyConnection, settings: list[dict[str, str]], *seen: dict[str, Any]) -> dict[str, Any]:
    rows: dict[str, Any] = {"session": list(seen)}
    if settings:
        rows["inventory_setting"] = settings
    with given(con, **rows):
        return {
            network: (role, is_proven)
            for network, role, is_proven in con.execute("select network, role, is_proven from inventory").fetchall()
        }


def test_the_settings_have_the_last_word_and_the_smallest_network_counts(con: duckdb.DuckDBPyConnection) -> None:
    settings = [
        {"network": "10.0.0.0/8", "role": "scanner"}, {"network": "10.0.20.0/24", "role": "gateway"},
        {"network": "10.0.20.9", "role": "monitor"}, {"network": "2001:db8::/64", "role": "exo"},
    ]  # fmt: skip
    told = roles(
        con,
        settings,
        *(session(ip, ip, "x") for ip in ("10.0.20.9", "10.0.20.8", "10.9.9.9", "2001:db8::1", "192.0.2.1")),
    )
    assert told["10.0.20.9"] == ("monitor", True)
    assert told["10.0.20.8"] == ("gateway", True)
    assert told["10.9.9.9"] == ("scanner", True)
    assert told["2001:db8::1"] == ("exo", True)
    assert "192.0.2.1" not in told


def test_roles_follow_from_behaviour_and_prove_nothing(con: duckdb.DuckDBPyConnection) -> None:
    bare = [
        session(f"b{n}", "10.0.0.250", "x", message_count=0, is_noise=True, noise_filter="loadbalancer-probe")
        for n in range(20)
    ]
    ports = [session(f"p{n}", "10.0.66.6", "x", message_count=0, local_port=n) for n in (25, 587, 2525)]
    told = roles(
        con, [], *bare, *ports, session("r", "10.0.20.31", "Relay", accepted_count=1),
        session("o", "198.51.100.9", "x", helo_name="mail-db5.outbound.protection.outlook.com"),
    )  # fmt: skip
    assert told["10.0.0.250"] == ("loadbalancer", False)
    assert told["10.0.66.6"] == ("scanner", False)
    assert told["10.0.20.31"] == ("relay-client", False)
    assert told["198.51.100.9"] == ("exo", False)
    assert told["10.0.10.11"] == ("server", True)


@pytest.mark.parametrize(("status", "is_proven"), [("Success", True), ("NoRemoteCertificate", False)])
def test_the_certificate_proves_exchange_online(con: duckdb.DuckDBPyConnection, status: str, is_proven: bool) -> None:
    trust = f"TlsDomainCapabilities='AcceptCloudServicesMail'; Status='{status}'; Domain='mail.protection.outlook.com'"
    name = "mail-db5.outbound.protection.outlook.com"
    told = roles(con, [], session("o", "198.51.100.9", "x", helo_name=name, peer_trust=trust))
    assert told["198.51.100.9"] == ("exo", is_proven)


def test_an_export_tells_the_site_of_a_server_and_the_settings_overrule_it(con: duckdb.DuckDBPyConnection) -> None:
    sites = [
        {"server": name, "name": name, "extra": f'{{"Site": "contoso.com/Configuration/Sites/{site}"}}', "file_id": 1,
         "line_number": number}
        for number, (name, site) in enumerate([("EX01", "Berlin"), ("EX02", "Oslo")], 1)
    ]  # fmt: skip
    rows = {
        "transport_server": sites,
        "session": [
            session("a", "10.0.10.12", "x", local_ip="10.0.10.11", server_auth=True, helo_name="EX02.contoso.com")
        ],
    }
    for settings, wanted in (([], "Oslo"), ([{"network": "10.0.10.12", "role": "server", "site": "Lyon"}], "Lyon")):
        with given(con, **rows, **({"inventory_setting": settings} if settings else {})):
            found = con.execute("select network, site from inventory where role = 'server'").fetchall()
        assert dict(found)["10.0.10.12"] == wanted


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[inventory]]\nnetwork = "10.0.0.300"\nrole = "server"', "no address or range"),
        ('[[inventory]]\nnetwork = "10.0.0.1"\nrole = "printer"', "not one of server"),
        ('[[inventory]]\nnetwork = "10.0.0.1"', "needs `network` and `role`"),
        ('[[inventory]]\nnetwork = "10.0.0.1"\nrole = "server"\nname = "x"', "unknown key 'name'"),
        ('[[inventory]]\nnetwork = "10.0.0.9-10.0.0.1"\nrole = "server"', "no address or range"),
    ],
)  # fmt: skip
def test_a_wrong_row_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, said: str) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tracelens.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=said):
        inventory()


def test_a_new_role_rebuilds_at_the_next_ingest_and_hides_a_scanner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    simulate(tmp_path / "logs", messages=25, servers=1, seed=3, hours=(8, 10))
    account = ingest([tmp_path / "logs"], tmp_path / "S", workers=1)
    hidden = "select count(*) as n from session where noise_filter = 'scanner-approved'"
    assert store.ask(tmp_path / "S", hidden)["n"].item() == 0
    (tmp_path / "tracelens.toml").write_text(
        '[[inventory]]\nnetwork = "203.0.113.77"\nrole = "scanner"\n', encoding="utf-8"
    )
    again = ingest([tmp_path / "logs"], tmp_path / "S", workers=1, inventory=inventory())
    assert again.generation != account.generation
    assert store.ask(tmp_path / "S", hidden)["n"].item() > 0
    assert store.ask(tmp_path / "S", "select * from finding where remote_ip = '203.0.113.77'").is_empty()
    same = ingest([tmp_path / "logs"], tmp_path / "S", workers=1, inventory=inventory())
    assert same.generation == again.generation
    said = CliRunner().invoke(main, ["status", "--store", str(tmp_path / "S")]).stdout
    assert "scanner-approved" in said
    assert "managed-availability" in said


def test_the_rule_of_the_house_in_the_manual_works(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    manual = (Path(__file__).parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")
    text = manual.split("```toml\n")[1].split("```")[0]
    (tmp_path / "house-gateway.toml").write_text(text, encoding="utf-8")
    (rule,) = [rule for rule in load_rules([tmp_path]) if rule.id == "house-gateway"]
    for example in rule.examples:
        con.execute("begin")
        for table, rows in example["given"].items():
            for row in rows:
                names = ", ".join(row)
                con.execute(f"insert into {table} ({names}) values ({', '.join('?' * len(row))})", list(row.values()))
        found = run(Here(con), rule)
        con.execute("rollback")
        assert [(row["server"], row["hit_count"]) for row in found] == [
            (row["server"], row["hit_count"]) for row in example["expect"]
        ]
