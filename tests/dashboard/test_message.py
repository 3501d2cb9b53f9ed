"""The page of one message: its pictures, headers held against the logs, a second message beside it, what it hands on."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from tracelens import query
from tracelens import store as stores
from tracelens.dashboard import message_parts
from tracelens.dashboard.lane_chart import OUTSIDE, lane_chart, lanes
from tracelens.dashboard.path_chart import critical_path, side_by_side, waterfall
from tracelens.pipeline import ingest
from tracelens.simulate.headers import chains, headers

Show = Callable[..., AppTest]
ROOT = Path(__file__).parents[2]
PAGE = "21_message"
HOSTILE = '<img src=x onerror=alert(1)> <a href="http://192.0.2.1">x</a> *b* \x1b[31m\u202e'


def hop(number: int, **changed: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "hop_number": number, "hop_key": f"h{number}", "parent_hop_key": f"h{number - 1}" if number > 1 else None,
        "kind": "transfer", "from_server": "EX01", "from_service": "hub", "from_ip": "10.0.0.1", "to_server": "EX02",
        "to_service": "hub", "to_ip": "10.0.0.2", "to_port": 2525, "send_connector": None,
        "receive_connector": "EX02\\Default EX02", "started_at": datetime(2026, 3, 2, 8, 0, number),
        "ended_at": datetime(2026, 3, 2, 8, 0, number, 500_000), "transit_ms": 500, "wait_ms": 500, "tls_version": None,
        "outcome": "accepted", "reply_text": None, "basis": "observed", "corrected_ms": 500, "bound_ms": 5,
        "wait_bound_ms": 5, "after_parent_ms": None,
    }  # fmt: skip
    return row | changed


def key(store: Path, where: str) -> str:
    found = stores.ask(store, f"select message_key from message where not is_noise and {where} order by message_key")
    return str(found["message_key"][0])


def values(at: AppTest, *kinds: str) -> str:
    return "\n".join(str(part.value) for kind in kinds for part in at.get(kind))


@pytest.fixture(scope="module")
def pasted() -> tuple[str, str]:
    """The message-id and the headers of a delivered message of the sample."""
    rows = pl.read_parquet(ROOT / "sample_logs" / "truth.parquet").to_dicts()
    message_id, hops = next(found for found in chains(rows) if found[1][0]["kind"] == "receive")
    return message_id.strip("<>"), headers(message_id, "anna@contoso.com", hops, "15.2.1748.10")


def test_without_a_message_the_page_says_how_to_choose_one(show: Show, sample_store: Path) -> None:
    at = show(sample_store, PAGE)
    assert not at.exception
    assert [part.proto.label for part in at.main if part.type == "page_link"]


def test_an_unknown_key_is_told_as_text(show: Show, sample_store: Path) -> None:
    at = show(sample_store, PAGE, message="<script>alert(1)</script>")
    assert not at.exception
    assert "no message of that key" in at.warning[0].value


def test_one_page_shows_path_recipients_ground_and_rows(show: Show, sample_store: Path) -> None:
    message = stores.ask(sample_store, "select * from message where hop_count > 2 and not is_noise order by 1").row(
        0, named=True
    )
    at = show(sample_store, PAGE, message=message["message_key"])
    assert not at.exception
    assert not at.error
    heads = ["Path", "Recipients", "What it rests on", "Log rows", "Headers", "Compare"]
    assert [head.value for head in at.subheader if head.value != "Where the time went"] == heads
    assert message["message_id"] in values(at, "code")
    assert len(at.get("plotly_chart")) == 2
    frames = [pl.from_pandas(part.value) for part in at.dataframe]
    assert any("hop_number" in frame.columns and frame.height == message["hop_count"] for frame in frames)
    rows = next(frame for frame in frames if "text" in frame.columns)
    assert {"file", "line", "text"} <= set(rows.columns)
    assert rows.height >= message["hop_count"]


def test_pasted_headers_are_held_against_the_logs(show: Show, sample_store: Path, pasted: tuple[str, str]) -> None:
    at = show(sample_store, PAGE, message=key(sample_store, f"message_id = '{pasted[0]}'"))
    at.text_area(key="pasted").set_value(pasted[1])
    at = at.button(key="hold").click().run()
    assert not at.exception
    states = next(frame for part in at.dataframe if "state" in (frame := pl.from_pandas(part.value)).columns)["state"]
    assert set(states) == {"confirmed"}


def test_pasted_headers_of_another_message_say_so(show: Show, sample_store: Path, pasted: tuple[str, str]) -> None:
    at = show(sample_store, PAGE, message=key(sample_store, f"message_id <> '{pasted[0]}' and hop_count > 1"))
    at.text_area(key="pasted").set_value(pasted[1])
    at = at.button(key="hold").click().run()
    assert "of another message" in values(at, "info")
    at.text_area(key="pasted").set_value("no headers at all")
    assert "no Received line" in at.button(key="hold").click().run().error[0].value.replace("\\", "")


def test_a_second_message_stands_beside_the_first(show: Show, sample_store: Path) -> None:
    one, other = (
        key(sample_store, f"hop_count = 3 and origin_class = '{origin}'") for origin in ("internet", "mailbox")
    )
    at = show(sample_store, PAGE, message=one, beside=other)
    assert not at.exception
    aligned = next(frame for part in at.dataframe if "difference" in (frame := pl.from_pandas(part.value)).columns)
    assert "only the first has it" in aligned["difference"].to_list()


def test_hostile_text_stays_text_on_the_page(show: Show, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "logs" / "EX01" / "TransportRoles" / "Logs" / "MessageTracking"
    folder.mkdir(parents=True)
    fields = (
        "date-time,client-ip,client-hostname,server-ip,server-hostname,source-context,connector-id,source,event-id,"
        "internal-message-id,message-id,network-message-id,recipient-address,recipient-status,total-bytes,"
        "recipient-count,related-recipient-address,reference,message-subject,sender-address,return-path,message-info,"
        "directionality,tenant-id,original-client-ip,original-server-ip,custom-data"
    )
    bad = '"' + HOSTILE.replace('"', '""') + '"'
    row = (
        f"2026-03-02T08:00:00.000Z,10.0.0.9,{bad},10.0.0.1,EX01,{bad},{bad},SMTP,RECEIVE,5,<a@example.com>,,{bad},,100,1,,,"
        f"{bad},{bad},{bad},,Incoming,,,,"
    )
    head = f"#Software: Microsoft Exchange Server\r\n#Version: 15.02.1118.007\r\n#Log-type: Message Tracking Log\r\n#Date: 2026-03-02T08:00:00.000Z\r\n#Fields: {fields}\r\n"
    (folder / "MSGTRK2026030208-1.LOG").write_text(head + row + "\r\n", encoding="utf-8", newline="")
    ingest([tmp_path / "logs"], tmp_path / "S", workers=1)
    at = show(tmp_path / "S", PAGE, message=key(tmp_path / "S", "true"))
    assert not at.exception
    shown = values(at, "markdown", "caption", "text", "code", "info", "warning")
    assert "\x1b" not in shown and "\u202e" not in shown
    assert "<img" not in values(at, "markdown", "caption", "info", "warning")
    drawn = "".join(part.proto.spec for part in at.get("plotly_chart"))
    assert drawn
    assert "<img" not in drawn and "<a href" not in drawn


def test_the_case_file_and_the_json_hold_the_message(sample_store: Path) -> None:
    message = key(sample_store, "hop_count = 3")
    with zipfile.ZipFile(io.BytesIO(message_parts.case_file(sample_store, message))) as archive:
        assert message in archive.read("data/message.jsonl").decode()
    document = json.loads(json.dumps(query.document(sample_store, query.path(sample_store, message)), default=str))
    assert document["schema"] == "tracelens.path"


def test_lanes_follow_the_path_from_outside_to_the_mailbox() -> None:
    hops = [
        hop(1, kind="receive", from_server=None, from_service=None, to_service="frontend", to_server="EX01"),
        hop(2, kind="proxy", from_service="frontend"),
        hop(3, kind="deliver", from_server="EX02", to_server="EX03", to_service="delivery"),
    ]
    assert lanes(hops, []) == [OUTSIDE, "EX01 front end", "EX02 transport", "EX03 mailbox"]
    unclear = {"server": "GATE1", "service": "hub or edge"}
    assert "GATE1 hub or edge" in lanes(hops, [unclear])


def test_an_inferred_hop_is_dashed_and_a_gap_is_hollow() -> None:
    hops = [hop(1), hop(2, basis="inferred", from_server="EX02", to_server="EX01"), hop(3, basis="reported")]
    gap = {
        "after_hop": 2,
        "server": "EX01",
        "service": "hub",
        "log": "message_tracking",
        "hour": None,
        "reason": "lost",
    }
    figure = lane_chart(hops, [gap], ["h1"])
    assert [line.line.dash for line in figure.data if line.mode == "lines+markers"] == ["solid", "dash", "dot"]
    assert [line.line.width for line in figure.data if line.mode == "lines+markers"] == [4, 2, 2]
    assert [line.marker.symbol for line in figure.data if line.mode == "markers"] == ["circle-open"]


def test_an_edge_is_labelled_with_connector_and_port() -> None:
    labels = [note.text for note in lane_chart([hop(1)], [], []).layout.annotations]
    assert labels == ["<b>1</b> transfer<br>Default EX02:2525"]


def test_the_critical_path_ends_where_the_message_ends_last() -> None:
    late = hop(4, parent_hop_key="h1", started_at=datetime(2026, 3, 2, 8, 5), ended_at=datetime(2026, 3, 2, 8, 6))
    assert critical_path([hop(1), hop(2), hop(3), late]) == ["h1", "h4"]
    assert critical_path([]) == []


def test_a_hop_that_headers_tell_to_the_second_is_not_drawn_before_its_parent() -> None:
    told = hop(2, basis="reported", started_at=datetime(2026, 3, 2, 8, 0, 1), ended_at=datetime(2026, 3, 2, 8, 0, 1),
               transit_ms=None, corrected_ms=None)  # fmt: skip
    bars = waterfall(pl.from_dicts([hop(1), told], infer_schema_length=None)).data[1]
    assert list(bars.base) == [0.0, 500.0]


def test_pictures_escape_names() -> None:
    hops = [hop(1, from_server=HOSTILE, receive_connector=HOSTILE, reply_text=HOSTILE)]
    rows = [{"step": 1, "kind": HOSTILE, "left": HOSTILE, "right": None, "left_at_ms": 0, "right_at_ms": None,
             "left_transit_ms": 5, "right_transit_ms": None}]  # fmt: skip
    for figure in (
        lane_chart(hops, [], []),
        waterfall(pl.from_dicts(hops, infer_schema_length=None)),
        side_by_side(rows),
    ):
        assert "<img" not in figure.to_json()
        assert "<a href" not in figure.to_json()
