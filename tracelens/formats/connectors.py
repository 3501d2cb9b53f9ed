"""Exported configuration: connectors and rights on them, accepted domains and servers, in each way PowerShell writes it.

Source: formats.md 5.3; Microsoft Learn, Get-ReceiveConnector, Get-SendConnector, Get-ADPermission, Get-AcceptedDomain, Get-TransportService, Get-ExchangeServer.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import partial
from typing import Any

from tracelens.formats import LogFormat, Parsed, Source
from tracelens.formats.bags import Bag, Listing, csv_header, list_names, read_csv, read_list, read_table, table_names
from tracelens.formats.clixml import BEGINS, read_clixml
from tracelens.formats.enumerations import worded
from tracelens.formats.json_bags import begins, keys, read_json
from tracelens.formats.properties import CUT, OF_TYPE, listed, short_name, size, yes
from tracelens.schema import (
    ACCEPTED_DOMAIN,
    CONNECTOR_PERMISSION,
    RECEIVE_CONNECTOR,
    SEND_CONNECTOR,
    TRANSPORT_SERVER,
    Table,
)

RENAMED = {
    "maxmessagesize": "max_message_bytes",
    "default": "is_default",
    "user": "account",
    "deny": "is_denied",
    "isinherited": "is_inherited",
}
NOISE = {"serializationdata", "pscomputername", "runspaceid", "psshowcomputername"}
TEXT_COLUMNS = {"server", "is_incomplete", "extra", "file_id", "line_number"}
MADE = {"server", "is_incomplete", "extra", "line_number"}
TYPE = re.compile(r"(?:<T>|#TYPE )[\w.]*?\.(\w+)")


@dataclass(frozen=True)
class _Kind:
    """One cmdlet's objects: their table, their type and the sets of properties each of which gives them away."""

    name: str
    cmdlet: str
    table: Table
    types: tuple[str, ...]
    marks: tuple[frozenset[str], ...]
    is_organisation: bool = False

    def shows(self, names: set[str]) -> bool:
        """Tells whether properties are of this kind."""
        return any(mark <= names for mark in self.marks)


def _marks(*texts: str) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(text.split()) for text in texts)


KINDS = (
    _Kind(
        "receive_connector", "Get-ReceiveConnector", RECEIVE_CONNECTOR, ("ReceiveConnector",),
        _marks("bindings remoteipranges", "bindings permissiongroups", "remoteipranges permissiongroups",
               "bindings authmechanism", "remoteipranges authmechanism", "name remoteipranges", "identity remoteipranges",
               "name bindings", "identity bindings"),
    ),
    _Kind(
        "send_connector", "Get-SendConnector", SEND_CONNECTOR, ("SmtpSendConnectorConfig", "SendConnector"),
        _marks("addressspaces smarthosts", "addressspaces dnsroutingenabled", "addressspaces sourcetransportservers",
               "smarthosts dnsroutingenabled", "name addressspaces", "identity addressspaces", "name smarthosts",
               "identity smarthosts", "smarthosts sourcetransportservers", "frontendproxyenabled cloudservicesmailenabled"),
        is_organisation=True,
    ),
    _Kind("connector_permission", "Get-ADPermission", CONNECTOR_PERMISSION, ("ADAcePresentationObject",),
          _marks("identity user extendedrights")),
    _Kind("accepted_domain", "Get-AcceptedDomain", ACCEPTED_DOMAIN, ("AcceptedDomain",), _marks("domainname domaintype"),
          is_organisation=True),
    _Kind(
        "transport_server", "Get-TransportService", TRANSPORT_SERVER, ("TransportServer",),
        _marks("name messagetrackinglogenabled", "identity messagetrackinglogenabled", "name messagetrackinglogmaxage",
               "identity messagetrackinglogmaxage", "messagetrackinglogenabled connectivitylogenabled"),
    ),
    _Kind("exchange_server", "Get-ExchangeServer", TRANSPORT_SERVER, ("ExchangeServer",),
          _marks("site serverrole", "site admindisplayversion", "site edition", "serverrole admindisplayversion")),
)  # fmt: skip


def _of(bag: Bag) -> _Kind | None:
    """Gives the kind of an object: by its type, else by its properties."""
    types = {re.split(r"[.+]", name)[-1] for name in bag.type.split()}
    by_type = next((kind for kind in KINDS if types & set(kind.types)), None)
    names = {name.lower() for name in bag.values}
    return by_type or next((kind for kind in KINDS if kind.shows(names)), None)


def _recognise(kind: _Kind, head: str, _: str) -> bool:
    if BEGINS.match(head):
        first = next((found for found in map(_named, TYPE.findall(head)) if found), None)
        names = {name.lower() for name in re.findall(r'<\w+ N="(\w+)"', head)}
        return first is kind if first else kind.shows(names)
    if begins(head):
        names = keys(head)
        return next((found for found in KINDS if found.shows(names)), None) is kind
    names_of, _delimiter, _number, shown = csv_header(head)
    if names_of:
        return _of(Bag(1, dict.fromkeys(names_of), shown)) is kind
    names = {name.lower() for name in table_names(head)} or list_names(head)
    return next((found for found in KINDS if found.shows(names)), None) is kind


def _named(name: str) -> _Kind | None:
    return next((kind for kind in KINDS if name in kind.types), None)


def _parse(kind: _Kind, source: Source) -> Parsed:
    if BEGINS.match(source.text):
        listing = read_clixml(source.text)
    elif begins(source.text):
        listing = read_json(source.text)
    elif csv_header(source.text)[0]:
        listing = read_csv(source.text)
    elif table_names(source.text):
        listing = read_table(source.text)
    else:
        listing = read_list(source.text)
    rows, others, is_built = [], set(), False
    for bag in listing.bags:
        found = _of(bag)
        if found not in (kind, None):
            assert found is not None
            others.add(found.cmdlet)
            _refuse(listing, bag, f"an object of {found.cmdlet} in a file of {kind.cmdlet}")
        elif not any(bag.values.values()):
            _refuse(listing, bag, "an object without properties")
        else:
            row = _row(kind, bag)
            is_built = row.pop("is_built") or is_built
            if row.keys() <= MADE:
                _refuse(listing, bag, f"an object without properties of {kind.cmdlet}")
            else:
                rows.append(row)
    assumed = [listing.assumed] if listing.assumed else []
    if others:
        assumed.append(
            f"objects of {' and '.join(sorted(others))} are left out: give each cmdlet's output a file of its own"
        )
    if is_built:
        assumed.append("Identity is put together from Server and Name")
    return Parsed(rows, listing.lines, listing.rejects, "; ".join(assumed))


def _refuse(listing: Listing, bag: Bag, reason: str) -> None:
    for number in range(bag.line_number, bag.line_number + bag.line_count):
        if listing.lines[number - 1] in "ec":
            listing.reject(number, reason)


def _row(kind: _Kind, bag: Bag) -> dict[str, Any]:
    """Gives the row of an object; a value that its column cannot hold stays in `extra` as written."""
    known = {c.name.replace("_", ""): c for c in kind.table.columns if c.name not in TEXT_COLUMNS}
    known |= {old: c for c in kind.table.columns for old, new in RENAMED.items() if c.name == new}
    row: dict[str, Any] = {"line_number": bag.line_number}
    extra: dict[str, Any] = {}
    is_incomplete = False
    for name, held in bag.values.items():
        if not held or name.lower() in NOISE:
            continue
        column = known.get(name.lower())
        typed: Any = None
        word = worded(column.name, held) if column and isinstance(held, str) else None
        value = word or held
        text = value if isinstance(value, str) else ", ".join(value)
        if column is None:
            extra[name] = (name.lower() == "serverrole" and worded("transport_role", text)) or value
            continue
        if column.type == "VARCHAR[]":
            typed, is_cut = listed(value, column.name == "address_spaces")
            is_incomplete = is_incomplete or is_cut
        elif column.type == "BOOLEAN":
            typed = yes(text)
        elif column.type == "BIGINT":
            typed = size(text)
        elif text.endswith(CUT) or OF_TYPE.match(text):
            is_incomplete = True  # a part of a name would be taken for another connector's
        else:
            typed = text.removeprefix("{").removesuffix("}") if column.name == "tls_domain_capabilities" else text
        if typed is None:
            extra[name] = value
        row[column.name] = typed
    return _finish(kind, bag, row, extra, is_incomplete)


def _finish(kind: _Kind, bag: Bag, row: dict[str, Any], extra: dict[str, Any], is_incomplete: bool) -> dict[str, Any]:
    row["is_built"] = False
    if "is_incomplete" in kind.table.names:
        row["is_incomplete"] = is_incomplete
    if row.get("domain_name"):
        row["domain_name"] = row["domain_name"].lower()
    if kind.is_organisation:
        row["server"] = None
    else:
        _server(kind, bag, row, extra)
    row["extra"] = json.dumps(extra, ensure_ascii=False, sort_keys=True) if extra else None
    return row


def _server(kind: _Kind, bag: Bag, row: dict[str, Any], extra: dict[str, Any]) -> None:
    """Fills `server`, and `identity` of a Receive connector, from each other."""
    by_name = {name.lower(): value for name, value in bag.values.items() if isinstance(value, str)}
    identity, own = by_name.get("identity", ""), by_name.get("server", "")
    if kind.table is TRANSPORT_SERVER:
        own = own or by_name.get("name", "") or identity
        row["name"] = row.get("name") or identity or own
    elif not own and "\\" in identity:
        own = identity.split("\\", 1)[0]
    extra.pop("Server", None)
    server = short_name(own)
    if not server:
        return
    row["server"] = server
    if kind.table is CONNECTOR_PERMISSION:
        row["connector"] = identity.rsplit("\\", 1)[-1] or None
    if kind.table is RECEIVE_CONNECTOR and not identity and row.get("name"):
        row["identity"], row["is_built"] = f"{server}\\{row['name']}", True


SAMPLES = {
    "receive_connector": (
        "\nIdentity         : EX01\\Relay Printers\nName             : Relay Printers\nServer           : EX01\n"
        "Enabled          : True\nTransportRole    : FrontendTransport\nBindings         : {[::]:25, 0.0.0.0:25}\n"
        "RemoteIPRanges   : {192.0.2.10, 192.0.2.20-192.0.2.29, 198.51.100.0/24, 203.0.113.1...}\n"
        "PermissionGroups : AnonymousUsers, Custom\nMaxMessageSize   : 36 MB (37,748,736 bytes)\n\n",
        '[\n  {\n    "Identity": "EX01\\\\Relay Printers",\n    "Enabled": true,\n    "TransportRole": 16384,\n    "Bindings": [\n'
        '      "[::]:25",\n      "0.0.0.0:25"\n    ],\n    "RemoteIPRanges": {"value": [{"Expression": "192.0.2.10"}], "Count": 1},\n'
        '    "PermissionGroups": 33\n  }\n]\n',
    ),
    "send_connector": (
        '"Identity","Name","AddressSpaces","SmartHosts","DNSRoutingEnabled","MaxMessageSize","Enabled"\n'
        '"To Internet","To Internet","SMTP:*;1","[192.0.2.53],[192.0.2.54]","False","35 MB (36,700,160 bytes)","True"\n',
    ),
    "connector_permission": (
        "User                : NT AUTHORITY\\ANONYMOUS LOGON\nIdentity            : EX01\\Relay Printers\n"
        "Deny                : False\nIsInherited         : False\n"
        "ExtendedRights      : {ms-Exch-SMTP-Accept-Any-Recipient}\n\n",
    ),
    "accepted_domain": (
        "#TYPE Microsoft.Exchange.Data.Directory.SystemConfiguration.AcceptedDomain\n"
        "Name;DomainName;DomainType;Default\nContoso;contoso.com;Authoritative;True\nAll;*;ExternalRelay;False\n",
    ),
    "transport_server": (
        "Name                         : EX01\nMessageTrackingLogEnabled    : True\n"
        "MessageTrackingLogMaxAge     : 30.00:00:00\nConnectivityLogEnabled       : True\n"
        "InternalDNSServers           : {192.0.2.53, 192.0.2.54}\n",
    ),
    "exchange_server": (
        "Name                : EX01\nFqdn                : EX01.contoso.com\nServerRole          : Mailbox\n"
        "Site                : contoso.com/Configuration/Sites/Berlin\nAdminDisplayVersion : Version 15.2 (Build 1748.10)\n",
    ),
}

FORMATS = tuple(
    LogFormat(
        name=kind.name,
        title=f"{kind.cmdlet} as Format-List, Format-Table, Export-Csv, ConvertTo-Json or Export-Clixml",
        table=kind.table,
        samples=SAMPLES[kind.name],
        recognise=partial(_recognise, kind),
        parse=partial(_parse, kind),
    )
    for kind in KINDS
)
