"""The frame around every page: the door, the time zone, what the store holds, newer data, links."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest
from streamlit import config
from streamlit.testing.v1 import AppTest

from tests.dashboard.conftest import HEADER
from tests.dashboard.test_pages import NAMES, texts
from tracelens import admission
from tracelens import store as stores
from tracelens.dashboard import charts, page_files, widgets, zone
from tracelens.pipeline import ingest

Show = Callable[..., AppTest]


@pytest.fixture
def open_address(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """A server that others can reach, with no login configured."""
    before = config.get_option("server.address")
    config.set_option("server.address", "0.0.0.0")
    monkeypatch.delenv(admission.PASSWORD, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    yield
    config.set_option("server.address", before)


def labels(at: AppTest) -> list[str]:
    """Gives the texts of the links."""
    return [part.proto.label.replace("\\", "") for part in at.get("page_link")]


def test_an_open_address_without_a_login_shows_the_refusal_and_no_data(
    show_root: Callable[[Path], AppTest], sample_store: Path, open_address: None
) -> None:
    at = show_root(sample_store)
    assert "would be open to everybody" in at.error[0].value
    assert admission.PASSWORD in texts(at)
    assert not at.title
    assert not at.get("page_link")
    assert not at.dataframe


def test_a_password_opens_the_pages_and_another_text_does_not(
    show_root: Callable[[Path], AppTest], sample_store: Path, open_address: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(admission.PASSWORD, "correct horse")
    at = show_root(sample_store)
    assert at.title[0].value == "tracelens"
    assert not at.dataframe
    at.text_input(key="password").input("battery staple")
    at.button[0].click().run()
    assert at.error[0].value == "This is not the password."
    assert not at.dataframe
    at.text_input(key="password").input("correct horse")
    at.button[0].click().run()
    assert not at.error
    assert at.title[0].value == "Today"
    assert at.dataframe


def test_every_page_has_a_name_of_its_own() -> None:
    assert len(page_files()) == len(NAMES)


def test_times_are_shown_in_the_zone_of_the_address(show: Show, sample_store: Path) -> None:
    utc = show(sample_store, "20_messages", sort="oldest").dataframe[0].value["first_at"][0]
    at = show(sample_store, "20_messages", sort="oldest", zone="Asia/Kolkata")
    assert (at.dataframe[0].value["first_at"][0] - utc).total_seconds() == 5.5 * 3600
    assert "Asia/Kolkata" in labels(at)[0]
    at.session_state["found"] = {"selection": {"rows": [0], "columns": [], "cells": []}}
    at.run()  # a row is opened: the zone goes along
    assert not at.exception
    assert at.title[0].value == "Message"
    assert "Asia/Kolkata" in labels(at)[0]


def test_a_time_filter_is_read_in_the_zone_of_the_address(show: Show, sample_store: Path) -> None:
    first = stores.ask(sample_store, "select min(first_at) from message where not is_noise")[0, 0]
    at = show(
        sample_store,
        "20_messages",
        zone="Europe/Berlin",
        since=f"{first.date()}T00:00",
        until=f"{first.date()}T{first.hour + 1:02}:00",
    )
    assert "No message matches" in texts(at)
    at = show(
        sample_store,
        "20_messages",
        zone="UTC",
        since=f"{first.date()}T00:00",
        until=f"{first.date()}T{first.hour + 1:02}:00",
    )
    assert at.dataframe[0].value.shape[0] > 0


def test_days_are_days_of_the_zone(show: Show) -> None:
    frame = pl.DataFrame(
        {"hour": [datetime(2026, 3, 1, 22), datetime(2026, 3, 1, 23), datetime(2026, 3, 2, 1)], "count": [1, 2, 4]}
    )

    def page(rows: dict[str, list[object]]) -> None:
        import polars as pl
        import streamlit as st

        from tracelens.dashboard import data

        st.session_state["zone"] = "Europe/Berlin"
        st.dataframe(data.in_steps(pl.DataFrame(rows), "day"))

    at = AppTest.from_function(page, kwargs={"rows": frame.to_dict(as_series=False)}).run()
    found = at.dataframe[0].value
    assert [day.date() for day in found["hour"]] == [date(2026, 3, 1), date(2026, 3, 2)]
    assert list(found["count"]) == [1, 6]


def test_the_line_above_a_page_says_from_when_to_when_and_which_servers(show: Show, tmp_path: Path) -> None:
    logs = tmp_path / "logs" / "EX01" / "TransportRoles" / "Logs" / "FrontEnd" / "ProtocolLog" / "SmtpReceive"
    logs.mkdir(parents=True)
    rows = [
        f"2026-03-02T{hour}:00:00.000Z,EX01\\In,08DEAAAAAAAAAAA{at},0,192.0.2.9:25,198.51.100.9:4100,+,,\r\n"
        for at, hour in enumerate(("06", "09"))
    ]
    (logs / "RECV2026030206-1.LOG").write_text(HEADER + "".join(rows) + "torn\r\n", encoding="utf-8", newline="")
    ingest([tmp_path / "logs"], tmp_path / "store", workers=1)
    line, rejects = labels(show(tmp_path / "store", "20_messages"))[:2]
    assert line == "2026-03-02 06:00 – 2026-03-02 10:00 UTC · 1 server: EX01 · no hole in the logs"
    assert rejects == "1 unreadable line"
    sentences = labels(show(tmp_path / "store", "10_today"))
    assert "No Front End send log of this time: what Front Ends reached is not known." in sentences
    assert any(text.startswith("Which domains are yours is not known") for text in sentences)
    assert "Front Ends reached every server they called." not in sentences
    assert "Every encrypted conversation used TLS1.2 or newer." not in sentences


def test_a_hole_is_drawn_red_in_the_strip() -> None:
    hours = [datetime(2026, 3, 2, hour) for hour in (6, 7, 8)]
    frame = pl.DataFrame(
        {
            "server": ["EX01"] * 3, "service": ["hub"] * 3, "log": ["smtp_receive"] * 3, "hour": hours,
            "event_count": [5, 0, 7], "hole_count": [0, 1, 0],
        }
    )  # fmt: skip
    rows, holes = charts.strip(frame, "hour").data
    assert [list(row) for row in rows.customdata] == [[5, None, 7]]
    assert [list(row) for row in holes.z] == [[None, 1, None]]


def test_pages_stay_without_error_when_their_generation_is_gone(show: Show, sample_store: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    shutil.copytree(sample_store, store)
    at = show(store, "20_messages")
    count = at.dataframe[0].value.shape[0]
    first = stores.generation(store)
    for number in range(3):
        logs = (
            tmp_path / f"logs{number}" / "EX01" / "TransportRoles" / "Logs" / "FrontEnd" / "ProtocolLog" / "SmtpReceive"
        )
        logs.mkdir(parents=True)
        (logs / f"RECV202603020{number}-1.LOG").write_text(HEADER, encoding="utf-8", newline="")
        ingest([tmp_path / f"logs{number}"], store, workers=1)
    assert first
    assert not (store / first).exists()
    at.run()
    assert not at.error
    assert not at.exception
    assert at.dataframe[0].value.shape[0] == count


def test_a_list_says_which_part_of_how_many_it_shows(show: Show, sample_store: Path) -> None:
    total = stores.ask(sample_store, "select count(*) from message")[0, 0]
    at = show(sample_store, "20_messages", noise="true", more={"page": "2"})
    assert f"Showing **101–{min(total, 200)} of {total:,}** messages" in texts(at)
    assert at.dataframe[0].value.shape[0] == min(total, 200) - 100


def test_a_table_says_when_it_shows_only_a_part_of_its_rows() -> None:
    def page() -> None:
        import polars as pl

        from tracelens.dashboard import widgets

        widgets.table(pl.DataFrame({"number": range(10_001)}), {"number": "Number"}, "table")

    at = AppTest.from_function(page).run()
    assert at.dataframe[0].value.shape[0] == 10_000
    assert "10,000 of 10,001 rows" in at.caption[0].value


def test_links_carry_times_to_the_minute_and_no_empty_filter() -> None:
    filters = {
        "since": datetime(2026, 3, 2, 8, 0, 30),
        "until": datetime(2026, 3, 2, 9, 0, 30),
        "status": "",
        "gaps": True,
        "noise": False,
    }
    assert widgets.address(filters) == {"since": "2026-03-02T08:00", "until": "2026-03-02T09:01", "gaps": "true"}


def test_the_zone_offers_utc_first_and_no_odd_names() -> None:
    assert zone.names()[0] == "UTC"
    assert "Europe/Berlin" in zone.names()
    assert not [name for name in zone.names() if name.startswith(("Etc/", "posix/"))]
