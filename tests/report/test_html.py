"""The HTML file: one piece, no script, and text from strangers stays text."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import polars as pl
import pytest
from click.testing import Result

from tracelens.pipeline import ingest
from tracelens.report import REPORTS
from tracelens.report.html import report_html
from tracelens.report.parts import Chart, Report, Section
from tracelens.report.svg import ceiling, chart_svg
from tracelens.report.text import report_text

Call = Callable[..., Result]
ROOT = Path(__file__).parents[2]
HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>"
TAGS = {
    "html", "head", "meta", "title", "style", "body", "header", "main", "section", "footer", "h1", "h2", "h3", "p", "ul",
    "li", "div", "table", "thead", "tbody", "tr", "th", "td", "details", "summary", "figure", "figcaption", "i",
    "article", "dl", "dt", "dd", "svg", "line", "text", "rect", "circle", "polyline",
}  # fmt: skip


class Tags(HTMLParser):
    """Collects tags and attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def inert(page: str) -> Tags:
    """Checks that a page holds our own tags only and fetches nothing."""
    found = Tags(page)
    assert found.names <= TAGS
    assert not {name for name in found.attributes if name.startswith("on") or name in ("src", "href", "style")}
    assert re.findall(r"https?://[^\"' ]+", page.replace('xmlns="http://www.w3.org/2000/svg"', "")) == []
    assert "@import" not in page and "url(" not in page
    return found


@pytest.mark.parametrize("name", REPORTS)
def test_a_page_stands_on_its_own(call: Call, sample_store: Path, name: str) -> None:
    result = call("report", name, "--store", sample_store, "--format", "html")
    assert result.exit_code == 0, result.output
    found = inert(result.stdout)
    assert "What this rests on" in "".join(found.texts)


def test_the_relay_page_shows_cards_plot_and_log_rows(call: Call, sample_store: Path) -> None:
    page = call("report", "relay", "--store", sample_store, "--format", "html").stdout
    found = Tags(page)
    assert page.count('<article class="card">') == 7
    assert {"svg", "rect", "details"} <= found.names
    assert "Log rows behind this" in page
    assert "prefers-color-scheme: dark" in page and "@media print" in page


def test_markup_in_a_subject_is_shown_and_not_obeyed(call: Call, tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    shutil.copytree(ROOT / "sample_logs", logs)
    for path in logs.rglob("MSGTRK*.LOG"):
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("Holiday rota, spring", HOSTILE), encoding="utf-8")
    store = tmp_path / "store"
    ingest([logs], store, workers=1)
    page = call("report", "latency", "--store", store, "--format", "html").stdout
    found = inert(page)
    assert any(HOSTILE in text for text in found.texts)
    assert HOSTILE not in page


def test_markup_is_escaped_in_every_part_of_a_page() -> None:
    frame = pl.DataFrame({HOSTILE: [HOSTILE], "list": [[HOSTILE]], "bidi": ["a\u202eb\x1b[31m"]})
    charts = [
        Chart("bars", [HOSTILE], {HOSTILE: [1.0], "b": [2.0]}, HOSTILE),
        Chart("lines", [HOSTILE], {HOSTILE: [1.0], "b": [2.0]}, HOSTILE),
        Chart("ranks", [HOSTILE], {HOSTILE: [1.0]}),
    ]
    sections = [Section(HOSTILE, frame, chart, HOSTILE, cards=at == 0, raw=frame) for at, chart in enumerate(charts)]
    made = Report(HOSTILE, HOSTILE, [HOSTILE], sections, coverage=[HOSTILE])
    page = report_html(made)
    found = inert(page)
    assert HOSTILE in found.texts
    assert "\x1b" not in page and "\u202e" not in page
    text, _ = report_text(made)
    assert "\x1b" not in text and "\u202e" not in text


def test_an_empty_section_says_so() -> None:
    made = Report("Title", "window", ["said"], [Section("Part", pl.DataFrame({"name": []}))])
    assert "<p>Nothing.</p>" in report_html(made)
    assert "(nothing)" in report_text(made)[0]


@pytest.mark.parametrize(("highest", "end"), [(0, 1), (1, 1), (7, 10), (12, 20), (21, 25), (260, 500), (0.3, 0.5)])
def test_an_axis_ends_at_a_round_number(highest: float, end: float) -> None:
    assert ceiling(highest) == pytest.approx(end)


def test_a_line_is_broken_where_nothing_is_known() -> None:
    plot = chart_svg(Chart("lines", ["a", "b", "c", "d", "e"], {"x": [1.0, 2.0, None, 2.0, 1.0]}), "plot")
    assert plot.count("<polyline") == 2
