"""Real configuration exports, headers and reports (../shared): right format, right rows, every line accounted for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tracelens.discover import recognise
from tracelens.parquet import scratch
from tracelens.segments import Written, write_all

SHARED = Path(__file__).resolve().parents[3] / "shared"
pytestmark = pytest.mark.skipif(not (SHARED / "cases").is_dir(), reason="../shared/cases is not beside this checkout")


def read(path: str, tmp_path: Path) -> tuple[str, list[dict[str, Any]], Written]:
    entry = recognise(SHARED / path)
    assert entry.format is not None, entry.reason
    written = write_all([entry], tmp_path, 1, lambda _: None)[entry.file_id]
    assert written.error is None
    assert not written.rejects
    rows: list[dict[str, Any]] = []
    with scratch(tmp_path) as con:
        for _, segment, _ in written.segments:
            rows += con.sql(f"select * from read_parquet('{tmp_path / segment}')").pl().to_dicts()
    return entry.format.name, sorted(rows, key=lambda row: row["line_number"]), written


@pytest.mark.parametrize(
    ("path", "wanted", "count"),
    [
        ("corpus/connectors/default-receive-connectors.csv", "receive_connector", 5),
        ("corpus/connectors/ex2016-default-frontend-fl.txt", "receive_connector", 1),
        ("corpus/connectors/ex2019-anonymous-relay-fl.txt", "receive_connector", 1),
        ("corpus/connectors/ex2019-get-receiveconnector.clixml", "receive_connector", 5),
        ("corpus/connectors/ex2019-get-sendconnector.clixml", "send_connector", 1),
        ("corpus/headers/ex2007-ndr-recipsizelimit.txt", "headers", 12),
        ("corpus/headers/ex2010-ndr-authrequired.txt", "headers", 14),
        ("corpus/headers/ex2013-ndr-queue-expired-latency-headers.txt", "headers", 14),
        ("corpus/headers/exo-ndr-connection-refused.txt", "headers", 9),
        ("corpus/headers/exo-ndr-dns-infonorecords.txt", "headers", 9),
        ("cases/05-external-send-5754-self/ndr.txt", "headers", 3),
        ("cases/05-external-send-5754-self/receive-connector-fl.txt", "receive_connector", 1),
        ("cases/09-edgesync-dns-nonexistent-domain/ndr.txt", "headers", 4),
        ("cases/10-mailbox-delivery-port-475-timeout/ndr-lines.txt", "headers", 3),
    ],
)
def test_each_file_has_its_format_and_rows(path: str, wanted: str, count: int, tmp_path: Path) -> None:
    name, rows, written = read(path, tmp_path)
    assert (name, len(rows), written.counts.events) == (wanted, count, count)


def test_descriptions_of_cases_and_bare_errors_are_neither_headers_nor_configuration() -> None:
    for path in (
        *(SHARED / "cases").rglob("expected.md"),
        *(SHARED / "cases").glob("08-*/*.txt"),
        *(SHARED / "corpus" / "other").iterdir(),
    ):
        found = recognise(path).format
        assert found is None or found.name not in (
            "headers",
            "receive_connector",
            "send_connector",
            "accepted_domain",
            "transport_server",
        ), path


def test_clixml_of_a_server_gives_its_five_default_connectors(tmp_path: Path) -> None:
    _, rows, _ = read("corpus/connectors/ex2019-get-receiveconnector.clixml", tmp_path)
    assert [
        (row["name"].rsplit(" ", 1)[0], row["transport_role"], row["bindings"][0].rsplit(":", 1)[1]) for row in rows
    ] == [
        ("Default", "HubTransport", "2525"),
        ("Client Proxy", "HubTransport", "465"),
        ("Default Frontend", "FrontendTransport", "25"),
        ("Outbound Proxy Frontend", "FrontendTransport", "717"),
        ("Client Frontend", "FrontendTransport", "587"),
    ]
    front = rows[2]
    assert front["identity"] == f"{front['server']}\\{front['name']}"
    assert front["remote_ip_ranges"] == ["::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "0.0.0.0-255.255.255.255"]
    assert front["permission_groups"] == ["AnonymousUsers", "ExchangeServers", "ExchangeLegacyServers"]
    assert (front["protocol_logging_level"], front["require_tls"], front["max_message_bytes"]) == (
        "Verbose",
        False,
        37748736,
    )
    assert front["tls_certificate_name"].startswith("<I>")
    assert "SerializationData" not in (front["extra"] or "")


def test_the_custom_permission_of_a_front_end_is_kept(tmp_path: Path) -> None:
    _, (row,), written = read("corpus/connectors/ex2016-default-frontend-fl.txt", tmp_path)
    assert "Custom" in row["permission_groups"]
    assert row["identity"] == f"{row['server']}\\{row['name']}"
    assert "Identity" in written.assumed


def test_send_connector_to_the_cloud(tmp_path: Path) -> None:
    _, (row,), _ = read("corpus/connectors/ex2019-get-sendconnector.clixml", tmp_path)
    assert (row["server"], row["address_spaces"], row["port"], row["cloud_services_mail_enabled"]) == (
        None,
        ["SMTP:*;1"],
        25,
        True,
    )
    assert (row["dns_routing_enabled"], row["frontend_proxy_enabled"], row["max_message_bytes"]) == (
        False,
        False,
        36700160,
    )


def test_case_05_the_next_hop_is_the_server_itself(tmp_path: Path) -> None:
    _, rows, _ = read("cases/05-external-send-5754-self/ndr.txt", tmp_path)
    (refusal,) = [row for row in rows if row["kind"] == "diagnostic"]
    assert refusal["from_host"] == refusal["by_host"] == "EXCHANGE.contoso.local"
    assert refusal["status_code"] == "5.7.54"
    hops = sorted(
        (row["hop_number"], row["protocol"], row["date_time"].isoformat()) for row in rows if row["kind"] == "received"
    )
    assert hops == [(1, "mapi", "2023-03-25T03:23:47"), (2, "SMTP", "2023-03-25T03:23:47")]


def test_case_09_the_edge_was_never_reached_for_two_days(tmp_path: Path) -> None:
    _, rows, _ = read("cases/09-edgesync-dns-nonexistent-domain/ndr.txt", tmp_path)
    tries = [
        (row["status_code"], row["by_host"], row["date_time"].isoformat())
        for row in rows
        if row["kind"] == "diagnostic"
    ]
    assert tries == [
        ("5.4.300", "CON-EX-01.contoso.example", "2023-01-22T11:33:24"),
        ("4.4.0", "edgesync - default-first-site-name to internet", "2023-01-22T11:32:16"),
    ]
    assert min(row["date_time"] for row in rows).isoformat() == "2023-01-20T11:15:11"


def test_case_10_the_day_stands_before_the_month(tmp_path: Path) -> None:
    _, rows, _ = read("cases/10-mailbox-delivery-port-475-timeout/ndr-lines.txt", tmp_path)
    failed = next(row for row in rows if row["status_code"] == "4.4.1")
    assert (failed["date_time"].isoformat(), failed["by_host"], failed["by_ip"]) == (
        "2023-01-11T04:20:14",
        "mdb27",
        "172.24.16.149",
    )
    assert "172.24.16.149:475" in failed["text"]
    assert {row["recipient_address"] for row in rows if row["kind"] == "diagnostic"} == {"user1@contoso.com"}


def test_latency_headers_of_2013_name_both_servers(tmp_path: Path) -> None:
    _, rows, _ = read("corpus/headers/ex2013-ndr-queue-expired-latency-headers.txt", tmp_path)
    assert [row["server"] for row in rows if row["kind"] == "latency"] == [
        "CON-EXCHANGE2",
        "CON-EXCHANGE1",
        "CON-EXCHANGE2",
    ]
    expired = next(row for row in rows if row["status_code"] == "4.4.7")
    assert expired["date_time"].isoformat() == "2016-09-03T20:05:56"
