"""Stories in a real browser: from a question to its cause in at most four clicks."""

from __future__ import annotations

import csv
import re
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tracelens import query
from tracelens import store as stores
from tracelens.dashboard import page_files, page_title
from tracelens.pipeline import ingest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Locator, expect

if TYPE_CHECKING:
    from tests.browser.conftest import Reader

expect.set_options(timeout=30_000)
MOST = 4
TITLES = {name: page_title(path) for name, path in page_files().items()}
HEADER = """#Software: Microsoft Exchange Server\r
#Version: 15.02.1118.007\r
#Log-type: SMTP Receive Protocol Log\r
#Date: 2026-03-02T12:00:00.000Z\r
#Fields: date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context\r
"""


def log(session_id: str) -> str:
    """Gives a receive log of one short conversation."""
    rows = ("+,,", "<,EHLO late.example.com,", ">,250 ok,", "<,QUIT,", ">,221 bye,", "-,,Local")
    lines = [
        f"2026-03-02T12:00:0{at}.000Z,EX01\\Default Frontend EX01,{session_id},{at},10.0.10.11:25,192.0.2.99:40000,{row}\r\n"
        for at, row in enumerate(rows)
    ]
    return HEADER + "".join(lines)


def one(store: Path, sql: str) -> dict[str, object]:
    return stores.ask(store, sql).row(0, named=True)


def test_from_a_sender_and_a_day_to_the_cause(reader: Reader, store: Path) -> None:
    failed = one(
        store,
        "select m.sender_address, m.message_key, cast(m.first_at as date) as day, l.reason_code from message m"
        " join leg l on l.message_key = m.message_key"
        " where l.status = 'failed' and l.reason_code is not null and not m.is_noise order by 2, 4",
    )
    reader.open(f"messages?since={failed['day']}T00:00&status=failed", "Messages")
    reader.types("Message-ID, sender, recipient, subject or address", str(failed["sender_address"]))
    expect(reader.page).to_have_url(re.compile("text="))
    reader.sees("Messages")
    reader.picks("found")
    reader.sees("Why it did not arrive")
    expect(reader.cells(str(failed["reason_code"])).first).to_be_attached()
    assert reader.clicks <= MOST


def test_from_who_still_uses_tls_1_0_to_the_list(reader: Reader, store: Path) -> None:
    old = stores.ask(
        store,
        "select distinct remote_ip from session where tls_version = 'TLS1.0' and accepted_count > 0 and not is_noise",
    )["remote_ip"].to_list()
    reader.open("today", "Today")
    reader.goes("TLS and logon", "TLS and logon")
    reader.turns("still uses TLS1.0")
    for peer in old:
        expect(reader.cells(peer).first).to_be_attached()
    expect(reader.page).to_have_url(re.compile("tls=TLS1.0"))
    assert reader.clicks <= MOST


def test_from_a_finding_to_the_raw_line(reader: Reader, store: Path) -> None:
    reader.open("today", "Today")
    reader.goes("Relay", "Relay")
    reader.tab("Findings")
    reader.sees("Findings")
    reader.picks("relay_findings")
    line = one(
        store,
        "select e.evidence[1].line_number as line from finding e where class = 'relay'"
        " order by list_position(['info', 'low', 'medium', 'high', 'critical'], severity) desc, hit_count desc,"
        " last_at desc, finding_key",
    )["line"]
    expect(reader.cells(str(line)).first).to_be_attached()
    assert reader.clicks <= MOST


def test_from_a_failing_front_end_to_both_sides(reader: Reader) -> None:
    reader.open("today", "Today")
    reader.goes("Proxy failures", "Proxy failures")
    reader.picks("proxy_pairs")
    reader.sees("EX01 to EX02:2525")
    expect(reader.cells("some got through").first).to_be_attached()
    assert "pair=" in reader.page.url
    assert reader.clicks <= MOST


def test_from_a_relaying_address_to_what_is_known_of_it(reader: Reader) -> None:
    reader.open("today", "Today")
    reader.goes("Relay", "Relay")
    reader.picks("relay_sources")
    reader.turns("What is known of")
    expect(reader.page.get_by_text("If it must move:")).to_be_visible()
    assert reader.clicks <= MOST


def test_from_slow_mail_to_its_path(reader: Reader) -> None:
    reader.open("today", "Today")
    reader.goes("Delays", "Delays")
    reader.picks("slowest")
    reader.sees("Message")
    assert "message=" in reader.page.url
    assert reader.clicks <= MOST


def test_from_a_number_on_a_page_to_its_sql_and_a_download(reader: Reader, store: Path, tmp_path: Path) -> None:
    reader.open("today", "Today")
    reader.goes("TLS and logon", "TLS and logon")
    reader.goes("Open as SQL", "SQL")
    button = reader.page.get_by_role("button", name="Download CSV")
    button.wait_for()
    with reader.page.expect_download() as waiting:
        reader.click(button)
    waiting.value.save_as(tmp_path / "answer.csv")
    with (tmp_path / "answer.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    wanted = stores.ask(store, "select count(*) from session where not is_noise")[0, 0]
    assert sum(int(row["session_count"]) for row in rows) == wanted
    assert reader.clicks <= MOST


def test_a_deep_link_shows_the_same_again_and_back_leads_back(reader: Reader, store: Path) -> None:
    key = one(store, "select message_key from message where hop_count > 2 order by message_key")["message_key"]
    reader.open(f"message?message={key}", "Message")
    reader.page.reload()
    reader.sees("Message")
    expect(reader.page.locator(".js-plotly-plot").first).to_be_visible()
    reader.goes("Relay", "Relay")
    reader.page.go_back()
    reader.sees("Message")


def test_from_a_number_of_a_table_to_the_rows_it_counts_and_back_to_the_filters(reader: Reader, store: Path) -> None:
    hour = "2026-03-02T09:00"
    found = query.ask(store, "attack_address", since=datetime.fromisoformat(hour), until=None, limit=100)
    failed = found["failed_count"].to_list()
    at = next(row for row, count in enumerate(failed) if count)
    reader.open(f"attacks?since={hour}&only=addresses", "Attacks")
    table = reader.page.locator(".st-key-attackers").get_by_test_id("stDataFrame")
    reader.click_cell(table, 190, at)
    reader.sees("Counted")
    expect(reader.page.get_by_text(f"{failed[at]} logons")).to_be_visible()
    assert "since=2026-03-02T09" in reader.page.url
    reader.page.go_back()
    reader.sees("Attacks")
    assert f"since={hour}" in reader.page.url
    assert "only=addresses" in reader.page.url
    assert reader.clicks <= MOST


def _click_middle(reader: Reader, mark: Locator) -> None:
    box = mark.bounding_box()
    assert box is not None
    reader.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def test_from_a_bar_of_a_chart_to_the_rows_it_counts(reader: Reader) -> None:
    reader.open("tls", "TLS and logon")
    bar = reader.page.locator(".st-key-versions .x2y2 .barlayer .point path").first
    _click_middle(reader, bar)
    reader.sees("Counted")
    assert "tls=TLS1.2" in reader.page.url
    assert "direction=send" in reader.page.url


def test_from_a_cell_of_the_proxy_matrix_to_its_failed_sessions(reader: Reader) -> None:
    reader.open("proxy", "Proxy failures")
    cell = reader.page.locator(".st-key-proxy_matrix .scatterlayer .point").first
    _click_middle(reader, cell)
    expect(
        reader.page.locator(".st-key-straight_proxy_matrix a").first.or_(
            reader.page.get_by_role("heading", name="Counted")
        )
    ).to_be_visible()


def test_from_a_band_of_the_map_to_its_messages(reader: Reader) -> None:
    reader.open("connectors", "Connectors and ports")
    band = reader.page.locator(".st-key-journey .sankey-link").first
    band.hover()
    band.click()
    reader.sees("Counted")
    assert "of=way" in reader.page.url


def test_every_page_has_an_address_and_no_error(reader: Reader) -> None:
    reader.open("today", "Today")
    links = reader.page.get_by_test_id("stSidebarNav")
    shown = [name for name in TITLES if links.get_by_role("link", name=TITLES[name], exact=True).count()]
    assert len(shown) > 10
    for name in shown:
        links.get_by_role("link", name=TITLES[name], exact=True).click()
        reader.sees(TITLES[name])
        assert urlsplit(reader.page.url).path == f"/{name}"
        assert reader.page.get_by_test_id("stException").count() == 0, name
        assert reader.page.get_by_test_id("stAlertContentError").count() == 0, name


def test_a_log_is_uploaded_and_ingested(reader: Reader, store: Path) -> None:
    reader.open("ingest", "Ingest")
    reader.tab("Upload")
    content = log("08DE00000000AA01").encode()
    reader.page.locator('input[type="file"]').set_input_files(
        {"name": "RECV2026030212-1.LOG", "mimeType": "text/plain", "buffer": content}
    )
    reader.click(reader.page.get_by_role("button", name="Ingest now"))
    expect(reader.page.get_by_text("1 new file read")).to_be_visible(timeout=180_000)
    assert one(store, "select count(*) as n from session where session_id = '08DE00000000AA01'")["n"] == 1
    assert reader.clicks <= MOST


def test_an_ingest_that_publishes_while_a_page_is_open_is_offered(reader: Reader, store: Path, tmp_path: Path) -> None:
    reader.open("relay", "Relay")
    folder = tmp_path / "EX01" / "TransportRoles" / "Logs" / "FrontEnd" / "ProtocolLog" / "SmtpReceive"
    folder.mkdir(parents=True)
    (folder / "RECV2026030213-1.LOG").write_text(log("08DE00000000AA02"), encoding="utf-8", newline="")
    ingest([tmp_path], store, workers=1)
    expect(reader.page.get_by_text("New data")).to_be_visible()
    reader.click(reader.page.get_by_role("button", name="Show it"))
    expect(reader.page.get_by_text("New data")).to_have_count(0)
    reader.sees("Relay")
