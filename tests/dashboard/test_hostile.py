"""Text that a stranger typed reaches the page as text."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import polars as pl

from tracelens import render, story
from tracelens.dashboard import charts, path_chart, widgets

HOSTILE = '<img src=x onerror=alert(1)> <a href="http://192.0.2.1">x</a>'


def hop(**changed: Any) -> dict[str, Any]:
    """Gives one hop."""
    row = {
        "hop_number": 1,
        "hop_key": "h1",
        "parent_hop_key": None,
        "kind": "receive",
        "from_server": None,
        "from_service": None,
        "from_ip": "192.0.2.7",
        "to_server": "EX01",
        "to_service": "frontend",
        "to_ip": "10.0.0.1",
        "to_port": 25,
        "send_connector": None,
        "receive_connector": None,
        "started_at": datetime(2026, 3, 2, 8),
        "ended_at": datetime(2026, 3, 2, 8, 0, 1),
        "transit_ms": 1000,
        "corrected_ms": 1000,
        "bound_ms": 5,
        "wait_ms": None,
        "wait_bound_ms": None,
        "after_parent_ms": None,
        "tls_version": None,
        "outcome": "accepted",
        "reply_text": None,
        "basis": "observed",
    }
    return row | changed


def test_control_and_bidirectional_characters_become_visible() -> None:
    assert render.plain("a\x1b[31m\u202eb\u200b\r\n") == "a�[31m�b���"
    assert render.plain(None) == ""


def test_markdown_is_shown_literally() -> None:
    assert widgets.markdown("<id@host> [x](http://e) *b*") == r"\<id\@host\> \[x\]\(http\://e\) \*b\*"


def test_cells_start_no_formula() -> None:
    frame = pl.DataFrame(
        {"text": ["=1+1", "@sum", "-2", "+3", "plain", "\x1bx", None], "count": [-1, 0, 1, 2, 3, 4, 5]}
    )
    shown = render.safe(frame)
    assert shown["text"].to_list() == ["'=1+1", "'@sum", "'-2", "'+3", "plain", "�x", None]
    assert shown["count"].to_list() == frame["count"].to_list()


def test_a_waterfall_escapes_names_and_replies() -> None:
    figure = path_chart.waterfall(
        pl.DataFrame([hop(from_server=HOSTILE, reply_text=HOSTILE, receive_connector=HOSTILE)])
    )
    drawn = figure.to_json()
    assert "<img" not in drawn
    assert "<a href" not in drawn
    assert "&lt;img" in drawn


def test_a_waterfall_hatches_what_is_inferred() -> None:
    rows = [hop(), hop(hop_number=2, kind="proxy", basis="inferred", transit_ms=None, ended_at=None)]
    figure = path_chart.waterfall(pl.DataFrame(rows, infer_schema_length=None))
    assert list(figure.data[1].marker.pattern.shape) == ["", "/"]


def test_a_waterfall_without_times_is_empty() -> None:
    assert not path_chart.waterfall(pl.DataFrame([hop(started_at=None, ended_at=None)])).data


def test_coverage_leaves_missing_hours_empty() -> None:
    frame = pl.DataFrame(
        {
            "server": ["EX01", "EX01", "EX02"],
            "service": ["hub", "hub", "hub"],
            "log": ["smtp_receive"] * 3,
            "hour": [datetime(2026, 3, 2, 6), datetime(2026, 3, 2, 8), None],
            "event_count": [5, 7, None],
            "hole_count": [0, 0, None],
        }
    )
    strip = charts.coverage(frame, "hour").data[0]
    assert [list(row) for row in strip.customdata] == [[5, None, 7], [None, None, None]]


def test_durations_read_well() -> None:
    assert [story.duration(ms) for ms in (None, 0, 12, 1500, 90_000, 7_200_000)] == [
        "",
        "0 ms",
        "12 ms",
        "1.5 s",
        "1.5 min",
        "2 h",
    ]
