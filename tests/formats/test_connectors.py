"""Exported configuration in each of its shapes: exact rows, lists and sizes, faults, hostile XML."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracelens.discover import recognise
from tracelens.formats import Source, by_content, connectors
from tracelens.formats.properties import listed, short_name, size
from tracelens.parquet import scratch
from tracelens.pipeline import ingest
from tracelens.segments import Written, write_all
from tracelens.store import ask

pytestmark = pytest.mark.usefixtures("few_rules")

BY_NAME = {described.name: described for described in connectors.FORMATS}
RECEIVE_LIST = """
[PS] C:\\>Get-ReceiveConnector | fl


Identity         : EX01\\Relay Printers
Name             : Relay Printers
Server           : EX01
Enabled          : True
TransportRole    : FrontendTransport
Bindings         : {[::]:25, 0.0.0.0:25}
RemoteIPRanges   : {192.0.2.10, 192.0.2.20-192.0.2.29, ::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff,
                   198.51.100.0/24...}
AuthMechanism    : Tls, ExternalAuthoritative
PermissionGroups : AnonymousUsers, Custom
Banner           :
RequireTLS       : False
MaxMessageSize   : 36 MB (37.748.736 bytes)
MessageRateLimit : Unlimited

Identity         : EX01\\Default EX01
Name             : Default EX01
Server           : EX01
Enabled          : True
TransportRole    : HubTransport
Bindings         : {0.0.0.0:2525}
MaxMessageSize   : Unlimited

"""
CLIXML = """<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">
  <Obj RefId="0">
    <TN RefId="0">
      <T>Deserialized.Microsoft.Exchange.Data.Directory.SystemConfiguration.AcceptedDomain</T>
      <T>Deserialized.System.Object</T>
    </TN>
    <ToString>Contoso</ToString>
    <Props>
      <Obj N="DomainName" RefId="1">
        <ToString>Contoso.com</ToString>
        <Props><S N="Domain">Contoso.com</S></Props>
        <MS><BA N="SerializationData">AAEAAAD/////</BA></MS>
      </Obj>
      <Obj N="DomainType" RefId="2"><ToString>Authoritative</ToString><I32>0</I32></Obj>
      <B N="Default">true</B>
      <S N="Name">Contoso_x0020_Main</S>
      <Nil N="CatchAllRecipientID" />
      <BA N="SerializationData">AAEAAAD/////</BA>
    </Props>
  </Obj>
  <Obj RefId="3">
    <TNRef RefId="0" />
    <Props>
      <Ref N="DomainName" RefId="1" />
      <Obj N="DomainType" RefId="4"><ToString>InternalRelay</ToString></Obj>
      <B N="Default">false</B>
      <S N="Name">Second</S>
    </Props>
  </Obj>
</Objs>
"""


def read(text: str | bytes, tmp_path: Path, name: str = "export.txt") -> tuple[str, list[dict[str, Any]], Written]:
    """Gives format, rows without NULLs and what reading gave."""
    place = tmp_path / name
    place.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    entry = recognise(place)
    assert entry.format is not None, entry.reason
    written = write_all([entry], tmp_path / "S", 1, lambda _: None)[entry.file_id]
    rows = []
    with scratch(tmp_path / "S") as con:
        for _, path, _ in written.segments:
            found = con.sql(
                f"select * exclude (file_id, day) from read_parquet('{tmp_path / 'S' / path}') order by line_number"
            )
            rows += [{key: value for key, value in row.items() if value is not None} for row in found.pl().to_dicts()]
    return entry.format.name, rows, written


def letters(name: str, text: str) -> str:
    parse = BY_NAME[name].parse
    assert parse
    return "".join(parse(Source(text, "x")).lines)


@pytest.mark.parametrize("described", connectors.FORMATS, ids=lambda entry: entry.name)
def test_each_sample_is_recognised_as_its_own_format(described: Any, tmp_path: Path) -> None:
    for sample in described.samples:
        name, rows, written = read(sample, tmp_path)
        assert name == described.name
        assert rows
        assert not written.rejects


def test_format_list_gives_exact_rows(tmp_path: Path) -> None:
    name, rows, written = read(RECEIVE_LIST, tmp_path)
    assert name == "receive_connector"
    assert rows == [
        {
            "server": "EX01", "identity": "EX01\\Relay Printers", "name": "Relay Printers", "enabled": True,
            "transport_role": "FrontendTransport", "bindings": ["[::]:25", "0.0.0.0:25"],
            "remote_ip_ranges": ["192.0.2.10", "192.0.2.20-192.0.2.29", "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "198.51.100.0/24"],
            "auth_mechanism": ["Tls", "ExternalAuthoritative"], "permission_groups": ["AnonymousUsers", "Custom"],
            "require_tls": False, "max_message_bytes": 37748736, "is_incomplete": True,
            "extra": '{"MessageRateLimit": "Unlimited"}', "line_number": 5,
        },
        {
            "server": "EX01", "identity": "EX01\\Default EX01", "name": "Default EX01", "enabled": True,
            "transport_role": "HubTransport", "bindings": ["0.0.0.0:2525"], "is_incomplete": False,
            "extra": '{"MaxMessageSize": "Unlimited"}', "line_number": 20,
        },
    ]  # fmt: skip
    assert letters("receive_connector", RECEIVE_LIST) == "bhbbecccccccccccccb" + "ecccccc" + "b"
    assert written.counts.events == 2
    assert written.first_at is None


def test_a_listing_without_blank_lines_and_one_with_twice_as_many_read_the_same(tmp_path: Path) -> None:
    lines = [line for line in RECEIVE_LIST.splitlines() if " : " in line or line.startswith("    ")]
    _, plain, _ = read("\n".join(lines), tmp_path, "plain.txt")
    _, spaced, _ = read("\n\n".join(lines), tmp_path, "spaced.txt")
    without = [{key: value for key, value in row.items() if key != "line_number"} for row in plain]
    assert [{key: value for key, value in row.items() if key != "line_number"} for row in spaced] == without
    assert [row["name"] for row in plain] == ["Relay Printers", "Default EX01"]


def test_a_table_gives_its_rows_and_no_name_that_is_cut(tmp_path: Path) -> None:
    text = (
        "\nIdentity               Bindings                      Enabled\n"
        "--------               --------                      -------\n"
        "EX01\\Default Fronten... {[::]:25, 0.0.0.0:25}         True\n"
        "EX01\\Relay             {0.0.0.0:2525, [::]:2525}      True\n\n"
    )
    name, rows, _ = read(text, tmp_path)
    assert name == "receive_connector"
    assert [(row.get("identity"), row["bindings"], row["is_incomplete"]) for row in rows] == [
        (None, ["[::]:25", "0.0.0.0:25"], True),
        ("EX01\\Relay", ["0.0.0.0:2525", "[::]:2525"], False),
    ]


def test_identity_is_put_together_from_server_and_name_and_said(tmp_path: Path) -> None:
    text = "Server   : ex02.contoso.com\nName     : Default Frontend EX02\nBindings : {0.0.0.0:25}\n"
    _, rows, written = read(text, tmp_path)
    assert (rows[0]["server"], rows[0]["identity"]) == ("EX02", "EX02\\Default Frontend EX02")
    assert written.assumed == "Identity is put together from Server and Name"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize(
    "type_line", ["", "#TYPE Microsoft.Exchange.Data.Directory.SystemConfiguration.SmtpSendConnectorConfig\r\n"]
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_csv_reads_the_same_in_every_dress(delimiter: str, type_line: str, encoding: str, tmp_path: Path) -> None:
    names = ["Identity", "AddressSpaces", "SmartHosts", "DNSRoutingEnabled", "Port", "MaxMessageSize", "Comment"]
    first = [
        "To Internet",
        "SMTP:*;1",
        "[192.0.2.53],[192.0.2.54]",
        "False",
        "25",
        "35 MB (36 700 160 Bytes)",
        'says ""no""',
    ]
    second = [
        "To Fabrikam",
        "SMTP:fabrikam.com;5,SMTP:*.fabrikam.com;5",
        "",
        "True",
        "25",
        "10 MB (10,485,760 bytes)",
        "two\nlines",
    ]
    text = type_line + "".join(delimiter.join(f'"{value}"' for value in row) + "\r\n" for row in (names, first, second))
    name, rows, written = read(text.encode(encoding), tmp_path, "export.csv")
    assert name == "send_connector"
    shift = 1 if type_line else 0
    assert rows == [
        {
            "identity": "To Internet", "address_spaces": ["SMTP:*;1"], "smart_hosts": ["[192.0.2.53]", "[192.0.2.54]"],
            "dns_routing_enabled": False, "port": 25, "max_message_bytes": 36700160, "is_incomplete": False,
            "extra": json.dumps({"Comment": 'says "no"'}), "line_number": 2 + shift,
        },
        {
            "identity": "To Fabrikam", "address_spaces": ["SMTP:fabrikam.com;5", "SMTP:*.fabrikam.com;5"],
            "dns_routing_enabled": True, "port": 25, "max_message_bytes": 10485760, "is_incomplete": False,
            "extra": json.dumps({"Comment": "two\nlines"}), "line_number": 3 + shift,
        },
    ]  # fmt: skip
    assert (written.counts.headers, written.counts.events, written.counts.continuation) == (1 + shift, 2, 1)


def test_a_csv_row_that_cannot_be_read_costs_its_own_line(tmp_path: Path) -> None:
    text = 'Name,DomainName,DomainType\nA,a.example,Authoritative\nB,"b.example,Authoritative\nC,c.example\nD,d.example,Authoritative\n'
    _, rows, written = read(text, tmp_path)
    assert [(row["name"], row["line_number"]) for row in rows] == [("A", 2), ("D", 5)]
    assert [(reject.line_number, reject.reason, reject.text) for reject in written.rejects] == [
        (3, "has an unbalanced or misplaced quote", 'B,"b.example,Authoritative'),
        (4, "has 2 fields, not 3", "C,c.example"),
    ]


def test_type_names_in_place_of_lists_make_the_row_incomplete(tmp_path: Path) -> None:
    text = "Identity,Bindings,RemoteIPRanges\nEX01\\In,Microsoft.Exchange.Data.MultiValuedProperty`1[Microsoft.Exchange.Data.IPBinding],192.0.2.1;192.0.2.2\n"
    _, rows, _ = read(text, tmp_path)
    assert "bindings" not in rows[0]
    assert rows[0]["remote_ip_ranges"] == ["192.0.2.1", "192.0.2.2"]
    assert rows[0]["is_incomplete"] is True


def test_clixml_gives_texts_lists_and_references(tmp_path: Path) -> None:
    name, rows, written = read(CLIXML, tmp_path, "domains.xml")
    assert name == "accepted_domain"
    assert rows == [
        {
            "name": "Contoso Main",
            "domain_name": "contoso.com",
            "domain_type": "Authoritative",
            "is_default": True,
            "line_number": 2,
        },
        {
            "name": "Second",
            "domain_name": "contoso.com",
            "domain_type": "InternalRelay",
            "is_default": False,
            "line_number": 21,
        },
    ]
    assert written.counts.lines == len(CLIXML.splitlines())
    assert written.counts.events == 2
    assert written.counts.headers == 2


def test_clixml_cut_off_keeps_whole_objects_and_rejects_the_rest(tmp_path: Path) -> None:
    lines = CLIXML.splitlines()
    _, rows, written = read("\n".join(lines[:24]), tmp_path)
    assert [row["name"] for row in rows] == ["Contoso Main"]
    assert [reject.line_number for reject in written.rejects] == [21, 22, 23, 24]
    assert "no well-formed XML" in written.rejects[0].reason


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>',
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE x SYSTEM "http://192.0.2.1/x.dtd">',
    ],
)
def test_a_doctype_is_refused_whole(doctype: str, tmp_path: Path) -> None:
    text = '<?xml version="1.0"?>\n' + doctype + "\n" + CLIXML.replace("Contoso_x0020_Main", "&a;")
    name, rows, written = read(text, tmp_path)
    assert name == "accepted_domain"
    assert rows == []
    assert {reject.reason for reject in written.rejects} == {"holds a DOCTYPE: refused, an export has none"}
    assert written.counts.rejects == written.counts.lines


def test_deep_nesting_and_unknown_entities_are_refused(tmp_path: Path) -> None:
    deep = CLIXML.replace('<B N="Default">true</B>', "<Obj>" * 5000 + "</Obj>" * 5000)
    _, rows, written = read(deep, tmp_path, "deep.xml")
    assert rows == []
    assert "nested more than" in written.rejects[0].reason
    _, rows, written = read(CLIXML.replace("Second", "&secret;"), tmp_path, "entity.xml")
    assert [row["name"] for row in rows] == ["Contoso Main"]
    assert written.rejects


def test_objects_of_another_cmdlet_are_rejected_and_named(tmp_path: Path) -> None:
    text = RECEIVE_LIST + "Name          : To Internet\nAddressSpaces : {SMTP:*;1}\nSmartHosts    : {192.0.2.53}\n"
    name, rows, written = read(text, tmp_path)
    assert name == "receive_connector"
    assert len(rows) == 2
    assert [reject.line_number for reject in written.rejects] == [28, 29, 30]
    assert written.assumed == "objects of Get-SendConnector are left out: give each cmdlet's output a file of its own"


def test_transport_server_takes_its_name(tmp_path: Path) -> None:
    name, rows, _ = read(BY_NAME["transport_server"].samples[0], tmp_path)
    assert name == "transport_server"
    assert rows == [
        {
            "server": "EX01", "name": "EX01", "message_tracking_log_enabled": True, "message_tracking_log_max_age": "30.00:00:00",
            "connectivity_log_enabled": True, "internal_dns_servers": ["192.0.2.53", "192.0.2.54"], "line_number": 1,
        }
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "Name : x\nValue : y\n",
        "DomainName : contoso.com\nName : Remote\n",
        "a,b\n1,2\n",
        "<Objs><Obj><Props><S N='Name'>x</S></Props></Obj></Objs>",
        "Identity : EX01\\3\nDeliveryType : SmtpDeliveryToMailbox\nNextHopDomain : db1\n",
        "WARNING: nothing here\n",
    ],
)
def test_other_listings_are_not_taken(text: str) -> None:
    assert not any(described.recognise and described.recognise(text, "x.txt") for described in connectors.FORMATS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("36 MB (37,748,736 bytes)", 37748736), ("36 MB (37.748.736 Bytes)", 37748736), ("36 MB (37 748 736 octets)", 37748736),
        ("36 МБ (37\u00a0748\u202f736 байт)", 37748736), ("25.5 MB (26,738,688 bytes)", 26738688), ("10MB", 10485760),
        ("2525", 2525), ("Unlimited", None), ("", None),
    ],
)  # fmt: skip
def test_sizes_of_every_culture(text: str, expected: int | None) -> None:
    assert size(text) == expected


@pytest.mark.parametrize(
    ("value", "is_space", "expected"),
    [
        ("{a, b, c...}", False, (["a", "b", "c"], True)), ("{a, b, c…}", False, (["a", "b", "c"], True)), ("{}", False, ([], False)),
        ("a;b c\nd", False, (["a", "b", "c", "d"], False)), ("{a, b", False, (["a", "b"], True)),
        ("SMTP:*;1;SMTP:a.example;5", True, (["SMTP:*;1", "SMTP:a.example;5"], False)),
        ("SMTP:*;1 SMTP:a.example;15 SMTP:b.example;1", True, (["SMTP:*;1", "SMTP:a.example;15", "SMTP:b.example;1"], False)),
        ("System.String[]", False, (None, True)),
    ],
)  # fmt: skip
def test_lists(value: str, is_space: bool, expected: tuple[list[str] | None, bool]) -> None:
    assert listed(value, is_space) == expected


def test_server_names() -> None:
    assert short_name("CN=EX01,CN=Servers,DC=contoso,DC=com") == "EX01"
    assert short_name("contoso.com/Configuration/Servers/ex01.contoso.com") == "EX01"
    assert short_name(" ") is None


def test_imported_accepted_domains_count_as_ours(tmp_path: Path) -> None:
    (tmp_path / "domains.csv").write_text(BY_NAME["accepted_domain"].samples[0], encoding="utf-8")
    ingest([tmp_path / "domains.csv"], tmp_path / "S", workers=1)
    assert ask(tmp_path / "S", "select * from accepted_domain_guess").rows() == [
        ("contoso.com", "imported configuration")
    ]
    state = ask(tmp_path / "S", "select format, state, event_count, header_count from log_file").rows()
    assert state == [("accepted_domain", "ingested", 2, 2)]


def test_connectors_below_another_header_go_by_that_header() -> None:
    text = (
        '"Identity","Name","Bindings"\n"EX01\\A","A","0.0.0.0:25"\n"Bindings","Identity","Name"\n"0.0.0.0:25","EX02\\B","B"\n'
        '#TYPE x\n"Identity";"Name";"Bindings"\n"EX03\\C";"C";"0.0.0.0:25"\n'
    )
    parse = BY_NAME["receive_connector"].parse
    assert parse
    parsed = parse(Source(text, "x.csv"))
    assert [(row["server"], row["name"], row["bindings"]) for row in parsed.rows] == [
        ("EX01", "A", ["0.0.0.0:25"]), ("EX02", "B", ["0.0.0.0:25"]), ("EX03", "C", ["0.0.0.0:25"]),
    ]  # fmt: skip
    assert "".join(parsed.lines) == "hehehhe"


WINDOWS_POWERSHELL = {
    "AuthMechanism": 7, "PermissionGroups": 13, "ProtocolLoggingLevel": 1, "TransportRole": 16384, "Enabled": True,
    "Bindings": [{"Address": {"IPAddressToString": "::"}, "Port": 25}, {"Address": "0.0.0.0", "Port": 25}],
    "RemoteIPRanges": {"value": [{"LowerBound": "192.0.2.0", "Expression": "192.0.2.0/24"}], "Count": 1},
    "MaxMessageSize": {"IsUnlimited": False, "Value": "36 MB (37,748,736 bytes)"},
    "TarpitInterval": {"Ticks": 50000000, "TotalSeconds": 5}, "Server": {"DistinguishedName": "CN=EX01,CN=x", "Name": "EX01"},
    "Identity": {"DistinguishedName": "CN=Relay,CN=SMTP Receive Connectors,CN=Protocols,CN=EX01,CN=Servers", "Name": "Relay"},
}  # fmt: skip
POWERSHELL_7 = {
    "AuthMechanism": "Tls, Integrated, BasicAuth", "PermissionGroups": {"value": 13, "Value": "AnonymousUsers, ExchangeServers, ExchangeLegacyServers"},
    "ProtocolLoggingLevel": "Verbose", "TransportRole": "FrontendTransport", "Enabled": True, "Bindings": "[::]:25 0.0.0.0:25",
    "RemoteIPRanges": "@{LowerBound=192.0.2.0; Expression=192.0.2.0/24}", "MaxMessageSize": "36 MB (37,748,736 bytes)",
    "TarpitInterval": "00:00:05", "Server": "EX01", "Identity": "EX01\\Relay",
}  # fmt: skip


@pytest.mark.parametrize("held", [WINDOWS_POWERSHELL, POWERSHELL_7], ids=["numbers and objects", "words"])
@pytest.mark.parametrize(
    "shape", ["{0}", "[{0},{0}]", '{{"value": [{0},\n{0}], "Count": 2}}', "[PS] C:\\>Get-ReceiveConnector\n{0}"]
)
def test_a_connector_as_json_reads_the_same_in_every_shape(held: dict[str, Any], shape: str) -> None:
    text = shape.format(json.dumps(held, indent=2))
    described = by_content(text, "x.json")
    assert described and described.parse
    parsed = described.parse(Source(text, "x.json"))
    assert not parsed.rejects
    assert len(parsed.rows) == shape.count("{0}")
    for row in parsed.rows:
        assert {key: value for key, value in row.items() if key not in ("line_number", "extra") and value is not None} == {
            "server": "EX01", "identity": "EX01\\Relay", "enabled": True, "transport_role": "FrontendTransport",
            "bindings": ["[::]:25", "0.0.0.0:25"], "remote_ip_ranges": ["192.0.2.0/24"], "is_incomplete": False,
            "auth_mechanism": ["Tls", "Integrated", "BasicAuth"], "protocol_logging_level": "Verbose",
            "permission_groups": ["AnonymousUsers", "ExchangeServers", "ExchangeLegacyServers"],
            "max_message_bytes": 37748736, "tarpit_interval": "00:00:05",
        }  # fmt: skip


def test_json_that_holds_connectors_by_server_is_rejected_and_rights_are_read() -> None:
    parse = BY_NAME["receive_connector"].parse
    assert parse
    parsed = parse(Source(json.dumps({"EX01": [{"Name": "A", "Bindings": ["0.0.0.0:25"]}]}), "x.json"))
    assert (parsed.rows, list(parsed.rejects)) == ([], [1])
    parse = BY_NAME["connector_permission"].parse
    assert parse
    held = {"Identity": "EX01\\A", "User": {"RawIdentity": "NT AUTHORITY\\ANONYMOUS LOGON"}, "Deny": {"IsPresent": False},
            "ExtendedRights": [{"RawIdentity": "ms-Exch-SMTP-Accept-Any-Recipient"}]}  # fmt: skip
    (row,) = parse(Source(json.dumps(held), "x.json")).rows
    assert (row["account"], row["extended_rights"], row["is_denied"]) == (
        "NT AUTHORITY\\ANONYMOUS LOGON", ["ms-Exch-SMTP-Accept-Any-Recipient"], False,
    )  # fmt: skip


def test_json_that_went_no_deeper_says_that_lists_are_missing() -> None:
    held = {"Identity": "EX01\\Relay", "Bindings": "System.Object[]", "RemoteIPRanges": ["Microsoft.Exchange.Data.IPRange"] * 2,
            "Fqdn": "Microsoft.Exchange.Data.Fqdn", "PermissionGroups": 4096}  # fmt: skip
    parse = BY_NAME["receive_connector"].parse
    assert parse
    (row,) = parse(Source(json.dumps(held), "x.json")).rows
    assert row["is_incomplete"] and not row["bindings"] and not row["remote_ip_ranges"] and not row["fqdn"]
    assert row["permission_groups"] == ["4096"]


@pytest.mark.parametrize(
    ("name", "held", "expected"),
    [
        ("send_connector", {"Name": "Out", "AddressSpaces": [{"Type": "SMTP", "Address": "*", "Cost": 1}], "TlsAuthLevel": 4,
                            "SmartHosts": [{"Address": {"IPAddressToString": "192.0.2.53"}, "IsIPAddress": True}]},
         {"address_spaces": ["SMTP:*;1"], "smart_hosts": ["[192.0.2.53]"], "tls_auth_level": "DomainValidation"}),
        ("accepted_domain", {"DomainName": {"Address": "Contoso.com", "IsStar": False}, "DomainType": 2, "Default": True},
         {"domain_name": "contoso.com", "domain_type": "InternalRelay", "is_default": True}),
        ("transport_server", {"Name": "EX01", "MessageTrackingLogEnabled": True,
                              "MessageTrackingLogMaxAge": {"Ticks": 25920000000000, "TotalSeconds": 2592000.0}},
         {"server": "EX01", "message_tracking_log_max_age": "30.00:00:00"}),
        ("exchange_server", {"Name": "EDGE1", "Site": None, "ServerRole": 64, "AdminDisplayVersion": {"Major": 15, "Minor": 2, "Build": 1748, "Revision": 10}},
         {"extra": '{"AdminDisplayVersion": "Version 15.2 (Build 1748.10)", "ServerRole": "Edge"}'}),
    ],
)  # fmt: skip
def test_other_configuration_as_json(name: str, held: dict[str, Any], expected: dict[str, Any]) -> None:
    text = json.dumps([held], indent=1)
    assert by_content(text, "x.json") is BY_NAME[name]
    parse = BY_NAME[name].parse
    assert parse
    (row,) = parse(Source(text, "x.json")).rows
    assert {key: row[key] for key in expected} == expected


PARTS = st.sampled_from(
    [
        *RECEIVE_LIST.splitlines(),
        *CLIXML.splitlines(),
        *json.dumps(WINDOWS_POWERSHELL, indent=4).splitlines(),
        "Name;DomainName;DomainType",
        'a;"b',
        '"',
        "",
        "<Obj>",
        "\0",
        "é : ü",
        "\r",
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(PARTS, max_size=40), st.sampled_from(sorted(BY_NAME)))
def test_the_law_holds_whatever_the_lines(lines: list[str], name: str) -> None:
    text = "\n".join(lines)
    parse = BY_NAME[name].parse
    assert parse
    parsed = parse(Source(text, "x"))
    assert len(parsed.lines) == len(text.split("\n")) - text.endswith("\n")
    assert set(parsed.lines) <= set("hecbr")
    assert sorted(parsed.rejects) == [number for number, letter in enumerate(parsed.lines, 1) if letter == "r"]
    assert all(parsed.lines[row["line_number"] - 1] == "e" for row in parsed.rows)
