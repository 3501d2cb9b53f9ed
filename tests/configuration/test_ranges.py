"""Addresses and ranges are read as Python's `ipaddress` reads them, and the smallest range decides."""

from __future__ import annotations

from ipaddress import IPv4Address, ip_address, ip_network

import duckdb
import pytest

from tests.configuration.given import connector, given, session

MAPPED = 0xFFFF << 32
ADDRESSES = [
    "10.0.20.9", "0.0.0.0", "255.255.255.255", "::", "::1", "fe80::a:1", "2001:db8::1", "2001:DB8:0:1::",
    "2001:db8:1:2:3:4:5:6", "::ffff:192.0.2.1", "::ffff:c000:201", "64:ff9b::192.0.2.33", "1::8",
]  # fmt: skip
NETWORKS = [
    "10.0.0.0/8", "10.1.2.3/24", "192.0.2.128/25", "192.0.2.4/30", "192.0.2.7/32", "0.0.0.0/0", "172.16.5.0/12",
    "2001:db8::/32", "2001:db8::/33", "2001:db8::5/126", "fe80::/10", "::/0", "2001:db8::1/128",
]  # fmt: skip


def number(text: str) -> int:
    address = ip_address(text)
    return int(address) + MAPPED if isinstance(address, IPv4Address) else int(address)


def test_an_address_has_its_128_bits(con: duckdb.DuckDBPyConnection) -> None:
    with given(con, session=[session(text, text, "Relay") for text in ADDRESSES]):
        told = dict(con.execute("select text, address_key from address").fetchall())
    assert {text: f"{number(text):032x}" for text in ADDRESSES} == {text: told[text] for text in ADDRESSES}


@pytest.mark.parametrize("text", ["10.0.0.256", "10.0.0", "1::2::3", "1:2:3:4:5:6:7:8:9", "printer", ":::", "12345::"])
def test_what_is_no_address_has_no_bits(con: duckdb.DuckDBPyConnection, text: str) -> None:
    with given(con, session=[session("a", text, "Relay")]):
        assert con.execute("select count(*) from address where text = ?", [text]).fetchall() == [(0,)]


def test_brackets_and_zone_ids_count_for_nothing(con: duckdb.DuckDBPyConnection) -> None:
    with given(con, session=[session(text, text, "Relay") for text in ("fe80::1%12", "[fe80::1]", "fe80::1")]):
        keys = con.execute("select distinct address_key from address where text like '%fe80%'").fetchall()
    assert len(keys) == 1


def test_networks_begin_and_end_where_they_should(con: duckdb.DuckDBPyConnection) -> None:
    with given(con, receive_connector=[connector("Relay", *NETWORKS)]):
        rows = con.execute("select text, first_key, last_key, address_count from network").fetchall()
    told = {text: (int(first, 16), int(last, 16), size) for text, first, last, size in rows}
    for text in NETWORKS:
        network = ip_network(text, strict=False)
        ends = (number(str(network[0])), number(str(network[-1])))
        assert told[text][:2] == ends, text
        assert told[text][2] == pytest.approx(network.num_addresses), text


@pytest.mark.parametrize(
    ("text", "size"),
    [("192.0.2.1-192.0.2.9", 9), ("192.0.2.77(255.255.255.0)", 256), ("192.0.2.77/255.255.255.252", 4), ("::1-::ff", 255)],
)  # fmt: skip
def test_other_ways_to_write_a_range(con: duckdb.DuckDBPyConnection, text: str, size: int) -> None:
    with given(con, receive_connector=[connector("Relay", text)]):
        assert con.execute("select address_count from network").fetchall() == [(size,)]


@pytest.mark.parametrize("text", ["192.0.2.9-192.0.2.1", "192.0.2.0/33", "everybody", "192.0.2.1-2001:db8::1"])
def test_a_range_that_cannot_be_read_holds_nobody(con: duckdb.DuckDBPyConnection, text: str) -> None:
    with given(con, receive_connector=[connector("Relay", text)]):
        assert con.execute("select first_key, address_count from connector_range").fetchall() == [(None, None)]
