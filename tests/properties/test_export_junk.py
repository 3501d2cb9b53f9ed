"""Whatever lines stand between the rows of an export, they cost only themselves."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracelens.formats import Source, formats

ROWS = {
    "get_mtl_csv": (
        '"Timestamp","EventId","Source","MessageId"\n',
        '"20/0{n}/2026 10:00:00","SEND","SMTP","<key-{n}@example.com>"',
    ),
    "get_mtl_table": (
        "Timestamp           EventId Source MessageId\n---------           ------- ------ ---------\n",
        "20/0{n}/2026 10:00:00 SEND    SMTP   <key-{n}@example.com>",
    ),
    "exo_trace_csv": (
        "origin_timestamp_utc,sender_address,recipient_status,message_subject,message_id\n",
        '2026-03-14T08:00:0{n}Z,a@example.com,b@contoso.com##Receive,"Hi, you",<key-{n}@example.com>',
    ),
    "receive_connector": ('"Identity","Name","Bindings"\n', '"EX01\\key-{n}","C","0.0.0.0:25"'),
    "get_queue_table": (
        "Identity         DeliveryType Status MessageCount NextHopDomain\n"
        "--------         ------------ ------ ------------ -------------\n",
        "EX01\\key-{n}       DnsDelivery  Retry            12 fabrikam.example",
    ),
    "get_mtl_json": (
        "",
        '{{"Timestamp": "2026-03-14T08:00:00Z", "EventId": "SEND", "Source": "SMTP", "MessageId": "<key-{n}@example.com>"}}',
    ),
    "exo_trace_json": (
        "",
        '{{"Received": "2026-03-14T08:00:00Z", "RecipientAddress": "b@contoso.com", "MessageId": "<key-{n}@example.com>"}}',
    ),
}
JUNK = st.sampled_from(
    ['"', "'", '","', ";", "{", "}", "[", "]", "] ,", "<Obj>", "# x", "junk", "a : b", "...", "“x”", '"open', 'a,"b', "",
     "WARNING: x", "PS C:\\> dir", '{"a":', "\u2028", "送信", '"a";"b"', "x\ty", '{"x": 1}', "null", '"Count": 2']
)  # fmt: skip


@pytest.mark.parametrize("name", ROWS)
@settings(max_examples=60, deadline=None)
@given(between=st.lists(st.lists(JUNK, max_size=3), min_size=1, max_size=6))
def test_lines_between_rows_cost_only_themselves(name: str, between: list[list[str]]) -> None:
    head, row = ROWS[name]
    text = head + "".join(
        "".join(f"{line}\n" for line in (row.format(n=n), *junk)) for n, junk in enumerate(between, 1)
    )
    parse = formats()[name].parse
    assert parse
    found = parse(Source(text, "x"))
    assert len(found.lines) == text.count("\n")
    assert [re.findall(r"key-\d", str(one))[0] for one in found.rows] == [
        f"key-{n}" for n in range(1, len(between) + 1)
    ]
    assert all(found.lines[one["line_number"] - 1] == "e" for one in found.rows)
